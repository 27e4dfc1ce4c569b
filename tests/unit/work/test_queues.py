"""Queues before backends, circuit breakers, retry decisions."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.work.queues import BackendQueue, CircuitBreaker, CircuitOpen
from bot.work.retry import Decision, RetryPolicy
from providers.errors import ErrorKind, ProviderError


class User:
    """Somebody who wants a turn."""

    def __init__(self, queue: BackendQueue, name: str, log: list[str]) -> None:
        self.places: list[int] = []
        self.leave = asyncio.Event()
        self._name = name
        self._log = log
        self.task = asyncio.create_task(self._run(queue))

    async def _run(self, queue: BackendQueue) -> None:
        async with queue.turn(self.places.append):
            self._log.append(self._name)
            await self.leave.wait()


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_turns_come_in_order_and_places_are_told() -> None:
    queue, log = BackendQueue(1), list[str]()
    users = [User(queue, name, log) for name in "abc"]
    await _settle()
    assert log == ["a"]
    assert len(queue) == 2
    assert [user.places for user in users] == [[], [0], [1]]
    users[0].leave.set()
    await _settle()
    assert log == ["a", "b"]
    assert users[2].places == [1, 0]
    for user in users:
        user.leave.set()
    await asyncio.gather(*(user.task for user in users))
    assert log == ["a", "b", "c"]


async def test_all_may_be_cancelled_at_once() -> None:
    queue, log = BackendQueue(1), list[str]()
    users = [User(queue, name, log) for name in "abcd"]
    await _settle()
    for user in users:
        user.task.cancel()
    ends = await asyncio.gather(*(user.task for user in users), return_exceptions=True)
    assert [type(end) for end in ends] == [asyncio.CancelledError] * 4
    assert len(queue) == 0
    next_one = User(queue, "e", log)
    await _settle()
    assert log == ["a", "e"]
    next_one.leave.set()
    await next_one.task


async def test_as_many_as_allowed_at_once() -> None:
    queue, log = BackendQueue(2), list[str]()
    users = [User(queue, name, log) for name in "abc"]
    await _settle()
    assert log == ["a", "b"]
    for user in users:
        user.leave.set()
    await asyncio.gather(*(user.task for user in users))
    with pytest.raises(ValueError, match="at least 1"):
        BackendQueue(0)


async def test_leaving_the_queue_moves_the_others_up() -> None:
    queue, log = BackendQueue(1), list[str]()
    users = [User(queue, name, log) for name in "abc"]
    await _settle()
    users[1].task.cancel()
    await _settle()
    assert users[2].places == [1, 0]
    users[0].leave.set()
    users[2].leave.set()
    await users[2].task
    assert log == ["a", "c"]


async def test_a_turn_that_comes_in_the_moment_of_cancelling_is_passed_on() -> None:
    queue, log = BackendQueue(1), list[str]()
    async with queue.turn():
        unlucky, lucky = User(queue, "b", log), User(queue, "c", log)
        await _settle()
    unlucky.task.cancel()
    lucky.leave.set()
    async with asyncio.timeout(20):
        await lucky.task
    assert log == ["c"]
    assert lucky.places == [1, 0]
    async with queue.turn():
        pass


async def test_an_error_inside_frees_the_turn() -> None:
    queue = BackendQueue(1)
    with pytest.raises(RuntimeError):
        async with queue.turn():
            raise RuntimeError
    async with asyncio.timeout(20), queue.turn():
        pass


@settings(deadline=None, max_examples=60)
@given(
    concurrency=st.integers(1, 3),
    plan=st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 6)), min_size=1, max_size=15),
)
def test_no_turn_is_ever_lost(concurrency: int, plan: list[tuple[int, int | None]]) -> None:
    """Users stay some steps long; some are cancelled after some steps, wherever they are then."""

    async def play() -> None:
        queue, inside = BackendQueue(concurrency), 0

        async def use(steps: int) -> None:
            nonlocal inside
            async with queue.turn():
                inside += 1
                assert inside <= concurrency
                try:
                    for _ in range(steps):
                        await asyncio.sleep(0)
                finally:
                    inside -= 1

        async def cancel_after(task: asyncio.Task[None], steps: int) -> None:
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()

        tasks = []
        for steps, cancelled in plan:
            task = asyncio.create_task(use(steps))
            tasks.append(task)
            if cancelled is not None:
                tasks.append(asyncio.create_task(cancel_after(task, cancelled)))
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(20):
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(use(0))
        assert len(queue) == 0
        assert inside == 0

    asyncio.run(play())


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


ASKERS = itertools.count()


def _fail(breaker: CircuitBreaker, kind: ErrorKind, who: int | None = None) -> None:
    with pytest.raises(ProviderError), breaker.passing(next(ASKERS) if who is None else who):
        raise ProviderError(kind, "forge")


def _pass(breaker: CircuitBreaker) -> None:
    with breaker.passing(next(ASKERS)):
        pass


def test_the_breaker_opens_and_says_when_it_tries_again() -> None:
    clock = Clock()
    breaker = CircuitBreaker("Forge", threshold=3, pause=30, clock=clock)
    for _ in range(3):
        _fail(breaker, ErrorKind.UNREACHABLE)
    clock.now += 10
    with pytest.raises(CircuitOpen, match=r"Forge cannot be reached\. It is tried again in 20 seconds"):
        _pass(breaker)
    assert breaker.seconds_left == 20
    clock.now += 20
    _pass(breaker)
    assert breaker.seconds_left == 0
    _fail(breaker, ErrorKind.TIMED_OUT)
    _pass(breaker)


def test_one_request_shuts_nobody_else_out() -> None:
    breaker = CircuitBreaker("Forge", threshold=3, clock=Clock())
    for _ in range(10):
        _fail(breaker, ErrorKind.UNREACHABLE, who=7)
    assert breaker.seconds_left == 0
    _fail(breaker, ErrorKind.UNREACHABLE, who=8)
    assert breaker.seconds_left == 30


def test_an_answer_forgets_who_failed() -> None:
    breaker = CircuitBreaker("Forge", threshold=2, clock=Clock())
    _fail(breaker, ErrorKind.UNREACHABLE, who=1)
    _pass(breaker)
    for _ in range(2):
        _fail(breaker, ErrorKind.UNREACHABLE, who=2)
    assert breaker.seconds_left == 0


def test_one_failed_try_opens_it_again() -> None:
    clock = Clock()
    breaker = CircuitBreaker("Forge", threshold=2, pause=30, clock=clock)
    _fail(breaker, ErrorKind.UNREACHABLE)
    _fail(breaker, ErrorKind.TIMED_OUT)
    clock.now += 30
    _fail(breaker, ErrorKind.UNREACHABLE)
    assert breaker.seconds_left == 30


def test_only_one_try_at_a_time() -> None:
    clock = Clock()
    breaker = CircuitBreaker("Forge", threshold=2, pause=30, clock=clock)
    _fail(breaker, ErrorKind.UNREACHABLE)
    _fail(breaker, ErrorKind.UNREACHABLE)
    clock.now += 30
    with breaker.passing(1), pytest.raises(CircuitOpen):
        _pass(breaker)
    _pass(breaker)


@pytest.mark.parametrize("kind", sorted(set(ErrorKind) - CircuitBreaker.COUNTED))
def test_any_other_answer_shows_that_it_is_there(kind: ErrorKind) -> None:
    breaker = CircuitBreaker("Forge", threshold=2, clock=Clock())
    _fail(breaker, ErrorKind.UNREACHABLE)
    _fail(breaker, kind)
    _fail(breaker, ErrorKind.UNREACHABLE)
    _pass(breaker)


def test_a_cancelled_try_says_nothing() -> None:
    clock = Clock()
    breaker = CircuitBreaker("Forge", threshold=2, pause=30, clock=clock)
    _fail(breaker, ErrorKind.UNREACHABLE)
    _fail(breaker, ErrorKind.UNREACHABLE)
    clock.now += 30
    with pytest.raises(asyncio.CancelledError), breaker.passing(1):
        raise asyncio.CancelledError
    _pass(breaker)


def _error(kind: ErrorKind, retry_after: float | None = None) -> ProviderError:
    return ProviderError(kind, "forge", retry_after=retry_after)


POLICY = RetryPolicy(jitter=lambda: 0.0)


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_only_what_can_pass_is_tried_again(kind: ErrorKind) -> None:
    decision = POLICY.decide(_error(kind), 1)
    assert (decision.wait is not None) == _error(kind).retryable
    assert str(kind) in decision.why


def test_waits_grow_and_end() -> None:
    waits = [POLICY.decide(_error(ErrorKind.BUSY), attempt).wait for attempt in range(1, 6)]
    assert waits == [1, 2, 4, 8, None]
    assert RetryPolicy(longest_wait=3, jitter=lambda: 0.0).decide(_error(ErrorKind.BUSY), 4).wait == 3
    assert RetryPolicy(jitter=lambda: 1.0).decide(_error(ErrorKind.BUSY), 1).wait == 1.25


def test_the_providers_own_wish_is_obeyed_up_to_a_point() -> None:
    assert POLICY.decide(_error(ErrorKind.RATE_LIMITED, 45), 1).wait == 45
    assert POLICY.decide(_error(ErrorKind.RATE_LIMITED, -5), 1).wait == 0
    assert POLICY.decide(_error(ErrorKind.RATE_LIMITED, 3600), 1) == Decision(None, "asked to wait 3600 seconds, more than 120")


async def test_running_with_retries() -> None:
    errors = [_error(ErrorKind.BUSY), _error(ErrorKind.RATE_LIMITED, 7)]
    slept: list[float] = []
    heard: list[ErrorKind] = []

    async def call() -> str:
        if errors:
            raise errors.pop(0)
        return "a picture"

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    result = await POLICY.run(call, on_wait=lambda error, decision: heard.append(error.kind), sleep=sleep)
    assert result == "a picture"
    assert slept == [1, 7]
    assert heard == [ErrorKind.BUSY, ErrorKind.RATE_LIMITED]


async def test_giving_up_raises_the_last_error() -> None:
    calls = 0

    async def call() -> None:
        nonlocal calls
        calls += 1
        raise _error(ErrorKind.UNREACHABLE if calls < 3 else ErrorKind.TIMED_OUT)

    async def sleep(seconds: float) -> None:
        return None

    with pytest.raises(ProviderError) as raised:
        await POLICY.run(call, sleep=sleep)
    assert raised.value.kind is ErrorKind.TIMED_OUT
    assert calls == 3
