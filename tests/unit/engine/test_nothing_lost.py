"""Messages, answers and pictures through shutdowns, cancelled turns, lost connections and two people pressing at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.errors import PlatformError
from bot.domain.places import Place
from bot.storage import inbox, jobs
from bot.storage.schema import inbox as inbox_table
from bot.storage.schema import jobs as jobs_table
from bot.storage.schema import posts as posts_table
from providers.contract import ChatEvent, ChatRequest, TextDelta
from providers.errors import ErrorKind
from tests.engine_world import BOB, KEY, World, open_world
from tests.fakes import provider_error

Again = Callable[[], AbstractAsyncContextManager[World]]
GROUP = Place(title="The harbour")


@pytest.fixture
def again(engine_template: Path, tmp_path: Path) -> Again:
    @asynccontextmanager
    async def start() -> AsyncIterator[World]:
        async with open_world(engine_template, tmp_path, fresh=False) as next_world:
            yield next_world

    return start


class Gate:
    """A chat model's answer that waits."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, request: ChatRequest) -> Sequence[ChatEvent]:
        self.entered.set()
        await self.open.wait()
        return (TextDelta("At last."),)


async def resume(world: World) -> None:
    await world.engine.start()
    await world.services.lanes.idle()
    await world.drawn()


async def states(world: World) -> list[str]:
    async with world.services.db.read() as c:
        return list((await c.scalars(select(inbox_table.c.state).order_by(inbox_table.c.id))).all())


async def test_a_reply_somebody_stopped_stays_stopped(world: World, again: Again) -> None:
    gate = Gate()
    world.chat.queue(gate)
    assert await world.engine.hear(world.incoming("Tell me everything."))
    await gate.entered.wait()
    assert "Stopped" in (await world.command("cancel")).text
    async with again() as later:
        await resume(later)
        assert later.chat.requests == []


async def test_a_reply_cut_off_by_shutdown_is_written_by_the_next_process(world: World, again: Again) -> None:
    gate = Gate()
    world.chat.queue(gate)
    assert await world.engine.hear(world.incoming("Tell me everything."))
    await gate.entered.wait()
    await world.engine.stop(grace=0)
    async with again() as later:
        await resume(later)
        assert later.platform.said == ["The lamp flickers."]


async def test_a_message_that_comes_during_shutdown_is_answered_by_the_next_process(world: World, again: Again) -> None:
    await world.engine.stop(grace=0)
    assert await world.engine.hear(world.incoming("Are you there?"))
    assert world.platform.notices == []
    async with again() as later:
        await resume(later)
        assert later.platform.said == ["The lamp flickers."]


async def test_nobody_stops_the_reply_to_somebody_else(world: World) -> None:
    gate = Gate()
    world.chat.queue(gate)
    assert await world.engine.hear(world.incoming("Tell me everything.", place=GROUP))
    await gate.entered.wait()
    assert "Stopped" not in (await world.command("cancel", author=BOB, place=GROUP)).text
    gate.open.set()
    await world.services.lanes.idle()
    assert world.platform.said == ["At last."]


async def test_a_message_heard_before_the_recovery_is_answered_once(world: World) -> None:
    gate = Gate()
    world.chat.queue(gate)
    assert await world.engine.hear(world.incoming("Good evening."))
    gate.open.set()
    await resume(world)
    assert world.platform.said == ["At last."]


async def test_more_messages_than_a_lane_holds_do_not_stop_the_start(world: World, again: Again) -> None:
    async with world.services.db.write() as c:
        for number in range(60):
            event = world.incoming(f"Message {number}")
            await inbox.receive(c, KEY, "message", event.message_id, event.model_dump_json())
    async with again() as later:
        await resume(later)
        assert len(later.platform.said) == 60


async def test_messages_of_a_platform_that_is_not_there_now_wait_for_it(world: World, again: Again) -> None:
    event = world.incoming("Good evening.")
    async with world.services.db.write() as c:
        await inbox.receive(c, KEY, "message", event.message_id, event.model_dump_json())
    async with again() as later:
        platform = later.services.platforms.pop("telegram")
        await resume(later)
        assert await states(later) == ["received"]
        later.services.platforms["telegram"] = platform
    async with again() as last:
        await resume(last)
        assert last.platform.said == ["The lamp flickers."]


async def test_an_answer_that_may_have_arrived_is_not_written_a_second_time(world: World) -> None:
    world.platform.faults.append(("finish", PlatformError(uncertain=True)))
    await world.say("Good evening.")
    (button,) = world.platform.buttons
    await world.press(button)
    await world.services.lanes.idle()
    assert [e.kind for e in await world.told()] == ["player", "character"]
    assert world.platform.said == ["The lamp flickers."]


async def test_two_people_trying_again_at_once_get_one_answer(world: World) -> None:
    world.chat.queue(provider_error(ErrorKind.UNAUTHORISED))
    await world.say("Good evening.")
    (button,) = world.platform.buttons
    await asyncio.gather(world.press(button), world.press(button, author=BOB))
    await world.services.lanes.idle()
    assert world.platform.said == ["The lamp flickers."]


async def test_two_people_asking_to_see_an_answer_get_it_once(world: World) -> None:
    await world.say("Good evening.")
    entry = (await world.told())[-1]
    async with world.services.db.write() as c:
        await c.execute(posts_table.delete())
    await asyncio.gather(world.press(f"resend:{entry.id}"), world.press(f"resend:{entry.id}", author=BOB))
    await world.services.lanes.idle()
    assert len(world.platform.said) == 2  # the answer, and once more


async def test_an_approved_picture_is_drawn_even_when_its_post_cannot_be_edited(world: World) -> None:
    await world.command("imagine", prompt="a lighthouse", edit=True)
    await world.drawn()
    world.platform.faults.append(("show", PlatformError("busy")))
    await world.press(f"approve:{world.platform.shows[-1].key}")
    await world.drawn()
    assert len(world.backend.specs) == 1


async def test_a_failed_second_answer_leaves_the_first_where_it_is(world: World) -> None:
    await world.say("Good evening.")
    world.chat.queue(provider_error(ErrorKind.UNAUTHORISED))
    await world.command("retry")
    assert not world.platform.replies[-1].discarded
    assert world.platform.replies[-1].text == "The lamp flickers."


async def test_an_offer_is_open_still_when_drawing_it_was_refused(world: World) -> None:
    await world.set(approve_words="manual")
    await world.say("Please draw me a picture of a lighthouse.")
    draw = next(b for b in world.platform.buttons if b.startswith("draw:"))
    world.services.backends = {}
    await world.press(draw)
    world.services.backends = {"easel": world.backend}
    await world.press(draw)
    await world.drawn()
    assert len(world.backend.specs) == 1


async def test_a_job_nobody_owns_is_found(world: World) -> None:
    await world.command("imagine", prompt="a lighthouse", edit=True)
    await world.drawn()
    async with world.services.db.write() as c:
        row = (await c.execute(select(jobs_table.c.id))).scalar_one()
        assert await jobs.move(c, row, "proposed", "queued")
        assert await jobs.orphaned(c, timedelta(seconds=-1)) == [row]
        assert await jobs.orphaned(c, timedelta(seconds=60)) == []
