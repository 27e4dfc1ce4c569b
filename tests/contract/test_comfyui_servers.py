"""ComfyUI servers of other ages and behind other addresses: ids of their own, bare errors, paths, keys."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from providers.errors import ErrorKind, ProviderError
from providers.images.comfyui import ComfyUIBackend, prompt_id_of
from tests.contract.comfy_server import CLASSES, ComfyServer
from tests.contract.image_parts import PNG, Watch, config, spec
from tests.contract.loopback import Loopback, Seen, json_reply, text_reply

OURS = prompt_id_of("job-1")


def backend(server: Loopback, **more: Any) -> ComfyUIBackend:
    return ComfyUIBackend(config("comfyui", server.url, **more))


async def failed(mine: ComfyUIBackend, **more: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await mine.render(spec(**more), Watch())
    return caught.value


# --- servers that give ids of their own ---


async def test_the_servers_own_id_is_taken_and_remembered(server: Loopback) -> None:
    comfy = ComfyServer(server)
    comfy.own_ids = True
    watch = Watch()
    result = await backend(server).render(spec(), watch)
    assert (result.images[0].data, comfy.submissions) == (PNG, 1)
    assert watch.remembered == [OURS, "theirs-1"]


async def test_progress_and_cancel_go_by_the_servers_id(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    comfy.own_ids = True
    mine, watch = backend(server), Watch()
    drawing = asyncio.create_task(mine.render(spec(), watch))
    await comfy.submitted.wait()
    while len(watch.remembered) < 2:
        await asyncio.sleep(0.001)
    socket = comfy.sockets[OURS]
    await socket.send_str(json.dumps({"type": "progress", "data": {"node": "5", "value": 1, "max": 2, "prompt_id": "theirs-1"}}))
    while not any(report.fraction == 0.5 for report in watch.reports):
        await asyncio.sleep(0.001)
    assert await mine.cancel("job-1", watch.ref)
    with pytest.raises(ProviderError) as caught:
        await drawing
    assert caught.value.kind is ErrorKind.CANCELLED
    assert server.asked("/interrupt")[0].json == {"prompt_id": "theirs-1"}


async def test_after_our_crash_the_servers_id_is_found_again(server: Loopback) -> None:
    comfy = ComfyServer(server)
    comfy.own_ids = True
    first = Watch()
    await backend(server).render(spec(), first)
    again = await backend(server).render(spec(), Watch(first.ref))
    assert (again.images[0].data, comfy.submissions) == (PNG, 1)


async def test_an_answer_without_an_id_is_a_bad_one(server: Loopback) -> None:
    ComfyServer(server)
    server._handlers.pop(("POST", "/prompt"))
    server.on("POST", "/prompt", json_reply({"number": 1, "node_errors": {}}))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_a_cancel_that_comes_while_the_prompt_is_submitted_stops_it(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    mine, asked, go_on = backend(server), asyncio.Event(), asyncio.Event()
    submit = comfy._prompt

    async def slowly(request: web.Request, seen: Seen) -> web.StreamResponse:
        asked.set()
        await go_on.wait()
        return await submit(request, seen)

    server.handle("POST", "/prompt", slowly)
    drawing = asyncio.create_task(mine.render(spec(), Watch()))
    await asked.wait()
    assert await mine.cancel("job-1", None)
    go_on.set()
    with pytest.raises(ProviderError) as caught:
        await drawing
    assert caught.value.kind is ErrorKind.CANCELLED
    assert not comfy.running


# --- errors ---


async def test_a_bare_500_is_explained_by_the_servers_nodes(server: Loopback) -> None:
    comfy = ComfyServer(server)
    comfy.nodes({**CLASSES, "NoSuch": None})
    server._handlers.pop(("POST", "/prompt"))
    server.on("POST", "/prompt", text_reply("500 Internal Server Error\n\nServer got itself in trouble", 500))
    graph = {
        "1": {"class_type": "NoSuch", "_meta": {"title": "mine"}, "inputs": {"p": "%prompt%"}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }
    error = await failed(backend(server), workflow=json.dumps(graph))
    assert error.kind is ErrorKind.MISCONFIGURED
    assert "Node 1 (NoSuch «mine»): the server does not have this node type installed." in str(error)
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER  # nothing is wrong with this one


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"error": {"type": "invalid_prompt", "message": "Cannot execute because node Foo does not exist.", "details": "Node ID '#5'"}},
            "Node 5 (KSampler): the workflow needs the node type «Foo»",
        ),
        (
            {
                "error": {
                    "type": "missing_node_type",
                    "message": "Node 'Foo' not found.",
                    "extra_info": {"node_id": "5", "class_type": "Foo", "node_title": "Foo"},
                }
            },
            "Node 5 (KSampler): the workflow needs the node type «Foo»",
        ),
        ({"error": "no prompt", "node_errors": []}, "The server did not accept the workflow"),
        ({"error": {"type": "prompt_no_outputs", "message": "Prompt has no outputs"}}, "no output node"),
        (["nonsense"], "The server did not accept the workflow"),
    ],
)
async def test_refusals_without_node_errors(server: Loopback, body: Any, words: str) -> None:
    ComfyServer(server)
    server._handlers.pop(("POST", "/prompt"))
    server.on("POST", "/prompt", json_reply(body, 400))
    error = await failed(backend(server))
    assert error.kind is ErrorKind.MISCONFIGURED
    assert words in str(error)


async def test_a_link_to_a_missing_node_names_the_input_that_has_it_not_the_next_nodes(server: Loopback) -> None:
    """Seen on 0.3.75 and on a server of early 2024: the error names the input of the node *behind* the broken one."""
    ComfyServer(server)
    server._handlers.pop(("POST", "/prompt"))
    extra = {"input_name": "images", "linked_node": ["6", 0], "exception_type": "KeyError"}
    errors = [{"type": "exception_during_inner_validation", "message": "m", "details": "'99'", "extra_info": extra}]
    refused = {"6": {"errors": errors, "dependent_outputs": ["7"], "class_type": "VAEDecode"}}
    server.on("POST", "/prompt", json_reply({"error": {"type": "prompt_outputs_failed_validation"}, "node_errors": refused}, 400))
    graph = {
        "6": {"class_type": "VAEDecode", "_meta": {"title": "See"}, "inputs": {"samples": ["99", 0], "vae": ["7", 0]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "p": "%prompt%"}},
    }
    error = await failed(backend(server), workflow=json.dumps(graph))
    assert "Node 6 (VAEDecode «See»), input samples: it is connected to node 99, which is not in the workflow." in str(error)
    assert "images" not in str(error)


async def test_an_address_that_is_no_comfyui(server: Loopback) -> None:
    error = await failed(backend(server))
    assert (error.kind, "leads to no ComfyUI" in str(error)) == (ErrorKind.MISCONFIGURED, True)
    with pytest.raises(ProviderError, match="leads to no ComfyUI"):
        await backend(server).check()


async def test_a_circle_is_refused_without_a_word_and_named_all_the_same(server: Loopback) -> None:
    """Seen on 0.3.75 and on a server of early 2024: 400, no ``node_errors``."""
    ComfyServer(server)
    server._handlers.pop(("POST", "/prompt"))
    error = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": "", "extra_info": {}}
    server.on("POST", "/prompt", json_reply({"error": error, "node_errors": {}}, 400))
    graph = {
        "1": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "%prompt%"}},
    }
    assert "(ImageInvert): its inputs lead back to itself." in str(await failed(backend(server), workflow=json.dumps(graph)))


# --- outputs ---


async def test_of_many_pictures_the_first_are_taken_and_the_rest_told(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    drawing = asyncio.create_task(backend(server).render(spec(), Watch()))
    await comfy.submitted.wait()
    images = [{"filename": f"{n}.png", "subfolder": "", "type": "output"} for n in range(6)]
    await comfy.finish(OURS, {"7": {"images": images}})
    result = await drawing
    assert len(result.images) == 4
    assert [(d.setting, d.why) for d in result.dropped] == [("pictures", "the workflow made 6; the first 4 are shown")]


async def test_a_moving_picture_of_a_video_node_is_taken_and_a_film_is_not(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    drawing = asyncio.create_task(backend(server).render(spec(), Watch()))
    await comfy.submitted.wait()
    rows = [{"filename": name, "subfolder": "", "type": "output"} for name in ("a.mp4", "b.gif")]
    await comfy.finish(OURS, {"7": {"gifs": rows}})
    await drawing
    assert [seen.query["filename"] for seen in server.asked("/view")] == ["b.gif"]


# --- addresses ---


async def test_a_path_and_a_key_go_with_every_request_and_the_socket(server: Loopback) -> None:
    """As behind SwarmUI's own address or a reverse proxy."""
    comfy = ComfyServer(server)
    for (method, path), handler in list(server._handlers.items()):
        server.handle(method, f"/ComfyBackendDirect{path}", handler)
    for (method, path), replies in list(server._replies.items()):
        server.on(method, f"/ComfyBackendDirect{path}", *replies)
    moved = comfy.know

    def know(prompt_id: str) -> None:
        moved(prompt_id)
        server.handle("GET", f"/ComfyBackendDirect/history/{prompt_id}", server._handlers["GET", f"/history/{prompt_id}"])

    comfy.know = know  # type: ignore[method-assign]
    result = await ComfyUIBackend(config("comfyui", f"{server.url}/ComfyBackendDirect/", key="secret-key")).render(spec(), Watch())
    assert result.images[0].data == PNG
    assert {seen.path.partition("/ComfyBackendDirect/")[0] for seen in server.seen} == {""}
    assert {seen.headers["Authorization"] for seen in server.seen} == {"Bearer secret-key"}
    assert "/ComfyBackendDirect/ws" in {seen.path for seen in server.seen}
