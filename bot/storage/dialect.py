"""The few places where SQLite and PostgreSQL speak differently, behind one name each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Table, cast, func, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSON as POSTGRES_JSON
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection


def upsert(c: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert with ``on_conflict_do_update`` and ``on_conflict_do_nothing`` for the connection's database."""
    if c.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def json_appended(c: AsyncConnection, column: Column[Any], value: str) -> ColumnElement[Any]:
    """The JSON array in ``column`` with one more string, without reading it first."""
    if c.dialect.name == "postgresql":
        return cast(cast(column, JSONB).concat(func.jsonb_build_array(literal(value))), POSTGRES_JSON)
    return func.json_insert(column, "$[#]", value)
