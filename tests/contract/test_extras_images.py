"""SillyTavern Extras: requests against a description derived from its source, its module switch, and the warning that it has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.extras import ENDED, ExtrasBackend
from tests.contract.cloud_parts import KEY, PNG64, check_faults, check_hang_up, check_slow, cloud_config, drawn, failed
from tests.contract.image_parts import PNG, spec
from tests.contract.loopback import Loopback, json_reply, loopback, text_reply
from tests.contract.recorded import check_requests

DRAW, MODEL = "/api/image", "/api/image/model"


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, json_reply({"image": PNG64}))
        running.on("GET", MODEL, json_reply({"model": "one"}))
        running.on("POST", MODEL, json_reply({"previous_model": "one", "current_model": "two"}))
        running.on("GET", "/api/modules", json_reply({"modules": ["caption", "sd"]}))
        running.on("GET", "/api/image/models", json_reply({"models": ["one", "two-xl"]}))
        running.on("GET", "/api/image/samplers", json_reply({"samplers": ["DDIM", "Euler a"]}))
        yield running
        check_requests(running.seen, "derived-sillytavern-extras.json", exact=True)
    await close_clients()


def backend(server: Loopback, **more: Any) -> ExtrasBackend:
    return ExtrasBackend(cloud_config("extras", server.url, **more))


async def test_a_picture(server: Loopback) -> None:
    result = await drawn(backend(server), spec(steps=10, cfg=5.0, sampler="k_euler_ancestral", restore_faces=True, hires=True))
    seen = server.asked(DRAW)[0]
    expected = {
        "prompt": "a red cat",
        "negative_prompt": "blurry",
        "prompt_prefix": "",
        "width": 64,
        "height": 64,
        "steps": 10,
        "scale": 5.0,
    }
    assert seen.json == {**expected, "sampler": "Euler a", "restore_faces": True, "enable_hr": True}
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert (result.images[0].data, result.images[0].seed) == (PNG, None)
    assert result.notes == (ENDED,)


async def test_defaults_and_what_is_not_there(server: Loopback) -> None:
    result = await drawn(backend(server), spec(negative="", sampler="gone", hires=True, upscale=2.0))
    sent = server.asked(DRAW)[0].json
    assert (sent["steps"], sent["scale"], sent["negative_prompt"], "sampler" in sent) == (30, 6.0, "", False)
    assert {dropped.setting for dropped in result.dropped} >= {"sampler", "upscale"}
    able = backend(server).capabilities()
    assert (able.seed, able.image_to_image, able.cancel, able.progress) == (False, False, False, False)


async def test_the_model_is_changed_where_the_server_can(server: Loopback) -> None:
    result = await drawn(backend(server, model="two"), spec())
    assert (server.asked(MODEL)[1].json, result.model) == ({"model": "two"}, "two")
    assert (await drawn(backend(server, model="one"), spec())).model == "one"
    assert [seen.method for seen in server.asked(MODEL)] == ["GET", "POST", "GET"]


async def test_a_server_that_keeps_its_model(server: Loopback) -> None:
    server.on("POST", MODEL, text_reply("no", 500))
    result = await drawn(backend(server), spec(model="two"))
    assert (result.model, result.dropped[0].setting) == ("one", "model")


async def test_a_version_without_the_model_route(server: Loopback) -> None:
    for method in ("GET", "POST"):
        server.on(method, MODEL, text_reply("<title>404 Not Found</title>", 404))
    result = await drawn(backend(server), spec(model="two"))
    assert (result.images[0].data, result.model, "its own" in result.dropped[0].why) == (PNG, "", True)


async def test_samplers_are_asked_for_again_when_there_were_none(server: Loopback) -> None:
    server.on("GET", "/api/image/samplers", json_reply({"samplers": []}), json_reply({"samplers": ["DDIM"]}))
    mine = backend(server)
    assert (await mine.choices("sampler"), await mine.choices("sampler")) == ((), ("DDIM",))


async def test_check(server: Loopback) -> None:
    mine = backend(server, model="one")
    assert ((await mine.check()).problems, (await mine.check()).warnings) == ((), (ENDED,))
    assert [(model.id, model.family) for model in await mine.models()] == [("one", ""), ("two-xl", "sdxl")]
    assert (await mine.choices("sampler"), await mine.choices("vae")) == (("DDIM", "Euler a"), ())
    server.on("GET", "/api/modules", json_reply({"modules": ["caption"]}))
    assert "sd is not enabled" in (await mine.check()).problems[0]


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, '"prompt" is required', ErrorKind.INVALID),
        (401, '{"error": "401: Invalid API key"}', ErrorKind.UNAUTHORISED),
        (403, "", ErrorKind.MISCONFIGURED),
        (404, "", ErrorKind.MISCONFIGURED),
    ],
)
async def test_documented_errors(server: Loopback, status: int, text: str, kind: ErrorKind) -> None:
    server.on("POST", DRAW, text_reply(text, status))
    assert (await failed(backend(server))).kind is kind


async def test_faults(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server), DRAW)
    await check_slow(server, lambda: backend(server, seconds=0.05), DRAW)


async def test_hanging_up(server: Loopback) -> None:
    await check_hang_up(server, lambda: backend(server), DRAW)
