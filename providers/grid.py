"""Arithmetic of picture sizes in pixels: grids and limits."""

from __future__ import annotations


def on_grid(side: int, step: int, least: int, most: int) -> int:
    """The multiple of ``step`` nearest to a side within ``least`` and ``most`` pixels; half way goes up."""
    return min(most, max(least, (side + step // 2) // step * step))


def within_pixels(width: int, height: int, most: int, step: int) -> tuple[int, int]:
    """A size with at most ``most`` pixels, the longer side shortened by ``step`` as often as needed (rounding may have added some)."""
    while width * height > most and max(width, height) > step:
        width, height = (width - step, height) if width >= height else (width, height - step)
    return width, height
