"""What fal's endpoints take, as data: field names by endpoint, which endpoint edits for which, and how an unknown one is learnt.

Every endpoint has its own fields. The well-known ones stand here; any other is read from the API description that the service
hands out for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.contract import SizeRule
from providers.images.limits import Number

_WIDE = ("21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16")
_KONTEXT = ("21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21")
_THREE = ("1024x1024", "1536x1024", "1024x1536")
PIXELS = ("{width, height}",)
"""Mark of ``sizes``: any size as an object."""
UNSTATED_REFERENCES = 4
"""How many pictures an endpoint with a list is given that states no number."""
STEPS, CFG = (1, 50), (1.0, 20.0)
ANY_SIZE = SizeRule(least=64, most=2048, step=8)
_SIZE_2 = SizeRule(least=512, most=2048, step=8)
_SEEDREAM_4 = SizeRule(least=64, most=4096, step=8, min_pixels=2560 * 1440, max_pixels=4096 * 4096)
_SEEDREAM_5 = SizeRule(least=64, most=4096, step=8, min_pixels=2560 * 1440, max_pixels=3072 * 3072)


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
    rule: SizeRule = ANY_SIZE
    """Sides and pixels where any size may be asked for."""
    step_range: tuple[int, int] = STEPS
    cfg_range: tuple[float, float] = CFG
    """What the endpoints of a kind take alike; a host who wants more of one sets it in ``extra``."""
    pictures: int = 0
    """Most pictures of one with a list; 0 = it states no number."""
    picture_optional: bool = False

    @property
    def takes_pictures(self) -> bool:
        return bool({"image_url", "image_urls"} & self.fields)

    @property
    def needs_picture(self) -> bool:
        return self.takes_pictures and not self.picture_optional

    def most_references(self, wished: int | None) -> int:
        """How many pictures it is given; ``wished`` is the host's number for endpoints with a list."""
        if "image_urls" not in self.fields:
            return int("image_url" in self.fields)
        if wished is None:
            return self.pictures or UNSTATED_REFERENCES
        return min(wished, self.pictures or wished)


def _row(fields: str, **more: Any) -> Endpoint:
    return Endpoint(frozenset(fields.split()), **more)


_FLUX = "image_size num_inference_steps guidance_scale seed num_images output_format enable_safety_checker"
_PRO_2 = "image_size seed output_format enable_safety_checker safety_tolerance"
_FLEX = _PRO_2 + " num_inference_steps guidance_scale"
_KLEIN = _FLUX.replace("guidance_scale ", "")
_ULTRA = (*_WIDE, "9:21")
_BANANA = "aspect_ratio seed num_images output_format safety_tolerance"
_SDXL = "negative_prompt image_size num_inference_steps guidance_scale seed num_images format enable_safety_checker"
_LORA = (
    "model_name negative_prompt num_inference_steps guidance_scale clip_skip scheduler seed num_images image_format enable_safety_checker"
)
_KONTEXT_FIELDS = "aspect_ratio guidance_scale seed num_images output_format safety_tolerance"
_SEEDREAM = "image_size seed num_images enable_safety_checker"
_LITE = _SEEDREAM.replace("seed ", "")
_GPT = "image_size quality background num_images output_format"
_SCHEDULERS = (
    *("DPM++ 2M", "DPM++ 2M Karras", "DPM++ 2M SDE", "DPM++ 2M SDE Karras", "Euler", "Euler A", "Euler (trailing timesteps)"),
    *("LCM", "LCM (trailing timesteps)", "DDIM", "TCD"),
)

