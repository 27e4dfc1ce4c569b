"""English as people type it in chats, written out: ``plz snd pix of ur cat`` reads ``please send pics of your cat``."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.engine.pictures.intent.fold import Folded, rewrite
from bot.engine.pictures.intent.words import english

_WORD = re.compile(r"[a-z][a-z']*")
_STRETCH = re.compile(r"(.)\1{2,}")
_TYPO_WORDS = [
    "send",
    "show",
    "draw",
    "paint",
    "sketch",
    "create",
    "generate",
    "render",
    "imagine",
    "picture",
    "pictures",
    "image",
    "images",
    "drawing",
    "painting",
    "photo",
    "photos",
    "photograph",
    "selfie",
    "portrait",
    "please",
    "could",
    "would",
]


def _slips(word: str) -> set[str]:
    """One swapped pair of neighbours anywhere, or one letter missing inside a longer word."""
    swaps = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    gaps = {word[:i] + word[i + 1 :] for i in range(1, len(word))} if len(word) > 5 else set()
    return swaps | gaps


def _table() -> dict[str, str]:
    slips = {slip: word for word in _TYPO_WORDS for slip in _slips(word)}
    for real in english.REAL_WORDS | set(_TYPO_WORDS):
        slips.pop(real, None)
    return slips | english.CHAT_SPELLING


_SPELLINGS = _table()


@lru_cache(maxsize=4096)
def _written_out(word: str) -> str:
    if word in _SPELLINGS:
        return _SPELLINGS[word]
    if not _STRETCH.search(word):
        return word
    for shortened in (_STRETCH.sub(r"\1", word), _STRETCH.sub(r"\1\1", word)):
        if shortened in _SPELLINGS:
            return _SPELLINGS[shortened]
        if shortened in english.STRETCHABLE:
            return shortened
    return word


def written_out(folded: Folded) -> Folded:
    """Chat spelling, stretched words and small slips of the words that matter, written in full."""
    return rewrite(folded, _WORD, _written_out)
