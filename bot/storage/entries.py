"""Entries: what happened in a chat, with the variants (text swipes) of each and the platform messages that show them.

An entry carries its chosen text itself, so adding one is one statement and reading a story is no join. Rows in ``variants`` exist only
for entries that have more than one text; the chosen one is then in both places, and only the functions here write them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, and_, bindparam, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.errors import NotFound
from bot.storage.dialect import upsert_text
from bot.storage.records import Entry, EntryKind
from bot.storage.rows import aware, now
from bot.storage.schema import entries, inbox, posts, variants

_own = entries.c
_selected = select(
    _own.created_at, _own.id, _own.chat_id, _own.kind, _own.text, _own.variant_id, _own.author_id, _own.author_name, _own.character_id,
    _own.picture_id, _own.reply_to, _own.hidden, _own.extra,
)  # fmt: skip
_add = insert(entries).returning(_own.id)
_window = _selected.where(_own.chat_id == bindparam("chat"), _own.id >= bindparam("first")).order_by(_own.id)
_link = upsert_text(posts, ("chat_id", "message_id", "entry_id"), ("chat_id", "message_id"), ("entry_id",))


@dataclass(frozen=True, slots=True)
class Variant:
    """One alternative of an entry, oldest first in lists. ``id`` is 0 for an entry's only text."""

    id: int
    entry_id: int
    text: str
    extra: dict[str, Any] = field(default_factory=dict)


def _entry(row: Row[Any]) -> Entry:
    moment, number, chat_id, kind, words, variant_id, author_id, author_name, character_id, picture_id, reply_to, hidden, extra = row
    who = author_id, author_name, character_id, picture_id, reply_to, hidden
    return Entry(number, chat_id, kind, words, variant_id, *who, aware(moment), extra or {})


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
    message_id: str | None = None,
    inbox_id: int | None = None,
) -> Entry:
    """Append an entry (one statement). ``message_id`` is the person's own message that it is; ``inbox_id`` the stored event that
    it came of, which with a player's entry counts as begun and with a character's as answered."""
    moment = now()
    values: dict[str, Any] = {
        "chat_id": chat_id,
        "kind": kind,
        "text": text,
        "author_id": author_id,
        "author_name": author_name,
        "character_id": character_id,
        "picture_id": picture_id,
        "reply_to": reply_to,
        "hidden": hidden,
        "extra": extra or {},
    }
    links = {"message_id": message_id, "inbox_id": inbox_id, "created_at": moment}
    entry_id: int = (await c.execute(_add, values | links)).scalar_one()
    return Entry(id=entry_id, variant_id=None, created_at=aware(moment), **values)


async def add_variant(c: AsyncConnection, entry_id: int, text: str, extra: dict[str, Any] | None = None) -> int:
    """Add an alternative (a swipe or an edit) and choose it; its id."""
    columns = ("entry_id", "text", "extra", "created_at")
    first = select(_own.id, _own.text, _own.extra, _own.created_at).where(_own.id == entry_id, _own.variant_id.is_(None))
    await c.execute(insert(variants).from_select(columns, first))
    added = insert(variants).values(entry_id=entry_id, text=text, extra=extra or {}, created_at=now()).returning(variants.c.id)
    variant_id: int = (await c.execute(added)).scalar_one()
    await c.execute(update(entries).where(_own.id == entry_id).values(variant_id=variant_id, text=text, extra=extra or {}))
    return variant_id


async def choose(c: AsyncConnection, entry_id: int, variant_id: int) -> None:
    """Show another variant. Raises ``NotFound`` when it is not one of this entry's."""
    found = {variant.id: variant for variant in await variants_of(c, entry_id) if variant.id}
    if variant_id not in found:
        raise NotFound
    chosen = found[variant_id]
    await c.execute(update(entries).where(_own.id == entry_id).values(variant_id=variant_id, text=chosen.text, extra=chosen.extra))


async def variants_of(c: AsyncConnection, entry_id: int) -> list[Variant]:
    """All alternatives of an entry, oldest first."""
    several = select(variants.c.id, variants.c.entry_id, variants.c.text, variants.c.extra).where(variants.c.entry_id == entry_id)
    alone = select(literal(0), _own.id, _own.text, _own.extra).where(_own.id == entry_id, _own.variant_id.is_(None))
    return [Variant(*row) for row in await c.execute(several.union_all(alone).order_by(variants.c.id))]


