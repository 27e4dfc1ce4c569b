"""Named models: which entry a picture is drawn with, and what it fills in.

The call wins over the chat, the chat over the entry, the entry over the host's defaults. A chat setting that equals the host's
default counts as not set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.chat_settings import ChatSettings
from bot.domain.errors import UserError
from bot.domain.models import ModelEntry
from bot.domain.pictures import Overrides, PictureRequest
from bot.engine.services import Services
from bot.storage.records import Chat

_OF_THE_CHAT = ("width", "height", "steps", "cfg", "sampler", "scheduler", "clip_skip", "seed")
"""Fields that an entry and the chat's settings have in common."""


_NO_ENTRY = ModelEntry()


@dataclass(frozen=True, slots=True)
class Chosen:
    """Chat and request with the entry's values filled in, for planning only: neither is stored. No entry has an empty ``name``."""

    chat: Chat
    request: PictureRequest
    name: str = ""
    entry: ModelEntry = _NO_ENTRY


def entry_name(models: Mapping[str, ModelEntry], name: str | None) -> str:
    """The entry's name as the host wrote it, or empty when there is none by this name."""
    plain = (name or "").strip().lower()
    return plain if plain in models else ""


def choose_model(services: Services, chat: Chat, request: PictureRequest) -> Chosen:
    """The entry of the call, else of the chat. Raises ``UserError`` when the call names an entry and another backend than its own."""
    wish, settings = request.overrides, chat.settings
    name = entry_name(services.models, wish.model if wish.model else settings.model)
    if not name:
        return Chosen(chat, request)
    entry = services.models[name]
    own = entry.backend or settings.backend or next(iter(services.backends), "")
    if wish.backend and wish.backend != own:
        if wish.model and entry.backend:
            raise UserError(f"The model «{name}» is drawn by «{entry.backend}», not by «{wish.backend}». Leave one of the two out.")
        if not wish.model:  # the chat's model belongs to another backend than the one this call wants
            return Chosen(replace(chat, settings=settings.model_copy(update={"model": ""})), request)
    return Chosen(_chat_with(chat, entry, services.defaults), _request_with(request, entry, settings), name, entry)


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


def _request_with(request: PictureRequest, entry: ModelEntry, settings: ChatSettings) -> PictureRequest:
    wish: Overrides = request.overrides
    changes = {
        "model": entry.model or None,
        "backend": entry.backend or wish.backend,
        "denoise": entry.denoise if wish.denoise is None else wish.denoise,
    }
    return request.model_copy(update={"overrides": wish.model_copy(update=changes)})
