"""Lanes: order within a chat, freedom between chats, an orderly end."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import LimitReached
from bot.work.lanes import Lanes, PictureLocks


class Recorder:
    """Work that notes when it begins and ends."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def work(self, name: str, *, gated: bool = False) -> Callable[[], Awaitable[None]]:
        gate = self.gates.setdefault(name, asyncio.Event())

        async def run() -> None:
            self.seen.append(f"+{name}")
            if gated:
                await gate.wait()
            await asyncio.sleep(0)
            self.seen.append(f"-{name}")

        return run


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_at_a_time_in_order_within_a_lane() -> None:
    lanes, seen = Lanes(), Recorder()
    for name in "abc":
        lanes.submit("chat", seen.work(name))
    await lanes.idle()
    assert seen.seen == ["+a", "-a", "+b", "-b", "+c", "-c"]


async def test_lanes_do_not_wait_for_each_other() -> None:
    lanes, seen = Lanes(), Recorder()
    lanes.submit("one", seen.work("a", gated=True))
    await lanes.run("two", seen.work("b"))
    assert seen.seen == ["+a", "+b", "-b"]
    seen.gates["a"].set()
    await lanes.idle()


async def test_lanes_vanish_when_idle() -> None:
    lanes, seen = Lanes(), Recorder()
    for number in range(100):
        lanes.submit(f"chat {number}", seen.work("a"))
    assert len(lanes) == 100
    await lanes.idle()
    assert len(lanes) == 0


async def test_an_error_ends_its_work_only() -> None:
    lanes, seen = Lanes(), Recorder()

    async def broken() -> None:
        raise ValueError("no")

    failing = lanes.submit("chat", broken)
    lanes.submit("chat", seen.work("a"))
    await lanes.idle()
    assert seen.seen == ["+a", "-a"]
    assert isinstance(failing.exception(), ValueError)
    with pytest.raises(ValueError, match="no"):
        await lanes.run("chat", broken)


async def test_the_backlog_is_bounded() -> None:
    lanes, seen = Lanes(backlog=3), Recorder()
    for name in "abc":
        lanes.submit("chat", seen.work(name, gated=True))
    with pytest.raises(LimitReached, match="waiting"):
        lanes.submit("chat", seen.work("d"))
    lanes.submit("other", seen.work("e"))
    await _settle()
    assert lanes.waiting("chat") == 2
    assert lanes.waiting("nowhere") == 0
    for gate in seen.gates.values():
        gate.set()
    await lanes.idle()


async def test_cancelling_what_runs_leaves_what_waits() -> None:
    lanes, seen = Lanes(), Recorder()
    lanes.submit("chat", seen.work("a", gated=True))
    lanes.submit("chat", seen.work("b"))
    await _settle()
    assert await lanes.cancel_running("chat")
    await lanes.idle()
    assert seen.seen == ["+a", "+b", "-b"]
    assert not await lanes.cancel_running("chat")


async def test_cancelling_what_waits() -> None:
    lanes, seen = Lanes(), Recorder()
    lanes.submit("chat", seen.work("a", gated=True))
    waiting = lanes.submit("chat", seen.work("b"))
    lanes.submit("chat", seen.work("c"))
    await _settle()
    waiting.cancel()
    seen.gates["a"].set()
    await lanes.idle()
    assert seen.seen == ["+a", "-a", "+c", "-c"]


async def test_work_cannot_cancel_itself_by_its_lane() -> None:
    lanes = Lanes()
    answers: list[bool] = []

    async def work() -> None:
        answers.append(await lanes.cancel_running("chat"))

    await lanes.run("chat", work)
    assert answers == [False]


async def test_stopping_lets_running_work_finish_and_drops_the_rest() -> None:
    lanes, seen = Lanes(), Recorder()
    lanes.submit("chat", seen.work("a", gated=True))
    waiting = lanes.submit("chat", seen.work("b"))
    await _settle()
    stopping = asyncio.create_task(lanes.stop(grace_seconds=30))
    await _settle()
    with pytest.raises(LimitReached, match="shutting down"):
        lanes.submit("chat", seen.work("c"))
    seen.gates["a"].set()
    await stopping
    assert seen.seen == ["+a", "-a"]
    assert waiting.cancelled()


async def test_stopping_cancels_what_takes_too_long() -> None:
    lanes, seen = Lanes(), Recorder()
    running = lanes.submit("chat", seen.work("a", gated=True))
    await _settle()
    await lanes.stop(grace_seconds=0)
    assert running.cancelled()
    assert seen.seen == ["+a"]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 4), st.booleans()), max_size=30))
def test_whatever_is_submitted_keeps_its_order(plan: list[tuple[str, int, bool]]) -> None:
    async def play() -> None:
        lanes = Lanes()
        done: list[tuple[str, int]] = []
        running: set[str] = set()

        async def work(key: str, number: int, steps: int, fails: bool) -> None:
            assert key not in running
            running.add(key)
            for _ in range(steps):
                await asyncio.sleep(0)
            running.discard(key)
            done.append((key, number))
            if fails:
                raise ValueError

        for number, (key, steps, fails) in enumerate(plan):
            lanes.submit(key, lambda k=key, n=number, s=steps, f=fails: work(k, n, s, f))  # type: ignore[misc]
        await lanes.idle()
        for key in "xyz":
            assert [n for k, n in done if k == key] == [n for n, (k, _, _) in enumerate(plan) if k == key]

    asyncio.run(play())


async def test_picture_locks_exclude_and_vanish() -> None:
    locks = PictureLocks()
    async with locks.lock("a"):
        assert locks.locked("a")
        assert not locks.locked("b")
        assert locks.lock("a") is locks.lock("a")
    gc.collect()
    assert not locks.locked("a")
    assert len(locks) == 0
