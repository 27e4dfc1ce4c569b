"""Hugging Face's Inference Providers: every provider's own body, the Hub's mapping, answers as bytes, base64, address and queue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.huggingface import HuggingFaceBackend
from providers.images.references import as_base64, as_data_uri
from tests.contract.cloud_parts import KEY, OTHER, PICTURE, PNG64, check_one_call, cloud_config, draw_all, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, Watch, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.recorded import check_value, document, material

MODEL = "black-forest-labs/FLUX.1-schnell"
DRAW = f"/hf-inference/models/{MODEL}"
HUB = f"/api/models/{MODEL}"
SETTINGS: dict[str, Any] = {"steps": 4, "cfg": 2.0}


def mapping(*rows: tuple[str, str, str], status: str = "live") -> Reply:
    served = {name: {"providerId": model, "status": status, "task": task} for name, model, task in rows}
    return json_reply({"id": MODEL, "inferenceProviderMapping": served})


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, Reply(200, PNG, {"Content-Type": "image/jpeg"}))
        running.on("GET", HUB, mapping(("hf-inference", MODEL, "text-to-image")))
        running.on("GET", "/api/models", json_reply([{"id": MODEL}, {"id": "stabilityai/stable-diffusion-xl-base-1.0"}]))
        running.on("GET", "/files/1.png", PICTURE)
        yield running
        for seen in running.asked(DRAW):
            editing = "prompt" in seen.json["parameters"]
            path = material("specs", f"huggingface-{'image' if editing else 'text'}-to-image.input.schema.json")
            if path:
                described = document(path)
                parameters = described["$defs"]["ImageToImageParameters" if editing else "TextToImageParameters"]
                check_value(described, described, seen.json, exact=True)
                check_value(described, parameters, seen.json["parameters"], exact=True)
    await close_clients()


def backend(server: Loopback, **more: Any) -> HuggingFaceBackend:
    return HuggingFaceBackend(cloud_config("huggingface", server.url, **{"poll_seconds": 0.002, "hub_url": server.url, **more}))


async def test_hf_inference_answers_with_bytes(server: Loopback) -> None:
    mine = backend(server, through="hf-inference", bill_to="guild")
    result = await drawn(mine, spec(negative="blurry", width=512, height=768, scheduler="EulerDiscreteScheduler", **SETTINGS))
    seen = server.asked(DRAW)[0]
    assert (seen.headers["Authorization"], seen.headers["X-HF-Bill-To"]) == (f"Bearer {KEY}", "guild")
    settings = {"negative_prompt": "blurry", "guidance_scale": 2.0, "num_inference_steps": 4, "scheduler": "EulerDiscreteScheduler"}
    assert seen.json == {"inputs": "a red cat", "parameters": {**settings, "width": 512, "height": 768, "seed": 5}}
    assert (result.images[0].data, result.images[0].mime, result.images[0].seed) == (PNG, "image/png", 5)
    assert server.asked(HUB) == []


async def test_a_picture_from_a_picture(server: Loopback) -> None:
    result = await drawn(backend(server, through="hf-inference"), spec(negative="", references=(OTHER, REFERENCE), scheduler="x"))
    sent = server.asked(DRAW)[0].json
    assert sent == {"inputs": as_base64(OTHER), "parameters": {"prompt": "a red cat", "target_size": {"width": 64, "height": 64}}}
    assert {d.setting for d in result.dropped} == {"size", "reference images", "scheduler"}
    assert ("inputs" in result.parameters, result.images[0].seed) == (False, None)


CASES: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    (
        "fal-ai",
        "/fal-ai/id-there",
        {"guidance_scale": 2.0, "num_inference_steps": 4, "seed": 5, "image_size": {"width": 64, "height": 64}},
        "images",
    ),
    (
        "together",
        "/together/v1/images/generations",
        {"model": "id-there", "guidance_scale": 2.0, "steps": 4, "seed": 5, "width": 64, "height": 64, "response_format": "base64"},
        "data",
    ),
    ("nscale", "/nscale/v1/images/generations", {"model": "id-there", "size": "64x64", "response_format": "b64_json"}, "data"),
    (
        "replicate",
        "/replicate/v1/models/id-there/predictions",
        {"input": {"prompt": "a red cat", "guidance_scale": 2.0, "num_inference_steps": 4, "seed": 5, "width": 64, "height": 64}},
        "output",
    ),
)


@pytest.mark.parametrize(("provider", "path", "body", "key"), CASES)
async def test_every_provider_has_its_own_body(server: Loopback, provider: str, path: str, body: dict[str, Any], key: str) -> None:
    server.on("GET", HUB, mapping((provider, "id-there", "text-to-image")))
    url = f"{server.url}/files/1.png"
    answers = {"images": {"images": [{"url": url}]}, "data": {"data": [{"b64_json": PNG64}]}, "output": {"output": [url]}}
    server.on("POST", path, json_reply(answers[key]))
    result = await drawn(backend(server), spec(negative="", **SETTINGS))
    expected = body if "input" in body else {"prompt": "a red cat", **body}
    assert server.asked(path)[0].json == expected
    assert server.asked(HUB)[0].query == {"expand[]": "inferenceProviderMapping"}
    assert result.images[0].data == PNG
    assert [d.setting for d in result.dropped] == ["size", *(["steps", "CFG scale"] if provider == "nscale" else [])]
    assert result.parameters["provider"] == provider


async def test_fal_edits_in_its_queue(server: Loopback) -> None:
    server.on("GET", HUB, mapping(("fal-ai", "fal-ai/edit", "image-to-image")))
    address = "https://queue.fal.run/fal-ai/edit/requests/1"
    server.on("POST", "/fal-ai/fal-ai/edit", json_reply({"request_id": "1", "response_url": address}))
    queue = "/fal-ai/fal-ai/edit/requests/1"
    server.on("GET", f"{queue}/status", json_reply({"status": "IN_QUEUE"}), json_reply({"status": "COMPLETED"}))
    server.on("GET", queue, json_reply({"images": [{"url": f"{server.url}/files/1.png"}]}))
    result = await drawn(backend(server), spec(negative="", references=(OTHER, REFERENCE)))
    sent = server.asked("/fal-ai/fal-ai/edit")[0]
    assert (sent.query, sent.json["image_url"]) == ({"_subdomain": "queue"}, as_data_uri(OTHER))
    assert sent.json["image_urls"] == [as_data_uri(OTHER), as_data_uri(REFERENCE)]
    assert server.asked(queue)[0].query == {"_subdomain": "queue"}
    assert result.images[0].data == PNG


async def test_together_edits_by_the_models_field(server: Loopback) -> None:
    path = "/together/v1/images/generations"
    server.on("POST", path, json_reply({"data": [{"b64_json": PNG64}]}))
    for model in ("Kontext-of-another-house", "FLUX.1-Kontext-dev"):
        server.on("GET", HUB, mapping(("together", model, "image-to-image")))
        await drawn(backend(server), spec(negative="", references=(OTHER,)))
    several, one = (seen.json for seen in server.asked(path))
    assert (several["reference_images"], one["image_url"]) == ([as_data_uri(OTHER)], as_data_uri(OTHER))


async def test_replicate_takes_the_picture_under_any_of_four_names(server: Loopback) -> None:
    server.on("GET", HUB, mapping(("replicate", "a/b", "image-to-image")))
    path = "/replicate/v1/models/a/b/predictions"
    server.on("POST", path, json_reply({"output": f"{server.url}/files/1.png"}))
    result = await drawn(backend(server), spec(negative="", references=(OTHER, REFERENCE)))
    sent, uri = server.asked(path)[0].json["input"], as_data_uri(OTHER)
    assert [sent[name] for name in ("image", "images", "input_image", "input_images")] == [uri, [uri], uri, [uri]]
    assert ("reference images" in {d.setting for d in result.dropped}, uri in str(result.parameters)) == (True, False)


async def test_wavespeed_draws_later(server: Loopback) -> None:
    server.on("GET", HUB, mapping(("wavespeed", "ws/flux", "text-to-image")))
    later = "/wavespeed/api/v3/predictions/1/result"
    place = {"data": {"urls": {"get": "https://api.wavespeed.ai/api/v3/predictions/1/result"}}}
    done = {"data": {"status": "completed", "outputs": [f"{server.url}/files/1.png"]}}
    for path in ("/wavespeed/api/v3/ws/flux", "/wavespeed/api/v3/ws/edit"):
        server.on("POST", path, json_reply(place))
    server.on("GET", later, json_reply({"data": {"status": "created"}}), json_reply({"data": {"status": "processing"}}), json_reply(done))
    assert (await drawn(backend(server), spec(**SETTINGS))).images[0].data == PNG
    settings = {"negative_prompt": "blurry", "num_inference_steps": 4, "guidance_scale": 2.0, "seed": 5, "width": 64, "height": 64}
    assert server.asked("/wavespeed/api/v3/ws/flux")[0].json == {"prompt": "a red cat", **settings}
    server.on("GET", HUB, mapping(("wavespeed", "ws/edit", "image-to-image")))
    await drawn(backend(server), spec(negative="", references=(OTHER,)))
    server.on("GET", HUB, mapping(("wavespeed", "ws/flux", "text-to-image")))
    assert server.asked("/wavespeed/api/v3/ws/edit")[0].json["image"] == as_data_uri(OTHER)
    for words, kind in (("NSFW content detected", ErrorKind.REFUSED), ("out of memory", ErrorKind.INVALID)):
        server.on("GET", later, json_reply({"data": {"status": "failed", "error": words}}))
        assert (await failed(backend(server))).kind is kind
    server.on("GET", later, json_reply({"data": {"status": "completed", "outputs": []}}))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_a_restart_goes_on_with_what_was_asked_for(server: Loopback) -> None:
    server.on("GET", HUB, mapping(("zai-org", "cogview", "text-to-image")))
    start, result = "/zai-org/api/paas/v4/async/images/generations", "/zai-org/api/paas/v4/async-result/7"
    server.on("POST", start, json_reply({"id": "7", "task_status": "PROCESSING"}))
    done = {"task_status": "SUCCESS", "image_result": [{"url": f"{server.url}/files/1.png"}]}
    server.on("GET", result, json_reply({"error": "m"}, 401))
    watch = Watch()
    assert (await failed(backend(server), watch=watch)).kind is ErrorKind.UNAUTHORISED
    server.on("GET", result, json_reply(done))
    mine = backend(server)
    assert (await drawn(mine, watch=Watch(watch.ref))).images[0].data == PNG
    assert (len(server.asked(start)), mine.capabilities().adopts) == (1, True)
    # A request that is gone is asked for anew; nonsense in the record is nothing.
    server.on("GET", result, json_reply({"error": "gone"}, 404), json_reply(done))
    assert (await drawn(backend(server), watch=Watch(watch.ref))).images
    for record in ("", "{", '{"provider": "zai-org", "path": "@evil.example/"}', '{"provider": "fal-ai", "path": "/x"}'):
        assert (await drawn(backend(server), watch=Watch(record))).images
    assert len(server.asked(start)) == 6


async def test_zai_draws_later(server: Loopback) -> None:
    server.on("GET", HUB, mapping(("zai-org", "cogview", "text-to-image")))
    server.on("POST", "/zai-org/api/paas/v4/async/images/generations", json_reply({"id": "../7", "task_status": "PROCESSING"}))
    done = {"task_status": "SUCCESS", "image_result": [{"url": f"{server.url}/files/1.png"}]}
    server.on("GET", "/zai-org/api/paas/v4/async-result/7", json_reply({"task_status": "PROCESSING"}), json_reply(done))
    assert (await drawn(backend(server))).images[0].data == PNG
    server.on("GET", "/zai-org/api/paas/v4/async-result/7", json_reply({"task_status": "FAIL"}))
    assert (await failed(backend(server))).kind is ErrorKind.INVALID
    server.on("GET", "/zai-org/api/paas/v4/async-result/7", json_reply({"task_status": "PROCESSING"}))
    assert (await failed(backend(server, seconds=0.05))).kind is ErrorKind.TIMED_OUT


@pytest.mark.parametrize("model", ["../../etc", "a/../b", "a?b=c", "a b"])
async def test_a_models_name_leads_nowhere_else(server: Loopback, model: str) -> None:
    for through in ("auto", "hf-inference"):
        found = await failed(backend(server, through=through), spec(negative="", model=model))
        assert (found.kind, server.seen) == (ErrorKind.INVALID, [])


async def test_replicate_by_version_and_its_ends(server: Loopback) -> None:
    server.on("GET", HUB, mapping(("replicate", "a/b:abc", "text-to-image")))
    path = "/replicate/v1/predictions"
    for answer, kind in (
        ({"output": None, "status": "processing"}, ErrorKind.TIMED_OUT),
        ({"output": None, "error": "NSFW content detected", "status": "failed"}, ErrorKind.REFUSED),
        ({"output": None, "status": "succeeded"}, ErrorKind.BAD_ANSWER),
    ):
        server.on("POST", path, json_reply(answer))
        assert (await failed(backend(server))).kind is kind
    sent = server.asked(path)[0]
    assert (sent.json["version"], sent.headers["Prefer"]) == ("abc", "wait")


@pytest.mark.parametrize(
    "answer",
    [
        {"inferenceProviderMapping": {}},
        {"inferenceProviderMapping": {"novita": {"providerId": "x", "status": "live", "task": "text-to-image"}}},
        {"inferenceProviderMapping": [{"provider": "together", "providerId": "x", "status": "staging", "task": "text-to-image"}]},
        {"inferenceProviderMapping": {"together": {"providerId": "x", "status": "live", "task": "image-to-image"}}},
        {},
    ],
)
async def test_a_model_that_nobody_usable_serves(server: Loopback, answer: Any) -> None:
    server.on("GET", HUB, json_reply(answer))
    found = await failed(backend(server))
    assert (found.kind, "is served for text-to-image by" in str(found)) == (ErrorKind.MISCONFIGURED, True)
    assert (await backend(server).check()).problems


async def test_who_serves_is_remembered_and_shapes_the_capabilities(server: Loopback) -> None:
    rows = [{"provider": "nscale", "providerId": "x", "status": "live", "task": "text-to-image"}]
    server.on("GET", HUB, json_reply({"inferenceProviderMapping": rows}))
    server.on("POST", "/nscale/v1/images/generations", json_reply({"data": [{"b64_json": PNG64}]}))
    mine = backend(server)
    assert mine.capabilities().steps is True
    await drawn(mine)
    await drawn(mine)
    assert len(server.asked(HUB)) == 1
    able = mine.capabilities()
    assert (able.steps, able.seed, able.references) == (False, False, 0)
    found = await mine.check()
    assert ("through nscale" in found.summary, "first picture" in found.warnings[0]) == (True, True)


async def test_models_are_searched_at_the_hub(server: Loopback) -> None:
    models = await backend(server).models()
    assert [(model.id, model.family) for model in models] == [(MODEL, "flux"), ("stabilityai/stable-diffusion-xl-base-1.0", "sdxl")]
    assert server.asked("/api/models")[0].query["pipeline_tag"] == "text-to-image"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": "Invalid username or password."}, ErrorKind.UNAUTHORISED),
        (403, {"error": "This model is gated; accept the conditions"}, ErrorKind.UNAUTHORISED),
        (402, {"error": "You have exceeded your monthly included credits"}, ErrorKind.NO_CREDIT),
        (429, {"error": "Too many requests"}, ErrorKind.RATE_LIMITED),
        (404, {"error": "Not Found"}, ErrorKind.MISCONFIGURED),
        (503, {"error": "Model is currently loading", "estimated_time": 20.0}, ErrorKind.BUSY),
        (400, {"error": ["`width` must be divisible by 8"]}, ErrorKind.INVALID),
        (422, {"error": "Potential NSFW content was flagged"}, ErrorKind.REFUSED),
        (422, {"detail": [{"loc": ["body", "prompt"], "msg": "m", "type": "content_policy_violation"}]}, ErrorKind.REFUSED),
        (422, {"detail": [{"loc": ["body"], "msg": "m", "type": "no_media_generated"}]}, ErrorKind.REFUSED),
        (422, {"detail": [{"loc": ["body", "image_size"], "msg": "m", "type": "value_error"}]}, ErrorKind.INVALID),
        (400, {"error": {"message": "m", "param": "model", "code": "model_not_supported"}}, ErrorKind.MISCONFIGURED),
        (403, {"error": "This token has no permission to call Inference Providers"}, ErrorKind.UNAUTHORISED),
        (500, {"error": "CUDA out of memory"}, ErrorKind.BAD_ANSWER),
        (504, {"error": "Gateway timeout"}, ErrorKind.BUSY),
        (410, {"error": "The requested model is deprecated and no longer supported by provider hf-inference."}, ErrorKind.MISCONFIGURED),
        (400, {"error": "Model x/y not supported by provider hf-inference"}, ErrorKind.MISCONFIGURED),
    ],
)
async def test_errors(server: Loopback, status: int, body: Any, kind: ErrorKind) -> None:
    server.on("POST", DRAW, json_reply(body, status))
    assert (await failed(backend(server, through="hf-inference"))).kind is kind


@pytest.mark.parametrize("reply", [Reply(200, PNG[:-9], {"Content-Type": "image/png"}), Reply(200, b"", {"Content-Type": "image/png"})])
async def test_bytes_that_are_no_whole_picture(server: Loopback, reply: Reply) -> None:
    server.on("POST", DRAW, reply)
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_fal_blacked_it_out(server: Loopback) -> None:
    server.on("GET", HUB, mapping(("fal-ai", "x", "text-to-image")))
    server.on("POST", "/fal-ai/x", json_reply({"images": [{"url": f"{server.url}/files/1.png"}], "has_nsfw_concepts": [True]}))
    assert (await failed(backend(server))).kind is ErrorKind.REFUSED
    server.on("POST", "/fal-ai/x", text_reply("<html>"))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_whatever_can_go_wrong_with_a_call(server: Loopback) -> None:
    await check_one_call(server, backend, DRAW, through="hf-inference")


async def test_a_matrix_of_settings(server: Loopback) -> None:
    await draw_all(backend(server, through="hf-inference"))
