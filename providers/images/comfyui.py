"""ComfyUI: Vignette's own text-to-image and image-to-image graphs, or the host's graph with placeholders.

Every picture gets a prompt id made from its job key. After a crash the server's queue and history are asked for that id before
anything is submitted, so that no picture is drawn twice. The client id of the progress socket is made from the job key as well: events
reach us again after a restart of ours, and no other job's do. Servers of 2024 and early 2025 give ids of their own: these are remembered
as soon as they are known, so a crash between the two may draw a picture twice there.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from pydantic import Field

from providers.contract import (
    Dropped,
    Health,
    ImageCapabilities,
    ProviderConfig,
    RenderResult,
    RenderSpec,
    RenderWatch,
)
from providers.errors import ErrorKind, ProviderError
from providers.hosts import is_private_url
from providers.images.comfyui_api import ComfyApi
from providers.images.comfyui_base import GraphBackend
from providers.images.comfyui_check import server_problems
from providers.images.comfyui_errors import MOST_PROBLEMS, node_problems
from providers.images.comfyui_plan import GRAPHS, Plan, few
from providers.images.comfyui_socket import Listener, listening
from providers.images.comfyui_wait import PromptLost, Run, Waiting, check_outcome
from providers.images.families import prompt_style_of
from providers.options import Options, read_options

SUBMISSIONS = 2
"""A prompt that a restarted server forgot is submitted once more."""
NAMESPACE = uuid.UUID("6f3d3c0e-6d0f-5a0b-9d86-3f4f2c1f0b57")


class ComfyUIOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    """Pause between two looks at queue and history; four times as long while the progress socket works."""


class ComfyUIBackend(GraphBackend):
    """One ComfyUI server."""

    OPTIONS = ComfyUIOptions

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config, ComfyApi(config))
        self._waiting = Waiting(config, self._api, read_options(config, ComfyUIOptions).poll_seconds, self._seconds)
        self._runs: dict[str, Run] = {}

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """Our own graph starts from one reference; how many a host's graph uses is seen when it is filled, and reported."""
        local = is_private_url(self._config.base_url)
        return replace(GRAPHS, free=True, local=local, nsfw="none", prompt_style=prompt_style_of(model or self.model))

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw, or take over what an earlier life of this job submitted."""
        run = self._runs[spec.job_key] = Run(prompt_id_of(spec.job_key), watch.ref or prompt_id_of(spec.job_key))
        try:
            plan = await self._planner.plan(spec)
            entry = await self._adopt(run, plan, watch) if watch.ref else None
            warnings: list[Dropped] = []
            for _ in range(SUBMISSIONS):
                if entry is None:
                    entry, warnings = await self._submit(spec, plan, run, watch)
                images = await self._pictures(spec, plan, entry, warnings) if entry else ()
                if images:
                    return self._result(spec, plan, images, warnings)
                entry = None
            detail = "It was restarted while it drew, or somebody emptied its queue."
            raise ProviderError(ErrorKind.BUSY, self.name, detail, host_detail=f"prompt {run.prompt_id} was lost {SUBMISSIONS} times")
        finally:
            if self._runs.get(spec.job_key) is run:
                del self._runs[spec.job_key]

    async def _adopt(self, run: Run, plan: Plan, watch: RenderWatch) -> dict[str, Any] | None:
        """The finished entry of an earlier submission; None when there is none to be had and the prompt has to be submitted."""
        entry = await self._api.history(run.prompt_id)
        if entry is None and run.prompt_id in await self._api.queue():
            entry = await self._wait(run, plan.workflow, watch, None)
        elif entry is None:
            return await self._api.history(run.prompt_id)
        if entry is None:
            return None
        try:
            check_outcome(self._config, entry, plan.workflow)
        except ProviderError:
            run.check(self.name)
            return None
        return entry

    async def _submit(self, spec: RenderSpec, plan: Plan, run: Run, watch: RenderWatch) -> tuple[dict[str, Any] | None, list[Dropped]]:
        """Upload, fill, queue and wait. The entry is None when the server lost the prompt."""
        uploads = await self._planner.upload(spec, plan)
        filled = self._planner.fill(spec, plan, uploads)
        run.check(self.name)
        run.prompt_id = run.client_id
        await watch.remember(run.prompt_id)
        warnings: list[Dropped] = [Dropped("workflow", problem) for problem in filled.problems]
        entry = await self._wait(run, filled.workflow, watch, warnings)
        if entry is not None:
            check_outcome(self._config, entry, plan.workflow)
        return entry, warnings

    async def _wait(self, run: Run, graph: dict[str, Any], watch: RenderWatch, warnings: list[Dropped] | None) -> dict[str, Any] | None:
        """Listen and wait; with ``warnings`` the graph is submitted first and what the server left out is added to them."""
        listener = Listener(lambda: run.prompt_id, graph, watch, run.over)
        url = self._api.socket_url(run.client_id)
        async with listening(self._config, url, self._api.headers, listener, self._waiting.pause):
            run.check(self.name)
            if warnings is not None:
                warnings.extend(await self._queue(run, graph, watch))
            try:
                return await self._waiting.until_over(run, listener, watch)
            except PromptLost:
                return None

    async def _queue(self, run: Run, graph: dict[str, Any], watch: RenderWatch) -> list[Dropped]:
        """Submit, and take over the server's id when it gives one of its own. Returns what it leaves out."""
        try:
            given, left_out = await self._api.submit(graph, run.prompt_id, run.client_id)
        except ProviderError as error:
            # Servers of 2024 answer a node type they do not know with a bare «500».
            problems = await self._problems(graph) if error.kind is ErrorKind.BAD_ANSWER else ()
            if not problems:
                raise
            detail = " ".join(problems[:MOST_PROBLEMS])
            raise ProviderError(ErrorKind.MISCONFIGURED, self.name, detail, host_detail=error.host_detail) from error
        if given != run.prompt_id:
            run.prompt_id = given
            await watch.remember(given)
        return [Dropped("workflow", sentence) for _, sentence in node_problems(left_out, graph)]

    async def _problems(self, graph: dict[str, Any]) -> tuple[str, ...]:
        try:
            return await server_problems(graph, self._api.node)
        except ProviderError:
            return ()  # what it answered before is the better account

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        """Interrupt our prompt if it runs, take it out of the queue if it waits. Nobody else's is touched."""
        run = self._runs.get(job_key)
        if run is not None:
            run.cancelled = True
        prompt_id = run.prompt_id if run is not None else ref or prompt_id_of(job_key)
        stopped = False
        for _ in range(3):  # between the look and the deletion a waiting prompt may have begun
            queue = await self._api.queue()
            if not await self._api.stop(prompt_id, queue):
                break
            stopped = True
            if prompt_id in queue.running:
                break
        if run is not None:
            run.over.set()
        return stopped or run is not None

    async def check(self) -> Health:
        version = await self._api.version()
        models = await self._lists.models(refresh=True)
        count = len(models.checkpoints)
        problems, warnings = [], []
        if self.model and models.find(self.model) is None:
            problems.append(f"The configured model «{self.model}» is not there. It has: {few(models)}.")
        elif not count and not models.others:
            problems.append("It has no model: put a checkpoint into models/checkpoints.")
        elif not count:
            warnings.append("It has no checkpoint, only bare diffusion models: these need a workflow of your own.")
        using = self.model or (models.checkpoints[0] if count else "")
        summary = f"ComfyUI {version}".strip() + f", {count} checkpoint{'' if count == 1 else 's'}"
        summary += f" and {len(models.others)} diffusion models" if models.others else ""
        return Health(summary + (f", drawing with {using}" if using else ""), tuple(problems), tuple(warnings))


def prompt_id_of(job_key: str) -> str:
    """The prompt id of a job: the same in every life of the process."""
    return str(uuid.uuid5(NAMESPACE, job_key))
