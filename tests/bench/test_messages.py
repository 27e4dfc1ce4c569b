"""What one message costs: CPU, wall time, SQL statements; alone, and in a database full of other stories."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bot.domain.places import ChatKey
from providers.chat.openai_model import OpenAIModel
from providers.contract import ProviderConfig
from providers.http import close_clients
from tests.bench.figures import Figure, Spent, Table, milliseconds, resident, spending
from tests.engine_world import World, open_world

TURNS = 60
CPU_BOUND = 0.010  # seconds
STATEMENTS = 9
CHATS, MESSAGES = 10_000, 100


@asynccontextmanager
async def talking(template: Path, folder: Path, url: str) -> AsyncIterator[tuple[World, OpenAIModel]]:
    """An engine whose chat model is the real client on the answering server."""
    model = OpenAIModel(ProviderConfig(name="main", provider="custom", base_url=f"{url}/v1", model="quick", timeout=20))
    async with open_world(template, folder, models={"main": model}) as world:
        try:
            yield world, model
        finally:
            await close_clients()


async def talk(world: World, turns: int, chats: int = 6) -> None:
    """Turns of some chats in their order, each answered before the next."""
    for number in range(turns):
        key = ChatKey("telegram", "", str(2000 + number % chats))
        await world.say(f"And what did the keeper say on night {number}, when the lamp went out?", key=key)


async def bare(url: str, body: bytes, times: int) -> Spent:
    """The floor: a bare client with its connection kept open posts the same bytes and reads the stream."""
    async with httpx.AsyncClient(timeout=20) as client:
        for warm in (True, False):
            with spending() as spent:
                for _ in range(5 if warm else times):
                    async with client.stream(
                        "POST", f"{url}/v1/chat/completions", content=body, headers={"Content-Type": "application/json"}
                    ) as response:
                        async for _line in response.aiter_lines():
                            pass
    return spent


async def request_bytes(world: World, model: OpenAIModel) -> bytes:
    """The body of the newest story's next request."""
    stories = world.services.stories
    event = world.incoming("", key=ChatKey("telegram", "", "2000"))
    stage = await stories.stage(await world.story(event.chat), event.author)
    replier = world.services.turns.replier
    prompted = await replier.prompting.request(stage, model, tools=replier.tool_usable(stage.chat, model))
    return json.dumps(model.body(prompted.request)).encode()


async def test_cost_of_a_message(engine_template: Path, tmp_path: Path, answers: str, table: Table) -> None:
    async with talking(engine_template, tmp_path, answers) as (world, model):
        await talk(world, 12)
        with spending() as spent:
            await talk(world, TURNS)
        assert len(world.platform.said) == TURNS + 12
        with world.services.db.listening() as statements:
            await talk(world, 1)
        floor = await bare(answers, await request_bytes(world, model), TURNS)
    added = (spent.cpu - floor.cpu) / TURNS
    table.add(
        Figure(
            "CPU the bot adds to one message",
            milliseconds(added),
            f"{milliseconds(floor.cpu / TURNS)} (bare httpx)",
            f"≤ {milliseconds(CPU_BOUND)}",
            f"{spent.cpu / floor.cpu:.1f}",
            added <= CPU_BOUND,
        )
    )
    wall, bare_wall = spent.wall / TURNS, floor.wall / TURNS
    table.add(Figure("wall time of one message", milliseconds(wall), milliseconds(bare_wall), "–", f"{wall / bare_wall:.1f}"))
    table.add(Figure("SQL statements of one turn", str(len(statements)), "–", f"≤ {STATEMENTS}", "–", len(statements) <= STATEMENTS))


def fill(database: Path, chats: int, messages: int) -> None:
    """Put stories of other chats in, past the engine: through the driver, for speed."""
    moment = "2026-01-01 00:00:00.000000"
    text = "She turned the page and read on, while the rain drummed on the roof of the lamp room and the sea went on below."
    with sqlite3.connect(database) as c:
        c.execute("PRAGMA synchronous=OFF")
        c.execute("PRAGMA foreign_keys=OFF")
        values = ((n, f"telegram::{10**6 + n}:", moment) for n in range(100, 100 + chats))
        c.executemany("INSERT INTO chats (id, key, private, age_restricted, title, settings, head_mark, first_entry, created_at)"
                      " VALUES (?, ?, 1, 0, '', '{}', '', 0, ?)", values)  # fmt: skip
        numbers = range(1000, 1000 + chats * messages)
        said = ((e, 100 + e % chats, f"{text} {e}", str(e), moment) for e in numbers if (e // chats) % 2)
        c.executemany("INSERT INTO entries (id, chat_id, kind, text, author_id, author_name, hidden, message_id, created_at)"
                      " VALUES (?, ?, 'player', ?, '5', 'Ann', 0, ?, ?)", said)  # fmt: skip
        told = [(e, 100 + e % chats, f"{text} {e}", moment) for e in numbers if not (e // chats) % 2]
        c.executemany("INSERT INTO entries (id, chat_id, kind, text, author_id, author_name, hidden, created_at)"
                      " VALUES (?, ?, 'character', ?, '', 'Vi', 0, ?)", told)  # fmt: skip
        c.executemany("INSERT INTO posts (chat_id, message_id, entry_id) VALUES (?, ?, ?)", ((ch, str(e), e) for e, ch, _, _ in told))
    c.close()


async def test_cost_in_a_full_database(engine_template: Path, tmp_path: Path, answers: str, table: Table) -> None:
    costs: list[Spent] = []
    memory: list[float] = []
    for full in (False, True):
        folder = tmp_path / str(full)
        folder.mkdir()
        template = engine_template
        if full:
            template = folder / "full.db"
            template.write_bytes(engine_template.read_bytes())
            began = time.perf_counter()
            fill(template, CHATS, MESSAGES)
            filling = time.perf_counter() - began
        async with talking(template, folder, answers) as (world, _):
            await talk(world, 12)
            before = resident()
            with spending() as spent:
                await talk(world, TURNS)
            memory.append(resident() - before)
            costs.append(spent)
    ratio = costs[1].cpu / costs[0].cpu
    table.add(
        Figure(
            f"CPU of one message among {CHATS} chats × {MESSAGES} messages",
            milliseconds(costs[1].cpu / TURNS),
            f"{milliseconds(costs[0].cpu / TURNS)} (empty)",
            "≤ 1.2 × empty",
            f"{ratio:.2f}",
            ratio <= 1.2,
            f"{MESSAGES} messages per chat instead of the goal's 1,000, so that a run stays short ({filling:.0f} s to fill as it is).",
        )
    )
    table.add(Figure(f"memory grown in {TURNS} turns, full database", f"{memory[1]:.1f} MB", f"{memory[0]:.1f} MB (empty)", "flat"))
