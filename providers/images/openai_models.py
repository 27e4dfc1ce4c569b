"""What each of OpenAI's image models takes, as its API reference tells; retired models may still be had from gateways.

A name that is not here is taken for a GPT image model of which nothing else is known: the three standard sizes, every field.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from providers.grid import within_pixels

STANDARD_SIZES = ((1024, 1024), (1536, 1024), (1024, 1536))
MOST_SIDE = 3840
MOST_PIXELS = 3840 * 2160
_QUALITIES = ("auto", "low", "medium", "high")
_FIELDS = frozenset({"background", "output_format", "output_compression", "moderation", "complexity"})


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of one model. ``sizes`` empty = any size of which both sides are multiples of 16 and the ratio is 1:3 to 3:1."""

    sizes: tuple[tuple[int, int], ...] = STANDARD_SIZES
    qualities: tuple[str, ...] = (*_QUALITIES, "xhigh", "max")
    fidelities: tuple[str, ...] = ()
    """Values of ``input_fidelity``; empty where the field must be left out."""
    fields: frozenset[str] = _FIELDS
    """Optional fields beside the quality."""
    most_prompt: int = 32_000
    """Characters."""
    references: int = 16
    reference_bytes: int = 50_000_000
    square_png: bool = False
    """The reference has to be a square PNG."""
    names_format: bool = False
    """Answers with addresses unless base64 is asked for."""


UNKNOWN = Rules(fidelities=("low", "high"))
COMPATIBLE = Rules(sizes=(), qualities=(), fields=frozenset(), most_prompt=1_000_000)
"""A server that only speaks the API."""
_TABLE: tuple[tuple[str, Rules], ...] = (
    (
        r"dall-e-2",
        Rules(
            sizes=((256, 256), (512, 512), (1024, 1024)),
            qualities=(),
            fields=frozenset(),
            most_prompt=1000,
            references=1,
            reference_bytes=4_000_000,
            square_png=True,
            names_format=True,
        ),
    ),
    (
        r"dall-e-3",
        Rules(
            sizes=((1024, 1024), (1792, 1024), (1024, 1792)),
            qualities=("auto", "standard", "hd"),
            fields=frozenset(),
            most_prompt=4000,
            references=0,
            names_format=True,
        ),
    ),
    (r"gpt-image-1-mini", Rules(qualities=_QUALITIES, fidelities=("low",))),
    (r"gpt-image-1(?![\d])", Rules(qualities=_QUALITIES, fidelities=("low", "high"))),
    (r"chatgpt-image", Rules(qualities=_QUALITIES)),
    (r"gpt-image-2\.5", Rules(sizes=())),
    (r"gpt-image-2(?![.\d])", Rules(sizes=(), qualities=_QUALITIES)),
    (r"gpt-image-2\.", Rules()),
)


def rules_of(model: str) -> Rules:
    """The rules of a model by its name, snapshots included."""
    return next((rules for pattern, rules in _TABLE if re.match(pattern, model)), UNKNOWN)


def nearest_fixed(width: int, height: int, sizes: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    """The size of a list whose shape is nearest, among equal shapes the one with the nearest area."""
    ratio, area = math.log(width / height), width * height
    return min(sizes, key=lambda size: (round(abs(math.log(size[0] / size[1]) - ratio), 6), abs(size[0] * size[1] - area)))


def free_size(width: int, height: int, least_pixels: int) -> tuple[int, int]:
    """The nearest size a model takes that is free in sizes; a smaller wish is enlarged to ``least_pixels``."""
    shrink = min(1.0, MOST_SIDE / max(width, height))
    wide, high = max(width, height / 3) * shrink, max(height, width / 3) * shrink
    enlarge = max(1.0, (least_pixels / (wide * high)) ** 0.5)
    return within_pixels(_up_to_16(wide * enlarge), _up_to_16(high * enlarge), MOST_PIXELS, 16)


def _up_to_16(side: float) -> int:
    return min(MOST_SIDE, math.ceil(round(side / 16, 6)) * 16)
