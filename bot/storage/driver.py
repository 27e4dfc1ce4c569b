"""SQLite connections that make one trip to their thread for each statement.

SQLAlchemy's adapter for aiosqlite opens a cursor, executes, fetches and closes: four trips from the event loop to the connection's
thread and back, of which each costs more CPU than most of our statements do. It reads all rows at once anyway; so does this.
BEGIN goes along with the first statement of its transaction, and nobody waits for a ROLLBACK, for whatever comes next waits behind it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass
from typing import Any

import aiosqlite


@dataclass(frozen=True, slots=True)
class _Done:
    """What a statement left behind, as the database API names it."""

    description: Any
    rows: list[Any]
    lastrowid: int | None
    rowcount: int


_NOTHING = _Done(None, [], None, -1)


class Cursor:
    """As much of a cursor as SQLAlchemy's adapter uses. Only ``execute`` and ``executemany`` go to the thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._done = _NOTHING

    @property
    def description(self) -> Any:
        return self._done.description

    @property
    def lastrowid(self) -> int | None:
        return self._done.lastrowid

    @property
    def rowcount(self) -> int:
        return self._done.rowcount

    async def execute(self, statement: str, parameters: Any = ()) -> None:
        self._done = await self._connection.at_once(statement, parameters)

    async def executemany(self, statement: str, parameters: Any) -> None:
        self._done = await self._connection.at_once(statement, parameters, many=True)

    async def fetchall(self) -> list[Any]:
        return self._done.rows

    async def close(self) -> None:
        self._done = _Done(None, [], self._done.lastrowid, self._done.rowcount)


class Connection(aiosqlite.Connection):
    """A connection whose cursors are ``Cursor``."""

    async def cursor(self) -> Cursor:  # type: ignore[override]
        return Cursor(self)

    _begin = ""
    """The BEGIN of a transaction that has had no other statement."""
    _begun = False

    async def at_once(self, statement: str, parameters: Any, *, many: bool = False) -> _Done:
        """Execute and fetch, in the connection's thread. A BEGIN waits for the statement after it."""
        if statement.startswith("BEGIN"):
            self._begin = statement
            return _NOTHING
        begin, self._begin = self._begin, ""
        self._begun = self._begun or bool(begin)
        return await self._execute(self._run, begin, statement, parameters, many)  # type: ignore[no-any-return, no-untyped-call]

    async def commit(self) -> None:
        """End the transaction, if one was begun."""
        self._begin = ""
        if self._begun:
            await super().commit()
            self._begun = False

    async def rollback(self) -> None:
        """Take the transaction back, if one was begun. The connection's thread works in order, so there is nothing to wait for;
        were it to fail, the next BEGIN would."""
        self._begin = ""
        if self._begun:
            self._tx.put_nowait((None, self._conn.rollback))
            self._begun = False

    def _run(self, begin: str, statement: str, parameters: Any, many: bool) -> _Done:
        if begin:
            self._conn.execute(begin)
        cursor = self._conn.cursor()
        try:
            (cursor.executemany if many else cursor.execute)(statement, parameters)
            rows = cursor.fetchall() if cursor.description else []
            return _Done(cursor.description, rows, cursor.lastrowid, cursor.rowcount)
        finally:
            cursor.close()


async def connect(path: str) -> Connection:
    """A connection to the database file, for ``create_async_engine(async_creator=…)``."""
    connection = Connection(lambda: sqlite3.connect(path, check_same_thread=False), iter_chunk_size=64)
    connection._thread.daemon = True  # as SQLAlchemy sets it for its own: an open connection must not keep a dead program alive
    opening = asyncio.ensure_future(_opened(connection))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await (await opening).close()  # nobody else would close what opened meanwhile
        raise


async def _opened(connection: Connection) -> Connection:
    await connection
    return connection
