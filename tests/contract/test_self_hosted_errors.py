"""Every error shape that a self-hosted image server is known to answer with: its kind, its sentence, and no retry where none can help."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from providers.contract import ImageBackend, RenderSpec
from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.a1111 import Automatic1111Backend
from providers.images.diffusers import DiffusersBackend
from providers.images.drawthings import DrawThingsBackend
from providers.images.extras import ExtrasBackend
from providers.images.multibackend import MultiBackend
from providers.images.sdcpp import SdCppBackend
from providers.images.sdnext import SdNextBackend
from tests.contract.cloud_parts import PNG64, check_nonsense, cloud_config, failed
from tests.contract.image_parts import PNG, REFERENCE, Watch, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply

IDLE = json_reply({"progress": 0, "eta_relative": 0, "state": {"job_count": 0}})
PAGE = "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><p>The requested URL was not found.</p></body></html>"
DEEP = Reply(200, b"[" * 100_000, {"Content-Type": "application/json"})


@dataclass(frozen=True, slots=True)
class Server:
    make: Callable[[Any], ImageBackend]
    draw: str
    from_picture: str = ""
    """Route for a picture to start from; empty where it is the same or there is none."""


SERVERS = {
    "automatic1111": Server(Automatic1111Backend, "/sdapi/v1/txt2img", "/sdapi/v1/img2img"),
    "sdnext": Server(SdNextBackend, "/sdapi/v1/txt2img", "/sdapi/v1/img2img"),
    "drawthings": Server(DrawThingsBackend, "/sdapi/v1/txt2img", "/sdapi/v1/img2img"),
    "extras": Server(ExtrasBackend, "/api/image"),
    "sdcpp": Server(SdCppBackend, "/sdcpp/v1/img_gen"),
    "multibackend": Server(MultiBackend, "/api/txt2img", "/api/img2img"),
    "diffusers": Server(DiffusersBackend, "/generate"),
}
ONE_CALL = [name for name in SERVERS if name not in ("automatic1111", "sdnext", "sdcpp")]
FAMILY = ["automatic1111", "sdnext"]


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("GET", "/sdapi/v1/progress", IDLE)
        running.on("GET", "/sdcpp/v1/capabilities", json_reply({"model": {"stem": "m"}}))
        yield running
    await close_clients()


def backend(server: Loopback, provider: str, **more: Any) -> ImageBackend:
    return SERVERS[provider].make(cloud_config(provider, server.url, **more))


def a1111(error: str, errors: str, status: int = 500, **more: Any) -> Reply:
    return json_reply({"error": error, "detail": "", "body": "", "errors": errors, **more}, status)


def invalid(*fields: str) -> Reply:
    """FastAPI's validation error."""
    return json_reply(
        {"detail": [{"type": "t", "loc": ["body", name], "msg": "bad", "input": "a sampler, out of memory"} for name in fields]}, 422
    )


