"""From a drafted prompt to a render plan: backend, final prompt, size, seed and what the backend cannot honour."""

from __future__ import annotations

import secrets
from typing import Any

from bot.domain.errors import ConfigurationError, NotFound
from bot.domain.pictures import Lost, PictureRequest, Prompt, RenderPlan
from bot.engine.services import Services
from bot.storage.records import Chat
from providers.contract import ImageBackend, ImageCapabilities

SEEDS = 2**32
_FAMILIES_THAT_SNAP = ("xl", "pony", "illustrious", "noob", "animagine")
_KNOBS = ("steps", "cfg", "sampler", "scheduler", "clip_skip", "denoise", "vae", "hires", "restore_faces")
_HIRES_KNOBS = ("upscale", "upscaler", "second_pass_steps")
LABELS = {
    "cfg": "CFG scale",
    "clip_skip": "CLIP skip",
    "vae": "VAE",
    "restore_faces": "face restoration",
    "second_pass_steps": "second pass steps",
    "negative": "negative prompt",
    "denoise": "denoise strength",
}
"""Names of settings for people; others are called what they are."""


def choose_backend(services: Services, chat: Chat, wanted: str | None) -> ImageBackend:
    """The backend of the call, else of the chat, else the host's first. Raises when there is none or no such one."""
    name = wanted or chat.settings.backend
    if not services.backends:
        raise ConfigurationError("No image backend is configured. The host can add one under [images.<name>].")
    if name and name not in services.backends:
        if wanted:
            raise NotFound(f"There is no image backend «{name}». Known: {', '.join(services.backends)}.")
        name = ""  # the host took it away since it was chosen
    return services.backends[name or next(iter(services.backends))]


def new_seed() -> int:
    """A seed nobody can guess, 0 to 2³²−1."""
    return secrets.randbelow(SEEDS)


def make_plan(
    services: Services,
    chat: Chat,
    request: PictureRequest,
    *,
    draft: str,
    prompt: Prompt,
    size: tuple[int, int],
    placeholders: dict[str, str],
    references: tuple[str, ...] = (),
    workflow: str | None = None,
    graph: str | None = None,
) -> RenderPlan:
    """Settle everything a job needs. Wishes the backend cannot honour go to ``lost`` and are left out of the plan."""
    wish, settings = request.overrides, chat.settings
    backend = choose_backend(services, chat, wish.backend)
    model = wish.model or (settings.model if not wish.backend or wish.backend == settings.backend else "")
    able = backend.capabilities(model)
    lost: list[Lost] = []
    if model and not able.model_choice and model != backend.model:
        lost.append(Lost(setting="model", why=f"{backend.name} always draws with its own model"))
        model = ""
    kept = _kept_references(services, references, able, backend.name, lost)
    knobs = _knobs(chat, request, able, backend.name, lost)
    if knobs.get("denoise") is not None and not (kept or graph or knobs.get("hires")):
        del knobs["denoise"]
        if wish.denoise is not None:
            lost.append(Lost(setting=LABELS["denoise"], why="only used with a picture to draw from, or with hires"))
    negative = prompt.negative
    if negative and not able.negative:
        lost.append(Lost(setting="negative prompt", why=f"{backend.name} has none"))
        negative = ""
    width, height = able.sizes.nearest(*size)
    if (width, height) != size:
        lost.append(Lost(setting="size", why=f"{size[0]}×{size[1]} became {width}×{height} for {backend.name}"))
    seed = wish.seed if wish.seed is not None else settings.seed
    if seed >= 0 and not able.seed:
        lost.append(Lost(setting="seed", why=f"{backend.name} takes none"))
    return RenderPlan(
        backend=backend.name,
        model=model,
        mode=request.mode,
        draft=draft,
        prompt=prompt.positive,
        negative=negative,
        width=width,
        height=height,
        seed=seed if seed >= 0 else new_seed(),
        references=kept,
        workflow=workflow,
        graph=graph,
        placeholders=placeholders,
        lost=tuple(lost),
        **knobs,
    )


def _kept_references(
    services: Services, references: tuple[str, ...], able: ImageCapabilities, name: str, lost: list[Lost]
) -> tuple[str, ...]:
    """As many references as the model takes; the first counts most."""
    kept = references[: able.references] if able.image_to_image else ()
    if references and not kept and references[0].startswith("base:"):
        other = next((n for n, b in services.backends.items() if n != name and b.capabilities().image_to_image), "")
        way_out = f", the backend {other} can" if other else ""
        lost.append(Lost(setting="picture to draw from", why=f"{name} cannot draw from a picture{way_out}"))
    elif len(kept) < len(references):
        lost.append(Lost(setting="reference images", why=f"{name} takes {len(kept) or 'none'}"))
    return kept


def _knobs(chat: Chat, request: PictureRequest, able: ImageCapabilities, name: str, lost: list[Lost]) -> dict[str, Any]:
    """The sampling settings the backend honours; the others are noted in ``lost`` when somebody asked for them."""
    knobs: dict[str, Any] = {}
    for knob in _KNOBS:
        value = getattr(request.overrides, knob)
        if value is None:
            value = getattr(chat.settings, knob, None) or None
        if value is None or value is False:
            continue
        if getattr(able, knob):
            knobs[knob] = value
        else:
            lost.append(Lost(setting=LABELS.get(knob, knob), why=f"{name} takes none"))
    for knob in _HIRES_KNOBS:
        value = getattr(request.overrides, knob)
        if value is not None and knobs.get("hires"):
            knobs[knob] = value
        elif value is not None:
            lost.append(Lost(setting=LABELS.get(knob, knob), why="only used together with hires"))
    return knobs


def snaps(chat: Chat, request: PictureRequest, model: str, family: str = "") -> bool:
    """Whether forced shapes move to a known resolution: the call's wish, else the chat's; «auto» only for SDXL families."""
    if request.overrides.snap is not None:
        return request.overrides.snap
    if chat.settings.snap != "auto":
        return chat.settings.snap == "on"
    return any(mark in (family or model).lower() for mark in _FAMILIES_THAT_SNAP)
