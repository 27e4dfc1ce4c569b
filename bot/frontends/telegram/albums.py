"""Albums of people: Telegram sends each picture as an update of its own, with no mark on the last."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import structlog
from telegram import Bot, Message

from bot.frontends.telegram.notes import Notes

log = structlog.get_logger(__name__)

QUIET = 1.0
"""Seconds without another part after which an album is taken as complete."""
AGAIN = 5.0
"""Seconds until a complete album that could not be stored is tried again."""
_NOTE = "telegram:albums"


class Albums:
    """Collects albums. The parts are kept in a note, so that a restart in between loses none."""

    def __init__(self, bot: Bot, notes: Notes, complete: Callable[[list[Message]], Awaitable[None]], quiet: float = QUIET) -> None:
        self._bot = bot
        self._notes = notes
        self._complete = complete
        self._quiet = quiet
        self._parts: dict[tuple[int, str], dict[int, Message]] = {}
        self._timers: dict[tuple[int, str], asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._complete_ones: list[dict[int, Message]] = []
        self._writing = asyncio.Lock()

    async def restore(self) -> None:
        """Take up what an earlier process was collecting."""
        stored = await self._notes.get(_NOTE)
        for data in json.loads(stored) if stored else ():
            message = Message.de_json(data, self._bot)
            self._collect(message)

    async def add(self, message: Message) -> None:
        """Keep a part; returns once it is stored."""
        key = self._collect(message)
        try:
            await self._save()
        except Exception:
            self._parts.get(key, {}).pop(message.message_id, None)
            raise

    def stop(self) -> None:
        """Leave what is being collected to the next start."""
        for task in (*self._timers.values(), *self._closing):
            task.cancel()

    def _collect(self, message: Message) -> tuple[int, str]:
        key = (message.chat.id, message.media_group_id or "")
        self._parts.setdefault(key, {})[message.message_id] = message
        if timer := self._timers.pop(key, None):
            timer.cancel()
        self._timers[key] = asyncio.create_task(self._close(key))
        return key

    async def _close(self, key: tuple[int, str]) -> None:
        await asyncio.sleep(self._quiet)
        if timer := self._timers.pop(key, None):
            self._closing.add(timer)
            timer.add_done_callback(self._closing.discard)
        parts = self._parts.pop(key)  # from here on a late part begins an album of its own
        self._complete_ones.append(parts)
        while parts:
            try:
                await self._complete([parts[number] for number in sorted(parts)])
                break
            except Exception as error:
                log.error("album not stored", chat=key[0], exc_info=error)
                await asyncio.sleep(AGAIN)
        self._complete_ones.remove(parts)
        await self._save()

    async def _save(self) -> None:
        async with self._writing:
            collected = (*self._parts.values(), *self._complete_ones)
            waiting = [message.to_dict() for parts in collected for message in parts.values()]
            if waiting:
                await self._notes.put(_NOTE, json.dumps(waiting))
            else:
                await self._notes.remove(_NOTE)
