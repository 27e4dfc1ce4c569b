"""What fal's endpoints take, as data: field names by endpoint, which endpoint edits for which, and how an unknown one is learnt.

Every endpoint has its own fields. The well-known ones stand here; any other is read from the API description that the service
hands out for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_WIDE = ("21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16")
_KONTEXT = ("21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21")
_THREE = ("1024x1024", "1536x1024", "1024x1536")
PIXELS = ("{width, height}",)
"""Mark of ``sizes``: any size as an object."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``sizes`` is ``PIXELS``, a list of ``WxH``, or empty; ``tolerance`` the mildest ``safety_tolerance``."""

    fields: frozenset[str]
    ratios: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    tolerance: int = 0
    steps: tuple[int, ...] = ()
    """The only numbers of steps it takes."""
    schedulers: tuple[str, ...] = ()

    @property
    def references(self) -> int:
        """How many pictures it takes; endpoints with a list are given as many as the host allows."""
        return 16 if "image_urls" in self.fields else int("image_url" in self.fields)


def _row(fields: str, **more: Any) -> Endpoint:
    return Endpoint(frozenset(fields.split()), **more)


_FLUX = "image_size num_inference_steps guidance_scale seed num_images output_format enable_safety_checker"
_PRO_2 = "image_size seed output_format enable_safety_checker safety_tolerance"
_BANANA = "aspect_ratio seed num_images output_format safety_tolerance"
_SDXL = "negative_prompt image_size num_inference_steps guidance_scale seed num_images format enable_safety_checker"
_LORA = (
    "model_name negative_prompt num_inference_steps guidance_scale clip_skip scheduler seed num_images image_format enable_safety_checker"
)
_KONTEXT_FIELDS = "aspect_ratio guidance_scale seed num_images output_format safety_tolerance"
_SEEDREAM = "image_size seed num_images enable_safety_checker"
_GPT = "image_size quality background num_images output_format"
_SCHEDULERS = (
    *("DPM++ 2M", "DPM++ 2M Karras", "DPM++ 2M SDE", "DPM++ 2M SDE Karras", "Euler", "Euler A", "Euler (trailing timesteps)"),
    *("LCM", "LCM (trailing timesteps)", "DDIM", "TCD"),
)

ENDPOINTS: Mapping[str, Endpoint] = {
    "fal-ai/flux/dev": _row(_FLUX, sizes=PIXELS),
    "fal-ai/flux/schnell": _row(_FLUX, sizes=PIXELS),
    "fal-ai/flux/dev/image-to-image": _row(_FLUX.replace("image_size ", "") + " image_url strength"),
    "fal-ai/flux-2": _row(_FLUX, sizes=PIXELS),
    "fal-ai/flux-2/edit": _row(_FLUX + " image_urls", sizes=PIXELS),
    "fal-ai/flux-2-pro": _row(_PRO_2, sizes=PIXELS, tolerance=5),
    "fal-ai/flux-2-pro/edit": _row(_PRO_2 + " image_urls", sizes=PIXELS, tolerance=5),
    "fal-ai/flux-2-max": _row(_PRO_2, sizes=PIXELS, tolerance=5),
    "fal-ai/flux-2-max/edit": _row(_PRO_2 + " image_urls", sizes=PIXELS, tolerance=5),
    "fal-ai/flux-2-flex": _row(_PRO_2 + " num_inference_steps guidance_scale", sizes=PIXELS, tolerance=5),
    "fal-ai/flux-2-flex/edit": _row(_PRO_2 + " num_inference_steps guidance_scale image_urls", sizes=PIXELS, tolerance=5),
    "fal-ai/flux-pro/v1.1": _row("image_size seed num_images output_format safety_tolerance", sizes=PIXELS, tolerance=6),
    "fal-ai/flux-pro/kontext/text-to-image": _row(_KONTEXT_FIELDS, ratios=_KONTEXT, tolerance=6),
    "fal-ai/flux-pro/kontext": _row(_KONTEXT_FIELDS + " image_url", ratios=_KONTEXT, tolerance=6),
    "fal-ai/flux-pro/kontext/multi": _row(_KONTEXT_FIELDS + " image_urls", ratios=_KONTEXT, tolerance=6),
    "fal-ai/fast-sdxl": _row(_SDXL, sizes=PIXELS),
    "fal-ai/fast-sdxl/image-to-image": _row(_SDXL + " image_url strength", sizes=PIXELS),
    "fal-ai/fast-lightning-sdxl": _row(
        "image_size num_inference_steps seed num_images format enable_safety_checker", sizes=PIXELS, steps=(1, 2, 4, 8)
    ),
    "fal-ai/stable-diffusion-v15": _row(_SDXL, sizes=PIXELS),
    "fal-ai/stable-diffusion-v35-large": _row(_FLUX + " negative_prompt", sizes=PIXELS),
    "fal-ai/stable-diffusion-v35-medium": _row(_FLUX + " negative_prompt", sizes=PIXELS),
    "fal-ai/lora": _row(_LORA + " image_size", sizes=PIXELS, schedulers=_SCHEDULERS),
    "fal-ai/lora/image-to-image": _row(_LORA + " image_url noise_strength", schedulers=_SCHEDULERS),
    "fal-ai/pony-v7": _row(_FLUX, sizes=PIXELS),
    "fal-ai/hidream-i1-full": _row(_FLUX + " negative_prompt", sizes=PIXELS),
    "fal-ai/qwen-image": _row(_FLUX + " negative_prompt", sizes=PIXELS),
    "fal-ai/qwen-image-edit-2511": _row(_FLUX + " negative_prompt image_urls", sizes=PIXELS),
    "fal-ai/z-image/turbo": _row(_FLUX.replace("guidance_scale ", ""), sizes=PIXELS),
    "fal-ai/z-image/turbo/image-to-image": _row(_FLUX.replace("guidance_scale ", "") + " image_url strength", sizes=PIXELS),
    "fal-ai/nano-banana": _row(_BANANA, ratios=_WIDE, tolerance=6),
    "fal-ai/nano-banana/edit": _row(_BANANA + " image_urls", ratios=_WIDE, tolerance=6),
    "fal-ai/nano-banana-2": _row(_BANANA + " resolution", ratios=(*_WIDE, "4:1", "1:4", "8:1", "1:8"), tolerance=6),
    "fal-ai/nano-banana-2/edit": _row(_BANANA + " resolution image_urls", ratios=(*_WIDE, "4:1", "1:4", "8:1", "1:8"), tolerance=6),
    "fal-ai/nano-banana-pro": _row(_BANANA + " resolution", ratios=_WIDE, tolerance=6),
    "fal-ai/nano-banana-pro/edit": _row(_BANANA + " resolution image_urls", ratios=_WIDE, tolerance=6),
    "fal-ai/gpt-image-1.5": _row(_GPT, sizes=_THREE),
    "fal-ai/gpt-image-1.5/edit": _row(_GPT + " image_urls input_fidelity", sizes=_THREE),
    "fal-ai/bytedance/seedream/v4.5/text-to-image": _row(_SEEDREAM, sizes=PIXELS),
    "fal-ai/bytedance/seedream/v4.5/edit": _row(_SEEDREAM + " image_urls", sizes=PIXELS),
    "xai/grok-imagine-image": _row("aspect_ratio num_images output_format resolution", ratios=("1:1", "16:9", "4:3", "3:4", "9:16")),
    "xai/grok-imagine-image/edit": _row("num_images output_format resolution image_urls"),
}

