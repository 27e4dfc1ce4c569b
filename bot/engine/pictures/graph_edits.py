"""Changes to a ComfyUI graph as people ask for them: one input of one node, found by what people call it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import NotFound, UserError
from bot.domain.workflows import read_graph

_NAMED = 12  # nodes or inputs named in a sentence


@dataclass(frozen=True, slots=True)
class Change:
    """A graph after one of its inputs was changed."""

    text: str
    where: str
    """The node and its input, for people."""
    before: Any
    after: Any


def nodes_of(graph: str) -> dict[str, Any]:
    """Node id → node of a graph that has been read as one; also inside a whole request body, as other clients log it."""
    return _inner(json.loads(graph))


def changed(graph: str, node: str, field: str, value: str) -> Change:
    """Set an input. Raises ``UserError`` when the node or the input is unknown or meant more than once, or the graph becomes too large."""
    document: dict[str, Any] = json.loads(graph)
    nodes = _inner(document)
    node_id = find_node(nodes, node)
    inputs: dict[str, Any] = nodes[node_id]["inputs"]
    name = _find_input(inputs, field, called(nodes, node_id))
    before, after = inputs[name], parse_value(value, inputs[name])
    inputs[name] = after
    text = read_graph(json.dumps(document, ensure_ascii=False, indent=2).encode())
    return Change(text, f"{called(nodes, node_id)}, input {name}", before, after)


def find_node(nodes: Mapping[str, Any], wanted: str) -> str:
    """The node somebody means: by id, else by a title or a class that only one node has. Raises ``NotFound`` and ``UserError``."""
    plain = wanted.strip()
    if plain in nodes:
        return plain
    for name_of in (_title, _kind):
        found = [node_id for node_id, node in nodes.items() if name_of(node).casefold() == plain.casefold()]
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(f"Several nodes are called «{plain[:60]}»: {_listed(nodes, found)}. Say which one by its number.")
    raise NotFound(f"There is no node «{plain[:60]}». There are: {_listed(nodes, list(nodes))}.")


def node_names(graph: str) -> list[str]:
    """What each node can be called by: its title where no other has it, else its id."""
    nodes = nodes_of(graph)
    titles = Counter(_title(node).casefold() for node in nodes.values())
    return [_title(node) if _title(node) and titles[_title(node).casefold()] == 1 else node_id for node_id, node in nodes.items()]


def called(nodes: Mapping[str, Any], node_id: str) -> str:
    """A node in a sentence: id, class and title."""
    title, kind = _title(nodes[node_id]), _kind(nodes[node_id])
    return f"Node {node_id[:40]} ({kind[:60]}{f' «{title[:60]}»' if title and title != kind else ''})"


def parse_value(text: str, current: Any = None) -> Any:
    """What somebody wrote as a value: a number, true, false, null, a list or a text in quotes as JSON has them, else the text itself.
    Objects are taken where one stands already."""
    try:
        found = json.loads(text)
        json.dumps(found, allow_nan=False)
    except (ValueError, RecursionError):
        return text
    return text if isinstance(found, dict) and not isinstance(current, dict) else found


def _inner(document: dict[str, Any]) -> dict[str, Any]:
    inner = document.get("prompt")
    return inner if isinstance(inner, dict) and "class_type" not in inner else document


def _find_input(inputs: Mapping[str, Any], wanted: str, where: str) -> str:
    plain = wanted.strip()
    found = [name for name in inputs if name == plain] or [name for name in inputs if name.casefold() == plain.casefold()]
    if len(found) == 1:
        return found[0]
    known = ", ".join(list(inputs)[:_NAMED]) or "none"
    raise NotFound(f"{where} has no input «{plain[:60]}». It has: {known}{' …' if len(inputs) > _NAMED else ''}.")


def _listed(nodes: Mapping[str, Any], ids: list[str]) -> str:
    words = ", ".join(called(nodes, node_id).removeprefix("Node ") for node_id in ids[:_NAMED])
    return words + (f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else "")


def _title(node: Mapping[str, Any]) -> str:
    meta = node.get("_meta")
    return " ".join(str(meta.get("title") or "").split()) if isinstance(meta, dict) else ""


def _kind(node: Mapping[str, Any]) -> str:
    return str(node.get("class_type", ""))
