"""A reply in the making: typing, streamed edits at Discord's pace, the final text over as many messages as it needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
import discord
import structlog

from bot.domain.errors import PlatformError
from bot.domain.places import ChatKey
from bot.domain.posts import Rows
from bot.frontends.discord.calls import MessageGone
from bot.frontends.discord.layout import TEXT_LIMIT, buttons_view
from bot.frontends.discord.messages import Body, Messages, new_nonce
from bot.frontends.text import split

log = structlog.get_logger(__name__)

PACE = 1.2  # seconds between streamed edits; about 5 edits per 5 s and channel are let through


class DiscordReply:
    """One reply over one or more messages. At most one request is under way; only the newest text waits behind it."""

    def __init__(
        self,
        messages: Messages,
        chat: ChatKey,
        *,
        reply_to: str | None,
        existing: tuple[str, ...],
        posted: Callable[[str], Awaitable[None]],
        pace: float = PACE,
    ) -> None:
        self._messages = messages
        self._chat = chat
        self._reply_to = reply_to
        self._posted = posted
        self._pace = pace
        self._ids = list(existing)
        self._texts: list[str | None] = [None] * len(self._ids)
        """What each message is known to hold; None for those of an earlier life."""
        self._nonces: dict[int, str] = {}
        self._newest: str | None = None
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._typing = asyncio.create_task(self._show_typing())
        self._worker = asyncio.create_task(self._stream())

    def show(self, text: str) -> None:
        if text.strip():
            self._newest = text
            self._wake.set()

    async def finish(self, text: str, rows: Rows = ()) -> tuple[str, ...]:
        await self._close()
        if not text.strip():
            await self._remove(tuple(self._ids))
            return ()
        parts = split(text, TEXT_LIMIT)
        await self._bring(parts, rows)
        surplus = tuple(self._ids[len(parts) :])
        if surplus:
            await self._remove(surplus)
        return tuple(self._ids[: len(parts)])

    async def discard(self) -> None:
        await self._close()
        await self._remove(tuple(self._ids))
        self._ids.clear()

    async def _close(self) -> None:
        """Stop streaming. A request under way is waited for: cut off, nobody would know whether it was done."""
        self._closing.set()
        self._wake.set()
        self._typing.cancel()
        await asyncio.gather(self._worker, self._typing, return_exceptions=True)

    async def _remove(self, ids: tuple[str, ...]) -> None:
        try:
            await self._messages.delete(self._chat, ids)
        except PlatformError as error:
            log.warning("messages of a reply stay", chat=str(self._chat), messages=ids, reason=error.host_detail)

    async def _show_typing(self) -> None:
        try:
            async with self._messages.channel(self._chat).typing():
                await asyncio.Event().wait()
        except (discord.HTTPException, aiohttp.ClientError, OSError, PlatformError) as error:
            log.debug("typing not shown", chat=str(self._chat), reason=str(error))

    async def _stream(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._closing.is_set():
                return
            text, self._newest = self._newest, None
            if text is None:
                continue
            self._typing.cancel()
            begun = time.monotonic()
            try:
                await self._bring(split(text, TEXT_LIMIT))
            except PlatformError as error:
                log.info("streamed text not shown", chat=str(self._chat), reason=error.host_detail)
            await self._rest(begun + self._pace - time.monotonic())

    async def _rest(self, seconds: float) -> None:
        """Wait for the next edit's turn, or for the end of the reply."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), max(seconds, 0))

    async def _bring(self, parts: list[str], rows: Rows = ()) -> None:
        """Bring the messages to these texts; what is right already costs nothing."""
        for number, part in enumerate(parts):
            view = buttons_view(rows) if number == len(parts) - 1 else None
            if number >= len(self._ids):
                await self._send(number, part, view)
            elif self._texts[number] != part or view is not None:
                await self._edit(number, part, view)

    async def _send(self, number: int, part: str, view: discord.ui.View | None) -> None:
        nonce = self._nonces.setdefault(number, new_nonce())
        reply_to = self._reply_to if number == 0 else None
        message = await self._messages.send(self._chat, Body(part, view), nonce=nonce, reply_to=reply_to)
        self._ids.append(str(message.id))
        self._texts.append(message.content or part)
        await self._posted(str(message.id))
        if self._texts[number] != part:  # the nonce was known: an earlier try had posted an older text
            await self._edit(number, part, view)

    async def _edit(self, number: int, part: str, view: discord.ui.View | None) -> None:
        try:
            await self._messages.edit(self._chat, self._ids[number], Body(part, view))
            self._texts[number] = part
        except MessageGone:
            self._nonces[number] = new_nonce()
            message = await self._messages.send(self._chat, Body(part, view), nonce=self._nonces[number])
            self._ids[number], self._texts[number] = str(message.id), part
            await self._posted(str(message.id))
