"""Finding fixed marks in a stream, at any split, without holding back more than could still become one."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def lower(text: str) -> str:
    """Small letters for ASCII only, so that positions stay the same (``İ`` would grow)."""
    return text.translate(_LOWER)


class Marks:
    """A set of marks, compared without regard to ASCII case; the earliest wins, among those at one place the longest."""

    def __init__(self, marks: Iterable[str]) -> None:
        ordered = sorted({lower(mark) for mark in marks}, key=len, reverse=True)
        self._beginnings = {mark[:length] for mark in ordered for length in range(1, len(mark))}
        self._longest = max((len(mark) for mark in ordered), default=1)
        self._pattern = re.compile("|".join(map(re.escape, ordered)) or r"(?!)")

    def find(self, text: str, *, final: bool = False) -> tuple[int, str] | None:
        """Position and mark (in small letters); None as long as a longer mark could still come of the one at the end."""
        small = lower(text)
        match = self._pattern.search(small)
        if match is None or (not final and small[match.start() :] in self._beginnings):
            return None
        return match.start(), match.group()

    def held(self, text: str) -> int:
        """How many characters at the end could be the beginning of a mark."""
        small = lower(text)
        for length in range(min(len(small), self._longest - 1), 0, -1):
            if small[-length:] in self._beginnings:
                return length
        return 0

    def safe(self, text: str) -> int:
        """How many characters at the start can be let go when ``find`` found nothing."""
        small = lower(text)
        match = self._pattern.search(small)
        return match.start() if match is not None else len(text) - self.held(text)
