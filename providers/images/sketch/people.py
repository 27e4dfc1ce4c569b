"""Portraits: the same described looks give the same face, whatever the picture's seed."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import astuple
from functools import cache
from importlib.resources import files
from typing import Any

from providers.images.sketch.reading import Look
from providers.images.sketch.vocabulary import HAIR_STYLES

_STYLE = "open-peeps"  # CC0 1.0; portraits with separate colours for hair, skin and clothes
_SVG = re.compile(r"<svg\b[^>]*viewBox=\"([^\"]+)\"[^>]*>(.*)</svg>", re.DOTALL)
_ID = re.compile(r'\bid="([^"]+)"')
_SKINS = ("#ffdbb4", "#edb98a", "#d08b5b", "#ae5d29")
_FEMALE_HEADS = ("long", "longBangs", "longCurly", "bun", "mediumBangs", "medium1", "medium3", "bangs2")
_MALE_HEADS = ("short1", "short2", "short3", "short4", "short5", "pomp", "flatTop", "shaved2")


@cache
def _style() -> Any:
    """The portrait style; its schema check takes half a second the first time."""
    from dicebear import Style

    return Style(json.loads((files("dicebear_styles") / f"{_STYLE}.json").read_text("utf-8")))


def portrait_svg(look: Look, number: int) -> tuple[str, str]:
    """``viewBox`` and body of a bust. ``number`` tells several people of one picture apart."""
    from dicebear import Avatar

    mark = zlib.crc32(repr(astuple(look)).encode())
    skin = look.skin or _SKINS[mark % len(_SKINS)]
    options: dict[str, Any] = {
        "seed": f"{mark}-{number}",
        "maskProbability": 0,
        "accessoriesProbability": 100 if look.glasses else 0,
        "facialHairProbability": 100 if look.beard else 0,
        "headVariant": list(_heads(look, number)),
        "expressionVariant": [look.expression or ("smile", "calm", "smileBig")[number % 3]],
    }
    if look.glasses:
        options["accessoriesVariant"] = ["glasses", "glasses2", "glasses3"]
    for option, colour in (("headContrastColor", look.hair_colour), ("skinColor", skin), ("clothingColor", look.clothes)):
        if colour and number == 0:
            options[option] = [colour]
    if look.hair_colour and number == 0:
        options["inkColor"] = [_as_ink(look.hair_colour, skin)]  # hair is drawn with the pen of the outlines
    svg = str(Avatar(_style(), options).to_string())
    found = _SVG.search(svg)
    if found is None:
        raise ValueError("the portrait has no drawing in it")
    body = found[2]
    for old in set(_ID.findall(body)):
        body = (
            body.replace(f'id="{old}"', f'id="p{number}{old}"')
            .replace(f"url(#{old})", f"url(#p{number}{old})")
            .replace(f'"#{old}"', f'"#p{number}{old}"')
        )
    return found[1], body


def _heads(look: Look, number: int) -> tuple[str, ...]:
    if look.hair_style and number == 0:
        return HAIR_STYLES[look.hair_style]
    female = look.female if number % 2 == 0 else not look.female
    if look.female is None:
        return _FEMALE_HEADS + _MALE_HEADS
    return _FEMALE_HEADS if female else _MALE_HEADS


def _as_ink(colour: str, skin: str) -> str:
    """A hair colour dark enough to draw lines with, and darker than the skin it is drawn on."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    most = min(0.52, 0.6 * sum(int(skin[i : i + 2], 16) for i in (1, 3, 5)) / 765)
    factor = min(1.0, most / max(sum(parts) / 765, 0.01))
    return "#" + "".join(f"{round(p * factor):02x}" for p in parts)
