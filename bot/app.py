"""The composition root: the only module that knows every other. Builds, starts and stops in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import structlog

import prompts
from bot.domain.errors import ConfigurationError, UserError
from bot.domain.workflows import HOST_BYTES, Workflow, file_bytes, read_graph
from bot.engine.cast.builtin import builtin_characters
from bot.engine.commands.all import build_catalogue
from bot.engine.engine import Engine
from bot.engine.pictures.drafting import Drafter
from bot.engine.pictures.flow import PictureFlow
from bot.engine.pictures.presenter import Presenter
from bot.engine.pictures.render import PictureWorker
from bot.engine.prompting import Prompting
from bot.engine.reply import Replier
from bot.engine.services import Services
from bot.engine.stories import Stories
from bot.engine.turn import Turns
from bot.guard.guard import Guard
from bot.guard.rules import GuardRules
from bot.settings import HostWorkflow, Settings
from bot.storage import characters
from bot.storage.assets import AssetStore
from bot.storage.database import Database
from bot.work.jobs import JobRunner
from bot.work.lanes import Lanes, PictureLocks
from bot.work.queues import BackendQueue
from bot.work.retry import RetryPolicy
from providers.contract import ChatModel, ImageBackend
from providers.errors import ProviderError
from providers.http import close_clients
from providers.registry import build_chat, build_images

log = structlog.get_logger(__name__)


class FrontEnd(Protocol):
    """A chat platform's connection: implements ``Platform`` as well."""

    name: str

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def build_models(settings: Settings) -> tuple[dict[str, ChatModel], dict[str, ImageBackend]]:
    """The configured chat models and image backends, in the host's order."""
    return (
        {name: build_chat(config) for name, config in settings.chat.items()},
        {name: build_images(config) for name, config in settings.images.items()},
    )


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[Engine]:
    """The engine on its storage, without front ends; closes everything afterwards."""
    models, backends = build_models(settings)
    db = await Database.open(settings.storage.database)
    try:
        services = Services(
            db=db,
            assets=AssetStore(db, Path(settings.storage.assets)),
            guard=Guard(GuardRules(**settings.guard.model_dump())),
            lanes=Lanes(),
            catalogue=build_catalogue(),
            defaults=settings.defaults.settings,
            default_character=settings.defaults.character or builtin_characters()[0].name,
            chat_models=models,
            backends=backends,
            writer_name=settings.writer.chat,
            templates=host_templates(settings.templates),
            models=settings.models,
            fallbacks={name: config.fallbacks for name, config in settings.images.items()},
            workflows=host_workflows(settings),
        )
        async with db.write() as c:
            for card in builtin_characters():
                await characters.ensure_builtin(c, card.name, card.data, prefix=card.prefix, negative=card.negative)
        yield wire(services, settings)
    finally:
        for model in models.values():
            await model.close()
        for backend in backends.values():
            await backend.close()
        await close_clients()
        await db.close()


def host_workflows(settings: Settings) -> dict[str, Workflow]:
    """The ComfyUI workflows of the host, read from their files. Raises ``ConfigurationError`` naming the file that cannot be used."""
    return {name: host_workflow(name, table) for name, table in settings.workflows.items()}


def host_workflow(name: str, table: HostWorkflow) -> Workflow:
    """One workflow of the host."""
    try:
        graph, image = (read_graph(file_bytes(path), HOST_BYTES) if path else "" for path in (table.text, table.image))
    except UserError as error:
        raise ConfigurationError(f"workflows.{name}: {error}") from error
    return Workflow(name=name, graph=graph, image_graph=image, custom=table.custom, origin="host")


def host_templates(folder: Path | None) -> dict[str, str]:
    """The host's templates. Raises ``ConfigurationError`` naming the file that cannot be used."""
    if folder is None:
        return {}
    try:
        return prompts.overrides_from(folder)
    except (prompts.BadTemplate, OSError) as error:
        raise ConfigurationError(f"templates = {str(folder)!r}: {error}") from error


def wire(services: Services, settings: Settings) -> Engine:
    """Connect the engine's parts."""
    replier = Replier(services, Prompting(services))
    services.presenter = Presenter(services, PictureLocks())
    services.drafter = Drafter(services, replier)
    services.flow = PictureFlow(services, services.presenter)
    services.stories = Stories(services, services.flow, replier)
    services.turns = Turns(services, services.flow, replier)
    queues = {name: BackendQueue(config.concurrency) for name, config in settings.images.items()}
    worker = PictureWorker(services, services.presenter, services.drafter, queues, RetryPolicy())
    services.worker = worker
    services.jobs = JobRunner(services.db, worker.run, worker.failed)
    return Engine(services, services.turns)


def build_front_ends(settings: Settings, engine: Engine) -> list[FrontEnd]:
    """The front ends the host configured; their libraries are imported only then."""
    ends: list[FrontEnd] = []
    if settings.web.enabled:
        from bot.frontends.web.server import WebFrontEnd

        ends.append(WebFrontEnd(settings.web, engine))
    if settings.discord.token:
        from bot.frontends.discord.front_end import DiscordFrontEnd

        ends.append(DiscordFrontEnd(settings.discord.token.get_secret_value(), engine, api_base=settings.discord.api_base or None))
    if settings.telegram.token:
        from bot.frontends.telegram.frontend import TelegramFrontEnd

        ends.append(TelegramFrontEnd(settings.telegram.token.get_secret_value(), settings.telegram.api_base, engine))
    return ends


async def run(settings: Settings) -> None:
    """Run Vignette until it is told to stop (SIGINT or SIGTERM)."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on the loop
            loop.add_signal_handler(name, stopping.set)
    async with open_engine(settings) as engine:
        ends = build_front_ends(settings, engine)
        engine.services.platforms.update({end.name: end for end in ends})  # type: ignore[misc]
        started: list[FrontEnd] = []
        learning: asyncio.Task[None] | None = None
        try:
            for end in ends:
                await end.start()
                started.append(end)
            await engine.start()
            learning = asyncio.create_task(learn_models(engine.services.chat_models, engine.services.unusable))
            _announce(engine)
            await stopping.wait()
        finally:
            log.info("stopping")
            if learning is not None:
                learning.cancel()
            await engine.stop()  # first: answers under way still need their platform; what comes now is stored for the next start
            for end in reversed(started):
                await end.stop()


async def learn_models(models: Mapping[str, ChatModel], unusable: dict[str, str]) -> None:
    """Ask every chat model once what it is: own servers tell their window, vision and tools. What is wrong is logged and put into
    ``unusable``, for the page; ``vignette doctor`` explains it."""
    for name, model in models.items():
        try:
            health = await model.check()
        except ProviderError as error:
            log.warning("chat model not usable now", name=name, kind=str(error.kind), detail=error.host_detail)
            unusable[name] = str(error)
        else:
            if health.problems:
                unusable[name] = health.problems[0]
            log.info("chat model checked", name=name, found=health.summary, problems=health.problems or None)


def _announce(engine: Engine) -> None:
    """One clear line on what is running."""
    services = engine.services
    chat = ", ".join(f"{model.name} ({model.model})" for model in services.chat_models.values())
    page = getattr(services.platforms.get("web"), "address", "")  # with the port it really got
    log.info(
        f"Vignette is ready: open {page} in a browser" if page else "Vignette is ready; the page is off",
        platforms=", ".join(services.platforms) or "none",
        chat=chat or "none; the README tells how to add a [chat.NAME] table",
        pictures=", ".join(services.backends) or "none",
    )
