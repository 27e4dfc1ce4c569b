"""A fresh database, a chat in it, and a folder for images."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage.assets import AssetStore
from bot.storage.database import Database
from bot.storage.records import Chat
from tests.unit import world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.build_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def db(template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    database = await world.open_copy(template, tmp_path)
    yield database
    await database.close()


@pytest.fixture
async def chat(db: Database) -> Chat:
    return await world.a_chat(db)


@pytest.fixture
def store(db: Database, tmp_path: Path) -> AssetStore:
    return AssetStore(db, tmp_path / "assets")
