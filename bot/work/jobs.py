"""Durable picture jobs, run as asyncio tasks in this process. The rows are the truth; a task is only somebody working on one.

A job is owned by one process at a time, which says so with heartbeats. After a crash the next process takes over: at once when
the former owner is known to be dead (same machine, no such process), else when its last heartbeat is old.
"""

from __future__ import annotations

import asyncio
import os
import platform
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.domain.errors import UserError, VignetteError
from bot.storage import jobs
from bot.storage.database import Database
from bot.storage.records import Job

log = structlog.get_logger(__name__)

Handler = Callable[[Job], Awaitable[None]]
Failed = Callable[[Job, BaseException], Awaitable[None]]


class JobCancelled(UserError):
    """Cancelled."""


class JobGivenUp(VignetteError):
    """The picture could not be finished in several attempts."""

    retry = True


def owner_name() -> str:
    """Machine, process and a random part, at most 40 characters."""
    return f"{platform.node()[:16]}/{os.getpid()}/{secrets.token_hex(4)}"


def is_dead(owner: str, own: str) -> bool:
    """Whether an owner is certainly gone: it ran on this machine and its process number is free, or is ours now."""
    machine, number, _ = owner.rsplit("/", 2) if owner.count("/") >= 2 else ("", "", "")
    own_machine, own_number, _ = own.rsplit("/", 2)
    if owner == own or machine != own_machine or not number.isdigit():
        return False
    if number == own_number:
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


class JobRunner:
    """Starts, resumes and cancels jobs.

    ``handler`` brings one job to its end and stores how far it came (it may be called again for the same job, with the row as
    it was left). ``failed`` is told when the handler raised, when the job was cancelled (``JobCancelled``), or when it was tried
    ``max_attempts`` times without ending (``JobGivenUp``: something kills the process again and again); it ends the row and
    tells the people.
    """

    def __init__(
        self,
        db: Database,
        handler: Handler,
        failed: Failed,
        *,
        owner: str = "",
        beat_seconds: float = 5,
        stale_seconds: float = 30,
        max_attempts: int = 5,
    ) -> None:
        self._db = db
        self._handler = handler
        self._failed = failed
        self.owner = owner or owner_name()
        self._beat_seconds = beat_seconds
        self._stale = timedelta(seconds=stale_seconds)
        self._max_attempts = max_attempts
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._cancelled: set[int] = set()
        self._again: set[int] = set()
        self._beating: asyncio.Task[None] | None = None
        self.stopping = False
        """Cancellation of a handler now means shutdown: leave the row and the backend as they are."""

    @property
    def running(self) -> frozenset[int]:
        """Ids of the jobs this process works on."""
        return frozenset(self._tasks)

    def start(self, job_id: int) -> None:
        """Begin work on a stored job. When it runs here already, it is looked at once more after that: a run may be on its way
        out (a prompt has just been shown for approval) while somebody gives the job more to do."""
        if self.stopping:
            return
        if job_id in self._tasks:
            self._again.add(job_id)
            return
        task = asyncio.create_task(self._run(job_id), name=f"job {job_id}")
        self._tasks[job_id] = task
        task.add_done_callback(lambda done: self._ended(job_id, done))
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat(), name="job heartbeats")

    async def resume_all(self) -> int:
        """Start every unfinished job that no living owner holds; how many. Later, the heartbeat looks for such jobs again."""
        if self._beating is None and not self.stopping:
            self._beating = asyncio.create_task(self._beat(), name="job heartbeats")
        async with self._db.read() as c:
            waiting = [job.id for job in await jobs.unfinished(c) if job.id not in self._tasks]
        for job_id in waiting:
            self.start(job_id)
        return len(waiting)

    async def _adopt(self) -> None:
        """Take over what a process left that died without a word."""
        async with self._db.read() as c:
            left = await jobs.orphaned(c, self._stale)
        for job_id in left:
            if job_id not in self._tasks:
                self.start(job_id)

    async def cancel(self, job_id: int) -> bool:
        """Stop a job on a person's wish and wait until its handler has ended; False when it does not run here. The handler is
        cancelled (``was_cancelled`` tells it why) and ``failed`` receives ``JobCancelled``."""
        task = self._tasks.get(job_id)
        if task is None:
            return False
        self._cancelled.add(job_id)
        task.cancel()
        await asyncio.wait([task])
        if task.cancelled():  # it had not begun, so nothing inside it could tell
            await self._tell(job_id, None, JobCancelled())
        return True

    def was_cancelled(self, job_id: int) -> bool:
        """Whether a person cancelled this job (and not the shutdown): then the backend should stop drawing, too."""
        return job_id in self._cancelled

    async def stop(self) -> None:
        """Interrupt everything and leave the rows to the next start."""
        self.stopping = True
        tasks = list(self._tasks.values())
        if self._beating is not None:
            tasks.append(self._beating)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with self._db.write() as c:
            await jobs.release(c, self.owner)

    async def _run(self, job_id: int) -> None:
        job: Job | None = None
        try:
            job = await self._claim(job_id)
            if job is None:
                return
            if job.attempts > self._max_attempts:
                raise JobGivenUp
            await self._handler(job)
            if job_id in self._cancelled:
                await self._tell(job_id, job, JobCancelled())
        except asyncio.CancelledError:
            if job_id not in self._cancelled:
                raise
            asyncio.current_task().uncancel()  # type: ignore[union-attr]
            await self._tell(job_id, job, JobCancelled())
        except Exception as error:
            await self._tell(job_id, job, error)

    async def _claim(self, job_id: int) -> Job | None:
        async with self._db.write() as c:
            dead = [owner for owner in await jobs.owners(c) if is_dead(owner, self.owner)]
            return await jobs.claim(c, job_id, self.owner, stale=self._stale, dead=dead)

    async def _tell(self, job_id: int, job: Job | None, error: BaseException) -> None:
        """Hand an error on with the row as it is now; should that fail as well, the row is ended here so that it cannot loop."""
        try:
            async with self._db.read() as c:
                current = await jobs.by_id(c, job_id) or job
            if current is None or (isinstance(error, JobCancelled) and current.state in jobs.FINISHED):
                return  # forgotten meanwhile, or the wish came too late
            await self._failed(current, error)
        except Exception as second:
            log.error("a failed job could not be reported", job=job_id, first=repr(error), exc_info=second)
            async with self._db.write() as c:
                await jobs.finish(c, job_id, "failed", f"{type(error).__name__}, and reporting it failed")

    def _ended(self, job_id: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(job_id, None)
        self._cancelled.discard(job_id)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a job could not be ended; the next start takes it up", job=job_id, exc_info=error)
        if job_id in self._again:
            self._again.discard(job_id)
            self.start(job_id)  # takes nothing up that has ended

    async def _beat(self) -> None:
        """Keep our rows fresh while anything runs, and now and then look for jobs whose owner died."""
        beats_between = max(1, round(self._stale.total_seconds() / self._beat_seconds))
        beats = 0
        while True:
            await asyncio.sleep(self._beat_seconds)
            beats += 1
            try:
                if self._tasks:
                    async with self._db.write() as c:
                        await jobs.heartbeat(c, self.owner)
                if beats % beats_between == 0:
                    await self._adopt()
            except Exception as error:
                log.error("job heartbeat failed", exc_info=error)
