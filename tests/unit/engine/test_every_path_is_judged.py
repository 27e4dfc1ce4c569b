"""Whatever way a picture takes, its final words are judged before a backend sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.domain.events import Changed
from bot.domain.workflows import Workflow
from bot.engine.pictures.workflows import graph_words
from bot.guard.rules import GuardRules
from bot.storage import variables
from tests.engine_world import KEY, World, open_world

FORBIDDEN = "a naked child"
GRAPH = '{"1": {"class_type": "KSampler", "inputs": {"text": "%prompt% %extra%", "seed": "%seed%"}}}'


async def test_variables_a_workflow_uses_are_judged(engine_template: Path, tmp_path: Path) -> None:
    async with open_world(engine_template, tmp_path, workflows={"mine": Workflow(name="mine", graph=GRAPH)}) as world:
        await world.set(workflow="mine")
        chat = await world.story()
        async with world.services.db.write() as c:
            await variables.put(c, chat.id, {"extra": FORBIDDEN})
        await world.command("imagine", prompt="a lighthouse")
        await world.drawn()
        assert world.backend.specs == []
        assert "minors" in world.platform.shows[-1].text


@pytest.mark.parametrize("how", ["again", "rewrite", "edit"])
async def test_a_variable_set_after_the_first_take(engine_template: Path, tmp_path: Path, how: str) -> None:
    async with open_world(engine_template, tmp_path, workflows={"mine": Workflow(name="mine", graph=GRAPH)}) as world:
        await world.set(workflow="mine")
        await world.command("imagine", prompt="a {{getvar::extra}} lighthouse")
        await world.drawn()
        assert len(world.backend.specs) == 1
        chat = await world.story()
        async with world.services.db.write() as c:
            await variables.put(c, chat.id, {"extra": FORBIDDEN})
        key = world.platform.shows[-1].key
        if how == "edit":
            await world.submit(f"edit:{key}", prompt="a {{getvar::extra}} lighthouse")
        else:
            await world.press(f"{how}:{key}")
        await world.drawn()
        assert all("naked" not in f"{s.prompt} {dict(s.placeholders)}" for s in world.backend.specs)


async def test_an_edited_proposal_is_judged_with_its_negative_prompt(world: World) -> None:
    await world.command("imagine", prompt="a lighthouse", edit=True)
    await world.drawn()
    key = world.platform.shows[-1].key
    await world.submit(f"edit:{key}", prompt="a nude woman", negative="adult, grown up, mature")
    await world.drawn()
    assert world.backend.specs == []


async def test_a_redrawn_picture_is_judged_with_its_negative_prompt(world: World) -> None:
    await world.command("imagine", prompt="a lighthouse")
    await world.drawn()
    key = world.platform.shows[-1].key
    await world.submit(f"edit:{key}", prompt="a woman in sexy lingerie", negative="adult, grown up, mature")
    await world.drawn()
    assert len(world.backend.specs) == 1


async def test_a_proposal_is_judged_by_the_rules_of_the_moment_it_is_drawn(engine_template: Path, tmp_path: Path) -> None:
    async with open_world(engine_template, tmp_path, rules=GuardRules(adult=True)) as world:
        await world.set(adult=True)
        await world.command("imagine", prompt="a nude woman by the sea", edit=True)
        await world.drawn()
        assert world.platform.shows[-1].state == "proposed"
        await world.set(adult=False)
        await world.press(f"approve:{world.platform.shows[-1].key}")
        await world.drawn()
        assert world.backend.specs == []


async def test_words_of_a_story_are_judged_before_a_chat_model_reads_them(world: World) -> None:
    await world.say("The twelve year old girl is naked and has sex.")
    assert (world.chat.requests, [e.kind for e in await world.told()]) == ([], [])
    assert "minors" in world.platform.notices[-1]
    await world.say("The children play by the harbour.")
    assert len(world.chat.requests) == 1


async def test_an_edited_message_is_judged_like_a_new_one(world: World) -> None:
    event = await world.say("The children play by the harbour.")
    await world.engine.changed(Changed(chat=KEY, message_id=event.message_id, text="The naked child has sex."))
    assert "naked" not in " ".join(e.text for e in await world.told())


async def test_a_persona_is_judged(world: World) -> None:
    assert "minors" in (await world.command("persona", name="Ann", description="a naked child")).text


def test_words_dressed_as_a_file_are_judged() -> None:
    graph = {"1": {"class_type": "CLIPTextEncode", "inputs": {"text": "naked,child.png", "ckpt_name": "child_of_light.safetensors"}}}
    assert graph_words(json.dumps(graph)) == ("naked,child.png",)
