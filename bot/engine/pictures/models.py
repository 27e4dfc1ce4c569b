"""Named models: which entry a picture is drawn with, and what it fills in.

The call wins over the chat, the chat over the entry, the entry over the host's defaults. A chat setting that equals the host's
default counts as not set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.domain.chat_settings import ChatSettings
from bot.domain.errors import UserError
from bot.domain.models import ModelEntry
from bot.domain.pictures import Lost, Overrides, PictureRequest
from bot.engine.services import Services
from bot.storage.records import Chat
from providers.contract import ImageBackend, ImageModelInfo
from providers.errors import ProviderError

log = structlog.get_logger(__name__)

_OF_THE_CHAT = ("width", "height", "steps", "cfg", "sampler", "scheduler", "clip_skip", "vae", "workflow", "seed")
"""Fields that an entry and the chat's settings have in common."""
_OF_THE_CALL = ("denoise", "hires", "upscale", "upscaler", "second_pass_steps", "restore_faces")
"""Fields that an entry and a call have in common."""


_NO_ENTRY = ModelEntry()
_NOTHING = Overrides()


@dataclass(frozen=True, slots=True)
class Chosen:
    """Chat and request with the entry's values filled in, for planning only: neither is stored. No entry has an empty ``name``."""

    chat: Chat
    request: PictureRequest
    name: str = ""
    entry: ModelEntry = _NO_ENTRY
    asked: Overrides = _NOTHING
    """What the call itself asked for, without the entry's values."""
    lost: tuple[Lost, ...] = ()


def entry_name(models: Mapping[str, ModelEntry], name: str | None) -> str:
    """The entry's name as the host wrote it, or empty when there is none by this name."""
    plain = (name or "").strip().lower()
    return plain if plain in models else ""


def choose_model(services: Services, chat: Chat, request: PictureRequest) -> Chosen:
    """The entry of the call, else of the chat. Raises ``UserError`` when the call names an entry and another backend than its own."""
    wish, settings = request.overrides, chat.settings
    name = entry_name(services.models, wish.model if wish.model else settings.model)
    if not name:
        return Chosen(chat, request, asked=wish)
    entry = services.models[name]
    own = entry.backend or settings.backend or next(iter(services.backends), "")
    if wish.backend and wish.backend != own:
        if wish.model and entry.backend:
            raise UserError(f"The model «{name}» is drawn by «{entry.backend}», not by «{wish.backend}». Leave one of the two out.")
        if not wish.model:  # the chat's model belongs to another backend than the one this call wants
            return Chosen(replace(chat, settings=settings.model_copy(update={"model": ""})), request, asked=wish)
    return Chosen(_chat_with(chat, entry, services.defaults), _request_with(request, entry), name, entry, wish)


async def still_there(services: Services, chosen: Chosen, backend: ImageBackend) -> Chosen:
    """The same without the chat's model when the backend's list does not have it: the host took it away, or another backend draws
    now. Where the list cannot be had, the backend is the judge."""
    model = chosen.chat.settings.model
    if chosen.name or chosen.request.overrides.model or not model or model == backend.model:
        return chosen
    known = await listed_models(backend)
    if not known or model_named(known, model) is not None:
        return chosen
    gone = Lost(setting="model", why=f"{backend.name} has no «{model}» any more, its own choice draws")
    chat = replace(chosen.chat, settings=chosen.chat.settings.model_copy(update={"model": ""}))
    return replace(chosen, chat=chat, lost=(*chosen.lost, gone))


async def listed_models(backend: ImageBackend, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
    """The backend's own list; empty where it has none or cannot be asked now."""
    try:
        return await backend.models(refresh=refresh)
    except ProviderError as error:
        log.info("models not listed", backend=backend.name, kind=str(error.kind))
        return ()


def model_named(models: Iterable[ImageModelInfo], name: str) -> ImageModelInfo | None:
    """The model somebody means: by id or label, in any case."""
    plain = name.casefold()
    return next((model for model in models if plain in (model.id.casefold(), model.label.casefold())), None)


def outranked(entry: ModelEntry, settings: ChatSettings, defaults: ChatSettings) -> dict[str, Any]:
    """The chat's own settings that win over what the entry says, name → value."""
    said = {name: getattr(entry, name) for name in _OF_THE_CHAT}
    mine = {name: getattr(settings, name) for name in _OF_THE_CHAT}
    return {n: v for n, v in mine.items() if said[n] not in (None, "") and v != getattr(defaults, n) and v != said[n]}


def _chat_with(chat: Chat, entry: ModelEntry, defaults: ChatSettings) -> Chat:
    settings = chat.settings
    filled = {name: getattr(entry, name) for name in _OF_THE_CHAT if getattr(settings, name) == getattr(defaults, name)}
    filled = {name: value for name, value in filled.items() if value not in (None, "")}
    filled |= {"model": entry.model, "backend": entry.backend or settings.backend}
    return replace(chat, settings=settings.model_copy(update=filled))


def _request_with(request: PictureRequest, entry: ModelEntry) -> PictureRequest:
    wish: Overrides = request.overrides
    said = {name: getattr(entry, name) for name in _OF_THE_CALL if getattr(wish, name) is None}
    changes = {name: value for name, value in said.items() if value not in (None, "")}
    changes |= {"model": entry.model or None, "backend": entry.backend or wish.backend}
    return request.model_copy(update={"overrides": wish.model_copy(update=changes)})
