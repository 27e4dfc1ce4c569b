"""Characters, personas, styles, variables, proposals and notes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.places import ChatKey
from bot.storage import characters, chats, notes, personas, proposals, styles, variables
from bot.storage.database import Database
from bot.storage.records import Chat, Persona, Style
from tests.unit.world import DEFAULTS, KEY, OTHER, a_chat, wish

CARD = {"name": "Vi", "first_mes": "Hello", "extensions": {"odd": [1, None, "ü"]}}


async def test_who_may_be_used_where(db: Database) -> None:
    private = ChatKey("telegram", "", "9")
    async with db.write() as c:
        await characters.add(c, characters.BUILTIN, "vi", CARD)
        await characters.add(c, characters.owner_of(KEY), "Bo", {})
        await characters.add(c, characters.owner_of(private), "Al", {})
        await characters.add(c, "discord:78", "Zed", {})
        assert [found.name for found in await characters.for_chat(c, KEY)] == ["Bo", "vi"]
        assert [found.name for found in await characters.for_chat(c, OTHER)] == ["Bo", "vi"]
        assert [found.name for found in await characters.for_chat(c, private)] == ["Al", "vi"]


async def test_a_chats_own_character_goes_before_a_built_in_one(db: Database) -> None:
    async with db.write() as c:
        built = await characters.add(c, characters.BUILTIN, "Vi", CARD)
        assert await characters.by_name(c, KEY, " vI ") == built
        own = await characters.add(c, characters.owner_of(KEY), "VI", {})
        assert await characters.by_name(c, KEY, "vi") == own
        assert await characters.by_name(c, KEY, "v") is None


async def test_importing_again_replaces_the_card_and_keeps_the_prefix(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        first = await characters.add(c, "discord:77", "Vi", {"name": "Vi"}, avatar="ab" * 32)
        await characters.set_prefix(c, first.id, "freckles", "hat")
        second = await characters.add(c, "discord:77", "Vi", CARD)
        assert await characters.by_id(c, first.id) == second
    assert (second.id, second.card, second.prefix, second.negative, second.avatar) == (first.id, CARD, "freckles", "hat", None)


async def test_a_removed_character_leaves_its_chats(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        made = await characters.add(c, "discord:77", "Vi", CARD)
        await chats.set_character(c, chat.id, made.id)
        await characters.remove(c, made.id)
        assert await characters.by_id(c, made.id) is None
        assert await chats.by_id(c, chat.id, DEFAULTS) == chat


async def test_built_in_characters_are_kept_up_to_date(db: Database) -> None:
    async with db.write() as c:
        first = await characters.ensure_builtin(c, "Vi", {"name": "Vi"}, prefix="old")
        with db.listening() as heard:
            assert await characters.ensure_builtin(c, "Vi", {"name": "Vi"}, prefix="old") == first
        assert len(heard) == 1
        newer = await characters.ensure_builtin(c, "Vi", CARD, prefix="new", negative="hat")
    assert (newer.id, newer.card, newer.prefix, newer.negative) == (first.id, CARD, "new", "hat")


async def test_personas_belong_to_a_platform(db: Database) -> None:
    async with db.write() as c:
        await personas.put(c, "discord", "5", "Ann", "tall")
        await personas.put(c, "discord", "5", "Anna", "taller")
        await personas.put(c, "telegram", "5", "Other", "")
        assert await personas.get(c, "discord", "5") == Persona("5", "Anna", "taller")
        assert await personas.of_people(c, "discord", ["5", "6"]) == {"5": Persona("5", "Anna", "taller")}
        await personas.remove(c, "discord", "5")
        assert await personas.get(c, "discord", "5") is None
        assert await personas.get(c, "telegram", "5") is not None


async def test_styles(db: Database, chat: Chat) -> None:
    other = await a_chat(db, OTHER)
    async with db.write() as c:
        await styles.put(c, chat.id, "Ink", "ink", "")
        await styles.put(c, chat.id, "Ink", "ink drawing", "colour")
        await styles.put(c, chat.id, "anime", "", "")
        await styles.put(c, other.id, "Oil", "", "")
        assert await styles.of_chat(c, chat.id) == [Style("anime", "", ""), Style("Ink", "ink drawing", "colour")]
        assert await styles.get(c, chat.id, " ink ") == Style("Ink", "ink drawing", "colour")
        assert await styles.get(c, chat.id, "Oil") is None
        await styles.put(c, chat.id, "INK", "", "")
        assert await styles.get(c, chat.id, "INK") == Style("INK", "", "")
        assert await styles.get(c, chat.id, "ink") is None, "two differ by case only"
        assert await styles.remove(c, chat.id, "INK")
        assert not await styles.remove(c, chat.id, "INK")


async def test_variables(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        await variables.put(c, chat.id, {"mood": "calm", "n": "1"})
        await variables.put(c, chat.id, {"n": "2"})
        await variables.put(c, chat.id, {})
        assert await variables.of_chat(c, chat.id) == {"mood": "calm", "n": "2"}
        assert await variables.get(c, chat.id, "n") == "2"
        assert await variables.remove(c, chat.id, "n")
        assert not await variables.remove(c, chat.id, "n")
        assert await variables.get(c, chat.id, "n") is None


async def test_a_proposal_is_decided_once(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        made = await proposals.add(c, proposals.new_key(), chat.id, "approval", wish(), "a cat", "50")
        assert await proposals.by_key(c, made.key) == made == await proposals.by_id(c, made.id)
        assert await proposals.by_message(c, chat.id, "50") == made
        assert await proposals.open_in(c, chat.id) == [made]
        assert await proposals.close(c, made.id, "approved")
        assert not await proposals.close(c, made.id, "dismissed")
        await proposals.set_picture(c, made.id, 3)
        closed = await proposals.by_id(c, made.id)
    assert closed is not None
    assert (closed.state, closed.prompt, closed.picture_id) == ("approved", "a cat", 3)


async def test_old_proposals_expire(db: Database, chat: Chat) -> None:
    async with db.write() as c:
        first = await proposals.add(c, "one", chat.id, "offer", wish())
        second = await proposals.add(c, "two", chat.id, "offer", wish())
        await proposals.close(c, second.id, "dismissed")
        assert await proposals.expire(c, datetime.now(UTC) - timedelta(hours=24)) == []
        expired = await proposals.expire(c, datetime.now(UTC) + timedelta(seconds=1))
        assert [(p.id, p.state) for p in expired] == [(first.id, "expired")]
        assert await proposals.open_in(c, chat.id) == []
        assert not await proposals.close(c, first.id, "approved")


async def test_notes(db: Database) -> None:
    async with db.write() as c:
        await notes.put(c, "offset:1", "5")
        await notes.put(c, "offset:1", "6")
        assert await notes.get(c, "offset:1") == "6"
        await notes.remove(c, "offset:1")
        assert await notes.get(c, "offset:1") is None
