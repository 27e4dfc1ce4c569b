"""Pictures on the page, over HTTP: their states, controls, gallery and files."""

from __future__ import annotations

import asyncio
import re

from tests.end_to_end.web.looks import WISH, controls, drawn, press
from tests.end_to_end.web.served import Served


async def test_pictures_and_their_controls(page: Served) -> None:
    page.backend.gate = asyncio.Event()
    await page.say(WISH)
    await page.backend.entered.wait()
    await page.load()
    assert "cancel" in controls(page.html)
    page.backend.gate.set()
    await drawn(page)
    assert re.search(r'<img class="shown" src="/asset/[0-9a-f]{64}" alt="lighthouse at night[^"]*"', page.html)
    await press(page, "again")
    await drawn(page)
    assert ">2/2<" in page.html
    await press(page, "prev")
    assert ">1/2<" in await page.load()
    form = await press(page, "edit")
    found = re.search(r'name="form" value="([^"]+)"', form)
    assert found
    await page.post("form", **{"form": found[1], "value-prompt": "a red lighthouse", "value-negative": "fog"})
    await drawn(page)
    assert ">3/3<" in page.html
    assert "fog" in await press(page, "info")
    assert page.backend.specs[-1].prompt == "a red lighthouse"
    gallery = await page.load("/c/main/gallery")
    assert gallery.count("<figure") == 3
    take = re.search(r"/c/main/take/\d+\.json", gallery)
    assert take
    assert (await page.client.get(take[0])).json()["request"]["prompt"] == "a red lighthouse"
    picture = re.search(r"/asset/[0-9a-f]{64}", gallery)
    assert picture
    assert (await page.client.get(picture[0])).content.startswith(b"\x89PNG")
    await page.load()
    await press(page, "delete")
    assert "/asset/" not in await page.load()
    assert "No pictures yet" in await page.load("/c/main/gallery")


async def test_a_cancelled_picture(page: Served) -> None:
    page.backend.gate = asyncio.Event()
    await page.say(WISH)
    await page.backend.entered.wait()
    await page.load()
    await press(page, "cancel")
    await drawn(page)
    assert "Cancelled." in page.html
    assert page.backend.cancelled


async def test_a_background_is_painted_and_kept(page: Served) -> None:
    await page.say("/imagine background")
    await drawn(page)
    assert re.search(r'id="backdrop" data-background="[0-9a-f]{64}"', page.html)


async def test_message_actions(page: Served) -> None:
    page.chat.queue("A grey cat sleeps on the rope.")
    await page.say("What is there?")
    element = re.findall(r'<article id="([^"]+)" class="line character"', page.html)[-1]
    await page.post("act", action="draw-as-written", target=element)
    await drawn(page)
    assert "A grey cat sleeps on the rope" in page.backend.specs[-1].prompt
    assert (await page.post("act", action="forget", target=element)).status_code == 404
