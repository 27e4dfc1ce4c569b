"""Reads what an AUTOMATIC1111-type server says it really did.

It replaces an unknown sampler or checkpoint without a word and echoes the request in ``parameters``; the truth is in ``info``, a JSON
document inside a string (empty on stable-diffusion.cpp).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.contract import Dropped, RenderResult, RenderSpec
from providers.errors import ErrorKind, ProviderError
from providers.images.a1111_request import KEYWORD_VAES, Wishes, same_model
from providers.images.formats import from_base64, rendered
from providers.images.results import size_came

_RECORDED = (
    "sampler_name",
    "steps",
    "cfg_scale",
    "clip_skip",
    "width",
    "height",
    "sd_model_name",
    "sd_model_hash",
    "sd_vae_name",
    "version",
)
_PICTURES = ("init_images", "send_images", "save_images")


@dataclass(frozen=True, slots=True)
class Info:
    """The part of ``info`` that matters; empty where the server said nothing."""

    seed: int | None = None
    sampler: str = ""
    model: str = ""
    vae: str = ""
    first_image: int = 0
    used: Mapping[str, Any] = field(default_factory=dict)
    """What the take's record keeps of it."""


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
        seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
        sampler=str(said.get("sampler_name") or ""),
        model=str(said.get("sd_model_name") or ""),
        vae=str(said.get("sd_vae_name") or ""),
        used={key: said[key] for key in _RECORDED if isinstance(said.get(key), str | int | float)},
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
    if wishes.vae and info.vae and wishes.vae not in KEYWORD_VAES and not same_model(wishes.vae, info.vae):
        dropped.append(Dropped("vae", f"the server used «{info.vae}» instead of «{wishes.vae}»"))
    return tuple(dropped)


def result_of(
    name: str, spec: RenderSpec, answer: Mapping[str, Any], body: Mapping[str, Any], wishes: Wishes, dropped: tuple[Dropped, ...]
) -> RenderResult:
    """The picture, and what of the request was not honoured. Raises ``ProviderError`` (BAD_ANSWER) for an answer without a picture."""
    info = read_info(answer)
    pictures = answer.get("images")
    texts = [p for p in pictures if isinstance(p, str)] if isinstance(pictures, list) else []
    # A grid comes first where the server makes one; what follows the first picture are maps of extensions.
    texts = texts[info.first_image :][:1] or texts[:1]
    if not texts:
        raise ProviderError(ErrorKind.BAD_ANSWER, name, "There was no picture in it.", host_detail="images is empty")
    image = rendered(from_base64(texts[0], name), name, seed=body["seed"] if info.seed is None else info.seed)
    sent = {key: value for key, value in body.items() if key not in _PICTURES}
    record = {**sent, "info": dict(info.used)} if info.used else sent
    size = () if body.get("enable_hr") else size_came(spec, image)
    return RenderResult((image,), info.model or wishes.checkpoint or "", (*dropped, *replaced(wishes, info), *size), record)
