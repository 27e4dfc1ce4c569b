"""Advice on picture settings, as data: what each setting does, and what to say when a value leaves the range that works.

The ranges are those that image sites and Stable Diffusion services give their users: 20 to 40 steps by sampler (20 to 100 accepted),
CFG 3 to 10 with a warning above 15, sides of 128 to 1024 by 8 with 512×512 to begin with for plain Stable Diffusion, about 1024×1024
for the SDXL families, denoise strength 0.5 to 0.8 of 0 to 1, one character per picture. Advice changes nothing and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.engine.pictures.enhance import TAG_FAMILIES, canonical
from bot.engine.pictures.enhance.order import people

HELP: Mapping[str, str] = MappingProxyType(
    {
        "prompt": "What to draw: tags for SD and SDXL models, plain sentences for all others.",
        "negative": "What the picture should not show; models of plain sentences mostly ignore it.",
        "model": "Image model; another one can change the style of the picture entirely.",
        "steps": "Sampling steps: 20 to 40 by sampler; more take longer and may bring flaws.",
        "cfg": "How closely to follow the prompt: 3 to 10 is usual, above 15 pictures burn.",
        "sampler": "How the picture emerges from noise: Euler a and DPM++ 2M SDE Karras are safe choices.",
        "scheduler": "How the steps are spaced; Karras suits most samplers.",
        "width": "Width in pixels: 512 for plain Stable Diffusion (128 to 1024 by 8), about 1024 for SDXL.",
        "height": "Height in pixels: 512 for plain Stable Diffusion (128 to 1024 by 8), about 1024 for SDXL.",
        "seed": "The same seed draws alike, but not the same person in another pose; -1 is a new one.",
        "clip_skip": "Layers of the text encoder left out, 1 meaning none; more is more abstract.",
        "denoise": "How far from the base image: 0.5 to 0.8 is usual, 1 is completely different.",
        "base": "Picture to draw from; its aspect ratio is kept unless you give a size.",
        "enhance": "Add the model family's quality tags, tidy and order tags; off leaves the prompt alone.",
        "characters": "One character per picture works best; draw several apart.",
    }
)
"""Setting → one sentence of at most 100 characters, which is what Discord shows of an option."""

_TAGS = frozenset(TAG_FAMILIES)
_UNKNOWN = frozenset({""})
_LARGE = frozenset({"sdxl", "pony", "illustrious", "novelai"})
FEWEST_STEPS: Mapping[str, int] = MappingProxyType({"dpm fast": 10, "lcm": 4, "tcd": 4, "turbo": 4, "unipc": 10})
"""Samplers by a word of their name that are made for fewer than 20 steps."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What to say of a value below ``least`` or above ``most``. An empty ``families`` holds for every one, «» in it for unknown ones."""

    value: str
    least: float = float("-inf")
    most: float = float("inf")
    below: str = ""
    above: str = ""
    families: frozenset[str] = frozenset()


LIMITS: tuple[Limit, ...] = (
    Limit(
        "steps",
        20,
        100,
        "Fewer than {least:g} steps leave most pictures unfinished, unless the model is made for few (LCM, Lightning, Turbo).",
        "More than {most:g} steps mostly cost time and may bring flaws; 20 to 40 suit most samplers.",
        _TAGS | _UNKNOWN,
    ),
    Limit("cfg", most=15, above="CFG above {most:g} burns pictures; 3 to 10 is usual."),
    Limit("clip_skip", most=2, above="CLIP skip above {most:g} draws ever more abstractly.", families=_TAGS | _UNKNOWN),
    Limit(
        "side",
        128,
        1024,
        "Sides below {least:g} pixels are too small for plain Stable Diffusion; begin with 512×512.",
        "Sides above {most:g} pixels make plain Stable Diffusion repeat the subject; begin with 512×512.",
        frozenset({"sd15"}),
    ),
    Limit(
        "pixels",
        640 * 640,
        1536 * 1536,
        "This model's family is made for about 1024×1024; smaller pictures come out crude or cropped.",
        "This model's family is made for about 1024×1024; larger pictures may repeat the subject.",
        _LARGE,
    ),
    Limit("beyond_8", most=0, above="Sides should be multiples of 8 pixels.", families=_TAGS | _UNKNOWN),
    Limit("denoise", 0.5, 0.95, "Denoise below {least:g} hardly changes the base image; 0.5 to 0.8 is usual.",
          "Denoise above {most:g} leaves next to nothing of the base image; 0.5 to 0.8 is usual."),
    Limit("people", most=1, above="Several characters in one picture seldom come out right; draw each apart.", families=_TAGS | _UNKNOWN),
)  # fmt: skip


def advice_for(
    *,
    steps: int | None = None,
    cfg: float | None = None,
    sampler: str | None = None,
    width: int | None = None,
    height: int | None = None,
    denoise: float | None = None,
    clip_skip: int | None = None,
    family: str = "",
    prompt: str = "",
) -> tuple[str, ...]:
    """A sentence for every value that leaves its range; empty for settings that work. None and empty mean that nobody said.

    ``denoise`` is given only where a base image is drawn from: a hires pass has other ranges. The number of characters is counted
    from tags (``2girls``), never guessed from sentences.
    """
    sides = [side for side in (width, height) if side is not None]
    values: dict[str, list[float]] = {
        "steps": [] if steps is None else [steps],
        "cfg": [] if cfg is None else [cfg],
        "clip_skip": [] if clip_skip is None else [clip_skip],
        "denoise": [] if denoise is None else [denoise],
        "side": [*sides],
        "pixels": [sides[0] * sides[1]] if len(sides) == 2 else [],
        "beyond_8": [side % 8 for side in sides],
        "people": [people(prompt)],
    }
    said = (_said(limit, value, sampler or "") for limit in LIMITS if _holds(limit, family) for value in values[limit.value])
    return tuple(dict.fromkeys(filter(None, said)))


def _holds(limit: Limit, family: str) -> bool:
    return not limit.families or canonical(family) in limit.families


def _said(limit: Limit, value: float, sampler: str) -> str:
    least = limit.least
    if limit.value == "steps":
        least = min((few for word, few in FEWEST_STEPS.items() if word in sampler.lower()), default=least)
    if value < least:
        return limit.below.format(least=least)
    return limit.above.format(most=limit.most) if value > limit.most else ""
