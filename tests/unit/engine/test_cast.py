"""Characters as players see them listed and shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage import characters
from tests.engine_world import KEY, World, open_world


@pytest.fixture
async def world(engine_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(engine_template, tmp_path) as opened:
        yield opened


async def test_macros_of_a_card_are_read_out(world: World) -> None:
    card = {"description": "{{char}} keeps bees.", "personality": "shy of {{user}}", "scenario": "{{user}} meets {{char}}."}
    async with world.services.db.write() as c:
        await characters.add(c, characters.owner_of(KEY), "Tam", card)
    shown = (await world.command("character show", name="tam")).text
    assert "Tam keeps bees." in shown
    assert "shy of Ann" in shown
    assert "Ann meets Tam." in shown
    listed = (await world.command("character list")).text
    assert "**Tam** — Tam keeps bees." in listed
    assert "{{" not in listed + (await world.command("character show")).text
