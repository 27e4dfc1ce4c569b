"""Characters: the built-in ones, and those imported for a server or a chat."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.places import ChatKey
from bot.storage.dialect import upsert
from bot.storage.records import Character
from bot.storage.rows import now
from bot.storage.schema import characters, chats

BUILTIN = "builtin"


def owner_of(key: ChatKey) -> str:
    """Who owns what is imported in a chat: the whole server where there is one, else the chat alone."""
    return f"{key.platform}:{key.place}" if key.place else str(key)


def _character(row: RowMapping) -> Character:
    return Character(
        id=row["id"],
        owner=row["owner"],
        name=row["name"],
        card=row["card"],
        avatar=row["avatar"],
        prefix=row["prefix"],
        negative=row["negative"],
    )


async def for_chat(c: AsyncConnection, key: ChatKey) -> list[Character]:
    """The characters a chat may use, by name."""
    wanted = select(characters).where(characters.c.owner.in_({BUILTIN, owner_of(key), str(key)}))
    found = await c.execute(wanted.order_by(func.lower(characters.c.name), characters.c.id))
    return [_character(row) for row in found.mappings()]


async def by_id(c: AsyncConnection, character_id: int) -> Character | None:
    row = (await c.execute(select(characters).where(characters.c.id == character_id))).mappings().one_or_none()
    return _character(row) if row else None


async def by_name(c: AsyncConnection, key: ChatKey, name: str) -> Character | None:
    """A character a chat may use, by its name in any case; the chat's own goes before a built-in of the same name."""
    named = [character for character in await for_chat(c, key) if character.name.casefold() == name.strip().casefold()]
    return min(named, key=lambda character: character.owner == BUILTIN) if named else None


async def add(c: AsyncConnection, owner: str, name: str, card: dict[str, Any], avatar: str | None = None) -> Character:
    """Import a character; one of the same name and owner is replaced and keeps its prefixes and id."""
    stored = upsert(c, characters).values(owner=owner, name=name, card=card, avatar=avatar, created_at=now())
    new = {"card": stored.excluded.card, "avatar": stored.excluded.avatar}
    stored = stored.on_conflict_do_update(index_elements=["owner", "name"], set_=new)
    return _character((await c.execute(stored.returning(*characters.c))).mappings().one())


async def set_prefix(c: AsyncConnection, character_id: int, prefix: str, negative: str) -> None:
    """The character's own picture prefix and negative prompt."""
    await c.execute(update(characters).where(characters.c.id == character_id).values(prefix=prefix, negative=negative))


async def remove(c: AsyncConnection, character_id: int) -> None:
    """Delete a character; chats that used it are left without one."""
    await c.execute(update(chats).where(chats.c.character_id == character_id).values(character_id=None, head=None, head_mark=""))
    await c.execute(delete(characters).where(characters.c.id == character_id))


async def ensure_builtin(
    c: AsyncConnection, name: str, card: dict[str, Any], *, avatar: str | None = None, prefix: str = "", negative: str = ""
) -> Character:
    """Store a built-in character, or bring it up to this version's card. Writes only when something differs."""
    wanted = {"card": card, "avatar": avatar, "prefix": prefix, "negative": negative}
    own = characters.c.owner == BUILTIN, characters.c.name == name
    row = (await c.execute(select(characters).where(*own))).mappings().one_or_none()
    if row is None:
        added = insert(characters).values(owner=BUILTIN, name=name, created_at=now(), **wanted)
        row = (await c.execute(added.returning(*characters.c))).mappings().one()
    elif any(row[column] != value for column, value in wanted.items()):
        row = (await c.execute(update(characters).where(*own).values(**wanted).returning(*characters.c))).mappings().one()
    return _character(row)
