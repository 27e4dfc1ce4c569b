"""Telegram as the engine sees it: the connection, and the ``Platform`` port."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog
from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Updater
from telegram.request import HTTPXRequest

from bot.domain.errors import ConfigurationError
from bot.domain.events import Attachment
from bot.domain.places import ChatKey
from bot.domain.posts import PictureView, Post, Shown, Speaker
from bot.frontends.telegram.calls import Calls, Target
from bot.frontends.telegram.dispatch import KINDS, Dispatcher
from bot.frontends.telegram.files import Files
from bot.frontends.telegram.forms import Forms
from bot.frontends.telegram.intake import Intake
from bot.frontends.telegram.menu import set_menu
from bot.frontends.telegram.messages import Texts
from bot.frontends.telegram.notes import Notes, StoredNotes
from bot.frontends.telegram.pacing import Pacer
from bot.frontends.telegram.pictures import Pictures
from bot.frontends.telegram.posts import Posts
from bot.frontends.telegram.replies import Reply
from bot.frontends.telegram.topics import Topics

if TYPE_CHECKING:
    from bot.engine.engine import Engine

log = structlog.get_logger(__name__)

API = "https://api.telegram.org"
POLL = 30
"""Seconds a poll is held (the server's own limit is 50)."""
GRACE = 5.0
"""Seconds that running answers are given when stopping."""
_LONGEST_PAUSE = 60.0


class TelegramFrontEnd:
    """One bot. ``api_base`` is the root of a Bot API server, such as ``http://127.0.0.1:8081``. Implements ``Platform``."""

    name = "telegram"

    def __init__(self, token: str, api_base: str, engine: Engine, *, notes: Notes | None = None, pacer: Pacer | None = None) -> None:
        for noisy in ("httpx", "httpcore"):  # they log every address, and the token is part of it
            logging.getLogger(noisy).setLevel(logging.WARNING)
        root = (api_base or API).rstrip("/")
        self._engine = engine
        self._notes = notes or StoredNotes(engine.services.db)
        self._bot = Bot(
            token,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            # media_write_timeout, not write_timeout, is what counts for uploads
            request=HTTPXRequest(
                connection_pool_size=128, read_timeout=30, write_timeout=30, connect_timeout=10, pool_timeout=10, media_write_timeout=120
            ),
            # an interrupted poll can hold its connection for ever: one alone would not do
            get_updates_request=HTTPXRequest(connection_pool_size=4, read_timeout=10, connect_timeout=10, pool_timeout=5),
        )
        self._calls = Calls(self._bot, pacer or Pacer(), self._moved)
        self._posts = Posts(self._calls)
        self._pictures = Pictures(self._calls)
        self._texts = Texts(self._calls)
        self._files = Files(self._bot)
        self._topics = Topics(self._notes)
        forms = Forms(self._texts, self._notes)
        self._dispatch = Dispatcher(engine, self._calls, self._posts, forms, self._topics, self._notes)
        self._updater = Updater(self._bot, Intake(self._dispatch.store))
        self._connecting: asyncio.Task[None] | None = None

    # connection

    async def start(self) -> None:
        """Connect and begin to poll. Where Telegram cannot be reached, goes on trying in the background. Raises
        ``ConfigurationError`` when Telegram refuses the token."""
        if not await self._connect():
            self._connecting = asyncio.create_task(self._keep_connecting())

    async def stop(self) -> None:
        """Stop fetching, then let running answers finish for a moment, then close."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._updater.running:
            await self._updater.stop()
        await self._dispatch.stop(GRACE)
        await self._updater.shutdown()
        await self._bot.shutdown()  # the updater leaves it open when it never got as far as the first answer

    async def _connect(self) -> bool:
        try:
            await self._updater.initialize()
            await self._dispatch.albums.restore()
            await self._updater.start_polling(timeout=POLL, allowed_updates=KINDS, bootstrap_retries=3, error_callback=_poll_failed)
        except InvalidToken:
            raise ConfigurationError("Telegram refused the bot token: check [telegram] token.") from None  # its text holds the token
        except TelegramError as error:
            log.warning("telegram cannot be reached", reason=type(error).__name__)
            return False
        log.info("telegram connected", bot=f"@{self._bot.username}", all_group_messages=self._bot.bot.can_read_all_group_messages)
        try:
            await set_menu(self._bot, self._engine.catalogue, self._notes)
        except TelegramError as error:
            log.warning("telegram command menu not set", reason=error.message)
        return True

    async def _keep_connecting(self) -> None:
        pause = 1.0
        while True:
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
            try:
                if await self._connect():
                    return
            except ConfigurationError as error:
                log.error("telegram is off", reason=error.message)
                return

    async def _moved(self, old: int, new: int) -> None:
        await self._dispatch.moved(old, new)

    # Platform

    async def open_reply(
        self,
        chat: ChatKey,
        *,
        speaker: Speaker,
        reply_to: str | None,
        existing: tuple[str, ...],
        posted: Callable[[str], Awaitable[None]],
    ) -> Reply:
        """Telegram bots have one face: ``speaker`` is not shown."""
        return Reply(self._calls, Target.of(chat), answers=reply_to, existing=existing, posted=posted)

    async def post(self, chat: ChatKey, post: Post) -> str:
        return await self._posts.send(Target.of(chat), post)

    async def edit(self, chat: ChatKey, message_id: str, post: Post) -> None:
        await self._posts.edit(Target.of(chat), message_id, post)

    async def show(self, view: PictureView) -> Shown:
        shown = await self._pictures.show(view)
        if shown.message_id != view.message_id:
            await self._topics.remember(view.chat, shown.message_id)
        return shown

    async def find(self, chat: ChatKey, key: str) -> str | None:
        """Bots cannot read history."""
        return None

    async def delete(self, chat: ChatKey, message_ids: tuple[str, ...]) -> None:
        await self._texts.delete(Target.of(chat), message_ids)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        return await self._files.fetch(attachment, limit)

    async def avatar(self, chat: ChatKey, person_id: str, limit: int) -> bytes | None:
        return await self._files.avatar(person_id, limit)


def _poll_failed(error: TelegramError) -> None:
    log.warning("telegram poll failed", kind=type(error).__name__, reason=error.message)
