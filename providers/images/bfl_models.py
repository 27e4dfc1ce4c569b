"""What each FLUX model of Black Forest Labs takes, as data, and the request made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.contract import Dropped, RenderSpec, SizeRule
from providers.images.limits import in_range, nearest_ratio, ratio_pairs

RATIOS = ("21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16", "9:21")
BY_PIXELS_2 = SizeRule(least=64, most=4096, step=16, max_pixels=4_000_000)
BY_PIXELS_1 = SizeRule(least=256, most=1440, step=32)
BY_RATIO = SizeRule(least=64, most=4096, step=1, ratios=ratio_pairs(RATIOS))


@dataclass(frozen=True, slots=True)
class Shape:
    """One model's fields. ``image_field`` names the first reference; the others add _2, _3 …"""

    family: str
    sizes: SizeRule
    references: int
    tolerance: int
    """The mildest ``safety_tolerance``."""
    image_field: str = "input_image"
    steps: tuple[int, int] | None = None
    guidance: tuple[float, float] | None = None
    upsampling: bool = False
    raw: bool = False
    strength: bool = False
    """Whether it takes ``image_prompt_strength``."""

    def reference_fields(self) -> tuple[str, ...]:
        return tuple(self.image_field if n == 1 else f"{self.image_field}_{n}" for n in range(1, self.references + 1))


_PRO_2 = Shape("flux2", BY_PIXELS_2, references=8, tolerance=5)
_FLEX = Shape("flux2", BY_PIXELS_2, references=8, tolerance=5, steps=(1, 50), guidance=(1.5, 10.0), upsampling=True)
_KLEIN = Shape("flux2", BY_PIXELS_2, references=4, tolerance=5)
_KONTEXT = Shape("flux", BY_RATIO, references=4, tolerance=6, upsampling=True)
_PRO_11 = Shape("flux", BY_PIXELS_1, references=1, tolerance=6, image_field="image_prompt", upsampling=True)
_ULTRA = Shape("flux", BY_RATIO, references=1, tolerance=6, image_field="image_prompt", upsampling=True, raw=True, strength=True)
_DEV = Shape(
    "flux", BY_PIXELS_1, references=1, tolerance=6, image_field="image_prompt", steps=(1, 50), guidance=(1.5, 5.0), upsampling=True
)

MODELS: Mapping[str, Shape] = {
    "flux-2-pro": _PRO_2,
    "flux-2-pro-preview": _PRO_2,
    "flux-2-max": _PRO_2,
    "flux-2-flex": _FLEX,
    "flux-2-klein-4b": _KLEIN,
    "flux-2-klein-9b": _KLEIN,
    "flux-2-klein-9b-preview": _KLEIN,
    "flux-kontext-pro": _KONTEXT,
    "flux-kontext-max": _KONTEXT,
    "flux-pro-1.1": _PRO_11,
    "flux-pro-1.1-ultra": _ULTRA,
    "flux-dev": _DEV,
}
"""Models by path. Filling and expanding pictures needs masks and is not offered."""


def fields_of(spec: RenderSpec, shape: Shape, dropped: list[Dropped]) -> dict[str, Any]:
    """Words, size and sampling settings; numbers out of range are brought into it and reported."""
    fields: dict[str, Any] = {"prompt": spec.prompt, "seed": spec.seed}
    if shape.sizes.ratios:
        fields["aspect_ratio"] = nearest_ratio(spec.width, spec.height, RATIOS)
    else:
        width, height = shape.sizes.nearest(spec.width, spec.height)
        fields |= {"width": width, "height": height}
    if shape.steps and spec.steps is not None:
        fields["steps"] = in_range(spec.steps, *shape.steps, "steps", dropped)
    if shape.guidance and spec.cfg is not None:
        fields["guidance"] = in_range(spec.cfg, *shape.guidance, "CFG scale", dropped)
    return fields
