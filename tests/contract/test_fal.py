"""fal.ai: bodies against the official client's types, the queue with places and cancel, restarts, both error shapes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.fal import FalBackend
from providers.images.fal_models import ENDPOINTS, editors_of, learnt
from providers.images.references import as_data_uri
from tests.contract.cloud_extremes import draw_extremes
from tests.contract.cloud_parts import KEY, OTHER, PICTURE, check_faults, check_nonsense, cloud_config, draw_all, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, Watch, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.recorded import check_requests, check_value, document, material

STATUS, RESULT, CANCEL = "/app/requests/1/status", "/app/requests/1", "/app/requests/1/cancel"
LORA_MODEL = {"model_name": "someone/model"}


def described() -> dict[str, Any]:
    path = material("specs", "fal-models.schema.json")
    return document(path) if path else {}


def queued(server: Loopback) -> Reply:
    urls = {"status_url": server.url + STATUS, "response_url": server.url + RESULT, "cancel_url": server.url + CANCEL}
    return json_reply({"request_id": "1", **urls})


def result(server: Loopback, **more: Any) -> Reply:
    picture = {"url": f"{server.url}/files/1.png", "width": 8, "height": 8, "content_type": "image/png"}
    return json_reply({"images": [picture], "seed": 99, "has_nsfw_concepts": [False], "prompt": "a red cat", "timings": {}, **more})


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        for endpoint in ENDPOINTS:
            running.on("POST", f"/{endpoint}", queued(running))
        places = [json_reply({"status": "IN_QUEUE", "queue_position": place}, 202) for place in (2, 0)]
        running.on("GET", STATUS, *places, json_reply({"status": "IN_PROGRESS", "logs": None}, 202), json_reply({"status": "COMPLETED"}))
        running.on("GET", RESULT, result(running))
        running.on("PUT", CANCEL, json_reply({"status": "CANCELLATION_REQUESTED"}, 202))
        running.on("GET", "/files/1.png", PICTURE)
        rows = [{"endpoint_id": "fal-ai/flux/dev", "metadata": {"display_name": "FLUX.1 [dev]", "status": "active"}}]
        running.on("GET", "/models", json_reply({"models": rows, "next_cursor": None, "has_more": False}))
        price = {"endpoint_id": "fal-ai/flux/dev", "unit_price": 0.025, "unit": "image", "currency": "USD"}
        running.on("GET", "/models/pricing", json_reply({"prices": [price], "next_cursor": None, "has_more": False}))
        yield running
        check_requests([*running.asked("/models"), *running.asked("/models/pricing")], "fal-platform.json")
        models = described()
        for seen in running.seen:
            name = seen.path.removeprefix("/")
            if seen.method == "POST" and name in models.get("models", ()):
                check_value(models, _plain(models, models["models"][name]["input"]), seen.json, exact=True)
    await close_clients()


def _plain(models: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without chains of references. The types only say «number», so a number sent as text would be found."""
    while "$ref" in schema:
        schema = models["definitions"][schema["$ref"].rpartition("/")[2]]
    return schema


def backend(server: Loopback, **more: Any) -> FalBackend:
    return FalBackend(cloud_config("fal", server.url, **{"poll_seconds": 0.002, "platform_url": server.url, **more}))


async def test_a_picture(server: Loopback) -> None:
    watch = Watch()
    made = await drawn(backend(server, priority="low"), spec(negative="", width=768, height=512, steps=20, cfg=3.5), watch)
    seen = server.asked("/fal-ai/flux/dev")[0]
    assert (seen.headers["Authorization"], seen.headers["X-Fal-Queue-Priority"]) == (f"Key {KEY}", "low")
    assert seen.json == {
        "prompt": "a red cat",
        "image_size": {"width": 768, "height": 512},
        "seed": 5,
        "num_images": 1,
        "output_format": "png",
        "num_inference_steps": 20,
        "guidance_scale": 3.5,
    }
    assert (made.images[0].data, made.images[0].seed, made.model) == (PNG, 99, "fal-ai/flux/dev")
    assert (made.cost, made.cost_text) == (None, "0.025 USD per image")
    assert [report.place for report in watch.reports if report.stage == "queued"] == [2, 0]
    assert watch.stages == ["queued", "drawing"]
    assert json.loads(watch.remembered[0])["cancel"] == server.url + CANCEL


