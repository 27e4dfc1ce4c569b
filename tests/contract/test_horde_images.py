"""The AI Horde: requests against its published description, the queue, adoption after a restart, every documented refusal."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from providers.contract import RenderSpec
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.horde import HordeBackend
from tests.contract.cloud_parts import KEY, OTHER, PNG64, check_faults, check_slow, failed
from tests.contract.image_parts import PNG, REFERENCE, Watch, config, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback
from tests.contract.recorded import check_requests, check_value, material

ASK, CHECK, STATUS = "/v2/generate/async", "/v2/generate/check/id-1", "/v2/generate/status/id-1"
ASKED = json_reply({"id": "id-1", "kudos": 12.5}, 202)
DONE = {
    "finished": 1,
    "processing": 0,
    "waiting": 0,
    "done": True,
    "faulted": False,
    "wait_time": 0,
    "queue_position": 0,
    "is_possible": True,
}
WAITING = {**DONE, "finished": 0, "waiting": 1, "done": False, "wait_time": 40, "queue_position": 3}
DRAWING = {**WAITING, "waiting": 0, "processing": 1, "queue_position": 0, "wait_time": 9}
MADE = {"img": PNG64, "seed": "77", "id": "g", "censored": False, "model": "Deliberate", "worker_name": "Bob", "gen_metadata": []}
MODELS = [{"name": "Deliberate", "count": 2, "type": "image"}, {"name": "AlbedoBase XL (SDXL)", "count": 9, "type": "image"}]


def done(**more: Any) -> Reply:
    return json_reply({**DONE, "kudos": 11, "generations": [{**MADE, **more}]})


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", ASK, ASKED)
        running.on("GET", CHECK, json_reply(DONE))
        running.on("GET", STATUS, done())
        running.on("DELETE", STATUS, done())
        running.on("GET", "/v2/status/models", json_reply(MODELS))
        running.on("GET", "/v2/find_user", json_reply({"username": "me#1", "kudos": 1234.0}))
        yield running
        check_requests(running.seen, "ai-horde.json", exact=True)
    await close_clients()


def backend(server: Loopback, *, key: str = KEY, **more: Any) -> HordeBackend:
    return HordeBackend(config("horde", f"{server.url}/v2", key=key, **more))


async def sent(server: Loopback, asked: RenderSpec, **more: Any) -> tuple[dict[str, Any], set[str]]:
    """What was asked for, and the settings that were reported as not honoured."""
    result = await backend(server, **more).render(asked, Watch())
    body = server.asked(ASK)[-1].json
    return body, {dropped.setting for dropped in result.dropped if dropped.setting != "size"}


async def test_a_picture(server: Loopback) -> None:
    server.on("GET", CHECK, json_reply(WAITING), json_reply(DRAWING), json_reply(DONE))
    watch = Watch()
    result = await backend(server).render(spec(model="Deliberate", sampler="DPM++ 2M Karras", steps=30, cfg=6.5, clip_skip=2), watch)
    body = server.asked(ASK)[0].json
    assert body["prompt"] == "a red cat ### blurry"
    assert (body["models"], body["nsfw"], body["censor_nsfw"], body["shared"]) == (["Deliberate"], False, True, False)
    expected = {"width": 64, "height": 64, "seed": "5", "n": 1, "steps": 30, "cfg_scale": 6.5, "clip_skip": 2}
    assert body["params"] == {**expected, "sampler_name": "k_dpmpp_2m", "karras": True}
    assert (result.images[0].data, result.images[0].seed, result.model, result.cost_text) == (PNG, 77, "Deliberate", "11 kudos")
    assert watch.remembered == ["id-1"]
    assert [(p.stage, p.place, p.eta) for p in watch.reports] == [("queued", 2, 40), ("drawing", None, 9)]
    headers = server.seen[0].headers
    assert (headers["apikey"], headers["Client-Agent"]) == (KEY, "Vignette:1:unknown")


async def test_without_an_account(server: Loopback) -> None:
    mine = backend(server, key="")
    await mine.render(spec(), Watch())
    assert server.asked(ASK)[0].headers["apikey"] == "0000000000"
    assert "No account" in (await mine.check()).warnings[0]


async def test_names_inside_params_are_the_services_own(server: Loopback) -> None:
    loras = [{"name": "Magnagothica", "inject_trigger": "any"}]
    asked = spec(hires=True, upscaler="nmkd_siax", restore_faces=True, denoise=0.4, steps=5, cfg=3, sampler="Euler a", scheduler="Karras")
    body, lost = await sent(server, asked, loras=loras)
    await sent(server, spec(references=(REFERENCE,), denoise=0.6))
    assert (body["params"]["post_processing"], body["params"]["hires_fix_denoising_strength"]) == (["GFPGAN", "NMKD_Siax"], 0.4)
    assert (body["params"]["loras"][0]["name"], body["params"]["karras"], lost) == ("Magnagothica", True, set())
    path = material("specs", "ai-horde.json")
    if path is not None:
        document = json.loads(path.read_text("utf-8"))
        for seen in server.asked(ASK):
            check_value(document, document["definitions"]["ModelGenerationInputStable"], seen.json["params"], exact=True)


async def test_references(server: Loopback) -> None:
    body, lost = await sent(server, spec(references=(OTHER, REFERENCE), denoise=0.6))
    assert base64.b64decode(body["source_image"]) == REFERENCE.data  # the base comes first
    assert (body["source_processing"], body["params"]["denoising_strength"], lost) == ("img2img", 0.6, {"reference images"})
    remixed, lost = await sent(server, spec(references=(OTHER, REFERENCE)), remix=True)
    assert [base64.b64decode(extra["image"]) for extra in remixed["extra_source_images"]] == [OTHER.data]
    assert (remixed["source_processing"], lost) == ("remix", set())


@pytest.mark.parametrize(("adult", "expected"), [(True, (True, False)), (False, (False, True))])
async def test_adult_content_and_worker_options(server: Loopback, adult: bool, expected: tuple[bool, bool]) -> None:
    body, _ = await sent(server, spec(adult=adult), trusted_workers=True, slow_workers=False, workers=["w1"], worker_blacklist=True)
    assert (body["nsfw"], body["censor_nsfw"]) == expected
    assert (body["trusted_workers"], body["slow_workers"], body["workers"], body["worker_blacklist"]) == (True, False, ["w1"], True)


async def test_what_is_not_there_is_reported(server: Loopback) -> None:
    asked = spec(sampler="No Such", scheduler="beta", steps=900, cfg=200.0, hires=True, upscale=2.0, upscaler="gone", width=1000, height=70)
    body, lost = await sent(server, asked)
    assert lost == {"sampler", "scheduler", "steps", "CFG scale", "upscale", "upscaler"}
    params = body["params"]
    assert (params["width"], params["height"], params["steps"], params["cfg_scale"]) == (1024, 64, 500, 100)
    assert "sampler_name" not in params


async def test_the_mark_between_the_prompts_cannot_be_smuggled_in(server: Loopback) -> None:
    body, _ = await sent(server, spec(prompt="a ### b", negative="c####d"))
    assert body["prompt"] == "a ## b ### c##d"


async def test_a_long_prompt_is_not_sent(server: Loopback) -> None:
    error = await failed(backend(server), spec(prompt="x" * 7000))
    assert (error.kind, "too long" in str(error), server.seen) == (ErrorKind.INVALID, True, [])


async def test_a_restart_goes_on_waiting(server: Loopback) -> None:
    watch = Watch("id-1")
    assert (await backend(server).render(spec(), watch)).cost_text == "11 kudos"
    assert (server.asked(ASK), watch.remembered) == ([], [])


@pytest.mark.parametrize("reply", [json_reply({"message": "gone", "rc": "RequestNotFound"}, 404), json_reply({**DONE, "faulted": True})])
async def test_a_forgotten_picture_is_asked_for_anew(server: Loopback, reply: Reply) -> None:
    server.on("GET", "/v2/generate/check/old", reply)
    watch = Watch("old")
    await backend(server).render(spec(), watch)
    assert watch.remembered == ["id-1"]


async def test_cancel_while_waiting(server: Loopback) -> None:
    server.on("GET", CHECK, json_reply(WAITING))
    mine, watch = backend(server), Watch()
    task = asyncio.ensure_future(failed(mine, spec(), watch))
    while not watch.reports:
        await asyncio.sleep(0.001)
    assert await mine.cancel("job-1", watch.ref) is True
    assert (await task).kind is ErrorKind.CANCELLED
    assert [seen.method for seen in server.asked(STATUS)] == ["DELETE"]


async def test_cancel_before_the_service_answered(server: Loopback) -> None:
    gate = asyncio.Event()
    server.on("POST", ASK, Reply(202, ASKED.body, ASKED.headers, pause=gate))
    mine = backend(server)
    task = asyncio.ensure_future(failed(mine))
    while not server.asked(ASK):
        await asyncio.sleep(0.001)
    assert await mine.cancel("job-1", None) is True
    gate.set()
    assert (await task).kind is ErrorKind.CANCELLED
    assert [seen.method for seen in server.asked(STATUS)] == ["DELETE"]


async def test_cancel_of_an_earlier_life(server: Loopback) -> None:
    assert await backend(server).cancel("job-1", "id-1") is True
    assert await backend(server).cancel("job-1", None) is False
    server.on("DELETE", STATUS, json_reply({"rc": "RequestNotFound"}, 404))
    assert await backend(server).cancel("job-1", "id-1") is False
    assert await backend(server).cancel("job-1", "../find_user") is False
    assert {seen.path for seen in server.seen} == {STATUS}


CSAM, NSFW = ({"gen_metadata": [{"type": "censorship", "value": value}]} for value in ("csam", "nsfw"))


@pytest.mark.parametrize("more", [{"censored": True}, CSAM, NSFW])
async def test_moderation_inside_a_good_answer(server: Loopback, more: dict[str, Any]) -> None:
    server.on("GET", STATUS, done(**more))
    error = await failed(backend(server))
    assert (error.kind, error.retryable) == (ErrorKind.REFUSED, False)


async def test_remarks_and_warnings_are_passed_on(server: Loopback) -> None:
    warning = {"code": "StepsTooFew", "message": "This model wants more steps."}
    server.on("POST", ASK, json_reply({"id": "id-1", "kudos": 3, "message": "Hello.", "warnings": [warning]}, 202))
    server.on("GET", STATUS, done(gen_metadata=[{"type": "lora", "value": "download_failed", "ref": "x"}]))
    result = await backend(server).render(spec(), Watch())
    assert result.notes == ("Hello.", "This model wants more steps.")
    assert "LoRA" in {dropped.setting for dropped in result.dropped}


async def test_the_picture_by_address(server: Loopback) -> None:
    server.on("GET", STATUS, done(img=f"{server.url}/r2/1.webp"))
    server.on("GET", "/r2/1.webp", Reply(200, PNG, {"Content-Type": "image/webp"}))
    assert (await backend(server).render(spec(), Watch())).images[0].mime == "image/png"
    fetched = server.asked("/r2/1.webp")[0]
    assert "apikey" not in fetched.headers
    server.seen.remove(fetched)


@pytest.mark.parametrize("entry", [{"generations": []}, {"generations": [{}]}, {"generations": [{"img": "?"}]}, []])
async def test_a_finished_request_without_a_picture(server: Loopback, entry: Any) -> None:
    server.on("GET", STATUS, json_reply(entry))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_nobody_can_draw_it(server: Loopback) -> None:
    server.on("GET", CHECK, json_reply({**WAITING, "is_possible": False}))
    error = await failed(backend(server))
    assert (error.kind, "Nobody there offers" in str(error)) == (ErrorKind.INVALID, True)
    assert [seen.method for seen in server.asked(STATUS)] == ["DELETE"]


async def test_a_worker_failed_and_a_queue_without_end(server: Loopback) -> None:
    server.on("GET", CHECK, json_reply({**DONE, "done": False, "faulted": True}))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER
    server.on("GET", CHECK, json_reply(WAITING))
    assert (await failed(backend(server, seconds=0.05))).kind is ErrorKind.TIMED_OUT
    assert [seen.method for seen in server.asked(STATUS)] == ["DELETE"]


async def test_passing_failures_while_waiting_are_forgiven(server: Loopback) -> None:
    server.on(
        "GET", CHECK, Reply(503, b"<html>"), Reply(200, b""), json_reply({"rc": "TooManyPrompts"}, 429, Retry_After="0"), json_reply(DONE)
    )
    assert (await backend(server).render(spec(), Watch())).images


ERRORS = [
    (400, "MissingPrompt", ErrorKind.INVALID, "needs a prompt"),
    (400, "CorruptPrompt", ErrorKind.REFUSED, ""),
    (403, "CorruptPrompt", ErrorKind.REFUSED, ""),
    (400, "Profanity", ErrorKind.REFUSED, ""),
    (400, "InvalidSize", ErrorKind.INVALID, "cannot draw this size"),
    (400, "InvalidPromptSize", ErrorKind.INVALID, "prompt is too long"),
    (400, "TooLong", ErrorKind.INVALID, "prompt is too long"),
    (400, "TooManySteps", ErrorKind.INVALID, "fewer steps"),
    (400, "BadCFGDecimals", ErrorKind.INVALID, "CFG scale"),
    (400, "BadCFGNumber", ErrorKind.INVALID, "CFG scale"),
    (400, "UnsupportedSampler", ErrorKind.INVALID, "sampler"),
    (400, "UnsupportedModel", ErrorKind.INVALID, "no such model"),
    (400, "UnexpectedModelName", ErrorKind.INVALID, "no such model"),
    (400, "TooManyUpscalers", ErrorKind.INVALID, ""),
    (400, "ImageValidationFailed", ErrorKind.INVALID, "reference picture"),
    (400, "SourceImageResolutionExceeded", ErrorKind.INVALID, "reference picture is too big"),
    (400, "SourceImageSizeExceeded", ErrorKind.INVALID, "reference picture is too big"),
    (400, "SourceImageUrlInvalid", ErrorKind.INVALID, "reference picture"),
    (400, "SourceImageUnreadable", ErrorKind.INVALID, "reference picture"),
    (400, "SourceImageRequiredForModel", ErrorKind.INVALID, "needs a picture to start from"),
    (400, "InvalidExtraSourceImages", ErrorKind.INVALID, "mix"),
    (400, "TooManyExtraSourceImages", ErrorKind.INVALID, "mix"),
    (403, "MoreThanMinExtraSourceImage", ErrorKind.INVALID, "mix"),
    (400, "InvalidRemixModel", ErrorKind.INVALID, "mix"),
    (400, "Img2ImgMismatch", ErrorKind.INVALID, "cannot start from a picture"),
    (400, "HiResFixMismatch", ErrorKind.INVALID, "these settings"),
    (400, "HiResMismatch", ErrorKind.INVALID, "these settings"),
    (400, "TilingMismatch", ErrorKind.INVALID, "these settings"),
    (400, "ControlNetMismatch", ErrorKind.INVALID, "these settings"),
    (400, "TooManyLoras", ErrorKind.MISCONFIGURED, "LoRAs"),
    (400, "BadLoraVersion", ErrorKind.MISCONFIGURED, "LoRAs"),
    (400, "NulByteInPayload", ErrorKind.INVALID, ""),
    (400, "BadClientAgent", ErrorKind.MISCONFIGURED, "client_agent"),
    (400, "BadRequest", ErrorKind.INVALID, ""),
    (400, "NoValidWorkers", ErrorKind.INVALID, "Nobody there"),
    (401, "InvalidAPIKey", ErrorKind.UNAUTHORISED, "key"),
    (403, "WrongCredentials", ErrorKind.UNAUTHORISED, "key"),
    (403, "SharedKeyInvalid", ErrorKind.UNAUTHORISED, "key"),
    (403, "SharedKeyExpired", ErrorKind.UNAUTHORISED, "key"),
    (404, "DeletedUser", ErrorKind.UNAUTHORISED, "key"),
    (404, "UserNotFound", ErrorKind.UNAUTHORISED, "key"),
    (403, "KudosUpfront", ErrorKind.NO_CREDIT, "kudos in advance"),
    (403, "SharedKeyEmpty", ErrorKind.NO_CREDIT, "kudos in advance"),
    (403, "SharedKeyInsufficientKudos", ErrorKind.NO_CREDIT, "kudos in advance"),
    (403, "Forbidden", ErrorKind.UNAUTHORISED, ""),
    (403, "TimeoutIP", ErrorKind.RATE_LIMITED, ""),
    (403, "TooManySameIPs", ErrorKind.RATE_LIMITED, ""),
    (403, "AnonForbidden", ErrorKind.MISCONFIGURED, "account of its own"),
    (403, "BetaAnonForbidden", ErrorKind.MISCONFIGURED, "account of its own"),
    (403, "NotTrusted", ErrorKind.MISCONFIGURED, "account of its own"),
    (403, "RequiresTrust", ErrorKind.MISCONFIGURED, "account of its own"),
    (403, "UnsafeIP", ErrorKind.MISCONFIGURED, "trusted account"),
    (403, "UntrustedUnsafeIP", ErrorKind.MISCONFIGURED, "trusted account"),
    (404, "RequestNotFound", ErrorKind.BAD_ANSWER, "lost the request"),
    (423, "Locked", ErrorKind.BUSY, ""),
    (429, "TooManyPrompts", ErrorKind.RATE_LIMITED, ""),
    (503, "MaintenanceMode", ErrorKind.BUSY, ""),
]


@pytest.mark.parametrize(("status", "rc", "kind", "words"), ERRORS, ids=[f"{row[0]}-{row[1]}" for row in ERRORS])
async def test_documented_errors(server: Loopback, status: int, rc: str, kind: ErrorKind, words: str) -> None:
    body = {"message": "No.", "rc": rc, **({"errors": {"params.width": "too wide"}} if rc == "InvalidSize" else {})}
    server.on("POST", ASK, json_reply(body, status))
    error = await failed(backend(server), spec(model="some model"))
    assert (error.kind, words in str(error)) == (kind, True)
    if rc not in ("Forbidden", "TooManyUpscalers", "NulByteInPayload", "BadRequest"):  # these say nothing by themselves
        server.on("POST", ASK, json_reply(body))
        assert (await failed(backend(server))).kind is kind, "an error inside a good answer"


@pytest.mark.parametrize(
    ("message", "headers", "wait"),
    [
        ("Your IP address has been put into timeout for 93 more seconds.", {}, 93),
        ("Your IP is barred.", {}, 600),
        ("Your IP is barred.", {"Retry_After": "7"}, 7),
    ],
)
async def test_a_barred_address_is_left_alone(server: Loopback, message: str, headers: dict[str, str], wait: float) -> None:
    server.on("POST", ASK, json_reply({"message": message, "rc": "TimeoutIP"}, 403, **headers))
    assert (await failed(backend(server))).retry_after == wait


NONSENSE: list[Any] = [
    *({}, [], None, 7, "x", {"done": "x"}, {"processing": [1]}, {"queue_position": "NaN"}, {"wait_time": {}}, {"is_possible": 0}),
    {"queue_position": float("nan"), "wait_time": float("inf")},
]


@pytest.mark.parametrize("said", NONSENSE, ids=str)
async def test_states_that_are_none(server: Loopback, said: Any) -> None:
    server.on("GET", CHECK, json_reply(said), json_reply(DONE))
    with suppress(ProviderError):
        assert (await backend(server).render(spec(), Watch())).images
    server.on("GET", CHECK, json_reply(said), json_reply(DONE))
    with suppress(ProviderError):
        assert (await backend(server).render(spec(), Watch("id-1"))).images


@pytest.mark.parametrize(
    "more",
    [
        *({"gen_metadata": 7}, {"gen_metadata": None}, {"gen_metadata": [7, {"type": [], "value": {}}]}, {"model": 7}, {"worker_name": []}),
        *({"seed": "The little seed that could"}, {"seed": None}, {"seed": float("nan")}, {"seed": "9" * 99}, {"seed": "²"}),
    ],
    ids=str,
)
async def test_odd_remarks_about_a_picture(server: Loopback, more: dict[str, Any]) -> None:
    server.on("GET", STATUS, done(**more))
    result = await backend(server).render(spec(), Watch())
    assert result.images[0].seed == (5 if "seed" in more else 77)


async def test_a_price_that_is_not_told(server: Loopback) -> None:
    server.on("POST", ASK, json_reply({"id": "id-1"}, 202))
    server.on("GET", STATUS, json_reply({**DONE, "generations": [MADE]}))
    assert (await backend(server).render(spec(), Watch())).cost_text == ""
    server.on("POST", ASK, ASKED)
    assert (await backend(server).render(spec(), Watch())).cost_text == "12.5 kudos"


@pytest.mark.parametrize(
    "stored",
    [
        Reply(403, b"expired", {"Content-Type": "image/webp"}),
        Reply(200, b"", {"Content-Type": "image/webp"}),
        Reply(200, PNG[:-9], {"Content-Type": "image/webp"}),
        Reply(200, b"<html>", {"Content-Type": "text/html"}),
        Reply(200, b"no picture", {"Content-Type": "image/webp"}),
        Reply(302, headers={"Location": "ftp://example.com/x"}),
    ],
    ids=["expired", "empty", "cut", "HTML", "text", "elsewhere"],
)
async def test_a_picture_that_cannot_be_fetched_is_not_asked_for_twice(server: Loopback, stored: Reply) -> None:
    server.on("GET", STATUS, done(img=f"{server.url}/r2/1.webp"))
    server.on("GET", "/r2/1.webp", stored, Reply(200, PNG, {"Content-Type": "image/webp"}))
    mine, watch = backend(server), Watch()
    assert (await failed(mine, spec(), watch)).kind is ErrorKind.BAD_ANSWER
    assert (await mine.render(spec(), watch)).images
    assert len(server.asked(ASK)) == 1
    server.seen[:] = [seen for seen in server.seen if not seen.path.startswith("/r2")]


async def test_a_finished_request_that_is_gone(server: Loopback) -> None:
    server.on("GET", STATUS, json_reply({"message": "gone", "rc": "RequestNotFound"}, 404))
    error = await failed(backend(server))
    assert (error.kind, "lost the request" in str(error)) == (ErrorKind.BAD_ANSWER, True)


async def test_a_strange_record_asks_nothing(server: Loopback) -> None:
    watch = Watch('{"url": "https://evil.example/"}')
    await backend(server).render(spec(), watch)
    assert server.seen[0].path == ASK
    assert await backend(server).cancel("job-1", "../find_user") is False


async def test_settings_are_told_when_they_are_left_out(server: Loopback) -> None:
    asked = spec(hires=True, references=(REFERENCE,), sampler="Euler Beta", cfg=6.66666, prompt="a\0b", clip_skip=40, denoise=0.0)
    body, lost = await sent(server, asked)
    assert lost == {"hires fix", "scheduler", "clip skip", "denoise"}
    assert (body["params"]["cfg_scale"], body["params"]["clip_skip"], body["prompt"]) == (6.67, 12, "ab ### blurry")
    assert (body["params"]["denoising_strength"], "hires_fix" in body["params"]) == (0.01, False)
    body, lost = await sent(server, spec(denoise=0.5))
    assert (lost, "denoising_strength" in body["params"]) == ({"denoise"}, False)
    error = await failed(backend(server), spec(prompt=" "))
    assert (error.kind, "needs a prompt" in str(error)) == (ErrorKind.INVALID, True)


async def test_models_and_check(server: Loopback) -> None:
    mine = backend(server, model="Deliberate")
    assert [(m.id, m.family) for m in await mine.models()] == [("AlbedoBase XL (SDXL)", "sdxl"), ("Deliberate", "")]
    found = await mine.check()
    assert ("me#1 with 1234 kudos" in found.summary, found.problems, found.warnings) == (True, (), ())
    assert "k_euler_a" in await mine.choices("sampler")
    assert await mine.choices("vae") == ()
    assert "not on its list" in (await backend(server, model="gone").check()).problems[0]


async def test_an_address_without_its_version(server: Loopback) -> None:
    server.on("GET", "/api/v2/status/models", json_reply(MODELS))
    for address in (server.url, f"{server.url}/api/"):
        assert len(await HordeBackend(config("horde", address)).models()) == 2
    server.seen.clear()


async def test_faults(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server), ASK)
    await check_slow(server, lambda: backend(server, seconds=0.05), ASK)
