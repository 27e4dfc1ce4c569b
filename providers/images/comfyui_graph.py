"""Fills a ComfyUI graph (API format) with the values of a picture.

A placeholder is a value anywhere in the graph that is the complete text ``"%name%"``, exact case; numbers become JSON numbers. So is the
name of something (an input, a node) where the placeholder stands for a text. The placeholders are those SillyTavern's users know, plus the
capital ones of LettuceAI. Made differently from the originals on purpose:

- One pass over the parsed graph. A value is never looked at again, so a prompt that reads ``%seed%`` stays as it is, and characters
  such as ``$&``, quotes or backslashes in a prompt cannot break anything.
- A setting that is not there is reported and never becomes ``null`` or half a document; only a missing avatar becomes a 1x1 picture,
  as users' graphs expect.
- A placeholder inside a longer text is left alone, as in SillyTavern, and named in ``problems``; LettuceAI's are replaced there too, as
  in LettuceAI, but always need quotes around the whole text.
- A custom placeholder cannot produce another placeholder, and built-in names win over custom ones. Where a name that only LettuceAI or
  Vignette knows has no value, one's own of that name is taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.images.comfyui_nodes import where

MOST_CHARACTERS = 2_000_000
DEEPEST = 40
EMPTY_PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
"""A 1x1 PNG in base64: what an avatar placeholder becomes when there is no avatar."""

NAMES = (
    *("prompt", "negative_prompt", "model", "vae", "sampler", "scheduler", "steps", "scale", "width", "height", "denoise"),
    *("clip_skip", "seed", "user_avatar", "char_avatar", "file_prefix"),
)
"""Built-in placeholders. ``scale`` is CFG, ``clip_skip`` negative as ComfyUI counts, ``file_prefix`` a name for the saved file."""
OTHER_NAMES: Mapping[str, str] = {
    "PROMPT": "prompt",
    "NEGATIVE": "negative_prompt",
    "CKPT": "model",
    "SAMPLER": "sampler",
    "STEPS": "steps",
    "CFG": "scale",
    "SEED": "seed",
    "WIDTH": "width",
    "HEIGHT": "height",
    "DENOISE": "denoise",
}
"""LettuceAI's spelling → ours. ``IMAGE``, ``IMAGE0`` … and ``IMAGE_COUNT`` are names of their own: uploaded reference pictures."""
NUMBERS = frozenset({"steps", "scale", "width", "height", "denoise", "clip_skip", "seed", "IMAGE_COUNT"})
"""Placeholders that stand for numbers; all others stand for texts."""
SERVER_FILLED = "filename_prefix"
"""In this input the server itself knows %width%, %year% and the like."""
_IMAGE_NAME = re.compile(r"IMAGE(?:\d{1,2}|_COUNT)?")
_INSIDE = re.compile(rf"%({'|'.join(OTHER_NAMES)}|{_IMAGE_NAME.pattern})%")
"""LettuceAI's names may stand inside a longer text."""
_WHOLE = re.compile(r"%([A-Za-z][\w -]{0,63})%")

EXPORT_HINT = (
    "This workflow was saved for ComfyUI's editor. In ComfyUI choose Workflow → Export (API) (older versions: switch on the dev mode "
    "options, then Save (API Format)) and use that file."
)


class WorkflowError(ValueError):
    """A workflow that cannot be used; the text tells people why and what to do."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A graph ready to be sent."""

    workflow: dict[str, Any]
    used: frozenset[str] = frozenset()
    """Names whose value was put in (LettuceAI's names as ours)."""
    unfilled: tuple[str, ...] = ()
    """Placeholders left as they are because there is no value of that name."""
    problems: tuple[str, ...] = ()
    """Sentences for the host: what will not work as written."""


def parse(text: str) -> dict[str, Any]:
    """A graph from JSON text. Raises ``WorkflowError`` for anything that is no API-format graph."""
    if len(text) > MOST_CHARACTERS:
        raise WorkflowError(f"The workflow is larger than {MOST_CHARACTERS // 1_000_000} MB.")
    try:
        graph = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise WorkflowError(f'The workflow is no valid JSON{where}. Placeholders need their quotes: "%seed%".') from error
    if isinstance(graph, dict) and set(graph) >= {"nodes", "links"}:
        raise WorkflowError(EXPORT_HINT)
    if isinstance(graph, dict) and isinstance(graph.get("prompt"), dict) and "class_type" not in graph["prompt"]:
        graph = graph["prompt"]  # a whole request body, as logged by other clients
    check(graph)
    return dict(graph)


def check(graph: Any) -> None:
    """Raise ``WorkflowError`` unless this is node id → ``{"class_type", "inputs"}``."""
    if not isinstance(graph, dict) or not graph:
        raise WorkflowError("The workflow holds no nodes.")
    for node_id, node in graph.items():
        if not isinstance(node, dict) or not isinstance(node.get("class_type"), str) or not isinstance(node.get("inputs"), dict):
            raise WorkflowError(f"Entry «{str(node_id)[:40]}» of the workflow is no node with class_type and inputs. {EXPORT_HINT}")


def placeholders_in(workflow: Mapping[str, Any]) -> frozenset[str]:
    """Names of all placeholders in a graph, as written."""
    return frozenset(name for _, _, text in _texts(workflow) for name in _names_in(text))


def _names_in(text: str) -> tuple[str, ...]:
    whole = _WHOLE.fullmatch(text)
    return (whole[1],) if whole else tuple(_INSIDE.findall(text))


