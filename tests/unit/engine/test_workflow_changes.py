"""Workflows of a chat changed by command: inputs of nodes, graphs, custom placeholders; and out again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.events import Attachment
from bot.domain.places import Person, Place
from bot.domain.workflows import MOST_BYTES, Workflow
from tests.engine_world import BOB, PLENTY, World, open_world
from tests.unit.engine.handing_in import FROM_IMAGE, GRAPH, add, attach, file_of, graph_of, open_easels, stored

PHOTO = Attachment(name="cat.png", mime="image/png", size=100, handle="photo")
SERVER, CROWD = Place(private=False), Person(id="9", name="Zed")


@pytest.fixture
async def world(engine_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with open_easels(engine_template, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("node", "field", "value", "stored_value"),
    [
        ("2", "text", "%prompt%", "%prompt%"),
        ("positive", "TEXT", "a cat", "a cat"),
        ("ksampler", "steps", "30", 30),
        ("1", "steps", "null", None),
        ("1", "positive", '["3", 0]', ["3", 0]),
        ("2", "text", '{"a": 1}', '{"a": 1}'),
        ("2", "text", "true", True),
        ("2", "text", '"5"', "5"),
        ("2", "text", "", ""),
        ("1", "steps", "NaN", "NaN"),
        ("1", "steps", "1e999", "1e999"),
        ("1", "steps", "9" * 5000, "9" * 5000),
    ],
)
async def test_one_input_changes_and_what_was_comes_back(world: World, node: str, field: str, value: str, stored_value: object) -> None:
    await add(world)
    answer = await world.command("workflow edit", name="mine", node=node, input=field, value=value)
    assert "version before" in answer.text
    assert file_of(answer) == GRAPH
    changed = await graph_of(world)
    assert [
        (key, name, new)
        for key, item in changed.items()
        for name, new in item["inputs"].items()
        if (new, type(new)) != (GRAPH[key]["inputs"][name], type(GRAPH[key]["inputs"][name]))
    ] == [({"positive": "2", "ksampler": "1"}.get(node, node), field.lower(), stored_value)]
    await world.command("workflow edit", name="mine", named_files={"file": attach(world, GRAPH)})
    assert await graph_of(world) == GRAPH


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"node": "99", "input": "text", "value": "x"}, ["no node «99»", "1 (KSampler)", "2 (CLIPTextEncode «Positive»)"]),
        ({"node": "CLIPTextEncode", "input": "text", "value": "x"}, ["Several nodes", "«Positive»", "«Negative»", "number"]),
        ({"node": "2", "input": "txt", "value": "x"}, ["no input «txt»", "text, mood"]),
        ({"node": "2", "input": "text"}, ["Say what to change"]),
        ({}, ["Say what to change"]),
        ({"graph": "image", "node": "2", "input": "text", "value": "x"}, ["no image graph yet"]),
        ({"drop": True}, ["Only the image graph"]),
        ({"node": "2", "input": "text", "value": "ab" * MOST_BYTES}, ["up to 256 KiB"]),
        ({"node": "2", "input": "text", "value": "[" * 60 + "]" * 60}, ["deeper than 40"]),
    ],
)
async def test_edits_that_cannot_be_leave_the_graph_alone(world: World, given: dict[str, Any], words: list[str]) -> None:
    await add(world)
    answer = await world.command("workflow edit", name="mine", **given)
    assert [word for word in words if word not in answer.text] == []
    assert await graph_of(world) == GRAPH


async def test_a_file_that_is_no_graph_replaces_nothing(world: World) -> None:
    await add(world)
    answer = await world.command("workflow edit", name="mine", named_files={"file": attach(world, b'{"nodes": [], "links": []}')})
    assert "Export (API)" in answer.text
    assert await graph_of(world) == GRAPH


async def test_an_image_graph_comes_and_goes(world: World) -> None:
    await add(world)
    await world.command("workflow edit", name="mine", graph="image", named_files={"file": attach(world, FROM_IMAGE)})
    found = await stored(world)
    assert found is not None
    assert (json.loads(found.graph), json.loads(found.image_graph)) == (GRAPH, FROM_IMAGE)
    answer = await world.command("workflow edit", name="mine", graph="image", drop=True)
    assert file_of(answer) == FROM_IMAGE
    assert await stored(world) == found.model_copy(update={"image_graph": ""})


async def test_a_whole_request_body_can_be_edited(world: World) -> None:
    await add(world, graph={"prompt": GRAPH, "client_id": "x"})
    await world.command("workflow edit", name="mine", node="2", input="text", value="%prompt%")
    assert (await graph_of(world))["prompt"]["2"]["inputs"]["text"] == "%prompt%"


async def test_custom_placeholders_are_set_and_taken_away(world: World) -> None:
    await add(world)
    assert (
        "stands for `{{getvar::mood}}`" in (await world.command("workflow set", name="mine", find="mood", replace="{{getvar::mood}}")).text
    )
    assert 'no `"%other%"` yet' in (await world.command("workflow set", name="mine", find="other", replace="x")).text
    await world.command("workflow set", name="mine", find="other", replace="")
    found = await stored(world)
    assert found is not None
    assert found.custom == {"mood": "{{getvar::mood}}"}


@pytest.mark.parametrize(
    ("find", "replace_by", "words"),
    [
        ("prompt", "x", "filled by Vignette itself"),
        ("CFG", "x", "filled by Vignette itself"),
        ("IMAGE3", "x", "filled by Vignette itself"),
        ("a%b", "x", "cannot be a placeholder's name"),
        ("a" * 65, "x", "cannot be a placeholder's name"),
        ("", "x", "cannot be a placeholder's name"),
        ('a"b', "x", "cannot be a placeholder's name"),
        ("mood", "x" * 2001, "at most 2000"),
        ("mood", "", "no value for"),
    ],
)
async def test_placeholders_that_cannot_be(world: World, find: str, replace_by: str, words: str) -> None:
    await add(world)
    assert words in (await world.command("workflow set", name="mine", find=find, replace=replace_by)).text
    assert await stored(world) == Workflow(name="mine", graph=json.dumps(GRAPH))


@pytest.mark.parametrize(("name", "whose"), [("studio", "is the host's"), ("shipped", "comes with Vignette")])
async def test_others_workflows_stay_as_they_are(world: World, name: str, whose: str) -> None:
    for command in ("delete", "edit", "set"):
        answer = await world.command(f"workflow {command}", name=name, node="1", input="seed", value="1", find="mood", replace="x")
        assert whose in answer.text
        assert f'copy="{name}"' in answer.text


async def test_deleting_the_one_in_use_falls_back(world: World) -> None:
    await add(world, image_file=FROM_IMAGE)
    await world.command("workflow use", name="mine")
    answer = await world.command("workflow delete", name="MINE")
    assert "It was in use; the backend's own graph draws now." in answer.answers[0].text
    assert [file_of(answer, number) for number in (0, 1)] == [GRAPH, FROM_IMAGE]
    assert (await world.story()).settings.workflow == ""
    assert "no workflow «mine»" in (await world.command("workflow delete", name="mine")).text


async def test_deleting_one_that_hid_the_hosts_brings_that_back(world: World) -> None:
    await add(world, name="studio", graph=FROM_IMAGE)
    await world.command("workflow use", name="studio")
    assert "«studio», which is the host’s, draws now" in (await world.command("workflow delete", name="studio")).text
    await world.command("imagine", prompt="ink")
    await world.drawn()
    assert json.loads(world.backend.specs[0].workflow or "") == GRAPH


async def test_a_host_may_keep_workflows_to_themselves(engine_template: Path, tmp_path: Path) -> None:
    rules = replace(PLENTY, workflows="host", hosts=("telegram:6",))
    async with open_world(engine_template, tmp_path, rules=rules) as world:
        assert "Only the host" in (await add(world)).text
        assert "Only the host" in (await world.command("workflow edit", name="mine", node="1", input="steps", value="9")).text
        assert "is added" in (await add(world, author=BOB)).text
        assert "mine" in (await world.command("workflow list")).text
