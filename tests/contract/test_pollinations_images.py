"""Pollinations: the prompt in an address, filters by what the chat allows, refusals told from mistakes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from providers.contract import Reference
from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.pollinations import PollinationsBackend
from tests.contract.cloud_parts import KEY, OTHER, OVERSIZE, PICTURE, PNG64, check_server_gone, cloud_config, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.recorded import parts_of
from tests.contract.schemas import check_body

DRAW = "/image/a red cat"
TYPES: Mapping[str, Any] = {"width": int, "height": int, "seed": int, "enhance": bool, "transparent": bool}


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("GET", DRAW, PICTURE)
        running.on(
            "GET", "/image/models", json_reply([{"name": "flux"}, {"name": "zimage"}, {"name": "veo", "output_modalities": ["video"]}])
        )
        running.on("POST", "/v1/images/edits", json_reply({"data": [{"b64_json": PNG64}]}))
        yield running
        for seen in running.seen:
            if seen.path.startswith("/image/") and seen.path != "/image/models":
                query = {key: TYPES.get(key, str)(value) for key, value in seen.query.items()}
                check_body("derived-pollinations.json", "image_query", query)
    await close_clients()


def backend(server: Loopback, **more: Any) -> PollinationsBackend:
    return PollinationsBackend(cloud_config("pollinations", server.url, **more))


async def test_a_picture(server: Loopback) -> None:
    wishes = {"quality": "hd", "enhance": True, "transparent": True}
    result = await drawn(backend(server, model="gptimage", **wishes), spec(seed=2**31 + 3))
    seen = server.asked(DRAW)[0]
    expected = {"model": "gptimage", "width": "64", "height": "64", "seed": "3", "safe": "sexual", "enhance": "true", "quality": "hd"}
    assert seen.query == {**expected, "transparent": "true"}
    assert (seen.headers["Authorization"], "key" in seen.query) == (f"Bearer {KEY}", False)
    assert (result.images[0].data, result.images[0].seed, result.model) == (PNG, 3, "gptimage")
    told = (await drawn(backend(server, model="flux", **wishes))).dropped
    assert {d.setting for d in told} == {"size", "quality", "transparent"}
    assert not {"quality", "transparent"} & set(server.asked(DRAW)[1].query)


@pytest.mark.parametrize(
    ("adult", "option", "sent"),
    [(False, None, "sexual"), (True, None, None), (True, "nsfw", "nsfw"), (False, "", None), (False, "privacy,shield", "privacy,shield")],
)
async def test_filters_follow_the_chat_unless_the_host_says_otherwise(
    server: Loopback, adult: bool, option: str | None, sent: str | None
) -> None:
    await drawn(backend(server, **({} if option is None else {"safe": option})), spec(adult=adult))
    assert server.asked(DRAW)[0].query.get("safe") == sent


@pytest.mark.parametrize("prompt", ["..", "../models", "a/b?c#d&e=f %2F", "ünï 🐈", "."])
async def test_any_prompt_stays_a_prompt(server: Loopback, prompt: str) -> None:
    paths: list[str] = []

    async def draw(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(body=PNG, content_type="image/png")

    app = web.Application()
    app.router.add_get("/image/{prompt}", draw)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await drawn(PollinationsBackend(cloud_config("pollinations", f"http://127.0.0.1:{runner.addresses[0][1]}")), spec(prompt=prompt))
    await runner.cleanup()
    assert paths == [f"/image/{prompt}"]


async def test_a_long_prompt_is_not_sent(server: Loopback) -> None:
    error = await failed(backend(server), spec(prompt="x" * 16_001))
    assert (error.kind, server.seen) == (ErrorKind.INVALID, [])


async def test_references_only_where_the_host_switched_them_on(server: Loopback) -> None:
    assert (backend(server).capabilities().references, backend(server).capabilities().image_to_image) == (0, False)
    mine = backend(server, edits=True, model="kontext")
    assert mine.capabilities().references == 4
    result = await drawn(mine, spec(references=(OTHER, REFERENCE)))
    fields = {(name, data) for name, file, data in parts_of(server.asked("/v1/images/edits")[0]) if file}
    assert fields == {("image[]", OTHER.data), ("image[]", REFERENCE.data)}
    assert result.images[0].data == PNG
    assert {d.setting for d in result.dropped} == {"size", "safe", "seed"}
    sent = {name: data for name, file, data in parts_of(server.asked("/v1/images/edits")[0]) if not file}
    assert sent == {"model": b"kontext", "prompt": b"a red cat", "n": b"1", "size": b"64x64", "response_format": b"b64_json"}
    await drawn(backend(server, edits=True, references=1), spec(references=(OTHER, REFERENCE)))
    own = [(name, file) for name, file, _ in parts_of(server.asked("/v1/images/edits")[1])]
    assert ("image", "reference-1.png") in own
    assert "model" not in {name for name, _ in own}, "its default model is its own affair"
    ignored = await drawn(backend(server), spec(references=(OTHER,)))
    assert "reference images" in {d.setting for d in ignored.dropped}
    blocked = {"status": 400, "success": False, "error": {"code": "BAD_REQUEST", "message": "m", "type": "safety_error"}}
    server.on("POST", "/v1/images/edits", json_reply(blocked, 400))
    assert (await failed(mine, spec(references=(OTHER,)))).kind is ErrorKind.REFUSED
    bad = Reference(b"text", "image/png")
    assert (await failed(mine, spec(references=(bad,)))).kind is ErrorKind.INVALID


async def test_models_and_check(server: Loopback) -> None:
    assert [(model.id, model.family) for model in await backend(server).models()] == [("flux", "flux"), ("zimage", "z-image")]
    found = await backend(server, model="gone").check()
    assert ("not on its list" in found.problems[0], "first picture" in found.warnings[0]) == (True, True)
    server.on("GET", "/image/models", json_reply(["flux", "turbo"]))
    assert [model.id for model in await backend(server).models()] == ["flux", "turbo"]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "BAD_REQUEST", "message": "width is wrong"}, ErrorKind.INVALID),
        (400, {"code": "BAD_REQUEST", "message": "no", "type": "safety_error"}, ErrorKind.REFUSED),
        (401, {"code": "UNAUTHORIZED", "message": "key"}, ErrorKind.UNAUTHORISED),
        (402, {"code": "PAYMENT_REQUIRED", "message": "pollen"}, ErrorKind.NO_CREDIT),
        (403, {"code": "FORBIDDEN", "message": "no"}, ErrorKind.UNAUTHORISED),
        (429, {"code": "RATE", "message": "slow"}, ErrorKind.RATE_LIMITED),
        (500, {"code": "INTERNAL_ERROR", "message": "oops"}, ErrorKind.BAD_ANSWER),
        (503, {"code": "UNAVAILABLE", "message": "safety service is down"}, ErrorKind.BUSY),
    ],
)
async def test_documented_errors(server: Loopback, status: int, error: dict[str, str], kind: ErrorKind) -> None:
    server.on("GET", DRAW, json_reply({"status": status, "success": False, "error": error}, status, Retry_After="3"))
    found = await failed(backend(server))
    assert (found.kind, found.retry_after) == (kind, 3)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ({"status": 402, "error": {"code": "PAYMENT_REQUIRED", "message": "m"}}, ErrorKind.NO_CREDIT),
        ({"status": 400, "error": {"code": "BAD_REQUEST", "message": "m", "type": "safety_error"}}, ErrorKind.REFUSED),
        ({"status": 401, "error": {"code": "UNAUTHORIZED", "message": "m"}}, ErrorKind.UNAUTHORISED),
    ],
)
async def test_errors_inside_a_good_answer(server: Loopback, code: dict[str, Any], kind: ErrorKind) -> None:
    server.on("GET", DRAW, json_reply({"success": False, **code}))
    assert (await failed(backend(server))).kind is kind


async def test_a_vector_picture_is_not_asked_for_again(server: Loopback) -> None:
    server.on("GET", DRAW, Reply(200, b"<svg xmlns='x'/>", {"Content-Type": "image/svg+xml"}))
    found = await failed(backend(server))
    assert (found.kind, "vector" in str(found)) == (ErrorKind.INVALID, True)


@pytest.mark.parametrize(
    "reply",
    [
        text_reply("<html>"),
        Reply(200, b"", {"Content-Type": "image/png"}),
        Reply(200, PNG[:-20], {"Content-Type": "image/png"}),
        json_reply({"error": "inside"}),
        OVERSIZE,
    ],
)
async def test_answers_without_a_picture(server: Loopback, reply: Reply) -> None:
    server.on("GET", DRAW, reply)
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_a_server_that_is_gone_slow_or_hung_up_on(server: Loopback) -> None:
    await check_server_gone(server, lambda: backend(server))
    server.on("GET", DRAW, Reply(200, chunks=(PNG[:20],), cut=True))
    assert (await failed(backend(server))).kind is ErrorKind.UNREACHABLE
    server.on("GET", DRAW, Reply(pause=asyncio.Event()))
    assert (await failed(backend(server, seconds=0.05))).kind is ErrorKind.TIMED_OUT
    assert await backend(server).cancel("job-1", None) is False
