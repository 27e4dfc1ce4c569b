"""The inbox: every incoming event, stored before work starts, and how far work on it has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.places import ChatKey
from bot.storage.dialect import json_appended, upsert
from bot.storage.records import Inbox, InboxState
from bot.storage.rows import naive, now
from bot.storage.schema import inbox

EventKind = Literal["message", "command", "press", "form"]


def _inbox(row: RowMapping) -> Inbox:
    return Inbox(
        id=row["id"],
        kind=row["kind"],
        payload=row["payload"],
        state=row["state"],
        entry_id=row["entry_id"],
        reply_entry_id=row["reply_entry_id"],
        posted=tuple(dict.fromkeys(row["posted"])),
        attempts=row["attempts"],
    )


async def receive(c: AsyncConnection, chat_key: ChatKey, kind: EventKind, event_key: str, payload: str) -> int | None:
    """Store an event; its row id, or None when an event of this key is known in this chat already. ``event_key`` is the
    platform's id (at most 110 characters); kinds do not collide."""
    row = {
        "chat_key": str(chat_key),
        "event_key": f"{kind}:{event_key}",
        "kind": kind,
        "payload": payload,
        "state": "received",
        "posted": [],
        "created_at": now(),
    }
    stored = upsert(c, inbox).values(**row).on_conflict_do_nothing(index_elements=["chat_key", "event_key"])
    return (await c.execute(stored.returning(inbox.c.id))).scalar_one_or_none()


async def mark(
    c: AsyncConnection,
    inbox_id: int,
    state: InboxState,
    *,
    entry_id: int | None = None,
    reply_entry_id: int | None = None,
) -> None:
    """Record progress; ids left None stay as they are. ``working`` counts an attempt; ``done`` erases the stored event, whose
    words live on in its entry only."""
    values: dict[str, Any] = {"state": state}
    if entry_id is not None:
        values["entry_id"] = entry_id
    if reply_entry_id is not None:
        values["reply_entry_id"] = reply_entry_id
    if state == "working":
        values["attempts"] = inbox.c.attempts + 1
    if state == "done":
        values["payload"] = ""
    await c.execute(update(inbox).where(inbox.c.id == inbox_id).values(**values))


async def add_posted(c: AsyncConnection, inbox_id: int, message_id: str) -> None:
    """Record a message of the reply the moment it exists on the platform."""
    longer = json_appended(c, inbox.c.posted, message_id)
    await c.execute(update(inbox).where(inbox.c.id == inbox_id).values(posted=longer))


async def by_id(c: AsyncConnection, inbox_id: int) -> Inbox | None:
    row = (await c.execute(select(inbox).where(inbox.c.id == inbox_id))).mappings().one_or_none()
    return _inbox(row) if row else None


async def unfinished(c: AsyncConnection) -> list[Inbox]:
    """What an earlier process left, in the order it came."""
    wanted = select(inbox).where(inbox.c.state.in_(("received", "working", "delivering"))).order_by(inbox.c.id)
    return [_inbox(row) for row in (await c.execute(wanted)).mappings()]


async def retake(c: AsyncConnection, inbox_id: int) -> bool:
    """Begin again with a message whose answer failed; False when somebody did so already."""
    failed = update(inbox).where(inbox.c.id == inbox_id, inbox.c.state == "failed")
    return (await c.execute(failed.values(state="working", attempts=inbox.c.attempts + 1))).rowcount == 1


async def give_up(c: AsyncConnection, chat_key: ChatKey) -> None:
    """The message of a chat whose answer is being written counts as not answered: the next start leaves it alone."""
    begun = inbox.c.chat_key == str(chat_key), inbox.c.kind == "message", inbox.c.state == "working"
    await c.execute(update(inbox).where(*begun).values(state="failed"))


async def tail(c: AsyncConnection, chat_key: ChatKey, limit: int = 20) -> list[Inbox]:
    """The newest events of a chat, oldest first."""
    newest = select(inbox).where(inbox.c.chat_key == str(chat_key)).order_by(inbox.c.id.desc()).limit(limit)
    return [_inbox(row) for row in (await c.execute(newest)).mappings()][::-1]


async def prune(c: AsyncConnection, older_than: datetime) -> int:
    """Remove finished events from before ``older_than``; how many. Duplicates of those are no longer recognised, so keep
    as many days as a platform may deliver again (Telegram: 24 hours)."""
    old = delete(inbox).where(inbox.c.state.in_(("done", "failed")), inbox.c.created_at < naive(older_than))
    return (await c.execute(old)).rowcount
