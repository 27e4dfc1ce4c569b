"""From a spec to the body of one fal endpoint: only fields it has; what it lacks is reported."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from providers.contract import Dropped, RenderSpec
from providers.images.fal_models import PIXELS, Endpoint
from providers.images.limits import in_range, nearest_ratio
from providers.options import Options

_SETTINGS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("negative", "negative prompt", ("negative_prompt",)),
    ("steps", "steps", ("num_inference_steps",)),
    ("cfg", "CFG scale", ("guidance_scale",)),
    ("clip_skip", "clip skip", ("clip_skip",)),
    ("scheduler", "scheduler", ("scheduler",)),
    ("denoise", "denoise strength", ("strength", "noise_strength")),
)
"""(attribute of the spec, its name for people, the endpoint's possible fields)."""


class FalOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    poll_seconds: float = Field(default=1.0, gt=0, le=30)
    """First pause between two looks at the queue; it grows to five seconds."""
    platform_url: str = "https://api.fal.ai/v1"
    """Where models are listed and described."""
    priority: Literal["normal", "low"] | None = None
    """Place in fal's queue."""
    output_format: Literal["png", "jpeg"] = "png"
    """File format, where the endpoint has the choice."""
    safety_checker: bool | None = None
    """Unset switches the checker off only where adult content is allowed."""
    safety_tolerance: int | None = Field(default=None, ge=1, le=6)
    """Unset takes the mildest only where adult content is allowed."""
    references: int | None = Field(default=None, ge=0, le=16)
    """Most reference pictures an endpoint with a list is given; unset takes the number it states, or four where it states none."""
    reference_bytes: int = Field(default=10_000_000, ge=10_000, le=50_000_000)
    """Most bytes of one reference picture; endpoints state different numbers or none."""
    image_to_image: str = ""
    """Endpoint that draws from references, for a model whose own is not known here."""
    extra: dict[str, Any] = {}
    """Further fields of the endpoint, sent as they are (``quality``, ``loras``, ``acceleration``, ``model_name`` …)."""


def body_of(
    spec: RenderSpec, endpoint: Endpoint, options: FalOptions, pictures: list[str], dropped: list[Dropped]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(request without pictures, the pictures)."""
    own = _own_values(spec, endpoint, dropped)
    body: dict[str, Any] = {"prompt": spec.prompt, **_size(spec, endpoint), **_safety(spec, endpoint, options)}
    if "seed" in endpoint.fields:
        body["seed"] = spec.seed
    if "num_images" in endpoint.fields:
        body["num_images"] = 1
    for name in ("output_format", "format", "image_format"):
        if name in endpoint.fields:
            body[name] = options.output_format
    for attribute, label, fields in _SETTINGS:
        value = own.get(attribute, getattr(spec, attribute))
        if value is None or value == "" or (attribute == "denoise" and not pictures):
            continue
        field = next((name for name in fields if name in endpoint.fields), None)
        if field is None:
            dropped.append(Dropped(label, "this endpoint has none"))
        else:
            body[field] = value
    if endpoint.steps and "num_inference_steps" in body:
        body["num_inference_steps"] = _one_of(body["num_inference_steps"], endpoint.steps, dropped)
    if body.get("scheduler") and endpoint.schedulers:
        _known_scheduler(body, endpoint, dropped)
    return {**body, **options.extra}, _sources(endpoint, pictures)


def _own_values(spec: RenderSpec, endpoint: Endpoint, dropped: list[Dropped]) -> dict[str, Any]:
    """Numbers within the endpoint's ranges. People count skipped CLIP layers from 1 (none skipped), the service from 0."""
    values: dict[str, Any] = {}
    if "num_inference_steps" in endpoint.fields and not endpoint.steps:
        values["steps"] = in_range(spec.steps, *endpoint.step_range, "steps", dropped)
    if "guidance_scale" in endpoint.fields:
        values["cfg"] = in_range(spec.cfg, *endpoint.cfg_range, "CFG scale", dropped)
    if {"strength", "noise_strength"} & endpoint.fields:
        values["denoise"] = in_range(spec.denoise, 0.0, 1.0, "denoise strength", dropped)
    if "clip_skip" in endpoint.fields and spec.clip_skip is not None:
        values["clip_skip"] = (in_range(spec.clip_skip, 1, 3, "clip skip", dropped) or 1) - 1
    return values


def _size(spec: RenderSpec, endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.sizes == PIXELS:
        width, height = endpoint.rule.nearest(spec.width, spec.height)
        return {"image_size": {"width": width, "height": height}}
    if endpoint.sizes:
        ratio = spec.width / spec.height
        return {"image_size": min(endpoint.sizes, key=lambda size: abs(_ratio(size) - ratio))}
    return {"aspect_ratio": nearest_ratio(spec.width, spec.height, endpoint.ratios)} if endpoint.ratios else {}


def _ratio(size: str) -> float:
    width, _, height = size.partition("x")
    return int(width) / int(height)


def _safety(spec: RenderSpec, endpoint: Endpoint, options: FalOptions) -> dict[str, Any]:
    wishes: dict[str, Any] = {}
    checker = options.safety_checker if options.safety_checker is not None else (False if spec.adult else None)
    if "enable_safety_checker" in endpoint.fields and checker is not None:
        wishes["enable_safety_checker"] = checker
    tolerance = options.safety_tolerance or (endpoint.tolerance if spec.adult else None)
    if endpoint.tolerance and tolerance:
        wishes["safety_tolerance"] = str(min(tolerance, endpoint.tolerance))
    return wishes


def _one_of(steps: int, allowed: tuple[int, ...], dropped: list[Dropped]) -> str:
    kept = min(allowed, key=lambda number: abs(number - steps))
    if kept != steps:
        dropped.append(Dropped("steps", f"{steps} became {kept}"))
    return str(kept)


def _known_scheduler(body: dict[str, Any], endpoint: Endpoint, dropped: list[Dropped]) -> None:
    wanted = str(body["scheduler"])
    known = next((name for name in endpoint.schedulers if name.lower() == wanted.lower()), None)
    if known:
        body["scheduler"] = known
    else:
        del body["scheduler"]
        dropped.append(Dropped("scheduler", f"it does not know «{wanted[:80]}»"))


def _sources(endpoint: Endpoint, pictures: list[str]) -> dict[str, Any]:
    if not pictures:
        return {}
    return {"image_urls": pictures} if "image_urls" in endpoint.fields else {"image_url": pictures[0]}
