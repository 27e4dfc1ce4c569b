"""ComfyUI workflows as the engine sees them: whose they are, what they ask for, what their placeholders stand for."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.errors import BadFile, NotFound, UserError
from bot.domain.workflows import Workflow
from bot.engine.services import Services
from bot.engine.story.macros import expand
from bot.engine.story.world import World
from bot.storage import workflows
from bot.storage.database import Transaction
from providers.contract import ImageBackend, WorkflowFacts, WorkflowReader
from providers.errors import ProviderError

CHECK_SECONDS = 30.0
"""Longest check of one graph against a server."""
_FILE = re.compile(r"\S+\.(?:safetensors|sft|ckpt|gguf|pth?|bin|onnx|png|jpe?g|webp)", re.IGNORECASE)
_FILE_INPUT = re.compile(r"(?:.*_)?(?:name|file|model|image)\d*", re.IGNORECASE)
"""Inputs that take the name of a file; elsewhere words that look like one are words."""
_WORDS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Filling:
    """Values of custom placeholders, and the variables that macros in them set."""

    values: dict[str, str]
    changed: dict[str, str]


def shipped(backend: ImageBackend) -> dict[str, Workflow]:
    """The workflows that come with the backend, by name."""
    if not isinstance(backend, WorkflowReader):
        return {}
    return {name: Workflow(name=name, graph=text, origin="shipped") for name, text in backend.shipped_workflows().items()}


async def workflow_names(services: Services, c: Transaction, chat_id: int, backend: ImageBackend) -> list[str]:
    """Names that may be chosen in a chat: its own, the host's, the shipped ones. One of the chat hides another of its name."""
    own = await workflows.names(c, chat_id)
    return list({name.casefold(): name for name in (*shipped(backend), *services.workflows, *own)}.values())


async def find_workflow(services: Services, c: Transaction, chat_id: int, backend: ImageBackend, name: str) -> Workflow:
    """A workflow by name, in any case: the chat's own before the host's before the shipped ones. Raises ``NotFound``."""
    if own := await workflows.get(c, chat_id, name):
        return own
    wanted = name.strip().casefold()
    for known in (services.workflows, shipped(backend)):
        for title, workflow in known.items():
            if title.casefold() == wanted:
                return workflow
    names = ", ".join(await workflow_names(services, c, chat_id, backend))
    raise NotFound(f"There is no workflow «{name[:60]}». Known: {names or 'none'}.")


def facts_of(backend: ImageBackend, graph: str) -> WorkflowFacts | None:
    """What a graph asks for; None for a backend that cannot tell. Raises ``ProviderError`` when it is no graph."""
    return backend.read_workflow(graph) if isinstance(backend, WorkflowReader) else None


def require_graph(backend: ImageBackend, graph: str) -> WorkflowFacts | None:
    """``facts_of`` for a graph that somebody gave. Raises ``BadFile`` with the reason when it is none."""
    try:
        return facts_of(backend, graph)
    except ProviderError as error:
        raise BadFile(error.detail or str(error)) from error


async def check_graph(backend: ImageBackend, graph: str) -> tuple[str, ...]:
    """Problems of a graph on the backend's server, one sentence each; never longer than ``CHECK_SECONDS``."""
    if not isinstance(backend, WorkflowReader):
        return (f"{backend.name} cannot tell whether it would work.",)
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await backend.check_workflow(graph)
    except TimeoutError:
        return (*backend.read_workflow(graph).problems, f"Only the text was checked: {backend.name} took too long.")
    except ProviderError as error:
        return (error.detail or str(error),)


def is_built_in(backend: ImageBackend, name: str) -> bool:
    """Whether a placeholder of this name stands for something already, in any client's spelling."""
    probe = json.dumps({"1": {"class_type": "Probe", "inputs": {"value": f"%{name}%"}}})
    facts = facts_of(backend, probe)
    return facts is not None and bool(facts.present)


def require_workflows(services: Services, backend: ImageBackend) -> None:
    """Raise ``UserError`` naming the backends that draw by workflows when this one does not."""
    if backend.capabilities().workflows:
        return
    able = [name for name, other in services.backends.items() if other.capabilities().workflows]
    hint = f"These do: {', '.join(able)} (`/settings set name=backend {able[0]}`)." if able else "No configured backend does."
    raise UserError(f"{backend.name} does not draw by workflows. {hint}")


def fill_custom(workflow: Workflow, graph: str, world: World) -> Filling:
    """What the placeholders in ``graph`` stand for that are not built in: the workflow's own with their macros expanded, and
    variables of the chat by their names. Only names that occur in the graph."""
    values: dict[str, str] = {name: value for name, value in world.variables.items() if f"%{name}%" in graph}
    changed: dict[str, str] = {}
    for name, text in workflow.custom.items():
        if f"%{name}%" in graph:
            done = expand(text, replace(world, variables={**world.variables, **changed}))
            changed |= done.changed
            values[name] = done.text
    return Filling(values, changed)


def graph_words(graph: str) -> tuple[str, ...]:
    """The texts written into a graph's nodes, for judging what they say: everything but classes, titles, connections and names of files
    of models and pictures. Empty when it is no JSON."""
    try:
        found: Any = json.loads(graph)
    except (ValueError, RecursionError):
        return ()
    words: list[str] = []
    pending: list[tuple[str, Any]] = [("", found)]
    while pending:
        key, item = pending.pop()
        if isinstance(item, Mapping):
            pending.extend((str(name), value) for name, value in item.items() if name not in ("class_type", "_meta"))
        elif isinstance(item, list):
            pending.extend((key, value) for value in item)
        elif isinstance(item, str) and _WORDS.search(item) and not (_FILE_INPUT.fullmatch(key) and _FILE.fullmatch(item.strip())):
            words.append(item)
    return tuple(words)
