"""Reference pictures in ComfyUI graphs: uploaded or as base64, in which order, and what happens when there are too few or too many."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from aiohttp import web

from providers.contract import Reference
from providers.errors import ErrorKind, ProviderError
from providers.images.comfyui import ComfyUIBackend
from providers.images.comfyui_graph import EMPTY_PICTURE
from tests.contract.comfy_server import ComfyServer
from tests.contract.image_parts import Watch, config, png, spec
from tests.contract.loopback import Loopback, Reply, Seen

BASE = Reference(png(colour="blue"), "image/png", "base")
CHARACTER = Reference(png(colour="green"), "image/png", "character")
PERSONA = Reference(png(colour="yellow"), "image/png", "persona")


def uploading(server: Loopback) -> tuple[ComfyServer, dict[str, bytes]]:
    """A server that keeps what is uploaded, by the name it gives."""
    comfy, kept = ComfyServer(server), dict[str, bytes]()

    async def upload(request: web.Request, seen: Seen) -> web.StreamResponse:
        name = seen.body.partition(b'filename="')[2].partition(b'"')[0].decode()
        kept[f"vignette/{name}"] = seen.body
        return web.json_response({"name": name, "subfolder": "vignette", "type": "input"})

    server.handle("POST", "/upload/image", upload)
    return comfy, kept


def graph(**inputs: str) -> str:
    """One node per input: ``LoadImage`` for those named ``file…``, a node of an extension for the others."""
    nodes: dict[str, Any] = {"1": {"class_type": "X", "inputs": {"p": "%prompt%", "s": "%seed%", "w": "%width%", "h": "%height%"}}}
    for name, value in inputs.items():
        nodes[name] = {"class_type": "LoadImage" if name.startswith("file") else "ETN_LoadImageBase64", "inputs": {"image": value}}
    return json.dumps(nodes)


async def drawn(server: Loopback, workflow: str, *references: Reference) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What each loading node was sent, with the bytes of uploads, and what was not honoured."""
    comfy, kept = uploading(server)
    asked = spec(workflow=workflow, references=references, negative="")
    result = await ComfyUIBackend(config("comfyui", server.url)).render(asked, Watch())
    sent = {node_id: node["inputs"]["image"] for node_id, node in comfy.graphs[0].items() if "image" in node["inputs"]}
    return {name: kept.get(value, value) for name, value in sent.items()}, [(d.setting, d.why) for d in result.dropped]


async def test_an_avatar_is_uploaded_for_a_node_that_loads_files_and_base64_elsewhere(server: Loopback) -> None:
    sent, dropped = await drawn(server, graph(file="%char_avatar%", inline="%char_avatar%", user="%user_avatar%"), CHARACTER, PERSONA)
    assert CHARACTER.data in sent["file"]
    assert sent["inline"] == base64.b64encode(CHARACTER.data).decode()
    assert sent["user"] == base64.b64encode(PERSONA.data).decode()
    assert dropped == []


async def test_a_missing_avatar_has_a_stand_in_and_is_told(server: Loopback) -> None:
    sent, dropped = await drawn(server, graph(file="%char_avatar%", user="%user_avatar%"))
    assert base64.b64decode(EMPTY_PICTURE) in sent["file"]
    assert sent["user"] == EMPTY_PICTURE
    assert [setting for setting, _ in dropped] == ["character's avatar", "persona's avatar"]


async def test_numbered_pictures_are_first_those_without_an_avatars_place(server: Loopback) -> None:
    sent, dropped = await drawn(server, graph(file0="%IMAGE%", face="%char_avatar%"), CHARACTER, BASE)
    assert BASE.data in sent["file0"]
    assert sent["face"] == base64.b64encode(CHARACTER.data).decode()
    assert dropped == []


async def test_the_avatar_serves_as_picture_when_there_is_no_other(server: Loopback) -> None:
    sent, dropped = await drawn(server, graph(file0="%IMAGE0%", face="%char_avatar%"), CHARACTER)
    assert CHARACTER.data in sent["file0"]
    assert dropped == []


async def test_more_pictures_than_places_are_told(server: Loopback) -> None:
    sent, dropped = await drawn(server, graph(file0="%IMAGE0%", file1="%IMAGE1%"), CHARACTER, PERSONA, BASE)
    assert CHARACTER.data in sent["file0"]
    assert PERSONA.data in sent["file1"]
    assert dropped == [("reference images", "the workflow uses 2 of 3")]
    assert len(server.asked("/upload/image")) == 2


async def test_fewer_pictures_than_places_is_an_error_unless_the_graph_counts_them(server: Loopback) -> None:
    with pytest.raises(ProviderError) as caught:
        await drawn(server, graph(file0="%IMAGE0%", file1="%IMAGE1%"), BASE)
    assert caught.value.kind is ErrorKind.INVALID
    assert "draws from 2 reference pictures (%IMAGE1%), and there is 1" in str(caught.value)
    sent, _ = await drawn(server, graph(file0="%IMAGE0%", file1="%IMAGE1%", number="%IMAGE_COUNT%"), BASE)
    assert (sent["file1"], sent["number"]) == ("", 1)


async def test_the_shipped_avatar_graph_draws_from_the_character_and_takes_a_vae(server: Loopback) -> None:
    comfy, kept = uploading(server)
    mine = ComfyUIBackend(config("comfyui", server.url))
    workflow = mine.shipped_workflows()["avatar-image-to-image"]
    asked = spec(workflow=workflow, references=(CHARACTER,), denoise=0.4, vae="ae.sft", clip_skip=2)
    result = await mine.render(asked, Watch())
    sent = comfy.graphs[0]
    assert CHARACTER.data in kept[sent["8"]["inputs"]["image"]]
    assert (sent["5"]["inputs"]["denoise"], sent["20"]["inputs"], sent["21"]["inputs"]["stop_at_clip_layer"]) == (
        0.4,
        {"vae_name": "ae.sft"},
        -2,
    )
    assert (result.dropped, result.parameters["workflow"]) == ((), "avatar-image-to-image")


@pytest.mark.parametrize(("references", "name"), [((), "text-to-image"), ((BASE,), "image-to-image")])
async def test_the_record_tells_which_graph_drew(server: Loopback, references: tuple[Reference, ...], name: str) -> None:
    uploading(server)
    result = await ComfyUIBackend(config("comfyui", server.url)).render(spec(references=references), Watch())
    assert result.parameters["workflow"] == name


async def test_a_picture_the_server_finds_too_large(server: Loopback) -> None:
    ComfyServer(server)
    server.on("POST", "/upload/image", Reply(413, b"Maximum request body size 52429 exceeded."))
    with pytest.raises(ProviderError) as caught:
        await ComfyUIBackend(config("comfyui", server.url)).render(spec(references=(BASE,)), Watch())
    assert (caught.value.kind, "larger than the server takes" in str(caught.value)) == (ErrorKind.INVALID, True)
