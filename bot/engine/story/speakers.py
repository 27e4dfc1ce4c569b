"""Third stage of the clean-up: whose words are these? Cuts a reply where it begins to speak for somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OPENING = re.compile(r"[ \t]*([*_#>\[(]{0,6})[ \t]*")
_CLOSING = re.compile(r"[*_\])]{0,4}[ \t]{0,2}")
_COLONS = ":："
_ALIASES = ("user", "human", "<user>")
_PAIRS = str.maketrans("[(", "])")


def _folded(text: str) -> str:
    """Small letters, position by position."""
    return "".join(small if len(small := char.lower()) == 1 else char for char in text)


def _tidy(name: str) -> str:
    return _folded(" ".join(re.sub(r"[:：\n\r]", " ", name).strip("*_#>[]() \t").split()))


class Speakers:
    """Looks at the beginning of every line. ``cut`` is set once the reply spoke for somebody else: nothing follows."""

    def __init__(self, char: str, others: Iterable[str]) -> None:
        self._char = _tidy(char)
        self._others = sorted({_tidy(name) for name in others} - {self._char, ""}, key=len, reverse=True)
        self.cut = ""
        self._buffer = ""
        self._line_start = True
        self._seen = False
        self._stripped = False

    def push(self, text: str) -> str:
        self._buffer += text
        return self._run(final=False)

    def close(self) -> str:
        return self._run(final=True)

    def _run(self, *, final: bool) -> str:
        out: list[str] = []
        while self._buffer and not self.cut:
            if self._line_start and self._buffer[0] != "\n":
                if not self._begin_line(out, final):
                    break
                continue
            end = self._buffer.find("\n") + 1 or len(self._buffer)
            self._line_start = self._buffer[end - 1] == "\n"
            self._take(out, end)
        return "".join(out)

    def _take(self, out: list[str], end: int) -> None:
        text, self._buffer = self._buffer[:end], self._buffer[end:]
        self._seen = self._seen or bool(text.strip())
        out.append(text)

    def _begin_line(self, out: list[str], final: bool) -> bool:
        """Decide what this line is; False when more of it is needed."""
        opening = _OPENING.match(self._buffer)
        start = opening.end() if opening else 0
        if start == len(self._buffer) and start < 24 and not final:
            return False
        rest = _folded(self._buffer[start:])
        waiting = False
        for name in (*self._others, *_ALIASES, *([self._char] if self._char and not self._seen else [])):
            if not rest.startswith(name):
                waiting = waiting or (name.startswith(rest) and not final)
                continue
            verdict = self._after(start + len(name), final)
            if name == self._char:
                if verdict == "colon" and not self._stripped:
                    return self._strip(opening.group(1) if opening else "", start + len(name), final)
            elif verdict == "colon" or (verdict == "alone" and self._seen and name not in _ALIASES):
                self.cut = name
                return True
            waiting = waiting or verdict == "wait"
        if waiting:
            return False
        self._line_start = False
        return True

    def _after(self, position: int, final: bool) -> str:
        """What follows a name: ``colon``, ``alone`` on its line, ``no``, or ``wait`` for more."""
        match = _CLOSING.match(self._buffer, position)
        end = match.end() if match else position
        if end == len(self._buffer):
            return "alone" if final else "wait"
        if self._buffer[end] in _COLONS:
            return "colon"
        return "alone" if self._buffer[end] == "\n" else "no"

    def _strip(self, opening: str, position: int, final: bool) -> bool:
        """Take the speaker's own name off the beginning. ``**Name:** text`` loses its stars, ``*Name: text*`` keeps them."""
        match = _CLOSING.match(self._buffer, position)
        end = (match.end() if match else position) + 1
        closed = bool(match and match.group().strip())
        expected = opening[::-1].translate(_PAIRS)
        kept = ""
        if opening and not closed:
            following = self._buffer[end : end + len(expected)]
            if len(following) < len(expected) and expected.startswith(following) and not final:
                return False
            if following == expected:
                end += len(expected)
            elif opening.strip("*_") == "":
                kept = opening
        rest = self._buffer[end:]
        if not rest.strip(" \t") and not final:
            return False
        self._buffer = kept + rest.lstrip(" \t")
        self._stripped = True
        self._line_start = not kept
        return True