@pytest.mark.parametrize("model", [name for name, endpoint in ENDPOINTS.items() if not endpoint.needs_picture])
async def test_every_endpoint_gets_only_what_it_takes(server: Loopback, model: str) -> None:
    extra = LORA_MODEL if model == "fal-ai/lora" else {}
    mine = backend(server, model=model, extra=extra)
    able = mine.capabilities()
    asked = spec(
        negative="bad" if able.negative else "", width=640, height=480, adult=True, scheduler="euler a" if able.scheduler else None
    )
    await drawn(mine, asked)
    sent = server.asked(f"/{model}")[0].json
    assert ("negative_prompt" in sent, "seed" in sent) == (able.negative, able.seed)
    assert sent.get("enable_safety_checker", False) is False
    if able.references:
        server.on("GET", STATUS, json_reply({"status": "COMPLETED"}))
        await drawn(mine, spec(negative="", steps=8 if able.steps else None, references=(OTHER,), denoise=0.5 if able.denoise else None))


def test_editors_are_known_endpoints() -> None:
    assert all(editor in ENDPOINTS for model in ENDPOINTS for editor in editors_of(model))
    models = described().get("models", {})
    assert not models or set(ENDPOINTS) <= set(models)


async def test_references_go_to_the_editing_endpoint_in_order(server: Loopback) -> None:
    mine = backend(server, model="fal-ai/flux-2")
    made = await drawn(mine, spec(negative="", references=(OTHER, REFERENCE), denoise=0.5))
    sent = server.asked("/fal-ai/flux-2/edit")[0].json
    assert sent["image_urls"] == [as_data_uri(OTHER), as_data_uri(REFERENCE)]
    assert (made.model, [d.setting for d in made.dropped], "image_urls" in made.parameters) == (
        "fal-ai/flux-2/edit",
        ["size", "denoise strength"],
        False,
    )
    kontext = backend(server, model="fal-ai/flux-pro/kontext/text-to-image")
    await drawn(kontext, spec(negative="", references=(OTHER,)))
    assert server.asked("/fal-ai/flux-pro/kontext")[0].json["image_url"] == as_data_uri(OTHER)


async def test_a_model_that_cannot_draw_from_pictures_says_so(server: Loopback) -> None:
    found = await failed(backend(server, model="fal-ai/pony-v7"), spec(negative="", references=(OTHER,)))
    assert (found.kind, server.asked("/fal-ai/pony-v7")) == (ErrorKind.INVALID, [])


async def test_odd_values_are_brought_into_the_endpoints_own(server: Loopback) -> None:
    made = await drawn(backend(server, model="fal-ai/fast-lightning-sdxl"), spec(negative="", steps=25))
    assert server.asked("/fal-ai/fast-lightning-sdxl")[0].json["num_inference_steps"] == "8"
    assert "steps" in {d.setting for d in made.dropped}
    await drawn(backend(server, model="fal-ai/gpt-image-1.5"), spec(negative="", width=300, height=600))
    assert server.asked("/fal-ai/gpt-image-1.5")[0].json["image_size"] == "1024x1536"
    lora = backend(server, model="fal-ai/lora", extra=LORA_MODEL)
    await drawn(lora, spec(negative="", scheduler="nope"))
    assert "scheduler" not in server.asked("/fal-ai/lora")[0].json
    assert "DPM++ 2M Karras" in await lora.choices("scheduler")


async def test_an_unknown_endpoint_is_learnt_from_its_description(server: Loopback) -> None:
    sizes = {"anyOf": [{"$ref": "#/components/schemas/ImageSize"}, {"enum": ["square_hd"]}]}
    fields = {"prompt": {}, "image_size": sizes, "seed": {}, "negative_prompt": {}, "safety_tolerance": {"enum": ["1", "4"]}}
    schema = {"$ref": "#/components/schemas/Input"}
    body = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    document = {"paths": {"/new/model": {"post": body}}, "components": {"schemas": {"Input": {"properties": fields}}}}
    server.on("GET", "/models", json_reply({"models": [{"endpoint_id": "new/model", "openapi": document}]}))
    server.on("POST", "/new/model", queued(server))
    mine = backend(server, model="new/model")
    assert mine.capabilities().negative is False
    await drawn(mine, spec(negative="bad", adult=True, width=640, height=480))
    sent = server.asked("/new/model")[0].json
    expected = {"image_size": {"width": 640, "height": 480}, "seed": 5, "negative_prompt": "bad", "safety_tolerance": "4"}
    assert sent == {"prompt": "a red cat", **expected}
    assert mine.capabilities().negative is True
    assert learnt({"paths": {}}, "new/model") is None


