"""``vignette explain``: what would happen, from the same code a chat uses. One JSON object per line in, one out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, BinaryIO

from pydantic import BaseModel, SecretStr

from bot.domain.errors import VignetteError
from bot.settings import Settings
from providers.contract import ImageBackend, ProviderConfig
from providers.errors import ProviderError
from providers.registry import Row, build_chat, build_images, chat_rows, image_rows

Explain = Callable[[dict[str, Any]], dict[str, Any]]
LINE_LIMIT = 1024 * 1024
"""Most bytes of one line."""


def answer_lines(lines: Iterable[bytes], explain: Explain, out: BinaryIO) -> None:
    """Answer each line as it comes; a bad one gets ``{"error": …}`` and the next is read."""
    for line in lines:
        if line.strip():
            write_line(out, _answer(line, explain))


def write_line(out: BinaryIO, value: Mapping[str, Any]) -> None:
    """One JSON object as one line, seen at once. Half of a surrogate pair becomes the escape it came from."""
    out.write(json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace") + b"\n")
    out.flush()


def _answer(line: bytes, explain: Explain) -> dict[str, Any]:
    if len(line) > LINE_LIMIT:
        return {"error": f"a line may have {LINE_LIMIT} bytes"}
    try:
        question = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"error": f"not JSON: {error}"}
    if not isinstance(question, dict):
        return {"error": "expected a JSON object"}
    try:
        return explain(question)
    except KeyError as error:
        return {"error": f"{error.args[0]!r} is missing"}
    except (ValueError, TypeError, VignetteError) as error:
        return {"error": " ".join(str(error).split())}


# --- backends ---------------------------------------------------------------------------------------------------------


async def backend_lines(settings: Settings) -> AsyncIterator[dict[str, Any]]:
    """One line per registered provider, then one per configured provider and model, with capabilities.

    A service that cannot be reached is listed with its ``error`` and without its models.
    """
    for row in chat_rows().values():
        yield registered("chat", row)
    for row in image_rows().values():
        yield registered("images", row)
    for config in settings.chat.values():
        yield _chat_line(config)
    for config in settings.images.values():
        async for line in _image_lines(config):
            yield line


def registered(kind: str, row: Row) -> dict[str, Any]:
    """What a provider can do with no more than its own defaults; nothing is connected to."""
    line = {"kind": kind, "name": row.kind, "configured_as": None, "summary": row.summary, "free": row.free, "local": row.local}
    try:
        provider = build_chat(_plain(row)) if kind == "chat" else build_images(_plain(row))
        return {**line, "capabilities": dataclasses.asdict(provider.capabilities()), "options": _options(provider)}
    except ProviderError as error:
        return {**line, "error": str(error)}


def plain_backend(provider: str) -> ImageBackend:
    """The image backend of a registered provider with its own defaults, to be asked what it can do. Raises ``ValueError``."""
    row = image_rows().get(provider.strip().lower())
    if row is None:
        raise ValueError(f"there is no image provider {provider[:60]!r}; known are {', '.join(image_rows())}")
    try:
        return build_images(_plain(row))
    except ProviderError as error:
        raise ValueError(str(error)) from error


def _plain(row: Row) -> ProviderConfig:
    return ProviderConfig(
        name=row.kind,
        provider=row.kind,
        base_url=row.base_url or "http://127.0.0.1",
        model="" if "model" not in row.needs else "any",
        api_key=SecretStr("none") if row.key_env or "api_key" in row.needs else None,
    )


def _options(provider: object) -> dict[str, dict[str, Any]]:
    """The settings of this provider alone, which stand beside the others in its table: name → default and what it does."""
    model = getattr(provider, "OPTIONS", None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {}
    return {name: {"default": field.get_default(), "help": field.description or ""} for name, field in model.model_fields.items()}


def _chat_line(config: ProviderConfig) -> dict[str, Any]:
    line = {"kind": "chat", "name": config.provider, "configured_as": config.name, "model": config.model}
    try:
        model = build_chat(config)
    except ProviderError as error:
        return {**line, "error": str(error)}
    return {**line, "model": model.model, "capabilities": dataclasses.asdict(model.capabilities())}


async def _image_lines(config: ProviderConfig) -> AsyncIterator[dict[str, Any]]:
    line = {"kind": "images", "name": config.provider, "configured_as": config.name, "model": config.model}
    try:
        backend: ImageBackend = build_images(config)
    except ProviderError as error:
        yield {**line, "error": str(error)}
        return
    yield {**line, "model": backend.model, "capabilities": dataclasses.asdict(backend.capabilities())}
    try:
        for model in await backend.models():
            if model.id != backend.model:
                capabilities = dataclasses.asdict(backend.capabilities(model.id))
                yield {**line, "model": model.id, "label": model.label, "family": model.family, "capabilities": capabilities}
    except ProviderError as error:
        yield {**line, "error": str(error)}
    finally:
        await backend.close()
