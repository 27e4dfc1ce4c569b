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
    (r"gpt[\W_]*image|chatgpt[\W_]*image|dall[\W_]*e", "gpt-image"),
    (r"nano[\W_]*banana|gemini.*image", "gemini-image"),
    (r"grok.*imag", "grok-imagine"),
    (r"seedream", "seedream"),
    (r"imagen(?![a-z])", "imagen"),
    (r"sdxl|(?<![a-z])xl(?![a-z])|xl[\W_]*(?:v?\d|base|lightning|turbo)|xl\.", "sdxl"),
    (r"sd[\W_]*1[\W_]*[45]|v1[\W_]*5|(?<![a-z])sd15|stable[\W_]*diffusion[\W_]*v?1", "sd15"),
)
_TAGS = {"pony", "illustrious", "sdxl", "sd15"}


def family_of(name: str) -> str:
    """``sdxl``, ``pony``, ``flux`` … for a model's name, or empty when the name does not tell."""
    lower = name.lower()
    return next((family for pattern, family in _FAMILIES if re.search(pattern, lower)), "")


def prompt_style_of(name: str, otherwise: Literal["tags", "sentences"] = "tags") -> Literal["tags", "sentences"]:
    """Whether a model of this name wants comma-separated tags or sentences; ``otherwise`` when the name does not tell."""
    family = family_of(name)
    if not family:
        return otherwise
    return "tags" if family in _TAGS else "sentences"