async def test_an_endpoint_without_a_description_gets_the_prompt_alone(server: Loopback) -> None:
    server.on("GET", "/models", json_reply({"models": []}))
    server.on("POST", "/new/model", queued(server))
    made = await drawn(backend(server, model="new/model"), spec(negative="", steps=9))
    assert server.asked("/new/model")[0].json == {"prompt": "a red cat"}
    assert "steps" in {d.setting for d in made.dropped}


# --- how it may end ---


async def test_a_blacked_out_picture_is_a_refusal(server: Loopback) -> None:
    server.on("GET", RESULT, result(server, has_nsfw_concepts=[True]))
    assert (await failed(backend(server))).kind is ErrorKind.REFUSED


def model_error(kind: str, status: int = 422) -> Reply:
    return json_reply({"detail": [{"loc": ["body", "prompt"], "msg": "m", "type": kind, "input": "content_policy"}]}, status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (model_error("content_policy_violation"), ErrorKind.REFUSED),
        (model_error("image_too_large"), ErrorKind.INVALID),
        (model_error("image_load_error"), ErrorKind.INVALID),
        (model_error("unsupported_image_format"), ErrorKind.INVALID),
        (model_error("generation_timeout"), ErrorKind.TIMED_OUT),
        (json_reply({"detail": "m", "error_type": "request_timeout"}, 504), ErrorKind.BUSY),
        *(
            (json_reply({"detail": "m", "error_type": f"runner_{what}"}, 503), ErrorKind.BUSY)
            for what in ("connection_timeout", "disconnected", "connection_refused", "connection_error")
        ),
        (json_reply({"detail": "m", "error_type": "runner_incomplete_response"}, 502), ErrorKind.BAD_ANSWER),
        (json_reply({"detail": "m", "error_type": "client_disconnected"}, 499), ErrorKind.CANCELLED),
        (json_reply({"detail": "m", "error_type": "client_cancelled"}, 499), ErrorKind.CANCELLED),
        (json_reply({"detail": "m", "error_type": "internal_error"}, 500), ErrorKind.BAD_ANSWER),
        (Reply(504, b"<html>", {"X-Fal-Error-Type": "startup_timeout"}), ErrorKind.BUSY),
        (Reply(500, b"<html>", {"X-Fal-Error-Type": "client_cancelled"}), ErrorKind.BAD_ANSWER),
        (json_reply({"detail": [{"type": "runtime", "msg": "m", "loc": []}]}, 500, X_Fal_Retryable="false"), ErrorKind.INVALID),
        (json_reply({"detail": [{"type": "runtime", "msg": "m", "loc": []}]}, 500, X_Fal_Needs_Retry="0"), ErrorKind.INVALID),
        (json_reply({"detail": [{"type": "runtime", "msg": "m", "loc": []}]}, 500, X_Fal_Retryable="true"), ErrorKind.BAD_ANSWER),
        (json_reply({"detail": [{"type": "content_policy_violation", "msg": "m", "loc": []}]}), ErrorKind.REFUSED),
        (json_reply({"detail": "m", "error_type": "startup_timeout"}), ErrorKind.BUSY),
        (json_reply({"detail": "Insufficient permissions"}, 403), ErrorKind.UNAUTHORISED),
        (json_reply({"detail": "pay"}, 402), ErrorKind.NO_CREDIT),
        (json_reply({"detail": "slow"}, 429), ErrorKind.RATE_LIMITED),
        (json_reply({"detail": "again"}, 409), ErrorKind.BUSY),
        (json_reply({"detail": "again"}, 408), ErrorKind.TIMED_OUT),
        (model_error("no_media_generated"), ErrorKind.BAD_ANSWER),
        (model_error("image_too_small"), ErrorKind.INVALID),
        (model_error("file_download_error"), ErrorKind.INVALID),
        (model_error("generation_timeout", 504), ErrorKind.TIMED_OUT),
        (model_error("greater_than_equal"), ErrorKind.INVALID),
        (json_reply({"detail": "m", "error_type": "startup_timeout"}, 504), ErrorKind.BUSY),
        (json_reply({"detail": "m", "error_type": "runner_scheduling_failure"}, 503), ErrorKind.BUSY),
        (json_reply({"detail": "m", "error_type": "runner_server_error"}, 500), ErrorKind.BAD_ANSWER),
        (json_reply({"detail": "m", "error_type": "bad_request"}, 400), ErrorKind.INVALID),
        (json_reply({"detail": "User is locked. Reason: Exhausted balance."}, 403), ErrorKind.NO_CREDIT),
        (json_reply({"detail": "Not authenticated"}, 401), ErrorKind.UNAUTHORISED),
        (json_reply({"images": [], "error": "x"}), ErrorKind.BAD_ANSWER),
        (json_reply({"images": [{"url": "data:image/png;base64,AAAA"}]}), ErrorKind.BAD_ANSWER),
        (json_reply({"detail": "Request not found"}, 404), ErrorKind.BAD_ANSWER),
        (text_reply("<html>"), ErrorKind.BAD_ANSWER),
    ],
)
async def test_both_error_shapes_of_a_result(server: Loopback, reply: Reply, kind: ErrorKind) -> None:
    server.on("GET", STATUS, json_reply({"status": "COMPLETED", "error": "e", "error_type": "t"}))
    server.on("GET", RESULT, reply)
    found = await failed(backend(server))
    assert found.kind is kind, found.host_detail


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"error": "Runner died", "error_type": "runner_disconnected"}, ErrorKind.BUSY),
        ({"error": "no", "error_type": "content_policy_violation"}, ErrorKind.REFUSED),
        ({"error": "bad", "error_type": "bad_request"}, ErrorKind.INVALID),
        ({"error": "bad"}, ErrorKind.BAD_ANSWER),
    ],
)
async def test_a_status_that_tells_of_the_failure(server: Loopback, told: dict[str, str], kind: ErrorKind) -> None:
    server.on("GET", STATUS, json_reply({"status": "COMPLETED", **told}))
    server.on("GET", RESULT, json_reply({"seed": 1}))
    assert (await failed(backend(server))).kind is kind
    assert len(server.asked(RESULT)) == 1


