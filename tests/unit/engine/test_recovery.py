"""What an earlier process left is taken up again: nothing lost, nothing doubled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.domain.errors import PlatformError
from bot.domain.events import CommandCall, Incoming
from bot.domain.pictures import JobState, PictureRequest, RenderPlan
from bot.storage import entries, inbox, jobs, pictures
from bot.storage.records import Job, Picture
from bot.storage.schema import inbox as inbox_table
from bot.work.jobs import owner_name
from tests.engine_world import ANN, KEY, PRIVATE, World, open_world
from tests.fakes import png

Again = Callable[[], AbstractAsyncContextManager[World]]
PLAN = RenderPlan(backend="easel", prompt="a lighthouse", draft="a lighthouse", width=512, height=512, seed=7)


@pytest.fixture
def again(engine_template: Path, tmp_path: Path) -> Again:
    """The next process, on what ``world`` left."""

    @asynccontextmanager
    async def start() -> AsyncIterator[World]:
        async with open_world(engine_template, tmp_path, fresh=False) as next_world:
            yield next_world

    return start


async def resume(world: World) -> None:
    await world.engine.start()
    await world.services.lanes.idle()
    await world.drawn()


async def received(world: World, text: str = "Good evening.") -> tuple[int, Incoming]:
    """A message stored, and nothing done about it."""
    event = world.incoming(text)
    async with world.services.db.write() as c:
        row = await inbox.receive(c, KEY, "message", event.message_id, event.model_dump_json())
    assert row is not None
    return row, event


async def heard(world: World, row: int, event: Incoming) -> int:
    """The message's entry, stored as well."""
    chat = await world.story()
    async with world.services.db.write() as c:
        entry = await entries.add(
            c, chat.id, "player", event.text, author_id=ANN.id, author_name=ANN.name, message_id=event.message_id, inbox_id=row
        )
    return entry.id


async def replied(world: World, row: int, text: str = "A stored reply.") -> int:
    """The reply, stored before it was delivered."""
    chat = await world.story()
    async with world.services.db.write() as c:
        entry = await entries.add(c, chat.id, "character", text, author_name="Mirren", inbox_id=row)
    return entry.id


async def state(world: World, row: int) -> str:
    async with world.services.db.read() as c:
        found = await inbox.by_id(c, row)
    assert found is not None
    return found.state


async def test_a_message_only_received_is_answered(world: World, again: Again) -> None:
    row, _ = await received(world)
    async with again() as later:
        await resume(later)
        assert later.platform.said == ["The lamp flickers."]
        assert [e.kind for e in await later.told()] == ["player", "character"]
        assert await state(later, row) == "done"
    async with again() as third:
        await resume(third)
        assert third.platform.said == []


async def test_a_message_half_answered_is_not_stored_twice(world: World, again: Again) -> None:
    row, event = await received(world)
    await heard(world, row, event)
    async with world.services.db.write() as c:
        await inbox.add_posted(c, row, "900")
    async with again() as later:
        await resume(later)
        assert [e.kind for e in await later.told()] == ["player", "character"]
        assert later.platform.replies[0].existing == ("900",)


async def test_messages_are_taken_up_in_their_order(world: World, again: Again) -> None:
    await received(world, "First.")
    await received(world, "Second.")
    async with again() as later:
        await resume(later)
        assert [e.text for e in await later.told() if e.kind == "player"] == ["First.", "Second."]


async def test_a_reply_whose_post_exists_gets_its_final_text(world: World, again: Again) -> None:
    row, event = await received(world)
    await heard(world, row, event)
    await replied(world, row)
    async with world.services.db.write() as c:
        await inbox.add_posted(c, row, "900")
    async with again() as later:
        await resume(later)
        assert later.chat.requests == []
        assert (later.platform.said, later.platform.replies[0].existing) == (["A stored reply."], ("900",))
        assert await state(later, row) == "done"


async def test_a_reply_that_may_have_arrived_is_offered_and_never_resent(world: World, again: Again) -> None:
    row, event = await received(world)
    await heard(world, row, event)
    await replied(world, row)
    async with again() as later:
        await resume(later)
        assert later.platform.said == []
        assert "interrupted" in later.platform.notices[0]
        (button,) = later.platform.buttons
        await later.press(button)
        assert later.platform.said == ["A stored reply."]
        assert "shown already" in (await later.press(button)).text


async def test_a_reply_that_was_delivered_is_left_alone(world: World, again: Again) -> None:
    row, event = await received(world)
    await heard(world, row, event)
    entry = await replied(world, row)
    chat = await world.story()
    async with world.services.db.write() as c:
        await entries.link_posts(c, chat.id, entry, ("900",))
    async with again() as later:
        await resume(later)
        assert (later.platform.said, later.platform.notices) == ([], [])
        assert await state(later, row) == "done"


