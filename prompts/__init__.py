"""Words only: the built-in templates, one file each, and the built-in characters.

Templates are written in the macro language of the story engine. A host may replace one by a file of the same name in a folder of
its own (``overrides_from``); the built-in ones are never changed, so removing that file brings them back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

OVERRIDE_LIMIT = 64_000  # bytes of one template of the host
REQUIRED: dict[str, tuple[str, ...]] = {
    "head": ("char",),
    "writer_system": (),
    "writer_context": ("recent", "task"),
    "mode_you": ("char",),
    "mode_face": ("char",),
    "mode_me": ("user",),
    "mode_scene": (),
    "mode_last": ("last",),
    "mode_background": (),
    "mode_free": ("subject",),
    "repair": (),
    "tool_description": (),
    "tool_prompt": (),
    "scene_tag": (),
    "speak_next": ("char",),
}
"""Every template and the macros it cannot do without."""


class BadTemplate(ValueError):
    """A template misses something it needs, or there is no template of that name."""


def load(name: str, overrides: Mapping[str, str] | None = None) -> str:
    """The text of a template: the host's where ``overrides`` has one, else the built-in. Raises ``BadTemplate``."""
    if name not in REQUIRED:
        raise BadTemplate(f"there is no template {name!r}; known: {', '.join(REQUIRED)}")
    if overrides and name in overrides:
        text = overrides[name].strip()
        check(name, text)
        return text
    return _builtin(name)


def check(name: str, text: str) -> None:
    """Whether ``text`` can be used as this template. Raises ``BadTemplate`` naming what is missing."""
    used = {match.lower() for match in re.findall(r"\{\{\s*(?:#if\s+)?(\w+)", text)}
    missing = [variable for variable in REQUIRED[name] if variable not in used]
    if not text:
        raise BadTemplate(f"the template {name!r} is empty")
    if missing:
        raise BadTemplate(f"the template {name!r} must contain {', '.join('{{' + m + '}}' for m in missing)}")


def overrides_from(folder: Path) -> dict[str, str]:
    """The host's own templates: files ``<name>.txt`` in UTF-8. Raises ``BadTemplate`` for an unknown name, a wrong or a huge file."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.txt")):
        if path.stem not in REQUIRED:
            raise BadTemplate(f"{path.name}: there is no template of that name; known: {', '.join(REQUIRED)}")
        if path.stat().st_size > OVERRIDE_LIMIT:
            raise BadTemplate(f"{path.name} is larger than {OVERRIDE_LIMIT} bytes")
        try:
            text = path.read_text(encoding="utf-8").strip()
        except UnicodeDecodeError as error:
            raise BadTemplate(f"{path.name} is not UTF-8 text") from error
        check(path.stem, text)
        found[path.stem] = text
    return found


def characters() -> dict[str, str]:
    """The built-in characters: file name without ending → JSON text of a V2 card, in order of the names."""
    folder = files("prompts") / "characters"
    cards = [item for item in folder.iterdir() if item.name.endswith(".json")]
    return {item.name.removesuffix(".json"): item.read_text(encoding="utf-8") for item in sorted(cards, key=lambda item: item.name)}


@cache
def _builtin(name: str) -> str:
    return (files("prompts") / f"{name}.txt").read_text(encoding="utf-8").strip()
