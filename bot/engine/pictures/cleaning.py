"""Cleaning of what a writer model answered, into a comma-separated prompt.

SillyTavern keeps ASCII only, so that accents tear words apart and other scripts vanish; here letters, marks and digits of every script
stay. The other rules are the same: quotation marks go, a line break is a comma, everything outside the allowed signs is a space,
empty items are dropped.
"""

from __future__ import annotations

import re
import unicodedata

_QUOTES = str.maketrans(dict.fromkeys('"“”„«»', "")) | {ord("’"): "'", ord("‘"): "'"}
_ALLOWED = frozenset(".,:_(){}<>[]/-'|#")


def clean_reply(text: str) -> str:
    """A prompt in one line: «a,, b ,\\nc» becomes «a, b, c». What holds no letter or digit at all becomes empty."""
    flat = unicodedata.normalize("NFC", text.translate(_QUOTES)).replace("\r", "").replace("\n", ", ")
    kept = "".join(char if _keep(char) else " " for char in flat)
    items = (item.strip() for item in re.sub(r"\s+", " ", kept).split(","))
    result = ", ".join(item for item in items if item)
    return result if any(char.isalnum() for char in result) else ""


def _keep(char: str) -> bool:
    return char in _ALLOWED or unicodedata.category(char)[0] in "LM" or char.isdecimal()
