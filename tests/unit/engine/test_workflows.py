"""Workflows of a chat by command: in, looked at, changed, chosen, out again; and what is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import UserError
from bot.domain.events import Attachment, CommandCall
from bot.domain.places import Person, Place
from bot.domain.workflows import MOST_BYTES, MOST_WORKFLOWS, Workflow
from bot.engine.commands.context import CommandContext
from bot.engine.commands.parse import parse
from bot.engine.pictures.workflows import graph_words
from bot.guard.content import MINOR_SENTENCE
from bot.storage import chats, workflows
from providers.errors import ErrorKind, ProviderError
from tests.engine_world import KEY, PRIVATE, World, open_world
from tests.fakes import FakeResponder, png
from tests.unit.engine.handing_in import FROM_IMAGE, GRAPH, add, file_of, graph_of, open_easels, stored

PHOTO = Attachment(name="cat.png", mime="image/png", size=100, handle="photo")
SERVER, CROWD = Place(private=False), Person(id="9", name="Zed")


@pytest.fixture
async def world(engine_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with open_easels(engine_template, tmp_path) as opened:
        yield opened


# --- adding -----------------------------------------------------------------------------------------------------------


async def test_a_workflow_comes_as_a_file_and_says_what_is_in_it(world: World) -> None:
    world.backend.workflow_problems = ("Node 1 (KSampler), input steps: too many.",)
    answer = await add(world)
    assert "**mine** is added" in answer.text
    assert "✅ `%negative_prompt%` `%seed%`" in answer.text
    assert "`%mood%`: no value yet" in answer.text
    assert '⚠️ The workflow has no "%prompt%"' in answer.text
    assert "⚠️ Node 1 (KSampler), input steps: too many." in answer.text
    assert await graph_of(world) == GRAPH


async def test_a_workflow_comes_as_text_with_or_without_a_code_block(world: World) -> None:
    for number, text in enumerate((json.dumps(GRAPH), f"```json\n{json.dumps(GRAPH, indent=1)}\n```")):
        await world.command("workflow add", name=f"w{number}", text=text)
        assert await graph_of(world, f"w{number}") == GRAPH


async def test_two_graphs_in_one(world: World) -> None:
    assert "Image graph: 4 nodes, takes 1 reference image." in (await add(world, image_file=FROM_IMAGE)).text
    world.platform.files["photo"] = png(300, 200)
    await world.command("workflow use", name="mine")
    await world.command("setvar", key="mood", value="dim")
    await world.command("imagine", prompt="ink", attachments=(PHOTO,))
    await world.command("imagine", prompt="ink")
    await world.drawn()
    assert {len(spec.references): json.loads(spec.workflow or "") for spec in world.backend.specs} == {1: FROM_IMAGE, 0: GRAPH}


async def test_a_copy_of_the_hosts_or_of_one_that_comes_along(world: World) -> None:
    await world.command("workflow add", name="mine", copy="STUDIO")
    await world.command("workflow add", name="ours", copy="shipped")
    found = await stored(world)
    assert found is not None
    assert (found.origin, found.custom, json.loads(found.graph)) == ("chat", {"mood": "dim"}, GRAPH)
    assert set(await graph_of(world, "ours")) == {"1", "2"}


async def test_a_graph_of_the_hosts_that_is_too_large_for_a_chat_is_not_copied(world: World) -> None:
    world.services.workflows = {"huge": Workflow(name="huge", graph=json.dumps(GRAPH) + " " * MOST_BYTES, origin="host")}
    assert "up to 256 KiB" in (await world.command("workflow add", name="mine", copy="huge")).text
    assert await stored(world) is None


async def test_escaped_letters_are_written_out_so_that_names_are_found(world: World) -> None:
    await add(world, graph=json.dumps({"1": {"class_type": "X", "inputs": {"a": "%Größe%"}}}, ensure_ascii=True).encode())
    await world.command("workflow set", name="mine", find="Größe", replace="wide")
    await world.command("workflow use", name="mine")
    await world.command("imagine", prompt="ink")
    await world.drawn()
    assert world.backend.specs[0].placeholders == {"Größe": "wide"}


DEEP = b'{"1": {"class_type": "X", "inputs": {"a": ' + b"[" * 60 + b"]" * 60 + b"}}}"
VERY_DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{seed: 1}", ["no valid JSON", "line 1"]),
        (b"", ["no valid JSON"]),
        (b"\xff\xfe{}", ["UTF-8"]),
        (b"[1, 2]", ["no nodes"]),
        (b"{}", ["no nodes"]),
        (json.dumps({"nodes": [], "links": []}).encode(), ["editor", "Export (API)"]),
        (json.dumps({"1": {"class_type": "X"}}).encode(), ["«1»", "no node with class_type and inputs"]),
        (b'{"1": {"class_type": "X", "inputs": {"a": NaN}}}', ["NaN"]),
        (b'{"1": {"class_type": "X", "inputs": {"a": 1e999}}}', ["Infinity"]),
        (b'{"1": {"class_type": "X", "inputs": {"a": "\\ud800"}}}', ["half a letter"]),
        (DEEP, ["deeper than 40 levels"]),
        (VERY_DEEP, ["deeper than 40 levels"]),
        (b" " * (MOST_BYTES + 1), ["up to 256 KiB"]),
    ],
)
async def test_what_is_no_workflow_is_refused_with_the_reason(world: World, data: bytes, words: list[str]) -> None:
    answer = await add(world, graph=data)
    assert [word for word in words if word not in answer.text] == []
    assert await stored(world) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "cannot be"),
        ("none", "means no workflow"),
        ("`x`", "cannot be"),
        ("a" * 61, "cannot be"),
        ("%a%", "cannot be"),
        ("a\0b", "cannot be"),
    ],
)
async def test_names_that_cannot_be(world: World, name: str, words: str) -> None:
    assert words in (await add(world, name=name)).text
    assert await stored(world, name) is None


async def test_names_in_any_script_and_with_spaces(world: World) -> None:
    await add(world, name="  Große   雪 (2) ")
    assert "«" not in (await world.command("workflow use", name="große 雪 (2)")).text
    assert (await world.story()).settings.workflow == "Große 雪 (2)"


async def test_what_is_given_twice_not_at_all_or_not_as_json(world: World) -> None:
    assert "Send the workflow along" in (await world.command("workflow add", name="mine")).text
    assert "one of them" in (await add(world, copy="studio")).text
    assert "quotation marks" in (await world.command("workflow add", name="my", text="portrait")).text
    assert "no workflow «ghost»" in (await world.command("workflow add", name="mine", copy="ghost")).text


async def test_a_name_is_given_once_in_any_case(world: World) -> None:
    await add(world)
    assert "There is a workflow «MINE» already" in (await add(world, name="MINE", graph=FROM_IMAGE)).text
    assert await graph_of(world) == GRAPH


async def test_a_chat_keeps_so_many(world: World) -> None:
    chat = await world.story()
    async with world.services.db.write() as c:
        for number in range(MOST_WORKFLOWS):
            await workflows.put(c, chat.id, Workflow(name=f"w{number}", graph="{}"))
    assert "50 are the most" in (await add(world)).text


@pytest.mark.parametrize("words", ["two children, nude, in a bed", "naked_child"])
async def test_hostile_words_inside_a_graph_are_refused(world: World, words: str) -> None:
    hidden = {"1": {"class_type": "X", "inputs": {"text": "%prompt%", "more": {"deep": [words]}}}}
    answer = await add(world, graph=hidden)
    assert MINOR_SENTENCE in answer.text
    assert "Node 1 (X)" in answer.text
    assert await stored(world) is None
    await add(world)
    assert MINOR_SENTENCE in (await world.command("workflow edit", name="mine", node="2", input="text", value=words)).text
    assert MINOR_SENTENCE in (await world.command("workflow set", name="mine", find="mood", replace=words)).text
    assert await stored(world) == Workflow(name="mine", graph=json.dumps(GRAPH))


def test_words_of_a_graph_are_texts_and_no_names_of_files_or_classes() -> None:
    graph = {"1": {"class_type": "Nude Loader", "inputs": {"ckpt_name": "nude.safetensors", "b": "nude here.pt", "c": ["4", 0], "d": "12"}}}
    assert graph_words(json.dumps(graph)) == ("nude here.pt",)
    assert graph_words("{") == ()


# --- looking and choosing ---------------------------------------------------------------------------------------------


async def test_the_list_tells_whose_and_which_is_in_use(world: World) -> None:
    await add(world, image_file=FROM_IMAGE)
    assert "None is in use" in (await world.command("workflow list")).text
    await world.command("workflow use", name="mine")
    lines = (await world.command("workflow list")).text.splitlines()
    assert lines[:3] == [
        "▶ **mine** — of this chat, with a graph for reference images",
        "• **studio** — the host's",
        "• **shipped** — comes with Vignette",
    ]


async def test_show_has_marks_values_problems_and_the_file(world: World) -> None:
    await add(world, image_file=FROM_IMAGE)
    await world.command("workflow set", name="mine", find="%mood%", replace="{{getvar::mood}}")
    await world.command("workflow set", name="mine", find="other", replace="x`y")
    answer = await world.command("workflow show", name="MINE")
    present, absent = (next(line for line in answer.text.splitlines() if line.startswith(mark)) for mark in ("✅", "❌"))
    assert ("`%seed%`" in present, "`%prompt%`" in absent) == (True, True)
    assert "✅ `%mood%` = `{{getvar::mood}}`" in answer.text
    assert "❌ `%other%` = `x'y`" in answer.text
    assert '⚠️ The workflow has no "%prompt%"' in answer.text
    assert "no place for reference images" in answer.text
    assert file_of(answer) == GRAPH
    image = await world.command("workflow show", name="mine", graph="image")
    assert "takes 1 reference image" in image.text
    assert file_of(image) == FROM_IMAGE


async def test_show_takes_the_one_in_use_and_others_too(world: World) -> None:
    assert "No workflow is in use" in (await world.command("workflow show")).text
    await world.command("workflow use", name="studio")
    assert "**studio** — the host's, in use" in (await world.command("workflow show")).text
    assert "comes with Vignette" in (await world.command("workflow show", name="shipped")).text
    assert "no graph of its own" in (await world.command("workflow show", name="studio", graph="image")).text
    assert "no workflow «ghost»" in (await world.command("workflow show", name="ghost")).text


async def test_a_workflow_in_use_draws_until_none_does(world: World) -> None:
    world.backend.workflow_problems = ("Node 2 (CLIPTextEncode), input clip: is missing.",)
    answer = await world.command("workflow use", name="Shipped")
    assert "Node 2 (CLIPTextEncode), input clip: is missing." in answer.text
    assert "**shipped**" in (await world.command("workflow use")).text
    await world.command("imagine", prompt="ink")
    await world.command("workflow use", name="None")
    assert "No workflow is in use" in (await world.command("workflow use")).text
    await world.command("imagine", prompt="chalk")
    await world.drawn()
    assert [bool(spec.workflow) for spec in world.backend.specs] == [True, False]
    assert "no workflow «ghost»" in (await world.command("workflow use", name="ghost")).text


async def test_a_server_that_cannot_be_asked_keeps_nothing_from_working(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(text: str) -> tuple[str, ...]:
        raise ProviderError(ErrorKind.UNREACHABLE, "easel")

    monkeypatch.setattr(world.backend, "check_workflow", broken)
    assert "easel cannot be reached" in (await add(world)).text
    assert await stored(world) is not None


async def test_a_backend_without_workflows_names_one_that_has_them(world: World) -> None:
    await add(world)
    await world.set(backend="plain")
    for command in ("use", "show", "edit", "set"):
        answer = await world.command(f"workflow {command}", name="mine", find="x")
        assert "plain does not draw by workflows. These do: easel" in answer.text
    assert "plain does not draw by workflows" in (await add(world, name="other")).text
    assert "⚠️ plain does not draw by workflows" in (await world.command("workflow list")).text
    assert "No workflow is in use" in (await world.command("workflow use", name="none")).text
    assert "is deleted" in (await world.command("workflow delete", name="mine")).text


# --- who, how long, how written ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["add", "edit", "set", "delete", "use"])
async def test_players_look_and_managers_change(world: World, command: str) -> None:
    await add(world)
    answer = await world.command(f"workflow {command}", name="mine", author=CROWD, place=SERVER, find="x")
    assert "Only administrators" in answer.text
    for free in ("list", "show"):
        assert "Only" not in (await world.command(f"workflow {free}", author=CROWD, place=SERVER)).text


async def test_workflows_outlive_a_restart_and_go_with_everything(engine_template: Path, tmp_path: Path) -> None:
    async with open_world(engine_template, tmp_path) as first:
        await add(first)
        await first.command("workflow use", name="mine")
    async with open_world(engine_template, tmp_path, fresh=False) as second:
        for _ in range(2):
            await second.command("workflow list")  # uses up the call ids of the first world
        await second.command("setvar", key="mood", value="dim")
        await second.command("imagine", prompt="ink")
        await second.drawn()
        assert json.loads(second.backend.specs[0].workflow or "") == GRAPH
        chat_id = (await second.story()).id
        async with second.services.db.write() as c:
            await chats.forget(c, chat_id, everything=True)
        assert await stored(second) is None
        assert (await second.story()).settings.workflow == ""


async def completed(world: World, command: str, option: str, typed: str, **arguments: Any) -> list[str]:
    found = world.services.catalogue.commands[command]
    call = CommandCall(chat=KEY, place=PRIVATE, author=CROWD, name=command, arguments=arguments, call_id="x")
    context = CommandContext(world.services, await world.story(), call, FakeResponder())
    complete = next(o.complete for o in found.options if o.name == option)
    assert complete is not None
    return list(await complete(context, typed))


async def test_suggestions(world: World) -> None:
    await add(world)
    assert await completed(world, "workflow use", "name", "") == ["shipped", "studio", "mine", "none"]
    assert await completed(world, "workflow delete", "name", "m") == ["mine"]
    assert await completed(world, "workflow add", "copy", "STU") == ["studio"]
    assert await completed(world, "workflow edit", "node", "", name="mine") == ["1", "Positive", "Negative"]
    assert await completed(world, "workflow edit", "input", "", name="mine", node="Positive") == ["text", "mood"]
    assert await completed(world, "workflow edit", "input", "", name="mine", node="CLIPTextEncode") == []
    assert await completed(world, "workflow edit", "node", "", name="ghost") == []
    assert await completed(world, "workflow set", "find", "%mo", name="mine") == ["mood"]


@pytest.mark.parametrize(
    ("command", "text", "arguments"),
    [
        ("workflow add", 'portrait {"1": {}}', {"name": "portrait", "text": '{"1": {}}'}),
        ("workflow add", '"my portrait"', {"name": "my portrait"}),
        ("workflow add", "copy=text-to-image mine", {"copy": "text-to-image", "name": "mine"}),
        (
            "workflow edit",
            "node=6 input=text value=%prompt% my portrait",
            {"node": "6", "input": "text", "value": "%prompt%", "name": "my portrait"},
        ),
        (
            "workflow set",
            'find=mood replace="{{getvar::mood}} light" mine',
            {"find": "mood", "replace": "{{getvar::mood}} light", "name": "mine"},
        ),
        ("workflow show", "graph=image mine", {"graph": "image", "name": "mine"}),
    ],
)
def test_commands_as_people_write_them(world: World, command: str, text: str, arguments: dict[str, str]) -> None:
    assert parse(world.services.catalogue.commands[command], text) == arguments
    with pytest.raises(UserError):
        parse(world.services.catalogue.commands["workflow show"], "graph=sound mine")
