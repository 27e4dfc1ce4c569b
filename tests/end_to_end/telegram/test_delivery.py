"""From the engine to Telegram: replies, pictures and posts, with everything that can go wrong on the way."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import FileTooLarge, PlatformError
from bot.domain.events import Attachment
from bot.domain.places import ChatKey
from bot.domain.platform import ReplySink
from bot.domain.posts import Button, FileOut, PictureView, Post, Speaker
from tests.end_to_end.telegram.conftest import World
from tests.end_to_end.telegram.pictures import png, take

ROWS = ((Button("prev:abc", "◀"), Button("next:abc", "▶")),)


class Table:
    """A world, a person who has written, and her chat."""

    def __init__(self, world: World, ann: Any) -> None:
        self.world, self.ann = world, ann
        self.key = ChatKey("telegram", "", str(ann.id))
        self.posted: list[str] = []

    async def reply(self, existing: tuple[str, ...] = (), reply_to: str | None = None) -> ReplySink:
        async def posted(message_id: str) -> None:
            self.posted.append(message_id)

        return await self.world.front.open_reply(self.key, speaker=Speaker("Vigne"), reply_to=reply_to, existing=existing, posted=posted)

    async def said(self) -> list[str]:
        """Texts of the bot's messages in the chat, in order."""
        messages = (await self.ann.chat())["messages"]
        return [m["text"] for m in messages if "text" in m and m["from"]["is_bot"]]

    def view(self, **more: Any) -> PictureView:
        waiting = PictureView(key="abc", chat=self.key, state="waiting", text="Waiting…", alt="a mill", rows=ROWS)
        return dataclasses.replace(waiting, **more)


@pytest.fixture
async def table(world: World) -> Table:
    ann = await world.people.user("Ann")
    await ann.say("hello")
    await world.engine.until(lambda: world.engine.heard)
    return Table(world, ann)


# replies


async def test_a_reply_is_formatted(table: Table) -> None:
    sink = await table.reply()
    assert (await table.ann.expect("action"))["action"] == "typing"
    ids = await sink.finish("*She nods.* **Yes** & <no>")
    message = await table.ann.expect()
    assert message["text"] == "She nods. Yes & <no>"
    assert ids == tuple(table.posted) == (str(message["message_id"]),)


async def test_streaming_shows_the_newest_text_and_ends_with_the_last(table: Table) -> None:
    sink = await table.reply()
    text = ""
    for number in range(40):
        text += f"word{number} "
        sink.show(text)
        await asyncio.sleep(0.01)
    await sink.finish(text + "end", ROWS)
    message = await table.ann.expect("edit", where=lambda m: m["text"].endswith("end"))
    assert message["reply_markup"]
    assert len(table.posted) == 1
    assert len(await table.world.people.calls("editMessageText")) < 20


async def test_a_long_reply_takes_several_messages(table: Table) -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 90 for n in range(20))
    sink = await table.reply()
    for end in range(500, len(text), 900):
        sink.show(text[:end])
        await asyncio.sleep(0.02)
    ids = await sink.finish(text)
    said = await table.said()
    assert list(ids) == table.posted
    assert len(ids) == len(said) == 3
    assert "".join("".join(said).split()) == "".join(text.split())


async def test_existing_messages_are_written_over(table: Table) -> None:
    first = await (await table.reply()).finish("a" * 5000)
    table.posted.clear()
    ids = await (await table.reply(first)).finish("short")
    assert ids == first[:1]
    assert table.posted == []
    assert await table.said() == ["short"]


async def test_a_discarded_reply_leaves_nothing(table: Table) -> None:
    sink = await table.reply()
    sink.show("half a sent")
    await table.ann.expect()
    await sink.discard()
    assert await table.said() == []
    kept = await (await table.reply()).finish("kept")
    await (await table.reply(kept)).discard()
    assert await table.said() == ["kept"]


async def test_the_final_text_waits_out_a_flood_limit(table: Table) -> None:
    sink = await table.reply()
    sink.show("beginning")
    await table.ann.expect()
    await table.world.people.fault("editMessageText", 429, retry_after=1, times=2)
    sink.show("beginning, middle")
    await sink.finish("beginning, middle, end")
    assert await table.said() == ["beginning, middle, end"]


