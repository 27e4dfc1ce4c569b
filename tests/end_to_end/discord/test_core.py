"""The core scenarios on the project's own small stand-in, with the real discord.py over loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.domain.errors import BadFile, ConfigurationError, PlatformError
from bot.domain.events import Attachment, CommandCall, Press, Submission
from bot.domain.places import ChatKey
from bot.domain.platform import Responder
from bot.domain.posts import Button, PictureView, Post, Shown, Speaker, TakeView
from bot.frontends.discord.front_end import DiscordFrontEnd
from tests.end_to_end.discord.recording import EDIT_FORM, RecordingEngine, until
from tests.end_to_end.discord.standin import BOT, CHANNEL, GUILD, MESSAGE_CONTENT, PERSON, TOKEN, V2, StandIn

CHAT = ChatKey("discord", GUILD, CHANNEL)
CHAT_INPUT, MESSAGE_MENU = 1, 3


@asynccontextmanager
async def running(discord: StandIn, engine: RecordingEngine, token: str = TOKEN) -> AsyncIterator[DiscordFrontEnd]:
    front = DiscordFrontEnd(token, engine, api_base=f"{discord.url}/api/v10")  # type: ignore[arg-type]
    try:
        await front.start()
        await until(front.ready.is_set, "connected")
        await until(lambda: discord.commands, "commands")
        yield front
    finally:
        await front.stop()


@pytest.fixture
async def discord() -> AsyncIterator[StandIn]:
    async with StandIn() as server:
        yield server


@pytest.fixture
async def front(discord: StandIn, engine: RecordingEngine) -> AsyncIterator[DiscordFrontEnd]:
    async with running(discord, engine) as started:
        yield started


async def posted(_: str) -> None:
    return None


async def test_a_message_and_a_streamed_reply(discord: StandIn, front: DiscordFrontEnd, engine: RecordingEngine) -> None:
    asked = await discord.say(f"<@{BOT}> good evening")
    event = await until(lambda: engine.heard and engine.heard[0], "the message")
    assert (event.text, event.chat, event.addressed, event.author.id) == ("good evening", CHAT, True, PERSON)
    assert event.author.manager
    assert event.place.age_restricted
    sink = await front.open_reply(CHAT, speaker=Speaker("Mira"), reply_to=asked["id"], existing=(), posted=posted)
    sink.show("Good")
    await until(lambda: any(m["content"] == "Good" for m in discord.messages.values()), "the first words")
    sink.show("never seen, newer words follow")
    (first, second) = await sink.finish("Good evening. " * 200, ((Button("again:k", "🔁"),),))
    assert discord.messages[first]["content"].startswith("Good evening.")
    assert [c["custom_id"] for c in discord.messages[second]["components"][0]["components"]] == ["again:k"]


async def test_a_lost_answer_is_asked_for_again(discord: StandIn, front: DiscordFrontEnd) -> None:
    discord.drop_answers = 1
    message_id = await front.post(CHAT, Post("once"))
    assert list(discord.messages) == [message_id]
    discord.drop_answers = 2
    with pytest.raises(PlatformError) as caught:
        await front.post(CHAT, Post("maybe"))
    assert caught.value.uncertain


async def test_commands_are_registered_and_run(discord: StandIn, front: DiscordFrontEnd, engine: RecordingEngine) -> None:
    names = {(c["name"], c["type"]) for c in discord.commands}
    assert {("imagine", CHAT_INPUT), ("sd", CHAT_INPUT), ("style", CHAT_INPUT), ("Illustrate this", MESSAGE_MENU)} <= names
    imagine = next(c for c in discord.commands if c["name"] == "imagine")
    steps = next(o for o in imagine["options"] if o["name"] == "steps")
    assert (steps["type"], steps["min_value"], steps["max_value"]) == (4, 1, 150)
    options = [{"name": "use", "type": 1, "options": [{"name": "name", "type": 3, "value": "noir"}]}]
    number = await discord.interact(2, {"id": "1", "name": "style", "type": CHAT_INPUT, "options": options})
    await until(lambda: discord.messages.get(number, {}).get("content") == "On it: style use", "the answer")
    assert discord.answers[0]["type"] == 5
    assert engine.calls[0].arguments == {"name": "noir"}
    words = {"id": "55", "channel_id": CHANNEL, "content": "The sea.", "author": {"id": PERSON}}
    data = {"id": "2", "name": "Illustrate this", "type": MESSAGE_MENU, "target_id": "55", "resolved": {"messages": {"55": words}}}
    await discord.interact(2, data)
    await until(lambda: len(engine.calls) == 2, "the action")
    assert (engine.calls[1].target, engine.calls[1].target_text) == ("55", "The sea.")


async def test_autocomplete(discord: StandIn, front: DiscordFrontEnd) -> None:
    options = [{"name": "model", "type": 3, "value": "eu", "focused": True}]
    await discord.interact(4, {"id": "1", "name": "imagine", "type": CHAT_INPUT, "options": options})
    await until(lambda: discord.answers, "the suggestions")
    assert [c["value"] for c in discord.answers[0]["data"]["choices"]] == ["euler"]


async def test_private_answers_and_acknowledgements(discord: StandIn, front: DiscordFrontEnd, engine: RecordingEngine) -> None:
    async def private(call: CommandCall, responder: Responder) -> None:
        await responder.answer(Post("only for you", private=True, passing="passing" in call.arguments.get("prompt", "")))

    engine.on_run = private
    number = await discord.interact(2, {"id": "1", "name": "imagine", "type": CHAT_INPUT})
    await until(lambda: discord.followups and number not in discord.messages, "the private answer, and the waiting note gone")
    assert discord.followups[0]["flags"] & 64
    options = [{"name": "prompt", "type": 3, "value": "passing"}]
    number = await discord.interact(2, {"id": "1", "name": "imagine", "type": CHAT_INPUT, "options": options})
    await until(lambda: len(engine.calls) == 2 and number not in discord.messages, "nothing left of the second call")
    assert len(discord.followups) == 1


async def test_buttons_and_modals_need_no_memory(discord: StandIn, front: DiscordFrontEnd, engine: RecordingEngine) -> None:
    async def press(press: Press, responder: Responder) -> None:
        if press.control == "edit:k1":
            await responder.ask(EDIT_FORM)

    async def submit(submission: Submission, responder: Responder) -> None:
        await responder.answer(Post("changed", private=True))

    engine.on_press, engine.on_submit = press, submit
    old = await discord.say("a picture of long ago")
    await discord.interact(3, {"custom_id": "next:k1", "component_type": 2}, old)
    await until(lambda: engine.presses, "the press")
    assert (discord.answers[0]["type"], engine.presses[0].message_id) == (6, old["id"])
    await discord.interact(3, {"custom_id": "edit:k1", "component_type": 2}, old)
    await until(lambda: len(discord.answers) == 2, "the modal")
    assert (discord.answers[1]["type"], discord.answers[1]["data"]["custom_id"]) == (9, "edit:k1")
    field = {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a castle"}}
    await discord.interact(5, {"custom_id": "edit:k1", "components": [field]}, old)
    await until(lambda: discord.followups, "the answer")
    assert engine.submissions[0].values == {"prompt": "a castle"}


def takes(folder: Path, count: int, handles: dict[int, str]) -> tuple[TakeView, ...]:
    views = []
    for n in range(count):
        path = folder / str(n)
        Image.new("RGB", (8, 8), (n * 20, 0, 0)).save(path, "PNG")
        views.append(TakeView(n, path, f"take-{n}.png", "image/png", 8, 8, path.stat().st_size, handles.get(n)))
    return tuple(views)


def view(folder: Path, count: int, index: int, after: Shown, **more: Any) -> PictureView:
    rows = ((Button("next:k1", "▶"),),)
    fields: dict[str, Any] = {"key": "k1", "chat": CHAT, "state": "done", "text": "caption", "alt": "the sea", "index": index, "rows": rows}
    return PictureView(**{**fields, "takes": takes(folder, count, after.handles), "message_id": after.message_id or None, **more})


@pytest.mark.parametrize(("naming", "uploading", "same_post"), [(True, True, True), (False, True, True), (False, False, False)])
async def test_flips_however_discord_treats_files(
    engine: RecordingEngine, tmp_path: Path, naming: bool, uploading: bool, same_post: bool
) -> None:
    async with StandIn(naming=naming, uploading=uploading) as discord, running(discord, engine) as front:
        shown = await front.show(view(tmp_path, 0, 0, Shown(""), state="drawing", progress=0.5))
        first = shown.message_id
        assert discord.messages[first]["flags"] & V2
        sizes = [t.size for t in takes(tmp_path, 3, {})]
        for index in (0, 1, 2, 0, 1):
            known = index in shown.handles
            shown = await front.show(view(tmp_path, 3, index, shown))
            assert (shown.uploaded == 0) if known and naming else (shown.uploaded % sizes[index] == 0 and shown.uploaded > 0)
            gallery = discord.messages[shown.message_id]["components"][0]["items"][0]
            number = json.loads(shown.handles[index])["file"]
            assert gallery["media"]["attachment_id"] == str(number)
            assert gallery["description"] == "the sea"
            assert discord.files[str(number)][1] == (tmp_path / str(index)).read_bytes()
        assert (shown.message_id == first) is same_post
        assert list(discord.messages) == [shown.message_id]
        assert len(shown.handles) == (3 if naming else 1)
        assert await front.find(CHAT, "k1") == shown.message_id
        assert await front.find(CHAT, "other") is None


async def test_reactions_press_and_are_placed(discord: StandIn, front: DiscordFrontEnd, engine: RecordingEngine, tmp_path: Path) -> None:
    shown = await front.show(view(tmp_path, 1, 0, Shown(""), reactions=("prev", "next")))
    await until(lambda: len(discord.reactions) == 2, "control reactions")
    assert [emoji for _, emoji in discord.reactions] == ["◀️", "▶️"]
    await discord.react(shown.message_id, "🍎")
    await discord.react(shown.message_id, "▶️")
    await until(lambda: engine.reactions, "the press")
    assert engine.reactions == [(PERSON, shown.message_id, "▶️")]


async def test_what_was_said_meanwhile_is_caught_up(discord: StandIn, engine: RecordingEngine) -> None:
    from datetime import UTC, datetime

    from discord.utils import time_snowflake

    async with running(discord, engine):
        await discord.say("vignette, before")
        await until(lambda: engine.heard, "the first")
    engine.seen[CHAT] = str(time_snowflake(datetime.now(UTC)) - 10)
    missed = str(time_snowflake(datetime.now(UTC)) + 10)
    discord.messages[missed] = {**discord.messages[engine.heard[0].message_id], "id": missed, "content": "meanwhile"}
    async with running(discord, engine):
        await until(lambda: len(engine.heard) == 2, "the missed one")
    assert [e.text for e in engine.heard] == ["vignette, before", "meanwhile"]
    assert discord.syncs == 1


async def test_life_without_message_content(engine: RecordingEngine) -> None:
    async with StandIn(content_granted=False) as discord, running(discord, engine):
        assert [bool(i & MESSAGE_CONTENT) for i in discord.identified] == [True, False]
        await discord.say(f"<@{BOT}> hello")
        await until(lambda: engine.heard, "the mention")


async def test_a_wrong_token(discord: StandIn, engine: RecordingEngine) -> None:
    with pytest.raises(ConfigurationError):
        async with running(discord, engine, "wrong"):
            raise AssertionError("not reached")


async def test_only_discords_own_addresses_are_fetched(discord: StandIn, front: DiscordFrontEnd) -> None:
    for address in (
        "http://169.254.169.254/latest",
        "https://cdn.discordapp.com.evil.example/a",
        "file:///etc/passwd",
        "http://127.0.0.1:1/x",
    ):
        handle = json.dumps({"channel": None, "message": None, "id": 1, "url": address})
        with pytest.raises(BadFile):
            await front.fetch(Attachment(name="a", mime="text/plain", size=1, handle=handle), 100)


async def test_an_answered_message_is_asked_for_only_when_the_bot_is_meant(
    discord: StandIn, front: DiscordFrontEnd, engine: RecordingEngine
) -> None:
    """Discord hands the answered message over, mostly. Where it does not, a call is made for those who speak to the bot."""
    theirs = discord.earlier("my garden", garden=b"roses")
    reference = {"type": 0, "message_id": theirs["id"], "channel_id": CHANNEL, "guild_id": GUILD}
    await discord.say("look at that", type=19, message_reference=reference)
    await discord.say(f"<@{BOT}> draw this", type=19, message_reference=reference)
    await until(lambda: len(engine.heard) == 2, "the messages")
    assert discord.read == [theirs["id"]]
    by_words = {event.text: event.replied_attachments for event in engine.heard}
    assert by_words["look at that"] == ()
    (file,) = by_words["draw this"]
    assert (file.name, file.mime) == ("garden.png", "image/png")
    assert await front.fetch(file, 100) == b"roses"
    await discord.say(f"<@{BOT}> and this", type=19, message_reference={"type": 0, "message_id": "1", "channel_id": CHANNEL})
    await until(lambda: len(engine.heard) == 3, "the third")
    assert engine.heard[2].replied_attachments == ()
    assert engine.heard[2].reply_to == "1"
