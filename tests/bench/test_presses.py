"""How soon a press is acknowledged while everybody talks."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.domain.places import ChatKey
from tests.bench.figures import Figure, Table, milliseconds, percentile
from tests.bench.test_messages import talking
from tests.bench.test_pictures import draw, press, telegram
from tests.fakes import FakePlatform

CHATS, PRESSES, ROUNDS = 100, 40, 4
BOUND = 0.100  # seconds


async def test_a_press_among_a_hundred_chats(engine_template: Path, tmp_path: Path, answers: str, table: Table) -> None:
    async with talking(engine_template, tmp_path, answers) as (world, _), telegram(world) as server:
        world.services.platforms["web"] = FakePlatform("web")
        ann = await server.user("Ann")
        key = ChatKey("telegram", "", str(ann.id))
        picture = await draw(world, key)
        await press(world, key, "again", picture)
        post = next(m for (place, _), m in server.messages.items() if place == ann.id and "reply_markup" in m)

        async def quiet_and_busy(busy: bool) -> list[float]:
            talkers = asyncio.gather(*(_chatter(world, number) for number in range(CHATS))) if busy else None
            delays = []
            for _ in range(PRESSES):
                delays.append((await ann.click(post, text="◀"))["answer"]["after"])
                await asyncio.sleep(0.02)
                if talkers is not None and talkers.done():
                    break
            if talkers is not None:
                await talkers
            return delays

        alone = await quiet_and_busy(False)
        busy = await quiet_and_busy(True)
    slowest = percentile(busy, 0.99)
    table.add(
        Figure(
            f"acknowledgement of a press while {CHATS} chats talk, p50 / p99",
            f"{milliseconds(percentile(busy, 0.5))} / {milliseconds(slowest)}",
            f"{milliseconds(percentile(alone, 0.5))} / {milliseconds(percentile(alone, 0.99))} (nobody talks)",
            f"p99 ≤ {milliseconds(BOUND)}",
            f"{slowest / max(percentile(alone, 0.99), 1e-6):.1f}",
            slowest <= BOUND,
            f"{len(busy)} presses through Telegram's front end; its stand-in shares the bot's event loop.",
        )
    )


async def _chatter(world: object, number: int) -> None:
    from tests.engine_world import World

    assert isinstance(world, World)
    key = ChatKey("web", "", str(number))
    for turn in range(ROUNDS):
        await world.engine.hear(world.incoming(f"Good evening, this is my line {turn}.", key=key))
        await asyncio.sleep(0.05)
        while world.services.lanes.waiting(str(key)) > 0:
            await asyncio.sleep(0.02)
