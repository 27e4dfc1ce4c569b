"""The ComfyUI backend against what real servers (0.3.64 and 0.8.0) sent: frames, histories, queues, refusals."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from aiohttp import web

from providers.errors import ErrorKind, ProviderError
from providers.images.comfyui import ComfyUIBackend
from providers.images.comfyui_api import ComfyApi
from providers.images.comfyui_errors import choices_in, rejection
from providers.images.comfyui_socket import Listener
from providers.images.comfyui_wait import check_outcome, outputs_of
from tests.contract.comfy_server import ComfyServer
from tests.contract.image_parts import Watch, config, spec
from tests.contract.loopback import Loopback, Reply
from tests.contract.recorded import recorded, reply_of

HOST = config("comfyui", "http://127.0.0.1:8188")


def heard(frames: list[dict[str, Any]], graph: dict[str, Any], prompt_id: str) -> tuple[Watch, asyncio.Event]:
    watch, over = Watch(), asyncio.Event()
    listener = Listener(lambda: prompt_id, graph, watch, over)
    for frame in frames:
        if frame.get("from") == "server":
            listener.hear(json.dumps(frame["json"]) if "json" in frame else base64.b64decode(frame.get("base64", "")))
    return watch, over


def submission(frames: list[dict[str, Any]]) -> tuple[dict[str, Any], str]:
    sent = next(f["http"] for f in frames if "http" in f and f["http"]["request"]["path"] == "/prompt")
    return sent["request"]["body"]["prompt"], sent["response"]["body"]["prompt_id"]


@pytest.mark.parametrize(
    ("folder", "case", "stages"),
    [
        ("comfyui-0.8.0", "ws_txt2img", ["loading", "drawing"]),
        ("comfyui-0.8.0", "ws_txt2img_preview_metadata", ["drawing"]),
        ("comfyui-0.3.64", "ws_txt2img_preview_metadata", ["drawing"]),
        ("comfyui-0.8.0", "ws_txt2img_cached", []),
        ("comfyui-0.8.0", "ws_interrupt", ["drawing"]),
        ("comfyui-0.8.0", "ws_error_bad_picture", ["drawing"]),
        ("comfyui-0.8.0", "ws_history_race", ["drawing"]),
    ],
)
def test_frames(folder: str, case: str, stages: list[str]) -> None:
    frames = recorded(folder, case)["frames"]
    watch, over = heard(frames, *submission(frames))
    assert [stage for stage in watch.stages if stage in stages] == stages
    fractions = [report.fraction for report in watch.reports if report.fraction is not None]
    assert fractions == sorted(fractions)
    assert over.is_set()
    if case.startswith("ws_txt2img") and stages:
        assert fractions[-1] == 1.0


def test_somebody_elses_frames_are_not_ours() -> None:
    watch, over = heard(recorded("comfyui-0.8.0", "ws_txt2img")["frames"], {}, "another prompt")
    assert watch.reports == []
    assert not over.is_set()


def test_after_a_reconnect() -> None:
    case = recorded("comfyui-0.8.0", "ws_reconnect")
    watch, over = heard(case["then_reconnected"]["frames"], *submission(case["frames"]))
    assert watch.stages == ["drawing"]
    assert over.is_set()


@pytest.mark.parametrize("case", ["history_success", "history_cached", "history_own_id", "history_partly_invalid"])
def test_histories_of_success(case: str) -> None:
    entry = next(iter(recorded("comfyui-0.8.0", case)["response"]["body"].values()))
    check_outcome(HOST, entry)
    assert [image["type"] for image in outputs_of(entry)] == ["output"]


def test_an_interrupted_history_is_a_cancel() -> None:
    entry = next(iter(recorded("comfyui-0.8.0", "history_interrupted")["response"]["body"].values()))
    with pytest.raises(ProviderError) as caught:
        check_outcome(HOST, entry)
    assert caught.value.kind is ErrorKind.CANCELLED


def test_a_failed_history_names_the_node_and_no_path() -> None:
    entry = next(iter(recorded("comfyui-0.8.0", "history_error")["response"]["body"].values()))
    with pytest.raises(ProviderError) as caught:
        check_outcome(HOST, entry)
    assert "Node 1 (LoadImage) failed with UnidentifiedImageError." in str(caught.value)
    assert "ComfyUI/" not in caught.value.host_detail


@pytest.mark.parametrize(
    ("case", "kind", "words"),
    [
        ("checkpoint_missing", ErrorKind.MISCONFIGURED, ["Node 4 (CheckpointLoaderSimple)", "not-installed.safetensors", "tiny-random"]),
        ("sampler_unknown", ErrorKind.INVALID, ["Node 3 (KSampler), input sampler_name", "no_such_sampler"]),
        ("out_of_range", ErrorKind.INVALID, ["8 is too small (limit 16)", "100000 is too big"]),
        ("wrong_value_type", ErrorKind.INVALID, ["input steps", "many"]),
        ("input_missing", ErrorKind.MISCONFIGURED, ["input seed is missing"]),
        ("input_image_missing", ErrorKind.INVALID, ["Node 1 (LoadImage), input image", "no file «no-such-upload.png»"]),
        ("link_to_missing_node", ErrorKind.MISCONFIGURED, ["Node 8 (VAEDecode), input samples: it is connected to node 99, which is not"]),
        ("link_wrong_type", ErrorKind.MISCONFIGURED, ["node 4 (CheckpointLoaderSimple) gives MODEL, and LATENT belongs here"]),
        ("link_malformed", ErrorKind.MISCONFIGURED, ["connected wrongly"]),
        ("unknown_class", ErrorKind.MISCONFIGURED, ["Node 4 (NoSuchNode): ", "«NoSuchNode»", "installed"]),
        ("no_outputs", ErrorKind.MISCONFIGURED, ["SaveImage"]),
        ("ui_format", ErrorKind.MISCONFIGURED, ["API format"]),
    ],
)
def test_refusals(case: str, kind: ErrorKind, words: list[str]) -> None:
    exchange = recorded("comfyui-0.8.0", f"prompt_error_{case}")
    sent = exchange["request"].get("body")
    error = rejection(HOST, exchange["response"]["body"], sent.get("prompt") if isinstance(sent, dict) else None)
    assert error.kind is kind
    assert [word for word in words if word not in str(error)] == []
    assert "execution.py" not in str(error) + error.host_detail


async def test_queue_and_lists(server: Loopback) -> None:
    api = ComfyApi(config("comfyui", server.url))
    case = recorded("comfyui-0.8.0", "queue_running_and_pending")
    server.on("GET", "/queue", reply_of(case))
    rows = case["response"]["body"]["queue_pending"]
    assert list((await api.queue()).pending) == [row[1] for row in sorted(rows, key=lambda row: row[0])]
    server.on("GET", "/object_info/NoSuchNode", reply_of(recorded("comfyui-0.8.0", "object_info_unknown_class")))
    assert await api.node("NoSuchNode") is None
    server.on("GET", "/system_stats", reply_of(recorded("comfyui-0.3.64", "system_stats")))
    assert await api.version() == "0.3.64"


@pytest.mark.parametrize("folder", ["comfyui-0.3.64", "comfyui-0.8.0"])
def test_choices(folder: str) -> None:
    node = recorded(folder, "object_info_KSampler")["response"]["body"]["KSampler"]["input"]["required"]
    assert "euler" in choices_in(node["sampler_name"])
    assert "karras" in choices_in(node["scheduler"])
    assert choices_in(node["steps"]) == []


async def test_a_whole_recorded_picture(server: Loopback) -> None:
    """The recorded frames and the recorded picture through the whole backend, under our own prompt id."""
    comfy = ComfyServer(server, instant=False)
    frames = recorded("comfyui-0.8.0", "ws_txt2img")["frames"]
    _, theirs = submission(frames)
    picture = base64.b64decode(recorded("comfyui-0.8.0", "view_png")["response"]["body_base64"])
    server.on("GET", "/view", Reply(200, picture, {"Content-Type": "image/png"}))
    watch = Watch()
    drawing = asyncio.create_task(ComfyUIBackend(config("comfyui", server.url)).render(spec(), watch))
    await comfy.submitted.wait()
    ours = server.asked("/prompt")[0].json["prompt_id"]
    socket: web.WebSocketResponse = comfy.sockets[ours]
    for frame in frames:
        if "json" in frame and frame["from"] == "server":
            await socket.send_str(json.dumps(frame["json"]).replace(theirs, ours))
        elif "base64" in frame:
            await socket.send_bytes(base64.b64decode(frame["base64"]))
    await comfy.finish(ours)
    result = await drawing
    assert result.images[0].data == picture
    assert "drawing" in watch.stages