async def test_a_failed_request_is_forgotten_so_that_the_next_try_submits_anew(server: Loopback) -> None:
    server.on("GET", STATUS, json_reply({"status": "COMPLETED", "error": "e", "error_type": "runner_scheduling_failure"}))
    server.on("GET", RESULT, json_reply({"detail": "m", "error_type": "runner_scheduling_failure"}, 503), result(server))
    watch = Watch()
    assert (await failed(backend(server), watch=watch)).kind is ErrorKind.BUSY
    assert watch.ref == ""
    assert (await drawn(backend(server), watch=watch)).images[0].data == PNG
    assert len(server.asked("/fal-ai/flux/dev")) == 2


async def test_a_passing_failure_on_the_way_to_the_result_is_forgiven(server: Loopback) -> None:
    server.on("GET", STATUS, json_reply({"status": "COMPLETED"}))
    server.on("GET", RESULT, text_reply("<html>gateway</html>", 502), result(server))
    watch = Watch()
    assert (await drawn(backend(server), watch=watch)).images[0].data == PNG
    assert (len(server.asked("/fal-ai/flux/dev")), len(watch.remembered)) == (1, 1)


@pytest.mark.parametrize("model", ["fal-ai/../x", "a b/c", "fal-ai/flux/dev?x=1", "//evil.example/x", "."])
async def test_an_endpoints_name_cannot_lead_elsewhere(server: Loopback, model: str) -> None:
    assert (await failed(backend(server), spec(negative="", model=model))).kind is ErrorKind.INVALID
    assert server.seen == []


