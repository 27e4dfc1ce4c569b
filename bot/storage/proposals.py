"""Proposals: prompts that wait for approval, and offers to draw. A row outlives a restart; each is decided once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.pictures import PictureRequest
from bot.storage.records import Proposal, ProposalState
from bot.storage.rows import aware, naive, new_key, now, plain
from bot.storage.schema import proposals

__all__ = ["new_key"]


def _proposal(row: RowMapping) -> Proposal:
    return Proposal(
        id=row["id"],
        key=row["key"],
        chat_id=row["chat_id"],
        kind=row["kind"],
        request=PictureRequest.model_validate(row["request"]),
        prompt=row["prompt"],
        state=row["state"],
        message_id=row["message_id"],
        picture_id=row["picture_id"],
        created_at=aware(row["created_at"]),
    )


async def add(
    c: AsyncConnection,
    key: str,
    chat_id: int,
    kind: Literal["approval", "offer"],
    request: PictureRequest,
    prompt: str = "",
    message_id: str | None = None,
) -> Proposal:
    """A new open proposal; ``key`` comes from ``new_key()``."""
    moment = now()
    values: dict[str, Any] = {"key": key, "chat_id": chat_id, "kind": kind, "prompt": prompt, "state": "open"}
    values |= {"message_id": message_id, "picture_id": None}
    added = insert(proposals).values(**values, request=plain(request), created_at=moment).returning(proposals.c.id)
    proposal_id: int = (await c.execute(added)).scalar_one()
    return Proposal(id=proposal_id, request=request, created_at=aware(moment), **values)


async def by_key(c: AsyncConnection, key: str) -> Proposal | None:
    row = (await c.execute(select(proposals).where(proposals.c.key == key))).mappings().one_or_none()
    return _proposal(row) if row else None


async def by_id(c: AsyncConnection, proposal_id: int) -> Proposal | None:
    row = (await c.execute(select(proposals).where(proposals.c.id == proposal_id))).mappings().one_or_none()
    return _proposal(row) if row else None


async def by_message(c: AsyncConnection, chat_id: int, message_id: str) -> Proposal | None:
    """The newest proposal shown by this message."""
    own = select(proposals).where(proposals.c.chat_id == chat_id, proposals.c.message_id == message_id)
    row = (await c.execute(own.order_by(proposals.c.id.desc()).limit(1))).mappings().one_or_none()
    return _proposal(row) if row else None


async def open_in(c: AsyncConnection, chat_id: int) -> list[Proposal]:
    """Open proposals of a chat, oldest first."""
    wanted = select(proposals).where(proposals.c.chat_id == chat_id, proposals.c.state == "open").order_by(proposals.c.id)
    return [_proposal(row) for row in (await c.execute(wanted)).mappings()]


async def set_message(c: AsyncConnection, proposal_id: int, message_id: str | None) -> None:
    await _set(c, proposal_id, message_id=message_id)


async def set_picture(c: AsyncConnection, proposal_id: int, picture_id: int) -> None:
    """Which picture came of it."""
    await _set(c, proposal_id, picture_id=picture_id)


async def _set(c: AsyncConnection, proposal_id: int, **values: Any) -> None:
    await c.execute(update(proposals).where(proposals.c.id == proposal_id).values(**values))


async def close(c: AsyncConnection, proposal_id: int, state: ProposalState) -> bool:
    """Close an open proposal; False when it was closed before, so that approving twice draws once."""
    closed = update(proposals).where(proposals.c.id == proposal_id, proposals.c.state == "open").values(state=state)
    return (await c.execute(closed)).rowcount == 1


async def reopen(c: AsyncConnection, proposal_id: int) -> None:
    """Make an approved proposal answerable again: nothing came of it."""
    await c.execute(update(proposals).where(proposals.c.id == proposal_id, proposals.c.state == "approved").values(state="open"))


async def expire(c: AsyncConnection, created_before: datetime) -> list[Proposal]:
    """Close open proposals from before a moment; those that were closed now."""
    old = update(proposals).where(proposals.c.state == "open", proposals.c.created_at < naive(created_before))
    closed = await c.execute(old.values(state="expired").returning(*proposals.c))
    return sorted((_proposal(row) for row in closed.mappings()), key=lambda proposal: proposal.id)
