"""Picture requests in plain words: ``detect`` says whether a message asks for one, and which."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine.pictures.intent import english, wishes
from bot.engine.pictures.intent.fold import fold
from bot.engine.pictures.intent.outcome import Intent, nothing
from bot.engine.pictures.intent.sentences import sentences
from bot.engine.pictures.intent.voice import spoken

__all__ = ["Intent", "detect"]


def detect(text: str, *, extra_verbs: Sequence[str] = (), extra_nouns: Sequence[str] = (), names: Sequence[str] = ()) -> Intent:
    """Read a player's message. ``names`` are those the character may be called by; extra verbs and nouns are the chat's own."""
    rules = english.vocabulary(tuple(extra_verbs), tuple(extra_nouns))
    for sentence in sentences(spoken(fold(text))):
        for rule in (english.made, english.drawn, wishes.wished):
            found = rule(sentence, rules, names)
            if found is not None:
                return found
    return nothing("no request found")
