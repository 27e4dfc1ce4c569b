"""Starting, stopping, and groups that move or have topics."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from bot.domain.errors import ConfigurationError, PlatformError
from bot.domain.places import ChatKey
from bot.domain.posts import PictureView, Post
from bot.frontends.telegram.frontend import TelegramFrontEnd
from bot.frontends.telegram.notes import StoredNotes
from bot.storage.database import Database
from tests.end_to_end.telegram.conftest import TOKEN, World
from tests.end_to_end.telegram.pictures import take
from tests.end_to_end.telegram.recording import MemoryNotes, RecordingEngine
from tests.end_to_end.telegram.standin import StandIn

if TYPE_CHECKING:
    from bot.engine.engine import Engine


def front_end(url: str) -> TelegramFrontEnd:
    return TelegramFrontEnd(TOKEN, url, cast("Engine", RecordingEngine()), notes=MemoryNotes())


async def test_an_unreachable_server_does_not_stop_the_start() -> None:
    front = front_end("http://127.0.0.1:9")
    await front.start()
    with pytest.raises(PlatformError) as caught:
        await front.post(ChatKey("telegram", "", "5"), Post("hello"))
    assert not caught.value.uncertain
    await front.stop()


async def test_a_server_that_comes_up_later_is_found() -> None:
    async with StandIn() as server:
        server.faults.append({"method": "getMe", "code": 502, "times": 1})
        front = front_end(server.url)
        await front.start()
        ann = await server.user("Ann")
        await ann.say("/imagin")
        assert "Did you mean" in (await ann.expect())["text"]
        await front.stop()


async def test_a_refused_token_is_said_without_the_token(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    async with StandIn() as server:
        server.refused_token = TOKEN
        front = front_end(server.url)
        with pytest.raises(ConfigurationError) as caught:
            await front.start()
        await front.stop()
    assert "[telegram] token" in caught.value.message
    assert TOKEN not in str(caught.value)
    assert caught.value.__cause__ is None
    printed = capsys.readouterr()
    assert TOKEN.split(":")[1] not in printed.out + printed.err + "".join(
        r.getMessage() for r in caplog.records if r.levelno > logging.DEBUG
    )


async def test_a_group_that_moved_is_followed(world: World) -> None:
    ann = await world.people.user("Ann")
    old = await world.people.group("Guild", ann, (), bot_admin=True)
    new = await world.people.group("Guild, grown", ann, (), bot_admin=True)
    await world.people.fault("sendMessage", 400, migrate_to_chat_id=new, times=1)
    await world.front.post(ChatKey("telegram", "", str(old)), Post("hello, everybody"))
    assert (await ann.expect(chat=new))["text"] == "hello, everybody"
    assert world.engine.moves == [(ChatKey("telegram", "", str(old)), ChatKey("telegram", "", str(new)))]
    await world.front.post(ChatKey("telegram", "", str(old)), Post("again"))
    assert (await ann.expect(chat=new))["text"] == "again"


async def test_topics_are_chats_of_their_own(world: World, tmp_path: Path) -> None:
    if isinstance(world.people, StandIn):
        pytest.skip("the stand-in has no topics")
    ann = await world.people.user("Ann")
    group = await world.people.group("Guild", ann, (), bot_admin=True, is_forum=True)
    topic = (await world.people.post("topic", user=ann.id, chat=group, name="The mill"))["message_thread_id"]
    await ann.say("/imagine@vignette_test_bot x", chat=group, thread=topic)
    await world.engine.until(lambda: world.engine.ran)
    call = world.engine.ran[0]
    assert (call.chat, call.target) == (ChatKey("telegram", "", str(group), str(topic)), None)
    view = PictureView(key="abc", chat=call.chat, state="done", text="", alt="", takes=(take(tmp_path, 1),))
    shown = await world.front.show(view)
    posted = await ann.expect(chat=group)
    assert posted["message_thread_id"] == topic
    await world.restart()
    await ann.react(posted, "👌")
    await world.engine.until(lambda: world.engine.reacted)
    assert world.engine.reacted == [(shown.message_id, "👌")]
    assert world.engine.reacted_in == [call.chat]
    await ann.say("general talk", chat=group)
    await world.engine.until(lambda: world.engine.heard)
    assert world.engine.heard[0].chat == ChatKey("telegram", "", str(group))


async def test_notes_are_kept_in_the_database(tmp_path: Path) -> None:
    db = await Database.open(tmp_path / "notes.db")
    notes = StoredNotes(db)
    await notes.put("telegram:ask:1:2", "one")
    await notes.put("telegram:ask:1:2", "two")
    await db.close()
    db = await Database.open(tmp_path / "notes.db")
    notes = StoredNotes(db)
    assert await notes.get("telegram:ask:1:2") == "two"
    await notes.remove("telegram:ask:1:2")
    assert await notes.get("telegram:ask:1:2") is None
    await db.close()
