"""ComfyUI workflows as the engine sees them: whose they are, what they ask for, what their placeholders stand for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.errors import NotFound
from bot.domain.workflows import Workflow
from bot.engine.services import Services
from bot.engine.story.macros import expand
from bot.engine.story.world import World
from bot.storage import workflows
from bot.storage.database import Transaction
from providers.contract import ImageBackend, WorkflowFacts, WorkflowReader

_PROSE = re.compile(r"\s")


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
    """The prompt-like texts written inside a graph (more than one word), for judging what they say. Empty when it is no JSON."""
    try:
        found: Any = json.loads(graph)
    except (ValueError, RecursionError):
        return ()
    words: list[str] = []
    pending: list[Any] = [found]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, str) and _PROSE.search(item.strip()):
            words.append(item)
    return tuple(words)
