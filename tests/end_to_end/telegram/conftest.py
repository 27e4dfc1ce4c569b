"""One world for every scenario: the project's own stand-in, and the larger simulator where it is at hand."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.frontends.telegram.frontend import TelegramFrontEnd
from bot.frontends.telegram.pacing import Pacer
from tests.end_to_end.telegram.recording import MemoryNotes, RecordingEngine
from tests.end_to_end.telegram.standin import StandIn

if TYPE_CHECKING:
    from bot.engine.engine import Engine

SIMULATOR = Path(os.environ.get("VIGNETTE_SHARED") or "/nonexistent") / "sim" / "telegram"
TOKEN = "4242:AAscenarioTokenForTestsOnly0123456789"


class World:
    """A Bot API server, the people on it, the front end and the engine it feeds."""

    def __init__(self, url: str, people: Any) -> None:
        self.url = url
        self.people = people
        self.engine = RecordingEngine()
        self.notes = MemoryNotes()
        self.front: TelegramFrontEnd = self._build()

    def _build(self) -> TelegramFrontEnd:
        engine = cast("Engine", self.engine)
        return TelegramFrontEnd(TOKEN, self.url, engine, notes=self.notes, pacer=Pacer(0.05, 0.1))

    async def restart(self) -> None:
        """Stop the front end and start another, which knows the notes only."""
        await self.front.stop()
        self.front = self._build()
        await self.front.start()


@asynccontextmanager
async def _standin() -> AsyncIterator[World]:
    async with StandIn() as server:
        yield World(server.url, server)


@asynccontextmanager
async def _simulator() -> AsyncIterator[World]:
    sys.path.insert(0, str(SIMULATOR))
    from tgsim import Config, Sim, Simulator  # type: ignore[import-not-found,unused-ignore]

    async with Simulator(Config()) as server, Sim(server.url) as sim:
        await sim.bot(TOKEN, username="vignette_test_bot", first_name="Vigne")
        yield World(server.url, sim)
        assert not await sim.violations("error"), await sim.violations("error")


@pytest.fixture(params=["standin", "simulator"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A Bot API server and its people; the front end is not started."""
    if request.param == "simulator" and not SIMULATOR.is_dir():
        pytest.skip("VIGNETTE_SHARED has no Telegram simulator")
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(_standin() if request.param == "standin" else _simulator())


@pytest.fixture
async def world(server: World) -> AsyncIterator[World]:
    await server.front.start()
    yield server
    await server.front.stop()
