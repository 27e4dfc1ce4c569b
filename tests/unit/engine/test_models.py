"""Named models: what an entry fills in, who outranks it, and the commands to look and switch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.models import ModelEntry
from bot.domain.pictures import RenderPlan
from bot.settings import Settings
from bot.settings_load import load_settings
from bot.settings_sources import SettingsError
from providers.contract import ImageModelInfo, RenderSpec
from providers.errors import ErrorKind
from tests.engine_world import BOB, World, open_world
from tests.fakes import ABLE, FakeBackend, provider_error

QUALITY = "masterpiece, best quality, amazing quality, very aesthetic"
ANIME = ModelEntry(
    backend="easel", model="oil", family="illustrious", prompt="flat colours", negative="photo", writer="Only tags.", width=832,
    height=1216, steps=28, cfg=5.5, sampler="Euler a", scheduler="karras", clip_skip=2, denoise=0.4, hires=True, seed=7, loras=("ink:0.7",),
    cost="2 tokens",
)  # fmt: skip


@pytest.fixture
async def world(engine_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    backend, other = FakeBackend(able=replace(ABLE, loras=True)), FakeBackend("other", able=replace(ABLE, negative=False, sampler=False))
    models = {"anime": ANIME, "bare": ModelEntry(), "elsewhere": ModelEntry(backend="other", sampler="Euler a", loras=("ink:1",))}
    async with open_world(engine_template, tmp_path, backend=backend, backends={"easel": backend, "other": other}) as opened:
        opened.services.models = models
        yield opened


async def imagine(world: World, prompt: str = "fox", **arguments: Any) -> tuple[RenderSpec, RenderPlan]:
    """Draw and return what the backend was asked for, and the take's own record."""
    await world.command("imagine", prompt=prompt, **arguments)
    await world.drawn()
    plan = (await world.picture()).takes[-1].plan
    backend = world.services.backends[plan.backend]
    assert isinstance(backend, FakeBackend)
    return backend.specs[-1], plan


async def test_an_entry_fills_in_what_nobody_set(world: World) -> None:
    spec, plan = await imagine(world, model="Anime")
    assert (spec.model, plan.backend) == ("oil", "easel")
    assert spec.prompt == f"flat colours, <lora:ink:0.7>, {QUALITY}, fox"
    assert spec.negative == "photo"
    assert (spec.width, spec.height) == (832, 1216)
    assert (spec.steps, spec.cfg, spec.sampler, spec.scheduler) == (28, 5.5, "Euler a", "karras")
    assert (spec.clip_skip, spec.denoise, spec.seed) == (2, 0.4, 7)
    assert not plan.lost


async def test_the_call_outranks_the_chat_and_the_chat_the_entry(world: World) -> None:
    await world.set(model="anime", steps=50, cfg=9.0, negative="hat")
    spec, _ = await imagine(world, cfg=4.0, negative="salt", denoise=0.9)
    assert (spec.steps, spec.cfg, spec.sampler, spec.denoise) == (50, 4.0, "Euler a", 0.9)
    assert spec.negative == "salt, hat, photo"


async def test_an_entry_outranks_the_hosts_defaults(world: World) -> None:
    world.services.defaults = world.services.defaults.model_copy(update={"steps": 11, "model": "anime"})
    spec, _ = await imagine(world)
    assert (spec.steps, spec.model) == (28, "oil")


async def test_the_enhancer_is_switched_by_call_and_chat(world: World) -> None:
    assert (await imagine(world, "Red Fox, red fox", model="anime"))[0].prompt.endswith(f"{QUALITY}, red fox")
    assert (await imagine(world, "Red Fox", model="anime", enhance=False))[0].prompt.endswith("<lora:ink:0.7>, Red Fox")
    await world.set(enhance="off")
    assert (await imagine(world, "Red Fox", model="anime"))[0].prompt.endswith("<lora:ink:0.7>, Red Fox")
    assert (await imagine(world, "Red Fox", model="anime", enhance=True))[0].prompt.endswith(f"{QUALITY}, red fox")


async def test_a_family_nobody_knows_is_said_when_the_enhancer_was_asked_for(world: World) -> None:
    spec, plan = await imagine(world, "Red Fox")
    assert (spec.prompt, plan.lost) == ("Red Fox", ())
    spec, plan = await imagine(world, "Red Fox", enhance=True)
    assert spec.prompt == "Red Fox"
    assert [lost.setting for lost in plan.lost] == ["prompt enhancer"]


