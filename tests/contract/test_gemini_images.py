"""Gemini's image output: requests against Google's description, refusals inside HTTP 200, errors with details."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.gemini import GeminiImagesBackend
from providers.images.references import as_base64
from tests.contract.cloud_parts import KEY, OTHER, PNG64, check_faults, check_one_call, cloud_config, draw_all, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, spec
from tests.contract.loopback import Loopback, json_reply, loopback
from tests.contract.recorded import check_requests

DRAW = "/models/gemini-2.5-flash-image:generateContent"
IMAGEN = "/models/imagen-4.0-generate-001:predict"
QUOTA = "You exceeded your current quota, please check your plan and billing details."
SAID = {"payload size": "too big", "token count": "too long", "aspect_ratio": "this size", "billing to be": "account", "location": "region"}
METHODS = ["generateContent", "countTokens"]


BLOCKED = ("SAFETY", "OTHER", "BLOCKLIST", "IMAGE_SAFETY")
FILTERED = ("IMAGE_PROHIBITED_CONTENT", "PROHIBITED_CONTENT", "SAFETY", "IMAGE_RECITATION", "SPII", "BLOCKLIST", "ESCALATION")


def answer(*parts: dict[str, Any], **candidate: Any) -> Any:
    return json_reply({"candidates": [{"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", **candidate}]})


def picture(data: str = PNG64, **more: Any) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/jpeg", "data": data}, **more}


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, answer({"text": "Here you are"}, picture()))
        first = [{"name": f"models/{name}", "supportedGenerationMethods": METHODS} for name in ("gemini-2.5-flash-image", "gemini-3-pro")]
        more: list[Any] = [
            {"name": "models/nano-banana-pro-preview", "displayName": "Nano Banana Pro", "supportedGenerationMethods": METHODS},
            {"name": "models/imagen-4", "supportedGenerationMethods": ["predict"]},
            {"name": "models/odd-image", "supportedGenerationMethods": 7},
            7,
        ]
        running.on("GET", "/models", json_reply({"models": first, "nextPageToken": "t"}), json_reply({"models": more}))
        running.on("POST", IMAGEN, json_reply({"predictions": [{"bytesBase64Encoded": PNG64, "mimeType": "image/png"}]}))
        yield running
        check_requests([seen for seen in running.seen if seen.path != IMAGEN], "gemini.json", exact=True)
    await close_clients()


def backend(server: Loopback, **more: Any) -> GeminiImagesBackend:
    return GeminiImagesBackend(cloud_config("gemini", server.url, **more))


async def test_a_picture(server: Loopback) -> None:
    result = await drawn(backend(server, image_size="2K", seed=True), spec(negative="", width=1920, height=1080, seed=2**32 - 1))
    seen = server.asked(DRAW)[0]
    assert (seen.headers["x-goog-api-key"], seen.query, "Authorization" in seen.headers) == (KEY, {}, False)
    assert seen.json == {
        "contents": [{"role": "user", "parts": [{"text": "a red cat"}]}],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
            "seed": 2**31 - 1,
        },
    }
    assert (result.images[0].data, result.images[0].mime, result.model) == (PNG, "image/png", "gemini-2.5-flash-image")
    assert "contents" not in result.parameters


async def test_references_follow_the_words_in_order(server: Loopback) -> None:
    mine = backend(server)
    await drawn(mine, spec(negative="", references=(OTHER, REFERENCE)))
    parts = server.asked(DRAW)[0].json["contents"][0]["parts"]
    assert [part["inlineData"]["data"] for part in parts[1:]] == [as_base64(OTHER), as_base64(REFERENCE)]
    assert (mine.capabilities().references, mine.capabilities("gemini-3-pro-image").references) == (3, 14)
    assert backend(server, references=5).capabilities("gemini-3-pro-image").references == 5


async def test_references_that_are_too_big_together(server: Loopback) -> None:
    mine = backend(server, inline_bytes=len(OTHER.data) + 1)
    found = await failed(mine, spec(negative="", references=(OTHER, REFERENCE)))
    assert (found.kind, server.seen) == (ErrorKind.INVALID, [])


async def test_filters_are_opened_only_where_adult_content_is_allowed(server: Loopback) -> None:
    mine = backend(server)
    await drawn(mine, spec(negative="", adult=True))
    await drawn(mine)
    opened, closed = (seen.json.get("safetySettings") for seen in server.asked(DRAW))
    assert ({row["threshold"] for row in opened}, closed) == ({"BLOCK_NONE"}, None)


async def test_thoughts_are_not_the_picture(server: Loopback) -> None:
    server.on("POST", DRAW, answer(picture("AAAA", thought=True), picture()))
    assert (await drawn(backend(server))).images[0].data == PNG


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (json_reply({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}), ErrorKind.REFUSED, ""),
        (answer(finishReason="IMAGE_SAFETY"), ErrorKind.REFUSED, ""),
        (json_reply({"candidates": [{"finishReason": "RECITATION"}]}), ErrorKind.REFUSED, ""),
        (answer({"text": "I will not draw this."}), ErrorKind.REFUSED, "«I will not draw this.»"),
        *((json_reply({"promptFeedback": {"blockReason": reason}}), ErrorKind.REFUSED, "") for reason in BLOCKED),
        *((answer({"text": "no"}, finishReason=reason), ErrorKind.REFUSED, "") for reason in FILTERED),
        (answer(finishReason="LANGUAGE"), ErrorKind.INVALID, "language"),
        (answer(finishReason="MAX_TOKENS"), ErrorKind.BAD_ANSWER, ""),
        (answer(finishReason="OTHER"), ErrorKind.BAD_ANSWER, ""),
        (answer(finishReason="NO_IMAGE"), ErrorKind.BAD_ANSWER, ""),
        (answer({"text": "half a"}, finishReason="IMAGE_OTHER"), ErrorKind.BAD_ANSWER, ""),
        (answer(finishReason="MALFORMED_RESPONSE"), ErrorKind.BAD_ANSWER, ""),
        (json_reply({"candidates": []}), ErrorKind.BAD_ANSWER, ""),
        (answer(picture(PNG64[:40])), ErrorKind.BAD_ANSWER, "incomplete"),
    ],
)
async def test_good_answers_without_a_picture(server: Loopback, reply: Any, kind: ErrorKind, said: str) -> None:
    server.on("POST", DRAW, reply)
    found = await failed(backend(server))
    assert (found.kind, said in str(found)) == (kind, True), str(found)


async def test_models_of_all_pages(server: Loopback) -> None:
    models = await backend(server).models()
    assert [(model.id, model.label) for model in models] == [
        ("gemini-2.5-flash-image", "gemini-2.5-flash-image"),
        ("nano-banana-pro-preview", "Nano Banana Pro"),
    ]
    assert server.asked("/models")[1].query["pageToken"] == "t"


@pytest.mark.parametrize(
    ("code", "status", "more", "kind", "wait"),
    [
        (400, "INVALID_ARGUMENT", {"message": "API key not valid."}, ErrorKind.UNAUTHORISED, None),
        (400, "INVALID_ARGUMENT", {"details": [{"reason": "API_KEY_INVALID"}]}, ErrorKind.UNAUTHORISED, None),
        (400, "INVALID_ARGUMENT", {"details": [{"fieldViolations": [{"field": "aspect_ratio"}]}]}, ErrorKind.INVALID, None),
        (400, "FAILED_PRECONDITION", {"message": "location"}, ErrorKind.MISCONFIGURED, None),
        (400, "INVALID_ARGUMENT", {"message": "API key expired", "details": [{"reason": "API_KEY_INVALID"}]}, ErrorKind.UNAUTHORISED, None),
        (400, "INVALID_ARGUMENT", {"message": "Request payload size exceeds the limit: 20971520 bytes."}, ErrorKind.INVALID, None),
        (400, "INVALID_ARGUMENT", {"message": "The input token count (9) exceeds the maximum"}, ErrorKind.INVALID, None),
        (403, "PERMISSION_DENIED", {"message": "This API method requires billing to be enabled."}, ErrorKind.MISCONFIGURED, None),
        (402, "RESOURCE_EXHAUSTED", {}, ErrorKind.NO_CREDIT, None),
        (403, "PERMISSION_DENIED", {}, ErrorKind.UNAUTHORISED, None),
        (404, "NOT_FOUND", {}, ErrorKind.MISCONFIGURED, None),
        (429, "RESOURCE_EXHAUSTED", {"details": [{"retryDelay": "34s"}]}, ErrorKind.RATE_LIMITED, 34),
        (429, "RESOURCE_EXHAUSTED", {"message": QUOTA, "details": [{"retryDelay": "4.5s"}]}, ErrorKind.RATE_LIMITED, 4.5),
        (429, "RESOURCE_EXHAUSTED", {"message": QUOTA}, ErrorKind.NO_CREDIT, None),
        (429, "RESOURCE_EXHAUSTED", {"message": f"{QUOTA} limit: 0", "details": [{"retryDelay": "9s"}]}, ErrorKind.NO_CREDIT, 9),
        (429, "RESOURCE_EXHAUSTED", {}, ErrorKind.RATE_LIMITED, None),
        (500, "INTERNAL", {}, ErrorKind.BAD_ANSWER, None),
        (503, "UNAVAILABLE", {}, ErrorKind.BUSY, None),
        (504, "DEADLINE_EXCEEDED", {}, ErrorKind.BUSY, None),
    ],
)
async def test_documented_errors(
    server: Loopback, code: int, status: str, more: dict[str, Any], kind: ErrorKind, wait: float | None
) -> None:
    server.on("POST", DRAW, json_reply({"error": {"code": code, "message": "m", "status": status, **more}}, code))
    found = await failed(backend(server))
    assert (found.kind, found.retry_after) == (kind, wait), found.host_detail
    said = next((words for sign, words in SAID.items() if sign in str(more)), "")
    assert said in str(found)


async def test_errors_in_a_list_of_one_and_with_http_200(server: Loopback) -> None:
    wrong = {"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}
    server.on("POST", DRAW, json_reply([wrong], 400))
    assert (await failed(backend(server))).kind is ErrorKind.UNAUTHORISED
    server.on("POST", DRAW, json_reply({"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}))
    assert (await failed(backend(server))).kind is ErrorKind.BUSY


@pytest.mark.parametrize(
    ("model", "size", "ratio"),
    [
        ("gemini-2.5-flash-image", (4096, 250), "21:9"),
        ("gemini-3-pro-image", (250, 4096), "9:16"),
        ("gemini-3.1-flash-image", (4096, 250), "8:1"),
        ("gemini-3.1-flash-image", (1000, 1001), "1:1"),
    ],
)
async def test_shapes_go_by_the_model(server: Loopback, model: str, size: tuple[int, int], ratio: str) -> None:
    path = f"/models/{model}:generateContent"
    server.on("POST", path, answer(picture()))
    mine = backend(server, model=model)
    await drawn(mine, spec(negative="", width=size[0], height=size[1]))
    assert server.asked(path)[0].json["generationConfig"]["imageConfig"] == {"aspectRatio": ratio}
    assert ((8, 1) in mine.capabilities().sizes.ratios) == (model == "gemini-3.1-flash-image")
    await drawn(backend(server, model=model, ratios=("1:1",)), spec(negative="", width=size[0], height=size[1]))
    assert server.asked(path)[1].json["generationConfig"]["imageConfig"] == {"aspectRatio": "1:1"}


async def test_more_references_than_the_model_takes_are_told_and_tokens_too(server: Loopback) -> None:
    parts = {"candidates": [{"content": {"parts": [picture()]}}], "usageMetadata": {"totalTokenCount": 1300}}
    server.on("POST", DRAW, json_reply(parts))
    result = await drawn(backend(server), spec(negative="", references=(OTHER,) * 4))
    assert len(server.asked(DRAW)[0].json["contents"][0]["parts"]) == 4
    assert [d.setting for d in result.dropped] == ["size", "reference images"]
    assert result.cost_text == "1300 tokens"


@pytest.mark.parametrize("model", ["../files", "a?key=b", "a/../b", "a b"])
async def test_a_models_name_leads_nowhere_else(server: Loopback, model: str) -> None:
    found = await failed(backend(server), spec(negative="", model=model))
    assert (found.kind, server.seen) == (ErrorKind.INVALID, [])


async def test_imagen_needs_vertex(server: Loopback) -> None:
    model = "imagen-4.0-generate-001"
    assert (await failed(backend(server, model=model))).kind is ErrorKind.MISCONFIGURED
    assert server.seen == []
    result = await drawn(backend(server, model=model, vertex=True), spec(negative="", width=90, height=160))
    sent = server.asked(IMAGEN)[0]
    assert sent.headers["Authorization"] == f"Bearer {KEY}"
    assert sent.json == {"instances": [{"prompt": "a red cat"}], "parameters": {"sampleCount": 1, "aspectRatio": "9:16"}}
    assert result.images[0].data == PNG
    for filtered in ({}, {"predictions": [{"raiFilteredReason": "x"}]}):
        server.on("POST", IMAGEN, json_reply(filtered))
        assert (await failed(backend(server, model=model, vertex=True))).kind is ErrorKind.REFUSED


async def test_whatever_can_go_wrong_with_a_call(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server, vertex=True, model="imagen-4.0-generate-001"), IMAGEN)
    await check_one_call(server, backend, DRAW)


async def test_a_matrix_of_settings(server: Loopback) -> None:
    await draw_all(backend(server, image_size="1K", seed=True))
    await draw_all(backend(server, vertex=True, model="imagen-4.0-generate-001"))
    for model in ("gemini-3-pro-image", "gemini-3.1-flash-image", "gemini-3.1-flash-lite-image", "gemini-nano-banana-2.1"):
        server.on("POST", f"/models/{model}:generateContent", answer(picture()))
        await draw_all(backend(server, model=model))
    for seen in server.asked(IMAGEN):
        assert seen.json["parameters"]["aspectRatio"] in ("1:1", "3:4", "4:3", "9:16", "16:9")
    result = await drawn(backend(server, vertex=True, model="imagen-4.0-generate-001"), spec(negative="", references=(OTHER,)))
    assert "reference images" in {d.setting for d in result.dropped}
