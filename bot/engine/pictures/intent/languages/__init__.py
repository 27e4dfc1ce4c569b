"""Languages other than English."""

from __future__ import annotations

from bot.engine.pictures.intent.fold import Folded
from bot.engine.pictures.intent.outcome import Intent


def asked_elsewhere(sentence: Folded) -> Intent | None:
    return None
