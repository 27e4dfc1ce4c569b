"""A database with a chat in it, and values to put there."""

from __future__ import annotations

import asyncio
import io
import shutil
from pathlib import Path

from PIL import Image

from bot.domain.chat_settings import ChatSettings
from bot.domain.pictures import PictureRequest, RenderPlan
from bot.domain.places import ChatKey, Person, Place
from bot.storage import chats, jobs, pictures
from bot.storage.database import Database
from bot.storage.records import Chat, Job, Picture

KEY = ChatKey("discord", "77", "1000")
OTHER = ChatKey("discord", "77", "1001")
PLACE = Place(title="garden")
ANN = Person(id="5", name="Ann")
DEFAULTS = ChatSettings(steps=25, style="Ink")
PLAN = RenderPlan(backend="sketch", prompt="a lighthouse", width=512, height=512, seed=7)


def build_template(folder: Path) -> Path:
    """An empty database with the newest schema, to be copied: building it takes longer than most tests."""
    path = folder / "template.db"

    async def build() -> None:
        await (await Database.open(path)).close()

    asyncio.run(build())
    return path


async def open_copy(template: Path, folder: Path) -> Database:
    path = folder / "vignette.db"
    shutil.copy(template, path)
    return await Database.open(path)


def wish(subject: str = "a lighthouse", chat: ChatKey = KEY, reply_to: str | None = None) -> PictureRequest:
    return PictureRequest(chat=chat, place=PLACE, requester=ANN, origin="words", mode="free", subject=subject, reply_to=reply_to)


def png(width: int = 8, height: int = 4, colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


async def a_chat(db: Database, key: ChatKey = KEY) -> Chat:
    async with db.write() as c:
        return await chats.open_chat(c, key, PLACE, DEFAULTS)


async def a_picture(db: Database, chat: Chat, subject: str = "a lighthouse") -> Picture:
    async with db.write() as c:
        return await pictures.add(c, pictures.new_key(), chat.id, wish(subject, chat.key))


async def a_job(db: Database, picture: Picture) -> Job:
    async with db.write() as c:
        return await jobs.add(c, picture.id, ANN, "discord:5", PLAN, "queued")