OOM = "CUDA out of memory. Tried to allocate 9.00 GiB (GPU 0; 8.00 GiB total capacity)"
SHAPES: list[tuple[list[str], str, Reply, ErrorKind, str]] = [
    # everybody
    (list(SERVERS), "basic auth", Reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'}), ErrorKind.UNAUTHORISED, ""),
    (list(SERVERS), "gateway", text_reply("<html>502 Bad Gateway</html>", 502), ErrorKind.BUSY, ""),
    (list(SERVERS), "gateway too slow", text_reply("<html>504</html>", 504), ErrorKind.BUSY, ""),
    (list(SERVERS), "body limit", text_reply("<html>413 Request Entity Too Large</html>", 413), ErrorKind.INVALID, "too big"),
    (list(SERVERS), "moved", Reply(302, headers={"Location": "https://elsewhere.example/login"}), ErrorKind.MISCONFIGURED, ""),
    (list(SERVERS), "a page for a picture", text_reply("<html>Sign in</html>"), ErrorKind.BAD_ANSWER, ""),
    (list(SERVERS), "nothing", Reply(200), ErrorKind.BAD_ANSWER, ""),
    (list(SERVERS), "cut JSON", Reply(200, b'{"images": ["iVBORw0KG', {"Content-Type": "application/json"}), ErrorKind.BAD_ANSWER, ""),
    (list(SERVERS), "JSON without end", DEEP, ErrorKind.BAD_ANSWER, ""),
    (list(SERVERS), "plain 500", text_reply("Internal Server Error", 500, "text/plain"), ErrorKind.BAD_ANSWER, ""),
    (list(SERVERS), "no such route, JSON", json_reply({"detail": "Not Found"}, 404), ErrorKind.MISCONFIGURED, "base_url"),
    (list(SERVERS), "no such route, page", text_reply(PAGE, 404), ErrorKind.MISCONFIGURED, "base_url"),
    (list(SERVERS), "wrong method", json_reply({"detail": "Method Not Allowed"}, 405), ErrorKind.MISCONFIGURED, "base_url"),
    (list(SERVERS), "memory", json_reply({"error": OOM}, 500), ErrorKind.INVALID, "smaller size"),
    (list(SERVERS), "memory, by its class", json_reply({"error": "OutOfMemoryError"}, 500), ErrorKind.INVALID, "smaller size"),
    (
        FAMILY + ONE_CALL,
        "memory in a good answer",
        json_reply({"error": "OutOfMemoryError", "errors": OOM}),
        ErrorKind.INVALID,
        "smaller size",
    ),
    (
        [*FAMILY, "extras", "multibackend", "diffusers"],
        "an error in a good answer",
        json_reply({"error": "boom"}),
        ErrorKind.BAD_ANSWER,
        "",
    ),
    (FAMILY + ONE_CALL, "an empty list", json_reply({"images": [], "info": ""}), ErrorKind.BAD_ANSWER, "no picture"),
    (FAMILY + ONE_CALL, "an empty text", json_reply({"images": [""], "info": ""}), ErrorKind.BAD_ANSWER, "no picture"),
    (FAMILY + ONE_CALL, "no list", json_reply({"images": None, "info": ""}), ErrorKind.BAD_ANSWER, "no picture"),
    (FAMILY + ONE_CALL, "half a picture", json_reply({"images": [PNG64[:-24]], "info": ""}), ErrorKind.BAD_ANSWER, "incomplete"),
    (FAMILY + ONE_CALL, "words for a picture", json_reply({"images": ["bm8gcGljdHVyZQ=="]}), ErrorKind.BAD_ANSWER, "no picture"),
    ([*FAMILY, "multibackend", "diffusers"], "validation", invalid("width"), ErrorKind.INVALID, ""),
    # AUTOMATIC1111 and its descendants
    (FAMILY, "two wrong fields", invalid("cfg_scale", "sampler_name"), ErrorKind.INVALID, "CFG scale, sampler"),
    (FAMILY, "script", json_reply({"detail": "Script 'x' not found"}, 422), ErrorKind.INVALID, "settings"),
    (FAMILY, "sampler, 400", json_reply({"detail": "Sampler not found"}, 400), ErrorKind.INVALID, "sampler"),
    (FAMILY, "sampler, 404", json_reply({"detail": "Sampler not found"}, 404), ErrorKind.INVALID, "sampler"),
    (FAMILY, "no init image", json_reply({"detail": "Init image not found"}, 404), ErrorKind.INVALID, "reference picture"),
    (FAMILY, "init image is none", a1111("Init image is none", "", 400, code=400), ErrorKind.INVALID, "reference picture"),
    (FAMILY, "unreadable image", json_reply({"detail": "Invalid encoded image"}, 500), ErrorKind.INVALID, "reference picture"),
    (FAMILY, "memory, CUDA", a1111("OutOfMemoryError", OOM), ErrorKind.INVALID, "smaller size"),
    (FAMILY, "memory, MPS", a1111("RuntimeError", "MPS backend out of memory"), ErrorKind.INVALID, "smaller size"),
    (FAMILY, "memory, CPU", a1111("RuntimeError", "DefaultCPUAllocator: can't allocate memory"), ErrorKind.INVALID, "smaller size"),
    (FAMILY, "NaN", a1111("NansException", "A tensor with all NaNs was produced in Unet."), ErrorKind.INVALID, "--no-half-vae"),
    (FAMILY, "size", a1111("RuntimeError", "The size of tensor a (9) must match the size of tensor b (8)"), ErrorKind.INVALID, "size"),
    (FAMILY, "checkpoint", a1111("RuntimeError", "model 'gone.safetensors' not found"), ErrorKind.INVALID, "model"),
    (FAMILY, "no checkpoint", a1111("FileNotFoundError", "No checkpoints found. When searching"), ErrorKind.MISCONFIGURED, "checkpoint"),
    (FAMILY, "upscaler", a1111("Exception", "could not find upscaler named X"), ErrorKind.INVALID, "upscaler"),
    (FAMILY, "nothing drawn", json_reply({"error": "generate_image returned no results"}, 500), ErrorKind.INVALID, "smaller size"),
    (FAMILY, "anything else inside", a1111("TypeError", "boom"), ErrorKind.BAD_ANSWER, ""),
    (FAMILY, "rate limit", a1111("too many requests", "", 429, code=429), ErrorKind.RATE_LIMITED, ""),
    # Draw Things
    (
        ["drawthings"],
        "unknown key",
        a1111("HTTPException", "", 422, detail='Unrecognized keys: ["x"]'),
        ErrorKind.MISCONFIGURED,
        "settings",
    ),
    (["drawthings"], "two names", a1111("HTTPException", "", 422, detail="More than one key for x"), ErrorKind.MISCONFIGURED, "settings"),
    (["drawthings"], "an error in 200", a1111("HTTPException", "", 200, detail="steps out of range"), ErrorKind.INVALID, ""),
    # SillyTavern Extras
    (["extras"], "module", text_reply("<title>403 Forbidden</title>", 403), ErrorKind.MISCONFIGURED, "module sd"),
    (["extras"], "key", json_reply({"error": "401: Invalid API key"}, 401), ErrorKind.UNAUTHORISED, ""),
    (["extras"], "prompt", text_reply("<p>&quot;prompt&quot; is required</p>", 400), ErrorKind.INVALID, "prompt"),
    (["extras"], "memory in 400", text_reply(f"<p>{OOM}</p>", 400), ErrorKind.INVALID, "smaller size"),
    # stable-diffusion.cpp
    (["sdcpp"], "queue", json_reply({"error": "job queue is full"}, 429), ErrorKind.BUSY, ""),
    (["sdcpp"], "parameters", json_reply({"error": "invalid generation parameters"}, 400), ErrorKind.INVALID, ""),
    (["sdcpp"], "no id", json_reply({"status": "queued"}, 202), ErrorKind.BAD_ANSWER, ""),
    (["sdcpp"], "video model", json_reply({"error": "loaded model does not support img_gen"}, 400), ErrorKind.MISCONFIGURED, "no pictures"),
    (["sdcpp"], "inside", json_reply({"error": "server_error", "message": "boom"}, 500), ErrorKind.BAD_ANSWER, ""),
    # the two without a description of errors
    (["multibackend", "diffusers"], "words", json_reply({"detail": "prompt must not be empty"}, 400), ErrorKind.INVALID, "prompt"),
    (["multibackend", "diffusers"], "loading", json_reply({"detail": "model is loading"}, 503), ErrorKind.BUSY, ""),
    (["multibackend", "diffusers"], "empty bytes", Reply(200, b"", {"Content-Type": "image/png"}), ErrorKind.BAD_ANSWER, ""),
    (["multibackend", "diffusers"], "cut bytes", Reply(200, PNG[:-9], {"Content-Type": "image/png"}), ErrorKind.BAD_ANSWER, "incomplete"),
]
CASES = [(provider, *case) for providers, *case in SHAPES for provider in providers]
HELPS = {ErrorKind.RATE_LIMITED, ErrorKind.BUSY, ErrorKind.UNREACHABLE, ErrorKind.TIMED_OUT, ErrorKind.BAD_ANSWER}


@pytest.mark.parametrize(("provider", "title", "reply", "kind", "word"), CASES, ids=[f"{case[0]}, {case[1]}" for case in CASES])
async def test_error_shapes(server: Loopback, provider: str, title: str, reply: Reply, kind: ErrorKind, word: str) -> None:
    server.on("POST", SERVERS[provider].draw, reply)
    error = await failed(backend(server, provider))
    assert (error.kind, error.retryable) == (kind, kind in HELPS), error.host_detail
    assert word in str(error)
    assert not {"Traceback", "GiB", "<", "elsewhere"} & set(str(error).replace(".", " ").split())


@pytest.mark.parametrize("provider", [name for name, there in SERVERS.items() if there.from_picture])
async def test_errors_of_pictures_to_start_from(server: Loopback, provider: str) -> None:
    server.on("POST", SERVERS[provider].from_picture, json_reply({"detail": OOM}, 500))
    error = await failed(backend(server, provider), spec(references=(REFERENCE,)))
    assert (error.kind, "smaller size" in str(error)) == (ErrorKind.INVALID, True)


@pytest.mark.parametrize("provider", SERVERS)
async def test_json_of_any_shape(server: Loopback, provider: str) -> None:
    await check_nonsense(server, lambda: backend(server, provider), SERVERS[provider].draw)


@pytest.mark.parametrize("provider", SERVERS)
async def test_killed_in_the_middle_and_back_again(server: Loopback, provider: str) -> None:
    """The connection is torn while several are being drawn; the next try of each draws."""
    torn = Reply(200, headers={"Content-Type": "application/json"}, chunks=(b'{"', b'"'), cut=True)
    image = json_reply({"images": [PNG64], "image": PNG64, "info": "", "id": "j"})
    server.on("POST", SERVERS[provider].draw, torn, torn, image)
    server.on("GET", "/sdcpp/v1/jobs/j", json_reply({"status": "completed", "result": {"images": [{"b64_json": PNG64}]}}))
    mine = backend(server, provider)

    async def tried(key: str) -> int:
        for attempt in range(1, 4):
            ended = (await asyncio.gather(mine.render(spec(key, negative=""), Watch()), return_exceptions=True))[0]
            if not isinstance(ended, BaseException):
                assert ended.images[0].data == PNG
                return attempt
            assert getattr(ended, "kind", None) is ErrorKind.UNREACHABLE
        raise AssertionError("never drawn")

    attempts = await asyncio.gather(*(tried(key) for key in ("a", "b", "c")))
    assert (sum(attempts), len(server.asked(SERVERS[provider].draw))) == (5, 5)


SETTINGS: tuple[tuple[str, RenderSpec, str, Any], ...] = (
    ("drawthings", spec(denoise=1.5, references=(REFERENCE,)), "strength", 1.0),
    ("drawthings", spec(denoise=1.5, hires=True), "hires_fix_strength", 1.0),
    ("diffusers", spec(denoise=-1.0, references=(REFERENCE,)), "denoising_strength", 0.0),
    ("diffusers", spec(width=1, height=9000), "height", 2048),
    ("extras", spec(width=70, height=1), "width", 72),
    ("sdcpp", spec(clip_skip=99), "clip_skip", 12),
)


@pytest.mark.parametrize(("provider", "asked", "field", "value"), SETTINGS)
async def test_values_out_of_range_are_brought_in_and_told(
    server: Loopback, provider: str, asked: RenderSpec, field: str, value: Any
) -> None:
    there = SERVERS[provider]
    route = there.from_picture if asked.references and there.from_picture else there.draw
    server.on("POST", route, json_reply({"images": [PNG64], "image": PNG64, "id": "j"}))
    server.on("GET", "/sdcpp/v1/jobs/j", json_reply({"status": "completed", "result": {"images": [{"b64_json": PNG64}]}}))
    result = await backend(server, provider).render(asked, Watch())
    assert server.asked(route)[0].json[field] == value
    assert {d.setting for d in result.dropped} & {"denoise", "size", "clip skip"}
