"""stable-diffusion.cpp's server: its job API in its own shapes and as recorded, and an older server without it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.results import size_of
from providers.images.sdcpp import SdCppBackend
from tests.contract.cloud_parts import KEY, OTHER, PNG64, check_faults, check_slow, failed
from tests.contract.image_parts import PNG, REFERENCE, Watch, config, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback
from tests.contract.recorded import recorded, reply_of

ASK, JOB, ABLE = "/sdcpp/v1/img_gen", "/sdcpp/v1/jobs/job_1", "/sdcpp/v1/capabilities"
CAPABILITIES = {
    "model": {"name": "sdxl-base.gguf", "stem": "sdxl-base", "path": "models/sdxl-base.gguf"},
    "samplers": ["euler", "euler_a", "dpm++2m"],
    "schedulers": ["discrete", "karras", "sgm_uniform"],
    "upscalers": [{"name": "Latent"}, {"name": "Lanczos"}],
    "loras": [{"name": "tiny-style", "path": "sub/tiny-style.safetensors"}],
    "features": {"cancel_queued": True, "cancel_generating": False, "ref_images": True, "init_image": True},
    "limits": {"max_width": 4096},
}


def job(status: str, place: int = 0, **more: Any) -> Reply:
    return json_reply({"id": "job_1", "kind": "img_gen", "status": status, "queue_position": place, "result": None, "error": None, **more})


COMPLETED = job("completed", result={"images": [{"b64_json": PNG64, "index": 0}], "output_format": "png"})


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("GET", ABLE, json_reply(CAPABILITIES))
        running.on("POST", ASK, json_reply({"id": "job_1", "kind": "img_gen", "status": "queued", "poll_url": JOB}, 202))
        running.on("GET", JOB, COMPLETED)
        running.on("POST", f"{JOB}/cancel", job("cancelled"))
        yield running
    await close_clients()


def backend(server: Loopback, **more: Any) -> SdCppBackend:
    return SdCppBackend(config("sdcpp", server.url, **more))


def sent(server: Loopback) -> dict[str, Any]:
    body = server.asked(ASK)[-1].json
    assert isinstance(body, dict)
    return body


async def test_a_picture(server: Loopback) -> None:
    server.on("GET", JOB, job("queued", 2), job("generating"), COMPLETED)
    watch = Watch()
    asked = spec(steps=4, cfg=3.5, sampler="DPM++ 2M Karras", clip_skip=2)
    result = await backend(server, key=KEY).render(asked, watch)
    expected = {"prompt": "a red cat", "negative_prompt": "blurry", "width": 64, "height": 64, "seed": 5, "batch_count": 1}
    sampling = {"sample_steps": 4, "sample_method": "dpm++2m", "scheduler": "karras", "guidance": {"txt_cfg": 3.5}}
    assert sent(server) == {**expected, "output_format": "png", "sample_params": sampling, "clip_skip": 2}
    assert server.asked(ASK)[0].headers["Authorization"] == f"Bearer {KEY}"
    assert (result.images[0].data, result.images[0].seed, result.model) == (PNG, 5, "sdxl-base")
    assert (watch.remembered, [(p.stage, p.place) for p in watch.reports]) == (["job_1"], [("queued", 1), ("drawing", None)])


async def test_loras_are_taken_out_of_the_prompt(server: Loopback) -> None:
    result = await backend(server).render(spec(prompt="a cat <lora:Tiny-Style:0.8> <lora:gone>"), Watch())
    assert (sent(server)["prompt"], sent(server)["lora"]) == ("a cat", [{"path": "sub/tiny-style.safetensors", "multiplier": 0.8}])
    assert ("LoRA", "mine does not know «gone»") in [(dropped.setting, dropped.why) for dropped in result.dropped]


async def test_what_the_server_would_replace_silently_is_told(server: Loopback) -> None:
    asked = spec(
        sampler="nope", scheduler="none", width=65, height=65, hires=True, upscaler="gone", upscale=1.5, second_pass_steps=3, denoise=0.4
    )
    result = await backend(server).render(asked, Watch())
    body = sent(server)
    assert [dropped.setting for dropped in result.dropped] == ["sampler", "scheduler", "upscaler", "size"]
    assert (body["width"], "sample_params" in body) == (64, False)
    assert body["hires"] == {"enabled": True, "scale": 1.5, "steps": 3, "denoising_strength": 0.4}


async def test_a_reference_to_start_from(server: Loopback) -> None:
    result = await backend(server).render(spec(width=128, references=(OTHER, REFERENCE), denoise=0.3), Watch())
    body = sent(server)
    assert (size_of(base64.b64decode(body["init_image"])), body["strength"]) == ((128, 64), 0.3)
    assert "reference images" in {dropped.setting for dropped in result.dropped}
    assert "init_image" not in result.parameters


@pytest.mark.parametrize("more", [{"references": "edit"}, {"model": "flux1-kontext-dev"}])
async def test_references_to_look_at(server: Loopback, more: dict[str, Any]) -> None:
    mine = backend(server, **more)
    await mine.render(spec(references=(OTHER, REFERENCE)), Watch())
    assert [base64.b64decode(text) for text in sent(server)["ref_images"]] == [OTHER.data, REFERENCE.data]
    assert (mine.capabilities().references, mine.capabilities().denoise) == (16, False)


async def test_a_restart_goes_on_waiting(server: Loopback) -> None:
    server.on("GET", JOB, job("generating"), COMPLETED)
    watch = Watch("job_1")
    assert (await backend(server).render(spec(), watch)).images[0].data == PNG
    assert (server.asked(ASK), watch.remembered) == ([], [])


@pytest.mark.parametrize("reply", [json_reply({"error": "job not found"}, 404), json_reply({"error": "job expired"}, 410), job("failed")])
async def test_a_job_that_is_lost_is_asked_for_anew(server: Loopback, reply: Reply) -> None:
    server.on("GET", "/sdcpp/v1/jobs/old", reply)
    watch = Watch("old")
    await backend(server).render(spec(), watch)
    assert watch.remembered == ["job_1"]


async def test_cancel_while_waiting(server: Loopback) -> None:
    server.on("GET", JOB, job("queued", 1))
    mine, watch = backend(server), Watch()
    task = asyncio.ensure_future(failed(mine, spec(), watch))
    while not watch.reports:
        await asyncio.sleep(0.001)
    assert await mine.cancel("job-1", watch.ref) is True
    assert (await task).kind is ErrorKind.CANCELLED


async def test_what_cannot_be_cancelled(server: Loopback) -> None:
    server.on("POST", f"{JOB}/cancel", json_reply({"error": "job is currently generating and cannot be interrupted yet"}, 409))
    assert await backend(server).cancel("job-1", "job_1") is False
    server.on("POST", f"{JOB}/cancel", COMPLETED)
    assert await backend(server).cancel("job-1", "job_1") is False
    assert await backend(server).cancel("job-1", None) is False
    assert await backend(server).cancel("job-1", "../x") is False


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (job("failed", error={"code": "failed", "message": "oops"}), ErrorKind.BAD_ANSWER),
        (job("failed", error={"message": "failed to allocate buffer"}), ErrorKind.INVALID),
        (job("failed", error={"code": "generation_failed", "message": "generate_image returned no results"}), ErrorKind.INVALID),
        (job("cancelled"), ErrorKind.CANCELLED),
        (json_reply({"error": "job expired"}, 410), ErrorKind.BAD_ANSWER),
        (job("completed", result={"images": []}), ErrorKind.BAD_ANSWER),
        (job("completed", result={"images": [{"b64_json": PNG64[:60]}]}), ErrorKind.BAD_ANSWER),
        (job("completed"), ErrorKind.BAD_ANSWER),
    ],
)
async def test_jobs_that_end_badly(server: Loopback, reply: Reply, kind: ErrorKind) -> None:
    server.on("GET", JOB, reply)
    assert (await failed(backend(server))).kind is kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "empty body"}, ErrorKind.INVALID),
        (400, {"error": "loaded model does not support img_gen"}, ErrorKind.MISCONFIGURED),
        (429, {"error": "job queue is full"}, ErrorKind.BUSY),
        (500, {"error": "oops"}, ErrorKind.BAD_ANSWER),
    ],
)
async def test_documented_errors(server: Loopback, status: int, body: Any, kind: ErrorKind) -> None:
    server.on("POST", ASK, json_reply(body, status))
    assert (await failed(backend(server))).kind is kind


async def test_lists_and_check(server: Loopback) -> None:
    mine = backend(server, model="other")
    assert [(model.id, model.family) for model in await mine.models()] == [("sdxl-base", "sdxl")]
    assert (await mine.choices("sampler"), await mine.choices("upscaler")) == (("euler", "euler_a", "dpm++2m"), ("Latent", "Lanczos"))
    found = await mine.check()
    assert (found.problems, "not «other»" in found.warnings[0]) == ((), True)


async def test_an_older_server_without_jobs(server: Loopback) -> None:
    server.on("GET", ABLE, Reply(404))
    server.on("POST", "/sdapi/v1/txt2img", json_reply({"images": [PNG64], "parameters": {}, "info": ""}))
    mine = backend(server)
    result = await mine.render(spec(), Watch())
    assert (result.images[0].data, server.asked("/sdapi/v1/txt2img")[0].json["seed"], server.asked(ASK)) == (PNG, 5, [])
    assert await mine.choices("sampler") == ()
    await mine.close()


async def test_a_prompt_carries_no_settings_to_an_older_server(server: Loopback) -> None:
    server.on("GET", ABLE, Reply(404))
    server.on("POST", "/sdapi/v1/txt2img", json_reply({"images": [PNG64], "parameters": {}, "info": ""}))
    block = '<sd_cpp_<sd_cpp_extra_args>extra_args>{"width": 4096}</sd_cpp_extra_args><sd_cpp_<lora:x>extra_args>'
    result = await backend(server).render(spec(prompt=f"a cat{block} <lora:style:1>", negative=block), Watch())
    sent = server.asked("/sdapi/v1/txt2img")[0].json
    assert "sd_cpp_extra_args" not in sent["prompt"] + sent["negative_prompt"]
    assert (sent["prompt"].startswith("a cat"), "LoRA" in {dropped.setting for dropped in result.dropped}) == (True, True)


async def test_an_older_server_has_its_own_names(server: Loopback) -> None:
    server.on("GET", ABLE, Reply(404))
    for route in ("txt2img", "img2img"):
        server.on("POST", f"/sdapi/v1/{route}", json_reply({"images": [PNG64], "parameters": {}, "info": ""}))
    mine = backend(server)
    result = await mine.render(spec(width=70, clip_skip=2, steps=400, hires=True, second_pass_steps=3, denoise=0.4), Watch())
    sent = server.asked("/sdapi/v1/txt2img")[0].json
    assert (sent["clip_skip"], sent["hr_steps"], sent["steps"], sent["width"], sent["denoising_strength"]) == (2, 3, 100, 64, 0.4)
    assert not {"override_settings", "hr_second_pass_steps", "hr_additional_modules"} & set(sent)
    assert "steps" in {dropped.setting for dropped in result.dropped}
    await mine.render(spec(width=128, references=(REFERENCE,)), Watch())
    assert size_of(base64.b64decode(server.asked("/sdapi/v1/img2img")[0].json["init_images"][0])) == (128, 64)
    bad = Reference(b"text", "image/png")
    assert (await failed(mine, spec(references=(bad,)))).kind is ErrorKind.INVALID  # it would draw on without it


async def test_what_the_server_brings_down_without_a_word_is_told(server: Loopback) -> None:
    limits = {"max_width": 512, "max_height": 1000}
    server.on("GET", ABLE, json_reply({**CAPABILITIES, "limits": limits}))
    asked = spec(steps=150, width=2000, height=2000, hires=True, denoise=0.0, model="gone")
    result = await backend(server).render(asked, Watch())
    body = sent(server)
    assert (body["width"], body["height"], body["sample_params"]["sample_steps"]) == (512, 960, 100)
    assert body["hires"]["denoising_strength"] == 0.01
    assert {dropped.setting for dropped in result.dropped} == {"model", "steps", "denoise", "size"}
    assert "model" not in {d.setting for d in (await backend(server).render(spec(model="SDXL-base.gguf"), Watch())).dropped}


async def test_a_model_for_videos_is_a_problem(server: Loopback) -> None:
    server.on("GET", ABLE, json_reply({**CAPABILITIES, "supported_modes": ["vid_gen"]}))
    assert (await backend(server).check()).problems == ("Its model draws no pictures.",)


async def test_a_server_that_lost_the_job_in_a_restart(server: Loopback) -> None:
    """The first try ends retryable, the second asks anew: no picture of another job is taken for ours."""
    server.on("GET", JOB, job("generating"), json_reply({"error": "job not found"}, 404), json_reply({"error": "job not found"}, 404))
    mine, watch = backend(server), Watch()
    error = await failed(mine, spec(), watch)
    assert (error.kind, error.retryable) == (ErrorKind.BAD_ANSWER, True)
    server.on("POST", ASK, json_reply({"id": "job_2", "status": "queued"}, 202))
    server.on("GET", "/sdcpp/v1/jobs/job_2", COMPLETED)
    assert (await mine.render(spec(), watch)).images[0].data == PNG
    assert (len(server.asked(ASK)), watch.remembered) == (2, ["job_1", "job_2"])


async def test_a_queue_without_end(server: Loopback) -> None:
    server.on("GET", JOB, job("queued", 9))
    assert (await failed(backend(server, seconds=0.05))).kind is ErrorKind.TIMED_OUT
    assert server.asked(f"{JOB}/cancel")


async def test_faults(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server), ASK, skip=("too fast",))
    await check_slow(server, lambda: backend(server, seconds=0.05), ASK)


# --- recorded ---


async def test_a_recorded_job(server: Loopback) -> None:
    asked = recorded("sd-server", "jobs_submit")
    path = f"/sdcpp/v1/jobs/{asked['response']['body']['id']}"
    server.on("GET", ABLE, reply_of(recorded("sd-server", "sdcpp_capabilities")))
    server.on("POST", ASK, reply_of(asked))
    server.on("GET", path, *(reply_of(recorded("sd-server", case)) for case in ("jobs_queued", "jobs_generating", "jobs_completed")))
    watch = Watch()
    result = await backend(server).render(spec(steps=12, cfg=4.0, sampler="Euler a"), watch)
    assert sent(server) == asked["request"]["body"]
    assert (size_of(result.images[0].data), result.dropped, watch.stages) == ((64, 64), (), ["queued", "drawing"])
    assert "karras" in await backend(server).choices("scheduler")


@pytest.mark.parametrize(
    ("case", "done"), [("jobs_cancel_queued", True), ("jobs_cancel_generating", False), ("jobs_cancel_unknown", False)]
)
async def test_recorded_cancels(server: Loopback, case: str, done: bool) -> None:
    server.on("POST", f"{JOB}/cancel", reply_of(recorded("sd-server", case)))
    assert await backend(server).cancel("job-1", "job_1") is done


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("jobs_submit_error_queue_full", ErrorKind.BUSY),
        ("jobs_submit_error_empty", ErrorKind.INVALID),
        ("jobs_submit_error_malformed_json", ErrorKind.INVALID),
    ],
)
async def test_recorded_refusals(server: Loopback, case: str, kind: ErrorKind) -> None:
    server.on("POST", ASK, reply_of(recorded("sd-server", case)))
    assert (await failed(backend(server))).kind is kind


@pytest.mark.parametrize("case", ["jobs_expired", "jobs_unknown"])
async def test_recorded_jobs_that_are_gone(server: Loopback, case: str) -> None:
    server.on("GET", "/sdcpp/v1/jobs/old", reply_of(recorded("sd-server", case)))
    watch = Watch("old")
    await backend(server).render(spec(), watch)
    assert watch.remembered == ["job_1"]


async def test_a_recorded_webp_batch(server: Loopback) -> None:
    server.on("GET", JOB, reply_of(recorded("sd-server", "jobs_completed_batch2_webp")))
    assert (await backend(server).render(spec(), Watch())).images[0].mime == "image/webp"
