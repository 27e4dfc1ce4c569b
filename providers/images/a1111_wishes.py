"""What the settings of a picture mean on one AUTOMATIC1111-type server: names in its spelling, and what has to be left out."""

from __future__ import annotations

import re
from typing import Any, Literal

from providers.contract import Dropped, ProviderConfig, RenderSpec
from providers.errors import ErrorKind, ProviderError
from providers.images import samplers
from providers.images.a1111_lists import FORGE_MODULES, ServerLists
from providers.images.a1111_request import KEYWORD_VAES, MOST_CLIP_SKIP, Wishes, same_model
from providers.images.limits import in_range

STICKY = {"clip_skip": "CLIP_stop_at_last_layers", "vae": "sd_vae"}
"""Settings the server does not restore after ``override_settings`` unless they were saved in its own configuration once."""
_LORA = re.compile(r"<lora:([^:<>]+)[^<>]*>")


class WishReader:
    """Reads specs for one server and remembers which of its settings our pictures ever touched."""

    def __init__(self, config: ProviderConfig, lists: ServerLists, steps: int, *, schedulers: bool = True) -> None:
        self._config = config
        self._lists = lists
        self._steps = steps
        self._schedulers = schedulers
        """The server takes a scheduler apart from the sampler."""
        self._baselines: dict[str, Any] = {}

    async def of(self, spec: RenderSpec) -> tuple[Wishes, tuple[Dropped, ...]]:
        """Names to send and what was dropped. Raises ``ProviderError`` when the server does not have the model."""
        dropped: list[Dropped] = []
        sampler, scheduler = await self._sampling(spec, dropped)
        forge = await self._lists.is_forge() if spec.vae or spec.hires else None
        wishes = Wishes(
            checkpoint=await self._checkpoint(spec.model),
            sampler=sampler,
            scheduler=scheduler,
            vae=await self._vae(spec.vae, dropped),
            upscaler=await self._known("upscaler", spec.upscaler, dropped) if spec.hires else None,
            steps=self._steps,
            clip_skip=in_range(spec.clip_skip, 1, MOST_CLIP_SKIP, "clip skip", dropped),
            denoise=in_range(spec.denoise, 0.0, 1.0, "denoise", dropped),
            forge=forge,
            overrides=await self._sticky(spec, forge),
        )
        if spec.hires and spec.references:
            dropped.append(Dropped("hires", "image-to-image has no hires pass"))
        if len(spec.references) > 1:
            dropped.append(Dropped("reference images", "only one can be used"))
        await self._loras(spec, dropped)
        return wishes, tuple(dropped)

    async def _sampling(self, spec: RenderSpec, dropped: list[Dropped]) -> tuple[str | None, str | None]:
        """Sampler and scheduler in the server's spelling. Old servers have one name for both («DPM++ 2M Karras»)."""
        if not spec.sampler and not spec.scheduler:
            return None, None
        known = await self._lists.synonyms("sampler")
        schedules = await self._lists.synonyms("scheduler") if self._schedulers else {}
        if not known and not schedules and self._schedulers:
            return spec.sampler, spec.scheduler  # a server without lists: its answer tells
        together = spec.scheduler if not schedules else None
        choice = samplers.choose(spec.sampler, known.values(), together)
        exact = known.get((spec.sampler or "").lower()) if not together else None
        sampler = exact or choice.sampler or (spec.sampler if not known else None)
        if spec.sampler and not sampler:
            dropped.append(samplers.unknown("sampler", spec.sampler, self._config.name))
        wish = spec.scheduler or ("" if exact or not choice.sampler else choice.schedule)
        if not wish or (sampler and not schedules and samplers.split(sampler)[1] == samplers.plain(wish)):
            return sampler, None
        found = schedules.get(wish.lower()) or {samplers.plain(name): own for name, own in schedules.items()}.get(samplers.plain(wish))
        if not found:
            dropped.append(samplers.unknown("scheduler", wish, self._config.name))
        return sampler, found

    async def _vae(self, wanted: str | None, dropped: list[Dropped]) -> str | None:
        """The VAE's file name as the server lists it, whatever spelling the person used."""
        if not wanted:
            return None
        if keyword := next((name for name in KEYWORD_VAES if name.lower() == wanted.lower()), None):
            return keyword
        names = await self._lists.names("vae")
        return next((n for n in names if same_model(n, wanted)), None) or await self._known("vae", wanted, dropped)

    async def _loras(self, spec: RenderSpec, dropped: list[Dropped]) -> None:
        """The server leaves an unknown LoRA out without a word."""
        wanted = {match[1].strip() for match in _LORA.finditer(spec.prompt)}
        if not wanted:
            return
        known = await self._lists.loras()
        if known is not None and not wanted <= known:
            known = await self._lists.loras(refresh=True)
        if known is not None:
            dropped += [samplers.unknown("LoRA", name, self._config.name) for name in sorted(wanted - known)]

    async def _checkpoint(self, wanted: str) -> str | None:
        """The title of the wanted model; None leaves the one the server has loaded. An unknown name would be ignored silently."""
        name = wanted or self._config.model
        if not name:
            return None
        for refresh in (False, True):
            models = await self._lists.models(refresh=refresh)
            found = next((m.id for m in models if name in (m.id, m.label)), None)
            found = found or next((m.id for m in models if same_model(name, m.id)), None)
            if found or not models:
                return found or name
        kind = ErrorKind.INVALID if wanted and wanted != self._config.model else ErrorKind.MISCONFIGURED
        detail = f"It has no model «{name[:80]}». It has: {few([m.label for m in models])}."
        raise ProviderError(kind, self._config.name, detail)

    async def _known(self, setting: Literal["vae", "upscaler"], wanted: str | None, dropped: list[Dropped]) -> str | None:
        """The server's spelling; an unknown name is dropped here, because the server would ignore it or fail."""
        if not wanted:
            return None
        names = await self._lists.synonyms(setting)
        if not names or wanted.lower() in names:
            return names.get(wanted.lower(), wanted)
        dropped.append(Dropped(setting, f"{self._config.name} does not know «{wanted[:80]}»"))
        return None

    async def _sticky(self, spec: RenderSpec, forge: bool | None) -> dict[str, Any]:
        """Former values of settings that any picture of ours ever overrode: sent each time, or the override would stay for ever."""
        keys = {**STICKY, "vae": FORGE_MODULES} if forge else STICKY
        used = {"clip_skip": spec.clip_skip, "vae": spec.vae}
        fresh = [keys[name] for name, value in used.items() if value and keys[name] not in self._baselines]
        if fresh:
            saved = await self._lists.saved()
            self._baselines.update({key: saved[key] for key in fresh if key in saved})
        return dict(self._baselines)


def few(names: list[str], most: int = 5) -> str:
    """The first names of a list, for a sentence."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
