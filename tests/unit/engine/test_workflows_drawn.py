"""From a file in a chat to the graph a ComfyUI server is sent: the engine with the real adapter over loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.events import Attachment
from providers.http import close_clients
from providers.images.comfyui import ComfyUIBackend
from tests.contract.comfy_server import CLASSES, ComfyServer
from tests.contract.image_parts import config
from tests.contract.loopback import loopback
from tests.engine_world import World, open_world
from tests.fakes import png
from tests.unit.engine.handing_in import add, file_of

SHIPPED = ComfyUIBackend(config("comfyui", "http://127.0.0.1:9")).shipped_workflows()
TEXT: dict[str, Any] = json.loads(SHIPPED["text-to-image"])
FACES: dict[str, Any] = json.loads(SHIPPED["avatar-image-to-image"])
PHOTO = Attachment(name="cat.png", mime="image/png", size=100, handle="photo")


@pytest.fixture
async def comfy(engine_template: Path, tmp_path: Path) -> AsyncIterator[tuple[World, ComfyServer]]:
    async with loopback() as running:
        server = ComfyServer(running)
        server.nodes({**CLASSES, "NoSuch": None})
        backend = ComfyUIBackend(config("comfyui", running.url))
        async with open_world(engine_template, tmp_path, backends={backend.name: backend}) as world:
            yield world, server
        await backend.close()
    await close_clients()


def with_input(graph: dict[str, Any], node: str, **inputs: Any) -> dict[str, Any]:
    return {**graph, node: {**graph[node], "inputs": {**graph[node]["inputs"], **inputs}}}


async def test_added_chosen_and_drawn_with(comfy: tuple[World, ComfyServer]) -> None:
    world, server = comfy
    answer = await add(world, graph=with_input(TEXT, "7", filename_prefix="%where%"))
    assert "⚠️" not in answer.text
    await world.command("workflow set", name="mine", find="where", replace="{{char}} at {{getvar::place}}")
    await world.command("setvar", key="place", value="sea")
    await world.command("workflow use", name="mine")
    await world.command("imagine", prompt='a "quoted" %seed% lighthouse', steps=31, seed=7)
    await world.drawn()
    assert world.platform.states[-1] == "done"
    (sent,) = server.graphs
    assert sent["2"]["inputs"]["text"].endswith('a "quoted" %seed% lighthouse')
    assert (sent["5"]["inputs"]["steps"], sent["5"]["inputs"]["seed"]) == (31, 7)
    assert sent["7"]["inputs"]["filename_prefix"].endswith(" at sea")


async def test_what_is_wrong_is_told_by_node_and_input_and_mended(comfy: tuple[World, ComfyServer]) -> None:
    world, server = comfy
    answer = await add(world, graph=with_input(TEXT, "5", steps=0, sampler_name="eulr"))
    assert "Node 5 (KSampler), input steps" in answer.text
    assert "Node 5 (KSampler), input sampler_name" in answer.text
    await world.command("workflow edit", name="mine", node="KSampler", input="steps", value="%steps%")
    answer = await world.command("workflow edit", name="mine", node="5", input="sampler_name", value="euler")
    assert "⚠️" not in answer.text
    assert file_of(answer)["5"]["inputs"]["sampler_name"] == "eulr"
    assert "⚠️" not in (await world.command("workflow use", name="mine")).text
    await world.command("imagine", prompt="ink")
    await world.drawn()
    assert server.graphs[0]["5"]["inputs"]["sampler_name"] == "euler"


async def test_the_picture_given_takes_the_avatars_place(comfy: tuple[World, ComfyServer]) -> None:
    world, server = comfy
    world.platform.files["photo"] = png(300, 200)
    await world.command("workflow use", name="avatar-image-to-image")
    await world.command("imagine", prompt="ink", denoise=0.5, attachments=(PHOTO,))
    await world.drawn()
    (sent,) = server.graphs
    assert sent["8"]["inputs"]["image"] == "vignette/renamed (1).png"
    assert sent["5"]["inputs"]["denoise"] == 0.5


async def test_a_placeholder_without_a_value_fails_by_name_and_sends_nothing(comfy: tuple[World, ComfyServer]) -> None:
    world, server = comfy
    await add(world, graph=with_input(TEXT, "3", text="%mood%"))
    await world.command("workflow use", name="mine")
    await world.command("imagine", prompt="ink")
    await world.drawn()
    assert "%mood%" in world.platform.shows[-1].text
    assert server.graphs == []
