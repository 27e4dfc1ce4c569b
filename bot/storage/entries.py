"""Entries: what happened in a chat, with the variants (text swipes) of each and the platform messages that show them.

An entry's first variant has the entry's id with a minus sign, and an entry without a chosen variant shows that one. So adding
an entry takes two statements instead of three, and the window is still read by one join over primary keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.errors import NotFound
from bot.storage.dialect import upsert
from bot.storage.records import Entry, EntryKind
from bot.storage.rows import aware, now
from bot.storage.schema import chats, entries, inbox, posts, variants

_chosen = func.coalesce(entries.c.variant_id, -entries.c.id)
_shown = entries.outerjoin(variants, variants.c.id == _chosen)


@dataclass(frozen=True, slots=True)
class Variant:
    """One alternative of an entry, oldest first in lists."""

    id: int
    entry_id: int
    text: str
    extra: dict[str, Any] = field(default_factory=dict)


def _selected() -> Select[Any]:
    return select(*entries.c, _chosen.label("chosen"), variants.c.text, variants.c.extra).select_from(_shown)


def _entry(row: RowMapping) -> Entry:
    return Entry(
        id=row["id"],
        chat_id=row["chat_id"],
        kind=row["kind"],
        text=row["text"] or "",
        variant_id=row["chosen"],
        author_id=row["author_id"],
        author_name=row["author_name"],
        character_id=row["character_id"],
        picture_id=row["picture_id"],
        reply_to=row["reply_to"],
        hidden=row["hidden"],
        created_at=aware(row["created_at"]),
        extra=row["extra"] or {},
    )


async def add(
    c: AsyncConnection,
    chat_id: int,
    kind: EntryKind,
    text: str,
    *,
    author_id: str = "",
    author_name: str = "",
    character_id: int | None = None,
    picture_id: int | None = None,
    reply_to: int | None = None,
    hidden: bool = False,
    extra: dict[str, Any] | None = None,
) -> Entry:
    """Append an entry with its first variant (two statements)."""
    moment = now()
    values: dict[str, Any] = {
        "chat_id": chat_id,
        "kind": kind,
        "author_id": author_id,
        "author_name": author_name,
        "character_id": character_id,
        "picture_id": picture_id,
        "reply_to": reply_to,
        "hidden": hidden,
    }
    entry_id: int = (await c.execute(insert(entries).values(**values, created_at=moment).returning(entries.c.id))).scalar_one()
    first = {"id": -entry_id, "entry_id": entry_id, "text": text, "extra": extra or {}, "created_at": moment}
    await c.execute(insert(variants).values(**first))
    return Entry(id=entry_id, text=text, variant_id=-entry_id, created_at=aware(moment), extra=extra or {}, **values)


async def add_variant(c: AsyncConnection, entry_id: int, text: str, extra: dict[str, Any] | None = None) -> int:
    """Add an alternative (a swipe or an edit) and choose it; its id."""
    added = insert(variants).values(entry_id=entry_id, text=text, extra=extra or {}, created_at=now()).returning(variants.c.id)
    variant_id: int = (await c.execute(added)).scalar_one()
    await c.execute(update(entries).where(entries.c.id == entry_id).values(variant_id=variant_id))
    return variant_id


async def choose(c: AsyncConnection, entry_id: int, variant_id: int) -> None:
    """Show another variant. Raises ``NotFound`` when it is not one of this entry's."""
    own = select(variants.c.id).where(variants.c.id == variant_id, variants.c.entry_id == entry_id).exists()
    done = await c.execute(update(entries).where(entries.c.id == entry_id, own).values(variant_id=variant_id))
    if done.rowcount != 1:
        raise NotFound


async def variants_of(c: AsyncConnection, entry_id: int) -> list[Variant]:
    """All alternatives of an entry, oldest first."""
    found = await c.execute(select(variants).where(variants.c.entry_id == entry_id).order_by(variants.c.id))
    return [Variant(row["id"], row["entry_id"], row["text"], row["extra"]) for row in found.mappings()]


async def window(c: AsyncConnection, chat_id: int, first_entry: int) -> list[Entry]:
    """The entries from ``first_entry`` on, oldest first, hidden ones included (one statement)."""
    wanted = _selected().where(entries.c.chat_id == chat_id, entries.c.id >= first_entry).order_by(entries.c.id)
    return [_entry(row) for row in (await c.execute(wanted)).mappings()]


