"""Nodes of a ComfyUI graph: their connections, and how a sentence names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def link_of(value: Any) -> tuple[str, int] | None:
    """(node id, output number) when an input's value is a connection."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int):
        return value[0], value[1]
    return None


def circle(graph: Mapping[str, Any]) -> str | None:
    """A node whose inputs lead back to itself, or None."""
    done: set[str] = set()
    for start in graph:
        path: set[str] = set()
        pending: list[tuple[str, bool]] = [(start, False)]
        while pending:
            node_id, left = pending.pop()
            if left:
                path.discard(node_id)
                done.add(node_id)
            elif node_id in path:
                return node_id
            elif node_id in graph and node_id not in done:
                path.add(node_id)
                pending.append((node_id, True))
                pending.extend((source[0], False) for value in graph[node_id]["inputs"].values() if (source := link_of(value)))
    return None


def where(graph: Mapping[str, Any], node_id: str, field: str = "") -> str:
    """How a sentence names a node, its class and title, and one of its inputs."""
    node = graph.get(node_id)
    node = node if isinstance(node, dict) else {}
    meta = node.get("_meta")
    title = str(meta.get("title") or "") if isinstance(meta, dict) else ""
    kind = one_line(node.get("class_type"))
    shown = f"{kind} «{one_line(title)}»" if title and title != kind else kind
    return f"Node {one_line(node_id)}" + (f" ({shown})" if shown else "") + (f", input {one_line(field)}" if field else "")


def one_line(value: Any, most: int = 60) -> str:
    """A value in a sentence: one line, at most ``most`` characters."""
    text = " ".join(("" if value is None else str(value)).split())
    return text if len(text) <= most else text[: most - 1] + "…"
