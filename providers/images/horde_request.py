"""Builds a request of the AI Horde: one text for prompt and negative prompt, seeds as text, names from fixed lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from providers.contract import Dropped, Reference, RenderSpec
from providers.grid import on_grid
from providers.images import samplers
from providers.images.limits import in_range
from providers.images.references import as_base64
from providers.options import Options

SAMPLERS = (
    *("k_euler_a", "k_euler", "k_lms", "k_heun", "k_dpm_2", "k_dpm_2_a", "k_dpm_fast", "k_dpm_adaptive"),
    *("k_dpmpp_2s_a", "k_dpmpp_2m", "k_dpmpp_sde", "dpmsolver", "lcm", "DDIM"),
)
SCHEDULERS = ("karras", "normal")
POST_PROCESSORS = (
    *("RealESRGAN_x4plus", "RealESRGAN_x2plus", "RealESRGAN_x4plus_anime_6B", "NMKD_Siax", "4x_AnimeSharp", "4xNomos8kSC"),
    *("4xLSDIRplus", "4xNomosWebPhoto_RealPLKSR", "4xNomos2_realplksr_dysample", "4xNomos2_hq_dat2", "2xModernSpanimationV1"),
)
"""Upscalers. They enlarge the finished picture; hires is another switch."""
LEAST, MOST, STEP = 64, 3072, 64
MOST_PROMPT = 7000
"""Characters of prompt and negative prompt together, by the server's own check."""


class HordeLora(BaseModel):
    """One LoRA by its exact name or its number at CivitAI."""

    name: str = Field(min_length=1, max_length=255)
    model: float = Field(default=1.0, ge=-5, le=5)
    clip: float = Field(default=1.0, ge=-5, le=5)
    inject_trigger: str | None = Field(default=None, min_length=1, max_length=30)
    is_version: bool = False


class HordeOptions(Options):
    """Options of ``[images.<name>]`` for this provider; the first group are the service's own words."""

    trusted_workers: bool = False
    """Only workers the Horde trusts."""
    slow_workers: bool = True
    """Slow workers may draw as well."""
    extra_slow_workers: bool = False
    """Very slow workers may draw as well."""
    validated_backends: bool = True
    """Only workers whose program the Horde has checked."""
    workers: tuple[str, ...] = Field(default=(), max_length=5)
    """Ids of the workers to use, or with ``worker_blacklist`` to avoid."""
    worker_blacklist: bool = False
    """Read `workers` as those that must not draw."""
    allow_downgrade: bool = False
    """Without enough kudos the picture becomes smaller and gets fewer steps instead of being refused."""
    shared: bool = False
    """Pictures may go into a public data set; always so without an account."""
    replacement_filter: bool = True
    """A suspicious prompt is reworded by the service instead of being refused."""
    r2: bool = True
    """Pictures come from the service's store instead of inside the answer."""
    loras: tuple[HordeLora, ...] = ()
    """LoRAs for every picture."""

    nsfw: bool | None = None
    """Workers without a filter of their own may draw it; unset goes by what is allowed in the chat."""
    censor_nsfw: bool | None = None
    """Unset blackens adult pictures wherever they are not allowed."""
    remix: bool = False
    """References go to models that mix several pictures (Stable Cascade); more than one needs a trusted account."""
    face_fixer: Literal["GFPGAN", "CodeFormers", "GFPGANv1.3", "RestoreFormer"] = "GFPGAN"
    """What restores faces."""
    client_agent: str = "Vignette:1:unknown"
    """Who asks, as name:version:contact."""
    poll_seconds: float = Field(default=3.0, gt=0, le=60)
    """Pause between two looks at a picture in the queue."""


