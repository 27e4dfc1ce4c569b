"""Puts a reading of the prompt together as one SVG: sky, ground, things by depth, people in front."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from random import Random

from providers.images.sketch.clipart import ICON_SIZE, icon_svg
from providers.images.sketch.people import portrait_svg
from providers.images.sketch.reading import Reading, Thing
from providers.images.sketch.scenery import air, ground, sky

_FLYING = {
    "bird",
    "eagle",
    "owl",
    "dove",
    "butterfly",
    "bat",
    "airplane",
    "helicopter",
    "rocket",
    "dragon",
    "flying-saucer",
    "kite",
    "balloon",
    "phoenix",
    "duck",
}
_AFLOAT = {"sailboat", "ship", "motor-boat", "speedboat", "canoe", "ferry", "passenger-ship", "whale", "spouting-whale", "dolphin", "shark"}
_SWIMMING = {"fish", "tropical-fish", "octopus", "squid", "blowfish", "lobster", "crab", "jellyfish", "merperson", "shark", "dolphin"}
_TALL = {"lighthouse", "castle", "deciduous-tree", "evergreen-tree", "palm-tree", "house", "cityscape", "mountain", "volcano", "tokyo-tower", "church", "house-with-garden", "snow-capped-mountain", "classical-building"}  # fmt: skip


def compose_svg(reading: Reading, prompt: str, width: int, height: int, seed: int) -> str:
    """The whole picture; the same reading, prompt, size and seed give the same bytes."""
    rng = Random(zlib.crc32(prompt.encode()) ^ (seed * 2654435761 % 2**32))
    place = reading.place or _likely_place(reading, rng)
    time = reading.time or (
        "night" if any(t.icon in ("owl", "ghost", "bat") for t in reading.things) else rng.choice(("day", "day", "dusk", "dawn"))
    )
    horizon = {"room": 0.68, "space": 0.86, "underwater": 0.86, "sea": 0.6}.get(place, 0.64)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        sky(width, height, time, place, reading.weather, rng),
        ground(width, height, horizon, place, time, reading.weather, rng),
        _things(reading, width, height, horizon, place, rng),
        _people(reading, width, height, rng),
        air(width, height, reading.weather, rng),
        "</svg>",
    ]
    return "".join(parts)


def _likely_place(reading: Reading, rng: Random) -> str:
    icons = {t.icon for t in reading.things}
    if icons & (_AFLOAT | {"lighthouse", "pier", "anchor"}):
        return "sea"
    if icons & _SWIMMING:
        return "underwater"
    if icons & {"rocket", "astronaut", "flying-saucer", "alien"}:
        return "space"
    return rng.choice(("meadow", "meadow", "mountains", "forest"))


def _things(reading: Reading, width: int, height: int, horizon: float, place: str, rng: Random) -> str:
    """Each thing stands where such things are: in the air, on the water, in the distance, in front."""
    drawn: list[tuple[float, str]] = []
    side = min(width, height)
    lead = not reading.people
    slots = _slots(bool(reading.people), rng)
    for rank, thing in enumerate(reading.things):
        for copy in range(min(thing.count, 4)):
            size = side * _share(thing, rank, lead) * rng.uniform(0.92, 1.08) * (1 if thing.count == 1 else 0.75)
            x = width * next(slots)
            foot = _foot(thing.icon, rank, place, height, horizon, size, rng)
            body = icon_svg(thing.icon, thing.colour, f"t{rank}{copy}")
            flip = f"translate({ICON_SIZE} 0) scale(-1 1)" if rng.random() < 0.5 else ""
            shadow = "" if thing.icon in _FLYING | _AFLOAT | _SWIMMING else _shadow(x, foot, size)
            scale = size / ICON_SIZE
            drawn.append(
                (
                    foot,
                    f'{shadow}<g transform="translate({x - size / 2:.1f} {foot - size:.1f}) scale({scale:.3f})"><g transform="{flip}">{body}</g></g>',
                )
            )
    return "".join(svg for _, svg in sorted(drawn, key=lambda item: item[0]))


def _slots(people: bool, rng: Random) -> Iterator[float]:
    """Places across the picture: the middle first, then left and right; the middle stays free for people."""
    order = [0.2, 0.8, 0.1, 0.9, 0.34, 0.66] if people else [0.5, 0.22, 0.78, 0.36, 0.64, 0.1, 0.9]
    at = 0
    while True:
        yield order[at % len(order)] + rng.uniform(-0.05, 0.05)
        at += 1


def _share(thing: Thing, rank: int, lead: bool) -> float:
    """Height of a thing as a share of the picture's shorter side."""
    if thing.icon in _TALL:
        return 0.62 if rank == 0 and lead else 0.42
    if rank == 0 and lead:
        return 0.5
    return 0.26


def _foot(icon: str, rank: int, place: str, height: int, horizon: float, size: float, rng: Random) -> float:
    """The line a thing stands on, in pixels from the top."""
    if place in ("space", "underwater") or icon in _FLYING:
        return height * rng.uniform(0.3, 0.55) + size / 2
    if icon in _AFLOAT and place in ("sea", "lake"):
        return height * (horizon + rng.uniform(0.03, 0.16))
    if icon in _TALL:
        return height * (horizon + 0.06)
    return height * min(0.97, horizon + (0.26 if rank == 0 else rng.uniform(0.1, 0.3)))


def _shadow(x: float, foot: float, size: float) -> str:
    return f'<ellipse cx="{x:.1f}" cy="{foot - size * 0.03:.1f}" rx="{size * 0.4:.1f}" ry="{size * 0.06:.1f}" fill="#000" opacity=".22"/>'


def _people(reading: Reading, width: int, height: int, rng: Random) -> str:
    """Busts at the lower edge, the first one largest; a close-up fills the picture."""
    parts = []
    for number in range(min(reading.people, 3)):
        box, body = portrait_svg(reading.look, number)
        x0, y0, w, h = (float(v) for v in box.split())
        size = min(width, height) * ((1.02 if reading.close else 0.78) if reading.people == 1 else 0.6)
        middle = width * ([0.5], [0.32, 0.68], [0.5, 0.2, 0.8])[min(reading.people, 3) - 1][number]
        scale = size / h
        flip = f"translate({w} 0) scale(-1 1)" if number % 2 or (reading.people == 1 and rng.random() < 0.5) else ""
        parts.append(
            f'<g transform="translate({middle - w * scale / 2:.1f} {height - size * 0.99:.1f}) scale({scale:.4f}) translate({-x0} {-y0})"><g transform="{flip}">{body}</g></g>'
        )
    return "".join(parts)
