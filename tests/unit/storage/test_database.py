"""Connections, transactions, durability, and opening what is there."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

import migrations
from bot.domain.errors import ConfigurationError
from bot.domain.places import Place
from bot.storage import cast, characters, chats, entries, inbox, jobs, notes, pictures, proposals, schema, styles, variables
from bot.storage.database import Database, database_url
from bot.storage.driver import connect
from tests.unit.world import DEFAULTS, KEY, OTHER, PLACE


async def test_a_commit_is_seen_by_readers(db: Database) -> None:
    async with db.write() as c:
        await notes.put(c, "name", "value")
        async with db.read() as other:
            assert await notes.get(other, "name") is None
    async with db.read() as c:
        assert await notes.get(c, "name") == "value"


async def test_an_exception_rolls_back(db: Database) -> None:
    async def fail() -> None:
        async with db.write() as c:
            await notes.put(c, "name", "value")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await fail()
    async with db.read() as c:
        assert await notes.get(c, "name") is None


async def test_a_cancellation_rolls_back_and_frees_the_writer(db: Database) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with db.write() as c:
            await notes.put(c, "name", "value")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with db.write() as c:
        assert await notes.get(c, "name") is None
        await notes.put(c, "other", "1")


async def test_two_writers_take_turns(db: Database) -> None:
    async def add_one() -> None:
        async with db.write() as c:
            number = int(await notes.get(c, "count") or "0")
            await asyncio.sleep(0)
            await notes.put(c, "count", str(number + 1))

    await asyncio.gather(*(add_one() for _ in range(20)))
    async with db.read() as c:
        assert await notes.get(c, "count") == "20"


async def test_two_processes_take_turns(db: Database, tmp_path: Path) -> None:
    second = await Database.open(tmp_path / "vignette.db")

    async def add_one(database: Database) -> None:
        async with database.write() as c:
            number = int(await notes.get(c, "count") or "0")
            await notes.put(c, "count", str(number + 1))

    await asyncio.gather(*(add_one(database) for database in (db, second) * 10))
    async with second.read() as c:
        assert await notes.get(c, "count") == "20"
    await second.close()


async def test_readers_cannot_write(db: Database) -> None:
    async with db.read() as c:
        with pytest.raises(OperationalError, match="readonly"):
            await notes.put(c, "name", "value")


async def test_readers_are_not_held_up_by_a_writer(db: Database) -> None:
    async with db.write() as c:
        await notes.put(c, "name", "value")
        values = await asyncio.gather(*(_read(db) for _ in range(12)))
    assert values == [None] * 12


async def _read(db: Database) -> str | None:
    async with db.read() as c:
        return await notes.get(c, "name")


async def test_the_settings_that_durability_rests_on(db: Database) -> None:
    for opened in (db.read(), db.write()):
        async with opened as c:
            assert (await c.scalar(text("PRAGMA journal_mode"))) == "wal"
            assert (await c.scalar(text("PRAGMA foreign_keys"))) == 1
            assert (await c.scalar(text("PRAGMA synchronous"))) == 1


async def test_statements_are_counted_without_transaction_control(db: Database) -> None:
    with db.listening() as heard:
        async with db.write() as c:
            await notes.put(c, "name", "value")
            await notes.get(c, "name")
    assert len(heard) == 2
    async with db.read() as c:
        await notes.get(c, "name")
    assert len(heard) == 2


async def test_opening_again_finds_everything_and_runs_no_migration(db: Database, tmp_path: Path) -> None:
    async with db.write() as c:
        await notes.put(c, "name", "value")
    await db.close()
    again = await Database.open(tmp_path / "vignette.db")
    assert await again.version() == migrations.HEAD
    assert await _read(again) == "value"
    await again.close()


def test_a_normal_start_does_not_import_alembic(template: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from bot.storage.database import Database\n"
        "async def main():\n"
        f"    await (await Database.open({str(template)!r})).close()\n"
        "asyncio.run(main())\n"
        "print('alembic' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(migrations.__file__).parents[1], check=True
    )
    assert done.stdout.strip() == "False"


async def test_a_connection_cancelled_while_it_opens_leaves_no_thread(db: Database, tmp_path: Path) -> None:
    before = threading.active_count()
    for _ in range(5):
        opening = asyncio.ensure_future(connect(str(tmp_path / "vignette.db")))
        await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(opening, 10)
    while threading.active_count() > before:
        await asyncio.sleep(0.01)


async def test_a_transaction_without_statements_asks_the_thread_for_nothing(tmp_path: Path) -> None:
    connection = await connect(str(tmp_path / "new.db"))
    cursor = await connection.cursor()
    await cursor.execute("BEGIN IMMEDIATE")
    other = sqlite3.connect(tmp_path / "new.db", timeout=0)
    other.execute("CREATE TABLE t (x)")  # nobody holds the file yet
    await cursor.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("INSERT INTO t VALUES (2)")
    await connection.rollback()
    await connection.rollback()
    await cursor.execute("BEGIN")
    await connection.commit()
    await cursor.execute("SELECT count(*) FROM t")
    assert await cursor.fetchall() == [(0,)]
    other.close()
    await connection.close()


_WRITER = """
import asyncio, sys
from bot.storage import notes
from bot.storage.database import Database