async def test_a_request_in_words_is_not_drawn_twice(world: World, again: Again) -> None:
    event = await world.say("Please draw me a picture of a lighthouse.")
    await world.drawn()
    async with world.services.db.write() as c:  # as it was just before the message was marked as done
        await c.execute(update(inbox_table).values(payload=event.model_dump_json(), state="working"))
    async with again() as later:
        await resume(later)
        assert later.backend.specs == []
        async with later.services.db.read() as c:
            found, total = await pictures.gallery(c, (await later.story()).id)
        assert (total, found[0].key) == (1, world.platform.shows[-1].key)


async def test_a_command_cut_off_is_said_to_be(world: World, again: Again) -> None:
    call = CommandCall(chat=KEY, place=PRIVATE, author=ANN, name="persona", call_id="c9", message_id="44")
    assert await world.engine.accept(call) is not None
    async with again() as later:
        await resume(later)
        assert "/persona" in later.platform.notices[0]
        assert await later.engine.accept(call) is None
    async with again() as third:
        await resume(third)
        assert third.platform.notices == []


async def test_a_notice_that_cannot_be_posted_does_not_stop_the_rest(world: World, again: Again) -> None:
    call = CommandCall(chat=KEY, place=PRIVATE, author=ANN, name="persona", call_id="c9")
    await world.engine.accept(call)
    await received(world)
    async with again() as later:
        later.platform.faults.append(("post", PlatformError("blocked", gone=True)))
        await resume(later)
        assert later.platform.said == ["The lamp flickers."]


# jobs


async def left(world: World, at: JobState, *, plan: RenderPlan | None = PLAN, message: str | None = "901") -> tuple[Picture, Job]:
    """A picture and its job as a killed process left them."""
    chat = await world.story()
    wish = PictureRequest(chat=KEY, place=PRIVATE, requester=ANN, origin="command", mode="free", subject="a lighthouse")
    async with world.services.db.write() as c:
        picture = await pictures.add(c, pictures.new_key(), chat.id, wish)
        if message is not None:
            await pictures.set_message(c, picture.id, message)
        job = await jobs.add(c, picture.id, ANN, f"telegram:{ANN.id}", plan=plan, state=at)
    return picture, job


@pytest.mark.parametrize(("at", "plan"), [("waiting", None), ("drafting", None), ("queued", PLAN), ("drawing", PLAN)])
async def test_a_job_goes_on_where_it_was(world: World, again: Again, at: JobState, plan: RenderPlan | None) -> None:
    _, job = await left(world, at, plan=plan)
    async with again() as later:
        await resume(later)
        (spec,) = later.backend.specs
        assert (spec.job_key, spec.prompt.endswith("a lighthouse")) == (job.key, True)
        assert later.platform.shows[-1].state == "done"
        assert later.platform.shows[-1].message_id == "901"
        assert (await later.job(job.id)).state == "done"
        if plan is not None:
            assert spec.seed == plan.seed


async def test_a_drawing_job_is_adopted_by_its_reference(world: World, again: Again) -> None:
    _, job = await left(world, "drawing")
    async with world.services.db.write() as c:
        await jobs.set_ref(c, job.id, "backend-17")
    async with again() as later:
        await resume(later)
        assert later.backend.refs == ["backend-17"]


async def test_a_finished_picture_is_delivered_and_not_drawn_again(world: World, again: Again) -> None:
    picture, job = await left(world, "drawing")
    asset = await world.services.assets.put(png())
    async with world.services.db.write() as c:
        take = await pictures.add_take(c, picture.id, PLAN, asset.sha)
        await jobs.set_take(c, job.id, take.id)
    async with again() as later:
        await resume(later)
        assert later.backend.specs == []
        assert (later.platform.shows[-1].state, len(later.platform.shows[-1].takes)) == ("done", 1)


async def test_a_post_of_unknown_fate_is_searched_before_another_is_made(world: World, again: Again) -> None:
    picture, _ = await left(world, "queued", message=None)
    async with again() as later:
        later.platform.findable[picture.key] = "950"
        await resume(later)
        assert picture.key in later.platform.searched
        assert later.platform.shows[-1].message_id == "950"


async def test_a_proposal_is_shown_again_and_waits(world: World, again: Again) -> None:
    _, job = await left(world, "proposed")
    async with again() as later:
        await resume(later)
        assert later.platform.states == ["proposed"]
        assert later.backend.specs == []
        assert (await later.job(job.id)).state == "proposed"


async def test_a_job_that_kills_every_process_is_given_up(world: World, again: Again) -> None:
    _, job = await left(world, "drawing")
    async with world.services.db.write() as c:
        for _ in range(5):
            dead = owner_name()  # a process of this number that is no longer this one
            assert await jobs.claim(c, job.id, dead, stale=timedelta(0)) is not None
    async with again() as later:
        await resume(later)
        assert later.backend.specs == []
        assert later.platform.shows[-1].state == "failed"
        assert (await later.job(job.id)).state == "failed"
