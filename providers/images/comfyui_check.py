"""Reads a ComfyUI workflow before it is used: what it asks for, and what is wrong with it as far as its text tells."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Literal

from providers.contract import WorkflowFacts
from providers.errors import ErrorKind, ProviderError
from providers.images import comfyui_graph as graphs
from providers.images.comfyui_errors import missing_sources
from providers.images.comfyui_inputs import input_problems
from providers.images.comfyui_nodes import circle, where
from providers.images.comfyui_values import AVATAR_TO_IMAGE, TEXT_TO_IMAGE, shipped

_AVATARS: Mapping[str, Literal["character", "persona"]] = {"char_avatar": "character", "user_avatar": "persona"}
_SOCKET_ONLY = "SaveImageWebsocket"
MOST_CLASSES = 200
"""Kinds of nodes a server is asked about for one workflow."""


def shipped_workflows() -> dict[str, str]:
    """Name → JSON text of the workflows that come with Vignette. They need no custom nodes."""
    return {name: shipped(name) for name in (TEXT_TO_IMAGE, AVATAR_TO_IMAGE)}


def parsed(backend: str, text: str) -> dict[str, Any]:
    """The graph of a text. Raises ``ProviderError`` (``INVALID``) with the reason when it is none."""
    try:
        return graphs.parse(text)
    except graphs.WorkflowError as error:
        raise ProviderError(ErrorKind.INVALID, backend, str(error)) from error


def read_workflow(backend: str, text: str) -> WorkflowFacts:
    """What the workflow asks for. ``backend`` is the name errors speak of. Raises ``ProviderError`` (``INVALID``)."""
    graph = parsed(backend, text)
    written = graphs.placeholders_in(graph)
    names = {graphs.OTHER_NAMES.get(name, name) for name in written}
    images = sorted((name for name in names if graphs.is_image_name(name)), key=lambda name: (len(name), name))
    present = (*(name for name in graphs.NAMES if name in names), *images)
    absent = [name for name in graphs.NAMES if name not in names]
    places = graphs.image_places(names)
    if not places:
        absent.append("IMAGE")
    if "IMAGE_COUNT" not in names:
        absent.append("IMAGE_COUNT")
    avatars = tuple(role for name, role in _AVATARS.items() if name in names)
    return WorkflowFacts(
        present=present,
        absent=tuple(absent),
        custom=tuple(sorted(names - set(present))),
        nodes=len(graph),
        references=places + len(avatars),
        avatars=avatars,
        image_to_image=bool(places or avatars),
        problems=tuple(static_problems(graph)),
    )


async def check_workflow(backend: str, text: str, node: Callable[[str], Awaitable[Mapping[str, Any] | None]]) -> tuple[str, ...]:
    """What is wrong with a workflow on one server. ``node`` describes a class, as ``/object_info`` does, or is None for one it has not.

    Raises ``ProviderError`` (``INVALID``) for a text that is no graph, and for nothing else: a server that cannot be asked is a problem.
    """
    graph = parsed(backend, text)
    found = tuple(static_problems(graph))
    try:
        return (*found, *await server_problems(graph, node))
    except ProviderError as error:
        return (*found, f"Only the text was checked: {error}")


async def server_problems(graph: Mapping[str, Any], node: Callable[[str], Awaitable[Mapping[str, Any] | None]]) -> tuple[str, ...]:
    """What is wrong with a graph going by the server's node classes. Raises ``ProviderError`` when they cannot be had."""
    classes: dict[str, Mapping[str, Any] | None] = {}
    wanted = list(dict.fromkeys(node["class_type"] for node in graph.values()))
    if len(wanted) > MOST_CLASSES:
        return (f"The workflow has more than {MOST_CLASSES} kinds of nodes, so only its text was checked.",)
    for class_type in wanted:
        classes[class_type] = await node(class_type)
    return tuple(input_problems(graph, classes))


def static_problems(graph: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a graph whatever server it runs on."""
    yield from graphs.fill(graph, {"prompt": "", "seed": 0}, {}).problems
    for node_id in graph:
        yield from missing_sources(graph, node_id)
    if found := circle(graph):
        yield f"{where(graph, found)}: its inputs lead back to itself."
    savers = [node_id for node_id, node in graph.items() if node["class_type"] == _SOCKET_ONLY]
    if savers and not any(node["class_type"] in ("SaveImage", "PreviewImage") for node in graph.values()):
        yield f"{where(graph, savers[0])}: its picture is sent to a socket and never kept; use SaveImage."
