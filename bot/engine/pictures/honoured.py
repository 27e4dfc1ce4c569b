"""What a model honours of a picture's settings, asked of its capabilities. The rest is left out, with a reason for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.pictures import Lost
from bot.guard.content import has_minor, is_sexual
from providers.contract import ImageCapabilities

KNOBS = ("steps", "cfg", "sampler", "scheduler", "clip_skip", "denoise", "vae", "hires", "restore_faces")
HIRES_KNOBS = ("upscale", "upscaler", "second_pass_steps")
LABELS = {
    "cfg": "CFG scale",
    "clip_skip": "CLIP skip",
    "vae": "VAE",
    "restore_faces": "face restoration",
    "second_pass_steps": "second pass steps",
    "negative": "negative prompt",
    "denoise": "denoise strength",
}
"""Names of settings for people; others are called what they are."""
_WEIGHT = re.compile(r"[(\[]+([^()\[\]:]*)(?::\s*[\d.]+)?[)\]]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a model. ``size`` in pixels; a ``seed`` below 0 means any."""

    size: tuple[int, int]
    negative: str = ""
    seed: int = -1
    knobs: Mapping[str, Any] = field(default_factory=dict)
    """Settings named in ``KNOBS`` and ``HIRES_KNOBS``; None, empty and False ask for nothing."""
    from_picture: bool = False
    """There is a picture to draw from, or a graph that may hold one: denoise strength means something."""


@dataclass(frozen=True, slots=True)
class Honoured:
    """What is left of it, and what was lost."""

    size: tuple[int, int]
    negative: str
    words: str
    """A sentence for the prompt in place of a negative prompt; empty for none."""
    knobs: dict[str, Any]
    lost: tuple[Lost, ...]


def honoured(able: ImageCapabilities, name: str, wanted: Wanted) -> Honoured:
    """The settings that a model with these capabilities honours; ``name`` is what people call its backend."""
    knobs, lost = _knobs(able, name, wanted)
    negative, words = wanted.negative, ""
    if negative and not able.negative:
        words = in_words(negative) if able.negative_in_words else ""
        lost.append(Lost(setting="negative prompt", why=f"{name} has none" + (", the prompt says it in words" if words else "")))
        negative = ""
    size = able.sizes.nearest(*wanted.size)
    if size != wanted.size:
        lost.append(Lost(setting="size", why=f"{wanted.size[0]}×{wanted.size[1]} became {size[0]}×{size[1]} for {name}"))
    if wanted.seed >= 0 and not able.seed:
        lost.append(Lost(setting="seed", why=f"{name} takes none"))
    return Honoured(size, negative, words, knobs, tuple(lost))


def in_words(negative: str) -> str:
    """A negative prompt as a sentence for models that follow instructions. What a service would take offence at, were it said in a
    prompt, is left out: naming it there asks for it. Empty when nothing is left."""
    parts = (_WEIGHT.sub(r"\1", part).strip() for part in negative.split(","))
    kept = [part for part in parts if part and not (is_sexual(part) or has_minor(part))]
    return f"Leave out: {', '.join(dict.fromkeys(kept))}." if kept else ""


def with_words(prompt: str, words: str) -> str:
    """The prompt with a sentence behind it."""
    return "\n".join(text for text in (prompt, words) if text)


def _knobs(able: ImageCapabilities, name: str, wanted: Wanted) -> tuple[dict[str, Any], list[Lost]]:
    knobs: dict[str, Any] = {}
    lost: list[Lost] = []
    for knob in KNOBS:
        value = wanted.knobs.get(knob)
        if value is None or value is False or value == "":
            continue
        if getattr(able, knob):
            knobs[knob] = value
        else:
            lost.append(Lost(setting=LABELS.get(knob, knob), why=f"{name} takes none"))
    for knob in HIRES_KNOBS:
        value = wanted.knobs.get(knob)
        if value is not None and knobs.get("hires"):
            knobs[knob] = value
        elif value is not None:
            lost.append(Lost(setting=LABELS.get(knob, knob), why="only used together with hires"))
    if "denoise" in knobs and not (wanted.from_picture or knobs.get("hires")):
        del knobs["denoise"]
        lost.append(Lost(setting=LABELS["denoise"], why="only used with a picture to draw from, or with hires"))
    return knobs, lost


def kept_references(
    able: ImageCapabilities, name: str, references: tuple[str, ...], way_out: str = ""
) -> tuple[tuple[str, ...], tuple[Lost, ...]]:
    """As many references as the model takes (the first counts most), and what was lost. ``way_out`` is said where none is taken."""
    kept = references[: able.references] if able.image_to_image else ()
    if references and not kept and references[0].startswith("base:"):
        return kept, (Lost(setting="picture to draw from", why=f"{name} cannot draw from a picture{way_out}"),)
    if len(kept) < len(references):
        return kept, (Lost(setting="reference images", why=f"{name} takes {len(kept) or 'none'}"),)
    return kept, ()


def own_model_only(able: ImageCapabilities, name: str, model: str, own: str) -> tuple[Lost, ...]:
    """The loss of a model that was chosen where the backend offers no choice; ``own`` is what it draws with."""
    if not model or able.model_choice or model == own:
        return ()
    return (Lost(setting="model", why=f"{name} always draws with its own model"),)
