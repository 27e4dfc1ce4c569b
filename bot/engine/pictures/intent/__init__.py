"""Picture requests in plain words: does this message ask for a picture, and of what? Pure text rules, no model, no network."""

from __future__ import annotations

from bot.engine.pictures.intent.detect import detect
from bot.engine.pictures.intent.outcome import Intent, Outcome

__all__ = ["Intent", "Outcome", "detect"]
