"""Talking on the page, over HTTP: what comes back, and what a page loaded later shows."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.events import Incoming
from bot.frontends.web.story import PLACE, StoryReader
from bot.storage import entries, inbox
from providers.contract import ChatEvent, ChatRequest, TextDelta
from providers.errors import ErrorKind
from tests.end_to_end.web.looks import WISH, controls, drawn, press, texts
from tests.end_to_end.web.served import MAIN, Served, served
from tests.fakes import FakeChat, png, provider_error

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><b>`"


async def test_talk(page: Served) -> None:
    await page.load()
    assert len(texts(page, "character")) == 1  # the greeting
    page.chat.queue("*She nods.* **Come in.**")
    assert (await page.say("Good evening.")).status_code == 204
    assert texts(page, "player") == ["Good evening."]
    assert "<em>She nods.</em> <strong>Come in.</strong>" in page.html
    assert (await page.load()).count("Come in.") == 1


async def test_the_same_message_twice_is_heard_once(page: Served) -> None:
    for _ in range(3):
        assert (await page.say("Once, please.", id="3f-2a")).status_code == 204
    assert texts(page, "player") == ["Once, please."]
    assert len(page.chat.requests) == 1


@pytest.mark.parametrize("words", ["", "   ", "\n\t "])
async def test_nothing_is_not_a_message(page: Served, words: str) -> None:
    assert (await page.say(words)).status_code == 204
    assert texts(page, "player") == []
    assert page.chat.requests == []


@pytest.mark.parametrize(
    "words", ["🔥🐱‍👤", "x" * 4000, "**" * 900, "```\nopen", "{{user}} {{random::a::b}}", "// not a command", "ä\u202eb"]
)
async def test_strange_messages_are_shown_as_they_are(page: Served, words: str) -> None:
    assert (await page.say(words)).status_code == 204
    assert len(texts(page, "player")) == 1
    assert len(texts(page, "character")) == 2


async def test_markup_in_words_names_and_prompts_stays_text(page: Served) -> None:
    page.chat.queue(f"You said {EVIL}")
    await page.say(f"/persona name={json.dumps(EVIL[:60])} {EVIL}")
    await page.say(EVIL)
    await page.say(f"/imagine {EVIL}")
    await drawn(page)
    gallery = await page.load("/c/main/gallery")
    story = await page.load()
    info = await press(page, "info")
    form = await press(page, "edit")
    for shown in (story, gallery, info, form):
        assert "alert(1)" in shown
        assert "<script>alert" not in shown
        assert not re.search(r"<img[^>]*onerror", re.sub(r'"[^"]*"', '""', shown))
        assert not re.search(r"<b>", shown)


async def test_a_page_loaded_in_the_middle_of_a_reply_shows_it(page: Served) -> None:
    await page.load()
    go_on = asyncio.Event()
    begun = asyncio.Event()

    async def slowly(request: ChatRequest) -> Sequence[ChatEvent]:
        begun.set()
        await go_on.wait()
        return (TextDelta("At last."),)

    page.chat.queue(slowly)
    await page.post("say", text="Well?")
    await begun.wait()
    story = await page.load()
    assert story.count('aria-busy="true"') == 1
    assert texts(page, "player") == ["Well?"]
    go_on.set()
    await page.engine.services.lanes.idle()
    assert (await page.load()).count("At last.") == 1
    assert "aria-busy" not in page.html


async def test_a_message_that_was_only_received_is_on_the_page(page: Served) -> None:
    """As after a crash right behind the intake, before the story has it."""
    await page.load()
    author = await StoryReader(page.engine, page.front).person()
    event = Incoming(
        chat=MAIN, place=PLACE, author=author, message_id="w1", text="<i>Hello?</i>", sent_at=datetime.now(UTC), addressed=True
    )
    async with page.engine.services.db.write() as c:
        await inbox.receive(c, MAIN, "message", event.message_id, event.model_dump_json())
    await page.load()
    assert texts(page, "player") == ["<i>Hello?</i>"]
    await page.engine.start()  # takes up what is not finished, as after a crash
    await page.engine.services.lanes.idle()
    await page.load()
    assert texts(page, "player") == ["<i>Hello?</i>"]
    assert len(texts(page, "character")) == 2


async def test_a_failed_answer_can_be_tried_again_even_after_a_restart(template: Path, tmp_path: Path) -> None:
    async with served(template, tmp_path, chat=FakeChat(tools=False)) as page:
        page.chat.queue(provider_error(ErrorKind.UNREACHABLE))
        await page.say("Are you there?")
        assert "reanswer" in controls(page.html)
        assert (await page.load()).count("Try again") == 1
    async with served(template, tmp_path) as page:
        await page.load()
        assert texts(page, "player") == ["Are you there?"]
        assert page.html.count("Try again") == 1
        page.chat.queue("Here I am.")
        await press(page, "reanswer")
        await page.engine.services.lanes.idle()
        await page.load()
        assert texts(page, "character")[1:] == ["Here I am."]
        assert "Try again" not in page.html


async def test_a_reply_that_was_stopped_is_not_written_after_a_restart(template: Path, tmp_path: Path) -> None:
    never, begun = asyncio.Event(), asyncio.Event()

    async def endless(request: ChatRequest) -> Sequence[ChatEvent]:
        begun.set()
        await never.wait()
        return ()

    async with served(template, tmp_path) as page:
        await page.load()
        page.chat.queue(endless)
        await page.post("say", text="Tell me everything.")
        await begun.wait()
        assert "Stopped." in (await page.post("say", text="/cancel")).text
        assert "aria-busy" not in await page.load()
        assert texts(page, "player") == ["Tell me everything."]
    async with served(template, tmp_path) as page:
        await page.engine.services.lanes.idle()
        await page.load()
        assert page.chat.requests == []
        assert len(texts(page, "character")) == 1
        assert "reanswer" in controls(page.html)


async def test_retry_writes_the_answer_anew_in_its_place(page: Served) -> None:
    page.chat.queue("First.", "Second.")
    await page.say("Say something.")
    element = re.findall(r'<article id="([^"]+)" class="line character"', page.html)[-1]
    await page.say("/retry")
    assert texts(page, "character")[1:] == ["Second."]
    assert re.findall(r'<article id="([^"]+)" class="line character"', page.html)[-1] == element


async def test_forget_empties_the_page(page: Served) -> None:
    await page.say("Remember me.")
    await page.say(WISH)
    await drawn(page)
    asked = (await page.post("say", text="/forget")).text
    assert "Forgotten." in await press(page, "forget", asked)
    await page.load()
    assert texts(page, "player") == []
    assert 'class="picture' not in page.html
    assert page.front.notes == {}


async def test_persona_and_a_new_story_with_an_imported_character(page: Served) -> None:
    await page.say('/persona name="Ann"')
    await page.say("It is me.")
    assert '<span class="name">Ann</span>' in page.html
    card = json.dumps({"name": "Old <b>Tom</b>", "description": "a sailor", "first_mes": "Ahoy {{user}}!"})
    imported = await page.post("import", files={"file": ("tom.json", card, "application/json")})
    assert "has joined" in imported.text
    assert "<b>Tom" not in await page.load()
    tom = re.search(r'<option value="(\d+)" >Old', page.html)
    assert tom
    begun = (await page.client.post("/new", data={"character": tom[1]}, headers=page.token)).json()["go"]
    story = await page.load(begun)
    assert "Ahoy Ann!" in story
    assert "Old &lt;b&gt;Tom&lt;/b&gt;" in story
    assert (await page.client.get("/")).headers["location"] == begun
    assert "It is me." not in story


async def test_hostile_cards_are_refused_with_a_reason(page: Served) -> None:
    for name, data in {"a.png": b"\x89PNG\r\n\x1a\n" + b"x" * 50, "a.json": b"{", "b.json": b"[" * 100_000, "c.png": png()}.items():
        answer = await page.post("import", files={"file": (name, data, "application/octet-stream")})
        assert answer.status_code == 200
        assert 'class="note"' in answer.text
        assert "log under" not in answer.text


async def test_unknown_commands_and_buttons_say_so(page: Served) -> None:
    assert "There is no command" in (await page.post("say", text="/dance")).text
    for control in ("dance:x", "", ":::", "again:nobody", "x" * 500, "forget:999999999999999999999", "page:٣"):
        answer = await page.post("press", control=control, message="<x>")
        assert answer.status_code == 200
        assert 'class="note"' in answer.text
    assert "another version" in (await page.post("form", form="dance:x")).text


async def test_settings_are_suggested_and_changed(page: Served) -> None:
    await page.load()
    assert (await page.client.get("/c/main/complete?command=settings&option=name&typed=ca")).status_code == 200
    assert (await page.client.get("/c/main/complete?command=nothing&option=x&typed=y")).json() == []


async def test_older_entries_are_loaded_on_demand(page: Served) -> None:
    await page.load()
    chat = await StoryReader(page.engine, page.front).known("main")
    assert chat is not None
    async with page.engine.services.db.write() as c:
        for number in range(130):
            await entries.add(c, chat.id, "player", f"line {number}.", author_id="local", author_name="You")
    await page.load()
    assert len(texts(page, "player")) == 60
    more = re.search(r'data-more="(\d+)"', page.html)
    assert more
    older = (await page.client.get(f"/c/main/?before={more[1]}")).text
    assert "line 69." in older
    assert "line 70." not in older
    assert "<html" not in older
