"""The front end on the shared Discord simulator: a world with two people, a channel, an adult channel, and the bot."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from bot.domain.places import ChatKey
from bot.domain.posts import TakeView
from bot.frontends.discord.front_end import DiscordFrontEnd
from tests.end_to_end.discord.recording import RecordingEngine, until

SHARED = os.environ.get("VIGNETTE_SHARED")
HERE = bool(SHARED) and (Path(SHARED or "") / "sim" / "discord").is_dir()
if HERE:
    sys.path.insert(0, str(Path(SHARED or "") / "sim" / "discord"))

NEVER = ("rejected_body", "limit", "missed_ack", "late_ack", "double_ack", "rate_limited", "auth", "late_heartbeat",
         "unknown_route", "unmodelled", "simulator_error", "simulator_bad_response", "dangling_media")  # fmt: skip


class World:
    """Everything a scenario needs. ``bad_notes`` says what the simulator's referee held against the bot."""

    def __init__(self, sim: Any, driver: Any) -> None:
        self.sim, self.d = sim, driver
        self.fronts: list[DiscordFrontEnd] = []

    async def build(self, engine: RecordingEngine, *, approved: int | None = None) -> None:
        self.engine = engine
        self.alice, self.bob = await self.d.user("alice"), await self.d.user("bob")
        self.app = await self.d.app("rpbot", owner=self.alice, approved_intents=approved)
        self.guild = await self.d.guild("Guild", self.alice)
        self.ch = await self.d.channel(self.guild, "general")
        self.adult = await self.d.channel(self.guild, "adults", nsfw=True)
        await self.d.call("join", guild=self.guild, user=self.bob.id)
        await self.d.install(self.app, guild=self.guild)
        self.front = await self.bot()
        self.key = ChatKey("discord", self.guild, self.ch)

    async def bot(self) -> DiscordFrontEnd:
        front = DiscordFrontEnd(self.app.token, self.engine, api_base=f"{self.sim.url}/api/v10")  # type: ignore[arg-type]
        self.fronts.append(front)
        await front.start()
        await until(front.ready.is_set, "connected")
        await self.d.commands_synced(self.app, "imagine")
        return front

    async def restart(self) -> None:
        """Stop the front end and start a fresh one, as a new process would."""
        await self.front.stop()
        self.fronts.remove(self.front)
        self.front = await self.bot()

    async def open_thread(self, channel: str, message: str) -> int:
        """People cannot open threads in the simulator, so the bot's own account does."""
        client = self.front._messages.client()
        thread = (
            await client.get_partial_messageable(int(channel), guild_id=int(self.guild))
            .get_partial_message(int(message))
            .create_thread(name="scene")
        )
        return thread.id

    async def close(self) -> None:
        for front in self.fronts:
            await front.stop()

    async def bad_notes(self) -> list[Any]:
        report = await self.d.report()
        return [note for note in report["notes"] if note["kind"] in NEVER]


def takes(folder: Path, count: int, handles: dict[int, str] | None = None) -> tuple[TakeView, ...]:
    """Small real PNG files."""
    from discord_sim.media import tiny_png  # type: ignore[import-not-found,unused-ignore]

    views = []
    for n in range(count):
        path = folder / f"asset{n}"
        data = tiny_png((20 * n, 0, 50), 32)
        path.write_bytes(data)
        views.append(TakeView(n + 1, path, f"take-{n + 1:02d}-{n:04x}.png", "image/png", 32, 32, len(data), (handles or {}).get(n + 1)))
    return tuple(views)
