"""The reading of one message: what speaks, sentence by sentence, request before offer."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine.pictures.intent import english, leads, wishes
from bot.engine.pictures.intent.fold import Folded, fold
from bot.engine.pictures.intent.foreign import asked as asked_elsewhere
from bot.engine.pictures.intent.offers import offered
from bot.engine.pictures.intent.outcome import Intent, nothing
from bot.engine.pictures.intent.sentences import sentences
from bot.engine.pictures.intent.spelling import written_out
from bot.engine.pictures.intent.voice import COMMAND, spoken
from bot.engine.pictures.intent.words import idioms

READ = 8000
"""Characters of a message that are read, from its end: requests close long messages."""


def detect(text: str, *, extra_verbs: Sequence[str] = (), extra_nouns: Sequence[str] = (), names: Sequence[str] = ()) -> Intent:
    """Read a player's message for a picture request.

    ``extra_verbs`` and ``extra_nouns`` add to the built-in words. ``names`` are the characters and bots who may be addressed; with them
    known, an order to any other name is not for us, and «a picture of Mira» with Mira's own name shows the character.
    """
    if COMMAND.match(text.lower()):
        return nothing("a command")
    folded = fold(text[-READ:])
    rules = english.vocabulary(tuple(extra_verbs), tuple(extra_nouns))
    spoken_text = spoken(folded)
    parts = sentences(spoken_text)
    if not parts:
        return nothing("nothing here speaks for the player")
    if idioms.OTHER_ADDRESSEE.search(spoken_text.text.replace("\n", " ")):
        return nothing("meant for somebody else")
    offer: Intent | None = None
    talked_of = False
    skip = False
    for number, part in enumerate(parts):
        sentence = written_out(part)
        if skip:
            skip = False
            continue
        skip = leads.ordered(sentence, names)
        found = _in_sentence(sentence, part, rules, names, talked_of=talked_of, alone=len(parts) == 1, first=number == 0)
        talked_of = talked_of or rules.noun.search(sentence.text) is not None
        if found is None or found.outcome == "none":
            continue
        if found.match:
            return _named(found, names)
        offer = offer or found
    return offer or nothing("no request found")


def _in_sentence(
    sentence: Folded, typed: Folded, rules: english.Vocabulary, names: Sequence[str], *, talked_of: bool, alone: bool, first: bool
) -> Intent | None:
    found = (
        wishes.verbatim(sentence)
        or english.made(sentence, rules, names)
        or wishes.wished(sentence, rules, names)
        or english.drawn(sentence, rules, names)
        or wishes.continued(sentence, rules, talked_of=talked_of, first=first)
        or (None if idioms.NEGATED.search(sentence.text) else wishes.short(sentence, rules, alone=alone))
    )
    if found is None:
        return asked_elsewhere(typed) or offered(sentence)
    if idioms.TAKEN_BACK.search(sentence.text):
        return nothing("taken back")
    if idioms.LATER.search(sentence.text):
        return Intent("offer", found.mode, found.subject, "wanted later, not now")
    return found


def _named(found: Intent, names: Sequence[str]) -> Intent:
    """A picture of the character by name is the character's picture."""
    if found.mode == "free" and any(found.subject.casefold() == name.casefold() for name in names):
        return Intent("request", "you", "", found.why + ": the character's own name")
    return found
