"""What a ComfyUI server offers, read from its nodes' descriptions and remembered for some minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from providers.contract import (
    Choice,
    ImageModelInfo,
)
from providers.images.comfyui_api import ComfyApi
from providers.images.comfyui_errors import choices_in
from providers.images.families import family_of

KEPT_SECONDS = 300.0
_MODEL_NODES: tuple[tuple[str, str, str], ...] = (
    ("CheckpointLoaderSimple", "ckpt_name", ""),
    ("UNETLoader", "unet_name", "UNet: "),
    ("UnetLoaderGGUF", "unet_name", "GGUF: "),
)
_CHOICE_NODES = {
    "sampler": ("KSampler", "sampler_name"),
    "scheduler": ("KSampler", "scheduler"),
    "vae": ("VAELoader", "vae_name"),
    "lora": ("LoraLoader", "lora_name"),
}


@dataclass(frozen=True, slots=True)
class Models:
    """Names by kind. Our own graph loads checkpoints; the others need a workflow of the host's."""

    checkpoints: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    """(name, label prefix) of diffusion models without text encoder and VAE."""

    def infos(self) -> tuple[ImageModelInfo, ...]:
        plain = [ImageModelInfo(name, _label(name), family_of(name)) for name in self.checkpoints]
        return (*plain, *(ImageModelInfo(name, prefix + _label(name), family_of(name)) for name, prefix in self.others))

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.checkpoints, *(name for name, _ in self.others))

    def find(self, wanted: str) -> str | None:
        """The server's name for a model: as written, or without folder and extension if that is unambiguous."""
        if wanted in self.names:
            return wanted
        loose = [name for name in self.names if _label(wanted).lower() in (_label(name).lower(), _label(_file(name)).lower())]
        return loose[0] if len(loose) == 1 else None


class ComfyLists:
    """Models and choices of one server."""

    def __init__(self, api: ComfyApi) -> None:
        self._api = api
        self._kept: dict[tuple[str, str], tuple[float, tuple[str, ...]]] = {}

    async def models(self, *, refresh: bool = False) -> Models:
        checkpoints: tuple[str, ...] = ()
        others: list[tuple[str, str]] = []
        for node, field, prefix in _MODEL_NODES:
            names = await self._names(node, field, refresh)
            if prefix:
                others.extend((name, prefix) for name in names)
            else:
                checkpoints = names
        return Models(checkpoints, tuple(others))

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        """Names for a setting; empty for upscalers, which are a workflow's own business."""
        if setting not in _CHOICE_NODES:
            return ()
        return await self._names(*_CHOICE_NODES[setting])

    async def _names(self, node: str, field: str, refresh: bool = False) -> tuple[str, ...]:
        kept = self._kept.get((node, field))
        if kept is None or refresh or time.monotonic() - kept[0] > KEPT_SECONDS:
            described = await self._api.node(node) or {}
            inputs = described.get("input")
            required = inputs.get("required") if isinstance(inputs, dict) else None
            names = choices_in(required.get(field)) if isinstance(required, dict) else []
            kept = self._kept[node, field] = (time.monotonic(), tuple(names))
        return kept[1]


def _file(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _label(name: str) -> str:
    """A file name for people: no extension, spaces for underscores."""
    stem, dot, extension = name.rpartition(".")
    bare = stem if dot and extension.lower() in ("safetensors", "ckpt", "gguf", "pt", "pth", "sft", "bin") else name
    return bare.replace("_", " ")
