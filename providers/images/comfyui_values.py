"""What the placeholders of a ComfyUI graph stand for in one picture, and Vignette's own two graphs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from providers.contract import Dropped, Reference, RenderSpec
from providers.images.comfyui_graph import EMPTY_PICTURE, image_places

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


TEXT_TO_IMAGE, IMAGE_TO_IMAGE, AVATAR_TO_IMAGE = "text-to-image", "image-to-image", "avatar-image-to-image"
_AVATARS: Mapping[str, tuple[str, str]] = {
    "char_avatar": ("character", "character's avatar"),
    "user_avatar": ("persona", "persona's avatar"),
}
"""Placeholder → role of the reference that fills it, and what people call it."""
FILE_NODES = ("LoadImage", "LoadImageMask")
"""Nodes of the server's own whose input ``image`` is the name of an uploaded file."""


@dataclass(frozen=True, slots=True)
class Uploads:
    """Names the server gave to uploaded pictures."""

    images: tuple[str, ...] = ()
    """For ``IMAGE0`` and on."""
    avatars: Mapping[str, str] = field(default_factory=dict)
    """By placeholder, for nodes that load a file."""


def shipped(name: str) -> str:
    """The JSON text of one of our graphs."""
    return files("providers.images").joinpath(f"workflows/{name.replace('-', '_')}.json").read_text("utf-8")


def own_graph_name(spec: RenderSpec) -> str:
    """Which of our graphs draws this picture; empty when the host's own does."""
    if spec.workflow is None:
        return IMAGE_TO_IMAGE if spec.references else TEXT_TO_IMAGE
    return next((name for name in (TEXT_TO_IMAGE, AVATAR_TO_IMAGE) if spec.workflow == shipped(name)), "")


def default_graph(spec: RenderSpec) -> dict[str, Any]:
    """Our graph for this picture: from text, or from the first reference. VAE and clip skip get their nodes only when asked for.

    A CLIPSetLastLayer node of -1 is no neutral choice: SDXL's text encoders then leave their usual last but one layer.
    """
    graph: dict[str, Any] = json.loads(shipped(own_graph_name(spec)))
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
    """Values by built-in placeholder name. ``uploads``: the server's names of the reference pictures, in the order of ``pictures_for``."""
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
        "IMAGE_COUNT": len(uploads) or len(spec.references),
        "IMAGE": uploads[0] if uploads else None,
    }
    values.update({f"IMAGE{number}": name for number, name in enumerate(uploads)})
    return values


def _inline(references: Sequence[Reference], role: str) -> str | None:
    found = next((reference for reference in references if reference.role == role), None)
    return base64.b64encode(found.data).decode() if found else None


def pictures_for(spec: RenderSpec, names: Iterable[str]) -> tuple[Reference, ...]:
    """The references that ``IMAGE0`` and on stand for, in order: those without an avatar placeholder of their own come first."""
    named = frozenset(names)
    return _in_order(spec, named)[: image_places(named)]


def _in_order(spec: RenderSpec, names: frozenset[str]) -> tuple[Reference, ...]:
    avatars = [reference for reference in spec.references if _avatar_of(reference) in names]
    return (*(reference for reference in spec.references if _avatar_of(reference) not in names), *avatars)


def empty_slots(names: Iterable[str], pictures: int) -> dict[str, str]:
    """Values of numbered names beyond the last picture: empty in a graph that chooses by ``%IMAGE_COUNT%``, else none."""
    named = frozenset(names)
    return {f"IMAGE{n}": "" for n in range(pictures, image_places(named))} if "IMAGE_COUNT" in named else {}


def file_avatars(graph: Mapping[str, Any]) -> frozenset[str]:
    """Avatar placeholders that stand where a node takes the name of an uploaded file. Everywhere else an avatar is inserted as base64."""
    values = (node["inputs"].get("image") for node in graph.values() if node["class_type"] in FILE_NODES)
    return frozenset(name for value in values for name in _AVATARS if value == f"%{name}%")


def with_file_names(graph: Mapping[str, Any], avatars: Mapping[str, str]) -> dict[str, Any]:
    """The graph with uploaded avatars' names in the nodes that load a file."""
    named = {f"%{name}%": file for name, file in avatars.items()}
    return {
        node_id: {**node, "inputs": {**node["inputs"], "image": named[node["inputs"]["image"]]}}
        if node["class_type"] in FILE_NODES and isinstance(node["inputs"].get("image"), str) and node["inputs"]["image"] in named
        else node
        for node_id, node in graph.items()
    }


def avatar_bytes(spec: RenderSpec, placeholder: str) -> bytes:
    """The picture an avatar placeholder stands for; a 1x1 picture when there is none."""
    role = _AVATARS[placeholder][0]
    found = next((reference.data for reference in spec.references if reference.role == role), None)
    return found if found is not None else base64.b64decode(EMPTY_PICTURE)


def _avatar_of(reference: Reference) -> str:
    return next((name for name, (role, _) in _AVATARS.items() if role == reference.role), "")


def not_honoured(spec: RenderSpec, used: frozenset[str]) -> list[Dropped]:
    """Settings of the spec the graph has no place for, and avatars it has a place for that are not there."""
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
    if not {"width", "height"} <= used and not (spec.references and image_places(used)):
        dropped.append(Dropped("size", "the workflow has no %width% and %height%"))
    roles = {reference.role for reference in spec.references}
    for name, (role, called) in _AVATARS.items():
        if name in used and role not in roles:
            dropped.append(Dropped(called, "there is none; an empty picture took its place"))
    idle = [reference for reference in _in_order(spec, used)[image_places(used) :] if _avatar_of(reference) not in used]
    if idle:
        dropped.append(Dropped("reference images", f"the workflow uses {len(spec.references) - len(idle)} of {len(spec.references)}"))
    return dropped
