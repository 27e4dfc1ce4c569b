"""Guesses the family of an image model from its file name; people name their files by it."""

from __future__ import annotations

import re
from typing import Literal

_FAMILIES: tuple[tuple[str, str], ...] = (
    (r"flux[\W_]*2", "flux2"),
    (r"flux", "flux"),
    (r"pony", "pony"),
    (r"illustrious|noob[\W_]*ai|wai[\W_]*(?:nsfw|ill)|(?<![a-z])il(?![a-z])xl", "illustrious"),
    (r"sd[\W_]*3(?![0-9])|stable[\W_]*diffusion[\W_]*3", "sd3"),
    (r"qwen[\W_]*image", "qwen-image"),
    (r"z[\W_]*image", "z-image"),
    (r"hidream", "hidream"),
    (r"sdxl|(?<![a-z])xl(?![a-z])|xl[\W_]*(?:v?\d|base|lightning|turbo)|xl\.", "sdxl"),
    (r"sd[\W_]*1[\W_]*[45]|v1[\W_]*5|(?<![a-z])sd15|stable[\W_]*diffusion[\W_]*v?1", "sd15"),
)
_SENTENCES = {"flux", "flux2", "sd3", "qwen-image", "z-image", "hidream"}


def family_of(name: str) -> str:
    """``sdxl``, ``pony``, ``flux`` … for a model's name, or empty when the name does not tell."""
    lower = name.lower()
    return next((family for pattern, family in _FAMILIES if re.search(pattern, lower)), "")


def prompt_style_of(name: str) -> Literal["tags", "sentences"]:
    """Whether a model of this name wants comma-separated tags or sentences."""
    return "sentences" if family_of(name) in _SENTENCES else "tags"
