"""What open pages are sent: only what is new, the whole story after a gap, and never more than a page can take."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.frontends.web.hub import MOST_PIECES, Hub
from tests.end_to_end.web.served import MAIN, Served


async def test_a_page_that_missed_nothing_is_sent_only_what_is_new(page: Served) -> None:
    hub = page.front.hub
    await page.load()
    mark = hub.mark(MAIN)
    async with page.client.stream("GET", "/c/main/events", params={"after": mark}) as stream:
        lines = stream.aiter_lines()
        first = await _event(lines)
        assert 'id="who"' in first
        assert "<main" not in first
        await page.say("New words.")
        assert "New words." in await _event(lines)
    async with page.client.stream("GET", "/c/main/events", headers={"last-event-id": mark}) as stream:
        whole = await _event(stream.aiter_lines())  # it missed something: the whole story, and what is around it
    assert whole.count("<main") == whole.count('<span id="csrf"') == whole.count('<h1 id="who"') == 1


async def _event(lines: AsyncIterator[str]) -> str:
    data: list[str] = []
    async for line in lines:
        if line.startswith("data:"):
            data.append(line[5:])
        elif not line and data:
            break
    return "\n".join(data)


async def test_a_slow_page_keeps_nothing_waiting_and_gets_the_newest() -> None:
    hub = Hub()
    pages = hub.listen(MAIN, hub.mark(MAIN))
    page = await anext(pages)
    for number in range(10_000):
        hub.publish(MAIN, "m1", f"<p>{number}</p>")
    hub.publish(MAIN, "m2", "<p>other</p>")
    hub.remove(MAIN, "m1")
    assert await page.changes() == '<div data-remove="m1"></div><p>other</p>'
    for number in range(MOST_PIECES + 5):
        hub.publish(MAIN, f"m{number}", "<p></p>")
    assert page.stale
    hub.close()
    with pytest.raises(StopAsyncIteration):
        await anext(pages)
