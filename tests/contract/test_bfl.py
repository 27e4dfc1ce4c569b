"""Black Forest Labs: tasks against the official description, every status, restarts, and addresses that are not the vendor's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.bfl import BlackForestLabsBackend
from providers.images.bfl_models import MODELS
from providers.images.polling import belongs_to
from providers.images.references import as_base64
from tests.contract.cloud_extremes import draw_extremes
from tests.contract.cloud_parts import KEY, MEGABYTE, OTHER, PICTURE, check_faults, check_nonsense, cloud_config, draw_all, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, Watch, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.recorded import check_requests

HUGE = Reply(200, headers={"Content-Type": "image/png"}, chunks=(MEGABYTE,) * 65)
DRAW, POLL, FILE = "/v1/flux-2-pro", "/v1/get_result", "/files/1.png"


def status(name: str, **more: Any) -> Reply:
    return json_reply({"id": "t1", "status": name, "result": None, "progress": None, "details": None, "preview": None, **more})


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        for model in MODELS:
            task = {"id": "t1", "polling_url": f"{running.url}{POLL}?id=t1", "cost": 4.5, "input_mp": 0, "output_mp": 1}
            running.on("POST", f"/v1/{model}", json_reply(task))
        running.on("GET", POLL, status("Pending"), status("Pending", progress=0.4), ready(running))
        running.on("GET", FILE, PICTURE)
        running.on("GET", "/v1/credits", json_reply({"credits": 812.5}))
        yield running
        asked = [seen for seen in running.seen if seen.path.startswith("/v1/") and seen.path != "/v1/flux-3"]
        check_requests(asked, "bfl.json", exact=True)
    await close_clients()


def ready(server: Loopback, path: str = FILE) -> Reply:
    return status("Ready", result={"sample": f"{server.url}{path}", "prompt": "a red cat"})


def backend(server: Loopback, **more: Any) -> BlackForestLabsBackend:
    return BlackForestLabsBackend(cloud_config("bfl", server.url, **{"poll_seconds": 0.002, **more}))


async def test_a_picture(server: Loopback) -> None:
    watch = Watch()
    result = await drawn(backend(server), spec(negative="", width=1024, height=768), watch)
    seen = server.asked(DRAW)[0]
    assert seen.headers["x-key"] == KEY
    assert seen.json == {"prompt": "a red cat", "seed": 5, "width": 1024, "height": 768, "output_format": "png"}
    assert {look.headers["x-key"] for look in server.asked(POLL)} == {KEY}
    assert (result.images[0].data, result.images[0].seed, result.model) == (PNG, 5, "flux-2-pro")
    assert (result.cost, result.cost_text) == (0.045, "4.5 credits")
    assert json.loads(watch.remembered[0])["url"].endswith("/v1/get_result?id=t1")
    assert [report.fraction for report in watch.reports if report.stage == "drawing"] == [None, 0.4]


@pytest.mark.parametrize("model", list(MODELS))
async def test_every_model_gets_only_what_it_takes(server: Loopback, model: str) -> None:
    mine = backend(server, raw=True, safety_tolerance=6, prompt_upsampling=True)
    able = mine.capabilities(model)
    asked = spec(negative="", model=model, width=512, height=512, steps=99, cfg=50.0, adult=True, references=(OTHER, *(REFERENCE,) * 9))
    result = await drawn(mine, asked)
    sent = server.asked(f"/v1/{model}")[0].json
    assert ("steps" in sent, "guidance" in sent) == (able.steps, able.cfg)
    assert sum(as_base64(OTHER) == value for value in sent.values()) == 1
    assert sum(as_base64(REFERENCE) == value for value in sent.values()) == able.references - 1
    assert ("aspect_ratio" in sent) == bool(able.sizes.ratios)
    assert {d.setting for d in result.dropped} >= ({"steps", "CFG scale"} if able.steps else set())
    assert not {"input_image", "image_prompt"} & set(result.parameters)


async def test_references_are_numbered_in_order(server: Loopback) -> None:
    await drawn(backend(server), spec(negative="", references=(REFERENCE, OTHER, REFERENCE)))
    sent = server.asked(DRAW)[0].json
    assert [sent[f"input_image{n}"] for n in ("", "_2", "_3")] == [as_base64(REFERENCE), as_base64(OTHER), as_base64(REFERENCE)]


async def test_tolerance_goes_with_the_place(server: Loopback) -> None:
    for asked in (spec(negative="", adult=True), spec(negative="")):
        await drawn(backend(server), asked)
    assert [seen.json.get("safety_tolerance") for seen in server.asked(DRAW)] == [5, None]


async def test_a_model_that_is_not_known_here_is_asked_like_one_that_is(server: Loopback) -> None:
    server.on("POST", "/v1/flux-3", json_reply({"id": "t1"}))
    mine = backend(server, model="flux-3", like="flux-kontext-pro")
    await drawn(mine, spec(negative="", width=100, height=100))
    assert server.asked("/v1/flux-3")[0].json["aspect_ratio"] == "1:1"
    assert (await mine.check()).warnings
    with pytest.raises(ProviderError, match="«like» must be one of"):
        backend(server, like="flux-9")


# --- what a task may end in ---


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (status("Request Moderated"), ErrorKind.REFUSED),
        (status("Content Moderated"), ErrorKind.REFUSED),
        (status("Error"), ErrorKind.BAD_ANSWER),
        (status("Task not found"), ErrorKind.BAD_ANSWER),
        (json_reply({"detail": "unknown"}, 404), ErrorKind.BAD_ANSWER),
        (status("Ready", result={}), ErrorKind.BAD_ANSWER),
        (status("Ready", result=None), ErrorKind.BAD_ANSWER),
        (status("Elsewhere"), ErrorKind.BAD_ANSWER),
        (text_reply("<html>gateway</html>", 502), ErrorKind.BUSY),
        (json_reply({"error": "invalid_api_key", "message": "m"}, 401), ErrorKind.UNAUTHORISED),
        (text_reply("<html>", 200), ErrorKind.BAD_ANSWER),
    ],
)
async def test_every_end_of_a_task(server: Loopback, reply: Reply, kind: ErrorKind) -> None:
    server.on("GET", POLL, reply)
    assert (await failed(backend(server))).kind is kind


async def test_a_passing_failure_while_waiting_is_forgiven(server: Loopback) -> None:
    server.on("GET", POLL, text_reply("x", 503), status("Task not found"), text_reply("<html>"), ready(server))
    assert (await drawn(backend(server))).images[0].data == PNG
    assert len(server.asked(DRAW)) == 1


async def test_a_task_that_never_ends(server: Loopback) -> None:
    server.on("GET", POLL, status("Pending"))
    assert (await failed(backend(server, seconds=0.05))).kind is ErrorKind.TIMED_OUT


@pytest.mark.parametrize(
    "file",
    [
        Reply(404),
        Reply(200, b"", {"Content-Type": "image/png"}),
        Reply(200, PNG[:-6], {"Content-Type": "image/png"}),
        text_reply("<html>"),
        HUGE,
    ],
)
async def test_a_result_that_is_no_picture(server: Loopback, file: Reply) -> None:
    server.on("GET", FILE, file)
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_the_key_does_not_go_to_the_result_or_a_strange_poller(server: Loopback) -> None:
    async with loopback() as other:
        other.on("GET", FILE, PICTURE)
        server.on("GET", POLL, ready(other))
        await drawn(backend(server))
        assert "x-key" not in other.seen[0].headers
        server.on("POST", DRAW, json_reply({"id": "t1", "polling_url": f"{other.url}/poll"}))
        assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER
        assert not other.asked("/poll")


def test_whose_addresses_may_be_asked() -> None:
    cloud = cloud_config("bfl", "https://api.bfl.ai")
    good = ("https://api.bfl.ai/v1/x", "https://api.us1.bfl.ai/v1/get_result?id=1")
    bad = (
        "http://api.us1.bfl.ai/x",
        "https://bfl.ai.evil.org/x",
        "https://evilbfl.ai/x",
        "https://u:p@api.bfl.ai/x",
        "file:///x",
        "",
        None,
        7,
    )
    assert [belongs_to(cloud, url, ("bfl.ai",)) for url in good] == [True, True]
    assert not any(belongs_to(cloud, url, ("bfl.ai",)) for url in bad)


# --- restarts ---


def record(server: Loopback, **more: str) -> Watch:
    return Watch(json.dumps({"id": "t1", "url": f"{server.url}{POLL}?id=t1", "cost": "4.5", **more}))


async def test_a_restart_goes_on_waiting(server: Loopback) -> None:
    result = await drawn(backend(server), watch=record(server))
    assert (result.images[0].data, result.cost, server.asked(DRAW)) == (PNG, 0.045, [])


@pytest.mark.parametrize("lost", ["Task not found", "Error", "Ready"])
async def test_a_task_that_is_lost_is_submitted_anew(server: Loopback, lost: str) -> None:
    gone = ready(server, "/files/expired.png") if lost == "Ready" else status(lost)
    server.on("GET", POLL, gone, ready(server))
    watch = record(server)
    assert (await drawn(backend(server), watch=watch)).images[0].data == PNG
    assert (len(server.asked(DRAW)), len(watch.remembered)) == (1, 1)


async def test_a_moderated_task_is_not_paid_for_again(server: Loopback) -> None:
    server.on("GET", POLL, status("Content Moderated"))
    assert (await failed(backend(server), watch=record(server))).kind is ErrorKind.REFUSED
    assert server.asked(DRAW) == []


@pytest.mark.parametrize("ref", ["", "nonsense", "[]", '{"id": "t1"}', '{"id": "t1", "url": "https://evil.example/poll"}'])
async def test_a_broken_or_strange_record_starts_anew(server: Loopback, ref: str) -> None:
    assert (await drawn(backend(server), watch=Watch(ref))).images
    assert len(server.asked(DRAW)) == 1


# --- errors of the submission ---


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (400, {"error": "validation_error", "message": "width must be at least 64", "details": {"field": "width"}}, ErrorKind.INVALID),
        (401, {"error": "invalid_api_key", "message": "m"}, ErrorKind.UNAUTHORISED),
        (403, {"error": "insufficient_credits", "message": "m"}, ErrorKind.NO_CREDIT),
        (503, {"error": "service_unavailable", "message": "m"}, ErrorKind.BUSY),
        (502, {"error": "x", "message": "m"}, ErrorKind.BUSY),
        (200, {"error": "insufficient_credits", "message": "m"}, ErrorKind.NO_CREDIT),
        (200, {"error": "rate_limit_exceeded", "message": "m", "retry_after": 9}, ErrorKind.RATE_LIMITED),
        (200, {"error": "validation_error", "message": "size", "details": {}}, ErrorKind.INVALID),
        (200, {"detail": "Not authenticated"}, ErrorKind.BAD_ANSWER),
        (422, {"detail": [{"loc": ["body", "width"], "msg": "too small", "type": "greater_than_equal"}]}, ErrorKind.INVALID),
        (402, {"error": "insufficient_credits", "message": "m"}, ErrorKind.NO_CREDIT),
        (429, {"error": "rate_limit_exceeded", "message": "m"}, ErrorKind.RATE_LIMITED),
        (403, {"detail": "Not authenticated"}, ErrorKind.UNAUTHORISED),
        (404, {"detail": "Not Found"}, ErrorKind.MISCONFIGURED),
        (500, {"error": "x"}, ErrorKind.BAD_ANSWER),
    ],
)
async def test_documented_errors(server: Loopback, code: int, body: Any, kind: ErrorKind) -> None:
    server.on("POST", DRAW, json_reply(body, code))
    found = await failed(backend(server))
    assert found.kind is kind
    assert kind is not ErrorKind.INVALID or "size" in str(found)


async def test_the_pause_it_asks_for_is_read_from_the_body_too(server: Loopback) -> None:
    body = {"error": "rate_limit_exceeded", "message": "slow down", "retry_after": 12}
    server.on("POST", DRAW, json_reply(body, 429), json_reply(body, 429, Retry_After="3"))
    waits = [(await failed(backend(server))).retry_after for _ in range(2)]
    assert waits == [12, 3]


@pytest.mark.parametrize(
    ("name", "said"), [("Request Moderated", "the words or a reference"), ("Content Moderated", "the finished picture")]
)
async def test_moderation_says_what_was_refused_and_logs_why(server: Loopback, name: str, said: str) -> None:
    server.on("GET", POLL, status(name, details={"Moderation Reasons": ["Derivative Works Filter"]}))
    found = await failed(backend(server))
    assert (found.kind, found.retryable, said in str(found)) == (ErrorKind.REFUSED, False, True)
    assert "Derivative Works" in found.host_detail


@pytest.mark.parametrize("model", ["../v1/my_finetunes", "a b", "flux-2-pro?webhook_url=x", "x/../../y"])
async def test_a_models_name_cannot_lead_elsewhere(server: Loopback, model: str) -> None:
    assert (await failed(backend(server), spec(negative="", model=model))).kind is ErrorKind.INVALID
    assert server.seen == []


async def test_what_is_beyond_a_models_limits_is_mended_and_told(server: Loopback) -> None:
    server.on("GET", POLL, ready(server))
    mine = backend(server, output_format="webp", image_prompt_strength=0.4, safety_tolerance=6)
    for model in MODELS:
        await draw_extremes(mine, model)
    for seen in [seen for seen in server.seen if seen.method == "POST" and seen.path.startswith("/v1/flux-2")]:
        assert seen.json["width"] % 16 == 0 == seen.json["height"] % 16
        assert seen.json["width"] * seen.json["height"] <= 4_000_000
    ultra = [seen.json for seen in server.asked("/v1/flux-pro-1.1-ultra")]
    assert {sent.get("image_prompt_strength") for sent in ultra if "image_prompt" in sent} == {0.4}
    assert not [sent for sent in ultra if "image_prompt_strength" in sent and "image_prompt" not in sent]


async def test_a_reference_that_is_too_big_is_never_sent(server: Loopback) -> None:
    big = Reference(PNG[:-12] + b"\0" * 20_000_000 + PNG[-12:], "image/png")
    found = await failed(backend(server), spec(negative="", references=(REFERENCE, big)))
    assert (found.kind, "picture 2" in str(found), "20 MB" in str(found), server.seen) == (ErrorKind.INVALID, True, True, [])


async def test_faults_of_the_submission(server: Loopback) -> None:
    await check_nonsense(server, lambda: backend(server), DRAW)
    await check_faults(server, lambda: backend(server), DRAW)


async def test_nonsense_while_waiting(server: Loopback) -> None:
    await check_nonsense(server, lambda: backend(server), POLL, "GET")


async def test_nothing_can_be_cancelled(server: Loopback) -> None:
    mine = backend(server)
    assert (await mine.cancel("job-1", "x"), mine.capabilities().cancel) == (False, False)
    assert "812.5 credits" in (await mine.check()).summary
    assert len(await mine.models()) == len(MODELS)


async def test_a_matrix_of_settings(server: Loopback) -> None:
    server.on("GET", POLL, ready(server))
    await draw_all(backend(server), *MODELS)
