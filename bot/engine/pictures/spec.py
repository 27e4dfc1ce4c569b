"""From a stored plan to the request a backend gets: bytes of references and the workflow's text are added here."""

from __future__ import annotations

import asyncio

from bot.domain.errors import ConfigurationError
from bot.domain.pictures import RenderPlan
from bot.engine.services import Services
from bot.storage import assets
from bot.storage.records import Job
from providers.contract import Reference, RenderSpec


async def spec_of(services: Services, job: Job, plan: RenderPlan, *, adult: bool = False) -> RenderSpec:
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
        workflow=_workflow(services, plan.workflow),
        adult=adult,
        placeholders=plan.placeholders,
    )


def judged_words(services: Services, plan: RenderPlan) -> tuple[str, ...]:
    """The words a backend would draw: the prompt, and the chat's variables that its workflow has a place for."""
    graph = (services.workflows.get(plan.workflow, "") if plan.workflow else "").lower()
    return (plan.prompt, *(value for name, value in plan.placeholders.items() if f"%{name.lower()}%" in graph))


def _workflow(services: Services, name: str | None) -> str | None:
    if name is None:
        return None
    if name not in services.workflows:
        raise ConfigurationError(f"There is no workflow «{name}». Known: {', '.join(services.workflows) or 'none'}.")
    return services.workflows[name]


async def _reference(services: Services, tagged: str) -> Reference:
    """A reference is stored as ``role:sha256``."""
    role, _, sha = tagged.partition(":")
    async with services.db.read() as c:
        asset = await assets.by_sha(c, sha)
    data = await asyncio.to_thread(services.assets.path(sha).read_bytes)
    return Reference(data, asset.mime if asset else "image/png", role)  # type: ignore[arg-type]
