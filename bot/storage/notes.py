"""Small facts of the program itself: platform offsets, command hashes, token calibration."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import upsert
from bot.storage.schema import notes


async def get(c: AsyncConnection, name: str) -> str | None:
    value: str | None = await c.scalar(select(notes.c.value).where(notes.c.name == name))
    return value


async def put(c: AsyncConnection, name: str, value: str) -> None:
    """Store a fact under a name of at most 120 characters."""
    stored = upsert(c, notes).values(name=name, value=value)
    await c.execute(stored.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


async def remove(c: AsyncConnection, name: str) -> None:
    await c.execute(delete(notes).where(notes.c.name == name))
