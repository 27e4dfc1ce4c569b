"""Before a backend: a queue that tells people their place, and a circuit breaker that stops asking a dead one."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager

from bot.domain.errors import BackendError
from providers.errors import ErrorKind, ProviderError


class BackendQueue:
    """At most ``concurrency`` at once, in order of arrival."""

    def __init__(self, concurrency: int = 1) -> None:
        if concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        self._free = concurrency
        self._waiting: deque[tuple[asyncio.Future[None], Callable[[int], None]]] = deque()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, on_place: Callable[[int], None] = lambda place: None) -> AsyncIterator[None]:
        """Wait for a turn and hold it. ``on_place`` hears the place in the queue, 0 being next, whenever it changes; it is not
        called when there is no wait."""
        await self._enter(on_place)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, on_place: Callable[[int], None]) -> None:
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = granted, on_place
        self._waiting.append(waiter)
        on_place(len(self._waiting) - 1)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._leave()  # the turn came in the same moment: pass it on
            elif waiter in self._waiting:  # when many are cancelled at once, another one's turn may have skipped this one already
                self._waiting.remove(waiter)
                self._announce()
            raise

    def _leave(self) -> None:
        while self._waiting:
            granted, _ = self._waiting.popleft()
            if not granted.done():
                granted.set_result(None)
                self._announce()
                return
        self._free += 1

    def _announce(self) -> None:
        for place, (_, on_place) in enumerate(self._waiting):
            on_place(place)


class CircuitOpen(BackendError):
    """The picture service cannot be reached right now."""


class CircuitBreaker:
    """Stops asking a service after ``threshold`` failures in a row to reach it; after ``pause`` seconds one request tries again.

    The failures must be those of more than one asker: a single request that a server hangs up on, however often it is tried, shuts
    nobody else out. Only "unreachable" and "timed out" count: any other answer shows that the service is there.
    """

    COUNTED = frozenset({ErrorKind.UNREACHABLE, ErrorKind.TIMED_OUT})

    def __init__(self, name: str, *, threshold: int = 3, pause: float = 30, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._threshold = threshold
        self._pause = pause
        self._clock = clock
        self._failures = 0
        self._askers: set[Hashable] = set()
        self._opened_at: float | None = None
        self._trying = False

    @property
    def seconds_left(self) -> float:
        """Seconds until the next try; 0 when requests pass."""
        if self._opened_at is None:
            return 0
        return max(0.0, self._opened_at + self._pause - self._clock())

    @contextmanager
    def passing(self, who: Hashable) -> Iterator[None]:
        """Around one request for ``who``. Raises ``CircuitOpen``, which says when it is tried again."""
        self._enter()
        try:
            yield
        except ProviderError as error:
            if error.kind in self.COUNTED:
                self._failed(who)
            else:
                self._reached()
            raise
        except BaseException:
            self._trying = False  # cancelled or our own mistake: says nothing about the service
            raise
        else:
            self._reached()

    def _enter(self) -> None:
        if self._opened_at is None:
            return
        if self.seconds_left > 0 or self._trying:
            wait = max(1, round(self.seconds_left))
            raise CircuitOpen(f"{self.name} cannot be reached. It is tried again in {wait} seconds.")
        self._trying = True

    def _failed(self, who: Hashable) -> None:
        self._failures += 1
        self._askers.add(who)
        if self._trying or (self._failures >= self._threshold and len(self._askers) > 1):
            self._opened_at = self._clock()
        self._trying = False

    def _reached(self) -> None:
        self._failures = 0
        self._askers.clear()
        self._opened_at = None
        self._trying = False
