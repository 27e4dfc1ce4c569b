"""Workflows of a chat and the graphs that were drawn with."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.domain.pictures import RenderPlan
from bot.domain.places import Person
from bot.domain.workflows import Workflow
from bot.storage import chats, jobs, pictures, workflows
from bot.storage.database import Database, Transaction
from bot.storage.records import Chat
from bot.storage.schema import graphs
from tests.unit.world import wish

MINE = Workflow(name="Mine", graph='{"a": 1}', image_graph='{"b": 1}', custom={"mood": "dim"})


async def kept(c: Transaction) -> int:
    return await c.scalar(select(func.count()).select_from(graphs)) or 0


async def test_what_was_put_comes_back(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        await workflows.put(c, chat.id, MINE)
        await workflows.put(c, chat.id, Workflow(name="also", graph='{"a": 1}'))
        assert await workflows.get(c, chat.id, " mINE ") == MINE
        assert await workflows.overview(c, chat.id) == {"also": False, "Mine": True}
        assert await kept(c) == 2


async def test_names_in_two_spellings_are_told_apart(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        for name in ("Mine", "MINE"):
            await workflows.put(c, chat.id, Workflow(name=name, graph=name))
        for name in ("Mine", "MINE"):
            found = await workflows.get(c, chat.id, name)
            assert found is not None
            assert found.graph == name
        assert await workflows.get(c, chat.id, "mine") is None


async def test_a_graph_nobody_drew_with_goes_with_its_workflow(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        await workflows.put(c, chat.id, MINE)
        await workflows.put(c, chat.id, MINE.model_copy(update={"graph": "{}", "image_graph": ""}))
        assert await kept(c) == 1
        assert not await workflows.remove(c, chat.id, "mine")
        assert await workflows.remove(c, chat.id, "Mine")
        assert await kept(c) == 0


async def test_a_graph_that_a_picture_is_drawn_with_stays_until_that_is_gone(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        await workflows.put(c, chat.id, MINE)
        sha = await workflows.keep_graph(c, chat.id, MINE.graph)
        picture = await pictures.add(c, pictures.new_key(), chat.id, wish())
        plain = RenderPlan(backend="easel", prompt="x", width=64, height=64, seed=1)
        person = Person(id="5", name="Ann")
        for plan in (plain, plain.model_copy(update={"graph": sha})):
            await jobs.add(c, picture.id, requester=person, requester_key="telegram:5", plan=plan)
        await workflows.remove(c, chat.id, "Mine")
        assert await workflows.graph(c, chat.id, sha) == MINE.graph
        assert await kept(c) == 1
        await chats.forget(c, chat.id)
        assert await kept(c) == 0


async def test_forgetting_everything_takes_workflows_and_the_story_alone_does_not(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        await workflows.put(c, chat.id, MINE)
        await chats.forget(c, chat.id)
        assert await workflows.get(c, chat.id, "Mine") == MINE
        await chats.forget(c, chat.id, everything=True)
        assert await workflows.get(c, chat.id, "Mine") is None
        assert await kept(c) == 0
