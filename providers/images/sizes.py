"""The nearest size a model draws, for whatever size it is asked: in proportion, on its grid, within its sides and its pixels."""

from __future__ import annotations

import math

from providers.contract import SizeRule
from providers.images.grid import on_grid
from providers.images.limits import within_pixels


def nearest_size(width: int, height: int, rule: SizeRule, *, least_pixels: int = 0) -> tuple[int, int]:
    """The size to ask for; one that fits already is unchanged. ``least_pixels`` is a lower limit of width × height.

    Of a fixed list the nearest shape wins, then the nearest area. Where no size of the shape fits, the shape gives way.
    """
    if rule.fixed:
        shape = math.log(width / height)
        return min(rule.fixed, key=lambda s: (round(abs(math.log(s[0] / s[1]) - shape), 6), abs(s[0] * s[1] - width * height)))
    scale = max(1.0, math.sqrt(least_pixels / (width * height)))
    scale = min(scale, rule.most / max(width, height))
    if rule.max_pixels:
        scale = min(scale, math.sqrt(rule.max_pixels / (width * height)))
    width, height = (on_grid(int(side * scale + 0.5), rule.step, rule.least, rule.most) for side in (width, height))
    while width * height < least_pixels and min(width, height) + rule.step <= rule.most:
        width, height = (width + rule.step, height) if width <= height else (width, height + rule.step)
    return within_pixels(width, height, rule.max_pixels, rule.step) if rule.max_pixels else (width, height)
