"""From a drafted prompt to a render plan: backend, final prompt, size, seed and what the backend cannot honour."""

from __future__ import annotations

import secrets
from typing import Any

from bot.domain.errors import ConfigurationError, NotFound
from bot.domain.pictures import PictureRequest, Prompt, RenderPlan
from bot.engine.pictures.honoured import HIRES_KNOBS, KNOBS, Wanted, honoured, kept_references, own_model_only, with_words
from bot.engine.services import Services
from bot.storage.records import Chat
from providers.contract import ImageBackend

SEEDS = 2**32
_FAMILIES_THAT_SNAP = ("xl", "pony", "illustrious", "noob", "animagine")


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
    own_only = own_model_only(able, backend.name, model, backend.model)
    model = "" if own_only else model
    kept, unkept = kept_references(able, backend.name, references, _way_out(services, backend.name))
    seed = wish.seed if wish.seed is not None else settings.seed
    wanted = Wanted(size, prompt.negative, seed, _wanted_knobs(chat, request), from_picture=bool(kept or graph))
    fitted = honoured(able, backend.name, wanted)
    return RenderPlan(
        backend=backend.name,
        model=model,
        mode=request.mode,
        draft=draft,
        prompt=with_words(prompt.positive, fitted.words),
        negative=fitted.negative,
        width=fitted.size[0],
        height=fitted.size[1],
        seed=seed if seed >= 0 else new_seed(),
        references=kept,
        workflow=workflow,
        graph=graph,
        placeholders=placeholders,
        lost=(*own_only, *unkept, *fitted.lost),
        **fitted.knobs,
    )


def _way_out(services: Services, name: str) -> str:
    """Who else could draw from a picture, as the end of a sentence."""
    other = next((n for n, b in services.backends.items() if n != name and b.capabilities().image_to_image), "")
    return f", the backend {other} can" if other else ""


def _wanted_knobs(chat: Chat, request: PictureRequest) -> dict[str, Any]:
    """Sampling settings of the call, else of the chat."""
    wish, settings = request.overrides, chat.settings
    said = {knob: getattr(wish, knob) for knob in (*KNOBS, *HIRES_KNOBS)}
    return {knob: getattr(settings, knob, None) if value is None else value for knob, value in said.items()}


def snaps(chat: Chat, request: PictureRequest, model: str, family: str = "") -> bool:
    """Whether forced shapes move to a known resolution: the call's wish, else the chat's; «auto» only for SDXL families."""
    if request.overrides.snap is not None:
        return request.overrides.snap
    if chat.settings.snap != "auto":
        return chat.settings.snap == "on"
    return any(mark in (family or model).lower() for mark in _FAMILIES_THAT_SNAP)
