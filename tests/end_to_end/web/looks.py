"""What a test reads off the page, and presses there."""

from __future__ import annotations

import asyncio
import html
import re

from tests.end_to_end.web.served import Served

WISH = "Send me a picture of a lighthouse at night."


def controls(story: str) -> dict[str, tuple[str, str]]:
    """Verb → (control, element) of the buttons on a page; the last of each verb."""
    found = re.findall(r'data-control="((\w+):[^"]*)" data-message="([^"]+)"', story)
    return {verb: (control, element) for control, verb, element in found}


async def press(page: Served, verb: str, source: str = "") -> str:
    control, element = controls(source or page.html)[verb]
    answer = await page.post("press", control=control, message=element)
    assert answer.status_code == 200
    return answer.text


async def drawn(page: Served) -> None:
    """Wait until no picture is under way, and load the story."""
    while page.engine.services.jobs.running:
        await asyncio.sleep(0.005)
    await page.load()


def texts(page: Served, kind: str) -> list[str]:
    found = re.findall(rf'class="line {kind}.*?<div class="text">(.*?)</div>', page.html, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", text)).strip() for text in found]
