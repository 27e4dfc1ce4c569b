"""Styles by command: shared as a file, used for one call, missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.events import Attachment
from tests.engine_world import World, open_world

FILE = Attachment(name="ink.style.json", mime="application/json", size=100, handle="style")


@pytest.fixture
async def world(engine_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(engine_template, tmp_path) as opened:
        yield opened


async def test_a_style_travels_as_a_file(world: World) -> None:
    await world.command("style save", name="Ink", prefix="ink drawing of {prompt}, on paper", negative="colour")
    given = await world.command("style export", name="ink")
    file = given.answers[-1].file
    assert file is not None
    await world.command("style delete", name="Ink")
    world.platform.files["style"] = file.data
    taken = await world.command("style import", attachments=(FILE,))
    assert "Ink" in taken.text
    await world.command("imagine", prompt="a fox", style="ink")
    await world.drawn()
    assert world.backend.specs[0].prompt == "ink drawing of a fox, on paper"
    assert world.backend.specs[0].negative == "colour"


async def test_a_hostile_or_broken_style_file_changes_nothing(world: World) -> None:
    for data, reason in ((b"nonsense", "no JSON"), (b'[{"name": "x", "prefix": "a naked child"}]', "")):
        world.platform.files["style"] = data
        answer = await world.command("style import", attachments=(FILE,))
        assert reason in answer.text
    assert "no styles" in (await world.command("style list")).text
    assert "Send a style file" in (await world.command("style import")).text


async def test_a_style_for_one_call_and_none(world: World) -> None:
    await world.command("style save", name="Ink", prefix="ink", negative="")
    await world.set(style="Ink", prefix="chat prefix")
    await world.command("imagine", prompt="a fox", style="none")
    await world.drawn()
    assert world.backend.specs[0].prompt == "chat prefix, a fox"
    answer = await world.command("imagine", prompt="a fox", style="Chalk")
    assert "no style «Chalk»" in answer.text
    await world.drawn()
    assert len(world.backend.specs) == 1


async def test_advice_is_given_once_for_what_was_asked(world: World) -> None:
    for _ in range(2):
        await world.command("imagine", prompt="a fox", cfg=18)
    await world.drawn()
    assert [notice for notice in world.platform.notices if "burns" in notice] == ["💡 CFG above 15 burns pictures; 3 to 10 is usual."]
    assert "burns" in (await world.command("settings set", name="cfg", value="20")).text
    info = await world.press(f"info:{world.platform.shows[-1].key}")
    assert "💡 CFG above 15" in info.text


async def test_suggestions_come_from_the_backend_that_would_draw(world: World) -> None:
    async def complete(option: str, typed: str = "", **arguments: object) -> list[str]:
        story = await world.story()
        found = await world.engine.complete(story.key, story.place, world.incoming("x").author, "imagine", option, typed, dict(arguments))
        return list(found)

    await world.command("style save", name="Ink", prefix="ink", negative="")
    assert await complete("style") == ["Ink"]
    assert await complete("workflow") == ["shipped"]
    assert await complete("backend", "ea") == ["easel"]


async def test_a_style_is_one_however_its_name_is_written(world: World) -> None:
    await world.command("style save", name="Ink", prefix="ink drawing")
    assert "**Ink** changed" in (await world.command("style save", name="INK", prefix="pen")).text
    file = Attachment(name="s.json", mime="application/json", size=9, handle="styles")
    world.platform.files["styles"] = b'[{"name": "ink", "prefix": "brush"}]'
    assert "**Ink** (replaced)" in (await world.command("style import", attachments=(file,))).text
    assert "brush" in (await world.command("style list")).text
    assert "Known: Ink" in (await world.command("style delete", name="Inky")).text
    assert "**Ink** is deleted" in (await world.command("style delete", name="ink")).text
    assert "no styles yet" in (await world.command("style list")).text