async def test_the_backend_may_know_the_family(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def listed(*, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        return (ImageModelInfo("plain", "Plain", "pony"),)

    monkeypatch.setattr(world.backend, "models", listed)
    await world.set(enhance="on")
    assert (await imagine(world, "Red Fox"))[0].prompt == "score_9, score_8_up, score_7_up, red fox"


async def test_another_model_in_the_call_leaves_the_chats_entry_out(world: World) -> None:
    await world.set(model="anime")
    spec, _ = await imagine(world, model="plain")
    assert (spec.model, spec.prompt, spec.steps, spec.width) == ("plain", "fox", None, 512)


async def test_an_empty_entry_changes_nothing(world: World) -> None:
    spec, plan = await imagine(world, model="bare")
    assert (spec.model, spec.prompt, spec.steps, spec.width, spec.negative) == ("", "fox", None, 512, "")
    assert plan.backend == "easel"


async def test_what_the_entrys_backend_cannot_do_is_said(world: World) -> None:
    spec, plan = await imagine(world, model="elsewhere")
    assert plan.backend == "other"
    assert "<lora" not in spec.prompt
    assert {lost.setting for lost in plan.lost} == {"sampler", "LoRAs"}


async def test_an_entry_and_another_backend_contradict_each_other(world: World) -> None:
    answer = await world.command("imagine", prompt="fox", model="anime", backend="other")
    assert "«easel», not by «other»" in answer.text
    assert not world.platform.shows


async def test_another_backend_in_the_call_leaves_the_chats_entry_out(world: World) -> None:
    await world.set(model="anime")
    spec, plan = await imagine(world, backend="other")
    assert (plan.backend, spec.model, spec.prompt) == ("other", "", "fox")


async def test_the_entrys_instructions_reach_the_writer(world: World) -> None:
    await world.set(model="anime", writer_template="No rain.")
    world.chat.queue("red hair, lighthouse")
    await imagine(world, "scene")
    asked = "\n".join(message.text for message in world.chat.requests[-1].messages)
    assert "Only tags.\nNo rain." in asked


async def test_a_take_drawn_again_keeps_the_prompt_as_it_was(world: World) -> None:
    spec, _ = await imagine(world, model="anime")
    await world.press(f"again:{(await world.picture()).key}")
    await world.drawn()
    assert world.backend.specs[-1].prompt == spec.prompt


async def test_list_use_and_show(world: World) -> None:
    listed = (await world.command("model list")).text
    assert "**anime** — oil, illustrious, on easel, 2 tokens" in listed
    assert "`plain`, `oil`" in listed
    await world.set(steps=50)
    used = await world.command("model use", name="ANIME")
    assert "**anime** draws now" in used.text
    assert "`steps` 50" in used.text
    assert (await world.story()).settings.model == "anime"
    assert "▶ **anime**" in (await world.command("model list")).text
    shown = (await world.command("model show")).text
    assert all(words in shown for words in ("CFG scale 5.5", "832×1216", "ink:0.7", "2 tokens", "20 to 40", "above 15"))
    assert "**anime**" in (await world.command("model use")).text
    await world.command("model use", name="none")
    assert (await world.story()).settings.model == ""


async def test_models_of_the_backend_can_be_used(world: World) -> None:
    await world.command("model use", name="Oil paint")
    assert (await world.story()).settings.model == "oil"
    assert "no model «chalk»" in (await world.command("model use", name="chalk")).text
    assert "nothing about a model «chalk»" in (await world.command("model show", name="chalk")).text
    assert (await world.story()).settings.model == "oil"


async def test_a_backend_with_one_model_says_so(world: World) -> None:
    world.backend.able = replace(ABLE, model_choice=False)
    assert "always draws with its own model" in (await world.command("model use", name="oil")).text
    assert "`plain`" not in (await world.command("model list")).text


async def test_only_managers_switch(world: World) -> None:
    place = (await world.story()).place.model_copy(update={"private": False})
    await world.command("model use", name="anime", author=BOB, place=place)
    assert (await world.story()).settings.model == ""


async def test_a_backend_that_is_away_does_not_hide_the_named_models(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*, refresh: bool = False) -> tuple[()]:
        raise provider_error(ErrorKind.UNREACHABLE)

    monkeypatch.setattr(world.backend, "models", away)
    assert "**anime**" in (await world.command("model list")).text
    assert "draws now" in (await world.command("model use", name="anime")).text


def test_the_hosts_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "host.toml"
    path.write_text('[models.ink]\nfamily = "sdxl"\nsteps = 30\nloras = ["a b:0.5"]\nbackend = "sketch"\n')
    settings: Settings = load_settings(path, {})
    assert settings.models["ink"].lora_tags() == "<lora:a b:0.5>"
    assert load_settings(path, {"VIGNETTE_MODELS__INK__STEPS": "31"}).models["ink"].steps == 31


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("steps = 900", "models.x.steps"), ('loras = ["ink"]', "models.x.loras"), ('backend = "gone"', "models.x.backend = 'gone'"),
        ("stepz = 3", "stepz"), ('family = "SD XL"', "models.x.family"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_table_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "host.toml"
    path.write_text(f"[models.x]\n{line}\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {})
    assert any(words in problem for problem in caught.value.problems)


async def test_loras_are_listed_as_they_are_written(world: World) -> None:
    world.backend.lists = {"lora": ("ink", "gold leaf")}
    assert "`<lora:gold leaf:1>`" in (await world.command("model loras")).text
    assert "ink" not in (await world.command("model loras", name="gold")).text.partition("\n")[2]
    assert "no LoRA with «chalk»" in (await world.command("model loras", name="chalk")).text
    world.backend.lists = {}
    assert "no LoRAs that I could list" in (await world.command("model loras")).text
