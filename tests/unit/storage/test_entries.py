"""Entries with their variants and posts."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.domain.errors import NotFound
from bot.storage import entries, inbox, schema
from bot.storage.database import Database
from bot.storage.records import Chat, Entry
from tests.unit.world import OTHER, a_chat


async def _say(db: Database, chat: Chat, *texts: str) -> list[Entry]:
    async with db.write() as c:
        return [await entries.add(c, chat.id, "player", text, author_id="5", author_name="Ann") for text in texts]


async def test_what_is_added_is_read_back_the_same(db: Database, chat: Chat) -> None:
    with db.listening() as heard:
        async with db.write() as c:
            added = await entries.add(
                c, chat.id, "character", "Hello!", author_name="Vi", character_id=3, reply_to=None, extra={"usage": {"prompt": 5}}
            )
    assert len(heard) == 1
    async with db.read() as c:
        assert await entries.by_id(c, added.id) == added
        assert await entries.window(c, chat.id, 0) == [added]
        assert await entries.by_id(c, added.id + 1) is None


async def test_the_window_is_ordered_starts_where_told_and_is_one_statement(db: Database, chat: Chat) -> None:
    other = await a_chat(db, OTHER)
    said = await _say(db, chat, "one", "two", "three")
    await _say(db, other, "elsewhere")
    with db.listening() as heard:
        async with db.read() as c:
            window = await entries.window(c, chat.id, said[1].id)
    assert [entry.text for entry in window] == ["two", "three"]
    assert len(heard) == 1


async def test_swiping(db: Database, chat: Chat) -> None:
    (entry, second) = await _say(db, chat, "first try", "something else")
    async with db.write() as c:
        variant = await entries.add_variant(c, entry.id, "second try", {"finish": "stop"})
        shown = await entries.by_id(c, entry.id)
        assert shown is not None
        assert (shown.text, shown.variant_id, shown.extra) == ("second try", variant, {"finish": "stop"})
        known = await entries.variants_of(c, entry.id)
        assert [v.text for v in known] == ["first try", "second try"]
        await entries.choose(c, entry.id, known[0].id)
        assert [e.text for e in await entries.window(c, chat.id, 0)] == ["first try", "something else"]
        with pytest.raises(NotFound):
            await entries.choose(c, entry.id, (await entries.variants_of(c, second.id))[0].id)
        with pytest.raises(NotFound):
            await entries.choose(c, entry.id, 12345)


async def test_an_entry_with_one_text_has_one_alternative(db: Database, chat: Chat) -> None:
    (entry,) = await _say(db, chat, "only this")
    async with db.write() as c:
        (alone,) = await entries.variants_of(c, entry.id)
        assert (alone.id, alone.text) == (0, "only this")
        with pytest.raises(NotFound):
            await entries.choose(c, entry.id, 0)
        assert (await c.scalars(select(schema.variants.c.id))).all() == []


async def test_first_variants_and_later_ones_do_not_collide(db: Database, chat: Chat) -> None:
    for number in range(4):
        (entry,) = await _say(db, chat, f"text {number}")
        async with db.write() as c:
            await entries.add_variant(c, entry.id, f"again {number}")
    async with db.read() as c:
        assert [e.text for e in await entries.window(c, chat.id, 0)] == [f"again {number}" for number in range(4)]


async def test_latest_and_pages(db: Database, chat: Chat) -> None:
    said = await _say(db, chat, *"abcde")
    async with db.write() as c:
        await entries.add(c, chat.id, "character", "f")
        assert [e.text for e in await entries.latest(c, chat.id, (), 2)] == ["f", "e"]
        assert [e.text for e in await entries.latest(c, chat.id, ("player",), 2)] == ["e", "d"]
        assert [e.text for e in await entries.page(c, chat.id, None, 3)] == ["d", "e", "f"]
        assert [e.text for e in await entries.page(c, chat.id, said[3].id, 2)] == ["b", "c"]
        assert await entries.page(c, chat.id, said[0].id, 2) == []


async def test_messages_find_their_entry(db: Database, chat: Chat) -> None:
    first, second = await _say(db, chat, "one", "two")
    other = await a_chat(db, OTHER)
    async with db.write() as c:
        await entries.link_posts(c, chat.id, first.id, ["20", "3"])
        await entries.link_posts(c, chat.id, first.id, ["20", "21"])
        assert await entries.posts_of(c, first.id) == ["20", "3", "21"]
        found = await entries.by_message(c, chat.id, "3")
        assert found == first
        assert await entries.by_message(c, other.id, "3") is None
        assert await entries.by_message(c, chat.id, "4") is None
        await entries.link_posts(c, chat.id, second.id, ["3"])
        assert await entries.by_message(c, chat.id, "3") == second
        await entries.link_posts(c, chat.id, first.id, [])
        await entries.link_many(c, chat.id, [("30", first.id), ("31", second.id)])
        assert await entries.by_message(c, chat.id, "31") == second


async def test_the_message_of_a_player_is_found_without_a_post(db: Database, chat: Chat) -> None:
    other = await a_chat(db, OTHER)
    async with db.write() as c:
        said = await entries.add(c, chat.id, "player", "hello", message_id="7")
        await entries.add(c, other.id, "player", "elsewhere", message_id="7")
        assert await entries.by_message(c, chat.id, "7") == said
        assert await entries.by_message(c, chat.id, "8") is None
        assert await entries.posts_of(c, said.id) == ["7"]
        again = await entries.add(c, chat.id, "player", "the platform gave its number again", message_id="7")
        assert await entries.by_message(c, chat.id, "7") == again


async def test_an_entry_that_shows_a_picture(db: Database, chat: Chat) -> None:
    (entry,) = await _say(db, chat, "psst")
    async with db.write() as c:
        await entries.set_picture(c, entry.id, 4)
        found = await entries.by_id(c, entry.id)
    assert found is not None
    assert found.picture_id == 4


async def test_a_native_deletion_leaves_no_words(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        row = await inbox.receive(c, chat.key, "message", "10", "my address is …")
        assert row is not None
        entry = await entries.add(c, chat.id, "player", "my address is …", inbox_id=row)
        other = await entries.add(c, chat.id, "player", "fine")
        for changed in (entry, other):
            await entries.add_variant(c, changed.id, f"{changed.text} (edited)", {"note": "…"})
        await inbox.mark(c, row, "failed")
        await entries.blank(c, entry.id)
        assert [e.text for e in await entries.window(c, chat.id, 0)] == ["", "fine (edited)"]
        assert set((await c.scalars(select(schema.variants.c.text))).all()) == {"", "fine", "fine (edited)"}
        assert (await c.scalars(select(schema.inbox.c.payload))).all() == [""]
