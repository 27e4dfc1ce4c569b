"""Another backend takes over: when, with what left out, and that the chat and the take say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.settings_load import load_settings
from bot.settings_sources import SettingsError
from bot.storage import jobs
from providers.contract import SizeRule
from providers.errors import ErrorKind
from tests.engine_world import World, open_world
from tests.fakes import ABLE, FakeBackend, provider_error

OTHER = replace(ABLE, negative=False, cfg=False, workflows=False, sizes=SizeRule(fixed=((640, 640),)))


@pytest.fixture
async def world(engine_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    first, other, third = FakeBackend(), FakeBackend("other", able=OTHER), FakeBackend("third")
    first.remembers = "ticket-1"
    backends = {"easel": first, "other": other, "third": third}
    async with open_world(engine_template, tmp_path, backend=first, backends=backends, fallbacks={"easel": ("other",)}) as opened:
        yield opened


def backend(world: World, name: str) -> FakeBackend:
    found = world.services.backends[name]
    assert isinstance(found, FakeBackend)
    return found


@pytest.mark.parametrize("kind", [ErrorKind.UNREACHABLE, ErrorKind.BUSY, ErrorKind.TIMED_OUT, ErrorKind.NO_CREDIT])
async def test_the_next_backend_draws_the_same_picture(world: World, kind: ErrorKind) -> None:
    world.backend.queued.extend(provider_error(kind) for _ in range(5))
    wish: dict[str, Any] = {"steps": 30, "cfg": 7.0, "negative": "hat", "sampler": "Euler a", "model": "oil", "seed": 5}
    await world.command("imagine", prompt="fox <lora:ink:1>", **wish)
    await world.drawn()
    take = (await world.picture()).takes[-1]
    spec = backend(world, "other").specs[-1]
    assert (spec.prompt, spec.seed, spec.steps, spec.job_key) == ("fox", 5, 30, world.backend.specs[-1].job_key)
    assert (spec.cfg, spec.negative, spec.sampler, spec.model, spec.width) == (None, "", None, "", 640)
    assert backend(world, "other").refs == [None]
    assert take.plan.backend == "other"
    assert {lost.setting for lost in take.plan.lost} == {"backend", "CFG scale", "negative prompt", "sampler", "model", "LoRAs", "size"}
    assert len([notice for notice in world.platform.notices if "other draws this picture instead" in notice]) == 1
    assert not backend(world, "third").specs


@pytest.mark.parametrize("kind", [ErrorKind.REFUSED, ErrorKind.INVALID, ErrorKind.UNAUTHORISED, ErrorKind.MISCONFIGURED])
async def test_what_another_backend_cannot_mend_stays_a_failure(world: World, kind: ErrorKind) -> None:
    world.backend.queued.append(provider_error(kind))
    await world.command("imagine", prompt="fox")
    await world.drawn()
    assert world.platform.states[-1] == "failed"
    assert not backend(world, "other").specs


async def test_nobody_else_is_asked_than_those_listed(world: World) -> None:
    backend(world, "other").queued.extend(provider_error(ErrorKind.UNREACHABLE) for _ in range(5))
    world.backend.queued.extend(provider_error(ErrorKind.UNREACHABLE) for _ in range(5))
    await world.command("imagine", prompt="fox")
    await world.drawn()
    assert world.platform.states[-1] == "failed"
    assert not backend(world, "third").specs


async def test_two_that_list_each_other_do_not_go_round(world: World) -> None:
    world.services.fallbacks = {"easel": ("other",), "other": ("easel",)}
    for name in ("easel", "other"):
        backend(world, name).queued.extend(provider_error(ErrorKind.NO_CREDIT) for _ in range(9))
    await world.command("imagine", prompt="fox")
    await world.drawn()
    assert (len(backend(world, "easel").specs), len(backend(world, "other").specs)) == (1, 1)


async def test_an_open_circuit_sends_the_next_picture_straight_over(world: World) -> None:
    world.backend.queued.extend(provider_error(ErrorKind.UNREACHABLE) for _ in range(4))
    asked = []
    for _ in range(3):
        await world.command("imagine", prompt="fox")
        await world.drawn()
        asked.append((len(world.backend.specs), len(backend(world, "other").specs)))
    assert asked == [(3, 1), (4, 2), (4, 3)]


async def test_a_picture_that_a_server_hangs_up_on_does_not_shut_it_for_others(world: World) -> None:
    world.services.fallbacks = {}
    world.backend.queued.extend(provider_error(ErrorKind.UNREACHABLE) for _ in range(3))
    for _ in range(2):
        await world.command("imagine", prompt="fox")
        await world.drawn()
    assert [state for state in world.platform.states if state in ("failed", "done")] == ["failed", "done"]


async def test_the_change_is_stored_before_the_other_backend_is_asked(world: World) -> None:
    other = backend(world, "other")
    other.gate = asyncio.Event()
    world.backend.queued.append(provider_error(ErrorKind.NO_CREDIT))
    await world.command("imagine", prompt="fox")
    await asyncio.wait_for(other.entered.wait(), 10)
    async with world.services.db.read() as c:
        job = await jobs.active_for_picture(c, (await world.picture()).id)
    assert job is not None
    assert job.plan is not None
    assert (job.plan.backend, job.ref) == ("other", None)
    other.gate.set()
    await world.drawn()
    assert world.platform.states[-1] == "done"


async def test_a_quiet_picture_says_nothing_in_the_chat(world: World) -> None:
    world.backend.queued.append(provider_error(ErrorKind.NO_CREDIT))
    await world.command("imagine", prompt="fox", quiet=True)
    await world.drawn()
    assert backend(world, "other").specs
    assert not [notice for notice in world.platform.notices if "instead" in notice]


@pytest.mark.parametrize("name", ["gone", "pencil"])
def test_fallbacks_must_be_other_backends(tmp_path: Path, name: str) -> None:
    path = tmp_path / "host.toml"
    path.write_text(f'[images.pencil]\nprovider = "sketch"\nfallbacks = ["{name}"]\n')
    with pytest.raises(SettingsError, match="fallbacks"):
        load_settings(path, {})
