"""OpenAI's image API: requests against its description, answers and errors in its documented shapes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.openai import OpenAIImagesBackend
from providers.images.results import size_of
from tests.contract.cloud_parts import KEY, OTHER, PICTURE, PNG64, check_one_call, cloud_config, draw_all, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, png, spec
from tests.contract.loopback import Loopback, json_reply, loopback, text_reply
from tests.contract.recorded import check_requests, parts_of

DRAW, EDIT = "/images/generations", "/images/edits"
ANSWER = json_reply({"created": 1, "data": [{"b64_json": PNG64}], "size": "1024x1024", "usage": {"total_tokens": 4200}})


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, ANSWER)
        running.on("POST", EDIT, ANSWER)
        running.on(
            "GET", "/models", json_reply({"object": "list", "data": [{"id": i} for i in ("gpt-5", "gpt-image-2", "chatgpt-image-latest")]})
        )
        yield running
        check_requests(running.seen, "openai.json", exact=True)
    await close_clients()


def backend(server: Loopback, **more: Any) -> OpenAIImagesBackend:
    return OpenAIImagesBackend(cloud_config("openai", server.url, **more))


async def test_a_picture(server: Loopback) -> None:
    result = await drawn(
        backend(server, quality="high", output_format="webp", output_compression=90), spec(negative="", width=1536, height=864)
    )
    seen = server.asked(DRAW)[0]
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    expected = {"model": "gpt-image-2", "prompt": "a red cat", "n": 1, "size": "1536x864", "quality": "high"}
    assert seen.json == {**expected, "output_format": "webp", "output_compression": 90}
    assert (result.images[0].data, result.model, result.cost_text) == (PNG, "gpt-image-2", "4200 tokens")
    assert [(d.setting, d.why) for d in result.dropped] == [("size", "1536×864 became 8×8")]
    assert result.parameters["size"] == "1536x864"


@pytest.mark.parametrize(
    ("model", "size", "sent"),
    [
        ("gpt-image-1.5", (512, 768), "1024x1536"),
        ("gpt-image-1.5", (800, 500), "1536x1024"),
        ("gpt-image-2.6-flare", (900, 900), "1024x1024"),
        ("gpt-image-2.5-flare", (512, 512), "816x816"),
        ("gpt-image-2", (2000, 200), "2000x672"),
        ("gpt-image-2-2026-04-21", (1000, 1000), "1008x1008"),
        ("gpt-image-2", (9000, 100), "3840x1280"),
        ("gpt-image-2", (1, 1), "816x816"),
        ("gpt-image-2", (3840, 3840), "2880x2880"),
        ("dall-e-3", (1920, 1080), "1792x1024"),
        ("dall-e-2", (512, 768), "512x512"),
        ("chatgpt-image-latest", (64, 64), "1024x1024"),
    ],
)
async def test_sizes_go_by_the_model(server: Loopback, model: str, size: tuple[int, int], sent: str) -> None:
    await drawn(backend(server), spec(negative="", model=model, width=size[0], height=size[1]))
    assert server.asked(DRAW)[0].json["size"] == sent


async def test_one_reference_and_several_in_order(server: Loopback) -> None:
    mine = backend(server, moderation="low", input_fidelity="high", model="gpt-image-1.5")
    result = await drawn(mine, spec(negative="", references=(REFERENCE,)))
    assert [d.setting for d in result.dropped] == ["size", "moderation"]
    await drawn(mine, spec(negative="", references=(OTHER, REFERENCE)))
    one, several = (list(parts_of(seen)) for seen in server.asked(EDIT))
    assert [(name, data) for name, file, data in one if file] == [("image", REFERENCE.data)]
    files = [(name, file, data) for name, file, data in several if file]
    assert files == [("image[]", "reference-1.png", OTHER.data), ("image[]", "reference-2.png", REFERENCE.data)]
    fields = {name: data for name, file, data in several if not file}
    assert (fields["input_fidelity"], "moderation" in fields) == (b"high", False)


SETTINGS: dict[str, Any] = {
    "quality": "max",
    "background": "opaque",
    "output_format": "webp",
    "output_compression": 80,
    "moderation": "auto",
    "input_fidelity": "high",
}


@pytest.mark.parametrize(
    ("model", "drawing", "editing"),
    [
        ("gpt-image-2", {"quality"}, {"quality", "moderation", "input fidelity"}),
        ("gpt-image-1-mini", {"quality"}, {"quality", "moderation", "input fidelity"}),
        ("gpt-image-1.5", {"quality"}, {"quality", "moderation"}),
        ("gpt-image-1", {"quality"}, {"quality", "moderation"}),
        ("gpt-image-2.5-flare", set(), {"moderation", "input fidelity"}),
        ("gpt-image-2.6-sunburst", set(), {"moderation", "input fidelity"}),
        ("dall-e-2", {"quality", "background", "output format", "output compression", "moderation"}, None),
        ("dall-e-3", {"quality", "background", "output format", "output compression", "moderation"}, None),
    ],
)
async def test_what_a_model_does_not_take_is_left_out_and_told(
    server: Loopback, model: str, drawing: set[str], editing: set[str] | None
) -> None:
    mine = backend(server, model=model, **SETTINGS)
    told = {d.setting for d in (await drawn(mine)).dropped} - {"size"}
    sent = server.asked(DRAW)[0].json
    assert told == drawing
    names = {name for name in SETTINGS if name != "input_fidelity" and name.replace("_", " ") not in drawing}
    assert {name: sent[name] for name in set(sent) & set(SETTINGS)} == {name: SETTINGS[name] for name in names}
    assert sent.get("response_format") == ("b64_json" if model.startswith("dall-e") else None)
    if editing is not None:
        told = {d.setting for d in (await drawn(mine, spec(negative="", references=(OTHER,)))).dropped} - {"size"}
        sent_names = {name for name, file, _ in parts_of(server.asked(EDIT)[0]) if not file}
        assert (told, sent_names & {name.replace(" ", "_") for name in editing}) == (editing, set())
    server.seen.clear()  # the description at hand is older than some of the values


async def test_dall_e_2_edits_one_square_png_and_3_none(server: Loopback) -> None:
    wide = Reference(png(20, 10), "image/png")
    old = backend(server, model="dall-e-2")
    result = await drawn(old, spec(negative="", width=512, height=512, references=(wide, OTHER)))
    ((field, _, data),) = [part for part in parts_of(server.asked(EDIT)[0]) if part[1]]
    assert (field, size_of(data)) == ("image", (512, 512))
    assert "reference images" in {d.setting for d in result.dropped}
    newer = backend(server, model="dall-e-3")
    assert (newer.capabilities().references, newer.capabilities().image_to_image) == (0, False)
    result = await drawn(newer, spec(negative="", references=(OTHER,)))
    assert ("reference images", len(server.asked(DRAW))) == (result.dropped[-1].setting, 1)


@pytest.mark.parametrize(
    ("model", "asked", "said"),
    [
        ("gpt-image-2", {"prompt": "x" * 32_001}, "limit 32000 characters"),
        ("dall-e-3", {"prompt": "x" * 4001}, "limit 4000 characters"),
        ("gpt-image-2", {"references": (Reference(png() + b"\0" * 50_000_000 + png()[-12:], "image/png"),)}, "limit 50 MB"),
    ],
)
async def test_limits_are_told_before_anything_is_sent(server: Loopback, model: str, asked: dict[str, Any], said: str) -> None:
    found = await failed(backend(server, model=model), spec(negative="", **asked))
    assert (found.kind, said in str(found), server.seen) == (ErrorKind.INVALID, True, []), str(found)


async def test_more_references_than_it_takes_are_told(server: Loopback) -> None:
    result = await drawn(backend(server), spec(negative="", references=(OTHER,) * 17))
    assert len([part for part in parts_of(server.asked(EDIT)[0]) if part[1]]) == 16
    assert any(d.setting == "reference images" and "takes 16" in d.why for d in result.dropped)


async def test_adult_places_ask_for_the_mild_filter_and_others_do_not(server: Loopback) -> None:
    await drawn(backend(server), spec(negative="", adult=True))
    await drawn(backend(server), spec(negative=""))
    assert [seen.json.get("moderation") for seen in server.asked(DRAW)] == ["low", None]


async def test_the_dialect_of_compatible_servers(server: Loopback) -> None:
    server.on("POST", DRAW, json_reply({"data": [{"url": f"{server.url}/files/1.png"}]}))
    server.on("GET", "/files/1.png", PICTURE)
    result = await drawn(backend(server, compatible=True, model="flux", quality="high"))
    sent = server.asked(DRAW)[0].json
    assert sent == {"model": "flux", "prompt": "a red cat", "n": 1, "size": "64x64", "response_format": "b64_json"}
    assert result.images[0].data == PNG
    assert [d.setting for d in result.dropped] == ["size", "quality"]
    plain = backend(server, compatible=True, response_format="none")
    await drawn(plain, spec(negative="", prompt="x" * 40_000))
    assert set(server.asked(DRAW)[1].json) == {"prompt", "n", "size"}, "no model is guessed for somebody's own server"
    assert backend(server, compatible=True, edits=False).capabilities().references == 0
    server.on("GET", "/models", json_reply({"error": "no such route"}, 404))
    assert "no model list" in (await plain.check()).summary
    server.seen[:] = server.asked(DRAW)  # the downloads are not the API's


def test_a_key_is_needed_for_the_cloud_and_not_for_a_server_of_ones_own() -> None:
    for url, fine in (("https://api.openai.com/v1", False), ("http://127.0.0.1:8080/v1", True)):
        config = cloud_config("openai", url).model_copy(update={"api_key": None})
        with nullcontext() if fine else pytest.raises(ProviderError, match="needs api_key"):
            OpenAIImagesBackend(config)


@pytest.mark.parametrize("options", [{"background": "transparent", "output_format": "jpeg"}, {"quality": "ultra"}, {"colour": "red"}])
def test_wrong_options_are_named(options: dict[str, Any]) -> None:
    with pytest.raises(ProviderError, match=r"In \[images.mine\]"):
        OpenAIImagesBackend(cloud_config("openai", "https://api.openai.com/v1", **options))


async def test_models_are_filtered_remembered_and_refreshed(server: Loopback) -> None:
    mine = backend(server)
    assert [model.id for model in await mine.models()] == ["chatgpt-image-latest", "gpt-image-2"]
    await mine.models()
    assert len(server.asked("/models")) == 1
    await mine.models(refresh=True)
    assert len(server.asked("/models")) == 2
    assert (await mine.check()).problems == ()
    assert "gpt-image-9" in (await backend(server, model="gpt-image-9").check()).problems[0]


def error(status: int, **fields: Any) -> Any:
    return json_reply({"error": {"message": "m", "type": None, "param": None, "code": None, **fields}}, status)


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (error(400, code="moderation_blocked", type="image_generation_user_error"), ErrorKind.REFUSED, ""),
        (error(400, code="content_policy_violation"), ErrorKind.REFUSED, ""),
        (error(429, code="insufficient_quota", type="insufficient_quota"), ErrorKind.NO_CREDIT, ""),
        (error(400, code="billing_hard_limit_reached"), ErrorKind.NO_CREDIT, ""),
        (error(429, code="rate_limit_exceeded"), ErrorKind.RATE_LIMITED, ""),
        (error(400, param="size", code="invalid_value"), ErrorKind.INVALID, "cannot draw this size"),
        (error(400, param="prompt", code="string_above_max_length", message="too long"), ErrorKind.INVALID, "too long"),
        (error(400, param="image", code="invalid_image_file"), ErrorKind.INVALID, "reference"),
        (error(404, code="model_not_found"), ErrorKind.MISCONFIGURED, "no model «gpt-image-2»"),
        (error(400, param="model", code="invalid_value"), ErrorKind.MISCONFIGURED, "no model «gpt-image-2»"),
        (error(403, code="model_not_found", message="Project has no access to model"), ErrorKind.MISCONFIGURED, "no model"),
        (error(403, message="Your organization must be verified to use it"), ErrorKind.UNAUTHORISED, "must be verified"),
        (error(403, code="unsupported_country_region_territory"), ErrorKind.MISCONFIGURED, "country"),
        (error(401, code="invalid_api_key"), ErrorKind.UNAUTHORISED, ""),
        (
            error(400, code="moderation_blocked", moderation_details={"categories": ["violence"], "moderation_stage": "output"}),
            ErrorKind.REFUSED,
            "",
        ),
        (error(400, type="image_generation_user_error", message="rejected by our safety system"), ErrorKind.REFUSED, ""),
        (error(409, message="Conflict with another request"), ErrorKind.BUSY, ""),
        (error(408), ErrorKind.TIMED_OUT, ""),
        (text_reply("<h1>413</h1>", 413), ErrorKind.INVALID, "too big"),
        (error(503), ErrorKind.BUSY, ""),
        (json_reply({"created": 1, "data": [], "error": {"code": "moderation_blocked", "message": "m"}}), ErrorKind.REFUSED, ""),
        (json_reply({"created": 1, "data": []}), ErrorKind.BAD_ANSWER, "no picture"),
        (error(500), ErrorKind.BAD_ANSWER, ""),
    ],
)
async def test_documented_errors(server: Loopback, reply: Any, kind: ErrorKind, said: str) -> None:
    server.on("POST", DRAW, reply)
    found = await failed(backend(server))
    assert (found.kind, said in str(found)) == (kind, True), str(found)


async def test_a_wait_in_milliseconds(server: Loopback) -> None:
    server.on("POST", DRAW, json_reply({"error": {"code": "rate_limit_exceeded", "message": "m"}}, 429, retry_after_ms="1500"))
    assert (await failed(backend(server))).retry_after == 1.5


async def test_a_model_chosen_by_a_player_that_is_not_there_is_their_mistake(server: Loopback) -> None:
    server.on("POST", DRAW, error(404, code="model_not_found"))
    assert (await failed(backend(server), spec(negative="", model="dall-e-3"))).kind is ErrorKind.INVALID


@pytest.mark.parametrize("data", [b"no picture", png()[:40], b""])
async def test_a_reference_that_is_no_picture_is_never_sent(server: Loopback, data: bytes) -> None:
    found = await failed(backend(server), spec(negative="", references=(Reference(data, "image/png"),)))
    assert (found.kind, server.seen) == (ErrorKind.INVALID, [])


@pytest.mark.parametrize("entry", [{}, {"b64_json": ""}, {"b64_json": "%%%"}, {"b64_json": PNG64[:60]}])
async def test_answers_without_a_whole_picture(server: Loopback, entry: dict[str, Any]) -> None:
    server.on("POST", DRAW, json_reply({"data": [entry]}))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


FIXED = {
    "dall-e-2": {(256, 256), (512, 512), (1024, 1024)},
    "dall-e-3": {(1024, 1024), (1792, 1024), (1024, 1792)},
}


def check_size(model: str, width: int, height: int) -> None:
    """The sizes the API reference documents for a model."""
    if model in ("gpt-image-2", "gpt-image-2-2026-04-21") or model.startswith("gpt-image-2.5-"):
        assert (width % 16, height % 16, max(width, height) <= 3 * min(width, height)) == (0, 0, True), (width, height)
        assert max(width, height) <= 3840
        assert width * height <= 3840 * 2160
    else:
        assert (width, height) in FIXED.get(model, {(1024, 1024), (1536, 1024), (1024, 1536)}), (model, width, height)


async def test_whatever_can_go_wrong_with_a_call(server: Loopback) -> None:
    await check_one_call(server, backend, DRAW)


async def test_a_matrix_of_settings(server: Loopback) -> None:
    await draw_all(backend(server), "gpt-image-2", "gpt-image-2-2026-04-21", "gpt-image-2.5-flare", "gpt-image-2.6-flare")
    await draw_all(backend(server), "gpt-image-1", "gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest", "a-name-of-a-gateway")
    await draw_all(backend(server), "dall-e-2", "dall-e-3")
    for seen in server.seen:
        sent = seen.json if seen.path == DRAW else {name: data.decode() for name, file, data in parts_of(seen) if not file}
        check_size(sent["model"], *(int(side) for side in sent["size"].split("x")))
        assert len(sent["prompt"]) <= 1000
    await draw_all(backend(server, quality="low", background="transparent", output_format="png", moderation="auto"))
