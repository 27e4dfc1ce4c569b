"""Chat variables of macros (``{{setvar::name::value}}``), which live as long as the story."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import upsert
from bot.storage.schema import variables


async def of_chat(c: AsyncConnection, chat_id: int) -> dict[str, str]:
    found = await c.execute(select(variables.c.name, variables.c.value).where(variables.c.chat_id == chat_id))
    return dict(found.tuples().all())


async def get(c: AsyncConnection, chat_id: int, name: str) -> str | None:
    wanted = select(variables.c.value).where(variables.c.chat_id == chat_id, variables.c.name == name)
    value: str | None = await c.scalar(wanted)
    return value


async def put(c: AsyncConnection, chat_id: int, values: Mapping[str, str]) -> None:
    """Set variables (names up to 100 characters) in one statement."""
    if not values:
        return
    stored = upsert(c, variables).values([{"chat_id": chat_id, "name": name, "value": value} for name, value in values.items()])
    new = {"value": stored.excluded.value}
    await c.execute(stored.on_conflict_do_update(index_elements=["chat_id", "name"], set_=new))


async def remove(c: AsyncConnection, chat_id: int, name: str) -> bool:
    """Delete a variable; False when there was none."""
    return (await c.execute(delete(variables).where(variables.c.chat_id == chat_id, variables.c.name == name))).rowcount == 1