async def test_what_is_beyond_an_endpoints_limits_is_mended_and_told(server: Loopback) -> None:
    server.on("GET", STATUS, json_reply({"status": "COMPLETED"}))
    mine = backend(server)
    for model in ("fal-ai/flux-2", "fal-ai/flux-2-flex", "fal-ai/fast-sdxl", "fal-ai/flux-pro/v1.1-ultra", "xai/grok-imagine-image"):
        await draw_extremes(mine, model)
    await draw_extremes(mine, "fal-ai/bytedance/seedream/v4.5/text-to-image")
    await draw_extremes(backend(server, model="fal-ai/lora", extra=LORA_MODEL))
    sizes = {seen.path: seen.json["image_size"] for seen in server.seen if seen.method == "POST" and "image_size" in seen.json}
    for path, size in ((seen.path, seen.json["image_size"]) for seen in server.seen if b"image_size" in seen.body):
        width, height = size["width"], size["height"]
        assert width % 8 == 0 == height % 8
        if path.startswith("/fal-ai/flux-2/"):
            assert 512 <= min(width, height) <= max(width, height) <= 2048
        if "seedream" in path:
            assert 2560 * 1440 <= width * height <= 4096 * 4096
    assert sizes
    edits = {path: max(len(seen.json["image_urls"]) for seen in server.asked(path)) for path in LISTS}
    assert edits == LISTS
    lora = [seen.json["clip_skip"] for seen in server.seen if b"clip_skip" in seen.body]
    assert set(lora) == {0, 2}


LISTS = {
    "/fal-ai/flux-2/edit": 4,
    "/xai/grok-imagine-image/edit": 3,
    "/fal-ai/bytedance/seedream/v4.5/edit": 10,
    "/fal-ai/flux-2-flex/edit": 4,
}


async def test_references_that_are_too_big_or_no_pictures_are_never_sent(server: Loopback) -> None:
    mine = backend(server, model="fal-ai/flux-2", reference_bytes=100_000)
    big = Reference(PNG[:-12] + b"\0" * 100_000 + PNG[-12:], "image/png")
    for bad, said in (
        (big, "too big"),
        (Reference(b"GIF89a" + b"\0" * 9 + b";", "image/gif"), "image/gif"),
        (Reference(PNG[:20], "x"), "not a picture"),
    ):
        found = await failed(mine, spec(negative="", references=(OTHER, bad)))
        assert (found.kind, "picture 2" in str(found), said in str(found), server.seen) == (ErrorKind.INVALID, True, True, []), str(found)


async def test_ranges_and_numbers_are_learnt(server: Loopback) -> None:
    fields = {
        "prompt": {},
        "num_inference_steps": {"minimum": 2, "maximum": 8},
        "guidance_scale": {"minimum": 0.5, "maximum": 3},
        "image_urls": {"maxItems": 2},
    }
    body = {"requestBody": {"content": {"application/json": {"schema": {"properties": fields, "required": ["prompt"]}}}}}
    row = {"endpoint_id": "new/model", "openapi": {"paths": {"/new/model": {"post": body}}}}
    server.on("GET", "/models", json_reply({"models": [row]}))
    server.on("POST", "/new/model", queued(server))
    mine = backend(server, model="new/model")
    made = await drawn(mine, spec(negative="", steps=50, cfg=9.0, references=(OTHER, REFERENCE, OTHER)))
    sent = server.asked("/new/model")[0].json
    assert (sent["num_inference_steps"], sent["guidance_scale"], len(sent["image_urls"])) == (8, 3.0, 2)
    assert {dropped.setting for dropped in made.dropped} >= {"steps", "CFG scale", "reference images"}
    assert (mine.capabilities().text_to_image, mine.capabilities().references) == (True, 2)
    closed = backend(server, model="fal-ai/flux-2", references=0)
    told = (await drawn(closed, spec(negative="", references=(OTHER,)))).dropped
    assert "reference images" in {dropped.setting for dropped in told}


async def test_a_request_that_never_ends_and_a_status_nobody_knows(server: Loopback) -> None:
    server.on("GET", STATUS, json_reply({"status": "IN_PROGRESS"}))
    assert (await failed(backend(server, seconds=0.05))).kind is ErrorKind.TIMED_OUT
    server.on("GET", STATUS, json_reply({"status": "DREAMING"}))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_strange_addresses_are_not_asked(server: Loopback) -> None:
    async with loopback() as other:
        server.on("POST", "/fal-ai/flux/dev", queued(other))
        assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER
        assert other.seen == []


# --- cancel and restarts ---


