"""One running program on both simulators for all scenarios; every scenario has people and chats of its own."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.end_to_end.full.people import DiscordPerson, Someone, TelegramPerson
from tests.end_to_end.full.program import Program
from tests.fakes_servers import ChatServer, PictureServer, serving

TOKEN = "4242:AAfullProgramTokenForTestsOnly01234567"
SHARED = Path(os.environ.get("VIGNETTE_SHARED") or "/nonexistent")
FORBIDDEN = {"rejected_body", "limit", "missed_ack", "late_ack", "double_ack", "auth", "late_heartbeat", "unknown_route", "unmodelled",
             "simulator_error", "simulator_bad_response", "dangling_media"}  # fmt: skip


class House:
    """The simulators, the fake servers and what builds people."""

    def __init__(self, chat: ChatServer, draw: PictureServer, telegram: Any, discord: Any, app: Any, guild: str, owner: Any) -> None:
        self.chat, self.draw = chat, draw
        self.telegram, self.discord, self.app, self.guild, self.owner = telegram, discord, app, guild, owner
        self.telegram_url = self.discord_url = ""
        self._number = itertools.count(1)

    def program(self, folder: Path, more: str = "") -> Program:
        return Program(
            folder,
            discord_token=self.app.token,
            discord_url=self.discord_url,
            telegram_token=TOKEN,
            telegram_url=self.telegram_url,
            chat_url=self.chat.url,
            pictures_url=self.draw.url,
            more=more,
        )

    async def person(self, platform: str) -> Someone:
        """Somebody new, in a private chat with the bot."""
        name = f"Ann{next(self._number)}"
        if platform == "telegram":
            return TelegramPerson(await self.telegram.user(name, started=True))
        human = await self.discord.user(name.lower())
        await self.discord.call("join", guild=self.guild, user=human.id)
        return DiscordPerson(human, self.app, await human.dm(self.app))

    async def group(self, platform: str, people: int = 2) -> list[Someone]:
        """A place with several people; the first one manages it."""
        number = next(self._number)
        if platform == "telegram":
            humans = [await self.telegram.user(f"{'ABCD'[n]}da{number}") for n in range(people)]
            place = await self.telegram.group(f"Group {number}", humans[0], humans[1:], bot_admin=True)
            return [TelegramPerson(human, place) for human in humans]
        channel = await self.discord.channel(self.guild, f"room-{number}")
        found: list[Someone] = [DiscordPerson(self.owner, self.app, channel)]
        for n in range(1, people):
            human = await self.discord.user(f"{'abcd'[n]}da{number}")
            await self.discord.call("join", guild=self.guild, user=human.id)
            found.append(DiscordPerson(human, self.app, channel))
        return found

    def mention(self, platform: str) -> str:
        return "@my_bot" if platform == "telegram" else f"<@{self.app.bot_id}>"

    async def complaints(self) -> list[Any]:
        """What the simulators' referees hold against the bot."""
        report = await self.discord.report()
        return [n for n in report["notes"] if n["kind"] in FORBIDDEN] + list(await self.telegram.violations("error"))


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    if not (SHARED / "sim" / "telegram").is_dir() or not (SHARED / "sim" / "discord").is_dir():
        pytest.skip("VIGNETTE_SHARED has no simulators")
    sys.path[:0] = [str(SHARED / "sim" / "telegram"), str(SHARED / "sim" / "discord")]
    from discord_sim import Driver  # type: ignore[import-not-found,unused-ignore]
    from discord_sim import Sim as DiscordSim
    from tgsim import Config, Sim, Simulator  # type: ignore[import-not-found,unused-ignore]

    async with AsyncExitStack() as stack:
        chat, draw = await stack.enter_async_context(serving())
        server = await stack.enter_async_context(Simulator(Config()))
        telegram = await stack.enter_async_context(Sim(server.url))
        await telegram.bot(TOKEN, username="my_bot", first_name="Vigne")
        sim = await stack.enter_async_context(DiscordSim(rate_limits="off"))
        driver = await stack.enter_async_context(Driver(sim.url))
        owner = await driver.user("olga")
        app = await driver.app("vigne", owner=owner)
        guild = await driver.guild("Guild", owner)
        await driver.install(app, guild=guild)
        house = House(chat, draw, telegram, driver, app, guild, owner)
        house.telegram_url, house.discord_url = server.url, sim.url
        yield house


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def program(house: House, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Program]:
    """The program, running through all scenarios of a module."""
    running = house.program(tmp_path_factory.mktemp("host"))
    await running.start()
    await house.discord.commands_synced(house.app, "imagine")
    yield running
    code = await running.stop()
    assert code == 0, running.log[-3000:]
    assert "unexpected error" not in running.log, running.log
    assert "Traceback" not in running.log, running.log


@pytest_asyncio.fixture(loop_scope="session")
async def clean(house: House) -> AsyncIterator[House]:
    """The house with quiet servers; the referees must have no complaint afterwards."""
    house.chat.reset()
    house.draw.reset()
    before = len(await house.complaints())
    yield house
    house.draw.reset()
    await house.telegram.no_faults()
    await house.discord.call("fault", clear=True)
    assert (await house.complaints())[before:] == []


@pytest_asyncio.fixture(loop_scope="session", params=["telegram", "discord"])
async def ann(request: pytest.FixtureRequest, clean: House, program: Program) -> Someone:
    """Somebody new in a private chat, on each platform."""
    return await clean.person(request.param)