ENDPOINTS: Mapping[str, Endpoint] = {
    "fal-ai/flux/dev": _row(_FLUX, sizes=PIXELS),
    "fal-ai/flux/schnell": _row(_FLUX, sizes=PIXELS, step_range=(1, 12)),
    "fal-ai/flux/dev/image-to-image": _row(_FLUX.replace("image_size ", "") + " image_url strength"),
    "fal-ai/flux-lora": _row(_FLUX, sizes=PIXELS),
    "fal-ai/flux-lora/image-to-image": _row(_FLUX + " image_url strength", sizes=PIXELS),
    "fal-ai/flux-kontext/dev": _row(_FLUX.replace("image_size ", "") + " image_url"),
    "fal-ai/flux-2": _row(_FLUX, sizes=PIXELS, rule=_SIZE_2),
    "fal-ai/flux-2/edit": _row(_FLUX + " image_urls", sizes=PIXELS, rule=_SIZE_2, pictures=4),
    "fal-ai/flux-2/lora": _row(_FLUX, sizes=PIXELS, rule=_SIZE_2),
    "fal-ai/flux-2/turbo": _row(_FLUX.replace("num_inference_steps ", ""), sizes=PIXELS, rule=_SIZE_2),
    "fal-ai/flux-2/klein/4b/edit": _row(_KLEIN + " image_urls", sizes=PIXELS, pictures=4),
    "fal-ai/flux-2/klein/9b": _row(_KLEIN, sizes=PIXELS),
    "fal-ai/flux-2/klein/9b/edit": _row(_KLEIN + " image_urls", sizes=PIXELS, pictures=4),
    "fal-ai/flux-2-pro": _row(_PRO_2, sizes=PIXELS, tolerance=5),
    "fal-ai/flux-2-pro/edit": _row(_PRO_2 + " image_urls", sizes=PIXELS, tolerance=5),
    "fal-ai/flux-2-max": _row(_PRO_2, sizes=PIXELS, tolerance=5),
    "fal-ai/flux-2-max/edit": _row(_PRO_2 + " image_urls", sizes=PIXELS, tolerance=5),
    "fal-ai/flux-2-flex": _row(_FLEX, sizes=PIXELS, tolerance=5, cfg_range=(1.5, 10.0)),
    "fal-ai/flux-2-flex/edit": _row(_FLEX + " image_urls", sizes=PIXELS, tolerance=5, cfg_range=(1.5, 10.0)),
    "fal-ai/flux-pro/v1.1": _row("image_size seed num_images output_format safety_tolerance", sizes=PIXELS, tolerance=6),
    "fal-ai/flux-pro/v1.1-ultra": _row(
        "aspect_ratio seed num_images output_format safety_tolerance image_url", ratios=_ULTRA, tolerance=6, picture_optional=True
    ),
    "fal-ai/flux-pro/kontext/max": _row(_KONTEXT_FIELDS + " image_url", ratios=_KONTEXT, tolerance=6),
    "fal-ai/flux-pro/kontext/max/multi": _row(_KONTEXT_FIELDS + " image_urls", ratios=_KONTEXT, tolerance=6),
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
    "fal-ai/z-image/turbo": _row(_KLEIN, sizes=PIXELS, step_range=(1, 8)),
    "fal-ai/z-image/turbo/image-to-image": _row(_KLEIN + " image_url strength", sizes=PIXELS, step_range=(1, 8)),
    "fal-ai/nano-banana": _row(_BANANA, ratios=_WIDE, tolerance=6),
    "fal-ai/nano-banana/edit": _row(_BANANA + " image_urls", ratios=_WIDE, tolerance=6),
    "fal-ai/nano-banana-2": _row(_BANANA + " resolution", ratios=(*_WIDE, "4:1", "1:4", "8:1", "1:8"), tolerance=6),
    "fal-ai/nano-banana-2/edit": _row(_BANANA + " resolution image_urls", ratios=(*_WIDE, "4:1", "1:4", "8:1", "1:8"), tolerance=6),
    "fal-ai/nano-banana-pro": _row(_BANANA + " resolution", ratios=_WIDE, tolerance=6),
    "fal-ai/nano-banana-pro/edit": _row(_BANANA + " resolution image_urls", ratios=_WIDE, tolerance=6),
    "fal-ai/gpt-image-1.5": _row(_GPT, sizes=_THREE),
    "fal-ai/gpt-image-1.5/edit": _row(_GPT + " image_urls input_fidelity", sizes=_THREE),
    "fal-ai/bytedance/seedream/v4.5/text-to-image": _row(_SEEDREAM, sizes=PIXELS, rule=_SEEDREAM_4),
    "fal-ai/bytedance/seedream/v4.5/edit": _row(_SEEDREAM + " image_urls", sizes=PIXELS, rule=_SEEDREAM_4, pictures=10),
    "fal-ai/bytedance/seedream/v5/lite/text-to-image": _row(_LITE, sizes=PIXELS, rule=_SEEDREAM_5),
    "fal-ai/bytedance/seedream/v5/lite/edit": _row(_LITE + " image_urls", sizes=PIXELS, rule=_SEEDREAM_5, pictures=10),
    "xai/grok-imagine-image": _row("aspect_ratio num_images output_format resolution", ratios=("1:1", "16:9", "4:3", "3:4", "9:16")),
    "xai/grok-imagine-image/edit": _row("num_images output_format resolution image_urls", pictures=3),
}

