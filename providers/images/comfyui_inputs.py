"""Holds a ComfyUI graph against the server's descriptions of its node classes, as the server itself will when it is submitted.

Only nodes that lead to an output are looked at closely, because the server ignores the others. Where a description leaves open what a
node accepts (types of extensions, values the node checks by itself) nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.images.comfyui_errors import available
from providers.images.comfyui_graph import NUMBERS, placeholder_of
from providers.images.comfyui_nodes import link_of, one_line, where
from providers.images.comfyui_values import FILE_NODES

_NUMBER_TYPES = {"INT": "a whole number", "FLOAT": "a number"}
_CONNECTED = {
    *("MODEL", "CLIP", "VAE", "CONDITIONING", "LATENT", "IMAGE", "MASK", "CONTROL_NET", "CLIP_VISION", "CLIP_VISION_OUTPUT"),
    *("STYLE_MODEL", "UPSCALE_MODEL", "SAMPLER", "SIGMAS", "GUIDER", "NOISE"),
}
"""Types of the server's own that only another node can give."""
_NEVER_CHOICES = {*NUMBERS, "prompt", "negative_prompt", "file_prefix", "char_avatar", "user_avatar"}
"""Placeholders whose value is none of a list's."""
_UPLOADS = ("image_upload", "video_upload", "audio_upload", "remote")
"""Marks of inputs whose list is not all they accept."""


@dataclass(frozen=True, slots=True)
class _Input:
    """One input of a node class: its type's name, or the names to choose from, and its limits."""

    type: str
    choices: tuple[Any, ...]
    is_choice: bool
    more: Mapping[str, Any]

    @classmethod
    def of(cls, config: Any) -> _Input:
        given = config[0] if isinstance(config, list) and config else ""
        more = config[1] if isinstance(config, list) and len(config) > 1 and isinstance(config[1], dict) else {}
        options = given if isinstance(given, list) else more.get("options")
        choices = tuple(options) if isinstance(options, list) else ()
        return cls(given if isinstance(given, str) else "", choices, isinstance(given, list) or given == "COMBO", more)


def input_problems(graph: Mapping[str, Any], classes: Mapping[str, Any]) -> Iterator[str]:
    """Sentences naming node and input. ``classes`` are the server's descriptions by class name; None for one it does not have."""
    for node_id, node in graph.items():
        if classes.get(node["class_type"]) is None:
            yield f"{where(graph, node_id)}: the server does not have this node type installed."
    outputs = [node_id for node_id, node in graph.items() if (classes.get(node["class_type"]) or {}).get("output_node") is True]
    if not outputs and all(classes.get(node["class_type"]) is not None for node in graph.values()):
        yield "The workflow has no output node such as SaveImage."
    for node_id in _leading_to(graph, outputs):
        described = classes.get(graph[node_id]["class_type"])
        if described is not None:
            yield from _node_problems(graph, classes, node_id, described)


def _leading_to(graph: Mapping[str, Any], outputs: list[str]) -> list[str]:
    """Nodes that an output needs, in the graph's order."""
    found, pending = set[str](), list(outputs)
    while pending:
        node_id = pending.pop()
        if node_id in graph and node_id not in found:
            found.add(node_id)
            pending.extend(source[0] for value in graph[node_id]["inputs"].values() if (source := link_of(value)))
    return [node_id for node_id in graph if node_id in found]


def _node_problems(graph: Mapping[str, Any], classes: Mapping[str, Any], node_id: str, described: Mapping[str, Any]) -> Iterator[str]:
    groups = described.get("input")
    groups = groups if isinstance(groups, dict) else {}
    inputs = graph[node_id]["inputs"]
    for group in ("required", "optional"):
        known = groups.get(group)
        for name, config in known.items() if isinstance(known, dict) else ():
            at, wanted = where(graph, node_id, name), _Input.of(config)
            if wanted.type.startswith("COMFY_"):  # inputs that grow or change with others; the server alone knows
                continue
            if name not in inputs:
                if group == "required":
                    yield f"{at} is missing."
                continue
            value = inputs[name]
            problem = _connection(graph, classes, value, wanted) if isinstance(value, list) else _value(graph[node_id], value, wanted)
            if problem:
                yield f"{at}: {problem}"


