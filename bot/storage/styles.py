"""Styles: named pairs of common prefix and negative prompt of one chat."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import upsert
from bot.storage.records import Style
from bot.storage.schema import styles


async def of_chat(c: AsyncConnection, chat_id: int) -> list[Style]:
    """All styles of a chat, by name."""
    found = await c.execute(select(styles).where(styles.c.chat_id == chat_id).order_by(func.lower(styles.c.name)))
    return [Style(row["name"], row["prefix"], row["negative"]) for row in found.mappings()]


async def get(c: AsyncConnection, chat_id: int, name: str) -> Style | None:
    """A style by its exact name, or by its name in any case when no other spelling stands beside it."""
    named = [style for style in await of_chat(c, chat_id) if style.name.casefold() == name.strip().casefold()]
    exact = [style for style in named if style.name == name.strip()]
    if exact:
        return exact[0]
    return named[0] if len(named) == 1 else None


async def put(c: AsyncConnection, chat_id: int, name: str, prefix: str, negative: str) -> Style:
    """Save a style under a name; one of that name is replaced."""
    values = {"prefix": prefix, "negative": negative}
    stored = upsert(c, styles).values(chat_id=chat_id, name=name, **values)
    await c.execute(stored.on_conflict_do_update(index_elements=["chat_id", "name"], set_=values))
    return Style(name, prefix, negative)


async def remove(c: AsyncConnection, chat_id: int, name: str) -> bool:
    """Delete a style; False when there was none of this exact name."""
    return (await c.execute(delete(styles).where(styles.c.chat_id == chat_id, styles.c.name == name))).rowcount == 1
