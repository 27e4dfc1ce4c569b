"""Fixtures of the Discord scenarios."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.storage.database import Database
from tests.end_to_end.discord import simulated
from tests.end_to_end.discord.recording import RecordingEngine


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[RecordingEngine]:
    db = await Database.open(tmp_path / "notes.db")
    yield RecordingEngine(db)
    await db.close()


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