def _connection(graph: Mapping[str, Any], classes: Mapping[str, Any], value: list[Any], wanted: _Input) -> str:
    source = link_of(value)
    if source is None:  # a list of values would be wrapped in an object
        return "it is connected wrongly."
    described = classes.get(graph[source[0]]["class_type"]) if source[0] in graph else None
    if described is None:
        return ""  # told already
    given = described.get("output")
    name = f"node{where(graph, source[0])[4:]}"
    if not isinstance(given, list) or not 0 <= source[1] < len(given):
        count = len(given) if isinstance(given, list) else 0
        return f"it is connected to output {source[1]} of {name}, which has {count}."
    kind = given[source[1]]
    if not isinstance(kind, str) or (kind not in _CONNECTED if wanted.is_choice else _fits(kind, wanted.type)):
        return ""
    return f"{name} gives {one_line(kind)}, and {'one of a list of values' if wanted.is_choice else one_line(wanted.type)} belongs here."


def _fits(given: str, wanted: str) -> bool:
    if "*" in (given, wanted) or given.startswith("COMFY_") or not wanted:
        return True
    kinds, accepted = ({kind.strip() for kind in names.split(",")} for names in (given, wanted))
    return bool(kinds & (accepted | {"*"}) or "*" in accepted or (kinds <= {"INT", "FLOAT", "BOOLEAN"} and "COMBO" in accepted))


def _value(node: Mapping[str, Any], value: Any, wanted: _Input) -> str:
    if isinstance(value, dict) and "__value__" in value:
        value = value["__value__"]
    name = placeholder_of(value)
    if name is not None:
        return _placeholder(node, name, str(value), wanted)
    if wanted.type in _CONNECTED:
        return "a connection to another node belongs here."
    if wanted.is_choice:
        return _choice(value, wanted)
    if wanted.type in _NUMBER_TYPES:
        return _number(value, wanted)
    return ""


def _placeholder(node: Mapping[str, Any], name: str, written: str, wanted: _Input) -> str:
    if wanted.type in _CONNECTED:
        return f"{written} stands where a connection to another node belongs."
    if name.endswith("_avatar") and wanted.more.get("image_upload") and node["class_type"] not in FILE_NODES:
        return f"{written} is inserted as base64 here, and this node takes an uploaded file; LoadImage does it."
    if wanted.type in _NUMBER_TYPES and _is_text(name):
        return f"{written} is a text, and {_NUMBER_TYPES[wanted.type]} belongs here."
    if wanted.is_choice and not any(wanted.more.get(mark) for mark in _UPLOADS):
        if name in _NEVER_CHOICES:
            return f"{written} is none of its values.{_some(wanted)}"
        if not wanted.choices:
            return f"{written} has nothing to choose from: the server has none."
    return ""


def _is_text(name: str) -> bool:
    """Whether a built-in placeholder is a text; one's own may hold a number, which the server reads out of it."""
    return name in ("model", "vae", "sampler", "scheduler", "IMAGE") or (name in _NEVER_CHOICES and name not in NUMBERS)


def _choice(value: Any, wanted: _Input) -> str:
    marks = (*_UPLOADS, "multiselect", "multi_select")
    if value in wanted.choices or any(wanted.more.get(mark) for mark in marks):
        return ""
    if not wanted.choices:
        return f"the server has no «{one_line(value)}», and nothing else to choose."
    return f"the server has no «{one_line(value)}».{_some(wanted)}"


def _some(wanted: _Input) -> str:
    return available([str(choice) for choice in wanted.choices])


def _number(value: Any, wanted: _Input) -> str:
    try:
        number = float(value) if wanted.type == "FLOAT" else int(value)
    except (TypeError, ValueError, OverflowError):
        return f"«{one_line(value)}» stands where {_NUMBER_TYPES[wanted.type]} belongs."
    least, most = wanted.more.get("min"), wanted.more.get("max")
    if isinstance(least, int | float) and number < least:
        return f"{one_line(value)} is too small (limit {least})."
    if isinstance(most, int | float) and number > most:
        return f"{one_line(value)} is too big (limit {most})."
    return ""
