"""A workflow is held against its text and against the server before it is used."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import WorkflowReader
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.comfycloud import ComfyCloudBackend
from providers.images.comfyui import ComfyUIBackend
from providers.images.comfyui_check import check_workflow
from tests.contract.comfy_server import CLASSES, ComfyServer
from tests.contract.image_parts import config
from tests.contract.loopback import Loopback, json_reply, loopback
from tests.contract.recorded import recorded

OFFLINE = ComfyUIBackend(config("comfyui", "http://127.0.0.1:9"))
SHIPPED = OFFLINE.shipped_workflows()


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        ComfyServer(running).nodes({**CLASSES, "NoSuch": None})
        yield running
    await close_clients()


def changed(name: str = "text-to-image", **nodes: Any) -> str:
    """A shipped graph with inputs of nodes changed (``n5={"steps": 0}``), taken out (None) or whole nodes replaced."""
    graph = json.loads(SHIPPED[name])
    for key, change in nodes.items():
        node_id = key[1:]
        if change is None:
            del graph[node_id]
        elif "class_type" in change or "_meta" in change:
            graph[node_id] = {**graph.get(node_id, {"inputs": {}}), **change}
        else:
            inputs = {**graph[node_id]["inputs"], **change}
            graph[node_id]["inputs"] = {name: value for name, value in inputs.items() if value is not None}
    return json.dumps(graph)


def one(class_type: str = "X", **inputs: Any) -> str:
    return json.dumps({"1": {"class_type": class_type, "inputs": {"p": "%prompt%", "s": "%seed%", **inputs}}})


# --- reading ---


def test_what_a_workflow_asks_for() -> None:
    facts = OFFLINE.read_workflow(
        one(a="%CFG%", b="%user_avatar%", c="%IMAGE1%", d="%IMAGE_COUNT%", e="%mood%", f="%Größe%", g="x %vae% y")
    )
    assert facts.present == ("prompt", "scale", "seed", "user_avatar", "IMAGE1", "IMAGE_COUNT")
    assert {"char_avatar", "vae", "negative_prompt"} <= set(facts.absent)
    assert not {"IMAGE", "IMAGE_COUNT", "scale", *facts.present} & set(facts.absent)
    assert facts.custom == ("Größe", "mood")
    assert (facts.nodes, facts.references, facts.avatars, facts.image_to_image) == (1, 3, ("persona",), True)
    assert facts.problems == ("Node 1 (X), input g: %vae% inside a longer text is left as it is; make it the whole value.",)


def test_the_shipped_workflows_are_sound() -> None:
    assert set(SHIPPED) == {"text-to-image", "avatar-image-to-image"}
    plain, avatar = (OFFLINE.read_workflow(SHIPPED[name]) for name in ("text-to-image", "avatar-image-to-image"))
    assert (plain.references, plain.avatars, plain.image_to_image, plain.problems, plain.custom) == (0, (), False, (), ())
    assert (avatar.references, avatar.avatars, avatar.image_to_image, avatar.problems) == (1, ("character",), True, ())
    assert "denoise" in avatar.present


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (changed(n5={"latent_image": ["99", 0]}), "Node 5 (KSampler), input latent_image: it is connected to node 99, which is not in"),
        (changed(n6={"samples": ["6", 0]}), "Node 6 (VAEDecode): its inputs lead back to itself."),
        (changed(n7={"class_type": "SaveImageWebsocket"}), "Node 7 (SaveImageWebsocket): its picture is sent to a socket"),
        (changed(n2={"text": "forest"}), 'no "%prompt%"'),
        (changed(n5={"_meta": {"title": "Draw"}}).replace('"%seed%"', '"a %seed%"'), "Node 5 (KSampler «Draw»), input seed: %seed% inside"),
    ],
)
def test_problems_seen_without_a_server(text: str, words: str) -> None:
    assert any(words in problem for problem in OFFLINE.read_workflow(text).problems)


@pytest.mark.parametrize("text", ["", "no", "[]", '{"nodes": [], "links": []}', '{"3": {"inputs": {}}}', '{"3": {"class_type": "X"}}'])
async def test_what_is_no_graph_is_refused(text: str) -> None:
    with pytest.raises(ProviderError) as caught:
        OFFLINE.read_workflow(text)
    with pytest.raises(ProviderError):
        await OFFLINE.check_workflow(text)
    assert caught.value.kind is ErrorKind.INVALID
    assert "workflow" in str(caught.value)


# --- against the server ---


@pytest.mark.parametrize("name", sorted(SHIPPED))
async def test_the_shipped_workflows_fit_the_server(server: Loopback, name: str) -> None:
    assert await ComfyUIBackend(config("comfyui", server.url)).check_workflow(SHIPPED[name]) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (changed(n2={"class_type": "NoSuch"}), "Node 2 (NoSuch): the server does not have this node type installed."),
        (changed(n7=None), "The workflow has no output node such as SaveImage."),
        (changed(n5={"scheduler": None}), "Node 5 (KSampler), input scheduler is missing."),
        (changed(n5={"steps": 0}), "Node 5 (KSampler), input steps: 0 is too small (limit 1)."),
        (changed(n5={"cfg": "101"}), "Node 5 (KSampler), input cfg: 101 is too big (limit 100.0)."),
        (changed(n5={"steps": "many"}), "Node 5 (KSampler), input steps: «many» stands where a whole number belongs."),
        (changed(n5={"sampler_name": "nope"}), "Node 5 (KSampler), input sampler_name: the server has no «nope». It has: euler, dpmpp_2m."),
        (changed(n5={"scheduler": 3}), "Node 5 (KSampler), input scheduler: the server has no «3». It has: normal, karras."),
        (changed(n5={"steps": "%prompt%"}), "Node 5 (KSampler), input steps: %prompt% is a text, and a whole number belongs here."),
        (changed(n5={"cfg": "%CKPT%"}), "Node 5 (KSampler), input cfg: %CKPT% is a text, and a number belongs here."),
        (
            changed(n5={"scheduler": "%steps%"}),
            "Node 5 (KSampler), input scheduler: %steps% is none of its values. It has: normal, karras.",
        ),
        (changed(n5={"model": "%model%"}), "Node 5 (KSampler), input model: %model% stands where a connection to another node belongs."),
        (changed(n5={"model": "tiny"}), "Node 5 (KSampler), input model: a connection to another node belongs here."),
        (changed(n6={"samples": ["1", 0]}), "input samples: node 1 (CheckpointLoaderSimple) gives MODEL, and LATENT belongs here."),
        (changed(n5={"scheduler": ["1", 0]}), "node 1 (CheckpointLoaderSimple) gives MODEL, and one of a list of values belongs here."),
        (changed(n6={"samples": ["5", 4]}), "input samples: it is connected to output 4 of node 5 (KSampler), which has 1."),
        (changed(n6={"samples": ["5"]}), "Node 6 (VAEDecode), input samples: it is connected wrongly."),
        (
            changed("avatar-image-to-image", n8={"class_type": "LoadFace"}),
            "Node 8 (LoadFace), input image: %char_avatar% is inserted as base64 here, and this node takes an uploaded file",
        ),
    ],
)
async def test_problems_the_server_would_have(server: Loopback, text: str, problem: str) -> None:
    found = await ComfyUIBackend(config("comfyui", server.url)).check_workflow(text)
    assert any(problem in sentence for sentence in found), found


@pytest.mark.parametrize(
    "text",
    [
        changed(n5={"steps": "12", "cfg": 3, "denoise": "%mood%", "scheduler": "%mood%"}),
        changed(n8={"class_type": "KSampler", "inputs": {"steps": -1}}),  # leads to no output: the server does not look at it
        changed(n8={"class_type": "Anything", "inputs": {"value": ["1", 0]}}, n9={"class_type": "Anything", "inputs": {"value": 5}}),
        changed(n8={"class_type": "Growing", "inputs": {}}, n7={"images": ["8", 0]}),
        changed(n5={"extra": "ignored"}),
    ],
)
async def test_what_the_server_takes_is_not_complained_about(server: Loopback, text: str) -> None:
    assert await ComfyUIBackend(config("comfyui", server.url)).check_workflow(text) == ()


async def test_a_server_that_cannot_be_asked_leaves_what_the_text_tells() -> None:
    found = await OFFLINE.check_workflow(changed(n6={"samples": ["99", 0]}))
    assert "node 99" in found[0]
    assert found[-1].startswith("Only the text was checked: mine cannot be reached")
    await close_clients()


async def test_a_wrong_address_is_said(server: Loopback) -> None:
    found = await ComfyUIBackend(config("comfyui", server.url + "/elsewhere")).check_workflow(SHIPPED["text-to-image"])
    assert "leads to no ComfyUI" in found[0]


async def test_a_workflow_of_very_many_kinds_is_not_asked_about(server: Loopback) -> None:
    graph = {str(n): {"class_type": f"Kind{n}", "inputs": {"p": "%prompt%", "s": "%seed%"}} for n in range(201)}
    found = await ComfyUIBackend(config("comfyui", server.url)).check_workflow(json.dumps(graph))
    assert "more than 200" in found[0]
    assert not server.seen


async def test_comfy_cloud_reads_workflows_the_same_way(server: Loopback) -> None:
    server.on("GET", "/api/object_info", json_reply(CLASSES))
    cloud = ComfyCloudBackend(config("comfycloud", server.url, key="key"))
    assert isinstance(cloud, WorkflowReader)
    assert cloud.read_workflow(SHIPPED["text-to-image"]) == OFFLINE.read_workflow(SHIPPED["text-to-image"])
    assert await cloud.check_workflow(changed(n5={"steps": 0})) == ("Node 5 (KSampler), input steps: 0 is too small (limit 1).",)
    assert cloud.shipped_workflows() == SHIPPED


@pytest.mark.parametrize("name", sorted(SHIPPED))
async def test_the_shipped_workflows_fit_recorded_descriptions(name: str) -> None:
    classes = recorded("comfyui-0.8.0", "object_info_trimmed")["response"]["body"]

    async def node(class_type: str) -> Any:
        return classes.get(class_type)

    assert await check_workflow("mine", SHIPPED[name], node) == ()
    wrong = changed(name, n5={"sampler_name": "no_such_sampler"})
    assert "no «no_such_sampler»" in (await check_workflow("mine", wrong, node))[0]
