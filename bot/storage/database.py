"""The database: one writer, some readers, and a schema brought up to date when it is behind.

SQLite runs in WAL mode with ``synchronous=NORMAL``: a commit survives the end of the process, ``kill -9`` included, because it
has reached the operating system; only a power cut can take back the last commits, and even that never damages the file
(sqlite.org/pragma.html#pragma_synchronous). ``FULL`` would add a disk flush to every commit of every chat, through one writer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

import migrations
from bot.domain.errors import ConfigurationError
from bot.storage.driver import connect

Transaction = AsyncConnection
"""What ``read`` and ``write`` give: passed on to functions of this package, never used directly elsewhere."""
READERS = 4
BUSY_MILLISECONDS = 10_000
"""How long a statement waits for another process (a backup, a second instance) before it fails."""


def database_url(url_or_path: str | Path) -> URL:
    """A SQLAlchemy address with an asynchronous driver; a plain path is an SQLite file. Raises ``ConfigurationError``."""
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        return URL.create("sqlite+aiosqlite", database=str(Path(url_or_path).expanduser().absolute()))
    url = make_url(url_or_path)
    backend = url.get_backend_name()
    if backend == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise ConfigurationError("The database must be a file, for several connections share it.")
        return url.set(drivername="sqlite+aiosqlite")
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise ConfigurationError(f"The database kind {backend!r} is not supported; use SQLite or PostgreSQL.")


class Database:
    """Connections to the one database of this process. Open it with ``await Database.open(…)``, end with ``close()``."""

    def __init__(self, writer: AsyncEngine, readers: AsyncEngine) -> None:
        self._writer = writer
        self._readers = readers
        self._writing = asyncio.Lock()
        self._listeners: list[Callable[[str], None]] = []
        for engine in {writer, readers}:
            event.listen(engine.sync_engine, "before_cursor_execute", self._heard)

    @classmethod
    async def open(cls, url_or_path: str | Path) -> Database:
        """Connect and bring the schema up to date. Raises ``ConfigurationError`` when the file cannot be opened or was written
        by a newer version of the program."""
        url = database_url(url_or_path)
        if url.get_backend_name() == "sqlite":
            writer, readers = _sqlite(url, "BEGIN IMMEDIATE", 1), _sqlite(url, "BEGIN", READERS)
        else:
            writer = readers = create_async_engine(url, pool_size=READERS + 1, pool_pre_ping=True)
        db = cls(writer, readers)
        try:
            if url.get_backend_name() == "sqlite":
                await asyncio.to_thread(Path(str(url.database)).parent.mkdir, parents=True, exist_ok=True)
            await db._update_schema()
        except (OSError, DBAPIError) as error:
            await db.close()
            raise ConfigurationError(f"The database {url.render_as_string()} cannot be opened.", host_detail=str(error)) from error
        except BaseException:
            await db.close()
            raise
        return db

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one consistent state and cannot write (on SQLite)."""
        async with self._readers.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, rolled back when an exception (or a cancellation) leaves the block.

        One at a time on SQLite: never wait for anything but statements inside it, and never open it twice in one task.
        """
        if self._writer is self._readers:
            async with self._writer.begin() as connection:
                yield connection
            return
        async with self._writing, self._writer.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Close all connections. Transactions should have ended."""
        await self._readers.dispose()
        if self._writer is not self._readers:
            await self._writer.dispose()

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """Collect every SQL statement sent while the block runs, transaction control left out."""
        heard: list[str] = []
        self._listeners.append(heard.append)
        try:
            yield heard
        finally:
            self._listeners.remove(heard.append)

    def _heard(self, connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            for listener in self._listeners:
                listener(statement)

    async def version(self) -> str:
        """The schema's version in the database; empty for a new one."""
        async with self.read() as connection:
            return await connection.run_sync(_version)

    async def _update_schema(self) -> None:
        found = await self.version()
        if found == migrations.HEAD:
            return
        if found > migrations.HEAD:
            raise ConfigurationError(f"The database was written by a newer Vignette (schema {found}, known {migrations.HEAD}).")
        from bot.storage.migrate import upgrade  # brings in Alembic, which a normal start does not need

        async with self.write() as connection:
            await connection.run_sync(upgrade)


def _version(connection: Connection) -> str:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def _sqlite(url: URL, begin: str, connections: int) -> AsyncEngine:
    """An engine whose transactions start with ``begin`` (the driver's own habits switched off)."""
    path = str(url.database)
    engine = create_async_engine(url, async_creator=lambda: connect(path), pool_size=connections, max_overflow=0, pool_timeout=60)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for setting in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"query_only={'OFF' if 'IMMEDIATE' in begin else 'ON'}",
        ):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
