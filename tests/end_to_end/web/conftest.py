"""Fixtures for the page: one in this process, and a real browser where there is one."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.end_to_end.web.served import Served, served
from tests.engine_world import build_template

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database to copy."""
    return build_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def page(template: Path, tmp_path: Path) -> AsyncIterator[Served]:
    """The page on a free port of loopback."""
    async with served(template, tmp_path) as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no Chromium on PATH ({', '.join(BROWSERS)})")
    async with async_playwright() as driver:
        running = await driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield running
        await running.close()


@pytest.fixture
async def person(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh browser profile; an error in the page's scripts fails the test."""
    context = await browser.new_context(viewport={"width": 1100, "height": 800})
    context.set_default_timeout(20_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    await context.close()
    assert not errors
