"""What the settings of a picture mean on one AUTOMATIC1111-type server: names in its spelling, and what has to be left out."""

from __future__ import annotations

from typing import Any, Literal

from providers.contract import Dropped, ProviderConfig, RenderSpec
from providers.errors import ErrorKind, ProviderError
from providers.images.a1111_lists import ServerLists
from providers.images.a1111_request import Wishes, same_model

STICKY = {"clip_skip": "CLIP_stop_at_last_layers", "vae": "sd_vae"}
"""Settings the server does not restore after ``override_settings`` unless they were saved in its own configuration once."""


class WishReader:
    """Reads specs for one server and remembers which of its settings our pictures ever touched."""

    def __init__(self, config: ProviderConfig, lists: ServerLists, steps: int) -> None:
        self._config = config
        self._lists = lists
        self._steps = steps
        self._baselines: dict[str, Any] = {}

    async def of(self, spec: RenderSpec) -> tuple[Wishes, tuple[Dropped, ...]]:
        """Names to send and what was dropped. Raises ``ProviderError`` when the server does not have the model."""
        dropped: list[Dropped] = []
        wishes = Wishes(
            checkpoint=await self._checkpoint(spec.model),
            sampler=await self._sampler(spec.sampler),
            scheduler=await self._known("scheduler", spec.scheduler, dropped),
            vae=await self._known("vae", spec.vae, dropped),
            upscaler=await self._known("upscaler", spec.upscaler, dropped) if spec.hires else None,
            steps=self._steps,
            overrides=await self._sticky(spec),
        )
        if spec.hires and spec.references:
            dropped.append(Dropped("hires", "image-to-image has no hires pass"))
        if len(spec.references) > 1:
            dropped.append(Dropped("reference images", "only the first one can be used"))
        return wishes, tuple(dropped)

    async def _sampler(self, wanted: str | None) -> str | None:
        """Unknown names are sent as they are: servers replace them and say so, and understand old spellings they do not list."""
        return (await self._lists.synonyms("sampler")).get(wanted.lower(), wanted) if wanted else None

    async def _checkpoint(self, wanted: str) -> str | None:
        """The title of the wanted model; None leaves the one the server has loaded. An unknown name would be ignored silently."""
        name = wanted or self._config.model
        if not name:
            return None
        models = await self._lists.models()
        found = next((m.id for m in models if name in (m.id, m.label)), None)
        found = found or next((m.id for m in models if same_model(name, m.id)), None)
        if found or not models:
            return found or name
        kind = ErrorKind.INVALID if wanted and wanted != self._config.model else ErrorKind.MISCONFIGURED
        detail = f"It has no model «{name[:80]}». It has: {few([m.label for m in models])}."
        raise ProviderError(kind, self._config.name, detail)

    async def _known(self, setting: Literal["scheduler", "vae", "upscaler"], wanted: str | None, dropped: list[Dropped]) -> str | None:
        """The server's spelling; an unknown name is dropped here, because the server would ignore it or fail."""
        if not wanted:
            return None
        names = await self._lists.synonyms(setting)
        if not names or wanted.lower() in names:
            return names.get(wanted.lower(), wanted)
        dropped.append(Dropped(setting, f"{self._config.name} does not know «{wanted[:80]}»"))
        return None

    async def _sticky(self, spec: RenderSpec) -> dict[str, Any]:
        """Former values of settings that any picture of ours ever overrode: sent each time, or the override would stay for ever."""
        used = {"clip_skip": spec.clip_skip, "vae": spec.vae}
        fresh = [STICKY[name] for name, value in used.items() if value and STICKY[name] not in self._baselines]
        if fresh:
            saved = await self._lists.saved()
            self._baselines.update({key: saved[key] for key in fresh if key in saved})
        return dict(self._baselines)


def few(names: list[str], most: int = 5) -> str:
    """The first names of a list, for a sentence."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