_EDITS: Mapping[str, tuple[str, ...]] = {
    "fal-ai/flux/dev": ("fal-ai/flux/dev/image-to-image",),
    "fal-ai/flux-pro/kontext/text-to-image": ("fal-ai/flux-pro/kontext", "fal-ai/flux-pro/kontext/multi"),
    "fal-ai/qwen-image": ("fal-ai/qwen-image-edit-2511",),
    "fal-ai/bytedance/seedream/v4.5/text-to-image": ("fal-ai/bytedance/seedream/v4.5/edit",),
    "fal-ai/bytedance/seedream/v5/lite/text-to-image": ("fal-ai/bytedance/seedream/v5/lite/edit",),
    "fal-ai/flux-pro/kontext/max": ("fal-ai/flux-pro/kontext/max", "fal-ai/flux-pro/kontext/max/multi"),
    "fal-ai/flux-pro/kontext": ("fal-ai/flux-pro/kontext", "fal-ai/flux-pro/kontext/multi"),
}


def editors_of(model: str) -> tuple[str, ...]:
    """Endpoints that draw from references for a model, the one for a single picture first; empty when there is none."""
    if model in _EDITS:
        return _EDITS[model]
    if model in ENDPOINTS and ENDPOINTS[model].takes_pictures:
        return (model,)
    return tuple(path for suffix in ("/edit", "/image-to-image") if (path := model + suffix) in ENDPOINTS)


def learnt(description: Any, endpoint: str) -> Endpoint | None:
    """An endpoint's fields from its own API description; None when the description does not hold them."""
    try:
        schema = description["paths"][f"/{endpoint}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        if "$ref" in schema:
            schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        properties = schema["properties"]
        names = frozenset(str(name) for name in properties)
        required = set(schema.get("required") or names)
    except (KeyError, TypeError, AttributeError):
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
        step_range=_range(properties, "num_inference_steps", STEPS),
        cfg_range=_range(properties, "guidance_scale", CFG),
        pictures=_number(_places(properties, "image_urls"), "maxItems", 0),
        picture_optional=not {"image_url", "image_urls"} & required,
    )


def _values(properties: Mapping[str, Any], name: str) -> list[str]:
    """The values of an enumerated property, also of one inside ``anyOf``."""
    return [str(value) for place in _places(properties, name) for value in place.get("enum") or ()]


def _places(properties: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A property's description and those inside its ``anyOf``."""
    entry = properties.get(name)
    if not isinstance(entry, Mapping):
        return []
    return [entry, *(part for part in entry.get("anyOf") or () if isinstance(part, Mapping))]


def _number(places: list[Mapping[str, Any]], key: str, otherwise: Number) -> Number:
    """A limit as the endpoint's kind of number; ``otherwise`` where it states none."""
    found = next((place[key] for place in places if isinstance(place.get(key), int | float)), otherwise)
    return type(otherwise)(found)


def _range(properties: Mapping[str, Any], name: str, otherwise: tuple[Number, Number]) -> tuple[Number, Number]:
    places = _places(properties, name)
    return _number(places, "minimum", otherwise[0]), _number(places, "maximum", otherwise[1])
