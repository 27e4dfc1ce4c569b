"""What is left out is said: by the plan or by the backend, once in the chat when somebody asked for it, and once on the picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.chat_settings import ChatSettings
from bot.engine.commands.parse import find, parse
from providers.contract import Dropped, SizeRule
from providers.errors import ErrorKind
from tests.engine_world import World, open_world
from tests.fakes import ABLE, FakeBackend, provider_error


@pytest.fixture
async def world(engine_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(engine_template, tmp_path) as opened:
        yield opened


async def told(world: World) -> list[str]:
    await world.drawn()
    return [notice for notice in world.platform.notices if "Not used" in notice]


async def test_what_a_backend_finds_out_by_itself_is_told_once_when_it_was_asked_for(world: World) -> None:
    world.backend.dropped = (Dropped("sampler", "easel does not know «odd»"), Dropped("size", "512×512 became 64×64"))
    await world.command("imagine", prompt="a fox", steps=30)
    assert await told(world) == []
    for _ in range(2):
        await world.command("imagine", prompt="a fox", sampler="odd")
        await world.drawn()
    assert await told(world) == ["⚠️ Not used: sampler (easel does not know «odd»)."]
    await world.command("imagine", prompt="a fox", sampler="odd", quiet=True, vae="x")
    assert len(await told(world)) == 1


async def test_a_size_that_was_asked_for_and_cannot_be_is_told(engine_template: Path, tmp_path: Path) -> None:
    able = replace(ABLE, sizes=SizeRule(fixed=((640, 640),)))
    async with open_world(engine_template, tmp_path, backend=FakeBackend(able=able)) as world:
        await world.command("imagine", prompt="a fox")
        assert await told(world) == []
        await world.command("imagine", prompt="a fox", width=1000)
        assert await told(world) == ["⚠️ Not used: size (1000×512 became 640×640 for easel)."]


async def test_another_take_does_not_repeat_what_was_lost(world: World) -> None:
    world.backend.dropped = (Dropped("size", "512×512 became 64×64"),)
    await world.command("imagine", prompt="a fox")
    await world.drawn()
    key = world.platform.shows[-1].key
    for _ in range(2):
        await world.press(f"again:{key}")
        await world.drawn()
    assert [[lost.setting for lost in take.plan.lost] for take in (await world.picture()).takes] == [["size"]] * 3


async def test_trying_again_is_seen_at_once(world: World) -> None:
    world.backend.queued.append(provider_error(ErrorKind.INVALID))
    await world.command("imagine", prompt="a fox")
    await world.drawn()
    world.backend.gate = asyncio.Event()
    await world.press(f"again:{world.platform.shows[-1].key}")
    seen = world.platform.states[-1]
    world.backend.gate.set()
    await world.drawn()
    assert (seen, world.platform.states[-1]) == ("waiting", "done")


@pytest.mark.parametrize("name", [n for n, field in ChatSettings.model_fields.items() if "off" in str(field.annotation)])
async def test_settings_that_may_be_off_can_be_switched_off(world: World, name: str) -> None:
    assert f"`{name}` is now `off`" in (await world.command("settings set", name=name, value="Off")).text
    assert getattr((await world.story()).settings, name) == "off"


async def test_settings_of_on_and_off_take_both_kinds_of_words(world: World) -> None:
    for value, kept in (("no", False), ("ON", True), ("off", False), ("true", True)):
        await world.command("settings set", name="streaming", value=value)
        assert (await world.story()).settings.streaming is kept
    assert "expected: auto, on, off" in (await world.command("settings set", name="enhance", value="maybe")).text


async def test_a_setting_says_how_it_is_changed(world: World) -> None:
    said = (await world.command("settings show", name="enhance")).text
    typed = said.partition("Change it: `/")[2].partition("`")[0].replace("VALUE", "off")
    command, rest = find(world.services.catalogue, typed)
    assert "is now `off`" in (await world.command(command.name, **parse(command, rest))).text
