"""The AUTOMATIC1111 backend against a small server with that API's shapes, and replies recorded from Forge and stable-diffusion.cpp."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import RenderSpec
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.a1111 import Automatic1111Backend
from tests.contract.image_parts import REFERENCE, Watch, config, png, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.recorded import check_requests, recorded, reply_of

API = "/sdapi/v1/"
PNG = png(64, 64)
MODELS = [{"title": "sub/tiny.safetensors [abc123]", "model_name": "sub_tiny"}, {"title": "other.ckpt", "model_name": "other"}]
UNDESCRIBED = {"/sdapi/v1/sd-modules", "/sdapi/v1/loras"}  # Forge alone has the first, an extension brings the second


def answer(*pictures: bytes, **info: Any) -> Reply:
    said = {"seed": 5, "sampler_name": "Euler a", "sd_model_name": "sub_tiny", "index_of_first_image": 0, **info}
    images = [base64.b64encode(picture).decode() for picture in pictures or (PNG,)]
    return json_reply({"images": images, "parameters": {"seed": -1}, "info": json.dumps(said)})


def progress(step: int = 0, of: int = 25, *, count: int = 1, stamp: str = "20260101000000", done: float = 0.0, **state: Any) -> Reply:
    known = {"job_count": count, "job_timestamp": stamp, "sampling_step": step, "sampling_steps": of, "interrupted": False}
    return json_reply({"progress": done, "eta_relative": 3.0, "state": {**known, **state}, "current_image": None})


IDLE = progress(count=0)


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        for route, rows in {
            "sd-models": MODELS,
            "samplers": [{"name": "Euler a", "aliases": ["k_euler_a"]}, {"name": "DPM++ 2M", "aliases": []}],
            "schedulers": [{"name": "karras", "label": "Karras"}, {"name": "sgm_uniform", "label": "SGM Uniform"}],
            "sd-vae": [{"model_name": "ae.pt"}],
            "upscalers": [{"name": "Lanczos"}],
            "latent-upscale-modes": [{"name": "Latent"}],
            "options": {"sd_model_checkpoint": "other.ckpt", "CLIP_stop_at_last_layers": 1, "sd_vae": "Automatic"},
            "interrupt": {},
        }.items():
            running.on("POST" if route == "interrupt" else "GET", API + route, json_reply(rows))
        running.on("GET", API + "progress", IDLE)
        running.on("POST", API + "txt2img", answer())
        running.on("POST", API + "img2img", answer())
        yield running
        check_requests([seen for seen in running.seen if seen.path not in UNDESCRIBED], "derived-a1111.json")
    await close_clients()


def backend(server: Loopback, **more: Any) -> Automatic1111Backend:
    return Automatic1111Backend(config("automatic1111", server.url, **more))


def sent(server: Loopback, route: str = "txt2img") -> dict[str, Any]:
    body = server.asked(API + route)[-1].json
    assert isinstance(body, dict)
    return body


async def failed(mine: Automatic1111Backend, asked: RenderSpec | None = None) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await mine.render(asked or spec(), Watch())
    return caught.value


async def seen_by(condition: Any) -> None:
    while not condition():
        await asyncio.sleep(0.001)


# --- pictures ---


async def test_a_picture(server: Loopback) -> None:
    result = await backend(server).render(spec(steps=4, cfg=3.5, sampler="K_EULER_A", scheduler="sgm uniform", model="tiny"), Watch())
    assert result.images[0].data == PNG
    assert (result.images[0].seed, result.model, result.dropped) == (5, "sub_tiny", ())
    body = sent(server)
    assert (body["sampler_name"], body["scheduler"], body["steps"], body["cfg_scale"]) == ("Euler a", "sgm_uniform", 4, 3.5)
    assert body["override_settings"] == {"sd_model_checkpoint": MODELS[0]["title"]}
    assert body["override_settings_restore_afterwards"] is True
    assert result.parameters["prompt"] == "a red cat"


async def test_the_seed_really_used_is_told(server: Loopback) -> None:
    server.on("POST", API + "txt2img", answer(seed=77))
    assert (await backend(server).render(spec(), Watch())).images[0].seed == 77


async def test_a_reference_makes_it_image_to_image(server: Loopback) -> None:
    result = await backend(server).render(spec(references=(REFERENCE, REFERENCE), denoise=0.3), Watch())
    body = sent(server, "img2img")
    assert base64.b64decode(body["init_images"][0]) == REFERENCE.data
    assert (len(body["init_images"]), body["denoising_strength"]) == (1, 0.3)
    assert [d.setting for d in result.dropped] == ["reference images"]
    assert "init_images" not in result.parameters


async def test_hires_fix_with_what_forge_needs(server: Loopback) -> None:
    server.on("GET", API + "options", json_reply({"forge_additional_modules": []}))
    result = await backend(server).render(spec(hires=True, upscale=1.5, upscaler="nope", second_pass_steps=3), Watch())
    body = sent(server)
    assert (body["enable_hr"], body["hr_scale"], body["hr_upscaler"], body["hr_second_pass_steps"]) == (True, 1.5, "Latent", 3)
    assert body["hr_additional_modules"] == ["Use same choices"]
    assert [d.setting for d in result.dropped] == ["upscaler"]


async def test_the_grid_is_skipped(server: Loopback) -> None:
    server.on("POST", API + "txt2img", answer(png(colour="black"), PNG, png(colour="white"), index_of_first_image=1))
    assert [image.data for image in (await backend(server).render(spec(), Watch())).images] == [PNG]


async def test_replacements_by_the_server_are_reported(server: Loopback) -> None:
    server.on("POST", API + "txt2img", answer(sampler_name="DPM++ 2M", sd_model_name="other"))
    result = await backend(server).render(spec(sampler="No Such", scheduler="none", model="tiny", vae="gone"), Watch())
    assert {d.setting for d in result.dropped} == {"sampler", "scheduler", "model", "vae"}
    assert "sampler_name" not in sent(server)
    result = await backend(server).render(spec(sampler="Euler a"), Watch())
    assert any("«Euler a» and used «DPM++ 2M»" in d.why for d in result.dropped)


async def test_old_sampler_spelling_is_no_replacement(server: Loopback) -> None:
    server.on("POST", API + "txt2img", answer(sampler_name="DPM++ 2M"))
    assert (await backend(server).render(spec(sampler="DPM++ 2M Karras"), Watch())).dropped == ()
    assert (sent(server)["sampler_name"], sent(server)["scheduler"]) == ("DPM++ 2M", "karras")


async def test_clip_skip_does_not_leak_into_later_pictures(server: Loopback) -> None:
    mine = backend(server)
    await mine.render(spec(), Watch())
    assert "CLIP_stop_at_last_layers" not in sent(server)["override_settings"]
    await mine.render(spec(clip_skip=2), Watch())
    assert sent(server)["override_settings"]["CLIP_stop_at_last_layers"] == 2
    await mine.render(spec(), Watch())
    assert sent(server)["override_settings"]["CLIP_stop_at_last_layers"] == 1


async def test_an_unknown_model_is_refused_with_what_exists(server: Loopback) -> None:
    error = await failed(backend(server), spec(model="gone"))
    assert (error.kind, "sub_tiny, other" in str(error)) == (ErrorKind.INVALID, True)
    assert (await failed(backend(server, model="gone"))).kind is ErrorKind.MISCONFIGURED
    assert not server.asked(API + "txt2img")


# --- progress and cancel ---


async def test_progress_of_ours(server: Loopback) -> None:
    go = asyncio.Event()
    server.on("POST", API + "txt2img", Reply(200, answer().body, {"Content-Type": "application/json"}, pause=go))
    server.on("GET", API + "progress", IDLE, progress(), progress(), progress(), progress(), progress(10, done=0.4))
    watch = Watch()
    drawing = asyncio.create_task(backend(server).render(spec(), watch))
    await seen_by(lambda: any(report.fraction == 0.4 for report in watch.reports))
    go.set()
    await drawing
    assert watch.stages == ["loading", "drawing"]
    assert server.asked(API + "progress")[0].query == {"skip_current_image": "true"}


async def test_another_clients_picture_is_not_taken_for_ours(server: Loopback) -> None:
    go = asyncio.Event()
    server.on("POST", API + "txt2img", Reply(200, answer().body, {"Content-Type": "application/json"}, pause=go))
    foreign, same_moment = progress(7, stamp="1", done=0.5), progress(7, of=40, stamp="2", done=0.6)
    server.on("GET", API + "progress", foreign, foreign, same_moment, progress(3, stamp="3", done=0.1))
    watch = Watch()
    drawing = asyncio.create_task(backend(server).render(spec(), watch))
    await seen_by(lambda: "drawing" in watch.stages)
    go.set()
    await drawing
    assert [report.stage for report in watch.reports][:2] == ["queued", "queued"]
    assert {report.fraction for report in watch.reports} == {None, 0.1}


async def test_cancel_while_ours_is_drawn_interrupts_and_throws_the_unfinished_picture_away(server: Loopback) -> None:
    go = asyncio.Event()
    server.on("POST", API + "txt2img", Reply(200, answer().body, {"Content-Type": "application/json"}, pause=go))
    server.on("GET", API + "progress", IDLE, progress(3))
    mine = backend(server)
    drawing = asyncio.create_task(failed(mine))
    await seen_by(lambda: server.asked(API + "txt2img"))
    assert await mine.cancel("job-1", None)
    assert server.asked(API + "interrupt")
    go.set()
    assert (await drawing).kind is ErrorKind.CANCELLED


async def test_cancel_while_ours_only_waits_hangs_up_and_interrupts_nobody(server: Loopback) -> None:
    server.on("POST", API + "txt2img", Reply(200, pause=asyncio.Event()))
    server.on("GET", API + "progress", progress(3, stamp="1"))
    mine = backend(server)
    drawing = asyncio.create_task(failed(mine))
    await seen_by(lambda: server.asked(API + "txt2img"))
    assert await mine.cancel("job-1", None)
    assert (await drawing).kind is ErrorKind.CANCELLED
    assert not server.asked(API + "interrupt")
    assert not await mine.cancel("job-1", None)


async def test_cancel_reaches_the_server_after_our_side_was_cancelled_first(server: Loopback) -> None:
    server.on("POST", API + "txt2img", Reply(200, pause=asyncio.Event()))
    server.on("GET", API + "progress", IDLE, progress(3))
    mine = backend(server)
    drawing = asyncio.create_task(mine.render(spec(), Watch()))
    await seen_by(lambda: server.asked(API + "txt2img"))
    drawing.cancel()
    await asyncio.gather(drawing, return_exceptions=True)
    assert not await mine.cancel("another", None)
    assert await mine.cancel("job-1", None)
    assert len(server.asked(API + "interrupt")) == 1
    assert not await mine.cancel("job-1", None)


async def test_an_interrupt_in_the_web_ui_is_a_cancel_too(server: Loopback) -> None:
    go = asyncio.Event()
    server.on("POST", API + "txt2img", Reply(200, answer().body, {"Content-Type": "application/json"}, pause=go))
    server.on("GET", API + "progress", IDLE, progress(3, interrupted=True))
    drawing = asyncio.create_task(failed(backend(server)))
    await seen_by(lambda: len(server.asked(API + "progress")) > 2)
    go.set()
    assert (await drawing).kind is ErrorKind.CANCELLED


async def test_our_calls_go_one_after_the_other(server: Loopback) -> None:
    go = asyncio.Event()
    server.on("POST", API + "txt2img", Reply(200, answer().body, {"Content-Type": "application/json"}, pause=go))
    mine = backend(server)
    both = [asyncio.create_task(mine.render(spec(key), Watch())) for key in ("a", "b")]
    await seen_by(lambda: len(server.asked(API + "progress")) > 5)
    assert len(server.asked(API + "txt2img")) == 1
    go.set()
    await asyncio.gather(*both)
    assert len(server.asked(API + "txt2img")) == 2


# --- what goes wrong ---


@pytest.mark.parametrize(
    ("reply", "kind", "word"),
    [
        (json_reply({"detail": "Incorrect username or password"}, 401), ErrorKind.UNAUTHORISED, "--api-auth"),
        (json_reply({"detail": "Not Found"}, 404), ErrorKind.MISCONFIGURED, "--api"),
        (json_reply({"detail": "Sampler not found"}, 400), ErrorKind.INVALID, "sampler"),
        (
            json_reply({"detail": [{"loc": ["body", "cfg_scale"]}, {"loc": ["body", "width"]}]}, 422),
            ErrorKind.INVALID,
            "CFG scale, width",
        ),
        (json_reply({"detail": "Script 'x' not found"}, 422), ErrorKind.INVALID, "settings"),
        (json_reply({"error": "OutOfMemoryError", "errors": "CUDA out of memory."}, 500), ErrorKind.INVALID, "memory"),
        (
            json_reply({"error": "RuntimeError", "message": "Kernel size can't be greater than …"}, 500),
            ErrorKind.INVALID,
            "size",
        ),
        (json_reply({"error": "TypeError", "message": "boom"}, 500), ErrorKind.BAD_ANSWER, ""),
        (text_reply("<html><b>Internal</b></html>", 500), ErrorKind.BAD_ANSWER, ""),
        (text_reply("<html>a page</html>"), ErrorKind.BAD_ANSWER, ""),
        (text_reply("wait", 503), ErrorKind.BUSY, ""),
        (json_reply([]), ErrorKind.BAD_ANSWER, ""),
        (json_reply({"images": [], "info": ""}), ErrorKind.BAD_ANSWER, "no picture"),
        (answer(b""), ErrorKind.BAD_ANSWER, "no picture"),
        (answer(PNG[:-15]), ErrorKind.BAD_ANSWER, "incomplete"),
        (json_reply({"images": ["***"], "info": "{"}), ErrorKind.BAD_ANSWER, "incomplete"),
        (Reply(200, b'{"images": ["', cut=True), ErrorKind.UNREACHABLE, ""),
    ],
)
async def test_errors_become_kinds_and_name_the_setting(server: Loopback, reply: Reply, kind: ErrorKind, word: str) -> None:
    server.on("POST", API + "txt2img", reply)
    error = await failed(backend(server))
    assert error.kind is kind
    assert word in str(error)


async def test_a_connection_dropped_after_an_error_is_tried_once_more(server: Loopback) -> None:
    broken = json_reply({"error": "TypeError"}, 500)
    server.on("POST", API + "txt2img", broken, Reply(200, cut=True), answer())
    mine = backend(server)
    await failed(mine)
    assert (await mine.render(spec(), Watch())).images[0].data == PNG
    server.on("POST", API + "txt2img", Reply(200, cut=True), answer())
    assert (await failed(mine)).kind is ErrorKind.UNREACHABLE


async def test_nobody_listens() -> None:
    error = await failed(Automatic1111Backend(config("automatic1111", "http://127.0.0.1:9")))
    assert (error.kind, error.retryable) == (ErrorKind.UNREACHABLE, True)
    await close_clients()


async def test_too_slow(server: Loopback) -> None:
    server.on("POST", API + "txt2img", Reply(200, pause=asyncio.Event()))
    assert (await failed(backend(server, seconds=0.03))).kind is ErrorKind.TIMED_OUT


# --- keys, lists, check ---


@pytest.mark.parametrize(
    ("more", "header", "secret"),
    [
        ({"user": "anna", "password": "s3cret!"}, "Basic " + base64.b64encode(b"anna:s3cret!").decode(), "s3cret"),
        ({"key": "anna:s3cret!"}, "Basic " + base64.b64encode(b"anna:s3cret!").decode(), "s3cret"),
        ({"key": "tok3n"}, "Bearer tok3n", "tok3n"),
    ],
)
async def test_keys(server: Loopback, more: dict[str, Any], header: str, secret: str) -> None:
    server.on("POST", API + "txt2img", json_reply({"detail": f"no, {header} {secret}!"}, 401))
    error = await failed(backend(server, **more))
    assert server.asked(API + "txt2img")[0].headers["Authorization"] == header
    assert secret not in str(error) + error.host_detail


async def test_lists_tolerate_what_is_missing(server: Loopback) -> None:
    mine = backend(server)
    server.on("GET", API + "sd-vae", json_reply({"detail": "Not Found"}, 404))
    server.on("GET", API + "schedulers", text_reply("", 404))
    assert await mine.choices("vae") == ()
    assert await mine.choices("scheduler") == ()
    assert await mine.choices("upscaler") == ("Latent", "Lanczos")
    assert await mine.choices("sampler") == ("Euler a", "DPM++ 2M")
    assert [model.label for model in await mine.models()] == ["sub_tiny", "other"]


async def test_check(server: Loopback) -> None:
    health = await backend(server).check()
    assert (health.summary, health.problems) == ("AUTOMATIC1111-type server, 2 models, drawing with other.ckpt", ())
    assert "gone" in (await backend(server, model="gone").check()).problems[0]
    server.on("GET", API + "sd-models", json_reply([]))
    assert "no checkpoint" in (await backend(server).check()).problems[0]


def test_unknown_and_wrong_options_are_named() -> None:
    with pytest.raises(ProviderError) as caught:
        Automatic1111Backend(config("automatic1111", "http://127.0.0.1:7860", setps=3, steps="many"))
    assert "setps" in str(caught.value)
    assert "«steps»" in str(caught.value)


# --- recorded servers ---


@pytest.mark.parametrize(
    ("case", "dropped"),
    [
        ("txt2img_ok", set()),
        ("txt2img_unknown_sampler", {"sampler"}),
        ("txt2img_override_checkpoint_unknown", {"model"}),
        ("txt2img_seed_random", set()),
        ("txt2img_hires_fix", set()),
        ("txt2img_batch2_iter2", set()),
        ("txt2img_lora", set()),
        ("txt2img_lora_unknown", {"LoRA"}),
        ("txt2img_legacy_sampler_name", set()),
        ("txt2img_size_not_multiple", set()),
    ],
)
async def test_recorded_forge_pictures(server: Loopback, case: str, dropped: set[str]) -> None:
    exchange = recorded("forge", case)
    body, said = exchange["request"]["body"], exchange["response"]["body"]
    checkpoint = body.get("override_settings", {}).get("sd_model_checkpoint", "")
    server.on("GET", API + "sd-models", json_reply([{"title": checkpoint, "model_name": checkpoint}] if checkpoint else []))
    server.on("POST", API + "txt2img", reply_of(exchange))
    server.on("GET", API + "loras", reply_of(recorded("forge", "loras")))
    hires = body.get("enable_hr", False)
    asked = spec(sampler=body["sampler_name"], steps=body["steps"], seed=body["seed"], model=checkpoint, hires=hires, prompt=body["prompt"])
    result = await backend(server).render(asked, Watch())
    assert result.images[0].data == base64.b64decode(said["images"][0])
    assert result.images[0].seed == json.loads(said["info"])["seed"]
    assert {d.setting for d in result.dropped} == dropped


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("txt2img_error_two_wrong", ErrorKind.INVALID),
        ("txt2img_error_wrong_type", ErrorKind.INVALID),
        ("txt2img_error_alwayson_unknown", ErrorKind.INVALID),
        ("txt2img_error_width_tiny", ErrorKind.INVALID),
        ("txt2img_error_width_zero", ErrorKind.INVALID),
        ("txt2img_error_width_negative", ErrorKind.INVALID),
        ("txt2img_error_malformed_json", ErrorKind.INVALID),
        ("txt2img_error_script_unknown", ErrorKind.INVALID),
        ("img2img_error_no_image", ErrorKind.INVALID),
        ("img2img_error_bad_base64", ErrorKind.INVALID),
        ("img2img_error_url", ErrorKind.INVALID),
        ("options_post_unknown_checkpoint", ErrorKind.INVALID),
        ("txt2img_no_images_wanted", ErrorKind.BAD_ANSWER),
        ("auth_missing", ErrorKind.UNAUTHORISED),
        ("wrong_method", ErrorKind.MISCONFIGURED),
        ("txt2img_hires_fix_error", ErrorKind.BAD_ANSWER),
        ("auth_wrong", ErrorKind.UNAUTHORISED),
        ("unknown_route", ErrorKind.MISCONFIGURED),
    ],
)
async def test_recorded_forge_errors(server: Loopback, case: str, kind: ErrorKind) -> None:
    server.on("POST", API + "txt2img", reply_of(recorded("forge", case)))
    assert (await failed(backend(server))).kind is kind


async def test_recorded_forge_lists_and_progress(server: Loopback) -> None:
    for route, case in {
        "sd-models": "sd_models",
        "samplers": "samplers",
        "schedulers": "schedulers",
        "sd-vae": "sd_vae",
        "sd-modules": "sd_modules",
        "latent-upscale-modes": "latent_upscale_modes",
        "loras": "loras",
        "upscalers": "upscalers",
        "options": "options_get_trimmed",
        "progress": "progress_idle",
    }.items():
        server.on("GET", API + route, reply_of(recorded("forge", case)))
    mine = backend(server)
    assert (await mine.check()).summary == "Forge, 2 models, drawing with tiny-random-v2.safetensors"
    assert "SwinIR 4x" in await mine.choices("upscaler")
    assert "karras" in await mine.choices("scheduler")
    assert await mine.choices("vae") == ()


async def test_recorded_interrupted_picture_is_not_passed_off_as_finished(server: Loopback) -> None:
    steps = recorded("forge", "interrupt_life")["steps"]
    drawn = next(step for step in steps if step.get("call") == "txt2img")
    looks = [reply_of(step) for step in steps if step["request"]["path"].endswith("progress")]
    go = asyncio.Event()
    server.on("POST", API + "txt2img", Reply(200, reply_of(drawn).body, {"Content-Type": "application/json"}, pause=go))
    server.on("GET", API + "progress", reply_of(recorded("forge", "progress_idle")), *looks)
    drawing = asyncio.create_task(failed(backend(server), spec(steps=drawn["request"]["body"]["steps"])))
    await seen_by(lambda: len(server.asked(API + "progress")) > 3)
    go.set()
    assert (await drawing).kind is ErrorKind.CANCELLED


async def test_recorded_stable_diffusion_cpp(server: Loopback) -> None:
    server.on("GET", API + "progress", reply_of(recorded("sd-server", "sdapi_progress_missing")))
    for route, case in {"sd-models": "sdapi_sd_models", "samplers": "sdapi_samplers", "options": "sdapi_options"}.items():
        server.on("GET", API + route, reply_of(recorded("sd-server", case)))
    server.on("POST", API + "txt2img", reply_of(recorded("sd-server", "sdapi_txt2img_ok")))
    mine = backend(server)
    result = await mine.render(spec(seed=5, sampler="euler_a"), Watch())
    assert (result.images[0].mime, result.images[0].seed, result.dropped) == ("image/png", 5, ())
    assert not mine.capabilities().progress
    assert (await mine.check()).summary.startswith("stable-diffusion.cpp server, 1 model")
