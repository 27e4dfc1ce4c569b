"""Running jobs: once, to the end, over restarts, cancellations and failures."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.storage import jobs, schema
from bot.storage.database import Database
from bot.storage.records import Chat, Job
from bot.storage.rows import now
from bot.work.jobs import JobCancelled, JobGivenUp, JobRunner, is_dead, owner_name
from tests.unit.world import a_job, a_picture


class Worker:
    """A handler whose course the test decides, and a record of what was reported."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.handled: list[Job] = []
        self.failures: list[tuple[int, BaseException]] = []
        self.begun = asyncio.Event()
        self.course: Callable[[Job], Awaitable[None]] = self.finish

    async def handle(self, job: Job) -> None:
        self.handled.append(job)
        self.begun.set()
        await self.course(job)

    async def finish(self, job: Job) -> None:
        async with self.db.write() as c:
            await jobs.finish(c, job.id, "done")

    async def hang(self, job: Job) -> None:
        await asyncio.Event().wait()

    async def failed(self, job: Job, error: BaseException) -> None:
        self.failures.append((job.id, error))
        async with self.db.write() as c:
            await jobs.finish(c, job.id, "cancelled" if isinstance(error, JobCancelled) else "failed", str(error))


@pytest.fixture
def worker(db: Database) -> Worker:
    return Worker(db)


@pytest.fixture
async def runner(db: Database, worker: Worker) -> AsyncIterator[JobRunner]:
    made = JobRunner(db, worker.handle, worker.failed)
    yield made
    await made.stop()


@pytest.fixture
async def job(db: Database, chat: Chat) -> Job:
    return await a_job(db, await a_picture(db, chat))


async def _ended(runner: JobRunner) -> None:
    while runner.running:
        await asyncio.sleep(0.005)


async def _state(db: Database, job: Job) -> str:
    async with db.read() as c:
        found = await jobs.by_id(c, job.id)
    assert found is not None
    return found.state


async def test_a_job_runs_to_its_end_once(db: Database, runner: JobRunner, worker: Worker, job: Job) -> None:
    runner.start(job.id)
    runner.start(job.id)
    assert runner.running == {job.id}
    await _ended(runner)
    assert [handled.id for handled in worker.handled] == [job.id]
    assert worker.handled[0].attempts == 1
    assert await _state(db, job) == "done"
    runner.start(job.id)
    await _ended(runner)
    assert len(worker.handled) == 1
    assert worker.failures == []


async def test_an_error_is_handed_on_with_the_row_as_it_is(db: Database, runner: JobRunner, worker: Worker, job: Job) -> None:
    async def broken(job: Job) -> None:
        async with db.write() as c:
            await jobs.set_state(c, job.id, "drawing")
        raise ValueError("no paint")

    worker.course = broken
    runner.start(job.id)
    await _ended(runner)
    ((number, error),) = worker.failures
    assert number == job.id
    assert isinstance(error, ValueError)
    assert await _state(db, job) == "failed"


async def test_an_error_while_reporting_still_ends_the_row(db: Database, worker: Worker, job: Job) -> None:
    async def cannot_tell(job: Job, error: BaseException) -> None:
        raise RuntimeError("the platform is away")

    async def broken(job: Job) -> None:
        raise ValueError("no paint")

    worker.course = broken
    runner = JobRunner(db, worker.handle, cannot_tell)
    runner.start(job.id)
    await _ended(runner)
    assert await _state(db, job) == "failed"
    await runner.stop()


async def test_cancelling_reaches_the_handler_and_is_reported(db: Database, runner: JobRunner, worker: Worker, job: Job) -> None:
    told: list[bool] = []

    async def hang(job: Job) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.append(runner.was_cancelled(job.id))

    worker.course = hang
    runner.start(job.id)
    await worker.begun.wait()
    assert await runner.cancel(job.id)
    assert told == [True]
    assert isinstance(worker.failures[0][1], JobCancelled)
    assert await _state(db, job) == "cancelled"
    assert not await runner.cancel(job.id)


async def test_cancelling_before_it_began(db: Database, runner: JobRunner, worker: Worker, job: Job) -> None:
    runner.start(job.id)
    assert await runner.cancel(job.id)
    assert worker.handled == []
    assert await _state(db, job) == "cancelled"


async def test_a_handler_that_swallows_the_cancellation_is_cancelled_all_the_same(
    db: Database, runner: JobRunner, worker: Worker, job: Job
) -> None:
    async def swallow(job: Job) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    worker.course = swallow
    runner.start(job.id)
    await worker.begun.wait()
    assert await runner.cancel(job.id)
    assert await _state(db, job) == "cancelled"


