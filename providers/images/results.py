"""From an answer to a picture: base64 of either spelling, addresses fetched at once, and a word on the size that really came."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

from PIL import Image

from providers.contract import Dropped, ProviderConfig, RenderedImage, RenderSpec
from providers.failures import error_from
from providers.http import download, secrets_of
from providers.images.cloud_errors import bad_answer
from providers.images.formats import from_base64, rendered

DOWNLOAD_SECONDS = 60.0


async def fetched(
    config: ProviderConfig, address: str, *, seed: int | None = None, headers: Mapping[str, str] | None = None
) -> RenderedImage:
    """The picture at an address a service named: a ``data:`` one is decoded, any other downloaded (result links live for minutes).

    Raises ``ProviderError`` (BAD_ANSWER) for an address that may not be followed and for anything that is no whole picture.
    """
    if address.startswith("data:"):
        return rendered(from_base64(address, config.name), config.name, seed=seed)
    # Stores name wrong types or none; the bytes decide.
    types = ("image/", "application/octet-stream", "binary/octet-stream")
    answer = await download(config, address, timeout=DOWNLOAD_SECONDS, types=types, headers=headers)
    return rendered(answer.content, config.name, seed=seed)


async def picture_of(config: ProviderConfig, entry: Any, *, seed: int | None = None) -> RenderedImage:
    """The picture of one entry of an OpenAI-like ``data`` list: ``b64_json`` (a ``data:`` prefix is allowed) or ``url``."""
    if isinstance(entry, Mapping):
        text, url = entry.get("b64_json"), entry.get("url")
        if isinstance(text, str) and text:
            return rendered(from_base64(text, config.name), config.name, seed=seed)
        if isinstance(url, str) and url:
            return await fetched(config, url, seed=seed)
    raise bad_answer(config.name, "an entry without a picture", "There was no picture in it.")


def entries_of(answer: Any, name: str, key: str = "data") -> list[Any]:
    """The list of pictures in an answer; it may be empty. Raises ``ProviderError`` (BAD_ANSWER) when there is no such list."""
    entries = answer.get(key) if isinstance(answer, Mapping) else None
    if not isinstance(entries, list):
        raise bad_answer(name, f"no list «{key}» in the answer", "There was no picture in it.")
    return entries


async def first_picture(config: ProviderConfig, answer: Any, *, seed: int | None = None) -> RenderedImage:
    """The first picture of an OpenAI-like answer. Raises what an error that stands beside an empty list, or instead of it, means."""
    if isinstance(answer, Mapping) and answer.get("error") and not answer.get("data"):
        raise error_from(config.name, {"error": answer["error"]}, secrets=secrets_of(config))
    entries = entries_of(answer, config.name)
    if not entries:
        raise bad_answer(config.name, "data is empty", "There was no picture in it.")
    return await picture_of(config, entries[0], seed=seed)


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height from the header of a picture; None when it cannot be read. Nothing is decoded."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except Exception:  # hostile files make the parsers raise nearly anything
        return None


def size_came(spec: RenderSpec, image: RenderedImage) -> tuple[Dropped, ...]:
    """A report when the picture has another size than the one asked for."""
    came = size_of(image.data)
    if came is None or came == (spec.width, spec.height):
        return ()
    return (Dropped("size", f"{spec.width}×{spec.height} became {came[0]}×{came[1]}"),)


def number_of(value: Any) -> float | None:
    """A number a service said, written as a number or as text; None for anything else, NaN and infinity too."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
