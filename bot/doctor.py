"""``vignette doctor``: check every configured part for real, and say what each can do."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.doctor_platforms import check_discord, check_telegram
from bot.doctor_workflows import check_workflows
from bot.domain.errors import VignetteError
from bot.logs import redactor
from bot.settings import Settings
from providers.contract import ChatCapabilities, ChatModel, Health, ImageBackend, ImageCapabilities
from providers.errors import ProviderError
from providers.http import close_clients
from providers.registry import build_chat, build_images

CHECK_SECONDS = 120.0
"""Longest check of one part; loading a model counts."""
ONLY_SKETCH = (
    "no image model is configured: the sketch renderer draws clip art "
    "(missing capability: an image backend that follows prompts; add an [images.<name>] table)."
)
WISHES = ("negative", "seed", "steps", "cfg", "sampler", "scheduler", "clip_skip", "hires", "workflows", "progress", "cancel")


async def examine(settings: Settings, say: Callable[[str], None]) -> bool:
    """Check everything and report line by line; True when nothing is broken. Secrets never appear."""
    redact = redactor(settings.secrets())
    models: dict[str, ChatModel | None] = {}
    fine = True

    def report(part: str, health: Health) -> None:
        nonlocal fine
        fine = fine and not health.problems
        state = "BROKEN" if health.problems else "warning" if health.warnings else "ok"
        say(redact(f"{state:8}{part}: {health.summary}".rstrip(": ")))
        for problem in health.problems:
            say(redact(f"        problem: {problem}"))
        for warning in health.warnings:
            say(redact(f"        warning: {warning}"))

    try:
        report("storage", await _bounded(_check_storage(settings)))
        for name, config in settings.chat.items():
            try:
                models[name] = build_chat(config)
            except ProviderError as error:
                models[name] = None
                report(f"chat.{name}", _broken(error))
                continue
            report(f"chat.{name}", await _check_chat(models[name]))
        report("writer", _check_writer(settings, models))
        for name, config in settings.images.items():
            try:
                backend = build_images(config)
            except ProviderError as error:
                report(f"images.{name}", _broken(error))
                continue
            report(f"images.{name}", await _check_images(backend))
        if all(config.provider == "sketch" for config in settings.images.values()):
            say(f"        warning: {ONLY_SKETCH}")
        for part, health in (await check_workflows(settings)).items():
            report(part, health)
        if settings.discord.token:
            report("discord", await _bounded(check_discord(settings.discord)))
        if settings.telegram.token:
            report("telegram", await _bounded(check_telegram(settings.telegram)))
        report("page", _check_web(settings))
    finally:
        for model in models.values():
            if model is not None:
                await model.close()
        await close_clients()
    return fine


def _broken(error: Exception) -> Health:
    detail = getattr(error, "host_detail", "")
    return Health("", (f"{error} ({detail})" if detail else str(error),))


async def _bounded(check: Awaitable[Health]) -> Health:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check
    except TimeoutError:
        return Health("", (f"no answer within {CHECK_SECONDS:.0f} seconds",))
    except (ProviderError, VignetteError) as error:
        return _broken(error)


async def _check_storage(settings: Settings) -> Health:
    """Open (and so migrate) the database, and write a file where the assets go."""
    from bot.storage.database import Database

    storage = settings.storage
    try:
        await asyncio.to_thread(_write_file, storage.assets)
        database = await Database.open(storage.database)
        await database.close()
    except Exception as error:  # any driver's error is a finding here
        return Health("", (f"{type(error).__name__}: {error}",))
    shown = storage.database.split("@")[-1] if "://" in storage.database else storage.database
    return Health(f"database {shown} is up to date, assets in {storage.assets} can be written")


def _write_file(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"vignette")


async def _check_chat(model: ChatModel | None) -> Health:
    assert model is not None
    health = await _bounded(model.check())
    words = f"{health.summary or model.model}; {_chat_words(model.capabilities())}"
    return Health(words if not health.problems else health.summary, health.problems, health.warnings)


async def _check_images(backend: ImageBackend) -> Health:
    try:
        health = await _bounded(backend.check())
        words = f"{health.summary or backend.model}; {_image_words(backend.capabilities())}"
        return Health(words if not health.problems else health.summary, health.problems, health.warnings)
    finally:
        await backend.close()


def _chat_words(can: ChatCapabilities) -> str:
    able = [word for word, has in (("function tools", can.tools), ("pictures in", can.image_in), ("JSON schema", can.json_schema)) if has]
    return f"can: talk{''.join(f', {word}' for word in able)}; window {can.window} tokens"


def _image_words(can: ImageCapabilities) -> str:
    able = [wish.replace("_", " ") for wish in WISHES if getattr(can, wish)]
    return f"can: draw{''.join(f', {word}' for word in able)}; sides {can.sizes.least} to {can.sizes.most} pixels"


def _check_writer(settings: Settings, models: dict[str, ChatModel | None]) -> Health:
    """Who drafts picture prompts: the configured writer, else the first chat model."""
    name = settings.writer.chat or next(iter(models), "")
    model = models.get(name)
    if model is None:
        return Health(
            "none", warnings=("no usable writer: its chat model is broken; picture prompts come from the card and the last message.",)
        )
    if not model.capabilities().writer:
        missing = "missing capability: writer (a chat model that can draft scene prompts; set [writer] chat or another [chat.<name>])"
        return Health(f"none; {name} is too small for it", warnings=(f"no usable writer: {missing}.",))
    return Health(f"{name} drafts picture prompts")


def _check_web(settings: Settings) -> Health:
    web = settings.web
    if not web.enabled:
        return Health("off")
    guarded = "with access token" if web.access_token else "for this machine only"
    return Health(f"http://{web.host}:{web.port}, {guarded}")
