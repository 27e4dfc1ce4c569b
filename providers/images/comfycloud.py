"""Comfy Cloud: the same graphs and placeholders as a ComfyUI of one's own, run as jobs of an account. Experimental at its maker's.

The service names the job; its id is remembered before the wait, so that a restart goes on waiting. A waiting job can be taken out of
the queue. A running one can only be stopped together with every other running job of the account, so that is done when it runs alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import Field

from providers.contract import (
    Dropped,
    Health,
    ImageCapabilities,
    ImageModelInfo,
    Progress,
    ProviderConfig,
    RenderedImage,
    RenderResult,
    RenderSpec,
    RenderWatch,
)
from providers.errors import ErrorKind, ProviderError
from providers.images.cloud_errors import bad_answer
from providers.images.comfycloud_api import ComfyCloudApi, is_job_id
from providers.images.comfyui_base import GraphBackend
from providers.images.comfyui_errors import execution_failure, node_problems
from providers.images.comfyui_plan import GRAPHS, Plan, few
from providers.images.families import prompt_style_of
from providers.images.polling import Pace, or_anew, wait_for
from providers.images.remote_jobs import RemoteJob, RemoteJobs
from providers.options import Options, read_options

EARLY_MISSES = 3
"""A job may be unknown for so many looks after it was submitted."""


class ComfyCloudOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    poll_seconds: float = Field(default=1.5, gt=0, le=30)
    """First pause between two looks at a job; it grows to five seconds."""
    interrupt_others: bool = False
    """Cancelling a running job may stop the account's other running jobs too."""


class ComfyCloudBackend(GraphBackend):
    """One account at Comfy Cloud."""

    OPTIONS = ComfyCloudOptions
    _api: ComfyCloudApi

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config, ComfyCloudApi(config))
        self._options = read_options(config, ComfyCloudOptions)
        self._pace = Pace(first=self._options.poll_seconds, seconds=self._seconds)
        self._jobs = RemoteJobs(config.name)

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """Those of graphs; whether content is filtered is not said anywhere."""
        return replace(GRAPHS, prompt_style=prompt_style_of(model or self.model))

    async def models(self, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        """Checkpoints, then diffusion models that need a workflow of the host's own."""
        if refresh:
            self._api.forget_nodes()
        return await super().models(refresh=refresh)

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw, or go on with the job that an earlier life submitted; a job that is lost or failed is submitted anew."""
        plan = await self._planner.plan(spec)
        with self._jobs.waiting(spec.job_key) as job:
            warnings: list[Dropped] = []
            images: tuple[RenderedImage, ...] | None = None
            if is_job_id(watch.ref):
                job.id = str(watch.ref)
                images = await or_anew(self._images(job, spec, plan, watch, warnings, misses=0))
            if images is None:
                warnings = await self._submit(job, spec, plan, watch)
                images = await self._images(job, spec, plan, watch, warnings, misses=EARLY_MISSES)
        return self._result(spec, plan, images, warnings)

    async def _submit(self, job: RemoteJob, spec: RenderSpec, plan: Plan, watch: RenderWatch) -> list[Dropped]:
        """Upload, fill, queue and remember. Returns what the service left out."""
        uploads = await self._planner.upload(spec, plan)
        filled = self._planner.fill(spec, plan, uploads)
        job.check()
        job.id, left_out = await self._api.start(filled.workflow)
        await watch.remember(job.id)
        warnings = [Dropped("workflow", problem) for problem in filled.problems]
        return [*warnings, *(Dropped("workflow", sentence) for _, sentence in node_problems(left_out, filled.workflow))]

    async def _images(
        self, job: RemoteJob, spec: RenderSpec, plan: Plan, watch: RenderWatch, dropped: list[Dropped], *, misses: int
    ) -> tuple[RenderedImage, ...]:
        left = misses

        async def look() -> dict[str, Any] | ProviderError | None:
            nonlocal left
            job.check()
            status, words = await self._api.status(job.id)
            if status in ("completed", "error", "cancelled"):
                return await self._ended(job, status, words, plan)
            if not status:
                left -= 1
                return bad_answer(self.name, "the job is unknown") if left < 0 else None
            await self._report(job, status, watch)
            return None

        details = await wait_for(look, self._pace, self.name)
        entry = {"outputs": details.get("outputs"), "prompt": [0, job.id, plan.workflow]}
        return await self._pictures(spec, plan, entry, dropped)

    async def _ended(self, job: RemoteJob, status: str, words: str, plan: Plan) -> dict[str, Any] | ProviderError:
        """The details of a finished job, or the error of one that failed or was cancelled."""
        if status == "cancelled":
            return ProviderError(ErrorKind.CANCELLED, self.name)
        details = await self._api.details(job.id)
        failure = details.get("execution_error")
        if isinstance(failure, dict):
            return execution_failure(self._config, failure, plan.workflow)
        if status == "completed" and details:
            return details
        return self._api.told(words) if words else bad_answer(self.name, f"the job ended with «{status}» and no reason")

    async def _report(self, job: RemoteJob, status: str, watch: RenderWatch) -> None:
        if status == "in_progress":
            watch.progress(Progress("drawing"))
            return
        if status not in ("waiting_to_dispatch", "pending"):
            raise bad_answer(self.name, f"unknown status «{status[:40]}»")
        pending = (await self._api.queue()).pending
        watch.progress(Progress("queued", place=pending.index(job.id) if job.id in pending else None))

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        """Take a waiting job out of the queue, stop a running one if it runs alone. False when neither could be done."""
        job = self._jobs.find(job_key)
        job_id = job.id if job and job.id else ref
        if not is_job_id(job_id):
            if job is not None:
                job.cancelled = True  # not submitted yet, and it will not be
            return job is not None
        queue = await self._api.queue()
        if job_id in queue.pending:
            if not await self._api.withdraw(str(job_id)):
                return False
        elif job_id in queue.running and (self._options.interrupt_others or set(queue.running) == {job_id}):
            await self._api.interrupt_all()
        else:
            return False
        if job is not None:
            job.cancelled = True
        return True

    async def check(self) -> Health:
        status = await self._api.user()
        self._api.forget_nodes()
        models = await self._lists.models(refresh=True)
        problems = [] if status in ("", "active") else [f"The account is «{status[:40]}»."]
        if self.model and models.find(self.model) is None:
            problems.append(f"The configured model «{self.model}» is not there. It has: {few(models)}.")
        return Health(f"Comfy Cloud, {len(models.checkpoints)} checkpoints", tuple(problems))
