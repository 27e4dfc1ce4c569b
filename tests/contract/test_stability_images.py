"""Stability AI, v2beta and v1: forms and bodies against the descriptions, blurred pictures, errors by name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.results import size_of
from providers.images.stability import CREDITS, ROUTES, StabilityBackend
from providers.images.stability_v1 import XL_SIZES
from tests.contract.cloud_extremes import LARGE, SMALL, draw_extremes
from tests.contract.cloud_parts import KEY, PNG64, check_faults, check_one_call, cloud_config, draw_all, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, png, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.recorded import check_requests, form_of, parts_of

GENERATE = "/v2beta/stable-image/generate/"
ENGINE = "stable-diffusion-xl-1024-v1-0"
V1 = f"/v1/generation/{ENGINE}/"
ARTIFACT = {"base64": PNG64, "seed": 77, "finishReason": "SUCCESS"}


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        headers = {"Content-Type": "image/png", "finish-reason": "SUCCESS", "seed": "42"}
        for route in ("core", "ultra", "sd3"):
            running.on("POST", GENERATE + route, Reply(200, PNG, headers))
        for route in ("text-to-image", "image-to-image"):
            running.on("POST", V1 + route, json_reply({"artifacts": [ARTIFACT]}))
        running.on("GET", "/v1/user/balance", json_reply({"credits": 12.5}))
        running.on("GET", "/v1/engines/list", json_reply([{"id": ENGINE, "name": "SDXL", "type": "PICTURE"}, {"id": "t", "type": "TEXT"}]))
        yield running
        check_requests([seen for seen in running.seen if seen.path.startswith("/v2beta")], "stability-v2beta.transcribed.json", exact=True)
        old = [seen for seen in running.seen if seen.path.startswith("/v1/") and not seen.path.endswith("/image-to-image")]
        stripped = [dataclasses.replace(seen, path=seen.path.removeprefix("/v1")) for seen in old]
        check_requests(stripped, "stability-v1.json")
    await close_clients()


def backend(server: Loopback, **more: Any) -> StabilityBackend:
    return StabilityBackend(cloud_config("stability", server.url, **more))


async def test_core_is_a_form_without_a_file(server: Loopback) -> None:
    mine = backend(server, style_preset="anime", client_id="story")
    result = await drawn(mine, spec(negative="blurry", width=768, height=512))
    seen = server.asked(GENERATE + "core")[0]
    assert (seen.headers["Authorization"], seen.headers["accept"], seen.headers["stability-client-id"]) == (
        f"Bearer {KEY}",
        "image/*",
        "story",
    )
    expected = {"prompt": "a red cat", "negative_prompt": "blurry", "seed": 5, "aspect_ratio": "3:2"}
    assert form_of(seen) == {**expected, "output_format": "png", "style_preset": "anime"}
    assert (result.images[0].data, result.images[0].seed, result.model) == (PNG, 42, "core")
    assert [d.setting for d in result.dropped] == ["size"]


async def test_ultra_and_sd3_start_from_a_picture(server: Loopback) -> None:
    await drawn(backend(server, model="ultra"), spec(negative="", references=(LARGE,), denoise=0.3))
    await drawn(backend(server, model="sd3.5-large"), spec(negative="", references=(LARGE,), cfg=12.0))
    ultra = form_of(server.asked(GENERATE + "ultra")[0])
    assert (ultra["image"], ultra["strength"], ultra["aspect_ratio"]) == ("(file)", 0.3, "1:1")
    sent = server.asked(GENERATE + "sd3")[0]
    sd3 = form_of(sent)
    assert (sd3["mode"], sd3["strength"], sd3["cfg_scale"], "aspect_ratio" in sd3) == ("image-to-image", 0.7, 10.0, False)
    assert [data for name, file, data in parts_of(sent) if file] == [LARGE.data]


async def test_capabilities_by_model(server: Loopback) -> None:
    mine = backend(server)
    able = {model: mine.capabilities(model) for model in ("core", "ultra", "sd3.5-medium", "sd3.5-flash", ENGINE)}
    assert [a.references for a in able.values()] == [0, 1, 1, 1, 1]
    assert [a.cfg for a in able.values()] == [False, False, True, False, True]
    assert [a.steps for a in able.values()] == [False, False, False, False, True]
    assert all(a.negative and a.seed for a in able.values())


@pytest.mark.parametrize(("seed", "sent"), [(0, 1), (7, 7), (2**32 - 1, 4294967294)])
async def test_a_seed_never_turns_random(server: Loopback, seed: int, sent: int) -> None:
    await drawn(backend(server), spec(negative="", seed=seed))
    assert form_of(server.asked(GENERATE + "core")[0])["seed"] == sent


async def test_a_json_answer_is_read_too(server: Loopback) -> None:
    server.on("POST", GENERATE + "core", json_reply({"image": PNG64, "seed": 9, "finish_reason": "SUCCESS"}))
    result = await drawn(backend(server))
    assert (result.images[0].data, result.images[0].seed) == (PNG, 9)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, PNG, {"Content-Type": "image/png", "finish-reason": "CONTENT_FILTERED"}),
        json_reply({"image": PNG64, "finish_reason": "CONTENT_FILTERED"}),
    ],
)
async def test_a_blurred_picture_is_a_refusal(server: Loopback, reply: Reply) -> None:
    server.on("POST", GENERATE + "core", reply)
    assert (await failed(backend(server))).kind is ErrorKind.REFUSED


async def test_a_prompt_that_is_too_long_is_never_sent(server: Loopback) -> None:
    found = await failed(backend(server), spec(negative="", prompt="x" * 10_001))
    assert (found.kind, "10000" in str(found), server.seen) == (ErrorKind.INVALID, True, [])


@pytest.mark.parametrize(
    ("status", "name", "kind", "said"),
    [
        (403, "permission_denied", ErrorKind.UNAUTHORISED, ""),
        (403, "insufficient_balance", ErrorKind.NO_CREDIT, ""),
        (200, "content_moderation", ErrorKind.REFUSED, ""),
        (200, "rate_limit_exceeded", ErrorKind.RATE_LIMITED, ""),
        (200, "bad_request", ErrorKind.INVALID, ""),
        (200, "internal_error", ErrorKind.BAD_ANSWER, ""),
        (400, "bad_request", ErrorKind.INVALID, ""),
        (403, "content_moderation", ErrorKind.REFUSED, ""),
        (413, "payload_too_large", ErrorKind.INVALID, "too big"),
        (422, "invalid_language", ErrorKind.INVALID, "English"),
        (422, "public_figure", ErrorKind.REFUSED, ""),
        (429, "rate_limit_exceeded", ErrorKind.RATE_LIMITED, ""),
        (500, "internal_error", ErrorKind.BAD_ANSWER, ""),
        (401, "unauthorized", ErrorKind.UNAUTHORISED, ""),
        (402, "payment_required", ErrorKind.NO_CREDIT, ""),
    ],
)
async def test_documented_errors(server: Loopback, status: int, name: str, kind: ErrorKind, said: str) -> None:
    server.on("POST", GENERATE + "core", json_reply({"id": "1", "name": name, "errors": ["some words"]}, status))
    found = await failed(backend(server))
    assert (found.kind, said in str(found)) == (kind, True), str(found)
    assert found.retry_after == (60 if kind is ErrorKind.RATE_LIMITED else None), "it rests for a minute after too many requests"


async def test_a_request_too_large_for_the_way(server: Loopback) -> None:
    server.on("POST", GENERATE + "core", text_reply("<html><h1>413 Request Entity Too Large</h1></html>", 413))
    found = await failed(backend(server))
    assert (found.kind, "too big" in str(found)) == (ErrorKind.INVALID, True)


async def test_a_small_reference_is_enlarged_and_a_huge_one_refused(server: Loopback) -> None:
    mine = backend(server, model="ultra")
    result = await drawn(mine, spec(negative="", references=(SMALL,)))
    sent = [data for _, file, data in parts_of(server.asked(GENERATE + "ultra")[0]) if file]
    assert [size_of(data) for data in sent] == [(82, 64)]
    assert "9×7 was enlarged to 82×64" in "; ".join(dropped.why for dropped in result.dropped)
    server.seen.clear()
    many, heavy = png(3100, 3100), LARGE.data[:-12] + b"\0" * 10_000_000 + LARGE.data[-12:]
    for data, limit in ((many, "9.4 megapixels"), (heavy, "10 MB"), (png(1, 2000), "too narrow")):
        found = await failed(mine, spec(negative="", references=(Reference(data, "image/png"),)))
        assert (found.kind, limit in str(found), server.seen) == (ErrorKind.INVALID, True, []), str(found)


async def test_what_is_beyond_its_limits_is_mended_and_told(server: Loopback) -> None:
    mine = backend(server)
    for model in ROUTES:
        for _, result in await draw_extremes(mine, model):
            assert result.cost_text == f"{CREDITS[model]:g} credits"
    for engine in (ENGINE, "stable-diffusion-768-v2-1", "stable-diffusion-v1-6"):
        for route in ("text-to-image", "image-to-image"):
            server.on("POST", f"/v1/generation/{engine}/{route}", json_reply({"artifacts": [ARTIFACT]}))
        await draw_extremes(mine, engine)
        least = 589_824 if "768" in engine else 262_144
        for seen in server.asked(f"/v1/generation/{engine}/text-to-image"):
            assert least <= seen.json["width"] * seen.json["height"] <= 1_048_576, (seen.json["width"], seen.json["height"])
            assert (engine != ENGINE) or (seen.json["width"], seen.json["height"]) in XL_SIZES


async def test_a_long_prompt_for_an_old_engine_and_an_engine_that_leads_elsewhere(server: Loopback) -> None:
    found = await failed(backend(server, model=ENGINE), spec(negative="x" * 2001))
    assert (found.kind, "negative prompt" in str(found), "2000" in str(found)) == (ErrorKind.INVALID, True, True)
    assert (await failed(backend(server), spec(negative="", model="x/../../user/balance"))).kind is ErrorKind.INVALID
    assert server.seen == []


async def test_models_and_health(server: Loopback) -> None:
    assert "sd3.5-large" in [model.id for model in await backend(server).models()]
    assert server.seen == []
    assert ENGINE in [model.id for model in await backend(server, legacy_engines=True).models()]
    assert "12.5 credits" in (await backend(server).check()).summary
    server.on("GET", "/v1/user/balance", json_reply({"credits": 0}))
    assert (await backend(server).check()).warnings


async def test_a_v1_engine(server: Loopback) -> None:
    mine = backend(server, model=ENGINE, clip_guidance_preset="FAST_BLUE")
    asked = spec(negative="blurry", width=512, height=300, steps=200, cfg=7.0, sampler="Euler a")
    result = await drawn(mine, asked)
    assert server.asked(V1 + "text-to-image")[0].json == {
        "text_prompts": [{"text": "a red cat", "weight": 1}, {"text": "blurry", "weight": -1}],
        "samples": 1,
        "seed": 5,
        "steps": 150,
        "cfg_scale": 7.0,
        "sampler": "K_EULER_ANCESTRAL",
        "clip_guidance_preset": "FAST_BLUE",
        "width": 1344,
        "height": 768,
    }
    assert (result.images[0].seed, [d.setting for d in result.dropped]) == (77, ["size", "steps"])
    assert "K_DPMPP_2M" in await mine.choices("sampler")


async def test_a_v1_engine_starts_from_a_picture(server: Loopback) -> None:
    server.on("POST", V1 + "image-to-image", json_reply([ARTIFACT]))
    await drawn(backend(server, model=ENGINE), spec(negative="bad", references=(REFERENCE,), denoise=0.4, sampler="nope"))
    form = form_of(server.asked(V1 + "image-to-image")[0])
    prompts = {key: value for key, value in form.items() if re.match(r"text_prompts\[", key)}
    assert prompts == {
        "text_prompts[0][text]": "a red cat",
        "text_prompts[0][weight]": 1,
        "text_prompts[1][text]": "bad",
        "text_prompts[1][weight]": -1,
    }
    assert (form["init_image_mode"], form["image_strength"], form["init_image"]) == ("IMAGE_STRENGTH", 0.6, "(file)")
    assert not {"width", "height", "sampler"} & set(form)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (json_reply({"artifacts": [{**ARTIFACT, "finishReason": "CONTENT_FILTERED"}]}), ErrorKind.REFUSED),
        (json_reply({"artifacts": [{"finishReason": "ERROR"}]}), ErrorKind.BAD_ANSWER),
        (json_reply({"id": "1", "name": "invalid_prompts", "message": "filtered words"}, 400), ErrorKind.REFUSED),
        (json_reply({"id": "1", "name": "invalid_file_size", "message": "m"}, 400), ErrorKind.INVALID),
        (json_reply({"id": "1", "name": "invalid_pixel_count", "message": "m"}, 400), ErrorKind.INVALID),
        (json_reply({"id": "1", "name": "unauthorized", "message": "missing authorization header"}, 401), ErrorKind.UNAUTHORISED),
        (json_reply({"id": "1", "name": "permission_denied", "message": "m"}, 403), ErrorKind.UNAUTHORISED),
        (json_reply({"id": "1", "name": "insufficient_balance", "message": "not enough"}, 402), ErrorKind.NO_CREDIT),
        (json_reply({"id": "1", "name": "rate_limit", "message": "m"}, 429), ErrorKind.RATE_LIMITED),
        (json_reply({"id": "1", "name": "server_error", "message": "m"}, 500), ErrorKind.BAD_ANSWER),
        (json_reply({"artifacts": []}), ErrorKind.BAD_ANSWER),
        (json_reply({"artifacts": [{"base64": "", "seed": float("nan")}]}), ErrorKind.BAD_ANSWER),
        (json_reply({"artifacts": [{**ARTIFACT, "base64": ""}]}), ErrorKind.BAD_ANSWER),
        (json_reply({"artifacts": [{**ARTIFACT, "base64": PNG64[:-40]}]}), ErrorKind.BAD_ANSWER),
        (json_reply({"id": "1", "name": "not_found", "message": "no engine"}, 404), ErrorKind.MISCONFIGURED),
        (json_reply({"id": "1", "name": "invalid_height_or_width", "message": "m"}, 400), ErrorKind.INVALID),
    ],
)
async def test_what_v1_answers_instead(server: Loopback, reply: Reply, kind: ErrorKind) -> None:
    server.on("POST", V1 + "text-to-image", reply)
    found = await failed(backend(server, model=ENGINE))
    assert found.kind is kind
    assert ("reference" in str(found)) == (b"file_size" in reply.body), str(found)


@pytest.mark.parametrize("reply", [text_reply("<html>", 200), Reply(200, PNG[:-8], {"Content-Type": "image/png"}), Reply(200, b"")])
async def test_bytes_that_are_no_whole_picture(server: Loopback, reply: Reply) -> None:
    server.on("POST", GENERATE + "core", reply)
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_whatever_can_go_wrong_with_a_call(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server, model=ENGINE), V1 + "text-to-image")
    await check_one_call(server, backend, GENERATE + "core")


async def test_a_matrix_of_settings(server: Loopback) -> None:
    await draw_all(backend(server), "core", "ultra", "sd3.5-large", "sd3.5-flash", ENGINE)
