"""The inbox: every incoming event, stored before work starts, and how far work on it has come."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import Row, Select, String, Update, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.places import ChatKey
from bot.storage.dialect import json_appended, upsert_text
from bot.storage.records import Inbox, InboxState
from bot.storage.rows import naive, now
from bot.storage.schema import entries, inbox

EventKind = Literal["message", "command", "press", "form"]

_receive = upsert_text(
    inbox, ("chat_key", "event_key", "kind", "payload", "state", "posted", "created_at"), ("chat_key", "event_key"), returning="id"
)
_done = update(inbox).where(inbox.c.id == bindparam("row")).values(state="done", payload="")


@cache
def _longer(dialect: str) -> Update:
    appended = json_appended(dialect, inbox.c.posted, bindparam("message", type_=String))
    return update(inbox).where(inbox.c.id == bindparam("row")).values(posted=appended)


def _entry_of(kind: str) -> Any:
    """The entry that came of an event: the person's own words, or the answer."""
    return select(func.max(entries.c.id)).where(entries.c.inbox_id == inbox.c.id, entries.c.kind == kind).scalar_subquery()


def _selected() -> Select[Any]:
    own = inbox.c
    return select(own.id, own.kind, own.payload, own.state, _entry_of("player"), _entry_of("character"), own.posted)


def _inbox(row: Row[Any]) -> Inbox:
    number, kind, payload, state, entry_id, reply_entry_id, posted = row
    if state == "received":  # begun and answered are told by the entries, which are written anyway
        state = "delivering" if reply_entry_id else "working" if entry_id else state
    return Inbox(number, kind, payload, state, entry_id, reply_entry_id, tuple(dict.fromkeys(posted)))


async def receive(c: AsyncConnection, chat_key: ChatKey, kind: EventKind, event_key: str, payload: str) -> int | None:
    """Store an event; its row id, or None when an event of this key is known in this chat already. ``event_key`` is the
    platform's id (at most 110 characters); kinds do not collide. Its entries name the row (``entries.add(inbox_id=…)``)."""
    row = {
        "chat_key": str(chat_key),
        "event_key": f"{kind}:{event_key}",
        "kind": kind,
        "payload": payload,
        "state": "received",
        "posted": [],
        "created_at": now(),
    }
    number: int | None = (await c.execute(_receive, row)).scalar_one_or_none()
    return number


async def mark(c: AsyncConnection, inbox_id: int, state: InboxState) -> None:
    """Record progress. ``done`` erases the stored event, whose words live on in its entry only. A message is ``working`` and
    ``delivering`` by its entries, without a mark."""
    if state == "done":
        await c.execute(_done, {"row": inbox_id})
        return
    await c.execute(update(inbox).where(inbox.c.id == inbox_id).values(state=state))


async def add_posted(c: AsyncConnection, inbox_id: int, message_id: str) -> None:
    """Record a message of the reply the moment it exists on the platform."""
    await c.execute(_longer(c.dialect.name), {"row": inbox_id, "message": message_id})


async def by_id(c: AsyncConnection, inbox_id: int) -> Inbox | None:
    row = (await c.execute(_selected().where(inbox.c.id == inbox_id))).one_or_none()
    return _inbox(row) if row else None


async def unfinished(c: AsyncConnection) -> list[Inbox]:
    """What an earlier process left, in the order it came."""
    wanted = _selected().where(inbox.c.state.in_(("received", "working"))).order_by(inbox.c.id)
    return [_inbox(row) for row in await c.execute(wanted)]


async def retake(c: AsyncConnection, inbox_id: int) -> bool:
    """Begin again with a message whose answer failed; False when somebody did so already."""
    failed = update(inbox).where(inbox.c.id == inbox_id, inbox.c.state == "failed")
    return (await c.execute(failed.values(state="received"))).rowcount == 1


async def give_up(c: AsyncConnection, chat_key: ChatKey) -> None:
    """The message of a chat whose answer is being written counts as not answered: the next start leaves it alone."""
    begun = select(entries.c.id).where(entries.c.inbox_id == inbox.c.id).exists()
    under_way = inbox.c.state == "received", inbox.c.chat_key == str(chat_key), inbox.c.kind == "message", begun
    await c.execute(update(inbox).where(*under_way).values(state="failed"))


async def tail(c: AsyncConnection, chat_key: ChatKey, limit: int = 20) -> list[Inbox]:
    """The newest events of a chat, oldest first."""
    newest = _selected().where(inbox.c.chat_key == str(chat_key)).order_by(inbox.c.id.desc()).limit(limit)
    return [_inbox(row) for row in await c.execute(newest)][::-1]


async def prune(c: AsyncConnection, older_than: datetime) -> int:
    """Remove finished events from before ``older_than``; how many. Duplicates of those are no longer recognised, so keep
    as many days as a platform may deliver again (Telegram: 24 hours). Entries forget their rows: SQLite may give a number again."""
    old = inbox.c.state.in_(("done", "failed")), inbox.c.created_at < naive(older_than)
    await c.execute(update(entries).where(entries.c.inbox_id.in_(select(inbox.c.id).where(*old))).values(inbox_id=None))
    return (await c.execute(delete(inbox).where(*old))).rowcount