async def latest(c: AsyncConnection, chat_id: int, kinds: Sequence[EntryKind] = (), limit: int = 1) -> list[Entry]:
    """The newest entries, newest first; only of these kinds when any are named."""
    wanted = _selected().where(entries.c.chat_id == chat_id)
    if kinds:
        wanted = wanted.where(entries.c.kind.in_(kinds))
    return [_entry(row) for row in (await c.execute(wanted.order_by(entries.c.id.desc()).limit(limit))).mappings()]


async def page(c: AsyncConnection, chat_id: int, before: int | None = None, limit: int = 50) -> list[Entry]:
    """The last ``limit`` entries before entry ``before`` (None: before the end), oldest first."""
    wanted = _selected().where(entries.c.chat_id == chat_id)
    if before is not None:
        wanted = wanted.where(entries.c.id < before)
    rows = (await c.execute(wanted.order_by(entries.c.id.desc()).limit(limit))).mappings().all()
    return [_entry(row) for row in reversed(rows)]


async def by_id(c: AsyncConnection, entry_id: int) -> Entry | None:
    row = (await c.execute(_selected().where(entries.c.id == entry_id))).mappings().one_or_none()
    return _entry(row) if row else None


async def by_message(c: AsyncConnection, chat_id: int, message_id: str) -> Entry | None:
    """The entry that a platform message shows (or is)."""
    linked = select(posts.c.entry_id).where(posts.c.chat_id == chat_id, posts.c.message_id == message_id).scalar_subquery()
    row = (await c.execute(_selected().where(entries.c.id == linked))).mappings().one_or_none()
    return _entry(row) if row else None


async def link_posts(c: AsyncConnection, chat_id: int, entry_id: int, message_ids: Sequence[str]) -> None:
    """Record which platform messages show an entry. A message linked before moves to this entry."""
    await link_many(c, chat_id, [(message, entry_id) for message in message_ids])


async def link_many(c: AsyncConnection, chat_id: int, pairs: Sequence[tuple[str, int]]) -> None:
    """Link messages of several entries, as (message id, entry id), in one statement."""
    rows = [{"chat_id": chat_id, "message_id": message, "entry_id": entry} for message, entry in dict(pairs).items()]
    if not rows:
        return
    linked = upsert(c, posts)
    moved = {"entry_id": linked.excluded.entry_id}
    # rows as parameters: SQLAlchemy compiles a statement with a list of values anew every time
    await c.execute(linked.on_conflict_do_update(index_elements=["chat_id", "message_id"], set_=moved), rows)


async def unlink_posts(c: AsyncConnection, chat_id: int, message_ids: Sequence[str]) -> None:
    """Forget messages that no longer exist."""
    if message_ids:
        await c.execute(delete(posts).where(posts.c.chat_id == chat_id, posts.c.message_id.in_(message_ids)))


async def posts_of(c: AsyncConnection, entry_id: int) -> list[str]:
    """Ids of the messages that show an entry, in the order they were linked."""
    return list((await c.scalars(select(posts.c.message_id).where(posts.c.entry_id == entry_id).order_by(posts.c.id))).all())


async def set_hidden(c: AsyncConnection, entry_id: int, hidden: bool) -> None:
    """Whether the model reads this entry."""
    await c.execute(update(entries).where(entries.c.id == entry_id).values(hidden=hidden))


async def set_picture(c: AsyncConnection, entry_id: int, picture_id: int | None) -> None:
    """Connect an entry with the picture it shows."""
    await c.execute(update(entries).where(entries.c.id == entry_id).values(picture_id=picture_id))


async def blank(c: AsyncConnection, entry_id: int) -> None:
    """Erase the words of an entry in every variant, and of the stored event it came from; the entry itself stays in order."""
    await c.execute(update(variants).where(variants.c.entry_id == entry_id).values(text="", extra={}))
    key = select(chats.c.key).join(entries, entries.c.chat_id == chats.c.id).where(entries.c.id == entry_id).scalar_subquery()
    settled = inbox.c.state.in_(("done", "failed"))
    await c.execute(update(inbox).where(inbox.c.chat_key == key, inbox.c.entry_id == entry_id, settled).values(payload=""))
