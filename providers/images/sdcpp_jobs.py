"""The job routes of stable-diffusion.cpp's server: ``/sdcpp/v1/img_gen`` and ``/sdcpp/v1/jobs/{id}``.

A job is queued, generating, completed, failed or cancelled. ``queue_position`` counts the waiting jobs from 1 and is 0 in every other
state. Unknown jobs answer 404, and 410 ten minutes after they ended; at most 64 wait.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from providers.contract import Progress, ProviderConfig, RenderWatch
from providers.errors import ErrorKind, ProviderError
from providers.failures import redact, secrets_of
from providers.http import Answer, json_of
from providers.images.cloud_errors import OUT_OF_MEMORY, bad_answer
from providers.images.polling import Pace, wait_for
from providers.images.remote_jobs import RemoteJob, RemoteJobs, safe_id

SUBMIT_SECONDS = 60.0
_FINAL = ("completed", "failed", "cancelled")
_MEMORY = re.compile(r"out of memory|alloc", re.IGNORECASE)
_NOTHING = re.compile(r"returned no results|returned empty", re.IGNORECASE)
"""What the server says when its library gave up, nearly always for want of memory; the same job would end the same way."""


class Send(Protocol):
    """Sends one request to the server. Raises ``ProviderError`` for errors, 404 and 410 excepted with ``missing``."""

    async def __call__(self, method: str, path: str, *, seconds: float = ..., missing: bool = ..., **parts: Any) -> Answer: ...


class SdCppJobs:
    """The jobs of one server."""

    def __init__(self, config: ProviderConfig, send: Send, *, first: float, seconds: float) -> None:
        self._config = config
        self._name = config.name
        self._send = send
        self._first = first
        self._seconds = seconds
        self._jobs = RemoteJobs(config.name)

    async def run(self, job_key: str, body: Mapping[str, Any], watch: RenderWatch) -> Mapping[str, Any]:
        """Have a job done, or go on waiting for the remembered one; its ``result``. Raises ``ProviderError``."""
        with self._jobs.waiting(job_key) as job:
            if watch.ref and await self._goes_on(watch.ref):
                job.id = watch.ref
            else:
                await self._submit(body, job)
                await watch.remember(job.id)
            seen = await self._wait(job, watch)
        result = seen.get("result")
        return result if isinstance(result, Mapping) else {}

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        """Withdraw a job that waits; False for one that is being drawn, is finished or is not there."""
        job = self._jobs.find(job_key)
        known = (job.id if job is not None else "") or ref or ""
        if not known:
            if job is not None:
                job.cancelled = True
            return job is not None
        done = await self._withdraw(known)
        if job is not None and done:
            job.cancelled = True
        return done

    async def _goes_on(self, ref: str) -> bool:
        answer = await self._send("GET", _path(ref), missing=True)
        if answer.status >= 300:
            return False
        seen = json_of(answer, self._config)
        return isinstance(seen, Mapping) and seen.get("status") in ("queued", "generating", "completed")

    async def _submit(self, body: Mapping[str, Any], job: RemoteJob) -> None:
        answer = await self._send("POST", "/sdcpp/v1/img_gen", seconds=min(self._seconds, SUBMIT_SECONDS), json=dict(body))
        said = json_of(answer, self._config)
        if not isinstance(said, Mapping) or not isinstance(said.get("id"), str):
            raise bad_answer(self._name, "no id in the answer")
        job.id = said["id"]
        if job.cancelled:
            await self._withdraw(job.id)
        job.check()

    async def _wait(self, job: RemoteJob, watch: RenderWatch) -> Mapping[str, Any]:
        try:
            seen = await wait_for(lambda: self._look(job, watch), Pace(self._first, self._seconds), self._name)
        except ProviderError as error:
            if error.kind is ErrorKind.TIMED_OUT:
                await self._withdraw(job.id)
            raise
        if seen["status"] == "cancelled":
            raise ProviderError(ErrorKind.CANCELLED, self._name)
        if seen["status"] == "failed":
            raise self._failed(seen.get("error"))
        return seen

    async def _look(self, job: RemoteJob, watch: RenderWatch) -> Mapping[str, Any] | None:
        job.check()
        answer = await self._send("GET", _path(job.id), missing=True)
        job.check()
        if answer.status >= 300:
            return {"status": "failed", "error": {"message": f"HTTP {answer.status}: the server no longer knows the job"}}
        seen = json_of(answer, self._config)
        if not isinstance(seen, Mapping) or not isinstance(seen.get("status"), str):
            raise bad_answer(self._name, "the job has no status")
        if seen["status"] in _FINAL:
            return seen
        place = seen.get("queue_position")
        if seen["status"] == "queued":
            watch.progress(Progress("queued", place=max(0, place - 1) if isinstance(place, int) else None))
        else:
            watch.progress(Progress("drawing"))
        return None

    async def _withdraw(self, ref: str) -> bool:
        try:
            answer = await self._send("POST", f"{_path(ref)}/cancel")
            seen = json_of(answer, self._config)
        except ProviderError:
            return False
        return isinstance(seen, Mapping) and seen.get("status") == "cancelled"

    def _failed(self, error: Any) -> ProviderError:
        text = str(error.get("message") or error.get("code") or "") if isinstance(error, Mapping) else str(error or "")
        host = redact(text, secrets_of(self._config))
        if _MEMORY.search(text):
            return ProviderError(ErrorKind.INVALID, self._name, OUT_OF_MEMORY.detail, host_detail=host)
        if _NOTHING.search(text):
            return ProviderError(ErrorKind.INVALID, self._name, "It made no picture of it; a smaller size may work.", host_detail=host)
        return bad_answer(self._name, f"the job failed: {host}")


def _path(ref: str) -> str:
    """The route of a job; an id that is none leads to no job."""
    return f"/sdcpp/v1/jobs/{safe_id(ref) or 'none'}"
