"""The few places where SQLite and PostgreSQL speak differently, behind one name each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, TextClause, bindparam, cast, func, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSON as POSTGRES_JSON
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection


def upsert(c: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert with ``on_conflict_do_update`` and ``on_conflict_do_nothing`` for the connection's database."""
    if c.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert_text(table: Table, columns: Sequence[str], keys: Sequence[str], changed: Sequence[str] = (), returning: str = "") -> TextClause:
    """``upsert`` for what every message does: one row of ``columns`` as parameters of these names. On a conflict in ``keys`` the
    columns ``changed`` take the new values; with none of them nothing is written. Both databases read the same words, and
    SQLAlchemy keeps the statement, while it compiles its own upserts anew each time (their ``inherit_cache`` is False)."""
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    then = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in changed) if changed else "NOTHING"
    words = f"INSERT INTO {table.name} ({names}) VALUES ({values}) ON CONFLICT ({', '.join(keys)}) DO {then}"  # noqa: S608 (names of ours)
    statement = text(f"{words} RETURNING {returning}" if returning else words)
    return statement.bindparams(*(bindparam(name, type_=table.c[name].type) for name in columns))


def json_appended(dialect: str, column: Column[Any], value: ColumnElement[str]) -> ColumnElement[Any]:
    """The JSON array in ``column`` with one more string, without reading it first."""
    if dialect == "postgresql":
        return cast(cast(column, JSONB).concat(func.jsonb_build_array(value)), POSTGRES_JSON)
    return func.json_insert(column, "$[#]", value)
