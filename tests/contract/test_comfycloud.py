"""Comfy Cloud: requests against its own description, jobs in every state, redirects, cancel that spares others, restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.comfycloud import ComfyCloudBackend
from tests.contract.cloud_parts import KEY, OTHER, PICTURE, check_faults, check_nonsense, cloud_config, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, Watch, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.recorded import check_requests, form_of
from tests.unit.providers.test_formats import promising

JOB = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
SUBMIT, STATUS, DETAILS, QUEUE = "/api/prompt", f"/api/job/{JOB}/status", f"/api/jobs/{JOB}", "/api/queue"
CHECKPOINT = "sd_xl_base_1.0.safetensors"
NODES = {
    "CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [[CHECKPOINT], {}]}}},
    "KSampler": {"input": {"required": {"sampler_name": [["euler"], {}], "scheduler": ["COMBO", {"options": ["normal"]}]}}},
}
OUTPUTS = {"9": {"images": [{"filename": "hash.png", "subfolder": "", "type": "output"}]}}


def state(status: str, error: str | None = None) -> Reply:
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    return json_reply({"id": JOB, "status": status, "error_message": error, **times})


def details(status: str = "completed", **more: Any) -> Reply:
    return json_reply({"id": JOB, "status": status, "create_time": 1, "update_time": 2, "outputs": OUTPUTS, **more})


def queue(running: tuple[str, ...] = (), pending: tuple[str, ...] = ()) -> Reply:
    rows = {"queue_running": running, "queue_pending": pending}
    return json_reply({key: [[number, job, {}, [], {}] for number, job in enumerate(jobs, 1)] for key, jobs in rows.items()})


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running, loopback() as store:
        running.on("POST", SUBMIT, json_reply({"prompt_id": JOB, "number": 1, "node_errors": {}}))
        running.on("GET", STATUS, state("waiting_to_dispatch"), state("pending"), state("in_progress"), state("completed"))
        running.on("GET", DETAILS, details())
        running.on("GET", QUEUE, queue(pending=("other", JOB)))
        running.on("POST", QUEUE, json_reply({"deleted": [JOB]}))
        running.on("POST", "/api/interrupt", Reply(200))
        running.on("GET", "/api/object_info", json_reply(NODES))
        running.on("GET", "/api/user", json_reply({"status": "active"}))
        running.on("POST", "/api/upload/image", json_reply({"name": "abc123.png", "subfolder": "", "type": "input"}))
        running.on("GET", "/api/view", Reply(302, headers={"Location": f"{store.url}/signed.png"}))
        store.on("GET", "/signed.png", PICTURE)
        yield running
        assert not any("X-API-Key" in seen.headers for seen in store.seen)
        check_requests(running.seen, "comfyui-cloud.yaml", exact=True)
    await close_clients()


def backend(server: Loopback, **more: Any) -> ComfyCloudBackend:
    return ComfyCloudBackend(cloud_config("comfycloud", server.url, **{"poll_seconds": 0.002, **more}))


async def test_a_picture(server: Loopback) -> None:
    watch = Watch()
    result = await drawn(backend(server), spec(negative="bad", steps=4), watch)
    assert {seen.headers["X-API-Key"] for seen in server.seen} == {KEY}
    sent = server.asked(SUBMIT)[0].json
    assert list(sent) == ["prompt"]
    assert CHECKPOINT in json.dumps(sent)
    assert (result.images[0].data, result.images[0].seed, result.model) == (PNG, 5, CHECKPOINT)
    assert [(report.stage, report.place) for report in watch.reports] == [("queued", 1), ("queued", 1), ("drawing", None)]
    assert watch.remembered == [JOB]
    assert server.asked("/api/view")[0].query["filename"] == "hash.png"
    assert result.parameters["workflow"] == "text-to-image"


async def test_more_pictures_than_are_shown(server: Loopback) -> None:
    rows = [{"filename": f"{number}.png", "subfolder": "", "type": "output"} for number in range(6)]
    server.on("GET", DETAILS, details(outputs={"9": {"images": rows}}))
    result = await drawn(backend(server), spec(negative=""))
    assert [seen.query["filename"] for seen in server.asked("/api/view")] == ["0.png", "1.png", "2.png", "3.png"]
    assert [(lost.setting, lost.why) for lost in result.dropped] == [("pictures", "the workflow made 6; the first 4 are shown")]
    assert "file_prefix" not in result.parameters


async def test_references_are_uploaded_and_a_hosts_graph_is_used(server: Loopback) -> None:
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "%IMAGE1%"}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }
    result = await drawn(backend(server), spec(negative="", references=(OTHER, REFERENCE), workflow=json.dumps(graph)))
    uploads = server.asked("/api/upload/image")
    assert [form_of(seen)["type"] for seen in uploads] == ["input", "input"]
    assert server.asked(SUBMIT)[0].json["prompt"]["1"]["inputs"]["image"] == "abc123.png"
    assert result.parameters["workflow"] == "the host's"


# --- how a job may end ---

FAILURE = {
    "node_id": "3",
    "node_type": "KSampler",
    "exception_type": "RuntimeError",
    "exception_message": "at /secret/path",
    "traceback": [],
}


@pytest.mark.parametrize(
    ("status", "detail", "kind"),
    [
        (state("error"), details("failed", execution_error=FAILURE), ErrorKind.INVALID),
        (state("error"), details("failed"), ErrorKind.BAD_ANSWER),
        (state("error", "the machine went away"), details("failed"), ErrorKind.BAD_ANSWER),
        (state("error", "Insufficient credits to run this node"), details("failed"), ErrorKind.NO_CREDIT),
        (state("error", "words"), json_reply({"code": "x", "message": "m"}, 404), ErrorKind.BAD_ANSWER),
        (json_reply({"code": "FORBIDDEN", "message": "m"}, 403), details(), ErrorKind.BAD_ANSWER),
        (json_reply({"code": "x", "message": "m"}, 500), details(), ErrorKind.BAD_ANSWER),
        (state("completed"), details(outputs={"9": {"images": "x"}, "8": 7}), ErrorKind.MISCONFIGURED),
        (state("cancelled"), details("cancelled"), ErrorKind.CANCELLED),
        (state("completed"), details(outputs={}), ErrorKind.MISCONFIGURED),
        (state("completed"), json_reply({"code": "x", "message": "m"}, 404), ErrorKind.BAD_ANSWER),
        (json_reply({"code": "NOT_FOUND", "message": "m"}, 404), details(), ErrorKind.BAD_ANSWER),
        (json_reply({"code": "UNAUTHORIZED", "message": "m"}, 401), details(), ErrorKind.UNAUTHORISED),
        (text_reply("<html>"), details(), ErrorKind.BAD_ANSWER),
        (json_reply({}), details(), ErrorKind.BAD_ANSWER),
        (state("dreaming"), details(), ErrorKind.BAD_ANSWER),
    ],
)
async def test_every_end_of_a_job(server: Loopback, status: Reply, detail: Reply, kind: ErrorKind) -> None:
    server.on("GET", STATUS, status)
    server.on("GET", DETAILS, detail)
    found = await failed(backend(server))
    assert (found.kind, "secret" in f"{found} {found.host_detail}") == (kind, False)


async def test_a_job_that_never_ends(server: Loopback) -> None:
    server.on("GET", STATUS, state("in_progress"))
    assert (await failed(backend(server, seconds=0.05))).kind is ErrorKind.TIMED_OUT


async def test_a_picture_cut_short(server: Loopback) -> None:
    server.on("GET", "/api/view", Reply(200, PNG[:-7], {"Content-Type": "image/png"}))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


TOO_BIG = {
    "type": "value_bigger_than_max",
    "message": "m",
    "details": "width",
    "extra_info": {"input_name": "width", "input_config": ["INT", {"max": 16384}], "received_value": 30000},
}
NODE_ERRORS = {"5": {"errors": [TOO_BIG], "dependent_outputs": ["9"], "class_type": "EmptyLatentImage"}}


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (json_reply({"error": {"type": "x", "message": "m"}}, 402), ErrorKind.NO_CREDIT, ""),
        (json_reply({"error": {"type": "x", "message": "User has not paid"}}, 429), ErrorKind.NO_CREDIT, ""),
        (json_reply({"error": "slow"}, 429, Retry_After="3"), ErrorKind.RATE_LIMITED, ""),
        (
            json_reply({"error": {"type": "prompt_no_outputs", "message": "m"}, "node_errors": {}}, 400),
            ErrorKind.MISCONFIGURED,
            "no output node",
        ),
        (json_reply({"prompt_id": "../../etc"}), ErrorKind.BAD_ANSWER, ""),
        (json_reply({"code": "UNAUTHORIZED", "message": "m"}, 401), ErrorKind.UNAUTHORISED, "key"),
        (json_reply({"error": {"type": "x", "message": "m"}}, 500), ErrorKind.BAD_ANSWER, ""),
        (json_reply({"error": {"type": "x", "message": "m"}}, 503), ErrorKind.BUSY, ""),
        (json_reply({"code": "BAD_REQUEST", "message": "m"}, 400), ErrorKind.MISCONFIGURED, "did not accept the workflow"),
        (json_reply({"error": {"type": "x", "message": "m"}, "node_errors": NODE_ERRORS}, 400), ErrorKind.INVALID, "30000 is too big"),
        (json_reply({"error": {"type": "x", "message": "m"}, "node_errors": NODE_ERRORS}), ErrorKind.INVALID, "30000 is too big"),
        (json_reply({"error": {"type": "payment_required", "message": "m"}}), ErrorKind.NO_CREDIT, ""),
    ],
)
async def test_what_the_submission_may_answer(server: Loopback, reply: Reply, kind: ErrorKind, said: str) -> None:
    server.on("POST", SUBMIT, reply)
    found = await failed(backend(server))
    assert (found.kind, said in str(found)) == (kind, True)


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        (json_reply({"code": "x", "message": "m"}, 404), ErrorKind.BAD_ANSWER),
        (text_reply("<html>"), ErrorKind.BAD_ANSWER),
        (Reply(200, b"", {"Content-Type": "image/png"}), ErrorKind.BAD_ANSWER),
        (Reply(302, headers={"Location": "http://169.254.169.254/latest"}), ErrorKind.BAD_ANSWER),
        (Reply(302, headers={"Location": "http://127.0.0.1:9/gone.png"}), ErrorKind.UNREACHABLE),
    ],
)
async def test_a_result_that_cannot_be_fetched(server: Loopback, stored: Reply, kind: ErrorKind) -> None:
    server.on("GET", "/api/view", stored)
    assert (await failed(backend(server))).kind is kind


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n" + b"0" * (50 * 2**20), promising(16385, 8), promising(9000, 9000)], ids=["MB", "side", "area"]
)
async def test_a_reference_over_the_services_limits_is_not_sent(server: Loopback, data: bytes) -> None:
    error = await failed(backend(server), spec(references=(Reference(data, "image/png"),)))
    assert (error.kind, "50 MB, 16384 pixels a side, 64 megapixels" in str(error)) == (ErrorKind.INVALID, True)
    assert (server.asked("/api/upload/image"), server.asked(SUBMIT)) == ([], [])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", STATUS), ("GET", DETAILS), ("GET", QUEUE), ("GET", "/api/object_info"), ("GET", "/api/user"),
        ("POST", "/api/upload/image"), ("POST", QUEUE),
    ],
)  # fmt: skip
async def test_nonsense_at_every_route(server: Loopback, method: str, path: str) -> None:
    for number, odd in enumerate((None, 7, "words", [7], {}, {"status": 7}, {"outputs": [7]}, {"queue_pending": [[1], 7]}, {"deleted": 7})):
        server.on("GET", STATUS, state("pending" if "queue" in path else "completed"), state("completed"))
        server.on(method, path, json_reply(odd, 500 if number == 0 else 200))
        mine = backend(server)
        with suppress(ProviderError):
            await drawn(mine, spec(references=(OTHER,)))
        for call in (mine.check, mine.models, lambda mine=mine: mine.cancel("job-1", JOB)):
            with suppress(ProviderError):
                await call()


# --- cancel ---


async def waiting(server: Loopback, mine: ComfyCloudBackend) -> asyncio.Future[Any]:
    task = asyncio.ensure_future(failed(mine))
    while not server.asked(STATUS):
        await asyncio.sleep(0.001)
    return task


async def test_a_waiting_job_is_taken_out_of_the_queue(server: Loopback) -> None:
    server.on("GET", STATUS, state("pending"))
    mine = backend(server)
    task = await waiting(server, mine)
    assert await mine.cancel("job-1", JOB) is True
    assert (await task).kind is ErrorKind.CANCELLED
    posted = [seen.json for seen in server.asked(QUEUE) if seen.method == "POST"]
    assert (posted, server.asked("/api/interrupt")) == ([{"delete": [JOB]}], [])


async def test_a_job_that_began_meanwhile_is_not_said_to_be_cancelled(server: Loopback) -> None:
    server.on("POST", QUEUE, json_reply({"deleted": []}))
    assert await backend(server).cancel("job-1", JOB) is False


@pytest.mark.parametrize(
    ("running", "others", "stopped"), [((JOB,), False, True), ((JOB, "other"), False, False), ((JOB, "other"), True, True)]
)
async def test_a_running_job_is_only_stopped_alone(server: Loopback, running: tuple[str, ...], others: bool, stopped: bool) -> None:
    server.on("GET", QUEUE, queue(running=running))
    mine = backend(server, interrupt_others=others)
    assert await mine.cancel("job-1", JOB) is stopped
    assert len(server.asked("/api/interrupt")) == int(stopped)


async def test_nothing_of_ours_to_cancel(server: Loopback) -> None:
    server.on("GET", QUEUE, queue(running=("other",)))
    mine = backend(server)
    assert [await mine.cancel("job-1", ref) for ref in (None, JOB, "../x")] == [False, False, False]
    assert server.asked("/api/interrupt") == []


# --- restarts ---


async def test_a_restart_goes_on_waiting(server: Loopback) -> None:
    assert (await drawn(backend(server), watch=Watch(JOB))).images[0].data == PNG
    assert server.asked(SUBMIT) == []


async def test_a_lost_job_or_a_strange_record_is_submitted_anew(server: Loopback) -> None:
    for status in (404, 403):  # unknown, or of another account
        server.on("GET", STATUS, json_reply({"code": "x", "message": "m"}, status), state("completed"))
        assert (await drawn(backend(server), watch=Watch(JOB))).images
    assert (await drawn(backend(server), watch=Watch("https://evil.example/"))).images
    assert len(server.asked(SUBMIT)) == 3


async def test_models_choices_and_health(server: Loopback) -> None:
    mine = backend(server)
    assert [model.id for model in await mine.models()] == [CHECKPOINT]
    assert (await mine.choices("sampler"), await mine.choices("scheduler")) == (("euler",), ("normal",))
    assert len(server.asked("/api/object_info")) == 1
    await mine.models(refresh=True)
    assert len(server.asked("/api/object_info")) == 2
    assert (await mine.check()).problems == ()
    server.on("GET", "/api/user", json_reply({"status": "waitlisted"}))
    assert len((await backend(server, model="gone").check()).problems) == 2


async def test_faults_of_the_submission(server: Loopback) -> None:
    await check_nonsense(server, lambda: backend(server), SUBMIT)
    await check_faults(server, lambda: backend(server), SUBMIT, skip=("too fast",))
