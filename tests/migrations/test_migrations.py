"""The schema from empty to newest, one revision after the other, and what it must keep.

For a new revision: write it, raise ``migrations.HEAD``, and add a row to ``SAMPLES`` when it changes rows that exist.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text

import migrations
from bot.storage.migrate import configuration, upgrade
from bot.storage.schema import metadata

SCRIPTS = ScriptDirectory.from_config(configuration())
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
SAMPLES: dict[str, tuple[str, Callable[[Connection], None]]] = {
    "0001": (
        """INSERT INTO chats (id, key, private, age_restricted, title, settings, head_mark, first_entry, created_at)
        VALUES (1, 'web::1:', 1, 0, 'märchen', '{"steps": 30}', '', 0, '2026-01-02 03:04:05')""",
        lambda c: _expect(c, "SELECT key, title, settings FROM chats", ("web::1:", "märchen", '{"steps": 30}')),
    ),
    "0002": (
        """INSERT INTO personas (platform, person_id, name, description, avatar) VALUES ('web', '1', 'Ann', 'tall', NULL)""",
        lambda c: _expect(c, "SELECT name, description, avatar FROM personas", ("Ann", "tall", None)),
    ),
}
"""Revision → a row as that schema had it, and what must be true of it in the newest schema."""


def _expect(connection: Connection, query: str, row: tuple[object, ...]) -> None:
    assert tuple(connection.execute(text(query)).one()) == row


def test_the_newest_revision_is_the_one_a_normal_start_looks_for() -> None:
    assert SCRIPTS.get_heads() == [migrations.HEAD]


def test_revisions_are_numbered_in_order_and_named_after_their_file() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    for script in SCRIPTS.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_revision_says_what_and_why(revision: str) -> None:
    said = SCRIPTS.get_revision(revision).doc + (SCRIPTS.get_revision(revision).module.__doc__ or "")
    assert "What: " in said
    assert "Why: " in said
    assert "…" not in said, "the template's dots are still there"


def test_from_empty_the_schema_is_the_programs(connection: Connection) -> None:
    upgrade(connection)
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    assert compare_metadata(context, metadata) == []


def test_constraints_and_indices_are_the_programs(connection: Connection) -> None:
    """Alembic's comparison overlooks foreign key actions and unnamed constraints on SQLite."""
    upgrade(connection)
    direct = create_engine("sqlite://")
    metadata.create_all(direct)
    built, wanted = inspect(connection), inspect(direct)
    for table in metadata.tables:
        for look in ("get_foreign_keys", "get_unique_constraints", "get_indexes", "get_pk_constraint"):
            assert _plain(getattr(built, look)(table)) == _plain(getattr(wanted, look)(table)), f"{table}: {look}"
    direct.dispose()


def _plain(found: object) -> list[str]:
    return sorted(map(repr, found)) if isinstance(found, list) else [repr(found)]


def test_upgrading_twice_changes_nothing(connection: Connection) -> None:
    upgrade(connection)
    before = connection.execute(text("SELECT sql FROM sqlite_master ORDER BY name")).all()
    upgrade(connection)
    assert connection.execute(text("SELECT sql FROM sqlite_master ORDER BY name")).all() == before


@pytest.mark.parametrize("start", REVISIONS)
def test_rows_of_every_revision_survive_to_the_newest(connection: Connection, start: str) -> None:
    upgrade(connection, start)
    sample = SAMPLES.get(start)
    if sample is not None:
        connection.execute(text(sample[0].replace(":", r"\:")))
    connection.commit()
    upgrade(connection)
    connection.commit()
    if sample is not None:
        sample[1](connection)
    assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_a_failing_migration_leaves_nothing_behind(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE jobs (id INTEGER)"))
    connection.commit()
    with pytest.raises(Exception, match="jobs"):
        upgrade(connection)
    connection.rollback()
    assert inspect(connection).get_table_names() == ["jobs"]


def test_scripts_are_found_from_any_working_directory(tmp_path: Path) -> None:
    """As an installed program would: only the import path tells where the package is."""
    program = """if True:
        import asyncio
        from bot.storage.database import Database

        async def main():
            db = await Database.open("here.db")
            print(await db.version())
            await db.close()

        asyncio.run(main())"""
    root = str(Path(migrations.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={"PYTHONPATH": root}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == migrations.HEAD
    assert (tmp_path / "here.db").exists()
