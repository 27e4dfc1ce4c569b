"""Chats: one story in one place, with its settings, its cast and its place in the context window."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import ColumnElement, RowMapping, String, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.chat_settings import ChatSettings
from bot.domain.errors import NotFound
from bot.domain.places import ChatKey, Place
from bot.storage import jobs
from bot.storage.dialect import upsert
from bot.storage.records import Chat
from bot.storage.rows import now
from bot.storage.schema import characters, chats, entries, inbox, pictures, posts, proposals, styles, variables, workflows
from bot.storage.workflows import drop_unused

log = structlog.get_logger(__name__)

_known = select(chats).where(chats.c.key == bindparam("wanted"))

MOST_TOLD = 200
LONGEST_TOLD = 64


def merged_settings(stored: dict[str, Any], defaults: ChatSettings, chat: str = "") -> ChatSettings:
    """The defaults with what a chat changed. Keys or values that no longer fit are left out, with a line in the log."""
    if not stored:
        return defaults
    known = {name: value for name, value in stored.items() if name in ChatSettings.model_fields}
    stale = sorted(stored.keys() - known.keys())
    base = defaults.model_dump()
    try:
        settings = ChatSettings(**{**base, **known})
    except ValidationError as error:
        wrong = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
        stale += sorted(wrong)
        settings = ChatSettings(**{**base, **{name: value for name, value in known.items() if name not in wrong}})
    if stale:
        log.warning("stored chat settings ignored", chat=chat, names=stale)
    return settings


def _chat(row: RowMapping, defaults: ChatSettings) -> Chat:
    return Chat(
        id=row["id"],
        key=ChatKey.parse(row["key"]),
        place=Place(private=row["private"], age_restricted=row["age_restricted"], title=row["title"]),
        character_id=row["character_id"],
        settings=merged_settings(row["settings"], defaults, row["key"]),
        background=row["background"],
        head=row["head"],
        head_mark=row["head_mark"],
        first_entry=row["first_entry"],
    )


def _flags(place: Place) -> dict[str, Any]:
    """What a platform says about a place, as columns."""
    return {"private": place.private, "age_restricted": place.age_restricted, "title": place.title}


async def unchanged(c: AsyncConnection, key: ChatKey, place: Place, defaults: ChatSettings) -> Chat | None:
    """A chat that is known and of whose place there is nothing new to store; None leaves it to ``open_chat``. For what must not
    wait behind the writes of other chats."""
    row = (await c.execute(_known, {"wanted": str(key)})).mappings().one_or_none()
    if row is None or any(row[name] != value for name, value in _flags(place).items()):
        return None
    return _chat(row, defaults)


async def open_chat(c: AsyncConnection, key: ChatKey, place: Place, defaults: ChatSettings, *, seen: str = "") -> Chat:
    """Get or create a chat; what the platform says about the place is refreshed when it changed. Needs a write transaction
    only when there is something to write: one statement for a chat that is known and unchanged. ``seen`` is the platform's id
    of a message taken in (see ``seen``), recorded in the same statement."""
    flags = _flags(place)
    if seen:
        row = (await c.execute(_refreshed, {"wanted": str(key), "seen": seen, **flags})).mappings().one_or_none()
    else:
        row = (await c.execute(_known, {"wanted": str(key)})).mappings().one_or_none()
    if row is None:
        made = upsert(c, chats).values(key=str(key), settings={}, created_at=now(), last_seen=seen or None, **flags)
        made = made.on_conflict_do_update(index_elements=["key"], set_=flags)
        row = (await c.execute(made.returning(*chats.c))).mappings().one()
    elif any(row[name] != value for name, value in flags.items()):
        changed = update(chats).where(chats.c.id == row["id"]).values(**flags).returning(*chats.c)
        row = (await c.execute(changed)).mappings().one()
    return _chat(row, defaults)


async def by_id(c: AsyncConnection, chat_id: int, defaults: ChatSettings) -> Chat | None:
    row = (await c.execute(select(chats).where(chats.c.id == chat_id))).mappings().one_or_none()
    return _chat(row, defaults) if row else None


async def by_key(c: AsyncConnection, key: ChatKey, defaults: ChatSettings) -> Chat | None:
    row = (await c.execute(select(chats).where(chats.c.key == str(key)))).mappings().one_or_none()
    return _chat(row, defaults) if row else None


async def of_platform(c: AsyncConnection, platform: str, defaults: ChatSettings) -> list[Chat]:
    """All chats of a platform, oldest first."""
    found = await c.execute(select(chats).where(chats.c.key.startswith(f"{platform}:", autoescape=True)).order_by(chats.c.id))
    return [_chat(row, defaults) for row in found.mappings()]


async def change_settings(c: AsyncConnection, chat_id: int, changes: dict[str, Any]) -> None:
    """Store changed settings; None takes one back to the host's default. Names and values are checked: raises ``ValueError``
    (pydantic's ``ValidationError``) when they do not fit. A setting whose own value can be None is reset by None as well."""
    given = {name: value for name, value in changes.items() if value is not None}
    checked = ChatSettings.model_validate(given)
    stored = await c.scalar(select(chats.c.settings).where(chats.c.id == chat_id))
    if stored is None:
        raise NotFound
    kept = {name: value for name, value in stored.items() if name not in changes}
    kept.update({name: getattr(checked, name) for name in given})
    await _set(c, chat_id, settings=kept)


async def set_character(c: AsyncConnection, chat_id: int, character_id: int | None) -> None:
    """Who speaks here; the frozen head is dropped, for it was built from the former character."""
    await _set(c, chat_id, character_id=character_id, head=None, head_mark="")


async def set_background(c: AsyncConnection, chat_id: int, asset: str | None) -> None:
    await _set(c, chat_id, background=asset)


async def tell_once(c: AsyncConnection, chat_id: int, things: Collection[str]) -> list[str]:
    """Those of ``things`` that were not told in this chat before, marked as told now. At most 200 are remembered, the newest."""
    told: list[str] = await c.scalar(select(chats.c.told).where(chats.c.id == chat_id)) or []
    new = {_brief(thing): thing for thing in things if _brief(thing) not in told}
    if new:
        await _set(c, chat_id, told=[*told, *new][-MOST_TOLD:])
    return list(new.values())


def _brief(thing: str) -> str:
    """What is remembered of a thing told: the row is read with every message, and people's own words may be in the name."""
    return thing if len(thing) <= LONGEST_TOLD else hashlib.sha256(thing.encode("utf-8", "backslashreplace")).hexdigest()


async def set_head(c: AsyncConnection, chat_id: int, head: str | None, mark: str) -> None:
    """Freeze the stable head of the durable context; ``mark`` tells what it was built from."""
    await _set(c, chat_id, head=head, head_mark=mark)


async def set_first_entry(c: AsyncConnection, chat_id: int, entry_id: int) -> None:
    """Trim the context window: entries before this one are no longer read."""
    await _set(c, chat_id, first_entry=entry_id)


async def _set(c: AsyncConnection, chat_id: int, **values: Any) -> None:
    await c.execute(update(chats).where(chats.c.id == chat_id).values(**values))


async def seen(c: AsyncConnection, chat_id: int, message_id: str) -> None:
    """Remember the newest message taken in. Ids are decimal numbers as text; an older one changes nothing."""
    await c.execute(update(chats).where(chats.c.id == chat_id).values(last_seen=_newest), {"seen": message_id})


def _newer() -> ColumnElement[str]:
    """The newest message known, or the one of the parameter ``seen``: the longer number, of two as long the greater one."""
    known, seen = chats.c.last_seen, bindparam("seen", type_=String)
    same_length = and_(func.length(known) == func.length(seen), known < seen)
    return case((or_(known.is_(None), func.length(known) < func.length(seen), same_length), seen), else_=known)


_newest = _newer()
_refreshed = (
    update(chats)
    .where(chats.c.key == bindparam("wanted"))
    .values({name: bindparam(name) for name in ("private", "age_restricted", "title")} | {"last_seen": _newest})
    .returning(*chats.c)
)


async def last_seen(c: AsyncConnection, platform: str) -> dict[ChatKey, str]:
    """Newest message id taken in, for each chat of a platform that has one."""
    found = await c.execute(
        select(chats.c.key, chats.c.last_seen).where(
            chats.c.key.startswith(f"{platform}:", autoescape=True), chats.c.last_seen.is_not(None)
        )
    )
    return {ChatKey.parse(key): newest for key, newest in found}


async def move(c: AsyncConnection, old: ChatKey, new: ChatKey) -> None:
    """Give a chat another key (a Telegram group became a supergroup); nothing happens when the new one is taken."""
    taken = await c.scalar(select(chats.c.id).where(chats.c.key == str(new)))
    if taken is not None:
        return
    moved = update(chats).where(chats.c.key == str(old)).values(key=str(new), last_seen=None).returning(chats.c.id)
    chat_id = await c.scalar(moved)
    # ids of messages count from the beginning in the new place: the old ones would find, or delete, other people's messages
    await c.execute(update(entries).where(entries.c.chat_id == chat_id).values(message_id=None))
    await c.execute(delete(posts).where(posts.c.chat_id == chat_id))
    await c.execute(update(pictures).where(pictures.c.chat_id == chat_id).values(message_id=None, reply_to=None))
    await c.execute(update(proposals).where(proposals.c.chat_id == chat_id).values(message_id=None))
    await c.execute(update(inbox).where(inbox.c.chat_key == str(old)).values(chat_key=str(new), posted=[]))
    await c.execute(update(characters).where(characters.c.owner == str(old)).values(owner=str(new)))


async def forget(c: AsyncConnection, chat_id: int, *, everything: bool = False) -> list[str]:
    """Erase the story: entries, variants, pictures, takes, jobs, proposals, variables and stored events. Returns the ids of the
    bot's own messages that showed them, for the platform to remove.

    The row stays, so that catching up after a gap does not read the forgotten messages again; its head, window and background
    are reset. With ``everything`` its settings, character, styles, workflows and the characters imported for this chat alone go as well.
    Image files go with ``AssetStore.remove(assets_of(…))``: call ``pictures.assets_of`` before, in the same transaction. What
    was drawn today still counts against allowances: times only, without words.
    """
    key = await c.scalar(select(chats.c.key).where(chats.c.id == chat_id))
    if key is None:
        raise NotFound
    shown_only = (await c.scalars(select(inbox.c.posted).where(inbox.c.chat_key == key))).all()  # answers stopped while being shown
    messages = sorted({*await _own_messages(c, chat_id), *(m for ids in shown_only for m in ids)}, key=lambda m: (len(m), m))
    await jobs.remember_spent(c, chat_id)
    for table in (pictures, entries, proposals, variables):
        await c.execute(delete(table).where(table.c.chat_id == chat_id))
    await c.execute(delete(inbox).where(inbox.c.chat_key == key))
    fresh: dict[str, Any] = {"head": None, "head_mark": "", "first_entry": 0, "background": None, "told": None}
    if everything:
        fresh |= {"settings": {}, "character_id": None}
        await c.execute(delete(styles).where(styles.c.chat_id == chat_id))
        await c.execute(delete(workflows).where(workflows.c.chat_id == chat_id))
        await c.execute(delete(characters).where(characters.c.owner == key))
    await drop_unused(c, chat_id)
    await _set(c, chat_id, **fresh)
    return messages


async def _own_messages(c: AsyncConnection, chat_id: int) -> list[str]:
    said = select(posts.c.message_id).join(entries, entries.c.id == posts.c.entry_id)
    found = said.where(posts.c.chat_id == chat_id, entries.c.kind != "player").union(
        select(pictures.c.message_id).where(pictures.c.chat_id == chat_id, pictures.c.message_id.is_not(None)),
        select(proposals.c.message_id).where(proposals.c.chat_id == chat_id, proposals.c.message_id.is_not(None)),
    )
    return list((await c.scalars(found)).all())
