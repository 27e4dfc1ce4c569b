"""Files on the page, over HTTP: drawing from pictures, files of commands, what is too large, no picture, or gone."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.events import Attachment
from bot.domain.posts import FileOut, Post
from providers.contract import RenderSpec
from tests.end_to_end.web.looks import drawn, press, texts
from tests.end_to_end.web.served import MAIN, Served, served
from tests.fakes import FakeChat, png

PICTURE = png(96, 64)
GARDEN = ("garden.png", PICTURE, "image/png")


def base_of(spec: RenderSpec) -> bytes:
    (reference,) = spec.references
    assert reference.role == "base"
    return reference.data


def menus(page: Served) -> dict[str, str]:
    """Element → what its menu is for."""
    return dict(re.findall(r'data-menu="([^"]+)" data-on="([^"]+)"', page.html))


async def act(page: Served, element: str) -> str:
    answer = await page.post("act", action="draw-from", target=element)
    assert answer.status_code == 200
    return answer.text


async def test_words_with_a_picture(page: Served) -> None:
    await page.say("turn this into an oil painting", files={"file": GARDEN})
    await drawn(page)
    assert base_of(page.backend.specs[0]) == PICTURE
    assert "oil painting" in page.backend.specs[0].prompt


async def test_a_command_with_a_picture(page: Served) -> None:
    await page.say("/imagine denoise=0.4 watercolour", files={"file": GARDEN})
    await drawn(page)
    spec = page.backend.specs[0]
    assert (base_of(spec), spec.denoise) == (PICTURE, 0.4)
    await page.say("/imagine watercolour", files={"file-image": GARDEN})
    await drawn(page)
    assert base_of(page.backend.specs[1]) == PICTURE


async def test_a_file_for_an_option_comes_before_others(page: Served) -> None:
    other = ("other.png", png(8, 8), "image/png")
    await page.say("/imagine watercolour", files=[("file", other), ("file-image", GARDEN), ("file-nonsense", other)])
    await drawn(page)
    assert base_of(page.backend.specs[0]) == PICTURE


async def test_the_action_on_a_players_picture(page: Served) -> None:
    await page.say("What do you think of my garden?", files={"file": GARDEN})
    await page.say("And no picture here.")
    (pictured,) = [element for element, on in menus(page).items() if on == "words picture"]
    await act(page, pictured)
    await drawn(page)
    await press(page, "approve")
    await drawn(page)
    assert base_of(page.backend.specs[0]) == PICTURE


async def test_the_action_on_a_drawn_picture(page: Served) -> None:
    await page.say("/imagine a lighthouse")
    await drawn(page)
    (element,) = [element for element, on in menus(page).items() if on == "picture"]
    await act(page, element)
    await drawn(page)
    await press(page, "approve")
    await drawn(page)
    assert page.backend.specs[1].prompt == page.backend.specs[0].prompt
    shown = re.findall(r'class="shown" src="/asset/([0-9a-f]{64})"', page.html)
    assert base_of(page.backend.specs[1]) == (await page.client.get(f"/asset/{shown[0]}")).content


async def test_the_action_where_there_is_no_picture(page: Served) -> None:
    await page.say("Nothing to see.")
    for element in (next(iter(menus(page))), "m0", ""):
        assert "no picture to draw from" in await act(page, element)
    assert page.backend.specs == []


async def test_after_a_restart_an_upload_is_gone_which_is_said(template: Path, tmp_path: Path) -> None:
    async with served(template, tmp_path) as page:
        await page.say("What do you think of my garden?", files={"file": ("Omas Gärten.png", PICTURE, "image/png")})
    async with served(template, tmp_path) as page:
        await page.load()
        (pictured,) = [element for element, on in menus(page).items() if on == "words picture"]
        assert "The file is no longer here; please send it again." in await act(page, pictured)
        assert page.backend.specs == []


async def test_a_picture_the_story_has_kept_outlives_a_restart(template: Path, tmp_path: Path) -> None:
    async with served(template, tmp_path, chat=FakeChat(tools=False, image_in=True)) as page:
        await page.say("What do you think of my garden?", files={"file": GARDEN})
    async with served(template, tmp_path) as page:
        await page.load()
        (pictured,) = [element for element, on in menus(page).items() if on == "words picture"]
        await act(page, pictured)
        await drawn(page)
        await press(page, "approve")
        await drawn(page)
        assert base_of(page.backend.specs[0]) == PICTURE


@pytest.mark.parametrize("where", ["file", "file-image"])
async def test_what_is_too_large_is_refused_before_it_is_kept(page: Served, where: str) -> None:
    guard = page.engine.services.guard
    guard.rules = replace(guard.rules, attachment_bytes=2**20)
    answer = await page.post("say", text="/imagine watercolour", files={where: ("large.png", bytes(2**20 + 1), "image/png")})
    assert (answer.status_code, answer.text) == (413, "The file is larger than 1 MiB.")
    assert page.front.files == {}
    assert page.backend.specs == []


async def test_what_is_no_picture_is_said(page: Served) -> None:
    for name, mime in (("holiday.txt", "text/plain"), ("holiday.png", "image/png")):
        answer = await page.post("say", text="/imagine watercolour", files={"file": (name, b"just words", mime)})
        assert "not a picture" in answer.text
    await page.say("turn this into an oil painting", files={"file": ("holiday.png", b"just words", "image/png")})
    await drawn(page)
    assert page.backend.specs == []
    assert "not a picture" in page.html
    assert "oil painting" in texts(page, "player")[0]


async def test_a_command_that_needs_a_file_says_so(page: Served) -> None:
    assert "needs «card»" in (await page.post("say", text="/character import")).text
    named = await page.post(
        "say", text="/character import", files={"file-card": ("tom.json", b'{"name": "Tom", "first_mes": "Ahoy!"}', "")}
    )
    assert "has joined" in named.text


async def test_suggestions_know_the_other_options(page: Served) -> None:
    await page.load()

    async def suggested(before: str, option: str, typed: str = "") -> list[str]:
        command = re.sub(r"^/(settings set|imagine).*", r"\1", before)
        query = {"command": command, "option": option, "typed": typed, "before": before}
        found: list[str] = (await page.client.get("/c/main/complete", params=query)).json()
        return found

    assert await suggested("/settings set name=controls value=", "value") == ["buttons", "reactions", "both", "default"]
    assert await suggested("/settings set controls ", "value", "b") == ["buttons", "both"]
    assert await suggested("/imagine backend=easel sampler=", "sampler") == ["Euler a", "DPM++ 2M"]
    assert await suggested("/imagine backend=nobody sampler=", "sampler") == []
    for broken in ('/imagine negative="', "/imagine steps=x ", "/imagine nonsense=1 ", "", "x" * 5000, "\x00"):
        assert isinstance(await suggested(broken, "model"), list)


async def test_files_handed_over_are_downloads(page: Served) -> None:
    graph = '{"name": "Möwe über Hafen"}'.encode()
    name = 'Möwe "über" Hafen & <b>.json'
    await page.load()
    await page.front.post(MAIN, Post("Here.", file=FileOut(name, "application/json", graph)))
    await page.load()
    link = re.search(r'download="([^"]+)" href="data:([^;]+);base64,([^"]+)"', page.html)
    assert link
    assert html.unescape(link[1]) == name
    assert link[2] == "application/json"
    assert base64.b64decode(html.unescape(link[3])) == graph


async def test_nobody_here_has_a_profile(page: Served) -> None:
    assert await page.front.avatar(MAIN, "local", 1000) is None


async def test_uploads_take_a_bounded_room(page: Served) -> None:
    handles = [page.front.keep_file(bytes(20 * 2**20)) for _ in range(5)]
    assert list(page.front.files) == handles[-3:]
    small = [page.front.keep_file(b"x") for _ in range(30)]
    assert list(page.front.files) == small[-20:]
    alone = page.front.keep_file(bytes(65 * 2**20))
    assert list(page.front.files) == [alone]


async def test_what_is_remembered_of_files_is_bounded(page: Served) -> None:
    for number in range(60):
        page.front.remember_sent(MAIN, f"m{number}", (Attachment(name="a", mime="image/png", size=1, handle="h"),))
    assert len(page.front.sent) == 20
    assert (MAIN, "m59") in page.front.sent
    page.front.forget(MAIN)
    assert page.front.sent == {}
