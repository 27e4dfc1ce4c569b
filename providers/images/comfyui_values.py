"""What the placeholders of a ComfyUI graph stand for in one picture, and Vignette's own two graphs."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from providers.contract import Dropped, Reference, RenderSpec

STEPS = 20
CFG = 7.0
SAMPLER = "euler"
SCHEDULER = "normal"
IMAGE_DENOISE = 0.75
MOST_SEED = 2**64 - 1
"""ComfyUI's KSampler: seed 0 to 2^64-1; -1 is refused."""

_SETTINGS = {
    "negative_prompt": "negative prompt",
    "model": "model",
    "vae": "VAE",
    "sampler": "sampler",
    "scheduler": "scheduler",
    "steps": "steps",
    "scale": "CFG scale",
    "denoise": "denoise",
    "clip_skip": "clip skip",
}


def default_graph(spec: RenderSpec) -> dict[str, Any]:
    """Our graph for this picture: from text, or from the first reference. VAE and clip skip get their nodes only when asked for.

    A CLIPSetLastLayer node of -1 is no neutral choice: SDXL's text encoders then leave their usual last but one layer.
    """
    name = "image_to_image" if spec.references else "text_to_image"
    graph: dict[str, Any] = json.loads(files("providers.images").joinpath(f"workflows/{name}.json").read_text("utf-8"))
    if spec.vae:
        graph["20"] = {"class_type": "VAELoader", "inputs": {"vae_name": "%vae%"}}
        for node in graph.values():
            if node["inputs"].get("vae") == ["1", 2]:
                node["inputs"]["vae"] = ["20", 0]
    if spec.clip_skip:
        graph["21"] = {"class_type": "CLIPSetLastLayer", "inputs": {"clip": ["1", 1], "stop_at_clip_layer": "%clip_skip%"}}
        for node in graph.values():
            if node["class_type"] == "CLIPTextEncode":
                node["inputs"]["clip"] = ["21", 0]
    return graph


def values_of(spec: RenderSpec, *, model: str, uploads: Sequence[str], file_prefix: str) -> dict[str, Any]:
    """Values by built-in placeholder name. ``uploads`` are the names the server gave to the reference pictures, in order."""
    values: dict[str, Any] = {
        "prompt": spec.prompt,
        "negative_prompt": spec.negative,
        "model": model or None,
        "vae": spec.vae,
        "sampler": spec.sampler or SAMPLER,
        "scheduler": spec.scheduler or SCHEDULER,
        "steps": spec.steps or STEPS,
        "scale": CFG if spec.cfg is None else spec.cfg,
        "width": spec.width,
        "height": spec.height,
        "denoise": (IMAGE_DENOISE if spec.references else 1.0) if spec.denoise is None else spec.denoise,
        "clip_skip": -(spec.clip_skip or 1),
        "seed": spec.seed & MOST_SEED,
        "user_avatar": _inline(spec.references, "persona"),
        "char_avatar": _inline(spec.references, "character"),
        "file_prefix": file_prefix,
        "IMAGE_COUNT": len(uploads),
        "IMAGE": uploads[0] if uploads else None,
    }
    values.update({f"IMAGE{number}": name for number, name in enumerate(uploads)})
    return values


def _inline(references: Sequence[Reference], role: str) -> str | None:
    found = next((reference for reference in references if reference.role == role), None)
    return base64.b64encode(found.data).decode() if found else None


def uploads_needed(names: frozenset[str], count: int) -> int:
    """How many references the graph wants as uploaded files, of ``count`` there are."""
    wanted = 0
    for name in names:
        if name == "IMAGE":
            wanted = max(wanted, 1)
        elif name == "IMAGE_COUNT":
            wanted = count
        elif name.startswith("IMAGE") and name[5:].isdigit():
            wanted = max(wanted, int(name[5:]) + 1)
    return min(wanted, count)


def not_honoured(spec: RenderSpec, used: frozenset[str], uploaded: int) -> list[Dropped]:
    """Settings of the spec the graph has no place for."""
    asked = {
        "negative_prompt": spec.negative,
        "model": spec.model,
        "vae": spec.vae,
        "sampler": spec.sampler,
        "scheduler": spec.scheduler,
        "steps": spec.steps,
        "scale": spec.cfg,
        "denoise": spec.denoise,
        "clip_skip": spec.clip_skip,
    }
    dropped = [
        Dropped(_SETTINGS[name], f"the workflow has no %{name}%")
        for name, value in asked.items()
        if value not in (None, "") and name not in used
    ]
    if not {"width", "height"} <= used and not (spec.references and "IMAGE" in used):
        dropped.append(Dropped("size", "the workflow has no %width% and %height%"))
    inline = {"persona": "user_avatar", "character": "char_avatar"}
    idle = [r for i, r in enumerate(spec.references) if i >= uploaded and inline.get(r.role) not in used]
    if idle:
        dropped.append(Dropped("reference images", f"the workflow uses {len(spec.references) - len(idle)} of {len(spec.references)}"))
    return dropped
