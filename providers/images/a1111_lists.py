"""The lists of an AUTOMATIC1111-type server, remembered for some minutes. A list that the server lacks (404) or garbles counts as empty."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from providers.contract import ImageModelInfo
from providers.errors import ErrorKind, ProviderError
from providers.images.families import family_of

KEPT_SECONDS = 300.0
FORGE_MODULES = "forge_additional_modules"
"""Forge's setting for VAE and text encoders."""

GetJson = Callable[[str], Awaitable[Any]]
"""Fetches one route below ``/sdapi/v1``; None when the server does not have it."""

_NAME_ROUTES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "sampler": (("samplers", "name"),),
    "scheduler": (("schedulers", "name"),),
    # AUTOMATIC1111 lists VAEs, Forge VAEs and text encoders under another route; each answers 404 to the other's.
    "lora": (("loras", "name"),),
    "vae": (("sd-vae", "model_name"), ("sd-modules", "model_name")),
    "upscaler": (("latent-upscale-modes", "name"), ("upscalers", "name")),
}


class ServerLists:
    """Models, samplers, schedulers, VAEs, upscalers and the saved settings of one server."""

    def __init__(self, get: GetJson) -> None:
        self._get = get
        self._kept: dict[str, tuple[float, list[dict[str, Any]]]] = {}
        self._forge: bool | None = None

    async def models(self, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        """Checkpoints by title, which is what ``sd_model_checkpoint`` takes."""
        found = []
        for entry in await self._rows("sd-models", refresh):
            title = str(entry.get("title") or entry.get("model_name") or "")
            if title:
                label = str(entry.get("model_name") or title)
                found.append(ImageModelInfo(title, label, family_of(f"{label} {entry.get('filename') or ''} {entry.get('type') or ''}")))
        return tuple(found)

    async def names(self, setting: str) -> tuple[str, ...]:
        """Names for a setting, in the server's order and spelling, each once."""
        names: dict[str, None] = {}
        for route, key in _NAME_ROUTES[setting]:
            for entry in await self._rows(route):
                if name := entry.get(key):
                    names[str(name)] = None
        return tuple(names)

    async def synonyms(self, setting: str) -> dict[str, str]:
        """Lower-case spelling → name to send, with aliases and labels (``Euler a`` is also ``k_euler_a``)."""
        found: dict[str, str] = {}
        for route, key in _NAME_ROUTES[setting]:
            for entry in await self._rows(route):
                name = str(entry.get(key) or "")
                spellings = [name, str(entry.get("label") or ""), *(entry.get("aliases") or ())]
                for spelling in spellings:
                    if name and isinstance(spelling, str) and spelling:
                        found.setdefault(spelling.lower(), name)
        return found

    async def loras(self, *, refresh: bool = False) -> set[str] | None:
        """Names and aliases that ``<lora:name:weight>`` may use, in the exact spelling; None when the server has no such list."""
        rows = await self._rows("loras", refresh)
        return {str(entry[key]) for entry in rows for key in ("name", "alias") if entry.get(key)} if "loras" in self._kept else None

    async def is_forge(self) -> bool | None:
        """Whether the server has Forge's settings; None when it shows none."""
        if self._forge is None and (saved := await self.saved()):
            self._forge = FORGE_MODULES in saved
        return self._forge

    async def _readable(self, route: str) -> Any:
        """None also for a list that the server fails to make or garbles: the picture can be drawn without it."""
        try:
            return await self._get(route)
        except ProviderError as error:
            if error.kind is not ErrorKind.BAD_ANSWER:
                raise
            return None

    async def saved(self) -> dict[str, Any]:
        """The server's settings (``/options``), always asked anew."""
        options = await self._readable("options")
        return options if isinstance(options, dict) else {}

    async def _rows(self, route: str, refresh: bool = False) -> list[dict[str, Any]]:
        kept = self._kept.get(route)
        if kept is None or refresh or time.monotonic() - kept[0] > KEPT_SECONDS:
            answer = await self._readable(route)
            if not isinstance(answer, list):
                # Not remembered: a server that is just starting has no route yet.
                self._kept.pop(route, None)
                return []
            kept = self._kept[route] = (time.monotonic(), [entry for entry in answer if isinstance(entry, dict)])
        return kept[1]
