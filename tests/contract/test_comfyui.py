"""The ComfyUI backend against a small server with ComfyUI's shapes: pictures, progress, cancel, crashes of both sides."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.comfyui import ComfyUIBackend, prompt_id_of
from tests.contract.comfy_server import CHECKPOINTS, ComfyServer
from tests.contract.image_parts import PNG, REFERENCE, Watch, config, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.recorded import check_requests

GRAPH = {
    "5": {"class_type": "KSampler", "inputs": {"text": "%prompt%", "seed": "%seed%", "steps": "%steps%"}},
    "7": {"class_type": "SaveImage", "inputs": {"images": ["5", 0]}},
}
PROMPT_ID = prompt_id_of("job-1")


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        yield running
        check_requests([seen for seen in running.seen if seen.path != "/ws"], "derived-comfyui-local.json")
    await close_clients()


def backend(server: Loopback, **more: Any) -> ComfyUIBackend:
    return ComfyUIBackend(config("comfyui", server.url, **more))


async def kind_of(mine: ComfyUIBackend, watch: Watch | None = None, **more: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await mine.render(spec(**more), watch or Watch())
    return caught.value


# --- pictures ---


async def test_a_picture_from_our_own_graph(server: Loopback) -> None:
    comfy = ComfyServer(server)
    watch = Watch()
    result = await backend(server).render(spec(steps=4, cfg=3.5, sampler="dpmpp_2m"), watch)
    assert result.images[0].data == PNG
    assert (result.images[0].mime, result.images[0].seed, result.model) == ("image/png", 5, CHECKPOINTS[0])
    assert result.dropped == ()
    assert watch.remembered == [PROMPT_ID]
    sampler = comfy.graphs[0]["5"]["inputs"]
    assert (sampler["seed"], sampler["steps"], sampler["cfg"], sampler["sampler_name"]) == (5, 4, 3.5, "dpmpp_2m")
    assert (result.parameters["prompt"], result.parameters["seed"]) == ("a red cat", 5)
    assert server.asked("/view")[0].query == {"filename": "v_1_.png", "subfolder": "vignette", "type": "output"}
    assert "Origin" not in server.asked("/ws")[0].headers


async def test_every_submission_saves_under_a_name_of_its_own(server: Loopback) -> None:
    comfy = ComfyServer(server)
    mine = backend(server)
    await mine.render(spec("a"), Watch())
    await mine.render(spec("b"), Watch())
    assert len({graph["7"]["inputs"]["filename_prefix"] for graph in comfy.graphs}) == 2


async def test_references_are_uploaded_and_used_by_the_name_in_the_reply(server: Loopback) -> None:
    comfy = ComfyServer(server)
    result = await backend(server).render(spec(references=(REFERENCE, REFERENCE), denoise=0.4), Watch())
    assert comfy.graphs[0]["8"]["inputs"]["image"] == "vignette/renamed (1).png"
    assert comfy.graphs[0]["5"]["inputs"]["denoise"] == 0.4
    uploads = server.asked("/upload/image")
    assert len(uploads) == 1
    assert [(d.setting, d.why) for d in result.dropped] == [("reference images", "the workflow uses 1 of 2")]


async def test_names_of_uploads_are_new_each_time_and_tell_nothing_of_the_job(server: Loopback) -> None:
    """Whoever adds a workflow can name any file in it: nobody may know what the pictures of other chats are called there."""
    ComfyServer(server)
    graph = GRAPH | {"9": {"class_type": "LoadImage", "inputs": {"image": "%char_avatar%"}}}
    for _ in range(2):
        await backend(server).render(spec(references=(REFERENCE,)), Watch())
        await backend(server).render(spec(workflow=json.dumps(graph)), Watch())
    names = [seen.body.partition(b'filename="')[2].partition(b'"')[0].decode() for seen in server.asked("/upload/image")]
    assert len(set(names)) == 4
    for name in names:
        assert re.match(r"[0-9a-f]{32}-", name)
        assert not any(known in name for known in ("job-1", PROMPT_ID, PROMPT_ID.replace("-", "")))


async def test_the_hosts_graph_and_what_it_has_no_place_for(server: Loopback) -> None:
    comfy = ComfyServer(server)
    asked = spec(workflow=json.dumps(GRAPH), steps=9, cfg=2.0, vae="ae.sft", model="tiny")
    result = await backend(server).render(asked, Watch())
    assert comfy.graphs[0]["5"]["inputs"] == {"text": "a red cat", "seed": 5, "steps": 9}
    assert {d.setting for d in result.dropped} == {"negative prompt", "model", "VAE", "CFG scale", "size"}


async def test_the_saved_picture_is_taken_not_the_preview(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    graph = {**GRAPH, "2": {"class_type": "PreviewImage", "inputs": {}}, "9": {"class_type": "SaveImage", "inputs": {}}}
    drawing = asyncio.create_task(backend(server).render(spec(workflow=json.dumps(graph)), Watch()))
    await comfy.submitted.wait()
    image = {"subfolder": "", "type": "output"}
    outputs = {
        "2": {"images": [{"filename": "preview.png", "subfolder": "", "type": "temp"}]},
        "9": {"images": [{"filename": "late.png", **image}]},
        "7": {"images": [{"filename": "first.png", **image}]},
        "8": {"text": ["no picture"]},
    }
    await comfy.finish(PROMPT_ID, outputs)
    await drawing
    assert [seen.query["filename"] for seen in server.asked("/view")] == ["first.png"]


# --- progress and waiting ---


async def test_progress_from_the_socket(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    watch = Watch()
    drawing = asyncio.create_task(backend(server).render(spec(), watch))
    await comfy.submitted.wait()
    await comfy.tell(PROMPT_ID, "executing", node="1", prompt_id=PROMPT_ID)
    await comfy.tell(PROMPT_ID, "progress", node="5", value=1, max=4, prompt_id="somebody else's")
    await comfy.tell(PROMPT_ID, "progress", node="5", value=3, max=4, prompt_id=PROMPT_ID)
    await comfy.sockets[PROMPT_ID].send_bytes(b"\0\0\0\1\0\0\0\1preview")
    await comfy.sockets[PROMPT_ID].send_str("not json")
    while not any(report.fraction == 0.75 for report in watch.reports):
        await asyncio.sleep(0.001)
    await comfy.finish(PROMPT_ID)
    await drawing
    assert watch.stages[0] == "loading"
    assert 0.25 not in [report.fraction for report in watch.reports]


async def test_a_refused_socket_leaves_polling(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    server.handle("GET", "/ws", refuse)
    watch = Watch()
    drawing = asyncio.create_task(backend(server).render(spec(), watch))
    await comfy.submitted.wait()
    while "drawing" not in watch.stages:
        await asyncio.sleep(0.001)
    await comfy.finish(PROMPT_ID)
    assert (await drawing).images[0].data == PNG


async def refuse(request: Any, seen: Any) -> Any:
    from aiohttp import web

    return web.Response(status=403)


async def test_a_broken_socket_is_opened_again_with_the_same_id(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    watch = Watch()
    drawing = asyncio.create_task(backend(server).render(spec(), watch))
    await comfy.submitted.wait()
    first = comfy.sockets.pop(PROMPT_ID)
    await first.close()
    while PROMPT_ID not in comfy.sockets:
        await asyncio.sleep(0.001)
    await comfy.tell(PROMPT_ID, "executing", node="5")  # as a server does after a reconnect: without the prompt's id
    await comfy.tell(PROMPT_ID, "progress", node="5", value=1, max=2, prompt_id=PROMPT_ID)
    while not any(report.fraction == 0.5 for report in watch.reports):
        await asyncio.sleep(0.001)
    await comfy.finish(PROMPT_ID)
    await drawing


async def test_the_place_counts_by_number_not_by_the_lists_order(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    comfy.running = [[1, "theirs", {}, {}, []]]
    comfy.pending = [[9, "later", {}, {}, []], [-3, "in front", {}, {}, []]]
    comfy.submissions = 4
    watch = Watch()
    drawing = asyncio.create_task(backend(server).render(spec(), watch))
    while "queued" not in watch.stages:
        await asyncio.sleep(0.001)
    assert watch.reports[0].place == 1
    comfy.running, comfy.pending = [comfy.pending[-1]], []
    await comfy.finish(PROMPT_ID)
    await drawing


async def test_success_may_be_announced_before_the_history_is_written(server: Loopback) -> None:
    comfy = ComfyServer(server)
    comfy.late_history = 2
    assert (await backend(server).render(spec(), Watch())).images


async def test_a_cached_run_names_the_old_file(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    drawing = asyncio.create_task(backend(server).render(spec(workflow=json.dumps(GRAPH)), Watch()))
    await comfy.submitted.wait()
    old = {"7": {"images": [{"filename": "vignette_00002_.png", "subfolder": "", "type": "output"}]}}
    await comfy.end(PROMPT_ID, "success", old, [["execution_cached", {"nodes": ["5", "7"]}], ["execution_success", {}]])
    assert (await drawing).images[0].data == PNG


# --- cancel ---


async def test_cancel_while_running_interrupts_ours(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    mine = backend(server)
    drawing = asyncio.create_task(kind_of(mine))
    await comfy.submitted.wait()
    assert await mine.cancel("job-1", None)
    assert (await drawing).kind is ErrorKind.CANCELLED
    assert server.asked("/interrupt")[0].json == {"prompt_id": PROMPT_ID}


async def test_cancel_while_waiting_leaves_the_running_one_alone(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    comfy.running = [[1, "theirs", {}, {}, []]]
    mine = backend(server)
    drawing = asyncio.create_task(kind_of(mine))
    await comfy.submitted.wait()
    assert await mine.cancel("job-1", PROMPT_ID)
    assert (await drawing).kind is ErrorKind.CANCELLED
    assert not server.asked("/interrupt")
    assert comfy.running[0][1] == "theirs"
    assert comfy.pending == []


async def test_cancel_of_an_unknown_job_touches_nothing(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    comfy.running = [[1, "theirs", {}, {}, []]]
    assert not await backend(server).cancel("nobody", None)
    assert not [seen for seen in server.seen if seen.method == "POST"]


# --- crashes ---


async def test_after_our_crash_a_running_prompt_is_waited_for(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    comfy.know(PROMPT_ID)
    comfy.running = [[1, PROMPT_ID, {}, {}, []]]
    watch = Watch(ref=PROMPT_ID)
    drawing = asyncio.create_task(backend(server).render(spec(), watch))
    while PROMPT_ID not in comfy.sockets:
        await asyncio.sleep(0.001)
    await comfy.finish(PROMPT_ID)
    assert (await drawing).images[0].data == PNG
    assert not server.asked("/prompt")


async def test_after_our_crash_a_finished_prompt_is_fetched(server: Loopback) -> None:
    comfy = ComfyServer(server)
    comfy.know(PROMPT_ID)
    await comfy.finish(PROMPT_ID)
    assert (await backend(server).render(spec(), Watch(ref=PROMPT_ID))).images[0].data == PNG
    assert not server.asked("/prompt")


@pytest.mark.parametrize("before", ["unknown", "failed", "file gone"])
def test_after_our_crash_what_cannot_be_taken_over_is_drawn_again(before: str) -> None:
    async def scenario() -> None:
        async with loopback() as server:
            comfy = ComfyServer(server)
            comfy.know(PROMPT_ID)
            if before == "failed":
                await comfy.end(PROMPT_ID, "error", {}, [["execution_error", {}]])
            if before == "file gone":
                await comfy.finish(PROMPT_ID)
                server.on("GET", "/view", Reply(404), Reply(200, PNG))
            assert (await backend(server).render(spec(), Watch(ref=PROMPT_ID))).images[0].data == PNG
            assert len(server.asked("/prompt")) == 1
        await close_clients()

    asyncio.run(scenario())


async def test_a_restarted_server_gets_the_prompt_once_more(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    drawing = asyncio.create_task(backend(server).render(spec(), Watch()))
    await comfy.submitted.wait()
    comfy.restart()
    comfy.instant = True
    assert (await drawing).images[0].data == PNG
    assert len(server.asked("/prompt")) == 2


async def test_a_server_that_keeps_forgetting_is_a_failure_that_can_be_retried(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    drawing = asyncio.create_task(kind_of(backend(server)))
    while not drawing.done():
        comfy.restart()
        await asyncio.sleep(0.001)
    error = drawing.result()
    assert (error.kind, error.retryable) == (ErrorKind.BUSY, True)
    assert len(server.asked("/prompt")) == 2


async def test_too_long_drawing_is_interrupted(server: Loopback) -> None:
    ComfyServer(server, instant=False)
    assert (await kind_of(backend(server, seconds=0.02))).kind is ErrorKind.TIMED_OUT
    assert server.asked("/interrupt")[0].json == {"prompt_id": PROMPT_ID}


# --- what goes wrong ---


def rejection(node_type: str, name: str, **error: Any) -> Reply:
    extra = {"input_name": name, **error.pop("extra", {})}
    node = {"errors": [{"message": "m", "details": "/secret/path", "extra_info": extra, **error}], "class_type": node_type}
    return json_reply({"error": {"type": "prompt_outputs_failed_validation", "message": "m"}, "node_errors": {"4": node}}, 400)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            rejection("KSampler", "sampler_name", type="value_not_in_list", extra={"received_value": "nope", "input_config": None}),
            ErrorKind.INVALID,
            ["Node 4 (KSampler)", "sampler_name", "nope"],
        ),
        (
            rejection(
                "CheckpointLoaderSimple",
                "ckpt_name",
                type="value_not_in_list",
                extra={"received_value": "x.ckpt", "input_config": [["a.ckpt", "b.ckpt"], {}]},
            ),
            ErrorKind.MISCONFIGURED,
            ["x.ckpt", "a.ckpt, b.ckpt"],
        ),
        (
            rejection("E", "width", type="value_smaller_than_min", extra={"received_value": 8, "input_config": ["INT", {"min": 16}]}),
            ErrorKind.INVALID,
            ["8 is too small (limit 16)"],
        ),
        (
            json_reply({"error": {"type": "invalid_prompt", "message": "Cannot run: node Foo does not exist."}, "node_errors": {}}, 400),
            ErrorKind.MISCONFIGURED,
            ["«Foo»", "installed"],
        ),
        (text_reply("<html>oops</html>", 500), ErrorKind.BAD_ANSWER, []),
        (text_reply("no", 401), ErrorKind.UNAUTHORISED, []),
        (text_reply("<html>fine</html>"), ErrorKind.BAD_ANSWER, []),
    ],
)
async def test_refused_graphs_name_node_and_input_and_nothing_of_the_server(
    server: Loopback, reply: Reply, kind: ErrorKind, words: list[str]
) -> None:
    ComfyServer(server)
    server._handlers.pop(("POST", "/prompt"))
    server.on("POST", "/prompt", reply)
    error = await kind_of(backend(server))
    assert error.kind is kind
    assert all(word in str(error) for word in words)
    assert "secret" not in str(error) + error.host_detail


async def test_a_failed_node_is_named_without_paths_and_tracebacks(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    drawing = asyncio.create_task(kind_of(backend(server)))
    await comfy.submitted.wait()
    data = {
        "node_id": "1",
        "node_type": "LoadImage",
        "exception_type": "PIL.UnidentifiedImageError",
        "exception_message": "cannot identify image file '/home/anna/ComfyUI/input/x.png'",
        "traceback": ['File "/home/anna/ComfyUI/execution.py"'],
    }
    await comfy.end(PROMPT_ID, "error", {}, [["execution_error", data]])
    error = await drawing
    assert error.kind is ErrorKind.INVALID
    assert "Node 1 (LoadImage) failed with UnidentifiedImageError" in str(error)
    assert "anna" not in str(error) + error.host_detail


async def test_out_of_memory_says_so(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    drawing = asyncio.create_task(kind_of(backend(server)))
    await comfy.submitted.wait()
    await comfy.end(PROMPT_ID, "error", {}, [["execution_error", {"exception_type": "torch.OutOfMemoryError"}]])
    assert "memory" in str(await drawing)


@pytest.mark.parametrize("body", [b"", PNG[:-20], b"<html>", b"\0" * 100])
async def test_a_picture_that_is_none_or_incomplete(server: Loopback, body: bytes) -> None:
    ComfyServer(server)
    server.on("GET", "/view", Reply(200, body, {"Content-Type": "image/png"}))
    assert (await kind_of(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_an_oversized_picture_is_not_read(server: Loopback) -> None:
    ComfyServer(server)
    server.on("GET", "/view", Reply(200, chunks=tuple(b"\x89PNG" + b"\0" * (1 << 20) for _ in range(66))))
    assert (await kind_of(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_a_graph_that_saves_nothing(server: Loopback) -> None:
    comfy = ComfyServer(server, instant=False)
    drawing = asyncio.create_task(kind_of(backend(server)))
    await comfy.submitted.wait()
    await comfy.finish(PROMPT_ID, {})
    assert "SaveImage" in str(await drawing)


async def test_nobody_listens() -> None:
    error = await kind_of(ComfyUIBackend(config("comfyui", "http://127.0.0.1:9")))
    assert (error.kind, error.retryable) == (ErrorKind.UNREACHABLE, True)
    await close_clients()


@pytest.mark.parametrize(
    ("more", "kind", "word"),
    [
        ({"model": "nope"}, ErrorKind.INVALID, CHECKPOINTS[0]),
        ({"model": "flux1-dev"}, ErrorKind.INVALID, "workflow of your own"),
        ({"workflow": "{"}, ErrorKind.MISCONFIGURED, "JSON"),
        ({"workflow": json.dumps({**GRAPH, "4": {"class_type": "VAELoader", "inputs": {"n": "%vae%"}}})}, ErrorKind.INVALID, "%vae%"),
    ],
)
async def test_unusable_specs_are_refused_before_anything_is_queued(
    server: Loopback, more: dict[str, Any], kind: ErrorKind, word: str
) -> None:
    ComfyServer(server)
    error = await kind_of(backend(server), **more)
    assert error.kind is kind
    assert word in str(error)
    assert not server.asked("/prompt")


async def test_a_wrongly_configured_model_is_the_hosts_business(server: Loopback) -> None:
    ComfyServer(server)
    assert (await kind_of(backend(server, model="gone"))).kind is ErrorKind.MISCONFIGURED


# --- lists, check, options ---


async def test_lists_in_both_notations(server: Loopback) -> None:
    ComfyServer(server)
    mine = backend(server)
    assert [(m.id, m.label) for m in await mine.models()] == [
        ("anime/tiny-v2.safetensors", "anime/tiny-v2"),
        ("tiny.safetensors", "tiny"),
        ("flux1-dev.safetensors", "UNet: flux1-dev"),
    ]
    assert await mine.choices("sampler") == ("euler", "dpmpp_2m")
    assert await mine.choices("scheduler") == ("normal", "karras")
    assert await mine.choices("vae") == ("ae.sft",)
    assert await mine.choices("upscaler") == ()
    await mine.models()
    assert len(server.asked("/object_info/CheckpointLoaderSimple")) == 1


async def test_check_tells_version_and_models(server: Loopback) -> None:
    comfy = ComfyServer(server)
    health = await backend(server, key="user:secret-password").check()
    assert "ComfyUI 0.8.0, 2 checkpoints" in health.summary
    assert health.problems == ()
    assert server.asked("/system_stats")[0].headers["Authorization"].startswith("Basic ")
    comfy.node("CheckpointLoaderSimple", ckpt_name=[[], {}])
    comfy.node("UNETLoader", unet_name=[[]])
    assert "no model" in (await backend(server).check()).problems[0]


def test_unknown_options_are_named() -> None:
    with pytest.raises(ProviderError) as caught:
        ComfyUIBackend(config("comfyui", "http://127.0.0.1:8188", pol_seconds=3))
    assert "pol_seconds" in str(caught.value)
    assert caught.value.kind is ErrorKind.MISCONFIGURED


def test_capabilities_promise_what_is_there() -> None:
    able = ComfyUIBackend(config("comfyui", "http://127.0.0.1:8188")).capabilities()
    assert able.adopts
    assert able.queue_place
    assert able.local
    assert not able.hires
