"""Reads the picture out of an answer whose shape is not documented, or is documented in several ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.contract import ProviderConfig, RenderedImage
from providers.http import Answer, json_of
from providers.images.cloud_errors import bad_answer
from providers.images.formats import from_base64, mime_of, rendered
from providers.images.results import fetched, picture_of

_KEYS = ("images", "image", "data")


async def any_picture(config: ProviderConfig, answer: Answer, *, seed: int | None = None) -> RenderedImage:
    """The first picture of an answer: raw bytes, ``{"image"}``, ``{"images": [...]}`` or ``{"data": [...]}``.

    Texts are base64 with or without a ``data:`` prefix, or an address of the service's own. Raises ``ProviderError`` (BAD_ANSWER).
    """
    if mime_of(answer.content) or answer.mime.startswith("image/"):
        return rendered(answer.content, config.name, seed=seed)
    return await picture_in(config, json_of(answer, config), seed=seed)


async def picture_in(config: ProviderConfig, value: Any, *, seed: int | None = None) -> RenderedImage:
    """The first picture of a parsed answer; see ``any_picture``."""
    for key in _KEYS if isinstance(value, Mapping) else ():
        entry = value.get(key)
        first = entry[0] if isinstance(entry, list) and entry else entry
        if isinstance(first, Mapping):
            return await picture_of(config, first, seed=seed)
        if isinstance(first, str) and first:
            return await picture_from(config, first, seed=seed)
    raise bad_answer(config.name, "no picture under image, images or data", "There was no picture in it.")


async def picture_from(config: ProviderConfig, text: str, *, seed: int | None = None) -> RenderedImage:
    """A picture from an address of the service or from base64, with or without a ``data:`` prefix."""
    if text.startswith(("http://", "https://")):
        return await fetched(config, text, seed=seed)
    return rendered(from_base64(text, config.name), config.name, seed=seed)
