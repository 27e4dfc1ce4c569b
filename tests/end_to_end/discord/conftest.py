"""Fixtures of the Discord scenarios."""

from __future__ import annotations

import sys
import types
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.end_to_end.discord import simulated
from tests.end_to_end.discord.recording import MemoryNotes, RecordingEngine


@pytest.fixture(autouse=True)
def notes_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two functions of the notes table, on a dictionary."""

    async def get(kept: dict[str, str], name: str) -> str | None:
        return kept.get(name)

    async def put(kept: dict[str, str], name: str, value: str) -> None:
        kept[name] = value

    module: Any = types.ModuleType("bot.storage.notes")
    module.get, module.set = get, put
    import bot.storage

    monkeypatch.setitem(sys.modules, "bot.storage.notes", module)
    monkeypatch.setattr(bot.storage, "notes", module, raising=False)


@pytest.fixture
def engine() -> RecordingEngine:
    return RecordingEngine(MemoryNotes())


@pytest.fixture
async def make_world(engine: RecordingEngine) -> AsyncIterator[Callable[..., Any]]:
    """Builds a simulated world; everything is taken down afterwards."""
    if not simulated.HERE:
        pytest.skip("VIGNETTE_SHARED has no Discord simulator")
    from discord_sim import Driver, Sim  # type: ignore[import-not-found,unused-ignore]

    async with AsyncExitStack() as stack:

        async def make(*, approved: int | None = None, **options: Any) -> simulated.World:
            sim = await stack.enter_async_context(Sim(**{"rate_limits": "off", **options}))
            driver = await stack.enter_async_context(Driver(sim.url))
            world = simulated.World(sim, driver)
            stack.push_async_callback(world.close)
            await world.build(engine, approved=approved)
            return world

        yield make


@pytest.fixture
async def world(make_world: Callable[..., Any]) -> simulated.World:
    built: simulated.World = await make_world()
    return built
