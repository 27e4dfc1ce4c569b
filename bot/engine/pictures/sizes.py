"""Picture sizes: shapes a mode forces, and the nearest known resolution. All arithmetic is in whole numbers.

The rules are those of SillyTavern 1.15 (2026), with its list of 23 resolutions; the list of 1.18 adds sizes of single vendors, which the
backends' own size rules cover here. One difference is made on purpose: snapping chooses only among resolutions of the forced
orientation. In the original a 512×512 background snaps back to a 512×512 square, and a 384×384 face to 512×512. A side that is worked out
is at least 64, where the original rounds tiny ones to 0.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from bot.domain.pictures import Mode
from bot.engine.pictures.modes import MODE_TABLE, Shape

STEP = 64
LONGEST = 4
"""Most times that one side of a picture drawn from another is as long as the other side."""
KNOWN_RESOLUTIONS: tuple[tuple[int, int], ...] = (
    (512, 512), (600, 600), (512, 768), (768, 512), (960, 540), (540, 960), (1920, 1088), (1088, 1920), (1280, 720), (720, 1280),
    (1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216), (1344, 768), (768, 1344), (1536, 640), (640, 1536),
    (1536, 1024), (1024, 1536), (1024, 1792), (1792, 1024),
)  # fmt: skip


def round_to_step(value: Fraction | int) -> int:
    """The nearest multiple of 64, halves upwards (704 × 1.5 gives 1088); at least 64."""
    return max(STEP, int(Fraction(value) / STEP + Fraction(1, 2)) * STEP)


def force(width: int, height: int, mode: Mode) -> tuple[int, int]:
    """The size after the mode forced its shape, in pixels. What has the shape already, however slightly, is left alone."""
    shape = MODE_TABLE[mode].shape
    if shape == "portrait" and width >= height:
        return width, round_to_step(width * Fraction(3, 2))
    if shape == "landscape" and width <= height:
        return round_to_step(height * Fraction(9, 5)), height
    return width, height


def nearest_known(width: int, height: int, shape: Shape | None = None) -> tuple[int, int]:
    """The known resolution closest in aspect ratio and pixel count together; of ``shape`` only, when that is given."""
    aspect, pixels = Fraction(width, height), width * height

    def distance(size: tuple[int, int]) -> Fraction:
        return abs(Fraction(*size) - aspect) / aspect + Fraction(abs(size[0] * size[1] - pixels), pixels)

    return min((size for size in KNOWN_RESOLUTIONS if _has(size, shape)), key=distance)


def resolve_size(width: int, height: int, mode: Mode, snap: bool) -> tuple[int, int]:
    """The size to ask a backend for. Snapping applies only where the forced shape changed the number of pixels."""
    forced = force(width, height, mode)
    if not snap or forced[0] * forced[1] == width * height:
        return forced
    scaled = tuple(_scaled(side, width * height, forced[0] * forced[1]) for side in forced)
    return nearest_known(scaled[0], scaled[1], MODE_TABLE[mode].shape)


def size_like(width: int, height: int, wanted_width: int | None, wanted_height: int | None, *, area: int) -> tuple[int, int]:
    """The size in the shape of a ``width`` × ``height`` picture: with the one side that was given, else of about ``area`` pixels in
    all. Sides are multiples of 8, at least 64; shapes longer than 4:1 are taken as 4:1."""
    width, height = max(width, -(-height // LONGEST)), max(height, -(-width // LONGEST))
    if wanted_width is not None:
        return wanted_width, _eighths(wanted_width * height / width)
    if wanted_height is not None:
        return _eighths(wanted_height * width / height), wanted_height
    scale = (area / (width * height)) ** 0.5
    return _eighths(width * scale), _eighths(height * scale)


def _eighths(side: float) -> int:
    return max(STEP, int(side / 8 + 0.5) * 8)


def _scaled(side: int, old: int, new: int) -> int:
    """``side`` × √(old ÷ new), rounded to 64 half up; at least 64."""
    # floor(x/64 + 1/2) with x = side·√(old/new): floor((√(4·side²·old/new) + 64) / 128), and flooring the root first changes nothing
    return max(STEP, (isqrt(4 * side * side * old // new) + STEP) // (2 * STEP) * STEP)


def _has(size: tuple[int, int], shape: Shape | None) -> bool:
    width, height = size
    return shape is None or (height > width if shape == "portrait" else width > height)
