"""Builds a request of NovelAI's image API.

The service publishes no description; names and ranges are what third-party clients found, so what they disagree about can be set in
the host's options. From its fourth generation on the prompts stand in the request twice, in two shapes.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field

from providers.contract import Dropped, RenderSpec
from providers.grid import on_grid
from providers.images import samplers
from providers.images.limits import in_range
from providers.options import Options

MODEL = "nai-diffusion-4-5-full"
MODELS = (
    *("nai-diffusion-5-full", "nai-diffusion-5-curated", "nai-diffusion-4-5-full", "nai-diffusion-4-5-curated"),
    *("nai-diffusion-4-full", "nai-diffusion-4-curated", "nai-diffusion-3", "nai-diffusion-furry-3"),
)
SAMPLERS = (
    *("k_euler", "k_euler_ancestral", "k_dpmpp_2m", "k_dpmpp_2m_sde", "k_dpmpp_2s_ancestral", "k_dpmpp_sde"),
    *("k_dpm_2", "k_dpm_2_ancestral", "ddim"),
)
SCHEDULES = ("karras", "exponential", "polyexponential")
SCHEDULE = "karras"
LEAST, STEP = 64, 64
MOST_SEED = 2**32 - 1
IMAGE_DENOISE = 0.7


class NovelAiOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    steps: int = Field(default=23, ge=1, le=50)
    """When nobody chose a number. Up to 28 steps and 1 048 576 pixels are free of charge in the highest tier."""
    cfg: float = Field(default=5.0, ge=0, le=10)
    """Guidance when nobody chose one."""
    cfg_rescale: float = Field(default=0.0, ge=0, le=1)
    """Prompt guidance rescale."""
    sampler: str = "k_euler_ancestral"
    """Sampler when nobody chose one."""
    noise_schedule: Literal["karras", "exponential", "polyexponential", "native"] = "karras"
    """Noise schedule when nobody chose one."""
    params_version: int | None = Field(default=None, ge=1)
    """Unset sends 4 to the fifth generation and 3 to the others."""
    uc_preset: int | None = Field(default=None, ge=0, le=4)
    """The site's label for its list of undesired content; the words themselves go into the negative prompt."""
    quality_toggle: bool = False
    """The site's label for its quality words; the words themselves go into the prompt."""
    noise: float = Field(default=0.0, ge=0, le=0.99)
    """Noise added to a picture one starts from."""
    most_side: int = Field(default=1600, ge=64)
    """Longest side in pixels; clients differ."""
    references: Literal["start", "vibe", "character"] = "start"
    """What reference pictures are for: the first one to start from; all of them a mood (``vibe``, not in the fifth generation);
    all of them how somebody looks (``character``, 4.5 only). The last two cost Anlas for each picture."""
    reference_strength: float = Field(default=0.6, ge=0, le=1)
    """How strongly a vibe works."""
    encode_vibes: bool = True
    """Moods are encoded by the service before the picture, as clients of the newer generations do; off sends the pictures themselves,
    which is said to be the third generation's way."""
    information_extracted: float = Field(default=1.0, gt=0, le=1)
    """How much is taken from a vibe."""
    most_references: int = Field(default=4, ge=1, le=16)
    """Most vibes of one picture."""


def generation_of(model: str) -> int:
    """3, 4 or 5 by the model's id; unknown ones count as 4."""
    found = re.search(r"nai-diffusion-(?:furry-)?(\d)", model)
    return int(found[1]) if found else 4


def schedules_of(model: str) -> tuple[str, ...]:
    """Noise schedules of a model: «native» ended with the third generation."""
    return SCHEDULES if generation_of(model) >= 4 else (*SCHEDULES, "native")


def parameters_of(spec: RenderSpec, model: str, options: NovelAiOptions, dropped: list[Dropped], name: str) -> dict[str, Any]:
    """``parameters`` of the request without its pictures; what was changed is added to ``dropped``."""
    generation = generation_of(model)
    sampler, schedule = _sampling(spec, options, schedules_of(model), dropped, name)
    if generation < 4 and sampler == "ddim":
        sampler = "ddim_v3"
    cfg, steps = in_range(spec.cfg, 0, 10, "CFG scale", dropped), in_range(spec.steps, 1, 50, "steps", dropped)
    seed = spec.seed & MOST_SEED
    if seed != spec.seed:
        dropped.append(Dropped("seed", f"{spec.seed} became {seed}, it takes 0 to {MOST_SEED}"))
    parameters: dict[str, Any] = {
        "params_version": options.params_version or (4 if generation >= 5 else 3),
        "width": on_grid(spec.width, STEP, LEAST, options.most_side // STEP * STEP),
        "height": on_grid(spec.height, STEP, LEAST, options.most_side // STEP * STEP),
        "scale": options.cfg if cfg is None else cfg,
        "steps": steps or options.steps,
        "sampler": sampler,
        "noise_schedule": schedule,
        "seed": seed,
        "n_samples": 1,
        "cfg_rescale": options.cfg_rescale,
        "qualityToggle": options.quality_toggle,
        "dynamic_thresholding": False,
        "negative_prompt": spec.negative,
    }
    if options.uc_preset is not None:
        parameters["ucPreset"] = options.uc_preset
    if generation >= 4:
        parameters["v4_prompt"] = {**_caption(spec.prompt), "use_coords": False, "use_order": True}
        parameters["v4_negative_prompt"] = {**_caption(spec.negative), "legacy_uc": False}
    return parameters


def _caption(text: str) -> dict[str, Any]:
    return {"caption": {"base_caption": text, "char_captions": []}}


def _sampling(spec: RenderSpec, options: NovelAiOptions, schedules: tuple[str, ...], dropped: list[Dropped], name: str) -> tuple[str, str]:
    choice = samplers.choose(spec.sampler, SAMPLERS, spec.scheduler)
    if spec.sampler and not choice.sampler:
        dropped.append(samplers.unknown("sampler", spec.sampler, name))
    if choice.schedule and choice.schedule not in schedules:
        dropped.append(samplers.unknown("scheduler", spec.scheduler or choice.schedule, name))
    wanted = choice.schedule if choice.schedule in schedules else options.noise_schedule
    if wanted not in schedules:
        dropped.append(Dropped("scheduler", f"«{wanted}» is not for this model"))
    return choice.sampler or options.sampler, wanted if wanted in schedules else SCHEDULE
