"""Builds a txt2img or img2img body of the AUTOMATIC1111 API and reads what the server says it really did.

The server ignores unknown keys, replaces an unknown sampler or checkpoint without a word and echoes the request in ``parameters``;
the truth is in ``info``, a JSON document inside a string (empty on stable-diffusion.cpp).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from providers.contract import Dropped, Reference, RenderSpec

HIRES_DENOISE = 0.7
IMAGE_DENOISE = 0.75
DEFAULT_UPSCALER = "Latent"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the server's lists made of the spec: names in the server's spelling, None = leave it to the server."""

    checkpoint: str | None = None
    sampler: str | None = None
    scheduler: str | None = None
    vae: str | None = None
    upscaler: str | None = None
    steps: int = 25
    """Used when nobody chose a number."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Settings sent along with every picture, because the server does not take them back by itself."""


def body_of(spec: RenderSpec, wishes: Wishes) -> dict[str, Any]:
    """The request without its picture; ``route_of`` adds that. Sizes are pixels, multiples of 8."""
    body: dict[str, Any] = {
        "prompt": words_only(spec.prompt),
        "negative_prompt": words_only(spec.negative),
        "width": spec.width,
        "height": spec.height,
        "seed": spec.seed,
        "steps": spec.steps or wishes.steps,
        "batch_size": 1,
        "n_iter": 1,
        "send_images": True,
        "save_images": False,
        "override_settings": overrides_of(spec, wishes),
        "override_settings_restore_afterwards": True,
    }
    optional = {"cfg_scale": spec.cfg, "sampler_name": wishes.sampler, "scheduler": wishes.scheduler}
    body.update({key: value for key, value in optional.items() if value is not None})
    if spec.restore_faces:
        body["restore_faces"] = True
    if spec.hires and not spec.references:
        body.update(_hires(spec, wishes))
    return body


def words_only(text: str) -> str:
    """stable-diffusion.cpp reads settings out of a block inside the prompt; a player's words must not be such a block."""
    return text.replace("sd_cpp_extra_args", "sd cpp extra args")


def overrides_of(spec: RenderSpec, wishes: Wishes) -> dict[str, Any]:
    """Settings for this picture only: checkpoint, VAE, clip skip."""
    overrides = dict(wishes.overrides)
    if wishes.checkpoint:
        overrides["sd_model_checkpoint"] = wishes.checkpoint
    if wishes.vae:
        overrides["sd_vae"] = wishes.vae
    if spec.clip_skip:
        overrides["CLIP_stop_at_last_layers"] = spec.clip_skip
    return overrides


def _hires(spec: RenderSpec, wishes: Wishes) -> dict[str, Any]:
    return {
        "enable_hr": True,
        "hr_scale": spec.upscale or 2.0,
        "hr_upscaler": wishes.upscaler or DEFAULT_UPSCALER,
        "hr_second_pass_steps": spec.second_pass_steps or 0,
        "denoising_strength": HIRES_DENOISE if spec.denoise is None else spec.denoise,
        # Forge answers 500 without it; AUTOMATIC1111 does not know the key and ignores it.
        "hr_additional_modules": ["Use same choices"],
    }


def route_of(spec: RenderSpec, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The route and the whole body: img2img as soon as there is a reference, of which the API takes one."""
    if not spec.references:
        return "txt2img", body
    picture = base_reference(spec.references)
    strength = IMAGE_DENOISE if spec.denoise is None else spec.denoise
    encoded = base64.b64encode(picture.data).decode()
    return "img2img", {**body, "init_images": [encoded], "denoising_strength": strength, "resize_mode": 1}


def base_reference(references: Sequence[Reference]) -> Reference:
    """The picture to start from: the one of role ``base``, else the first."""
    return next((r for r in references if r.role == "base"), references[0])


@dataclass(frozen=True, slots=True)
class Info:
    """The part of ``info`` that matters; empty where the server said nothing."""

    seed: int | None = None
    sampler: str = ""
    model: str = ""
    first_image: int = 0


def read_info(answer: Mapping[str, Any]) -> Info:
    """What the server really did. Anything unreadable counts as not said."""
    text = answer.get("info")
    try:
        said = json.loads(text) if isinstance(text, str) and text else {}
    except (ValueError, RecursionError):
        said = {}
    if not isinstance(said, dict):
        return Info()
    seed, first = said.get("seed"), said.get("index_of_first_image")
    return Info(
        seed=seed if isinstance(seed, int) else None,
        sampler=str(said.get("sampler_name") or ""),
        model=str(said.get("sd_model_name") or ""),
        first_image=first if isinstance(first, int) and first > 0 else 0,
    )


def replaced(wishes: Wishes, info: Info) -> tuple[Dropped, ...]:
    """What the server silently used instead of what was asked for."""
    dropped = []
    # An old-style name such as «DPM++ 2M Karras» is split by the server into sampler and scheduler: not a replacement.
    if wishes.sampler and info.sampler and not wishes.sampler.lower().startswith(info.sampler.lower()):
        dropped.append(Dropped("sampler", f"the server does not know «{wishes.sampler}» and used «{info.sampler}»"))
    if wishes.checkpoint and info.model and not same_model(wishes.checkpoint, info.model):
        dropped.append(Dropped("model", f"the server does not know «{wishes.checkpoint}» and used «{info.model}»"))
    return tuple(dropped)


def spellings(model: str) -> set[str]:
    """Lower-case names of one checkpoint: with and without its folder, which the server joins to the name with an underscore."""
    path = model.partition(" [")[0].replace("\\", "/").lower()
    for extension in (".safetensors", ".ckpt", ".gguf", ".pth", ".pt", ".sft"):
        path = path.removesuffix(extension)
    return {path.rpartition("/")[2], path.replace("/", "_")}


def same_model(one: str, other: str) -> bool:
    """Whether two spellings (title with hash, file name, bare name) mean one checkpoint."""
    return bool(spellings(one) & spellings(other))
