"""The engine between stand-ins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine_world import World, build_template, open_world


@pytest.fixture(scope="session")
def engine_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_template(tmp_path_factory.mktemp("engine"))


@pytest.fixture
async def world(engine_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(engine_template, tmp_path) as opened:
        yield opened
