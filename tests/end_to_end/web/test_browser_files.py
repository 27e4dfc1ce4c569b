"""Files in a real browser: chosen, pasted, dropped, given to commands, drawn from, downloaded."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from bot.domain.posts import FileOut, Post
from tests.end_to_end.web.served import MAIN, Served
from tests.end_to_end.web.test_browser import opened, say
from tests.fakes import png

pytestmark = pytest.mark.browser
PICTURE = png(96, 64)
GARDEN: Any = {"name": "garden.png", "mimeType": "image/png", "buffer": PICTURE}
NOTES: Any = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"x"}
HAND_OVER = """([kind, bytes, types]) => {
    const data = new DataTransfer(), raw = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
    data.items.add(new File([raw], "image.png", { type: "image/png" }));
    if (types) data.setData("text/plain", "words");
    const more = { bubbles: true, cancelable: true };
    const pasted = () => new ClipboardEvent(kind, { ...more, clipboardData: data });
    const made = kind === "paste" ? pasted() : new DragEvent(kind, { ...more, dataTransfer: data });
    document.getElementById("text").dispatchEvent(made);
    return made.defaultPrevented;
}"""


async def hand_over(tab: Page, kind: str, *, with_words: bool = False) -> bool:
    """Paste or drop a picture; whether the page took it from the browser."""
    taken: bool = await tab.evaluate(HAND_OVER, [kind, base64.b64encode(PICTURE).decode(), with_words])
    return taken


async def test_files_are_shown_and_can_be_taken_away(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await tab.locator("#say [name=file]").set_input_files([GARDEN, NOTES])
    await expect(tab.locator("#attached li")).to_have_text(["garden.png×", "notes.txt×"])
    await expect(tab.locator("#attached img")).to_have_count(1)
    await tab.get_by_role("button", name="Remove notes.txt").click()
    await expect(tab.locator("#attached li")).to_have_count(1)
    await say(tab, "turn this into an oil painting")
    await expect(tab.locator(".picture.done")).to_have_count(1)
    await expect(tab.locator("#tray")).to_be_hidden()
    assert [r.data for r in page.backend.specs[0].references] == [PICTURE]


@pytest.mark.parametrize("kind", ["paste", "drop"])
async def test_a_picture_is_pasted_or_dropped(page: Served, person: BrowserContext, kind: str) -> None:
    tab = await opened(person, page)
    if kind == "drop":
        assert await hand_over(tab, "dragover")
    assert await hand_over(tab, kind)
    await expect(tab.locator("#attached li")).to_have_text(["image.png×"])
    await say(tab, "/imagine watercolour")
    await expect(tab.locator(".picture.done")).to_have_count(1)
    assert [r.data for r in page.backend.specs[0].references] == [PICTURE]


async def test_pasted_words_stay_words_and_files_are_counted(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    assert not await hand_over(tab, "paste", with_words=True)  # an office program's clipboard holds both
    await expect(tab.locator("#attached li")).to_have_count(0)
    for _ in range(6):
        await hand_over(tab, "paste")
    await expect(tab.locator("#attached li")).to_have_count(4)
    await expect(tab.get_by_role("alert").first).to_have_text("A message takes at most 4 files.")


async def test_a_commands_files_have_their_places(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await tab.keyboard.press("Control+k")
    await tab.keyboard.type("draw-from")
    await tab.keyboard.press("Enter")
    await expect(tab.locator("#text")).to_have_value("/draw-from ")
    await tab.get_by_label("image: Picture to draw from").set_input_files(GARDEN)
    await tab.locator("#text").press_sequentially("a woodcut")
    await expect(tab.locator("#slots input")).to_have_count(1)
    assert await tab.locator("#slots input").evaluate("input => input.files.length") == 1  # typing on does not lose it
    await tab.locator("#text").press("Enter")
    await expect(tab.locator(".picture.done")).to_have_count(1)
    await expect(tab.locator("#slots input")).to_have_count(0)
    assert [r.data for r in page.backend.specs[0].references] == [PICTURE]
    assert "woodcut" in page.backend.specs[0].prompt


async def test_files_on_a_phone(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await tab.set_viewport_size({"width": 320, "height": 640})
    await tab.locator("#say [name=file]").set_input_files([{**GARDEN, "name": f"{'garden' * 30}.png"}, NOTES])
    await tab.keyboard.type("/draw-from ")
    await expect(tab.locator("#slots input")).to_be_visible()
    await expect(tab.locator("#attached li")).to_have_count(2)
    widths = await tab.locator("html").evaluate("html => [html.scrollWidth, html.clientWidth]")
    assert widths[0] <= widths[1]
    await expect(tab.get_by_role("button", name="Send")).to_be_in_viewport()


async def test_the_menu_of_a_picture(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await tab.locator(".line.character .menu").click()
    await expect(tab.get_by_role("menuitem")).to_have_text(["Illustrate this", "Draw as written", "Copy text"])
    await tab.keyboard.press("Escape")
    await say(tab, "/imagine a lighthouse")
    await expect(tab.locator(".picture.done")).to_have_count(1)
    await tab.get_by_role("button", name="What to do with this picture").press("Enter")
    await expect(tab.get_by_role("menuitem")).to_have_text(["Draw from this picture"])
    await expect(tab.get_by_role("menuitem")).to_be_focused()
    await tab.keyboard.press("ArrowDown")
    await expect(tab.get_by_role("menuitem")).to_be_focused()
    await tab.keyboard.press("Enter")
    await tab.get_by_role("button", name="🎨 Draw").click()
    await expect(tab.locator(".picture.done")).to_have_count(2)
    assert [r.role for r in page.backend.specs[1].references] == ["base"]


async def test_what_could_not_be_sent_is_still_there(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    guard = page.engine.services.guard
    guard.rules = replace(guard.rules, attachment_bytes=100)  # after the page was loaded, so that it sends all the same
    await tab.locator("#say [name=file]").set_input_files(GARDEN)
    await tab.locator("#text").fill("/draw-from a woodcut")
    await tab.locator("#slots input").set_input_files(GARDEN)
    await tab.locator("#text").press("Enter")
    await expect(tab.get_by_role("alert")).to_contain_text("The file is larger than")
    await expect(tab.locator("#text")).to_have_value("/draw-from a woodcut")
    await expect(tab.locator("#attached li")).to_have_text(["garden.png×"])
    assert await tab.locator("#slots input").evaluate("input => input.files[0].name") == "garden.png"


async def test_files_of_the_bot_are_downloaded(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    graph = '{"name": "Möwe über Hafen"}'.encode()
    await page.front.post(MAIN, Post("Here.", file=FileOut("Möwe über Hafen.json", "application/json", graph)))
    async with tab.expect_download() as waiting:
        await tab.get_by_text("⬇ Möwe über Hafen.json").click()
    download = await waiting.value
    assert download.suggested_filename == "Möwe über Hafen.json"
    assert (await download.path()).read_bytes() == graph


async def test_suggestions_for_a_setting(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await tab.keyboard.type("/settings set name=controls value=")
    await expect(tab.get_by_role("option")).to_have_text(["buttons", "reactions", "both", "default"])
    await tab.locator("#text").fill("")
    await tab.keyboard.type("/imagine backend=easel sampler=DPM")
    await expect(tab.get_by_role("option")).to_have_text(["DPM++ 2M"])
    await tab.keyboard.press("Tab")
    await expect(tab.locator("#text")).to_have_value('/imagine backend=easel sampler="DPM++ 2M"')
