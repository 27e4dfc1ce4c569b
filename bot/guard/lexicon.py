"""Finding terms in words: one look per word, however many terms."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from bot.guard.spelling import accented, folded, words_of


class Lexicon:
    """Terms of one or more words; ``*`` at a term's end stands for any ending of its last word."""

    def __init__(self, *tables: Iterable[str]) -> None:
        self._terms: dict[str, list[tuple[tuple[str, ...], bool]]] = {}
        self._stems: set[str] = set()
        for spelling in {way for table in tables for term in table for way in _ways(term)}:
            self._add(spelling)
        self._longest_stem = max(map(len, self._stems), default=0)
        alone = {word for word, more in self._terms.items() if ((), False) in more}
        self._long = tuple(term for term in alone | self._stems if len(term) >= 4)

    def _add(self, term: str) -> None:
        parts = term.rstrip("*").split()
        if term.endswith("*") and len(parts) == 1:
            self._stems.add(parts[0])
        else:
            self._terms.setdefault(parts[0], []).append((tuple(parts[1:]), term.endswith("*")))

    def spans(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Where terms stand, as (first word, word after the last); overlapping ones are all found."""
        for start, word in enumerate(words):
            for rest, open_end in self._terms.get(word, ()):
                if _follows(words, start + 1, rest, open_end):
                    yield start, start + 1 + len(rest)
            if any(word[:length] in self._stems for length in range(2, min(len(word), self._longest_stem) + 1)):
                yield start, start + 1

    def found(self, words: Sequence[str]) -> bool:
        """Whether any term stands in the words."""
        return next(self.spans(words), None) is not None

    def inside(self, letters: str) -> bool:
        """Whether a single-word term of four letters or more stands anywhere in a run of letters."""
        return any(term in letters for term in self._long)

    def without(self, words: Sequence[str]) -> list[str]:
        """The words with every term taken out, a mark in its place so that its neighbours do not meet."""
        left = list(words)
        for start, end in self.spans(words):
            left[start:end] = ["·"] * (end - start)
        return left


def _follows(words: Sequence[str], start: int, rest: tuple[str, ...], open_end: bool) -> bool:
    there = words[start : start + len(rest)]
    if len(there) < len(rest):
        return False
    if not open_end or not rest:
        return tuple(there) == rest
    return tuple(there[:-1]) == rest[:-1] and there[-1].startswith(rest[-1])


def _ways(term: str) -> set[str]:
    """A term as the spellings of a text may have it. A Latin term written with accents is found with them only."""
    star = "*" if term.endswith("*") else ""
    ways = {words_of(accented(term)) + star}
    if not any(letter > "\x7f" and "LATIN" in unicodedata.name(letter, "") for letter in term):
        ways.add(words_of(folded(term)) + star)
    return ways
