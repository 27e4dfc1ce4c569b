"""Together AI's image route: requests against its description, documented answers and errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.references import as_data_uri
from providers.images.together import TogetherImagesBackend
from tests.contract.cloud_extremes import draw_extremes
from tests.contract.cloud_parts import KEY, OTHER, PICTURE, PNG64, check_one_call, cloud_config, draw_all, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback
from tests.contract.recorded import check_requests

DRAW = "/images/generations"
MODELS = [
    {"id": "black-forest-labs/FLUX.1-schnell", "type": "image", "display_name": "FLUX.1 [schnell]"},
    {"id": "meta/llama", "type": "chat"},
    {"type": "image"},
]


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, json_reply({"id": "1", "object": "list", "data": [{"index": 0, "type": "b64_json", "b64_json": PNG64}]}))
        running.on("GET", "/models", json_reply(MODELS))
        running.on("GET", "/files/1.png", PICTURE)
        yield running
        check_requests([seen for seen in running.seen if not seen.path.startswith("/files")], "together.json", exact=True)
    await close_clients()


def backend(server: Loopback, **more: Any) -> TogetherImagesBackend:
    return TogetherImagesBackend(cloud_config("together", server.url, **more))


async def test_every_setting_it_has(server: Loopback) -> None:
    mine = backend(server, image_loras=[{"path": "https://example.org/lora"}])
    result = await drawn(mine, spec(negative="blurry", width=512, height=768, steps=4, cfg=2.5, adult=True))
    assert server.asked(DRAW)[0].headers["Authorization"] == f"Bearer {KEY}"
    assert server.asked(DRAW)[0].json == {
        "model": "black-forest-labs/FLUX.1-schnell",
        "prompt": "a red cat",
        "negative_prompt": "blurry",
        "width": 512,
        "height": 768,
        "seed": 5,
        "steps": 4,
        "guidance_scale": 2.5,
        "n": 1,
        "response_format": "base64",
        "output_format": "png",
        "disable_safety_checker": True,
        "image_loras": [{"path": "https://example.org/lora", "scale": 1.0}],
    }
    assert (result.images[0].data, result.images[0].seed) == (PNG, 5)


async def test_nothing_that_nobody_asked_for(server: Loopback) -> None:
    await drawn(backend(server))
    assert not {"negative_prompt", "steps", "guidance_scale", "disable_safety_checker"} & set(server.asked(DRAW)[0].json)


async def test_references_in_order_and_by_the_models_field(server: Loopback) -> None:
    mine = backend(server)
    result = await drawn(mine, spec(negative="", model="black-forest-labs/FLUX.2-dev", references=(OTHER, REFERENCE)))
    await drawn(mine, spec(negative="", model="black-forest-labs/FLUX.1-Kontext-pro", references=(REFERENCE,)))
    several, one = (seen.json for seen in server.asked(DRAW))
    assert several["reference_images"] == [as_data_uri(OTHER), as_data_uri(REFERENCE)]
    assert (one["image_url"], "reference_images" in one) == (as_data_uri(REFERENCE), False)
    assert "reference_images" not in result.parameters
    assert mine.capabilities("black-forest-labs/FLUX.1-kontext-max").references == 1


async def test_an_answer_by_address_is_downloaded(server: Loopback) -> None:
    server.on("POST", DRAW, json_reply({"data": [{"type": "url", "url": f"{server.url}/files/1.png"}]}))
    assert (await drawn(backend(server))).images[0].data == PNG
    assert "Authorization" not in server.asked("/files/1.png")[0].headers


async def test_only_image_models_are_listed(server: Loopback) -> None:
    models = await backend(server).models()
    assert [(m.id, m.label, m.family) for m in models] == [("black-forest-labs/FLUX.1-schnell", "FLUX.1 [schnell]", "flux")]


@pytest.mark.parametrize(
    ("status", "fields", "kind"),
    [
        (401, {"message": "Invalid API key provided", "type": "invalid_request_error", "code": "invalid_api_key"}, ErrorKind.UNAUTHORISED),
        (402, {"message": "Payment required", "type": "credit_limit"}, ErrorKind.NO_CREDIT),
        (400, {"message": "steps must be between 1 and 12", "type": "invalid_request_error", "param": "steps"}, ErrorKind.INVALID),
        (400, {"message": "Unable to access model x", "code": "model_not_available"}, ErrorKind.MISCONFIGURED),
        (422, {"message": "Input blocked by moderation", "type": "invalid_request_error"}, ErrorKind.REFUSED),
        (500, {"message": "m", "type": "server_error"}, ErrorKind.BAD_ANSWER),
        (200, {"message": "NSFW content detected in image", "type": "invalid_request_error"}, ErrorKind.REFUSED),
        (200, {"message": "slow", "type": "rate_limit"}, ErrorKind.RATE_LIMITED),
        (400, {"message": "NSFW content detected in image", "type": "invalid_request_error"}, ErrorKind.REFUSED),
        (422, {"message": "width must be a multiple of 16", "param": "width"}, ErrorKind.INVALID),
        (404, {"message": "Unable to access model", "code": "model_not_available"}, ErrorKind.MISCONFIGURED),
        (429, {"message": "Credit limit exceeded", "type": "credit_limit"}, ErrorKind.NO_CREDIT),
        (429, {"message": "slow", "type": "rate_limit"}, ErrorKind.RATE_LIMITED),
        (503, {"message": "overloaded"}, ErrorKind.BUSY),
        (504, {"message": "timeout"}, ErrorKind.BUSY),
    ],
)
async def test_documented_errors(server: Loopback, status: int, fields: dict[str, str], kind: ErrorKind) -> None:
    server.on("POST", DRAW, json_reply({"error": fields}, status))
    found = await failed(backend(server))
    assert found.kind is kind
    assert "param" not in fields or fields["param"] in str(found) or "size" in str(found)


async def test_a_pause_in_milliseconds_and_an_error_beside_an_empty_list(server: Loopback) -> None:
    slow = Reply(
        429, b'{"error": {"message": "slow", "type": "rate_limit"}}', {"retry-after-ms": "1500", "Content-Type": "application/json"}
    )
    server.on(
        "POST",
        DRAW,
        slow,
        json_reply({"id": "1", "object": "list", "data": [], "error": {"message": "no credit", "code": "payment_required"}}),
    )
    assert (await failed(backend(server))).retry_after == 1.5
    assert (await failed(backend(server))).kind is ErrorKind.NO_CREDIT


async def test_what_is_beyond_its_limits_is_mended_and_told(server: Loopback) -> None:
    mine = backend(server, references=6, most_side=1440)
    for model in ("", "black-forest-labs/FLUX.2-dev", "black-forest-labs/FLUX.1-kontext-dev", "black-forest-labs/FLUX.1.1-pro"):
        for number, (asked, _) in enumerate(await draw_extremes(mine, model, ranges=False)):
            sent = server.asked(DRAW)[-15:][number].json
            assert (sent["width"] % 16, sent["height"] % 16, max(sent["width"], sent["height"]) <= 1440) == (0, 0, True)
            assert len(sent.get("reference_images", ())) <= min(6, len(asked.references))


async def test_a_wrapped_model_list(server: Loopback) -> None:
    server.on("GET", "/models", json_reply({"data": MODELS}))
    assert len(await backend(server).models()) == 1


async def test_a_reference_that_is_too_big_is_never_sent(server: Loopback) -> None:
    big = Reference(PNG[:-12] + b"\0" * 10_000_000 + PNG[-12:], "image/png")
    found = await failed(backend(server), spec(negative="", references=(big,)))
    assert (found.kind, "10 MB" in str(found), server.seen) == (ErrorKind.INVALID, True, [])
    mine = backend(server, reference_bytes=11_000_000)
    assert (await drawn(mine, spec(negative="", references=(big,)))).images


def test_wrong_options_are_named(server: Loopback) -> None:
    with pytest.raises(ProviderError, match="«colour» is no option of together"):
        backend(server, colour="red")


async def test_whatever_can_go_wrong_with_a_call(server: Loopback) -> None:
    await check_one_call(server, backend, DRAW)


async def test_a_matrix_of_settings(server: Loopback) -> None:
    await draw_all(backend(server), "black-forest-labs/FLUX.2-dev", "black-forest-labs/FLUX.1-kontext-pro")
