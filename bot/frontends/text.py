"""Cutting long texts into posts, for every platform."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

FENCE = re.compile(r"^ {0,3}(`{3,8})([^`\n]*)$")
"""A line that opens or closes a code block, as CommonMark has it (longer rows of backticks are taken as text)."""
_MIN_FENCED = 128
"""Below this many characters a piece has no room for reopened fences, and they are left alone."""
_BREAKS = (re.compile(r"\n[ \t]*\n\s*"), re.compile(r"\n"), re.compile(r"(?<=[.!?…。！？])[\"'”’»)*_]*[ \t]+"), re.compile(r"\s"))
_EARLIEST = 0.4
"""A better kind of break is taken only from this share of a piece on; before it, pieces would get too short."""


def split(text: str, limit: int, measure: Callable[[str], int] = len) -> list[str]:
    """Cut ``text`` into pieces of at most ``limit`` by ``measure``, at a paragraph, else a line, a sentence, a space, else anywhere.

    A code block that is cut is closed and opened again. Nothing but white space at the cuts is lost; blank text gives no piece.
    ``measure`` must not shrink by more than markup when text is added (a length after formatting is fine).
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    pieces: list[str] = []
    rest = text.strip("\n").rstrip()
    while rest.strip():
        if measure(rest) <= limit:
            pieces.append(rest)
            break
        head, rest = _take(rest, limit, measure)
        if head.strip():
            pieces.append(head)
    return pieces


def _take(text: str, limit: int, measure: Callable[[str], int]) -> tuple[str, str]:
    """The first piece and what remains, both with their code block made whole."""
    fenced = limit >= _MIN_FENCED
    cut = _break_before(text, _longest(text, limit, measure, fenced), fenced)
    while cut > 1 and measure(_closed(text[:cut], fenced)) > limit:  # formatting can make a shorter text longer
        cut = _break_before(text, cut - 1, fenced)
    opener = open_fence(text[:cut]) if fenced else None
    if opener is None:
        return text[:cut].rstrip(), text[cut:].lstrip()
    rest = text[cut:].removeprefix("\n")
    line, _, after = rest.partition("\n")
    if open_fence(f"{opener[0]}\n{line}") is None:  # the block ends right here
        return _closed(text[:cut], fenced), after.lstrip()
    return _closed(text[:cut], fenced), f"{opener[0]}{opener[1]}\n{rest}"


def _longest(text: str, limit: int, measure: Callable[[str], int], fenced: bool) -> int:
    """The longest prefix that fits, at least one character."""
    low, high = 1, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if measure(_closed(text[:middle], fenced)) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _break_before(text: str, most: int, fenced: bool) -> int:
    """The best place to cut at or before ``most``."""
    earliest = max(1, int(most * _EARLIEST))
    in_code = fenced and open_fence(text[:most]) is not None
    for pattern in (_BREAKS[1],) if in_code else _BREAKS:
        best = 0
        for found in pattern.finditer(text, earliest, min(len(text), most + 1)):
            if earliest <= found.start() <= most:
                best = max(best, found.end() if found.group().strip() and found.end() <= most else found.start())
        if best:
            return best
    return _whole_character(text, most)


def _whole_character(text: str, cut: int) -> int:
    """Move a cut in front of a character that belongs to the one before (accents, skin tones, joined emoji)."""
    back = cut
    while back > max(1, cut - 16) and back < len(text) and (_joins(text[back]) or text[back - 1] == "\u200d"):
        back -= 1
    return back if back > max(1, cut - 16) else cut


def _joins(character: str) -> bool:
    return bool(unicodedata.combining(character)) or character in "\u200d\ufe0e\ufe0f" or "\U0001f3fb" <= character <= "\U0001f3ff"


def _closed(head: str, fenced: bool) -> str:
    opener = open_fence(head) if fenced else None
    return head.rstrip() if opener is None else f"{head.rstrip()}\n{opener[0]}"


def open_fence(text: str) -> tuple[str, str] | None:
    """Backticks and language of the code block that is still open at the end of ``text``; None outside of one."""
    opener: tuple[str, str] | None = None
    for line in text.split("\n"):
        found = FENCE.match(line)
        if found is None:
            continue
        if opener is None:
            language = found[2].strip()
            opener = (found[1], language if len(language) <= 20 else "")
        elif not found[2].strip() and len(found[1]) >= len(opener[0]):
            opener = None
    return opener
