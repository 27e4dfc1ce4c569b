"""Builds a job of stable-diffusion.cpp's own API and reads what a server says it is able to do.

The server reads no ``<lora:name:weight>`` in a prompt; they are taken out here and sent in the field it has for them. It keeps a seed
of 42 unless told, replaces an unknown sampler without a word and draws on without an input picture it cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.contract import Dropped, RenderSpec
from providers.grid import on_grid
from providers.images import samplers
from providers.images.limits import in_range

LEAST, MOST, STEP = 64, 4096, 64
MOST_CLIP_SKIP = 12
MOST_STEPS = 100
"""The server brings more down to this without a word."""
LEAST_HIRES_DENOISE = 0.01
"""It refuses a second pass that changes nothing."""
"""Sides in pixels; others are rounded up to the step by the server."""
_LORA = re.compile(r"<lora:([^:<>]+)(?::(-?\d+(?:\.\d+)?))?>")


@dataclass(frozen=True, slots=True)
class ServerAble:
    """The part of ``/capabilities`` that matters; empty where the server said nothing."""

    model: str = ""
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    upscalers: tuple[str, ...] = ()
    loras: Mapping[str, str] = field(default_factory=dict)
    """Name in lower case → path to send."""
    draws: bool = True
    """Its model makes pictures, not only videos."""
    most: tuple[int, int] = (MOST, MOST)
    """Widest and highest picture in pixels."""


def able_of(answer: Mapping[str, Any]) -> ServerAble:
    """Read ``/capabilities``."""
    model, modes = answer.get("model"), answer.get("supported_modes")
    loras = {
        row["name"].lower(): str(row.get("path") or row["name"]) for row in _rows(answer.get("loras")) if isinstance(row.get("name"), str)
    }
    return ServerAble(
        model=str(model.get("stem") or model.get("name") or "") if isinstance(model, Mapping) else "",
        samplers=_texts(answer.get("samplers")),
        schedulers=_texts(answer.get("schedulers")),
        upscalers=tuple(str(row["name"]) for row in _rows(answer.get("upscalers")) if row.get("name")),
        loras=loras,
        draws=not isinstance(modes, list) or not modes or "img_gen" in modes,
        most=(_limit(answer, "max_width"), _limit(answer, "max_height")),
    )


def same_name(wanted: str, loaded: str) -> bool:
    """Whether a model's name, written with or without folder, ending or details, can be the loaded one."""
    one, other = (
        samplers.plain(name.replace("\\", "/").rpartition("/")[2].removesuffix(".gguf").removesuffix(".safetensors"))
        for name in (wanted, loaded)
    )
    return one in other or other in one


def _limit(answer: Mapping[str, Any], name: str) -> int:
    limits = answer.get("limits")
    said = limits.get(name) if isinstance(limits, Mapping) else None
    return said // STEP * STEP if isinstance(said, int) and said >= LEAST else MOST


def _rows(value: Any) -> Iterator[Mapping[str, Any]]:
    for row in value if isinstance(value, list) else ():
        if isinstance(row, Mapping):
            yield row


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()


def body_of(spec: RenderSpec, able: ServerAble, dropped: list[Dropped], name: str) -> dict[str, Any]:
    """The job without its pictures; what the server cannot honour is added to ``dropped``."""
    prompt, loras = without_loras(spec.prompt, able, dropped, name)
    body: dict[str, Any] = {
        "prompt": prompt,
        "negative_prompt": spec.negative,
        "width": on_grid(spec.width, STEP, LEAST, able.most[0]),
        "height": on_grid(spec.height, STEP, LEAST, able.most[1]),
        "seed": spec.seed,
        "batch_count": 1,
        "output_format": "png",
    }
    if sample := _sample_params(spec, able, dropped, name):
        body["sample_params"] = sample
    if spec.clip_skip:
        body["clip_skip"] = in_range(spec.clip_skip, 1, MOST_CLIP_SKIP, "clip skip", dropped)
    if loras:
        body["lora"] = loras
    if spec.hires and spec.references:
        dropped.append(Dropped("hires", "from a picture it draws in one pass"))
    elif spec.hires:
        body["hires"] = _hires(spec, able, dropped, name)
    return body


def _sample_params(spec: RenderSpec, able: ServerAble, dropped: list[Dropped], name: str) -> dict[str, Any]:
    choice = samplers.choose(spec.sampler, able.samplers, spec.scheduler)
    scheduler = next((known for known in able.schedulers if choice.schedule and samplers.plain(known) == choice.schedule), None)
    if spec.sampler and not choice.sampler:
        dropped.append(samplers.unknown("sampler", spec.sampler, name))
    if spec.scheduler and not scheduler:
        dropped.append(samplers.unknown("scheduler", spec.scheduler, name))
    optional = {
        "sample_steps": in_range(spec.steps, 1, MOST_STEPS, "steps", dropped),
        "sample_method": choice.sampler,
        "scheduler": scheduler,
        "guidance": None if spec.cfg is None else {"txt_cfg": spec.cfg},
    }
    return {key: value for key, value in optional.items() if value is not None}


def _hires(spec: RenderSpec, able: ServerAble, dropped: list[Dropped], name: str) -> dict[str, Any]:
    known = {upscaler.lower(): upscaler for upscaler in able.upscalers}
    if spec.upscaler and known and spec.upscaler.lower() not in known:
        dropped.append(samplers.unknown("upscaler", spec.upscaler, name))
    optional = {
        "scale": spec.upscale,
        "upscaler": known.get((spec.upscaler or "").lower()),
        "steps": spec.second_pass_steps,
        "denoising_strength": in_range(spec.denoise, LEAST_HIRES_DENOISE, 1.0, "denoise", dropped),
    }
    return {"enabled": True, **{key: value for key, value in optional.items() if value is not None}}


def without_loras(prompt: str, able: ServerAble, dropped: list[Dropped], name: str) -> tuple[str, list[dict[str, Any]]]:
    """The prompt without its LoRA tags, and the field the job API has for them; unknown ones are added to ``dropped``."""
    found: list[dict[str, Any]] = []
    for match in _LORA.finditer(prompt):
        path = able.loras.get(match[1].strip().lower())
        if path is None:
            dropped.append(samplers.unknown("LoRA", match[1].strip(), name))
        else:
            found.append({"path": path, "multiplier": float(match[2] or 1)})
    return _LORA.sub("", prompt).strip(), found
