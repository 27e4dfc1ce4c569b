"""An engine on a real database, wired to stand-ins, and a person who uses it."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.app import wire
from bot.domain.chat_settings import ChatSettings
from bot.domain.events import Attachment, CommandCall, Incoming, Press, Submission
from bot.domain.places import ChatKey, Person, Place
from bot.engine.cast.builtin import builtin_characters
from bot.engine.commands.all import build_catalogue
from bot.engine.engine import Engine
from bot.engine.pictures.render import PictureWorker
from bot.engine.services import Services
from bot.guard.guard import Guard
from bot.guard.rules import GuardRules
from bot.settings import Settings
from bot.storage import characters, chats, entries, jobs, pictures
from bot.storage.assets import AssetStore
from bot.storage.database import Database
from bot.storage.records import Chat, Entry, Job, Picture
from bot.work.jobs import JobRunner
from bot.work.lanes import Lanes
from bot.work.queues import BackendQueue
from bot.work.retry import RetryPolicy
from providers.contract import ChatModel, ImageBackend
from tests.fakes import FakeBackend, FakeChat, FakePlatform, FakeResponder

KEY = ChatKey("telegram", "", "1000")
PRIVATE = Place(private=True)
ANN = Person(id="5", name="Ann")
BOB = Person(id="6", name="Bob")
HURRY = RetryPolicy(first_wait=0, longest_wait=0, jitter=lambda: 0.0)
"""Tries again as often as usual, without the waits."""


class World:
    """The engine and what surrounds it."""

    def __init__(self, engine: Engine, chat: FakeChat, backend: FakeBackend, platform: FakePlatform) -> None:
        self.engine, self.chat, self.backend, self.platform = engine, chat, backend, platform
        self.services = engine.services
        self._ids = itertools.count(1)

    # what a person does

    def incoming(self, text: str, *, author: Person = ANN, key: ChatKey = KEY, place: Place = PRIVATE, **more: Any) -> Incoming:
        number = str(next(self._ids))
        fields = {"message_id": number, "sent_at": datetime.now(UTC), "addressed": True} | more
        return Incoming(chat=key, place=place, author=author, text=text, **fields)

    async def say(self, text: str, *, files: tuple[Attachment, ...] = (), **more: Any) -> Incoming:
        """Write a message and wait until it has been answered."""
        event = self.incoming(text, attachments=files, **more)
        assert await self.engine.hear(event)
        await self.services.lanes.idle()
        return event

    async def command(self, name: str, /, *, author: Person = ANN, place: Place = PRIVATE, **arguments: Any) -> FakeResponder:
        responder = FakeResponder()
        fields = ("target", "target_text", "message_id", "attachments", "target_attachments", "named_files")
        events = {k: arguments.pop(k) for k in fields if k in arguments}
        call = CommandCall(chat=KEY, place=place, author=author, name=name, arguments=arguments, call_id=f"c{next(self._ids)}", **events)
        await self.engine.run(call, responder)
        return responder

    async def press(self, control: str, *, author: Person = ANN, place: Place = PRIVATE, message_id: str = "77") -> FakeResponder:
        responder = FakeResponder()
        press = Press(chat=KEY, place=place, author=author, control=control, message_id=message_id, press_id=f"p{next(self._ids)}")
        await self.engine.press(press, responder)
        return responder

    async def submit(self, form: str, *, author: Person = ANN, **values: str) -> FakeResponder:
        responder = FakeResponder()
        submission = Submission(chat=KEY, place=PRIVATE, author=author, form=form, values=values, submission_id=f"s{next(self._ids)}")
        await self.engine.submit(submission, responder)
        return responder

    async def set(self, **settings: Any) -> None:
        """Change settings of the chat."""
        chat = await self.story()
        async with self.services.db.write() as c:
            await chats.change_settings(c, chat.id, settings)

    async def drawn(self) -> None:
        """Wait until no job runs."""
        while self.services.jobs.running:
            await asyncio.sleep(0.005)

    # what is stored

    async def story(self, key: ChatKey = KEY) -> Chat:
        async with self.services.db.write() as c:
            return await chats.open_chat(c, key, PRIVATE, self.services.defaults)

    async def told(self) -> list[Entry]:
        chat = await self.story()
        async with self.services.db.read() as c:
            return await entries.window(c, chat.id, 0)

    async def picture(self, key: str | None = None) -> Picture:
        """The picture with this key, or the newest one."""
        async with self.services.db.read() as c:
            found = await pictures.by_key(c, key or self.platform.shows[-1].key)
        assert found is not None
        return found

    async def job(self, job_id: int) -> Job:
        async with self.services.db.read() as c:
            found = await jobs.by_id(c, job_id)
        assert found is not None
        return found


def build_template(folder: Path) -> Path:
    """An empty database with the newest schema and the built-in cast, to be copied: building it takes longer than most tests."""
    path = folder / "engine-template.db"

    async def build() -> None:
        db = await Database.open(path)
        async with db.write() as c:
            for card in builtin_characters():
                await characters.ensure_builtin(c, card.name, card.data, prefix=card.prefix, negative=card.negative)
        await db.close()

    asyncio.run(build())
    return path


async def open_services(
    database: Path,
    folder: Path,
    *,
    models: dict[str, ChatModel],
    backends: dict[str, ImageBackend],
    rules: GuardRules,
    **more: Any,
) -> Services:
    """The engine's tools on this database file."""
    db = await Database.open(database)
    return Services(
        db=db,
        assets=AssetStore(db, folder / "assets"),
        guard=Guard(rules),
        lanes=Lanes(),
        catalogue=build_catalogue(),
        **{"defaults": ChatSettings(), "default_character": builtin_characters()[0].name, "writer_name": "", "workflows": {}, **more},
        chat_models=models,
        backends=backends,
    )


def wire_world(services: Services, retry: RetryPolicy = HURRY) -> Engine:
    """As the program wires it, with another retry policy."""
    images = {name: {"provider": "sketch"} for name in services.backends}
    engine = wire(services, Settings.model_validate({"images": images}))
    queues = {name: BackendQueue(1) for name in services.backends}
    services.worker = PictureWorker(services, services.presenter, services.drafter, queues, retry)
    services.jobs = JobRunner(services.db, services.worker.run, services.worker.failed)
    return engine


PLENTY = GuardRules(messages_per_person_per_minute=10**6, messages_per_chat_per_minute=10**6, pictures_per_person_per_hour=10**6,
                    pictures_per_chat_per_hour=10**6, pictures_per_person_per_day=10**6)  # fmt: skip


@asynccontextmanager
async def open_world(
    template: Path,
    folder: Path,
    *,
    chat: FakeChat | None = None,
    backend: FakeBackend | None = None,
    platform: FakePlatform | None = None,
    rules: GuardRules = PLENTY,
    fresh: bool = True,
    **more: Any,
) -> AsyncIterator[World]:
    """A world in ``folder``; ``fresh=False`` goes on with the database that an earlier one left there."""
    chat, backend, platform = chat or FakeChat(), backend or FakeBackend(), platform or FakePlatform()
    database = folder / "vignette.db"
    if fresh:
        await asyncio.to_thread(shutil.copy, template, database)
    drawing: dict[str, ImageBackend] = more.pop("backends", {backend.name: backend})
    talking: dict[str, ChatModel] = more.pop("models", {chat.name: chat})
    services = await open_services(database, folder, models=talking, backends=drawing, rules=rules, **more)
    services.platforms[platform.name] = platform
    world = World(wire_world(services), chat, backend, platform)
    try:
        yield world
    finally:
        await world.engine.stop(grace=0.5)
        await services.db.close()