_EDITS: Mapping[str, tuple[str, ...]] = {
    "fal-ai/flux/dev": ("fal-ai/flux/dev/image-to-image",),
    "fal-ai/flux-pro/kontext/text-to-image": ("fal-ai/flux-pro/kontext", "fal-ai/flux-pro/kontext/multi"),
    "fal-ai/qwen-image": ("fal-ai/qwen-image-edit-2511",),
    "fal-ai/bytedance/seedream/v4.5/text-to-image": ("fal-ai/bytedance/seedream/v4.5/edit",),
}


def editors_of(model: str) -> tuple[str, ...]:
    """Endpoints that draw from references for a model, the one for a single picture first; empty when there is none."""
    if model in ENDPOINTS and ENDPOINTS[model].references:
        return (model,)
    beside = tuple(path for suffix in ("/edit", "/image-to-image") if (path := model + suffix) in ENDPOINTS)
    return _EDITS.get(model) or beside


def learnt(description: Any, endpoint: str) -> Endpoint | None:
    """An endpoint's fields from its own API description; None when the description does not hold them."""
    try:
        schema = description["paths"][f"/{endpoint}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        if "$ref" in schema:
            schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        properties = schema["properties"]
        names = frozenset(str(name) for name in properties)
    except (KeyError, TypeError):
        return None
    sizes = _values(properties, "image_size")
    by_pixels = "image_size" in names and not any("x" in size for size in sizes)
    tolerances = [int(value) for value in _values(properties, "safety_tolerance") if value.isdigit()]
    return Endpoint(
        names,
        ratios=tuple(ratio for ratio in _values(properties, "aspect_ratio") if ":" in ratio),
        sizes=PIXELS if by_pixels else tuple(size for size in sizes if "x" in size),
        tolerance=max(tolerances, default=0),
        steps=tuple(int(value) for value in _values(properties, "num_inference_steps") if value.isdigit()),
        schedulers=tuple(_values(properties, "scheduler")),
    )


def _values(properties: Mapping[str, Any], name: str) -> list[str]:
    """The values of an enumerated property, also of one inside ``anyOf``."""
    entry = properties.get(name)
    if not isinstance(entry, Mapping):
        return []
    places = [entry, *(part for part in entry.get("anyOf") or () if isinstance(part, Mapping))]
    return [str(value) for place in places for value in place.get("enum") or ()]
