"""Personas: who a player is, on each platform."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import upsert
from bot.storage.records import Persona
from bot.storage.schema import personas


async def get(c: AsyncConnection, platform: str, person_id: str) -> Persona | None:
    return (await of_people(c, platform, [person_id])).get(person_id)


async def of_people(c: AsyncConnection, platform: str, person_ids: Collection[str]) -> dict[str, Persona]:
    """The personas of several people at once, by person id; people without one are left out."""
    wanted = select(personas).where(personas.c.platform == platform, personas.c.person_id.in_(person_ids))
    found = (await c.execute(wanted)).mappings()
    return {row["person_id"]: Persona(row["person_id"], row["name"], row["description"], row["avatar"]) for row in found}


async def put(c: AsyncConnection, platform: str, person_id: str, name: str, description: str, avatar: str | None = None) -> Persona:
    """Store who somebody is, in place of what was stored before; ``avatar`` is an asset's hash."""
    values = {"name": name, "description": description, "avatar": avatar}
    stored = upsert(c, personas).values(platform=platform, person_id=person_id, **values)
    await c.execute(stored.on_conflict_do_update(index_elements=["platform", "person_id"], set_=values))
    return Persona(person_id, name, description, avatar)


async def remove(c: AsyncConnection, platform: str, person_id: str) -> None:
    await c.execute(delete(personas).where(personas.c.platform == platform, personas.c.person_id == person_id))
