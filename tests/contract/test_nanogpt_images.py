"""NanoGPT's image route: requests against a transcription of its documentation, both error shapes, prices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.nanogpt import NanoGptImagesBackend
from providers.images.references import as_data_uri
from tests.contract.cloud_parts import KEY, OTHER, PICTURE, PNG64, check_one_call, cloud_config, draw_all, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, spec
from tests.contract.loopback import Loopback, json_reply, loopback
from tests.contract.recorded import check_value, document, material

DRAW = "/v1/images/generations"
PASSED_THROUGH = {"negative_prompt"}


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        answer = {"created": 1, "data": [{"b64_json": PNG64}], "cost": 0.012, "paymentSource": "USD", "remainingBalance": 3}
        running.on("POST", DRAW, json_reply(answer))
        running.on("GET", "/api/v1/images/models", json_reply({"data": [{"id": "hidream", "name": "HiDream"}, {"id": "flux-dev"}]}))
        running.on("GET", "/files/1.png", PICTURE)
        yield running
        path = material("specs", "derived-nanogpt.json")
        if path:
            described = document(path)
            for seen in running.asked(DRAW):
                body = {key: value for key, value in seen.json.items() if key not in PASSED_THROUGH}
                check_value(described, described["$defs"]["v1_images_generations"], body, exact=True)
    await close_clients()


def backend(server: Loopback, **more: Any) -> NanoGptImagesBackend:
    return NanoGptImagesBackend(cloud_config("nanogpt", server.url, **more))


async def test_every_setting_it_has(server: Loopback) -> None:
    result = await drawn(backend(server), spec(negative="", width=1024, height=768, steps=20, cfg=4.5))
    assert server.asked(DRAW)[0].headers["Authorization"] == f"Bearer {KEY}"
    assert server.asked(DRAW)[0].json == {
        "model": "hidream",
        "prompt": "a red cat",
        "n": 1,
        "size": "1024x768",
        "response_format": "b64_json",
        "seed": 5,
        "num_inference_steps": 20,
        "guidance_scale": 4.5,
    }
    assert (result.images[0].data, result.cost, result.cost_text) == (PNG, 0.012, "")


async def test_one_reference_and_several(server: Loopback) -> None:
    mine = backend(server)
    await drawn(mine, spec(negative="", references=(REFERENCE,), denoise=0.4))
    await drawn(mine, spec(negative="", references=(OTHER, REFERENCE)))
    one, several = (seen.json for seen in server.asked(DRAW))
    assert (one["imageDataUrl"], one["strength"]) == (as_data_uri(REFERENCE), 0.4)
    assert (several["imageDataUrls"], "strength" in several) == ([as_data_uri(OTHER), as_data_uri(REFERENCE)], False)


async def test_reference_limits_are_told(server: Loopback) -> None:
    result = await drawn(backend(server, references=2), spec(negative="", references=(OTHER,) * 3))
    assert len(server.asked(DRAW)[0].json["imageDataUrls"]) == 2
    assert "reference images" in {d.setting for d in result.dropped}
    found = await failed(backend(server, reference_bytes=10), spec(negative="", references=(OTHER,)))
    assert (found.kind, "too big" in str(found), len(server.asked(DRAW))) == (ErrorKind.INVALID, True, 1)
    none = await drawn(backend(server, references=0), spec(negative="", references=(OTHER,), denoise=0.4))
    assert "reference images" in {d.setting for d in none.dropped}
    assert not {"imageDataUrl", "strength"} & set(server.asked(DRAW)[1].json)


async def test_the_check_says_what_it_cannot_tell(server: Loopback) -> None:
    found = await backend(server).check()
    assert (found.problems, "first picture" in found.warnings[0]) == ((), True)


async def test_negative_prompts_only_where_the_host_wants_them(server: Loopback) -> None:
    assert backend(server).capabilities().negative is False
    await drawn(backend(server), spec(negative="blurry"))
    willing = backend(server, negative_prompt=True)
    await drawn(willing, spec(negative="blurry"))
    assert [seen.json.get("negative_prompt") for seen in server.asked(DRAW)] == [None, "blurry"]
    assert willing.capabilities().negative is True


async def test_an_address_is_fetched_and_another_coin_is_named(server: Loopback) -> None:
    server.on("POST", DRAW, json_reply({"data": [{"url": f"{server.url}/files/1.png"}], "cost": "0.5", "paymentSource": "XNO"}))
    result = await drawn(backend(server))
    assert (result.images[0].data, result.cost, result.cost_text) == (PNG, None, "0.5 XNO")


@pytest.mark.parametrize("rows", [{"data": [{"id": "hidream"}]}, {"models": {"hidream": {"name": "HiDream"}}}, [{"id": "hidream"}]])
async def test_every_shape_of_the_model_list(server: Loopback, rows: Any) -> None:
    server.on("GET", "/api/v1/images/models", json_reply(rows))
    assert [model.id for model in await backend(server).models()] == ["hidream"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": {"message": "m", "code": "missing_api_key"}}, ErrorKind.UNAUTHORISED),
        (402, {"error": "Insufficient balance", "status": 402}, ErrorKind.NO_CREDIT),
        (400, {"error": "Insufficient balance", "status": 402}, ErrorKind.NO_CREDIT),
        (400, {"error": {"message": "Flagged by content policy", "type": "invalid_request_error"}}, ErrorKind.REFUSED),
        (400, {"error": {"message": "Invalid size", "param": "size"}}, ErrorKind.INVALID),
        (200, {"error": "Insufficient balance", "status": 402}, ErrorKind.NO_CREDIT),
        (200, {"created": 1, "data": [], "error": {"message": "m", "code": "content_policy_violation"}}, ErrorKind.REFUSED),
        (400, {"error": {"message": "Unknown model", "param": "model"}}, ErrorKind.MISCONFIGURED),
        (402, {"error": {"message": "pay", "type": "insufficient_quota", "code": "insufficient_balance"}}, ErrorKind.NO_CREDIT),
        (429, {"error": {"message": "Rate limit exceeded", "type": "rate_limit_error"}}, ErrorKind.RATE_LIMITED),
        (500, {"error": {"message": "m", "type": "server_error"}}, ErrorKind.BAD_ANSWER),
        (503, {"error": "Service Unavailable", "status": 503}, ErrorKind.BUSY),
        (404, {"error": {"message": "Model not found", "code": "model_not_found"}}, ErrorKind.MISCONFIGURED),
    ],
)
async def test_documented_errors(server: Loopback, status: int, body: Any, kind: ErrorKind) -> None:
    server.on("POST", DRAW, json_reply(body, status))
    assert (await failed(backend(server))).kind is kind


async def test_whatever_can_go_wrong_with_a_call(server: Loopback) -> None:
    await check_one_call(server, backend, DRAW)


async def test_a_matrix_of_settings(server: Loopback) -> None:
    await draw_all(backend(server, negative_prompt=True, kontext_max_mode=True), "hidream", "flux-dev", "gpt-image-2")