async def window(c: AsyncConnection, chat_id: int, first_entry: int) -> list[Entry]:
    """The entries from ``first_entry`` on, oldest first, hidden ones included (one statement)."""
    return [_entry(row) for row in await c.execute(_window, {"chat": chat_id, "first": first_entry})]


async def latest(c: AsyncConnection, chat_id: int, kinds: Sequence[EntryKind] = (), limit: int = 1) -> list[Entry]:
    """The newest entries, newest first; only of these kinds when any are named."""
    wanted = _selected.where(_own.chat_id == chat_id)
    if kinds:
        wanted = wanted.where(_own.kind.in_(kinds))
    return [_entry(row) for row in await c.execute(wanted.order_by(_own.id.desc()).limit(limit))]


async def page(c: AsyncConnection, chat_id: int, before: int | None = None, limit: int = 50) -> list[Entry]:
    """The last ``limit`` entries before entry ``before`` (None: before the end), oldest first."""
    wanted = _selected.where(_own.chat_id == chat_id)
    if before is not None:
        wanted = wanted.where(_own.id < before)
    rows = (await c.execute(wanted.order_by(_own.id.desc()).limit(limit))).all()
    return [_entry(row) for row in reversed(rows)]


async def by_id(c: AsyncConnection, entry_id: int) -> Entry | None:
    row = (await c.execute(_selected.where(_own.id == entry_id))).one_or_none()
    return _entry(row) if row else None


async def by_message(c: AsyncConnection, chat_id: int, message_id: str) -> Entry | None:
    """The entry that a platform message shows (or is)."""
    linked = select(posts.c.entry_id).where(posts.c.chat_id == chat_id, posts.c.message_id == message_id)
    said = and_(_own.chat_id == chat_id, _own.message_id == message_id)
    wanted = _selected.where(or_(_own.id.in_(linked), said)).order_by(_own.id.desc()).limit(1)
    row = (await c.execute(wanted)).one_or_none()
    return _entry(row) if row else None


async def link_posts(c: AsyncConnection, chat_id: int, entry_id: int, message_ids: Sequence[str]) -> None:
    """Record which platform messages show an entry. A message linked before moves to this entry."""
    await link_many(c, chat_id, [(message, entry_id) for message in message_ids])


async def link_many(c: AsyncConnection, chat_id: int, pairs: Sequence[tuple[str, int]]) -> None:
    """Link messages of several entries, as (message id, entry id), in one statement."""
    rows = [{"chat_id": chat_id, "message_id": message, "entry_id": entry} for message, entry in dict(pairs).items()]
    if rows:
        await c.execute(_link, rows)


async def posts_of(c: AsyncConnection, entry_id: int) -> list[str]:
    """Ids of the messages that show an entry, in the order they were linked; of a player's entry, the message it was."""
    shown = select(posts.c.id, posts.c.message_id).where(posts.c.entry_id == entry_id)
    said = select(literal(0), _own.message_id).where(_own.id == entry_id, _own.message_id.is_not(None))
    found = await c.execute(shown.union_all(said).order_by(posts.c.id))
    return [message for _, message in found]


async def set_picture(c: AsyncConnection, entry_id: int, picture_id: int | None) -> None:
    """Connect an entry with the picture it shows."""
    await c.execute(update(entries).where(_own.id == entry_id).values(picture_id=picture_id))


async def blank(c: AsyncConnection, entry_id: int) -> None:
    """Erase the words of an entry in every variant, and of the stored event it came from; the entry itself stays in order."""
    await c.execute(update(entries).where(_own.id == entry_id).values(text="", extra={}))
    await c.execute(update(variants).where(variants.c.entry_id == entry_id).values(text="", extra={}))
    event = select(_own.inbox_id).where(_own.id == entry_id).scalar_subquery()
    await c.execute(update(inbox).where(inbox.c.id == event, inbox.c.state.in_(("done", "failed"))).values(payload=""))
