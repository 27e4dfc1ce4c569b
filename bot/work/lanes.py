"""Lanes: one thing at a time for each chat, all chats at once; and a lock for each picture."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

import structlog

from bot.domain.errors import LimitReached

log = structlog.get_logger(__name__)


class ShuttingDown(LimitReached):
    """I am shutting down. Please try again in a moment."""


class _Lane:
    """The turns of one key: ``asyncio.Lock`` serves its waiters in order of arrival."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.tasks: set[asyncio.Task[None]] = set()
        self.running: asyncio.Task[None] | None = None


class Lanes:
    """Runs submitted work in order within a key. A lane exists only while it has work."""

    def __init__(self, backlog: int = 50) -> None:
        self._backlog = backlog
        self._lanes: dict[str, _Lane] = {}
        self._stopping = False

    def __len__(self) -> int:
        """How many lanes have work."""
        return len(self._lanes)

    def submit(self, key: str, work: Callable[[], Awaitable[None]], *, heard: bool = False) -> asyncio.Task[None]:
        """Queue ``work`` behind what waits in this lane; returns at once. Awaiting or cancelling the task is optional; an error
        is logged here and raised to whoever awaits the task. Raises ``LimitReached`` when too much waits (unless ``heard``: it was
        let in before a restart), and ``ShuttingDown`` at shutdown."""
        if self._stopping:
            raise ShuttingDown()
        lane = self._lanes.setdefault(key, _Lane())
        if len(lane.tasks) >= self._backlog and not heard:
            raise LimitReached("Too much is waiting in this chat already. Please wait until I have caught up.")
        task = asyncio.create_task(self._run(lane, work), name=f"lane {key}")
        lane.tasks.add(task)
        task.add_done_callback(lambda done: self._ended(key, lane, done))
        return task

    async def _run(self, lane: _Lane, work: Callable[[], Awaitable[None]]) -> None:
        async with lane.turn:
            lane.running = asyncio.current_task()
            try:
                await work()
            finally:
                lane.running = None

    def _ended(self, key: str, lane: _Lane, task: asyncio.Task[None]) -> None:
        lane.tasks.discard(task)
        if not lane.tasks and self._lanes.get(key) is lane:
            del self._lanes[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work in a lane failed", lane=key, exc_info=error)

    async def run(self, key: str, work: Callable[[], Awaitable[None]]) -> None:
        """Queue ``work`` and wait until it is done; its error is raised here. Never call it from inside the same lane."""
        await self.submit(key, work)

    def waiting(self, key: str) -> int:
        """How much waits in a lane behind what runs."""
        lane = self._lanes.get(key)
        return 0 if lane is None else len(lane.tasks) - (lane.running is not None)

    async def cancel_running(self, key: str) -> bool:
        """Cancel what runs in a lane and wait for its end; False when nothing runs. What waits goes on."""
        lane = self._lanes.get(key)
        if lane is None or lane.running is None or lane.running is asyncio.current_task():
            return False
        running = lane.running
        running.cancel()
        await asyncio.wait([running])
        return True

    async def idle(self) -> None:
        """Wait until no lane has work."""
        while self._lanes:
            await asyncio.wait([task for lane in self._lanes.values() for task in lane.tasks])
            await asyncio.sleep(0)  # lets the done callbacks run

    async def stop(self, grace_seconds: float = 10) -> None:
        """Take nothing more, drop what waits, give running work ``grace_seconds``, then cancel it."""
        self._stopping = True
        running = {lane.running for lane in self._lanes.values() if lane.running is not None}
        everything = {task for lane in self._lanes.values() for task in lane.tasks}
        for task in everything - running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=grace_seconds)
        for task in running:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)


class PictureLocks:
    """A lock for each picture, gone when nobody holds it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def lock(self, key: str) -> asyncio.Lock:
        """The picture's lock, for ``async with``."""
        return self._locks.setdefault(key, asyncio.Lock())

    def locked(self, key: str) -> bool:
        """Whether somebody works on this picture right now."""
        lock = self._locks.get(key)
        return lock is not None and lock.locked()

    def __len__(self) -> int:
        return len(self._locks)
