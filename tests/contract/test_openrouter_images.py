"""OpenRouter's Image API and its chat route: requests against the description, errors with metadata, refusals in words."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.openrouter import OpenRouterImagesBackend
from providers.images.references import as_data_uri
from tests.contract.cloud_parts import KEY, OTHER, PNG64, check_faults, check_one_call, cloud_config, draw_all, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, spec
from tests.contract.loopback import Loopback, json_reply, loopback
from tests.contract.recorded import check_requests

DRAW, CHAT = "/images", "/chat/completions"
ANSWER = json_reply({"created": 1, "data": [{"b64_json": PNG64, "media_type": "image/png"}], "usage": {"cost": 0.04}})
SEEDREAM, GEMINI, VECTOR = "bytedance-seed/seedream-4.5", "google/gemini-2.5-flash-image", "quiver/vector"


def model_row(model: str, inputs: list[str], **parameters: Any) -> dict[str, Any]:
    architecture = {"input_modalities": inputs, "output_modalities": ["image"]}
    return {"id": model, "name": model.title(), "architecture": architecture, "supported_parameters": parameters}


MODELS = [
    model_row(
        SEEDREAM,
        ["text", "image"],
        resolution={"type": "enum", "values": ["1K", "2K", "4K"]},
        aspect_ratio={"type": "enum", "values": ["1:1", "16:9", "9:16", "auto"]},
        seed={"type": "boolean"},
        input_references={"type": "range", "min": 0, "max": 2},
    ),
    model_row(GEMINI, ["text", "image"], aspect_ratio={"type": "boolean"}),
    model_row(VECTOR, ["text"]),
]
TALKER = {**model_row("other/talker", ["text", "image"], temperature={}), "architecture": {"output_modalities": ["image", "text"]}}
PAINTER = {"id": "other/mute", "architecture": {"input_modalities": ["text"], "output_modalities": ["image"]}}


def chat_reply(content: Any = None, *images: str, **choice: Any) -> Any:
    pictures = [{"type": "image_url", "image_url": {"url": url}} for url in images]
    said = {"role": "assistant", "content": content, **({"images": pictures} if pictures else {})}
    return json_reply({"id": "1", "choices": [{"index": 0, "message": said, "finish_reason": "stop", **choice}], "usage": {"cost": 0.01}})


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, ANSWER)
        running.on("GET", "/images/models", json_reply({"data": MODELS}))
        running.on("GET", "/models", json_reply({"data": [TALKER, PAINTER]}))
        running.on("GET", "/key", json_reply({"data": {"label": "k", "limit_remaining": 3.5}}))
        running.on("POST", CHAT, chat_reply("", f"data:image/png;base64,{PNG64}"))
        yield running
        check_requests(running.seen, "openrouter.json", exact=True)
    await close_clients()


def backend(server: Loopback, **more: Any) -> OpenRouterImagesBackend:
    return OpenRouterImagesBackend(cloud_config("openrouter", server.url, **{"model": SEEDREAM, **more}))


async def test_a_picture_with_what_the_model_takes(server: Loopback) -> None:
    mine = backend(server, quality="high", title="Story", routing={"options": {"x": {"steps": 40}}})
    result = await drawn(mine, spec(negative="", width=1920, height=1080))
    seen = server.asked(DRAW)[0]
    assert (seen.headers["Authorization"], seen.headers["X-OpenRouter-Title"]) == (f"Bearer {KEY}", "Story")
    expected = {"model": SEEDREAM, "prompt": "a red cat", "n": 1, "aspect_ratio": "16:9", "resolution": "1K", "seed": 5}
    assert seen.json == {**expected, "provider": {"options": {"x": {"steps": 40}}}}
    assert (result.images[0].data, result.images[0].seed, result.cost) == (PNG, 5, 0.04)
    assert [d.setting for d in result.dropped] == ["size", "quality"]


async def test_capabilities_follow_the_list(server: Loopback) -> None:
    mine = backend(server)
    assert mine.capabilities().references == 16
    await mine.models()
    able = {model: mine.capabilities(model) for model in (SEEDREAM, GEMINI, VECTOR)}
    assert [able[model].references for model in able] == [2, 16, 0]
    assert [able[model].seed for model in able] == [True, False, False]
    assert able[SEEDREAM].sizes.ratios == ((1, 1), (16, 9), (9, 16))
    assert (await mine.check()).problems == ()
    listed = [model.id for model in await mine.models()]
    assert {SEEDREAM, GEMINI, VECTOR, "other/mute", "other/talker"} == set(listed)
    assert mine.capabilities("other/mute").references == 0
    server.on("GET", "/key", json_reply({"data": {"limit_remaining": 0}}))
    assert "used up" in (await mine.check()).problems[0]
    server.on("GET", "/key", json_reply({"error": {"code": 500, "message": "m"}}, 500))
    assert (await mine.check()).warnings
    server.on("GET", "/key", json_reply({"error": {"code": 401, "message": "m"}}, 401))
    with pytest.raises(ProviderError) as caught:
        await mine.check()
    assert caught.value.kind is ErrorKind.UNAUTHORISED


async def test_references_in_order_and_no_more_than_the_model_takes(server: Loopback) -> None:
    result = await drawn(backend(server), spec(negative="", references=(OTHER, REFERENCE, REFERENCE)))
    urls = [part["image_url"]["url"] for part in server.asked(DRAW)[0].json["input_references"]]
    assert urls == [as_data_uri(OTHER), as_data_uri(REFERENCE)]
    assert any(d.setting == "reference images" for d in result.dropped)
    assert "input_references" not in result.parameters


async def test_a_model_that_is_not_in_the_list_draws_in_chat(server: Loopback) -> None:
    result = await drawn(backend(server, model="other/painter"), spec(negative="", width=90, height=160, references=(OTHER, REFERENCE)))
    sent = server.asked(CHAT)[0].json
    assert (sent["modalities"], sent["image_config"]) == (["image", "text"], {"aspect_ratio": "9:16"})
    parts = sent["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url", "image_url"]
    assert parts[1]["image_url"]["url"] == as_data_uri(OTHER)
    assert (result.images[0].data, result.cost, "messages" in result.parameters) == (PNG, 0.01, False)


async def test_what_a_model_puts_out_in_chat_goes_by_the_list_and_settings_travel(server: Loopback) -> None:
    routing = {"only": ["x"], "options": {"x": {"steps": 40}}}
    mine = backend(server, model="other/mute", quality="high", resolution="2K", output_format="png", routing=routing)
    result = await drawn(mine, spec(negative="", references=(OTHER,)))
    sent = server.asked(CHAT)[0].json
    settings = {"aspect_ratio": "1:1", "image_size": "2K", "quality": "high", "output_format": "png"}
    assert (sent["modalities"], sent["image_config"], sent["provider"]) == (["image"], settings, {"only": ["x"]})
    assert len(sent["messages"][0]["content"]) == 1
    assert [d.setting for d in result.dropped] == ["size", "reference images", "provider options"]
    await drawn(backend(server, model="other/talker", via="chat"))
    assert server.asked(CHAT)[1].json["modalities"] == ["image", "text"]
    assert server.asked("/models")[0].query == {"output_modalities": "image"}
    await drawn(backend(server, model="other/talker", modalities=("image",)))
    assert server.asked(CHAT)[2].json["modalities"] == ["image"]


async def test_ranges_of_the_list_hold(server: Loopback) -> None:
    limited = model_row(
        "a/b", ["text"], seed={"type": "range", "min": 1, "max": 100}, output_compression={"type": "range", "min": 0, "max": 50}
    )
    server.on("GET", "/images/models", json_reply({"data": [limited]}))
    mine = backend(server, model="a/b", output_format="jpeg", output_compression=90, via="images")
    result = await drawn(mine, spec(negative="", seed=2**32 - 1))
    sent = server.asked(DRAW)[0].json
    assert 1 <= sent["seed"] <= 100
    assert (result.images[0].seed, "output_compression" in sent) == (sent["seed"], False)
    assert [d.setting for d in result.dropped] == ["size", "output format", "output compression"]


async def test_a_vector_picture_is_not_asked_for_again(server: Loopback) -> None:
    vector = base64.b64encode(b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>').decode()
    server.on("POST", DRAW, json_reply({"created": 1, "data": [{"b64_json": vector, "media_type": "image/svg+xml"}]}))
    found = await failed(backend(server))
    assert (found.kind, "vector" in str(found)) == (ErrorKind.INVALID, True)


async def test_a_reference_over_the_limit_is_not_sent(server: Loopback) -> None:
    found = await failed(backend(server, reference_bytes=10), spec(negative="", references=(OTHER,)))
    assert (found.kind, "too big" in str(found), server.asked(DRAW)) == (ErrorKind.INVALID, True, [])


def test_a_transparent_jpeg_is_a_mistake_in_the_settings(server: Loopback) -> None:
    with pytest.raises(ProviderError, match="transparent"):
        backend(server, background="transparent", output_format="jpeg")


async def test_a_list_out_of_reach_does_not_stop_the_picture(server: Loopback) -> None:
    server.on("GET", "/images/models", json_reply({"error": {"code": 500, "message": "m"}}, 500))
    assert (await drawn(backend(server))).images


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (chat_reply("I cannot draw that."), ErrorKind.REFUSED, "«I cannot draw that.»"),
        (chat_reply("No @everyone, see https://evil.example/x"), ErrorKind.REFUSED, "«No (at)everyone, see …»"),
        (chat_reply("", finish_reason="content_filter"), ErrorKind.REFUSED, ""),
        (chat_reply(""), ErrorKind.BAD_ANSWER, "no picture"),
        (chat_reply("", error={"code": 502, "message": "provider went away"}), ErrorKind.BUSY, ""),
        (chat_reply([{"type": "text", "text": "I will"}, {"type": "text", "text": "not."}]), ErrorKind.REFUSED, "«I will not.»"),
        (chat_reply("", native_finish_reason="IMAGE_SAFETY"), ErrorKind.REFUSED, ""),
        (chat_reply("", finish_reason="error", error={"code": 429, "message": "m"}), ErrorKind.RATE_LIMITED, ""),
        (json_reply({"error": {"code": 402, "message": "pay"}}), ErrorKind.NO_CREDIT, ""),
        (json_reply({"error": {"code": 403, "message": "m", "metadata": {"reasons": ["x"]}}}), ErrorKind.REFUSED, ""),
        (chat_reply("", "data:image/png;base64,AAAA"), ErrorKind.BAD_ANSWER, ""),
        (json_reply({"choices": []}), ErrorKind.BAD_ANSWER, ""),
    ],
)
async def test_what_chat_may_answer_instead(server: Loopback, reply: Any, kind: ErrorKind, said: str) -> None:
    server.on("POST", CHAT, reply)
    found = await failed(backend(server, via="chat"))
    assert (found.kind, said in str(found)) == (kind, True), str(found)


@pytest.mark.parametrize(
    ("status", "error_type", "kind"),
    [
        (400, "content_policy_violation", ErrorKind.REFUSED),
        (400, "refusal", ErrorKind.REFUSED),
        *((400, f"image_{what}", ErrorKind.INVALID) for what in ("too_large", "too_small", "download_failed")),
        *((400, what, ErrorKind.INVALID) for what in ("invalid_image", "unsupported_image_format")),
        (403, "content_policy_violation", ErrorKind.REFUSED),
        (404, "not_found", ErrorKind.MISCONFIGURED),
        (413, "invalid_request", ErrorKind.INVALID),
        (422, "invalid_request", ErrorKind.INVALID),
        (500, "server", ErrorKind.BAD_ANSWER),
        (503, "provider_overloaded", ErrorKind.BUSY),
        (400, "invalid_request", ErrorKind.INVALID),
        (401, "authentication", ErrorKind.UNAUTHORISED),
        (402, "payment_required", ErrorKind.NO_CREDIT),
        (403, "permission_denied", ErrorKind.UNAUTHORISED),
        (408, "timeout", ErrorKind.BUSY),
        (429, "rate_limit_exceeded", ErrorKind.RATE_LIMITED),
        (502, "provider_unavailable", ErrorKind.BUSY),
        (524, "timeout", ErrorKind.BUSY),
        (529, "provider_overloaded", ErrorKind.BUSY),
    ],
)
async def test_documented_errors(server: Loopback, status: int, error_type: str, kind: ErrorKind) -> None:
    metadata = {"error_type": error_type, "provider_code": "x"}
    server.on("POST", DRAW, json_reply({"error": {"code": status, "message": "m", "metadata": metadata}}, status))
    assert (await failed(backend(server))).kind is kind


async def test_moderation_by_reasons_and_a_wait_inside_the_body(server: Loopback) -> None:
    flagged = {"reasons": ["sexual"], "flagged_input": "…", "provider_name": "x", "model_slug": "y"}
    server.on("POST", DRAW, json_reply({"error": {"code": 403, "message": "m", "metadata": flagged}}, 403))
    assert (await failed(backend(server))).kind is ErrorKind.REFUSED
    server.on("POST", DRAW, json_reply({"error": {"code": 403, "message": "Key limit exceeded (total limit)"}}, 403))
    assert (await failed(backend(server))).kind is ErrorKind.NO_CREDIT
    server.on("POST", DRAW, json_reply({"created": 1, "data": [], "error": {"code": 502, "message": "provider went away"}}))
    assert (await failed(backend(server))).kind is ErrorKind.BUSY
    wait = {"code": 503, "message": "m", "availability": {"retryable": True, "retry_after": 12}}
    server.on("POST", DRAW, json_reply({"error": wait}, 503))
    assert (await failed(backend(server))).retry_after == 12


async def test_whatever_can_go_wrong_with_a_call(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server, via="chat"), CHAT)
    await check_one_call(server, backend, DRAW)


async def test_a_matrix_of_settings(server: Loopback) -> None:
    for model in (SEEDREAM, GEMINI, VECTOR, "other/painter", "other/mute"):
        mine = backend(server, model=model)
        await mine.models()
        await draw_all(mine)
