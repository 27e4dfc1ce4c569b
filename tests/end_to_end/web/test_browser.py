"""The page in a real browser: what its scripts do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from providers.contract import ChatEvent, ChatRequest, TextDelta
from tests.end_to_end.web.served import Served, served
from tests.fakes import FakeBackend, FakeChat

pytestmark = pytest.mark.browser
WISH = "Send me a picture of a lighthouse at night."


async def opened(person: BrowserContext, page: Served) -> Page:
    tab = await person.new_page()
    await tab.goto(page.url)
    await expect(tab.locator(".line.character")).to_have_count(1)
    return tab


async def say(tab: Page, words: str) -> None:
    await tab.locator("#text").fill(words)
    await tab.locator("#text").press("Enter")


class Slow:
    """An answer that comes in two parts, the second when told."""

    def __init__(self, page: Served) -> None:
        self.go_on = asyncio.Event()
        page.chat.queue(self._answer)

    async def _answer(self, request: ChatRequest) -> Sequence[ChatEvent]:
        await self.go_on.wait()
        return (TextDelta("The wind "), TextDelta("turns."))


async def test_talk_by_keyboard_alone(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await expect(tab.locator("#text")).to_be_focused()
    page.chat.queue("*She waves.*")
    await tab.keyboard.type("Good evening")
    await tab.keyboard.press("Shift+Enter")
    await tab.keyboard.type("and good night")
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".line.player .text")).to_have_text(re.compile(r"Good evening\s+and good night"))
    await expect(tab.locator(".line.character .text em").last).to_have_text("She waves.")
    await expect(tab.locator("#text")).to_have_value("")
    await expect(tab.locator("#announcer")).to_have_text("Mirren: She waves.")


async def test_two_tabs_see_the_same_and_a_reload_changes_nothing(page: Served, person: BrowserContext) -> None:
    first, second = await opened(person, page), await opened(person, page)
    slow = Slow(page)
    await say(first, "Well?")
    for tab in (first, second):
        await expect(tab.locator(".line.player")).to_have_count(1)
        await expect(tab.locator(".line.live")).to_have_count(1)
    await second.reload()
    await expect(second.locator(".line.live")).to_have_count(1)
    assert await second.locator("#announcer").text_content() == ""
    slow.go_on.set()
    for tab in (first, second):
        await expect(tab.locator(".line.character .text").last).to_have_text("The wind turns.")
        await expect(tab.locator(".line.live")).to_have_count(0)
        await expect(tab.locator(".line")).to_have_count(3)


async def test_pictures(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    page.backend.gate = asyncio.Event()
    await say(tab, WISH)
    await expect(tab.get_by_role("button", name="Cancel")).to_be_visible()
    await tab.reload()
    await expect(tab.get_by_role("button", name="Cancel")).to_be_visible()
    page.backend.gate.set()
    await expect(tab.get_by_role("img", name="lighthouse at night")).to_be_visible()
    await tab.get_by_role("button", name="Next picture").focus()
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".picture")).to_contain_text("2/2")
    await expect(tab.get_by_role("button", name="Next picture")).to_be_focused()  # where it was, after the picture was put anew
    await tab.get_by_role("button", name="Previous picture").click()
    await expect(tab.locator(".picture")).to_contain_text("1/2")
    await tab.get_by_role("button", name="Edit the prompt").click()
    await tab.get_by_role("textbox", name="Prompt", exact=True).fill("a red lighthouse")
    await tab.get_by_role("button", name="OK").click()
    await expect(tab.locator(".picture")).to_contain_text("3/3")
    await expect(tab.locator("dialog.form")).to_have_count(0)
    await tab.get_by_role("button", name="How this was drawn").click()
    await expect(tab.locator(".note")).to_contain_text("a red lighthouse")
    await tab.get_by_role("button", name="Delete this picture").click()
    await expect(tab.locator(".picture")).to_have_count(0)


async def test_a_proposal_is_edited_and_drawn(template: Path, tmp_path: Path, person: BrowserContext) -> None:
    async with served(template, tmp_path, approve_words="ask") as page:
        tab = await opened(person, page)
        await say(tab, WISH)
        await tab.get_by_role("button", name="Edit prompt").click()
        await tab.get_by_role("textbox", name="Prompt", exact=True).fill("a green lighthouse")
        await tab.get_by_role("button", name="OK").click()
        await expect(tab.locator(".picture.done img")).to_be_visible()
        assert [spec.prompt for spec in page.backend.specs] == ["a green lighthouse"]
        await say(tab, WISH)
        await tab.get_by_role("button", name="Dismiss").click()
        await expect(tab.locator(".picture.cancelled")).to_contain_text("Dismissed")


async def test_an_offer_is_taken(template: Path, tmp_path: Path, person: BrowserContext) -> None:
    async with served(template, tmp_path, approve_words="manual") as page:
        tab = await opened(person, page)
        await say(tab, WISH)
        await expect(tab.locator(".note")).to_contain_text("Shall I draw")
        await tab.reload()
        await expect(tab.locator(".note")).to_have_count(1)
        await tab.get_by_role("button", name="Draw").click()
        await expect(tab.locator(".note")).to_have_count(0)
        await expect(tab.locator(".note, .picture")).to_have_count(1)


async def test_the_menu_of_a_message(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await tab.locator(".line.character .menu").press("Enter")
    await expect(tab.get_by_role("menuitem", name="Illustrate this")).to_be_focused()
    await tab.keyboard.press("ArrowDown")
    await expect(tab.get_by_role("menuitem", name="Draw as written")).to_be_focused()
    await tab.keyboard.press("Escape")
    await expect(tab.locator(".line.character .menu")).to_be_focused()
    await tab.locator(".line.character .menu").press("Enter")
    await tab.get_by_role("menuitem", name="Draw as written").press("Enter")
    await expect(tab.locator(".picture.done img")).to_be_visible()


async def test_commands_are_suggested_and_found(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await tab.keyboard.type("/imag")
    await expect(tab.get_by_role("option").first).to_contain_text("/imagine")
    await expect(tab.locator("#text")).to_have_attribute("aria-expanded", "true")
    await tab.keyboard.press("Tab")
    await expect(tab.locator("#text")).to_have_value("/imagine ")
    await tab.keyboard.press("Escape")
    await tab.keyboard.press("Control+k")
    await expect(tab.locator("#find")).to_be_focused()
    await tab.keyboard.type("under way")
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".note")).to_contain_text("Nothing is being drawn")
    await tab.locator(".note .close").click()
    await expect(tab.locator(".note")).to_have_count(0)


async def test_forget(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await say(tab, "Remember me.")
    await expect(tab.locator(".line")).to_have_count(3)
    await say(tab, "/forget")
    await tab.get_by_role("button", name="Erase everything").click()
    await expect(tab.locator(".line")).to_have_count(0)


async def test_a_background_is_painted(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await say(tab, "/imagine background")
    await expect(tab.locator(".picture.done")).to_have_count(1)
    await expect(tab.locator("#backdrop")).to_have_css("background-image", f'url("{page.url}/asset/{await shown(tab)}")')


async def shown(tab: Page) -> str:
    source = await tab.locator(".picture .shown").get_attribute("src")
    assert source is not None
    return source.rpartition("/")[2]


async def test_markup_is_never_run(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    asked: list[str] = []
    tab.on("dialog", lambda dialog: asked.append(dialog.message))
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    page.chat.queue(evil)
    await say(tab, evil)
    await expect(tab.locator(".line.character .text").last).to_have_text(evil)
    await say(tab, f"/imagine {evil}")
    await expect(tab.locator(".picture.done")).to_have_count(1)
    await tab.get_by_role("button", name="How this was drawn").click()
    await expect(tab.locator(".note")).to_contain_text("onerror")
    assert asked == []


async def test_a_restart_while_the_page_is_open(template: Path, tmp_path: Path, person: BrowserContext) -> None:
    """The page connects again by itself, shows what was said meanwhile, and what is typed afterwards arrives, all of it once."""
    async with served(template, tmp_path) as page:
        tab = await opened(person, page)
        await say(tab, "Before.")
        await expect(tab.locator(".line")).to_have_count(3)
        port = page.front.port
    await expect(tab.locator("#away")).to_be_visible()
    await say(tab, "Lost?")
    await expect(tab.locator("#text")).to_have_value("Lost?")  # a failed message goes back into the box
    async with served(template, tmp_path, port=port) as page:
        await page.load()
        await page.say("Meanwhile.")
        await expect(tab.locator(".line.player")).to_have_count(2)
        await expect(tab.locator("#away")).to_be_hidden()
        await tab.locator("#text").press("Enter")  # with the new process's own token
        await expect(tab.locator(".line.player .text")).to_have_text(["Before.", "Meanwhile.", "Lost?"])
        await expect(tab.locator(".line")).to_have_count(7)


async def test_a_file_that_is_too_large_is_not_even_sent(page: Served, person: BrowserContext, tmp_path: Path) -> None:
    tab = await opened(person, page)
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(21 * 2**20)
    await tab.locator("#say [type=file]").set_input_files(large)
    await say(tab, "Look!")
    await expect(tab.get_by_role("alert")).to_have_text("The file is larger than 20 MiB.")
    await expect(tab.locator("#text")).to_have_value("Look!")


async def test_a_character_is_added_and_a_story_begun(page: Served, person: BrowserContext) -> None:
    tab = await opened(person, page)
    await tab.locator("#open-side").click()
    card = b'{"name": "Tom", "description": "a sailor", "first_mes": "Ahoy!"}'
    await tab.locator(".cards [type=file]").set_input_files({"name": "tom.json", "mimeType": "application/json", "buffer": card})
    await tab.get_by_role("button", name="Import").click()
    await expect(tab.locator(".note")).to_contain_text("Tom has joined")
    await tab.reload()
    await tab.locator("#open-side").click()
    await tab.get_by_label("Talk with").select_option("Tom")
    await tab.get_by_role("button", name="Begin").click()
    await expect(tab.locator("#who")).to_have_text("Tom")
    await expect(tab.locator(".line.character .text")).to_have_text("Ahoy!")
    await say(tab, "/character use Mirren")
    await expect(tab.locator("#who")).to_have_text("Mirren")


async def test_a_phone(template: Path, tmp_path: Path, person: BrowserContext) -> None:
    """Nothing is wider than a phone, whatever people are called."""
    async with served(template, tmp_path, chat=FakeChat(usual="w" * 400, tools=False), backend=FakeBackend()) as page:
        tab = await opened(person, page)
        await tab.set_viewport_size({"width": 320, "height": 640})
        await say(tab, f'/persona name="{"Wilhelmina" * 8}"')
        await say(tab, "https://example.org/" + "a" * 300)
        await say(tab, WISH)
        await expect(tab.locator(".picture.done")).to_have_count(1)
        for path in ("", "gallery"):
            await tab.goto(f"{page.url}/c/main/{path}")
            widths = await tab.locator("html").evaluate("html => [html.scrollWidth, html.clientWidth]")
            assert widths[0] <= widths[1]
