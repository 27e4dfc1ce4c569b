"""Builds a txt2img or img2img body of the AUTOMATIC1111 API. The server ignores keys it does not know."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.contract import Reference, RenderSpec
from providers.grid import on_grid

HIRES_DENOISE = 0.7
IMAGE_DENOISE = 0.75
DEFAULT_UPSCALER = "Latent"
LEAST, MOST, STEP = 64, 4096, 8
"""Sides in pixels. The server checks none: it rounds down to the step, and fails inside below the least."""
MOST_CLIP_SKIP = 12
KEYWORD_VAES = ("Automatic", "None")
"""Values of the VAE setting that are no files."""


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
    clip_skip: int | None = None
    denoise: float | None = None
    """Of the second pass or of the picture to start from, within 0 and 1."""
    forge: bool | None = None
    """Whether the server is Forge; None when it did not say."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Settings sent along with every picture, because the server does not take them back by itself."""


def body_of(spec: RenderSpec, wishes: Wishes) -> dict[str, Any]:
    """The request without its picture; ``route_of`` adds that."""
    body: dict[str, Any] = {
        "prompt": words_only(spec.prompt),
        "negative_prompt": words_only(spec.negative),
        "width": on_grid(spec.width, STEP, LEAST, MOST),
        "height": on_grid(spec.height, STEP, LEAST, MOST),
        "seed": spec.seed,
        "steps": spec.steps or wishes.steps,
        "batch_size": 1,
        "n_iter": 1,
        "send_images": True,
        "save_images": False,
        "override_settings": overrides_of(wishes),
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


def overrides_of(wishes: Wishes) -> dict[str, Any]:
    """Settings for this picture only: checkpoint, VAE, clip skip. Forge takes its VAE out of a list it shares with text encoders."""
    overrides = dict(wishes.overrides)
    if wishes.checkpoint:
        overrides["sd_model_checkpoint"] = wishes.checkpoint
    if wishes.vae and wishes.forge:
        kept = [module for module in overrides.get("forge_additional_modules") or () if "text_encoder" in str(module).lower()]
        overrides["forge_additional_modules"] = [*kept, wishes.vae]
    elif wishes.vae:
        overrides["sd_vae"] = wishes.vae
    if wishes.clip_skip:
        overrides["CLIP_stop_at_last_layers"] = wishes.clip_skip
    return overrides


def _hires(spec: RenderSpec, wishes: Wishes) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "enable_hr": True,
        "hr_scale": spec.upscale or 2.0,
        "hr_upscaler": wishes.upscaler or DEFAULT_UPSCALER,
        "hr_second_pass_steps": spec.second_pass_steps or 0,
        "denoising_strength": HIRES_DENOISE if wishes.denoise is None else wishes.denoise,
    }
    if wishes.forge is not False:
        fields["hr_additional_modules"] = ["Use same choices"]  # Forge answers 500 without it
    return fields


def route_of(picture: Reference | None, wishes: Wishes, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The route and the whole body: img2img as soon as there is a picture to start from."""
    if picture is None:
        return "txt2img", body
    strength = IMAGE_DENOISE if wishes.denoise is None else wishes.denoise
    encoded = base64.b64encode(picture.data).decode()
    return "img2img", {**body, "init_images": [encoded], "denoising_strength": strength, "resize_mode": 1}


def spellings(model: str) -> set[str]:
    """Lower-case names of one checkpoint: with and without its folder, which the server joins to the name with an underscore."""
    path = model.partition(" [")[0].replace("\\", "/").lower()
    for extension in (".safetensors", ".ckpt", ".gguf", ".pth", ".pt", ".sft"):
        path = path.removesuffix(extension)
    return {path.rpartition("/")[2], path.replace("/", "_")}


def same_model(one: str, other: str) -> bool:
    """Whether two spellings (title with hash, file name, bare name) mean one checkpoint."""
    return bool(spellings(one) & spellings(other))