def is_image_name(name: str) -> bool:
    """Whether this is one of the names of uploaded reference pictures or their number."""
    return _IMAGE_NAME.fullmatch(name) is not None


def image_places(names: Iterable[str]) -> int:
    """How many reference pictures the ``IMAGE`` placeholders among these names have a place for."""
    return max((int(name[5:] or 0) + 1 for name in names if is_image_name(name) and name != "IMAGE_COUNT"), default=0)


def placeholder_of(value: Any) -> str | None:
    """The name, in our spelling, when a value is a placeholder."""
    found = _WHOLE.fullmatch(value) if isinstance(value, str) else None
    return OTHER_NAMES.get(found[1], found[1]) if found else None


def fill(workflow: Mapping[str, Any], values: Mapping[str, Any], custom: Mapping[str, str]) -> Filled:
    """Put values in. ``values`` holds built-in names (None = no value), ``custom`` the host's and the user's own, as texts.

    ``used``, ``unfilled`` and ``problems`` speak of inputs; titles and names are filled without a word. The given graph is left
    untouched. Raises ``WorkflowError`` when it is nested deeper than 40 levels.
    """
    filler, aside = _Filler(values, custom), _Filler(values, custom)
    graph = {aside.key(node_id): _filled_node(node, filler, aside) for node_id, node in workflow.items()}
    problems = list(_embedded(workflow, {*NAMES, *custom}))
    there = filler.used.union(OTHER_NAMES.get(name, name) for name in filler.unfilled)
    if "prompt" not in there:
        problems.append('The workflow has no "%prompt%": the picture will not follow what was asked for.')
    if "seed" not in there:
        problems.append('The workflow has no "%seed%": drawing again may give the same picture.')
    return Filled(graph, frozenset(filler.used), tuple(dict.fromkeys(filler.unfilled)), tuple(problems))


def _filled_node(node: Any, filler: _Filler, aside: _Filler) -> Any:
    """Titles and the like are filled by ``aside``, because what matters is which placeholders the inputs have."""
    if not isinstance(node, dict):
        return aside.filled(node)
    return {aside.key(part): (filler if part == "inputs" else aside).filled(value, key=part) for part, value in node.items()}


class _Filler:
    def __init__(self, values: Mapping[str, Any], custom: Mapping[str, str]) -> None:
        self._values = values
        self._custom = custom
        self.used: set[str] = set()
        self.unfilled: list[str] = []

    def filled(self, value: Any, depth: int = 0, key: str = "") -> Any:
        if depth > DEEPEST:
            raise WorkflowError(f"The workflow is nested deeper than {DEEPEST} levels.")
        if isinstance(value, dict):
            return {self.key(key): self.filled(item, depth + 1, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item, depth + 1) for item in value]
        if isinstance(value, str):
            whole = _WHOLE.fullmatch(value) or self._own(value)
            return self._value_of(value[1:-1], value, key) if whole else _INSIDE.sub(lambda name: self._written_in(name, key), value)
        return value

    def _written_in(self, name: re.Match[str], key: str) -> str:
        found = self._value_of(name[1], name[0], key)
        return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)

    def key(self, name: str) -> str:
        """A name inside the graph that is a placeholder for a text."""
        known = _WHOLE.fullmatch(name) or self._own(name)
        found = self._known(name[1:-1]) if known else None
        return found if isinstance(found, str) else name

    def _own(self, text: str) -> bool:
        """People name their own placeholders as they like; of other texts between percent signs only words count."""
        return len(text) > 1 and text[0] == text[-1] == "%" and text[1:-1] in self._custom

    def _known(self, written: str) -> Any:
        """The value of a placeholder; None when there is none."""
        name = OTHER_NAMES.get(written, written)
        if self._values.get(name) is not None:
            return self._values[name]
        if name in ("user_avatar", "char_avatar"):
            return EMPTY_PICTURE
        # Of the names that only some clients know, one's own may take the place; the common ones are never anybody's own.
        return self._custom.get(written) if written not in NAMES or written == "file_prefix" else None

    def _value_of(self, written: str, text: str, key: str) -> Any:
        found = self._known(written)
        if found is not None:
            self.used.add(OTHER_NAMES.get(written, written))
            return found
        if key != SERVER_FILLED:
            self.unfilled.append(written)
        return text


def _texts(workflow: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Every text below ``inputs`` as (node id, input name, text)."""
    for node_id, node in workflow.items():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        for key, value in inputs.items() if isinstance(inputs, dict) else ():
            pending = [(value, 0)]
            while pending:
                item, depth = pending.pop()
                if isinstance(item, str):
                    yield node_id, key, item
                elif isinstance(item, dict | list) and depth < DEEPEST:
                    pending.extend((inner, depth + 1) for inner in (item.values() if isinstance(item, dict) else item))


def _embedded(workflow: Mapping[str, Any], names: set[str]) -> Iterator[str]:
    for node_id, key, text in _texts(workflow):
        whole = len(text) > 1 and text[0] == text[-1] == "%" and text[1:-1] in names
        found = sorted(name for name in names if name and not whole and f"%{name}%" in text and not _INSIDE.fullmatch(f"%{name}%"))
        if found and key != SERVER_FILLED:
            marks = " and ".join(f"%{name}%" for name in found)
            yield f"{where(workflow, node_id, key)}: {marks} inside a longer text is left as it is; make it the whole value."
