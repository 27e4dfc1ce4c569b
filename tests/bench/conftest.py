"""Everything in this folder is a benchmark; the table is printed when the last one has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bench.answering import answering
from tests.bench.figures import Table, load
from tests.engine_world import build_template

TABLE = Table()
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.bench)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TABLE.figures:
        terminalreporter.section(f"figures (load {load()})")
        for line in TABLE.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def table() -> Table:
    return TABLE


@pytest.fixture(scope="session")
def engine_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_template(tmp_path_factory.mktemp("engine"))


@pytest.fixture
async def answers() -> AsyncIterator[str]:
    """Address of a server that answers at once."""
    async with answering() as url:
        yield url
