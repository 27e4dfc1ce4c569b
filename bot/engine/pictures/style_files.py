"""Styles as files: one JSON document with a list, to be shared between chats and hosts.

SillyTavern keeps its styles as a list of ``{"name", "prefix", "negative"}``; such a list, or one such object, is read as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from bot.domain.errors import BadFile
from bot.domain.posts import FileOut
from bot.storage.records import Style

MOST_BYTES = 256 * 1024
MOST_STYLES = 50
_TEXT = 2000  # characters of a prefix or negative prompt, as in a chat's settings
_NAME = 80


def write_styles(title: str, styles: Sequence[Style]) -> FileOut:
    """The styles as a file named after ``title``."""
    rows = [{"name": style.name, "prefix": style.prefix, "negative": style.negative} for style in styles]
    name = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:60] or "style"
    data = json.dumps({"vignette_styles": 1, "styles": rows}, ensure_ascii=False, indent=2)
    return FileOut(f"{name}.style.json", "application/json", data.encode())


def read_styles(data: bytes) -> list[Style]:
    """The styles in a file. Raises ``BadFile`` saying what is wrong with it."""
    try:
        found: Any = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadFile("This is not a style file: it is no JSON.") from error
    if isinstance(found, dict):
        found = found.get("styles", [found])
    if not isinstance(found, list) or not found:
        raise BadFile("This is not a style file: it holds no styles.")
    if len(found) > MOST_STYLES:
        raise BadFile(f"The file holds {len(found)} styles; at most {MOST_STYLES} are taken in at once.")
    return [_style(item, number) for number, item in enumerate(found, start=1)]


def _style(item: Any, number: int) -> Style:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"].strip():
        raise BadFile(f"Style {number} of the file has no name.")
    name = item["name"].strip()[:_NAME]
    texts = {key: item.get(key) or "" for key in ("prefix", "negative")}
    for key, text in texts.items():
        if not isinstance(text, str):
            raise BadFile(f"Style «{name}»: {key} is no text.")
        if len(text) > _TEXT:
            raise BadFile(f"Style «{name}»: {key} has {len(text)} characters; at most {_TEXT} are allowed.")
    return Style(name, texts["prefix"].strip(), texts["negative"].strip())
