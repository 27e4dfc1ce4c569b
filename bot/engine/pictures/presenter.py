"""Keeps a picture's post in step with its row: one show at a time per picture, paced progress, stored handles."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from bot.domain.errors import PlatformError
from bot.domain.posts import PictureState, PictureView
from bot.engine.pictures.view import picture_view
from bot.engine.services import Services
from bot.storage import chats, pictures
from bot.storage.records import Chat, Picture
from bot.work.lanes import PictureLocks

log = structlog.get_logger(__name__)

PROGRESS_EVERY = 2.5  # seconds between progress edits; Telegram and Discord both slow down faster editors


class Presenter:
    """Shows pictures on whatever platform their chat is on."""

    def __init__(self, services: Services, locks: PictureLocks) -> None:
        self._services = services
        self._locks = locks

    async def show(
        self,
        picture_id: int,
        state: PictureState,
        text: str,
        *,
        progress: float | None = None,
        index: int | None = None,
        retry: bool = True,
        search: bool = False,
    ) -> Picture:
        """Bring the post of a picture to ``state`` and store what the platform answers. ``search`` looks for a post that an
        earlier life of the process may have sent. Quiet and deleted pictures are not shown. Raises ``PlatformError``."""
        async with self._locks.lock(str(picture_id)):
            chat, picture = await self._load(picture_id)
            if index is not None and picture.takes and index != picture.shown:
                async with self._services.db.write() as c:
                    await pictures.set_shown(c, picture_id, index)
                chat, picture = await self._load(picture_id)
            platform = self._services.platforms.get(picture.chat_key.platform)
            if picture.deleted or picture.request.overrides.quiet:
                return picture
            if platform is None:
                raise PlatformError(f"{picture.chat_key.platform} is not connected.")
            if search and picture.message_id is None:
                found = await platform.find(picture.chat_key, picture.key)
                if found is not None:
                    async with self._services.db.write() as c:
                        await pictures.set_message(c, picture_id, found)
                    chat, picture = await self._load(picture_id)
            view = picture_view(self._services, chat, picture, state, text, progress=progress, retry=retry)
            return await self._send(picture, view)

    async def _send(self, picture: Picture, view: PictureView) -> Picture:
        shown = await self._services.platforms[view.chat.platform].show(view)
        handles = {take.id: take.handle for take in picture.takes if take.handle}
        if shown.message_id != picture.message_id or shown.handles != handles:
            async with self._services.db.write() as c:
                if shown.message_id != picture.message_id:
                    await pictures.set_message(c, picture.id, shown.message_id)
                if shown.handles != handles:
                    await pictures.set_handles(c, picture.id, shown.handles)
        return picture

    async def _load(self, picture_id: int) -> tuple[Chat, Picture]:
        async with self._services.db.read() as c:
            picture = await pictures.by_id(c, picture_id)
            chat = await chats.by_id(c, picture.chat_id, self._services.defaults) if picture else None
        if picture is None or chat is None:
            raise PlatformError("The chat was forgotten meanwhile.", gone=True)
        return chat, picture


class ProgressLine:
    """Shows the newest progress text of one job, at a bearable pace, and never after it was closed."""

    def __init__(
        self, presenter: Presenter, picture_id: int, every: float = PROGRESS_EVERY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._presenter = presenter
        self._picture_id = picture_id
        self._every = every
        self._clock = clock
        self._latest: tuple[PictureState, str, float | None] | None = None
        self._shown: tuple[PictureState, str] | None = None
        self._last = clock()
        self._task: asyncio.Task[None] | None = None
        self._sending = False

    def update(self, state: PictureState, text: str, fraction: float | None = None) -> None:
        """Note the newest state; returns at once."""
        if (state, text) == self._shown:
            return
        self._latest = (state, text, fraction)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._latest is not None:
            wait = self._last + self._every - self._clock()
            if wait > 0:
                await asyncio.sleep(wait)
            latest, self._latest = self._latest, None
            self._last = self._clock()
            self._sending = True
            try:
                await self._presenter.show(self._picture_id, latest[0], latest[1], progress=latest[2])
                self._shown = latest[:2]
            except PlatformError as error:
                log.info("progress not shown", picture=self._picture_id, reason=error.message)
            finally:
                self._sending = False

    async def close(self) -> None:
        """Stop; waits for an edit in flight, so that nothing comes after the final one."""
        self._latest = None
        task, self._task = self._task, None
        if task is None or task.done():
            return
        if not self._sending:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