async def test_a_wish_that_comes_too_late_changes_nothing(db: Database, runner: JobRunner, worker: Worker, job: Job) -> None:
    async def finish_anyway(job: Job) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await worker.finish(job)
            raise

    worker.course = finish_anyway
    runner.start(job.id)
    await worker.begun.wait()
    await runner.cancel(job.id)
    assert worker.failures == []
    assert await _state(db, job) == "done"


async def test_stopping_leaves_the_row_for_the_next_start(db: Database, runner: JobRunner, worker: Worker, job: Job) -> None:
    worker.course = worker.hang
    runner.start(job.id)
    await worker.begun.wait()
    await runner.stop()
    assert worker.failures == []
    assert await _state(db, job) == "queued"
    runner.start(job.id)
    assert runner.running == frozenset()
    worker.course = worker.finish
    following = JobRunner(db, worker.handle, worker.failed)
    assert await following.resume_all() == 1
    await _ended(following)
    assert await _state(db, job) == "done"
    assert [handled.attempts for handled in worker.handled] == [1, 1]
    await following.stop()


async def test_a_living_owner_keeps_its_job(db: Database, runner: JobRunner, worker: Worker, job: Job) -> None:
    worker.course = worker.hang
    first = JobRunner(db, worker.handle, worker.failed, owner="elsewhere/1/a")
    first.start(job.id)
    await worker.begun.wait()
    await runner.resume_all()
    await _ended(runner)
    assert len(worker.handled) == 1
    await first.stop()


def _dead_owner() -> str:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return f"{platform.node()[:16]}/{process.pid}/abcd"


async def test_a_dead_owner_of_this_machine_is_followed_at_once(db: Database, runner: JobRunner, worker: Worker, job: Job) -> None:
    async with db.write() as c:
        await jobs.claim(c, job.id, _dead_owner(), stale=timedelta(seconds=30))
    await runner.resume_all()
    await _ended(runner)
    assert await _state(db, job) == "done"
    assert worker.handled[0].attempts == 2


async def test_a_silent_owner_of_another_machine_is_followed_later(db: Database, worker: Worker, job: Job) -> None:
    async with db.write() as c:
        await jobs.claim(c, job.id, "elsewhere/1/a", stale=timedelta(seconds=30))
    runner = JobRunner(db, worker.handle, worker.failed, beat_seconds=0.01, stale_seconds=0.05)
    await runner.resume_all()
    await worker.begun.wait()
    await _ended(runner)
    assert await _state(db, job) == "done"
    await runner.stop()


async def test_heartbeats_keep_a_long_job(db: Database, worker: Worker, job: Job) -> None:
    worker.course = worker.hang
    runner = JobRunner(db, worker.handle, worker.failed, beat_seconds=0.01)
    runner.start(job.id)
    await worker.begun.wait()
    async with db.write() as c:
        await c.execute(update(schema.jobs).values(heartbeat=now() - timedelta(minutes=5)))
    async with asyncio.timeout(20):
        while await _orphans(db):
            await asyncio.sleep(0.01)
    assert len(worker.handled) == 1
    await runner.stop()


async def _orphans(db: Database) -> list[int]:
    async with db.read() as c:
        return await jobs.orphaned(c, timedelta(seconds=30))


async def test_a_job_that_kills_the_process_again_and_again_is_given_up(db: Database, runner: JobRunner, worker: Worker, job: Job) -> None:
    async with db.write() as c:
        await c.execute(update(schema.jobs).values(attempts=5))
    runner.start(job.id)
    await _ended(runner)
    assert worker.handled == []
    assert isinstance(worker.failures[0][1], JobGivenUp)
    assert await _state(db, job) == "failed"


async def test_proposals_are_not_resumed(db: Database, runner: JobRunner, worker: Worker, job: Job) -> None:
    async with db.write() as c:
        await jobs.set_state(c, job.id, "proposed")
    assert await runner.resume_all() == 0
    runner.start(job.id)
    await _ended(runner)
    assert worker.handled == []


async def test_a_forgotten_job_ends_quietly(db: Database, runner: JobRunner, worker: Worker) -> None:
    runner.start(12345)
    await _ended(runner)
    assert worker.handled == []
    assert worker.failures == []


def test_owners() -> None:
    own = owner_name()
    machine, number, _ = own.rsplit("/", 2)
    assert len(own) <= 40
    assert number == str(os.getpid())
    assert not is_dead(own, own)
    assert is_dead(f"{machine}/{number}/ffff", own), "our process number, so that process is gone"
    assert is_dead(_dead_owner(), own)
    assert not is_dead(f"{machine}/1/ffff", own)
    for unknown in ("elsewhere/1/a", "", "odd", f"{machine}/x/a", f"{machine}/{10**30}/a"):
        assert not is_dead(unknown, own)
