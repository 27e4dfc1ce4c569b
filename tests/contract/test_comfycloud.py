"""Comfy Cloud: requests against its own description, jobs in every state, redirects, cancel that spares others, restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.comfycloud import ComfyCloudBackend
from tests.contract.cloud_parts import KEY, OTHER, PICTURE, check_faults, check_nonsense, cloud_config, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, Watch, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.recorded import check_requests, form_of

JOB = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
SUBMIT, STATUS, DETAILS, QUEUE = "/api/prompt", f"/api/job/{JOB}/status", f"/api/jobs/{JOB}", "/api/queue"
CHECKPOINT = "sd_xl_base_1.0.safetensors"
NODES = {
    "CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [[CHECKPOINT], {}]}}},
    "KSampler": {"input": {"required": {"sampler_name": [["euler"], {}], "scheduler": ["COMBO", {"options": ["normal"]}]}}},
}
OUTPUTS = {"9": {"images": [{"filename": "hash.png", "subfolder": "", "type": "output"}]}}


def state(status: str) -> Reply:
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    return json_reply({"id": JOB, "status": status, **times})


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
    ],
)
async def test_what_the_submission_may_answer(server: Loopback, reply: Reply, kind: ErrorKind, said: str) -> None:
    server.on("POST", SUBMIT, reply)
    found = await failed(backend(server))
    assert (found.kind, said in str(found)) == (kind, True)


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
    server.on("GET", STATUS, json_reply({"code": "x", "message": "m"}, 404), state("completed"))
    assert (await drawn(backend(server), watch=Watch(JOB))).images
    assert (await drawn(backend(server), watch=Watch("https://evil.example/"))).images
    assert len(server.asked(SUBMIT)) == 2


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
