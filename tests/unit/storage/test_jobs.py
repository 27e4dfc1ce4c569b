"""Job rows: states, claims, allowances."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.storage import jobs, schema
from bot.storage.database import Database
from bot.storage.records import Chat, Job
from bot.storage.rows import now
from tests.unit.world import ANN, OTHER, PLAN, a_chat, a_job, a_picture

STALE = timedelta(seconds=30)


@pytest.fixture
async def job(db: Database, chat: Chat) -> Job:
    return await a_job(db, await a_picture(db, chat))


async def test_a_job_is_read_back_the_same(db: Database, job: Job) -> None:
    async with db.read() as c:
        assert await jobs.by_id(c, job.id) == job
        assert await jobs.unfinished(c) == [job]
        assert await jobs.active_for_picture(c, job.picture_id) == job
        assert await jobs.latest_for_picture(c, job.picture_id) == job
        assert await jobs.by_id(c, job.id + 1) is None


async def test_its_way(db: Database, chat: Chat) -> None:
    picture = await a_picture(db, chat)
    async with db.write() as c:
        job = await jobs.add(c, picture.id, ANN, "discord:5")
        assert job.plan is None
        await jobs.set_plan(c, job.id, PLAN)
        await jobs.set_state(c, job.id, "drawing")
        await jobs.set_ref(c, job.id, "prompt-1")
        await jobs.set_take(c, job.id, 4)
        stored = await jobs.by_id(c, job.id)
        assert stored is not None
        assert (stored.plan, stored.state, stored.ref, stored.take_id) == (PLAN, "delivering", "prompt-1", 4)
        assert stored.key == job.key
        assert await jobs.finish(c, job.id, "done")
        assert not await jobs.finish(c, job.id, "failed", "too late")
        ended = await jobs.by_id(c, job.id)
        assert await jobs.unfinished(c) == []
        assert await jobs.active_for_picture(c, picture.id) is None
    assert ended is not None
    assert (ended.state, ended.error) == ("done", "")


async def test_proposals_wait_and_are_moved_once(db: Database, chat: Chat, job: Job) -> None:
    async with db.write() as c:
        await jobs.set_state(c, job.id, "proposed")
        assert await jobs.unfinished(c) == []
        assert [p.id for p in await jobs.proposed(c)] == [job.id]
        assert [p.id for p in await jobs.active_for_chat(c, chat.id)] == [job.id]
        assert await jobs.claim(c, job.id, "me", stale=STALE) is None
        assert await jobs.move(c, job.id, "proposed", "queued")
        assert not await jobs.move(c, job.id, "proposed", "cancelled")
        assert [p.id for p in await jobs.unfinished(c)] == [job.id]


async def test_only_one_owner(db: Database, job: Job) -> None:
    async with db.write() as c:
        mine = await jobs.claim(c, job.id, "me", stale=STALE)
        assert mine is not None
        assert mine.attempts == 1
        assert await jobs.claim(c, job.id, "you", stale=STALE) is None
        assert await jobs.owners(c) == ["me"]
        again = await jobs.claim(c, job.id, "me", stale=STALE)
        assert again is not None
        assert await jobs.claim(c, job.id, "you", stale=STALE, dead=["me"]) is not None


async def test_an_owner_that_went_silent_loses_the_job(db: Database, job: Job) -> None:
    async with db.write() as c:
        await jobs.claim(c, job.id, "me", stale=STALE)
        assert await jobs.orphaned(c, STALE) == []
        await c.execute(update(schema.jobs).values(heartbeat=now() - timedelta(minutes=1)))
        assert await jobs.orphaned(c, STALE) == [job.id]
        await jobs.heartbeat(c, "me")
        assert await jobs.orphaned(c, STALE) == []
        await c.execute(update(schema.jobs).values(heartbeat=now() - timedelta(minutes=1)))
        assert await jobs.claim(c, job.id, "you", stale=STALE) is not None
        await jobs.heartbeat(c, "me")
        assert await jobs.owners(c) == ["you"]


async def test_an_orderly_leave_counts_no_attempt(db: Database, job: Job) -> None:
    async with db.write() as c:
        await jobs.claim(c, job.id, "me", stale=STALE)
        await jobs.release(c, "me")
        left = await jobs.by_id(c, job.id)
        assert left == job
        assert await jobs.claim(c, job.id, "you", stale=STALE) is not None


async def test_an_ended_job_cannot_be_claimed(db: Database, job: Job) -> None:
    async with db.write() as c:
        await jobs.finish(c, job.id, "failed", "no")
        assert await jobs.claim(c, job.id, "me", stale=STALE) is None


async def test_allowances_are_counted_by_person_and_by_chat(db: Database, chat: Chat, job: Job) -> None:
    other = await a_chat(db, OTHER)
    elsewhere = await a_job(db, await a_picture(db, other))
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    async with db.write() as c:
        assert await jobs.count_since(c, hour_ago, requester_key="discord:5") == 2
        assert await jobs.count_since(c, hour_ago, requester_key="discord:6") == 0
        assert await jobs.count_since(c, hour_ago, chat_id=chat.id) == 1
        assert await jobs.count_since(c, hour_ago, chat_id=chat.id, requester_key="discord:5") == 1
        assert await jobs.count_since(c, datetime.now(UTC), requester_key="discord:5") == 0
        await jobs.finish(c, job.id, "failed")
        assert await jobs.count_since(c, hour_ago, requester_key="discord:5") == 1
        await jobs.set_take(c, elsewhere.id, 1)
        await jobs.finish(c, elsewhere.id, "cancelled")
        assert await jobs.count_since(c, hour_ago, requester_key="discord:5") == 1, "it was drawn, so it counts"
