"""From a stored plan to the request a backend gets: bytes of references and the workflow's text are added here."""

from __future__ import annotations

import asyncio

from bot.domain.errors import ConfigurationError, NotFound
from bot.domain.pictures import RenderPlan
from bot.engine.pictures.readable import readable
from bot.engine.pictures.workflows import find_workflow, graph_words
from bot.engine.services import Services
from bot.storage import workflows
from bot.storage.records import Job
from providers.contract import Reference, RenderSpec


async def spec_of(services: Services, chat_id: int, job: Job, plan: RenderPlan, *, adult: bool = False) -> RenderSpec:
    """The immutable request; the same job gives the same request on every try."""
    return RenderSpec(
        job_key=job.key,
        prompt=plan.prompt,
        negative=plan.negative,
        width=plan.width,
        height=plan.height,
        seed=plan.seed,
        model=plan.model,
        steps=plan.steps,
        cfg=plan.cfg,
        sampler=plan.sampler,
        scheduler=plan.scheduler,
        clip_skip=plan.clip_skip,
        denoise=plan.denoise,
        vae=plan.vae,
        hires=plan.hires,
        upscale=plan.upscale,
        upscaler=plan.upscaler,
        second_pass_steps=plan.second_pass_steps,
        restore_faces=plan.restore_faces,
        references=tuple([await _reference(services, sha) for sha in plan.references]),
        workflow=await _graph(services, chat_id, plan),
        adult=adult,
        placeholders=plan.placeholders,
    )


async def judged_words(services: Services, chat_id: int, plan: RenderPlan) -> tuple[str, ...]:
    """The words a backend would draw: the prompt, the values of its workflow's placeholders, and what a chat wrote into its workflow
    (the host answers for the host's own)."""
    graph = await _graph(services, chat_id, plan)
    hosts = any(graph in (known.graph, known.image_graph) for known in services.workflows.values())
    placeholders = (value for name, value in plan.placeholders.items() if graph and f"%{name.lower()}%" in graph.lower())
    return (plan.prompt, *placeholders, *(graph_words(graph) if graph and not hosts else ()))


async def _graph(services: Services, chat_id: int, plan: RenderPlan) -> str | None:
    """The graph the plan was made with; plans of version 1 have the name of a workflow alone. Raises ``ConfigurationError``."""
    if plan.graph is None and plan.workflow is None:
        return None
    async with services.db.read() as c:
        if plan.graph is not None:
            text = await workflows.graph(c, chat_id, plan.graph)
        else:
            try:
                found = await find_workflow(services, c, chat_id, services.backends[plan.backend], plan.workflow or "")
            except (NotFound, KeyError) as error:
                raise ConfigurationError(f"The workflow «{plan.workflow}» of this picture is no longer there.") from error
            text = found.graph_for(len(plan.references))
    if text is None:
        raise ConfigurationError(f"The workflow «{plan.workflow}» of this picture is no longer there.")
    return text


async def _reference(services: Services, tagged: str) -> Reference:
    """A reference is stored as ``role:sha256``."""
    role, _, sha = tagged.partition(":")
    data, mime = await asyncio.to_thread(readable, await services.assets.read(sha))
    return Reference(data, mime, role)  # type: ignore[arg-type]
