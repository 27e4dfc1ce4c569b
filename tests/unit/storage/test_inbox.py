"""The inbox: nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.places import ChatKey
from bot.storage import entries, inbox
from bot.storage.database import Database
from bot.storage.records import Chat
from tests.unit.world import KEY, OTHER


async def test_the_same_event_is_taken_once(db: Database) -> None:
    async def receive() -> int | None:
        async with db.write() as c:
            return await inbox.receive(c, KEY, "message", "42", "{}")

    ids = await asyncio.gather(*(receive() for _ in range(5)))
    assert len([number for number in ids if number is not None]) == 1


async def test_kinds_and_chats_do_not_collide(db: Database) -> None:
    async with db.write() as c:
        ids = {
            await inbox.receive(c, KEY, "message", "42", "{}"),
            await inbox.receive(c, KEY, "command", "42", "{}"),
            await inbox.receive(c, OTHER, "message", "42", "{}"),
        }
    assert None not in ids
    assert len(ids) == 3


async def test_progress_is_told_by_what_is_stored(db: Database, chat: Chat) -> None:
    states = []
    async with db.write() as c:
        row = await inbox.receive(c, KEY, "message", "42", '{"text": "hi"}')
        assert row is not None
        for kind in ("player", "character"):
            states += [left.state for left in await inbox.unfinished(c)]
            await entries.add(c, chat.id, kind, "words", inbox_id=row)
        for message in ("100", "101", "100"):
            await inbox.add_posted(c, row, message)
    async with db.read() as c:
        (left,) = await inbox.unfinished(c)
        assert await inbox.by_id(c, row) == left
        said, told = await entries.window(c, chat.id, 0)
    assert states == ["received", "working"]
    assert (left.state, left.entry_id, left.reply_entry_id, left.posted) == ("delivering", said.id, told.id, ("100", "101"))
    assert left.payload == '{"text": "hi"}'


async def test_only_what_has_begun_is_given_up(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        begun = await inbox.receive(c, KEY, "message", "1", "{}")
        waiting = await inbox.receive(c, KEY, "message", "2", "{}")
        await entries.add(c, chat.id, "player", "words", inbox_id=begun)
        await inbox.give_up(c, KEY)
        assert [row.id for row in await inbox.unfinished(c)] == [waiting]
        assert await inbox.retake(c, begun or 0)
        assert not await inbox.retake(c, begun or 0)
        assert [row.state for row in await inbox.unfinished(c)] == ["working", "received"]


async def test_a_number_used_again_after_pruning_finds_no_old_entry(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        row = await inbox.receive(c, KEY, "message", "1", "{}")
        assert row is not None
        await entries.add(c, chat.id, "player", "words", inbox_id=row)
        await inbox.mark(c, row, "done")
        assert await inbox.prune(c, datetime.now(UTC) + timedelta(seconds=1)) == 1
        assert await inbox.receive(c, KEY, "message", "2", "{}") == row  # SQLite gives the number of the last row again
        assert [left.entry_id for left in await inbox.unfinished(c)] == [None]


async def test_what_is_done_is_not_unfinished_and_keeps_no_words(db: Database) -> None:
    async with db.write() as c:
        done = await inbox.receive(c, KEY, "message", "1", "secret")
        failed = await inbox.receive(c, KEY, "message", "2", "retry me")
        open_one = await inbox.receive(c, KEY, "message", "3", "later")
        assert done is not None
        assert failed is not None
        assert open_one is not None
        await inbox.mark(c, done, "done")
        await inbox.mark(c, failed, "failed")
        assert [row.id for row in await inbox.unfinished(c)] == [open_one]
        rows = [await inbox.by_id(c, number) for number in (done, failed)]
        assert [row.payload for row in rows if row] == ["", "retry me"]
        assert await inbox.receive(c, KEY, "message", "1", "secret") is None


async def test_pruning_spares_what_is_open_or_new(db: Database) -> None:
    async with db.write() as c:
        for number in ("1", "2"):
            row = await inbox.receive(c, KEY, "message", number, "{}")
            assert row is not None
            if number == "1":
                await inbox.mark(c, row, "done")
        assert await inbox.prune(c, datetime.now(UTC) - timedelta(days=1)) == 0
        assert await inbox.prune(c, datetime.now(UTC) + timedelta(seconds=1)) == 1
        assert len(await inbox.unfinished(c)) == 1


@given(
    parts=st.tuples(
        st.sampled_from(["discord", "telegram", "web"]),
        st.text("0123456789", max_size=6),
        st.text("-0123456789", min_size=1, max_size=8),
        st.text("0123456789", max_size=6),
    )
)
def test_chat_keys_survive_their_text_form(parts: tuple[str, str, str, str]) -> None:
    assert ChatKey.parse(str(ChatKey(*parts))) == ChatKey(*parts)
