"""A reply while it is written: one or more messages, edited at a pace Telegram bears, always brought to the final text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.domain.errors import PlatformError
from bot.domain.posts import Rows
from bot.frontends.telegram.calls import Calls, MessageMissing, Target
from bot.frontends.telegram.keyboards import keyboard
from bot.frontends.telegram.messages import Texts, pieces

log = structlog.get_logger(__name__)

TYPING_EVERY = 4.5
"""Seconds; Telegram shows a chat action for five (Bot API: sendChatAction)."""


class Reply:
    """Implements ``ReplySink``. In private chats nothing is quoted; in groups the first message answers ``answers``."""

    def __init__(
        self,
        calls: Calls,
        target: Target,
        *,
        answers: str | None,
        existing: tuple[str, ...],
        posted: Callable[[str], Awaitable[None]],
    ) -> None:
        self._calls = calls
        self._texts = Texts(calls)
        self._target = target
        self._answers = None if target.private else answers
        self._posted = posted
        self._ids = list(existing)
        self._shown: list[str | None] = [None] * len(existing)
        """What each message shows as far as we know; None for one that another turn wrote."""
        self._wanted: str | None = None
        self._lost: PlatformError | None = None
        """A message may have been sent without our learning its id: nothing more is sent then."""
        self._streaming: asyncio.Task[None] | None = None
        self._typing = asyncio.create_task(self._type())

    def show(self, text: str) -> None:
        self._wanted = text
        if self._streaming is None or self._streaming.done():
            self._streaming = asyncio.create_task(self._stream())

    async def finish(self, text: str, rows: Rows = ()) -> tuple[str, ...]:
        await self._stop()
        if self._lost is not None:
            raise self._lost
        parts = pieces(text)
        if not parts:
            await self.discard()
            return ()
        surplus = self._ids[len(parts) :]
        del self._ids[len(parts) :], self._shown[len(parts) :]
        await self._bring(parts, rows, patient=True, final=True)
        if surplus:
            await self._texts.delete(self._target, tuple(surplus))
        return tuple(self._ids)

    async def discard(self) -> None:
        await self._stop()
        touched = tuple(message_id for message_id, shown in zip(self._ids, self._shown, strict=True) if shown is not None)
        if not touched:
            return
        try:
            await self._texts.delete(self._target, touched)
        except PlatformError as error:
            log.info("unfinished reply not removed", chat=self._target.chat_id, reason=error.message)

    async def _stop(self) -> None:
        """End streaming. A call in flight is awaited, never cancelled: its outcome would be unknown."""
        self._wanted = None
        self._typing.cancel()
        tasks = [task for task in (self._typing, self._streaming) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _stream(self) -> None:
        """Show the newest text again and again until it stands still."""
        last: str | None = ""
        while self._wanted != last and self._lost is None:
            if any(shown is not None for shown in self._shown):
                await self._calls.pacer.turn(self._target.chat_id)
            last = self._wanted
            if last is None:
                return
            try:
                await self._bring(pieces(last), (), patient=False, final=False)
            except PlatformError as error:
                log.debug("streamed text not shown", chat=self._target.chat_id, reason=error.message)
                if error.gone:
                    return

    async def _bring(self, parts: list[str], rows: Rows, *, patient: bool, final: bool) -> None:
        """Make the messages show ``parts``, changing only those that differ; buttons go under the last."""
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            buttons = keyboard(rows) if last else None
            if number < len(self._ids):
                if self._shown[number] == part and not (last and final and rows):
                    continue
                try:
                    await self._texts.edit(self._target, self._ids[number], part, buttons=buttons, patient=patient)
                    self._shown[number] = part
                    continue
                except MessageMissing:
                    if not final:
                        raise
            await self._send(number, part, rows if last else ())

    async def _send(self, number: int, part: str, rows: Rows) -> None:
        try:
            message_id = await self._texts.send(self._target, part, answers=self._answers if number == 0 else None, buttons=keyboard(rows))
        except PlatformError as error:
            if error.uncertain:
                self._lost = error
            raise
        self._typing.cancel()
        if number < len(self._ids):
            self._ids[number], self._shown[number] = message_id, part
        else:
            self._ids.append(message_id)
            self._shown.append(part)
        await self._posted(message_id)

    async def _type(self) -> None:
        """Show that the bot is typing: again and again in private, once in groups, where every call counts."""
        while True:
            try:
                await self._calls.bot.send_chat_action(self._target.chat_id, ChatAction.TYPING, message_thread_id=self._target.thread)
            except TelegramError as error:
                log.debug("chat action refused", chat=self._target.chat_id, reason=type(error).__name__)
                return
            if not self._target.private:
                return
            await asyncio.sleep(TYPING_EVERY)