async def test_a_send_is_repeated_after_a_flood_limit(table: Table) -> None:
    await table.world.people.fault("sendMessage", 429, retry_after=1, times=1)
    await table.world.front.post(table.key, Post("once"))
    assert await table.said() == ["once"]


async def test_a_lost_answer_is_uncertain_and_not_repeated(table: Table) -> None:
    await table.world.people.fault("sendMessage", drop=True, times=1)
    sink = await table.reply()
    with pytest.raises(PlatformError) as caught:
        await sink.finish("did it arrive?")
    assert caught.value.uncertain
    assert await table.said() == ["did it arrive?"]


async def test_a_lost_answer_while_streaming_is_not_followed_by_a_second_message(table: Table) -> None:
    await table.world.people.fault("sendMessage", drop=True, times=1)
    sink = await table.reply()
    sink.show("did it")
    await asyncio.sleep(0.3)
    sink.show("did it arrive")
    with pytest.raises(PlatformError) as caught:
        await sink.finish("did it arrive?")
    assert caught.value.uncertain
    assert await table.said() == ["did it"]


async def test_a_lost_answer_to_an_edit_is_repeated(table: Table) -> None:
    ids = await (await table.reply()).finish("first")
    await table.world.people.fault("editMessageText", drop=True, times=1)
    await table.world.front.edit(table.key, ids[0], Post("second", ROWS))
    assert await table.said() == ["second"]


async def test_a_person_who_blocked_the_bot_is_gone(table: Table) -> None:
    await table.ann.block()
    with pytest.raises(PlatformError) as caught:
        await (await table.reply()).finish("hello?")
    assert caught.value.gone


async def test_a_message_deleted_meanwhile_is_sent_anew(table: Table) -> None:
    sink = await table.reply()
    sink.show("half")
    message = await table.ann.expect()
    await table.ann.delete(message)
    ids = await sink.finish("whole")
    assert await table.said() == ["whole"]
    assert ids == (table.posted[-1],)


# pictures


async def test_a_placeholder_becomes_the_picture_and_flips_without_upload(table: Table, tmp_path: Path) -> None:
    front = table.world.front
    placeholder = await front.show(table.view())
    one, two = take(tmp_path, 1), take(tmp_path, 2)
    shown = await front.show(table.view(state="done", text="1/1", takes=(one,), message_id=placeholder.message_id, spoiler=True))
    edited = await table.ann.expect("edit")
    assert shown.message_id == placeholder.message_id
    assert shown.uploaded == one.size
    assert edited["photo"]
    assert edited["has_media_spoiler"]
    assert edited["reply_markup"]
    one = dataclasses.replace(one, handle=shown.handles[1])
    view = table.view(state="done", text="2/2", takes=(one, two), index=1, message_id=shown.message_id)
    second = await front.show(view)
    assert set(second.handles) == {1, 2}
    two = dataclasses.replace(two, handle=second.handles[2])
    await table.ann.expect("edit")
    back = await front.show(dataclasses.replace(view, takes=(one, two), index=0, text="1/2"))
    flipped = await table.ann.expect("edit")
    assert back.uploaded == 0
    assert back.handles == {1: one.handle, 2: two.handle}
    assert not flipped["_event"]["media"]["uploaded"]
    assert (flipped["caption"], bool(flipped["reply_markup"])) == ("1/2", True)
    again = await front.show(dataclasses.replace(view, takes=(one, two), index=0, text="1/2"))
    assert again == back


async def test_a_picture_whose_answer_was_lost_is_delivered_once(table: Table, tmp_path: Path) -> None:
    placeholder = await table.world.front.show(table.view())
    await table.world.people.fault("editMessageMedia", drop=True, times=1)
    view = table.view(state="done", text="done", takes=(take(tmp_path, 1),), message_id=placeholder.message_id)
    shown = await table.world.front.show(view)
    assert shown.message_id == placeholder.message_id
    messages = (await table.ann.chat())["messages"]
    assert len([m for m in messages if m.get("photo")]) == 1


async def test_a_deleted_post_is_posted_anew(table: Table, tmp_path: Path) -> None:
    placeholder = await table.world.front.show(table.view())
    await table.ann.delete(await table.ann.expect())
    view = table.view(state="done", text="done", takes=(take(tmp_path, 1),), message_id=placeholder.message_id)
    shown = await table.world.front.show(view)
    assert shown.message_id != placeholder.message_id
    assert shown.handles


