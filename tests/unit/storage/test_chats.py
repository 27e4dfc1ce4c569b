"""Chats: created once, settings as differences, catching up, forgetting."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select, update

from bot.domain.chat_settings import ChatSettings
from bot.domain.places import ChatKey, Place
from bot.storage import characters, chats, entries, inbox, jobs, pictures, proposals, schema, styles, variables
from bot.storage.assets import AssetStore
from bot.storage.database import Database
from bot.storage.records import Chat
from tests.unit.world import ANN, DEFAULTS, KEY, OTHER, PLACE, PLAN, a_chat, a_picture, png, wish


async def test_opening_creates_once(db: Database) -> None:
    opened = await asyncio.gather(*(a_chat(db) for _ in range(5)))
    assert len({chat.id for chat in opened}) == 1
    assert opened[0].key == KEY
    assert opened[0].settings == DEFAULTS


async def test_a_known_chat_costs_one_statement(db: Database, chat: Chat) -> None:
    with db.listening() as heard:
        assert await a_chat(db) == chat
    assert len(heard) == 1


async def test_what_the_platform_says_is_refreshed(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        now = await chats.open_chat(c, KEY, Place(title="club", age_restricted=True), DEFAULTS)
    assert now.id == chat.id
    assert now.place == Place(title="club", age_restricted=True)
    async with db.read() as c:
        assert await chats.by_key(c, KEY, DEFAULTS) == now == await chats.by_id(c, chat.id, DEFAULTS)


async def test_only_differences_are_kept(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        await chats.change_settings(c, chat.id, {"steps": 30, "style": "", "adult": True})
        await chats.change_settings(c, chat.id, {"steps": None})
        stored = await c.scalar(select(schema.chats.c.settings))
        changed = await chats.by_id(c, chat.id, ChatSettings(steps=12, negative="blurry"))
    assert stored == {"style": "", "adult": True}
    assert changed is not None
    assert changed.settings == ChatSettings(steps=12, negative="blurry", style="", adult=True)


@pytest.mark.parametrize("wrong", [{"steps": 100_000}, {"colour": "red"}, {"controls": "levers"}])
async def test_wrong_settings_are_refused_whole(db: Database, chat: Chat, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        async with db.write() as c:
            await chats.change_settings(c, chat.id, {"adult": True, **wrong})
    assert (await a_chat(db)).settings == DEFAULTS


async def test_stale_stored_settings_are_left_out(db: Database, chat: Chat) -> None:
    stale = {"steps": 0, "width": 768, "gone": 1, "cfg": "much"}
    async with db.write() as c:
        await c.execute(update(schema.chats).values(settings=stale))
    assert (await a_chat(db)).settings == DEFAULTS.model_copy(update={"width": 768})


async def test_a_new_character_drops_the_frozen_head(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        await chats.set_head(c, chat.id, "You are…", "mark")
        await chats.set_first_entry(c, chat.id, 12)
        await chats.set_background(c, chat.id, "ab" * 32)
        before = await chats.by_id(c, chat.id, DEFAULTS)
        await chats.set_character(c, chat.id, 3)
        after = await chats.by_id(c, chat.id, DEFAULTS)
    assert before is not None
    assert after is not None
    assert (before.head, before.head_mark, before.first_entry, before.background) == ("You are…", "mark", 12, "ab" * 32)
    assert (after.head, after.head_mark, after.character_id) == (None, "", 3)


async def test_the_newest_message_only_moves_on(db: Database, chat: Chat) -> None:
    other = await a_chat(db, OTHER)
    async with db.write() as c:
        for message in ("99", "100", "98", "9", "100"):
            await chats.seen(c, chat.id, message)
        assert await chats.last_seen(c, "discord") == {KEY: "100"}
        await chats.seen(c, other.id, "5")
        assert await chats.last_seen(c, "discord") == {KEY: "100", OTHER: "5"}
        assert await chats.last_seen(c, "disco") == {}


async def test_chats_of_a_platform(db: Database, chat: Chat) -> None:
    await a_chat(db, ChatKey("discordian", "", "1"))
    async with db.read() as c:
        assert [found.key for found in await chats.of_platform(c, "discord", DEFAULTS)] == [KEY]


async def test_a_chat_with_nothing_new_needs_no_writer(db: Database, chat: Chat) -> None:
    async with db.read() as c:
        assert await chats.unchanged(c, KEY, PLACE, DEFAULTS) == chat
        assert await chats.unchanged(c, KEY, Place(title="another name"), DEFAULTS) is None
        assert await chats.unchanged(c, OTHER, PLACE, DEFAULTS) is None


async def test_moving_a_chat(db: Database, chat: Chat) -> None:
    new = ChatKey("telegram", "", "-100123")
    async with db.write() as c:
        said = await entries.add(c, chat.id, "player", "hello", message_id="5")
        told = await entries.add(c, chat.id, "character", "good evening")
        await entries.link_posts(c, chat.id, told.id, ["6"])
        await inbox.receive(c, KEY, "message", "1", "{}")
        await chats.move(c, KEY, new)
        moved = await chats.by_key(c, new, DEFAULTS)
        assert await chats.by_key(c, KEY, DEFAULTS) is None
        assert await inbox.receive(c, new, "message", "1", "{}") is None
        assert [await entries.by_message(c, chat.id, number) for number in ("5", "6")] == [None, None], "ids begin anew there"
        assert [entry.id for entry in await entries.window(c, chat.id, 0)] == [said.id, told.id]
    assert moved is not None
    assert moved.id == chat.id


async def test_a_moved_chat_does_not_take_messages_of_the_new_place_for_its_pictures(db: Database, store: AssetStore, chat: Chat) -> None:
    """Else «forget» would remove whatever people wrote under these numbers since."""
    await _fill(db, store, chat, "red")
    async with db.write() as c:
        row = await inbox.receive(c, KEY, "message", "15", "{}")
        assert row is not None
        await inbox.add_posted(c, row, "16")
        await chats.move(c, KEY, ChatKey("discord", "77", "supergroup"))
        assert await pictures.by_message(c, chat.id, "13") is None
        assert await proposals.by_message(c, chat.id, "14") is None
        assert await chats.forget(c, chat.id) == []


async def test_what_was_told_is_told_once_and_remembered_in_short(db: Database, chat: Chat) -> None:
    long = "lost easel " + "a model's name " * 1000
    async with db.write() as c:
        assert await chats.tell_once(c, chat.id, ["advice", long, long]) == ["advice", long]
        assert await chats.tell_once(c, chat.id, [long, "advice", long + "s"]) == [long + "s"]
        told: list[str] = await c.scalar(select(schema.chats.c.told).where(schema.chats.c.id == chat.id)) or []
    assert max(map(len, told)) <= chats.LONGEST_TOLD


async def test_moving_onto_a_story_that_exists_changes_nothing(db: Database, chat: Chat) -> None:
    await a_chat(db, OTHER)
    async with db.write() as c:
        await chats.move(c, KEY, OTHER)
        kept = await chats.by_key(c, KEY, DEFAULTS)
    assert kept is not None
    assert kept.id == chat.id


async def _fill(db: Database, store: AssetStore, chat: Chat, colour: str) -> str:
    picture = await a_picture(db, chat)
    asset = await store.put(png(colour=colour))
    async with db.write() as c:
        said = await entries.add(c, chat.id, "player", "hello", author_id="5")
        told = await entries.add(c, chat.id, "character", "good evening")
        await entries.link_posts(c, chat.id, said.id, ["10"])
        await entries.link_posts(c, chat.id, told.id, ["11", "12"])
        await entries.add_variant(c, told.id, "good night")
        await inbox.receive(c, chat.key, "message", "10", '{"text": "hello"}')
        await pictures.set_message(c, picture.id, "13")
        await pictures.add_take(c, picture.id, PLAN, asset.sha)
        await jobs.add(c, picture.id, ANN, "discord:5", PLAN)
        offer = await proposals.add(c, proposals.new_key(), chat.id, "offer", wish(chat=chat.key))
        await proposals.set_message(c, offer.id, "14")
        await variables.put(c, chat.id, {"mood": "calm"})
        await styles.put(c, chat.id, "Ink", "ink drawing", "")
        await characters.add(c, str(chat.key), "Bo", {"name": "Bo"})
        await chats.change_settings(c, chat.id, {"steps": 50})
        await chats.seen(c, chat.id, "14")
    return asset.sha


async def test_forgetting_erases_one_story_and_no_other(db: Database, store: AssetStore, chat: Chat) -> None:
    other = await a_chat(db, OTHER)
    sha = await _fill(db, store, chat, "red")
    kept = await _fill(db, store, other, "blue")
    async with db.write() as c:
        images = await pictures.assets_of(c, chat.id)
        messages = await chats.forget(c, chat.id)
        counts = {
            table.name: await c.scalar(select(func.count()).select_from(table))
            for table in schema.metadata.sorted_tables
            if table.name not in ("notes", "personas")
        }
        fresh = await chats.by_id(c, chat.id, DEFAULTS)
        assert await chats.last_seen(c, "discord") == {KEY: "14", OTHER: "14"}
    assert messages == ["11", "12", "13", "14"], "the player's own message is not the bot's to delete"
    assert await store.remove(images) == [sha]
    assert not store.path(sha).exists()
    assert store.path(kept).exists()
    left = {"entries": 2, "variants": 2, "posts": 3, "inbox": 1, "pictures": 1, "takes": 1, "jobs": 1, "proposals": 1, "variables": 1}
    assert {name: counts[name] for name in left} == left
    assert (counts["styles"], counts["characters"]) == (2, 2)
    assert fresh is not None
    assert fresh.settings.steps == 50


async def test_forgetting_everything_leaves_a_bare_chat(db: Database, store: AssetStore, chat: Chat) -> None:
    await _fill(db, store, chat, "red")
    async with db.write() as c:
        await chats.set_character(c, chat.id, 1)
        await chats.forget(c, chat.id, everything=True)
        assert await chats.by_id(c, chat.id, DEFAULTS) == chat
        assert await styles.of_chat(c, chat.id) == []
        assert await characters.for_chat(c, KEY) == []


async def test_forgetting_renews_no_allowance(db: Database, store: AssetStore, chat: Chat) -> None:
    await _fill(db, store, chat, "red")
    day_ago = datetime.now(UTC) - timedelta(days=1)
    for _ in range(2):
        async with db.write() as c:
            await chats.forget(c, chat.id)
            assert await jobs.count_since(c, day_ago, requester_key="discord:5") == 1
            assert await jobs.count_since(c, datetime.now(UTC), requester_key="discord:5") == 0
            assert await jobs.count_since(c, day_ago, requester_key="discord:6") == 0