async def test_cancel_reaches_the_queue(server: Loopback) -> None:
    server.on("GET", STATUS, json_reply({"status": "IN_QUEUE", "queue_position": 4}))
    mine, watch = backend(server), Watch()
    task = asyncio.ensure_future(failed(mine, watch=watch))
    while not watch.reports:
        await asyncio.sleep(0.001)
    assert await mine.cancel("job-1", watch.ref) is True
    assert (await task).kind is ErrorKind.CANCELLED
    assert [seen.method for seen in server.asked(CANCEL)] == ["PUT"]


async def test_cancel_after_a_restart_and_too_late(server: Loopback) -> None:
    assert await backend(server).cancel("job-1", record(server).ref) is True
    server.on("PUT", CANCEL, json_reply({"status": "ALREADY_COMPLETED"}, 400))
    assert await backend(server).cancel("job-1", record(server).ref) is False
    assert await backend(server).cancel("job-1", None) is False
    assert await backend(server).cancel("job-1", '{"cancel": "https://evil.example/"}') is False


def record(server: Loopback) -> Watch:
    return Watch(json.dumps({"status": server.url + STATUS, "response": server.url + RESULT, "cancel": server.url + CANCEL}))


async def test_a_restart_goes_on_waiting(server: Loopback) -> None:
    assert (await drawn(backend(server), watch=record(server))).images[0].data == PNG
    assert server.asked("/fal-ai/flux/dev") == []


async def test_a_lost_request_is_submitted_anew_and_a_refused_one_is_not(server: Loopback) -> None:
    server.on("GET", STATUS, json_reply({"detail": "gone"}, 404), json_reply({"status": "COMPLETED"}))
    server.on("GET", RESULT, json_reply({"detail": "gone"}, 404), result(server))
    assert (await drawn(backend(server), watch=record(server))).images
    assert len(server.asked("/fal-ai/flux/dev")) == 1
    server.on("GET", RESULT, model_error("content_policy_violation"))
    assert (await failed(backend(server), watch=record(server))).kind is ErrorKind.REFUSED
    assert len(server.asked("/fal-ai/flux/dev")) == 1


async def test_a_picture_is_not_lost_for_want_of_its_price(server: Loopback) -> None:
    server.on("GET", "/models/pricing", text_reply("<html>", 500))
    assert (await drawn(backend(server))).cost_text == ""


async def test_models_and_health(server: Loopback) -> None:
    mine = backend(server)
    assert [(model.id, model.label) for model in await mine.models()] == [("fal-ai/flux/dev", "FLUX.1 [dev]")]
    assert {seen.query["category"] for seen in server.asked("/models")} == {"text-to-image", "image-to-image"}
    assert (await mine.check()).problems == ()
    server.on("GET", "/models", json_reply({"models": []}))
    assert (await mine.check()).problems


async def test_faults_of_the_submission(server: Loopback) -> None:
    await check_nonsense(server, lambda: backend(server), "/fal-ai/flux/dev")
    await check_faults(server, lambda: backend(server), "/fal-ai/flux/dev")


async def test_nonsense_while_waiting_and_as_a_result(server: Loopback) -> None:
    server.on("GET", STATUS, json_reply({"status": "COMPLETED"}))
    await check_nonsense(server, lambda: backend(server), RESULT, "GET")
    server.on("GET", RESULT, result(server))
    await check_nonsense(server, lambda: backend(server), STATUS, "GET")


@pytest.mark.parametrize("seed", [float("nan"), float("inf"), 10**400, "x", None, [1]])
async def test_a_seed_that_is_no_number(server: Loopback, seed: Any) -> None:
    server.on("GET", RESULT, result(server, seed=seed))
    assert (await drawn(backend(server))).images[0].seed == 5


async def test_a_matrix_of_settings(server: Loopback) -> None:
    server.on("GET", STATUS, json_reply({"status": "COMPLETED"}))
    # One endpoint of each kind: the others differ by their name alone, and every one is drawn with above.
    kinds = {(endpoint.fields, endpoint.steps): name for name, endpoint in ENDPOINTS.items() if "fal-ai/lora" not in name}
    await draw_all(backend(server), *kinds.values())
    await draw_all(backend(server, model="fal-ai/lora", extra=LORA_MODEL))