async def test_a_handle_that_went_bad_is_uploaded_again(table: Table, tmp_path: Path) -> None:
    placeholder = await table.world.front.show(table.view())
    stale = take(tmp_path, 1, handle="p:AgACnosuchfile")
    shown = await table.world.front.show(table.view(state="done", takes=(stale,), message_id=placeholder.message_id))
    assert shown.uploaded == stale.size
    assert shown.handles[1] not in (None, stale.handle)


@pytest.mark.parametrize(
    ("size", "noise", "kind"), [((2600, 2600), True, "photo"), ((6000, 4200), False, "photo"), ((900, 30), False, "document")]
)
async def test_pictures_beyond_the_limits(table: Table, tmp_path: Path, size: tuple[int, int], noise: bool, kind: str) -> None:
    shown = await table.world.front.show(table.view(state="done", text="big", takes=(take(tmp_path, 1, size, noise=noise),)))
    message = await table.ann.expect()
    assert message[kind]
    assert shown.handles[1].startswith(kind[0])


async def test_progress_that_comes_too_soon_is_left_out(table: Table) -> None:
    placeholder = await table.world.front.show(table.view())
    for step in range(20):
        await table.world.front.show(
            table.view(state="drawing", text=f"step {step}", progress=step / 20, message_id=placeholder.message_id)
        )
    assert len(await table.world.people.calls("editMessageText")) < 20
    await table.world.front.show(table.view(state="failed", text="It failed.", message_id=placeholder.message_id))
    assert await table.said() == ["It failed."]


async def test_a_failure_under_a_picture_keeps_the_picture(table: Table, tmp_path: Path) -> None:
    shown = await table.world.front.show(table.view(state="done", text="fine", takes=(take(tmp_path, 1),)))
    await table.world.front.edit(table.key, shown.message_id, Post("The next one failed.", ROWS))
    edited = await table.ann.expect("edit")
    assert edited["photo"]
    assert edited["caption"] == "The next one failed."


async def test_long_captions_are_cut(table: Table, tmp_path: Path) -> None:
    await table.world.front.show(table.view(state="done", text="word " * 600, takes=(take(tmp_path, 1),)))
    message = await table.ann.expect()
    assert len(message["caption"]) <= 1024
    assert message["caption"].endswith("…")


# other posts


async def test_posts_with_files_and_pictures(table: Table, tmp_path: Path) -> None:
    front = table.world.front
    await front.post(table.key, Post("your card", file=FileOut("ann.json", "application/json", b"{}")))
    message = await table.ann.expect()
    assert message["document"]
    assert message["caption"] == "your card"
    picture = take(tmp_path, 1).path
    message_id = await front.post(table.key, Post("x" * 2000, ROWS, picture=picture))
    assert (await table.ann.expect())["photo"]
    text = await table.ann.expect()
    assert str(text["message_id"]) == message_id
    assert text["reply_markup"]


async def test_deleting_what_is_gone_is_no_error(table: Table) -> None:
    message_id = await table.world.front.post(table.key, Post("soon gone"))
    await table.world.front.delete(table.key, (message_id,))
    await table.world.front.delete(table.key, (message_id,))
    assert await table.said() == []


async def test_files_are_capped_before_and_after_asking(table: Table) -> None:
    await table.ann.upload(png())
    await table.world.engine.until(lambda: len(table.world.engine.heard) == 2)
    (photo,) = table.world.engine.heard[1].attachments
    assert len(await table.world.front.fetch(photo, 1_000_000)) > 10
    for claimed in (photo.size, 0):
        with pytest.raises(FileTooLarge):
            await table.world.front.fetch(Attachment(name="x", mime="image/jpeg", size=claimed, handle=photo.handle), 10)


async def test_two_chats_do_not_wait_for_each_other(table: Table) -> None:
    bob = await table.world.people.user("Bob")
    await bob.say("hi")
    await table.world.engine.until(lambda: len(table.world.engine.heard) == 2)
    await table.world.people.fault("sendMessage", 429, retry_after=2, times=1)
    slow = asyncio.create_task(table.world.front.post(table.key, Post("slow")))
    await asyncio.sleep(0.1)
    await table.world.front.post(ChatKey("telegram", "", str(bob.id)), Post("quick"))
    assert not slow.done()
    await slow
