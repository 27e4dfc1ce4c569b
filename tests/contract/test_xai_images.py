"""xAI's image routes: requests against a description derived from its documentation, moderation inside HTTP 200, three error shapes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.references import as_data_uri
from providers.images.xai import XaiImagesBackend
from tests.contract.cloud_extremes import draw_extremes
from tests.contract.cloud_parts import KEY, OTHER, PNG64, check_one_call, cloud_config, draw_all, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, spec
from tests.contract.loopback import Loopback, json_reply, loopback
from tests.contract.recorded import check_requests

DRAW, EDIT = "/images/generations", "/images/edits"
ANSWER = json_reply(
    {
        "data": [{"b64_json": f"data:image/png;base64,{PNG64}", "revised_prompt": "a very red cat"}],
        "usage": {"cost_in_usd_ticks": 200000000},
    }
)


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, ANSWER)
        running.on("POST", EDIT, ANSWER)
        running.on(
            "GET", "/image-generation-models", json_reply({"models": [{"id": "grok-imagine-image"}, {"id": "grok-imagine-image-2.0"}]})
        )
        yield running
        check_requests(running.seen, "derived-xai.json", exact=True)
    await close_clients()


def backend(server: Loopback, **more: Any) -> XaiImagesBackend:
    return XaiImagesBackend(cloud_config("xai", server.url, **more))


async def test_a_picture(server: Loopback) -> None:
    result = await drawn(backend(server, resolution="2k", quality="medium"), spec(negative="", width=1080, height=2340))
    assert server.asked(DRAW)[0].headers["Authorization"] == f"Bearer {KEY}"
    expected = {"model": "grok-imagine-image", "prompt": "a red cat", "n": 1, "response_format": "b64_json"}
    assert server.asked(DRAW)[0].json == {**expected, "aspect_ratio": "9:19.5", "resolution": "2k", "quality": "medium"}
    assert (result.images[0].data, result.cost, result.cost_text) == (PNG, None, "200000000 ticks")
    assert result.parameters["revised_prompt"] == "a very red cat"


async def test_the_price_in_dollars_when_the_host_says_what_a_tick_is(server: Loopback) -> None:
    result = await drawn(backend(server, ticks_per_dollar=10_000_000_000))
    assert (result.cost, result.cost_text) == (0.02, "")


async def test_one_reference_keeps_its_shape_and_several_stay_in_order(server: Loopback) -> None:
    mine = backend(server)
    await drawn(mine, spec(negative="", references=(REFERENCE,)))
    await drawn(mine, spec(negative="", references=(OTHER, REFERENCE), width=160, height=90))
    one, several = (seen.json for seen in server.asked(EDIT))
    assert (one["image"]["url"], "aspect_ratio" in one, "images" in one) == (as_data_uri(REFERENCE), False, False)
    assert [picture["url"] for picture in several["images"]] == [as_data_uri(OTHER), as_data_uri(REFERENCE)]
    assert (several["aspect_ratio"], "image" in several) == ("16:9", False)


async def test_a_reference_of_a_type_it_does_not_read(server: Loopback) -> None:
    gif = Reference(b"GIF89a" + b"\0" * 20 + b";", "image/png")
    found = await failed(backend(server), spec(negative="", references=(gif,)))
    assert (found.kind, "image/gif" in str(found), server.seen) == (ErrorKind.INVALID, True, [])


@pytest.mark.parametrize("data", [[], [{"b64_json": "", "respect_moderation": False}], [{"b64_json": PNG64, "respect_moderation": False}]])
async def test_moderation_inside_a_good_answer(server: Loopback, data: list[Any]) -> None:
    server.on("POST", DRAW, json_reply({"data": data}))
    found = await failed(backend(server))
    assert (found.kind, found.retryable) == (ErrorKind.REFUSED, False)


async def test_models(server: Loopback) -> None:
    mine = backend(server)
    assert [model.id for model in await mine.models()] == ["grok-imagine-image", "grok-imagine-image-2.0"]
    assert (await mine.check()).problems == ()
    able = mine.capabilities()
    assert ((9, 16) in able.sizes.ratios, (6, 13) in able.sizes.ratios, able.seed, able.negative) == (True, True, False, False)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"code": "unauthenticated", "error": "No API key"}, ErrorKind.UNAUTHORISED),
        (403, {"code": "x", "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"}, ErrorKind.REFUSED),
        (
            422,
            {"error": {"message": "prompt is too long", "param": "prompt", "code": None, "type": "invalid_request_error"}},
            ErrorKind.INVALID,
        ),
        (400, {"code": "invalid-argument", "error": "Model not found: grok-2-image"}, ErrorKind.MISCONFIGURED),
        (500, {"code": "internal", "error": "m"}, ErrorKind.BAD_ANSWER),
        (503, {"error": "The service is currently unavailable"}, ErrorKind.BUSY),
        (200, {"error": "Generated image rejected by content moderation."}, ErrorKind.REFUSED),
        (200, {"code": "rate_limit_exceeded", "error": "m"}, ErrorKind.RATE_LIMITED),
        (200, {"error": {"message": "Incorrect API key provided"}}, ErrorKind.UNAUTHORISED),
        (200, {"data": [], "error": "Your team has used all available credits"}, ErrorKind.NO_CREDIT),
        (400, {"error": {"message": "Incorrect API key provided", "type": "x"}}, ErrorKind.UNAUTHORISED),
        (
            400,
            {"code": "Client specified an invalid argument", "error": "Generated image rejected by content moderation."},
            ErrorKind.REFUSED,
        ),
        (403, {"error": "Your team has used all available credits"}, ErrorKind.NO_CREDIT),
        (429, {"code": "x", "error": "Your team has reached its monthly spending limit"}, ErrorKind.NO_CREDIT),
        (429, {"error": "Too many requests"}, ErrorKind.RATE_LIMITED),
        (403, {"error": "not allowed"}, ErrorKind.UNAUTHORISED),
        (422, {"error": "aspect_ratio: unknown variant"}, ErrorKind.INVALID),
        (404, {"code": "not found", "error": "The model grok-2-image does not exist"}, ErrorKind.MISCONFIGURED),
    ],
)
async def test_three_error_shapes(server: Loopback, status: int, body: Any, kind: ErrorKind) -> None:
    server.on("POST", DRAW, json_reply(body, status))
    assert (await failed(backend(server))).kind is kind


async def test_other_names_of_a_model_are_on_its_list(server: Loopback) -> None:
    rows = [{"name": "grok-imagine-image-2.0", "aliases": ["grok-imagine-latest", 7], "image_price": 6}, {"id": ""}, 3]
    server.on("GET", "/image-generation-models", json_reply({"models": rows}))
    mine = backend(server, model="grok-imagine-latest")
    assert [(model.id, model.label) for model in await mine.models()] == [
        ("grok-imagine-image-2.0", "grok-imagine-image-2.0"),
        ("grok-imagine-latest", "grok-imagine-latest (grok-imagine-image-2.0)"),
    ]
    assert (await mine.check()).problems == ()


async def test_what_is_beyond_its_limits_is_mended_and_told(server: Loopback) -> None:
    await draw_extremes(backend(server))
    assert max(len(seen.json.get("images", ())) for seen in server.asked(EDIT)) == 3


async def test_a_reference_that_is_too_big_is_never_sent(server: Loopback) -> None:
    big = Reference(PNG[:-12] + b"\0" * 10_485_760 + PNG[-12:], "image/png")
    found = await failed(backend(server), spec(negative="", references=(big,)))
    assert (found.kind, "10.5 MB" in str(found), server.seen) == (ErrorKind.INVALID, True, [])


async def test_whatever_can_go_wrong_with_a_call(server: Loopback) -> None:
    await check_one_call(server, backend, DRAW)


async def test_a_matrix_of_settings(server: Loopback) -> None:
    await draw_all(backend(server, resolution="1k", quality="low"))
