"""Variables of a chat as macros see them: the rules of set, add, inc, dec and get."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

VALUE_LIMIT = 8_000  # characters of one variable
COUNT_LIMIT = 200  # variables of one chat that macros may create
_NUMBER = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})")


class VariableLimit(Exception):
    """A variable would become too long, or there are too many."""


def number(text: str) -> int | float | None:
    """The number a text stands for, or None. Plain decimal notation only: ``1e999`` and ``0x10`` stay text."""
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped):
        return None
    return float(stripped) if "." in stripped else int(stripped)


def shown(value: int | float) -> str:
    """A number as people write it: 7.0 is «7»."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(round(value, 12))
    return str(value)


class Variables:
    """A chat's variables during one expansion. The mapping given is never changed; ``changed`` holds what was."""

    def __init__(self, stored: Mapping[str, str]) -> None:
        self._stored = stored
        self.changed: dict[str, str] = {}

    def raw(self, name: str) -> str | None:
        key = name.strip()
        return self.changed.get(key, self._stored.get(key))

    def get(self, name: str) -> str:
        """The value; unset is empty, numeric text is normalised (``007`` is ``7``)."""
        text = self.raw(name) or ""
        value = number(text)
        return text if value is None else shown(value)

    def set(self, name: str, value: str) -> None:
        """Names are trimmed, values are not. Raises ``VariableLimit``."""
        key = name.strip()
        if not key:
            return
        if len(value) > VALUE_LIMIT or len(key) > 200:
            raise VariableLimit("too long")
        if key not in self.changed and key not in self._stored and len(self.changed) + len(self._stored) >= COUNT_LIMIT:
            raise VariableLimit("too many")
        self.changed[key] = value

    def add(self, name: str, value: str) -> None:
        """Two numbers are summed, a JSON list is appended to, anything else is put behind."""
        old = self.raw(name) or ""
        grown = _appended(old, value)
        if grown is not None:
            self.set(name, grown)
            return
        left, right = number(old or "0"), number(value)
        self.set(name, old + value if left is None or right is None else shown(left + right))

    def step(self, name: str, by: int) -> str:
        """Add 1 or -1 and give the new value; text counts as 0."""
        value = number(self.raw(name) or "0") or 0
        self.set(name, shown(value + by))
        return self.get(name)


def _appended(old: str, value: str) -> str | None:
    """``old`` with ``value`` appended when it is a JSON list."""
    if not old.lstrip().startswith("["):
        return None
    try:
        items = json.loads(old)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list):
        return None
    return json.dumps([*items, value], ensure_ascii=False)
