"""Pictures: approval, rendering, delivery, flips and what can go wrong on the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import PlatformError
from bot.domain.places import Place
from bot.engine.pictures import render
from providers.contract import Dropped
from providers.errors import ErrorKind
from tests.engine_world import BOB, World, open_world
from tests.fakes import ABLE, FakeBackend, provider_error


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "DELIVERY_PAUSES", (0.0,))


async def imagine(world: World, prompt: str = "a lighthouse", **arguments: Any) -> None:
    await world.command("imagine", prompt=prompt, **arguments)
    await world.drawn()


def control(world: World, verb: str) -> str:
    return f"{verb}:{world.platform.shows[-1].key}"


async def test_a_command_draws_with_its_own_settings(world: World) -> None:
    await imagine(world, negative="fog", seed=7, steps=30, width=640, height=448)
    (spec,) = world.backend.specs
    assert (spec.seed, spec.steps, spec.width, spec.height) == (7, 30, 640, 448)
    assert "fog" in spec.negative
    assert world.platform.states == ["waiting", "done"]


async def test_ask_shows_the_prompt_and_draws_once(world: World) -> None:
    await world.set(approve_command="ask")
    await imagine(world)
    assert world.platform.states == ["waiting", "proposed"]
    assert "a lighthouse" in world.platform.shows[-1].text
    assert world.backend.specs == []
    await world.press(control(world, "approve"))
    again = await world.press(control(world, "approve"))
    await world.drawn()
    assert len(world.backend.specs) == 1
    assert "answered already" in again.text


async def test_a_proposal_is_edited_or_dismissed(world: World) -> None:
    await imagine(world, edit=True)
    await world.submit(control(world, "edit"), prompt="a castle")
    await world.drawn()
    assert "a castle" in world.backend.specs[0].prompt
    await imagine(world, edit=True)
    await world.press(control(world, "dismiss"))
    assert world.platform.shows[-1].state == "cancelled"
    assert len(world.backend.specs) == 1


async def test_manual_only_offers(world: World) -> None:
    await world.set(approve_words="manual")
    await world.say("Please draw me a picture of a lighthouse.")
    assert "Shall I draw" in world.platform.notices[0]
    assert world.backend.specs == []


async def test_again_changes_the_seed_alone_and_flips_upload_nothing(world: World) -> None:
    await imagine(world, seed=7)
    await world.press(control(world, "again"))
    await world.drawn()
    first, second = world.backend.specs
    assert second.seed != 7
    assert second.model == "plain"  # the one that drew the first, though nobody had named it
    assert replace(second, seed=7, job_key=first.job_key, model=first.model) == first
    uploads = sum(world.platform.uploads)
    for verb, index in (("prev", 0), ("next", 1), ("prev", 0), ("prev", 1)):
        await world.press(control(world, verb))
        assert world.platform.shows[-1].index == index
    assert sum(world.platform.uploads) == uploads
    assert (await world.picture()).shown == 1


async def test_one_render_at_a_time_for_each_picture(world: World) -> None:
    await imagine(world)
    world.backend.gate = asyncio.Event()
    await world.press(control(world, "again"))
    second = await world.press(control(world, "again"), author=BOB)
    world.backend.gate.set()
    await world.drawn()
    assert "drawn already" in second.text
    assert len(world.backend.specs) == 2


async def test_what_passes_is_tried_again_and_what_does_not_is_not(world: World) -> None:
    world.backend.queued.extend([provider_error(ErrorKind.BUSY), provider_error(ErrorKind.RATE_LIMITED, retry_after=0)])
    await imagine(world)
    assert world.platform.shows[-1].state == "done"
    assert len({spec.job_key for spec in world.backend.specs}) == 1
    assert len(world.backend.specs) == 3
    world.backend.queued.append(provider_error(ErrorKind.UNAUTHORISED, host_detail="key sk-secret"))
    await imagine(world)
    assert len(world.backend.specs) == 4
    failed = world.platform.shows[-1]
    assert failed.state == "failed"
    assert "did not accept the host's key" in failed.text
    assert "sk-secret" not in failed.text


async def test_cancel_reaches_the_backend(world: World) -> None:
    world.backend.gate, world.backend.remembers = asyncio.Event(), "job-17"
    await world.command("imagine", prompt="a lighthouse")
    await asyncio.wait_for(world.backend.entered.wait(), 5)
    assert "Only Ann" in (await world.press(control(world, "cancel"), author=BOB, place=world_place())).text
    await world.press(control(world, "cancel"))
    await world.drawn()
    assert [ref for _, ref in world.backend.cancelled] == ["job-17"]
    assert world.platform.shows[-1].state == "cancelled"


def world_place() -> Place:
    return Place(title="a group, where not everybody manages")


async def test_delivery_goes_on_until_the_platform_is_back(world: World) -> None:
    await world.set(approve_command="ask")
    await imagine(world)
    await world.press(control(world, "approve"))
    world.platform.faults.extend(("show", PlatformError()) for _ in range(3))
    await world.drawn()
    assert not world.platform.faults
    assert world.platform.shows[-1].state == "done"
    assert len(world.backend.specs) == 1


async def test_a_place_that_is_gone_ends_the_job(world: World) -> None:
    world.backend.gate = asyncio.Event()
    await world.command("imagine", prompt="a lighthouse")
    await asyncio.wait_for(world.backend.entered.wait(), 5)
    world.platform.faults.append(("show", PlatformError(gone=True)))
    world.backend.gate.set()
    await world.drawn()
    assert (await world.job(1)).state == "done"
    assert len((await world.picture()).takes) == 1


async def test_quiet_pictures_go_to_the_gallery_only(world: World) -> None:
    answer = await world.command("imagine", prompt="a lighthouse", quiet=True)
    await world.drawn()
    assert world.platform.shows == []
    assert "quietly" in answer.text
    assert "a lighthouse" in (await world.command("gallery")).text


async def test_what_a_backend_cannot_do_is_left_out_and_said(engine_template: Path, tmp_path: Path) -> None:
    backend = FakeBackend(able=replace(ABLE, negative=False, steps=False))
    backend.dropped = (Dropped("sampler", "the server has no such one"),)
    async with open_world(engine_template, tmp_path, backend=backend) as world:
        await imagine(world, negative="fog", steps=30)
        assert (backend.specs[0].negative, backend.specs[0].steps) == ("", None)
        info = await world.press(control(world, "info"))
        for lost in ("negative prompt (easel has none)", "steps (easel takes none)", "sampler (the server has no such one)"):
            assert lost in info.text


async def test_a_deleted_picture_is_gone_everywhere(world: World) -> None:
    await imagine(world)
    picture = await world.picture()
    await world.press(control(world, "delete"))
    assert world.platform.deleted == [picture.message_id]
    assert "deleted" in (await world.press(f"next:{picture.key}")).text
    assert not world.services.assets.path(picture.takes[0].asset).exists()


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("imagine", {"prompt": "a cat", "backend": "nowhere"}, "no image backend «nowhere»"),
        ("settings set", {"name": "steps", "value": "many"}, "expected"),
        ("settings set", {"name": "nonsense", "value": "1"}, "no setting «nonsense»"),
        ("settings show", {"name": "steps"}, "**steps**"),
        ("character use", {"name": "Nobody"}, "Nobody"),
        ("style use", {"name": "Ink"}, "no style «Ink»"),
        ("getvar", {"key": "weather"}, "not set"),
        ("cancel", {}, "Nothing"),
        ("retry", {}, "no answer"),
        ("gallery", {}, "No pictures"),
        ("help", {"command": "imagine"}, "/imagine"),
        ("help", {"command": "nonsense"}, "no command"),
        ("nonsense", {}, "no command"),
    ],
)
async def test_commands_answer_in_words(world: World, command: str, arguments: dict[str, Any], said: str) -> None:
    answer = await world.command(command, **arguments)
    assert said in answer.answers[-1].text


async def test_settings_need_somebody_who_manages_the_place(world: World) -> None:
    answer = await world.command("settings set", name="steps", value="30", place=world_place())
    assert "administrators" in answer.text
    await world.command("settings set", name="steps", value="30")
    assert (await world.story()).settings.steps == 30
