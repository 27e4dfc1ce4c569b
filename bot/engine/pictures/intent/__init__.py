"""Picture requests in plain words: ``detect`` says whether a message asks for one, and which."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine.pictures.intent import english, foreign, offers, wishes
from bot.engine.pictures.intent.fold import Folded, fold
from bot.engine.pictures.intent.outcome import Intent, nothing
from bot.engine.pictures.intent.sentences import sentences
from bot.engine.pictures.intent.spelling import written_out
from bot.engine.pictures.intent.voice import spoken

__all__ = ["Intent", "detect"]


def detect(text: str, *, extra_verbs: Sequence[str] = (), extra_nouns: Sequence[str] = (), names: Sequence[str] = ()) -> Intent:
    """Read a player's message. ``names`` are those the character may be called by; extra verbs and nouns are the chat's own."""
    rules = english.vocabulary(tuple(extra_verbs), tuple(extra_nouns))
    heard = spoken(fold(text))
    said, plain = sentences(written_out(heard)), sentences(heard)
    talked_of = False
    for number, sentence in enumerate(said):
        found = _english(sentence, rules, names, talked_of=talked_of, first=number == 0, alone=len(said) == 1)
        if found is not None:
            return found
        found = foreign.asked(plain[number]) if number < len(plain) else None
        if found is not None:
            return found
        talked_of = talked_of or rules.noun.search(sentence.text) is not None
    offer = next((found for sentence in said if (found := offers.offered(sentence)) is not None), None)
    return offer or nothing("no request found")


def _english(
    sentence: Folded, rules: english.Vocabulary, names: Sequence[str], *, talked_of: bool, first: bool, alone: bool
) -> Intent | None:
    return (
        wishes.verbatim(sentence)
        or english.made(sentence, rules, names)
        or english.drawn(sentence, rules, names)
        or wishes.wished(sentence, rules, names)
        or wishes.short(sentence, rules, alone=alone)
        or wishes.continued(sentence, rules, talked_of=talked_of, first=first)
    )
