"""OpenRouter's Image API and its chat route: requests against the description, errors with metadata, refusals in words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.errors import ErrorKind
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


def chat_reply(content: Any = None, *images: str, **choice: Any) -> Any:
    pictures = [{"type": "image_url", "image_url": {"url": url}} for url in images]
    said = {"role": "assistant", "content": content, **({"images": pictures} if pictures else {})}
    return json_reply({"id": "1", "choices": [{"index": 0, "message": said, "finish_reason": "stop", **choice}], "usage": {"cost": 0.01}})


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, ANSWER)
        running.on("GET", "/images/models", json_reply({"data": MODELS}))
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
        (400, "image_too_large", ErrorKind.INVALID),
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
    wait = {"code": 503, "message": "m", "availability": {"retryable": True, "retry_after": 12}}
    server.on("POST", DRAW, json_reply({"error": wait}, 503))
    assert (await failed(backend(server))).retry_after == 12


async def test_whatever_can_go_wrong_with_a_call(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server, via="chat"), CHAT)
    await check_one_call(server, backend, DRAW)


async def test_a_matrix_of_settings(server: Loopback) -> None:
    for model in (SEEDREAM, GEMINI, VECTOR, "other/painter"):
        mine = backend(server, model=model)
        await mine.models()
        await draw_all(mine)
