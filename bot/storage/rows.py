"""Small helpers the repository modules share: time, keys, JSON of domain values."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

KEY_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
"""No letters that look alike, no vowels that make words by accident beyond ``a`` and ``e``."""


def now() -> datetime:
    """The time as tables keep it: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def naive(moment: datetime) -> datetime:
    """A moment as tables keep it; one without a zone is taken as UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def aware(moment: datetime) -> datetime:
    """A moment read from a table, with its zone."""
    return moment.replace(tzinfo=UTC)


def new_key(length: int = 10) -> str:
    """A short random key for controls; ten letters carry 49 bits."""
    return "".join(secrets.choice(KEY_LETTERS) for _ in range(length))


def batched(values: Sequence[str], size: int = 1000) -> Iterator[Sequence[str]]:
    """The values in pieces that fit into one statement (SQLite takes 32766 parameters)."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def plain(value: BaseModel) -> dict[str, Any]:
    """A domain value as a JSON column keeps it, without what is None."""
    return value.model_dump(mode="json", exclude_none=True)
