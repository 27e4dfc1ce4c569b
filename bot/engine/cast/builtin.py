"""The characters Vignette comes with, so that a newcomer can start."""

from __future__ import annotations

import prompts
from bot.engine.cast.cards import Card, read_card


def builtin_characters() -> tuple[Card, ...]:
    """Read from the package; read like any other card."""
    return tuple(read_card(text.encode(), f"{name}.json") for name, text in prompts.characters().items())
