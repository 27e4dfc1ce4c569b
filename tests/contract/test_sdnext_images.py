"""SD.Next: its own fields where AUTOMATIC1111 has override_settings, its empty answers, its rate limit."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.results import size_of
from providers.images.sdnext import SdNextBackend
from tests.contract.cloud_parts import failed
from tests.contract.image_parts import REFERENCE, Watch, config, png, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.schemas import check_body

API = "/sdapi/v1/"
PNG = png(64, 64)
PNG64 = base64.b64encode(PNG).decode()
MODELS = [
    {"title": "tiny.safetensors [abc]", "model_name": "tiny", "type": "Stable Diffusion XL"},
    {"title": "other", "model_name": "other", "type": "FLUX"},
]
ANSWER = {"images": [PNG64], "parameters": {}, "info": json.dumps({"seed": 6, "sampler_name": "Euler a", "sd_model_name": "tiny"})}
IDLE = {"id": None, "progress": 0.0, "eta_relative": 0, "state": {"job_count": 0}, "current_image": None, "textinfo": None}
DRAWING = {
    **IDLE,
    "progress": 0.5,
    "state": {"job_count": 1, "job_timestamp": "2", "sampling_step": 3, "sampling_steps": 4, "interrupted": False},
}


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        lists: dict[str, Any] = {
            "sd-models": MODELS,
            "samplers": [{"name": "Euler a", "options": {}}],
            "upscalers": [{"name": "Lanczos"}],
            "sd-vae": [{"model_name": "ae"}],
            "options": {"sd_model_checkpoint": "other", "sd_vae": "Automatic", "CLIP_stop_at_last_layers": 1},
            "progress": IDLE,
        }
        for route, value in lists.items():
            running.on("GET", API + route, json_reply(value))
        running.on("POST", API + "interrupt", Reply(204))
        running.on("POST", API + "txt2img", json_reply(ANSWER))
        running.on("POST", API + "img2img", json_reply(ANSWER))
        yield running
        for route in ("txt2img", "img2img"):
            for seen in running.asked(API + route):
                body = {key: value for key, value in seen.json.items() if key != "override_settings"}
                check_body("derived-sdnext.json", route, body)
    await close_clients()


def backend(server: Loopback, **more: Any) -> SdNextBackend:
    return SdNextBackend(config("sdnext", server.url, **more))


def sent(server: Loopback, route: str = "txt2img") -> dict[str, Any]:
    body = server.asked(API + route)[-1].json
    assert isinstance(body, dict)
    return body


async def test_a_picture(server: Loopback) -> None:
    asked = spec(model="tiny", steps=4, cfg=3.0, sampler="euler A", clip_skip=2, restore_faces=True)
    result = await backend(server).render(asked, Watch())
    body = sent(server)
    assert (body["sd_model_checkpoint"], body["clip_skip"], body["detailer_enabled"]) == ("tiny.safetensors [abc]", 2, True)
    assert (body["steps"], body["cfg_scale"], body["sampler_name"], body["seed"]) == (4, 3.0, "Euler a", 5)
    assert not {"override_settings", "scheduler", "restore_faces"} & set(body)
    assert (result.images[0].data, result.images[0].seed, result.model, result.dropped) == (PNG, 6, "tiny", ())


async def test_hires_in_its_own_words(server: Loopback) -> None:
    await backend(server).render(spec(hires=True, upscale=1.5, upscaler="lanczos", denoise=0.4, second_pass_steps=3), Watch())
    body = sent(server)
    assert (body["hr_scale"], body["hr_upscaler"], body["hr_second_pass_steps"]) == (1.5, "Lanczos", 3)
    assert (body["hr_denoising_strength"], body["hr_force"], "denoising_strength" in body) == (0.4, True, False)
    await backend(server).render(spec(hires=True), Watch())
    assert "hr_upscaler" not in sent(server)


async def test_a_reference_is_brought_to_size(server: Loopback) -> None:
    await backend(server).render(spec(references=(REFERENCE,), width=64, height=128, denoise=0.3), Watch())
    body = sent(server, "img2img")
    assert size_of(base64.b64decode(body["init_images"][0])) == (64, 128)
    assert (body["denoising_strength"], "resize_mode" in body) == (0.3, False)


async def test_a_vae_only_where_the_host_says_so(server: Loopback) -> None:
    assert backend(server).capabilities().vae is False
    await backend(server, vae_override=True).render(spec(vae="ae"), Watch())
    assert sent(server)["override_settings"] == {"sd_vae": "ae"}


async def test_what_it_can_do(server: Loopback) -> None:
    able = backend(server).capabilities()
    assert (able.scheduler, able.clip_skip, able.restore_faces, able.cancel, able.references) == (False, True, True, True, 1)
    assert [model.family for model in await backend(server).models()] == ["sdxl", "flux"]
    found = await backend(server, model="tiny").check()
    assert (found.summary, found.problems) == ("SD.Next, 2 models, drawing with tiny", ())


async def test_progress_and_cancel(server: Loopback) -> None:
    gate = asyncio.Event()
    server.on("GET", API + "progress", json_reply(IDLE), json_reply(DRAWING))
    server.on("POST", API + "txt2img", Reply(200, json.dumps(ANSWER).encode(), {"Content-Type": "application/json"}, pause=gate))
    mine, watch = backend(server), Watch()
    task = asyncio.ensure_future(failed(mine, spec(steps=4), watch))
    while not watch.reports:
        await asyncio.sleep(0.001)
    assert (watch.reports[0].stage, watch.reports[0].fraction) == ("drawing", 0.5)
    assert await mine.cancel("job-1", None) is True
    gate.set()
    assert (await task).kind is ErrorKind.CANCELLED
    assert server.asked(API + "interrupt")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "Init image is none", "code": 400, "detail": "", "body": "", "errors": ""}, ErrorKind.INVALID),
        (401, {"detail": "Unauthorized"}, ErrorKind.UNAUTHORISED),
        (404, {"error": "sampler not found", "code": 404, "detail": "Sampler not found", "body": "", "errors": ""}, ErrorKind.INVALID),
        (404, {"detail": "Not Found"}, ErrorKind.MISCONFIGURED),
        (422, {"detail": [{"loc": ["body", "cfg_scale"], "msg": "m"}]}, ErrorKind.INVALID),
        (429, {"error": "rate limit", "code": 429, "detail": "", "body": "", "errors": ""}, ErrorKind.RATE_LIMITED),
        (500, {"error": "OutOfMemoryError", "errors": "CUDA out of memory"}, ErrorKind.INVALID),
        (500, {"error": "RuntimeError", "errors": "oops"}, ErrorKind.BAD_ANSWER),
    ],
)
async def test_documented_errors(server: Loopback, status: int, body: Any, kind: ErrorKind) -> None:
    server.on("POST", API + "txt2img", json_reply(body, status, Retry_After="4"))
    error = await failed(backend(server))
    assert error.kind is kind
    assert (error.retry_after == 4) or kind is not ErrorKind.RATE_LIMITED


@pytest.mark.parametrize(
    "reply", [text_reply("<html>"), Reply(200, b""), json_reply({"images": [], "info": ""}), json_reply({"images": [PNG64[:40]]})]
)
async def test_answers_without_a_picture(server: Loopback, reply: Reply) -> None:
    server.on("POST", API + "txt2img", reply)
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_a_server_that_is_gone_or_slow(server: Loopback) -> None:
    server.on("POST", API + "txt2img", Reply(pause=asyncio.Event()))
    assert (await failed(backend(server, seconds=0.05))).kind is ErrorKind.TIMED_OUT
    gone = SdNextBackend(config("sdnext", "http://127.0.0.1:9"))
    assert (await failed(gone)).kind is ErrorKind.UNREACHABLE
