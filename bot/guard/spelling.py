"""The ways a text may be meant: spellings that a reader sees through and a word list does not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

LONGEST = 20_000
"""Characters judged at a time; longer texts are judged in pieces."""
OVERLAP = 500
"""Characters that the end of a piece and the beginning of the next have in common, so that no phrase falls between them."""
_SPACE = re.compile(r"\s")
_NO_WORD = re.compile(r"[\W_]+")
_SPACED = re.compile(r"(?<!\w)\w([ .\-_*·|/+~])\w(?:\1\w)+(?!\w)")
_RUNS = re.compile(r"([^\W\d_])\1{2,}")
_MIXED = re.compile(r"(?<!\w)(?=\w*[a-z])(?=\w*[\u0370-\u04ff])\w+")
_DISGUISED = re.compile(r"(?<!\S)(?=\S*[^\W\d_])(?=\S*[0-9@$!|€+])\S+")
_LOOKALIKES = str.maketrans("авсеікмнорѕтхуѵԁјһԛԝαβεικνορτυχ", "abceikmhopstxyvdjhqwabeikvoptux")
_SIGNS = "0134578@$!|€+"
_AS_LETTERS = (str.maketrans(_SIGNS, "oieastbasiiet"), str.maketrans(_SIGNS, "oleastbaslIet".lower()))


def pieces(text: str) -> Iterator[str]:
    """A text in pieces that are short enough for the functions below, cut between words where there are any."""
    start = 0
    while len(text) - start > LONGEST:
        end = _space_before(text, start + LONGEST)
        yield text[start:end]
        start = max(start + 1, _space_before(text, end - OVERLAP))
    yield text[start:]


def _space_before(text: str, end: int) -> int:
    """The last place up to ``end`` where a word has ended; ``end`` itself when the last characters are all of one word."""
    near = [found.start() for found in _SPACE.finditer(text, end - OVERLAP, end)]
    return near[-1] if near else end


def folded(text: str) -> str:
    """Lower case, without accents, invisible characters and variants of width or style (fullwidth, mathematical letters)."""
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text[:LONGEST]).casefold())
    return "".join(letter for letter in spread if letter.isspace() or unicodedata.category(letter)[0] not in "MC")


def accented(text: str) -> str:
    """As ``folded``, with accents kept."""
    close = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text[:LONGEST]).casefold())
    return "".join(letter for letter in close if letter.isspace() or unicodedata.category(letter)[0] != "C")


def words_of(text: str) -> str:
    """Only the words and numbers, a single space between them."""
    return " ".join(_NO_WORD.sub(" ", text).split())


def put_together(text: str) -> tuple[str, ...]:
    """What s p a c e d letters make, when several words may have been run together that way."""
    return tuple(found[0].replace(found[1], "") for found in _SPACED.finditer(folded(text)))


@lru_cache(maxsize=256)
def spellings(text: str) -> tuple[str, ...]:
    """The text as words in every way it may be meant, the plain one first: digits and signs read as letters ("nud3"), letters of
    look-alike scripts, s p a c e d letters put together, repeated letters once or twice. Mostly these are one or two."""
    plain = folded(text)
    views = {words_of(plain): None, words_of(accented(text)): None}
    views[words_of(_SPACED.sub(lambda found: found[0].replace(found[1], ""), plain))] = None
    for table in _AS_LETTERS:
        views[words_of(_DISGUISED.sub(lambda found, table=table: found[0].translate(table), plain))] = None  # type: ignore[misc]
    for view in list(views):
        views[_MIXED.sub(lambda found: found[0].translate(_LOOKALIKES), view)] = None
    for view in list(views):
        views[_RUNS.sub(r"\1", view)] = None
        views[_RUNS.sub(r"\1\1", view)] = None
    return tuple(views)
