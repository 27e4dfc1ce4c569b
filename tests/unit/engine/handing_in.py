"""Graphs to hand in, and what is stored of them, for tests of workflows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.domain.events import Attachment
from bot.domain.workflows import Workflow
from bot.storage import workflows
from tests.engine_world import World, open_world
from tests.fakes import ABLE, FakeBackend, FakeResponder

GRAPH: dict[str, Any] = {
    "1": {"class_type": "KSampler", "inputs": {"seed": "%seed%", "steps": 20, "positive": ["2", 0], "negative": ["3", 0]}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a forest elf", "mood": "%mood%"}, "_meta": {"title": "Positive"}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "%negative_prompt%"}, "_meta": {"title": "Negative"}},
}
FROM_IMAGE = GRAPH | {"4": {"class_type": "LoadImage", "inputs": {"image": "%IMAGE0%"}}}


@asynccontextmanager
async def open_easels(template: Path, folder: Path) -> AsyncIterator[World]:
    """A world with a backend that draws by workflows, one that does not, and a workflow of the host's."""
    backend, plain = FakeBackend(), FakeBackend("plain", able=replace(ABLE, workflows=False))
    host = {"studio": Workflow(name="studio", graph=json.dumps(GRAPH), custom={"mood": "dim"}, origin="host")}
    backends = {"easel": backend, "plain": plain}
    async with open_world(template, folder, backend=backend, backends=backends, workflows=host) as opened:
        yield opened


def attach(world: World, graph: object, handle: str = "graph") -> Attachment:
    """A graph (or bytes) as a file that can be fetched."""
    data = graph if isinstance(graph, bytes) else json.dumps(graph).encode()
    world.platform.files[handle] = data
    return Attachment(name=f"{handle}.json", mime="application/json", size=len(data), handle=handle)


async def add(world: World, name: str = "mine", graph: object = GRAPH, **more: Any) -> FakeResponder:
    files = {"file": attach(world, graph)} | {key: attach(world, more.pop(key), key) for key in ("image_file",) if key in more}
    return await world.command("workflow add", name=name, named_files=files, **more)


async def stored(world: World, name: str = "mine") -> Workflow | None:
    chat = await world.story()
    async with world.services.db.read() as c:
        return await workflows.get(c, chat.id, name)


async def graph_of(world: World, name: str = "mine") -> dict[str, Any]:
    found = await stored(world, name)
    assert found is not None
    graph: dict[str, Any] = json.loads(found.graph)
    return graph


def file_of(answer: FakeResponder, number: int = -1) -> Any:
    file = answer.answers[number].file
    assert file is not None
    return json.loads(file.data)
