"""What this front end has to remember over restarts: open questions, unfinished albums, the menu it set."""

from __future__ import annotations

from typing import Protocol

from bot.storage import notes
from bot.storage.database import Database


class Notes(Protocol):
    """Small named texts that survive a restart."""

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, value: str) -> None: ...

    async def remove(self, name: str) -> None: ...


class StoredNotes:
    """Notes in the project's database. Names have at most 120 characters."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, name: str) -> str | None:
        async with self._db.read() as c:
            return await notes.get(c, name)

    async def put(self, name: str, value: str) -> None:
        async with self._db.write() as c:
            await notes.put(c, name, value)

    async def remove(self, name: str) -> None:
        async with self._db.write() as c:
            await notes.remove(c, name)
