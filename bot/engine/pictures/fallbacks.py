"""Fallbacks: which backend takes a render over when its own cannot be had, and what that costs the picture.

Only backends the host listed for the failed one are asked: prompts go to no one else. The request stays what it was (prompt, negative
prompt, size, seed, sampling); what the other backend cannot honour is left out and reported. Names that only the first backend knows
(its model, sampler, scheduler, VAE, upscaler) do not travel.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from bot.domain.pictures import Lost, RenderPlan
from bot.engine.pictures.honoured import LABELS, in_words, kept_references, with_words
from bot.engine.services import Services
from bot.work.queues import CircuitOpen
from providers.contract import ImageBackend
from providers.errors import ErrorKind, ProviderError

HELPS = frozenset({ErrorKind.UNREACHABLE, ErrorKind.BUSY, ErrorKind.TIMED_OUT, ErrorKind.NO_CREDIT, ErrorKind.RATE_LIMITED})
"""What another service may not suffer from; a refusal or a wrong request is never carried from one to the next."""
_NAMES = ("sampler", "scheduler", "vae")
_NUMBERS = ("steps", "cfg", "clip_skip", "denoise")
_SWITCHES = ("hires", "restore_faces")
_HIRES = ("upscale", "upscaler", "second_pass_steps")
_LORA = re.compile(r"\s*<lora:[^<>]*>,?")


def next_plan(services: Services, plan: RenderPlan, error: Exception, tried: Collection[str]) -> RenderPlan | None:
    """The same picture for the next backend listed that was not ``tried`` and can draw it; None when there is none or none would help."""
    if not (isinstance(error, CircuitOpen) or (isinstance(error, ProviderError) and error.kind in HELPS)):
        return None
    for name in services.fallbacks.get(plan.backend, ()):
        backend = services.backends.get(name)
        if backend is None or name in tried:
            continue
        able = backend.capabilities()
        if able.text_to_image and (able.image_to_image or not plan.from_picture):
            return refitted(plan, backend, f"{error} {name} drew it instead of {plan.backend}.")
    return None


def refitted(plan: RenderPlan, backend: ImageBackend, why: str) -> RenderPlan:
    """The plan as this backend can honour it; what it cannot is added to ``lost``, after the reason for the change."""
    able = backend.capabilities()
    changes: dict[str, Any] = {"backend": backend.name, "model": ""}
    lost = [Lost(setting="backend", why=why)]

    def leave_out(field: str, empty: Any, reason: str) -> None:
        if getattr(plan, field):
            changes[field] = empty
            lost.append(Lost(setting=LABELS.get(field, field.replace("_", " ")), why=reason))

    none = f"{backend.name} takes none"
    if plan.model:
        lost.append(Lost(setting="model", why=f"{backend.name} drew with its own"))
    for field in _NAMES:
        leave_out(field, None, f"{backend.name} has its own names")
    for field in _NUMBERS:
        if not getattr(able, field):
            leave_out(field, None, none)
    for field in _SWITCHES:
        if not getattr(able, field):
            leave_out(field, False, none)
    changes |= {"upscaler": None} if able.hires else dict.fromkeys(_HIRES)
    if not able.negative:
        leave_out("negative", "", f"{backend.name} has none")
        changes["prompt"] = with_words(plan.prompt, in_words(plan.negative) if able.negative_in_words else "")
    leave_out("workflow", None, f"{backend.name} has its own")
    changes |= {"placeholders": {}, "graph": None}
    prompt = changes.get("prompt", plan.prompt)
    if not able.loras and _LORA.search(prompt):
        changes["prompt"] = _LORA.sub("", prompt).strip(" ,")
        lost.append(Lost(setting="LoRAs", why=f"{backend.name} takes none in a prompt"))
    if not able.seed:
        lost.append(Lost(setting="seed", why=none))
    changes["references"], unkept = kept_references(able, backend.name, plan.references)
    lost += unkept
    size = able.sizes.nearest(plan.width, plan.height)
    if size != (plan.width, plan.height):
        lost.append(Lost(setting="size", why=f"{plan.width}×{plan.height} became {size[0]}×{size[1]} for {backend.name}"))
    return plan.model_copy(update={**changes, "width": size[0], "height": size[1], "lost": (*plan.lost, *lost)})
