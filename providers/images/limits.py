"""A service's own limits: the nearest aspect ratio it takes, numbers kept in range, and a report of what was changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import TypeVar

from providers.contract import Dropped

Number = TypeVar("Number", int, float)


def ratio_pair(text: str) -> tuple[int, int]:
    """``16:9`` as (16, 9), ``9:19.5`` as (6, 13)."""
    width, height = (Fraction(part) for part in text.split(":"))
    ratio = width / height
    whole = all(part.denominator == 1 for part in (width, height))
    return (int(width), int(height)) if whole else (ratio.numerator, ratio.denominator)


def ratio_pairs(texts: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Ratios for ``SizeRule.ratios``."""
    return tuple(ratio_pair(text) for text in texts)


def nearest_ratio(width: int, height: int, texts: Iterable[str]) -> str:
    """The ratio, as the service writes it, whose shape is nearest to a size; orientation is kept by measuring on a logarithmic scale."""
    wanted = math.log(width / height)
    return min(texts, key=lambda text: abs(math.log(Fraction(*ratio_pair(text))) - wanted))


def in_range(value: Number | None, least: Number, most: Number, label: str, dropped: list[Dropped]) -> Number | None:
    """A setting within the service's range; a change is added to ``dropped``."""
    if value is None or least <= value <= most:
        return value
    kept = min(most, max(least, value))
    dropped.append(Dropped(label, f"{value:g} became {kept:g}, it takes {least:g} to {most:g}"))
    return kept
