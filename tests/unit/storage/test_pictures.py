"""Pictures, takes, handles, galleries, and which images are still needed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from bot.domain.errors import NotFound
from bot.domain.pictures import Lost, Overrides
from bot.storage import characters, chats, entries, jobs, pictures, proposals, schema, workflows
from bot.storage.assets import AssetStore
from bot.storage.database import Database
from bot.storage.records import Chat, Take
from bot.storage.rows import now
from tests.unit.world import ANN, OTHER, PLAN, a_chat, a_picture, png, wish


async def _take(db: Database, store: AssetStore, picture_id: int, colour: str = "red") -> Take:
    asset = await store.put(png(colour=colour))
    async with db.write() as c:
        return await pictures.add_take(c, picture_id, PLAN, asset.sha, '{"steps": 20}', 0.01, 2.5)


async def test_a_picture_is_read_back_the_same(db: Database, chat: Chat) -> None:
    request = wish("a «cat» 🐈", reply_to="9").model_copy(update={"overrides": Overrides(seed=5, negative="fries", quiet=True)})
    async with db.write() as c:
        made = await pictures.add(c, pictures.new_key(), chat.id, request, reply_to="9", spoiler=True, entry_id=4)
    async with db.read() as c:
        assert await pictures.by_key(c, made.key) == made
        assert await pictures.by_id(c, made.id) == made
        assert await pictures.answering(c, chat.id, "9") == made
        assert await pictures.by_key(c, "nothing") is None
        assert await pictures.by_message(c, chat.id, "1") is None


async def test_takes_are_numbered_and_the_newest_is_shown(db: Database, chat: Chat, store: AssetStore) -> None:
    picture = await a_picture(db, chat)
    first = await _take(db, store, picture.id)
    plan = PLAN.model_copy(update={"seed": 8, "lost": (Lost(setting="steps", why="fixed"),), "placeholders": {"a": "b"}})
    asset = await store.put(png(colour="blue"))
    async with db.write() as c:
        second = await pictures.add_take(c, picture.id, plan, asset.sha)
        whole = await pictures.by_id(c, picture.id)
    assert whole is not None
    assert whole.takes == (first, second)
    assert (first.position, second.position, whole.shown) == (0, 1, 1)
    assert second.plan == plan
    assert (first.mime, first.width, first.height, first.size) == ("image/png", 8, 4, len(png()))


async def test_a_take_without_its_asset_is_refused(db: Database, chat: Chat) -> None:
    picture = await a_picture(db, chat)
    with pytest.raises(IntegrityError):
        async with db.write() as c:
            await pictures.add_take(c, picture.id, PLAN, "ab" * 32)


async def test_handles_left_out_are_gone(db: Database, chat: Chat, store: AssetStore) -> None:
    picture = await a_picture(db, chat)
    one, two, three = [await _take(db, store, picture.id, colour) for colour in ("red", "green", "blue")]
    async with db.write() as c:
        for handles in ({one.id: "A", two.id: "B"}, {two.id: "B2", three.id: "C"}, {}):
            await pictures.set_handles(c, picture.id, handles)
            whole = await pictures.by_id(c, picture.id)
            assert whole is not None
            assert [take.handle for take in whole.takes] == [handles.get(take.id) for take in (one, two, three)]
        assert await pictures.take_by_id(c, one.id) == one


async def test_messages_and_states(db: Database, chat: Chat) -> None:
    picture = await a_picture(db, chat)
    other = await a_chat(db, OTHER)
    async with db.write() as c:
        await pictures.set_message(c, picture.id, "77")
        await pictures.set_shown(c, picture.id, 3)
        await pictures.mark_deleted(c, picture.id)
        found = await pictures.by_message(c, chat.id, "77")
        assert await pictures.by_message(c, other.id, "77") is None
    assert found is not None
    assert (found.shown, found.deleted, found.message_id) == (3, True, "77")


async def test_the_gallery(db: Database, chat: Chat, store: AssetStore) -> None:
    made = [await a_picture(db, chat, f"number {number}") for number in range(5)]
    await _take(db, store, (await a_picture(db, await a_chat(db, OTHER))).id)
    for picture in made[:4]:
        await _take(db, store, picture.id)
    async with db.write() as c:
        await pictures.mark_deleted(c, made[0].id)
        shown, total = await pictures.gallery(c, chat.id, 0, 2)
        rest, _ = await pictures.gallery(c, chat.id, 2, 2)
    assert [picture.request.subject for picture in shown] == ["number 3", "number 2"]
    assert [picture.request.subject for picture in rest] == ["number 1"]
    assert total == 3
    assert all(len(picture.takes) == 1 for picture in shown)


async def test_erasing_a_picture_gives_its_images_back(db: Database, chat: Chat, store: AssetStore) -> None:
    picture = await a_picture(db, chat)
    take = await _take(db, store, picture.id)
    async with db.write() as c:
        shas = await pictures.erase(c, picture.id)
    assert await store.remove(shas) == [take.asset]
    async with db.read() as c:
        gone = await pictures.by_key(c, picture.key)
    assert gone is not None
    assert gone.deleted
    assert gone.takes == ()


async def test_which_images_are_needed(db: Database, chat: Chat, store: AssetStore) -> None:
    colours = ("red", "green", "blue", "yellow", "black")
    taken, avatar, background, reference, unused = [(await store.put(png(colour=colour))).sha for colour in colours]
    picture = await a_picture(db, chat)
    async with db.write() as c:
        await pictures.add_take(c, picture.id, PLAN, taken)
        await characters.add(c, "builtin", "Vi", {}, avatar)
        await chats.set_background(c, chat.id, background)
        job = await jobs.add(c, picture.id, ANN, "discord:5", PLAN.model_copy(update={"references": (f"character:{reference}",)}))
        assert await pictures.unreferenced_assets(c) == [], "they are new"
        assert await pictures.unreferenced_assets(c, [taken, unused]) == [unused]
        await c.execute(update(schema.assets).values(created_at=now() - timedelta(hours=2)))
        assert await pictures.unreferenced_assets(c) == [unused]
        await jobs.finish(c, job.id, "done")
        assert await pictures.unreferenced_assets(c) == sorted([unused, reference])


def test_keys_are_short_plain_and_different() -> None:
    keys = {pictures.new_key() for _ in range(500)}
    assert len(keys) == 500
    assert all(len(key) == 10 and key.isascii() and key.isalnum() for key in keys)


async def test_erasing_a_picture_ends_its_jobs_and_leaves_no_plan_of_them(db: Database, chat: Chat, store: AssetStore) -> None:
    """Jobs are counted by allowances, so their rows stay; what was to be drawn, and by which graph, does not."""
    picture, other = await a_picture(db, chat), await a_picture(db, chat)
    avatar = (await store.put(png(colour="blue"))).sha
    async with db.write() as c:
        graph, shared = await workflows.keep_graph(c, chat.id, '{"1": 1}'), await workflows.keep_graph(c, chat.id, '{"2": 2}')
        plan = PLAN.model_copy(update={"graph": graph, "references": (f"persona:{avatar}",)})
        done = await jobs.add(c, picture.id, ANN, "discord:5", plan)
        await jobs.finish(c, done.id, "failed")
        waiting = await jobs.add(c, picture.id, ANN, "discord:5", plan, "proposed")
        await jobs.add(c, other.id, ANN, "discord:5", PLAN.model_copy(update={"graph": shared}))
        shas = await pictures.erase(c, picture.id)
        assert await jobs.active_for_picture(c, picture.id) is None
        assert await jobs.proposed(c) == []
        for job_id, state in ((done.id, "failed"), (waiting.id, "cancelled")):
            left = await jobs.by_id(c, job_id)
            assert left is not None
            assert (left.state, left.plan) == (state, None)
        assert await workflows.graph(c, chat.id, graph) is None
        assert await workflows.graph(c, chat.id, shared) is not None
    assert await store.remove(shas) == [avatar]


async def test_all_images_of_a_chat_are_known_when_it_is_forgotten(db: Database, chat: Chat, store: AssetStore) -> None:
    """Also those of offers, of plans that were never drawn, and of messages: nothing waits for the next tidying."""
    colours = ("red", "green", "blue", "yellow", "black")
    drawn, sent, offered, planned, elsewhere = [(await store.put(png(colour=colour))).sha for colour in colours]
    picture, other = await a_picture(db, chat), await a_chat(db, OTHER)
    async with db.write() as c:
        await pictures.add_take(c, picture.id, PLAN, drawn)
        await entries.add(c, chat.id, "player", "look", extra={"images": [sent]})
        await entries.add(c, chat.id, "character", "I see", extra={"finish": "stop"})
        await entries.add(c, other.id, "player", "look", extra={"images": [elsewhere]})
        await proposals.add(c, proposals.new_key(), chat.id, "offer", wish().model_copy(update={"base": offered}))
        await jobs.add(c, picture.id, ANN, "discord:5", PLAN.model_copy(update={"references": (f"persona:{planned}",)}))
        shas = await pictures.assets_of(c, chat.id)
        await chats.forget(c, chat.id)
    assert shas == sorted((drawn, sent, offered, planned))
    assert await store.remove(shas) == shas


async def test_a_picture_to_draw_from_that_is_gone_is_said_to_be(db: Database, chat: Chat, store: AssetStore) -> None:
    base = (await store.put(png())).sha
    request = wish().model_copy(update={"base": base})
    async with db.write() as c:
        await pictures.add(c, pictures.new_key(), chat.id, request)
    async with db.write() as c:
        with pytest.raises(NotFound, match="no longer there"):
            await pictures.add(c, pictures.new_key(), chat.id, request.model_copy(update={"base": "0" * 64}))