def body_of(
    spec: RenderSpec, options: HordeOptions, model: str, references: Sequence[Reference], dropped: list[Dropped], name: str
) -> dict[str, Any]:
    """The whole request; what the service cannot honour is added to ``dropped``."""
    body: dict[str, Any] = {
        "prompt": prompt_of(spec),
        "params": _params(spec, options, dropped, name),
        "nsfw": spec.adult if options.nsfw is None else options.nsfw,
        "censor_nsfw": not spec.adult if options.censor_nsfw is None else options.censor_nsfw,
        **options.model_dump(
            include={
                *("trusted_workers", "slow_workers", "extra_slow_workers", "validated_backends", "replacement_filter"),
                *("allow_downgrade", "shared", "r2"),
            }
        ),
    }
    if model:
        body["models"] = [model]
    if options.workers:
        body.update(workers=list(options.workers), worker_blacklist=options.worker_blacklist)
    return {**body, **_sources(spec, options, references)}


def prompt_of(spec: RenderSpec) -> str:
    """``prompt ### negative``. The mark itself is taken out of both, or a player's words could end up on the other side."""
    prompt, negative = (re.sub(r"#{3,}", "##", text).replace("\0", "") for text in (spec.prompt, spec.negative))
    return f"{prompt} ### {negative}" if negative.strip() else prompt


def _params(spec: RenderSpec, options: HordeOptions, dropped: list[Dropped], name: str) -> dict[str, Any]:
    sampler = samplers.choose(spec.sampler, SAMPLERS, spec.scheduler)
    if spec.sampler and not sampler.sampler:
        dropped.append(samplers.unknown("sampler", spec.sampler, name))
    if sampler.schedule not in ("", "karras", "normal", "automatic"):
        dropped.append(samplers.unknown("scheduler", spec.scheduler or sampler.schedule, name))
    cfg = in_range(spec.cfg, 0, 100, "CFG scale", dropped)
    processors = _post_processing(spec, options, dropped, name)
    optional = {
        "steps": in_range(spec.steps, 1, 500, "steps", dropped),
        "cfg_scale": None if cfg is None else round(cfg, 2),  # more decimals are refused
        "sampler_name": sampler.sampler,
        "karras": True if sampler.schedule == "karras" else False if sampler.schedule == "normal" else None,
        "clip_skip": in_range(spec.clip_skip, 1, 12, "clip skip", dropped),
        "post_processing": processors or None,
        "loras": [lora.model_dump(exclude_none=True) for lora in options.loras] or None,
    }
    params: dict[str, Any] = {
        "width": on_grid(spec.width, STEP, LEAST, MOST),
        "height": on_grid(spec.height, STEP, LEAST, MOST),
        "seed": str(spec.seed),
        "n": 1,
        **{key: value for key, value in optional.items() if value is not None},
    }
    strength = in_range(spec.denoise, 0.01, 1.0, "denoise", dropped)
    if spec.hires and spec.references:
        dropped.append(Dropped("hires fix", "it has none for a picture that starts from another"))
    if spec.hires and not spec.references:
        params["hires_fix"] = True
        params.update({"hires_fix_denoising_strength": strength} if strength is not None else {})
    elif spec.references and strength is not None:
        params["denoising_strength"] = strength
    elif strength is not None:
        dropped.append(Dropped("denoise", "only used with a picture to start from, or with hires fix"))
    return params


def _post_processing(spec: RenderSpec, options: HordeOptions, dropped: list[Dropped], name: str) -> list[str]:
    found = [options.face_fixer] if spec.restore_faces else []
    if not spec.hires:
        return list(found)
    known = {upscaler.lower(): upscaler for upscaler in POST_PROCESSORS}
    if spec.upscaler and spec.upscaler.lower() not in known:
        dropped.append(samplers.unknown("upscaler", spec.upscaler, name))
    if spec.upscale or spec.second_pass_steps:
        dropped.append(Dropped("upscale", "its workers choose factor and steps of the second pass"))
    return [*found, known[spec.upscaler.lower()]] if spec.upscaler and spec.upscaler.lower() in known else list(found)


def _sources(spec: RenderSpec, options: HordeOptions, references: Sequence[Reference]) -> dict[str, Any]:
    if not references:
        return {}
    first = next((reference for reference in references if reference.role == "base"), references[0])
    sources: dict[str, Any] = {"source_image": as_base64(first), "source_processing": "remix" if options.remix else "img2img"}
    others = [reference for reference in references if reference is not first]
    if options.remix and others:
        sources["extra_source_images"] = [{"image": as_base64(reference)} for reference in others]
    return sources
