"""What most contract tests start from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from providers.http import close_clients
from tests.contract.loopback import Loopback, loopback


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    """A server on this machine without any routes yet; files whose service has usual answers have one of their own."""
    async with loopback() as running:
        yield running
    await close_clients()
