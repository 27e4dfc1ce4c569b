"""The clip art: words → pictures, and pictures in another colour."""

from __future__ import annotations

import colorsys
import json
import lzma
import re
from functools import cache
from importlib.resources import files

from providers.images.sketch.own_art import OWN_ART
from providers.images.sketch.vocabulary import ALIASES

ICON_SIZE = 32  # units of every clip-art drawing
_HEX = re.compile(r"#([0-9a-fA-F]{6})\b")
_ID = re.compile(r'\bid="([^"]+)"')


@cache
def _collection() -> tuple[dict[str, str], dict[str, str]]:
    raw = (files("providers.images.sketch") / "data" / "clipart.json.xz").read_bytes()
    data = json.loads(lzma.decompress(raw))
    return data["icons"], data["words"]


def find_icon(phrase: str) -> str | None:
    """The picture a word or short phrase stands for, singular or plural; None for none."""
    icons, index = _collection()
    for word in (phrase, *_singulars(phrase)):
        if word in OWN_ART:
            return word
        name = ALIASES.get(word) or index.get(word)
        if name in icons:
            return name
    return None


def _singulars(phrase: str) -> tuple[str, ...]:
    if phrase.endswith("ies"):
        return (phrase[:-3] + "y",)
    if phrase.endswith("ves"):
        return (phrase[:-3] + "f", phrase[:-1])
    if phrase.endswith("es"):
        return (phrase[:-1], phrase[:-2])
    return (phrase[:-1],) if phrase.endswith("s") and len(phrase) > 3 else ()


def icon_svg(name: str, colour: str | None, unique: str) -> str:
    """The drawing's SVG body on a 32×32 grid, tinted when a colour is given; ids are made unique for its place."""
    body = OWN_ART.get(name) or _collection()[0][name]
    for old in set(_ID.findall(body)):
        body = (
            body.replace(f'id="{old}"', f'id="{unique}{old}"')
            .replace(f"url(#{old})", f"url(#{unique}{old})")
            .replace(f'"#{old}"', f'"#{unique}{old}"')
        )
    return _tinted(body, colour) if colour else body


def _tinted(body: str, colour: str) -> str:
    """Turn the drawing's colours towards one hue, keeping light and shade."""
    target_h, target_l, target_s = _hls(colour)

    def turn(match: re.Match[str]) -> str:
        _, light, saturation = _hls(f"#{match[1]}")
        if saturation < 0.12 and (light < 0.2 or light > 0.9):
            return match[0]  # outlines, eyes, whites
        mixed = min(1.0, max(0.0, light * 0.55 + target_l * 0.45))
        red, green, blue = colorsys.hls_to_rgb(target_h, mixed, target_s * 0.9 + saturation * 0.1)
        return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"

    return _HEX.sub(turn, body)


def _hls(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return colorsys.rgb_to_hls(red, green, blue)
