"""The message in a form that rules can read, with the way back to what was typed.

Every folded character knows where it came from, so a subject found in the folded text is cut from the original, capitals kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

EMOJI = "\x01"
"""Stands for one emoji in folded text."""
MASK = "\x02"
"""Stands for one character that does not speak for the player."""
NOTE = "♪"
BLANKS = 3
"""Blanks or line breaks in a row that are kept; more say nothing and only cost time."""

_QUOTES = dict.fromkeys("“”„‟«»「」『』〝〞", '"') | dict.fromkeys("‘’‚‛ʼ´`＇", "'")
_NOTES = "♪♫♩♬🎵🎶🎼"
_SINGLE = {**_QUOTES, **dict.fromkeys(_NOTES, NOTE), "`": "`", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "–": "—", "\t": " "}


@dataclass(frozen=True)
class Folded:
    """Lower-cased, plain-quoted text; ``origin[i]`` is the place of ``text[i]`` in ``source``, ``ends[i]`` the place just after it."""

    source: str
    text: str
    origin: tuple[int, ...]
    ends: tuple[int, ...]

    def cut(self, start: int, end: int) -> str:
        """The original text behind ``text[start:end]``."""
        if start >= end:
            return ""
        return self.source[self.origin[start] : self.ends[end - 1]]

    def masked(self, text: str) -> Folded:
        """The same with other characters of the same length."""
        if len(text) != len(self.text):
            raise ValueError("a mask must not move characters")
        return Folded(self.source, text, self.origin, self.ends)

    def part(self, start: int, end: int) -> Folded:
        """A slice that still knows its source."""
        return Folded(self.source, self.text[start:end], self.origin[start:end], self.ends[start:end])


def fold(message: str) -> Folded:
    """Fold a message: NFC, one kind of quotes and blanks, lower case, emoji as one mark, invisible characters left out."""
    source = unicodedata.normalize("NFC", message)
    characters: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(source):
        plain = _plain(character)
        if plain and not (plain in " \n" and characters[-BLANKS:] == [plain] * BLANKS):
            characters.append(plain)
            origin.append(place)
    return Folded(source, "".join(characters), tuple(origin), tuple(place + 1 for place in origin))


def _plain(character: str) -> str:
    if character in _SINGLE:
        return _SINGLE[character]
    if character < "\x7f":
        return character.lower() if character >= " " or character == "\n" else ""
    category = unicodedata.category(character)
    if category in ("Cf", "Cc") or 0xFE00 <= ord(character) <= 0xFE0F:
        return ""
    if category == "Zs":
        return " "
    if (category == "So" and ord(character) > 0x2000) or 0x1F3FB <= ord(character) <= 0x1F3FF:
        return EMOJI
    narrow = unicodedata.normalize("NFKC", character)
    if len(narrow) == 1:
        character = narrow
    lower = character.lower()
    return lower if len(lower) == 1 else character


def mask(text: str, pattern: re.Pattern[str], keep: Callable[[re.Match[str]], bool] | None = None) -> str:
    """``text`` with every match blotted out, except those ``keep`` wants to stay."""

    def blot(match: re.Match[str]) -> str:
        if keep is not None and keep(match):
            return match[0]
        return MASK * len(match[0])

    return pattern.sub(blot, text)


def rewrite(folded: Folded, pattern: re.Pattern[str], change: Callable[[str], str]) -> Folded:
    """Replace words by others of any length; a replaced word's characters all lead back to the whole word that was typed."""
    pieces: list[str] = []
    origin: list[int] = []
    ends: list[int] = []
    done = 0
    for match in pattern.finditer(folded.text):
        new = change(match[0])
        if new == match[0]:
            continue
        start, end = match.span()
        pieces.append(folded.text[done:start] + new)
        origin.extend(folded.origin[done:start])
        ends.extend(folded.ends[done:start])
        origin.extend([folded.origin[start]] * len(new))
        ends.extend([folded.ends[end - 1]] * len(new))
        done = end
    pieces.append(folded.text[done:])
    origin.extend(folded.origin[done:])
    ends.extend(folded.ends[done:])
    return Folded(folded.source, "".join(pieces), tuple(origin), tuple(ends))
