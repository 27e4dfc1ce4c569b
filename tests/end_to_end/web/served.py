"""The page in this process: a real engine and a real server on a free port, with stand-ins for the models."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from bot.domain.chat_settings import ChatSettings
from bot.domain.places import ChatKey
from bot.engine.engine import Engine
from bot.frontends.web.server import WebFrontEnd
from bot.frontends.web.story import chat_key
from bot.settings import WebSettings
from tests.engine_world import PLENTY, open_services, wire_world
from tests.fakes import FakeBackend, FakeChat

MAIN: ChatKey = chat_key("main")


class Served:
    """A running page and what is behind it."""

    def __init__(self, engine: Engine, front: WebFrontEnd, chat: FakeChat, backend: FakeBackend) -> None:
        self.engine, self.front, self.chat, self.backend = engine, front, chat, backend
        self.url = front.address
        self.client = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20, headers={"accept": "text/html"})
        self.html = ""

    async def load(self, path: str = "/c/main/") -> str:
        """Load the story as a browser does."""
        self.html = (await self.client.get(path)).text
        return self.html

    @property
    def token(self) -> dict[str, str]:
        """The header that requests of the page carry."""
        found = re.search(r'data-token="([^"]+)"', self.html)
        return {"X-CSRF-Token": found[1] if found else ""}

    async def post(self, where: str, /, files: Any = None, **values: str) -> httpx.Response:
        if not self.html:
            await self.load()
        return await self.client.post(f"/c/main/{where}", data=values, files=files, headers=self.token)

    async def say(self, words: str, **more: Any) -> httpx.Response:
        """Say something, wait until it is answered, and load the story again."""
        answer = await self.post("say", text=words, **more)
        await self.engine.services.lanes.idle()
        await self.load()
        return answer


@asynccontextmanager
async def served(
    template: Path,
    folder: Path,
    *,
    chat: FakeChat | None = None,
    backend: FakeBackend | None = None,
    token: str = "",
    port: int = 0,
    **more: Any,
) -> AsyncIterator[Served]:
    """The page on a free port; ``port`` gives it a certain one. Storage stays in ``folder`` for the next one."""
    chat, backend = chat or FakeChat(tools=False), backend or FakeBackend()
    database = folder / "vignette.db"
    if not database.exists():
        await asyncio.to_thread(shutil.copy, template, database)
    settings = ChatSettings(**{"character_pictures": "off", **more})
    services = await open_services(
        database, folder, models={chat.name: chat}, backends={backend.name: backend}, rules=PLENTY, defaults=settings
    )
    engine = wire_world(services)
    front = WebFrontEnd(WebSettings(port=port, access_token=token or None), engine)
    services.platforms["web"] = front
    await front.start()
    await engine.start()
    running = Served(engine, front, chat, backend)
    try:
        yield running
    finally:
        await running.client.aclose()
        await front.stop()
        await engine.stop(grace=0.5)
        await services.db.close()
