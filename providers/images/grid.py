"""Brings a size onto the grid a service draws on; what really came is reported with the picture."""

from __future__ import annotations


def on_grid(side: int, step: int, least: int, most: int) -> int:
    """The multiple of ``step`` nearest to a side within ``least`` and ``most`` pixels; half way goes up."""
    return min(most, max(least, (side + step // 2) // step * step))