async def main():
    db = await Database.open(sys.argv[1])
    for number in range(1_000_000):
        async with db.write() as c:
            await notes.put(c, "count", str(number))
        print(number, flush=True)

asyncio.run(main())
"""


async def test_what_was_committed_survives_kill_9(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "vignette.db"
    root = Path(migrations.__file__).parents[1]
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 20:
            break
    os.kill(process.pid, signal.SIGKILL)
    reported = [int(line), *(int(rest) for rest in process.stdout.read().split())]
    process.stdout.close()
    process.wait()
    async with db.read() as c:
        stored = int(await notes.get(c, "count") or "-1")
    assert stored >= max(reported)
    async with db.write() as c:
        await notes.put(c, "count", "over")


async def test_a_database_of_a_newer_version_is_left_alone(db: Database, tmp_path: Path) -> None:
    async with db.write() as c:
        await c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await db.close()
    with pytest.raises(ConfigurationError, match="newer"):
        await Database.open(tmp_path / "vignette.db")


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("this is not a database, but it is long enough to be looked at as one" * 20)
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        await Database.open(wrong)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        await Database.open(tmp_path / "file" / "vignette.db")


def test_addresses() -> None:
    assert database_url("some/where.db").drivername == "sqlite+aiosqlite"
    assert database_url("sqlite:////tmp/a.db").database == "/tmp/a.db"
    assert database_url("postgresql://u:secret@h/d").drivername == "postgresql+psycopg"
    for wrong in ("sqlite://", "sqlite:///:memory:", "mysql://h/d"):
        with pytest.raises(ConfigurationError):
            database_url(wrong)


async def _a_cast(c: AsyncConnection, place: Place) -> None:
    await cast.read(c, await chats.open_chat(c, OTHER, place, DEFAULTS), "5", "Vi")


@pytest.mark.parametrize(
    "hot",
    [
        lambda c: chats.open_chat(c, KEY, PLACE, DEFAULTS),
        lambda c: inbox.receive(c, KEY, "message", "1", "{}"),
        lambda c: inbox.mark(c, 1, "done"),
        lambda c: inbox.tail(c, KEY),
        lambda c: inbox.give_up(c, KEY),
        lambda c: inbox.unfinished(c),
        lambda c: _a_cast(c, PLACE),
        lambda c: _a_cast(c, Place(private=True)),
        lambda c: entries.window(c, 1, 1),
        lambda c: entries.latest(c, 1, ("player",), 1),
        lambda c: entries.by_message(c, 1, "5"),
        lambda c: entries.blank(c, 1),
        lambda c: entries.posts_of(c, 1),
        lambda c: pictures.by_key(c, "abc"),
        lambda c: pictures.by_message(c, 1, "5"),
        lambda c: pictures.answering(c, 1, "5"),
        lambda c: pictures.gallery(c, 1),
        lambda c: jobs.active_for_picture(c, 1),
        lambda c: jobs.active_for_chat(c, 1),
        lambda c: jobs.unfinished(c),
        lambda c: jobs.owners(c),
        lambda c: jobs.orphaned(c, timedelta(seconds=1)),
        lambda c: jobs.heartbeat(c, "me"),
        lambda c: jobs.count_since(c, datetime.now(UTC), requester_key="discord:5"),
        lambda c: proposals.open_in(c, 1),
        lambda c: proposals.by_key(c, "abc"),
        lambda c: variables.of_chat(c, 1),
        lambda c: styles.of_chat(c, 1),
        lambda c: characters.for_chat(c, KEY),
        pytest.param(
            lambda c: c.execute(select(schema.notes).where(schema.notes.c.value == "a")),
            marks=pytest.mark.xfail(reason="shows that a scan is noticed"),
        ),
    ],
)
async def test_no_statement_of_a_turn_or_press_reads_a_whole_table(
    db: Database, hot: Callable[[AsyncConnection], Awaitable[object]]
) -> None:
    """So that ten thousand chats cost a turn no more than one does."""
    plans: list[str] = []

    def explain(connection: Connection, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            raw = connection.connection.cursor()
            raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(f"{row[3]} in {statement}" for row in raw.fetchall())
            raw.close()

    async with db.write() as c:
        event.listen(c.sync_connection, "before_cursor_execute", explain)
        await hot(c)
    scans = [plan for plan in plans if plan.startswith("SCAN") and "CONSTANT ROW" not in plan]
    assert scans == []
