"""How updates come in: none is confirmed to Telegram before it is safe.

python-telegram-bot's ``Updater`` awaits ``update_queue.put`` for every update of a batch and only then moves the offset that confirms
the batch with the next ``getUpdates``. ``put`` here stores instead of queueing. Where that fails, it raises a ``TelegramError``: the
updater waits and fetches the same batch again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog
from telegram import Update
from telegram.error import TelegramError

log = structlog.get_logger(__name__)

ATTEMPTS = 60
"""Tries to store one update, half an hour at the updater's pace, before it is given up so that others get through."""
_REMEMBERED = 2000


class Intake(asyncio.Queue[object]):
    """The updater's queue. ``store`` returns once the update is safe, and starts what is slow as tasks."""

    def __init__(self, store: Callable[[Update], Awaitable[None]]) -> None:
        super().__init__()
        self._store = store
        self._stored: OrderedDict[int, None] = OrderedDict()
        self._failed: dict[int, int] = {}

    async def put(self, item: object) -> None:
        if not isinstance(item, Update) or item.update_id in self._stored:
            return
        try:
            await self._store(item)
        except Exception as error:
            tries = self._failed[item.update_id] = self._failed.get(item.update_id, 0) + 1
            log.error("telegram update not stored", update=item.update_id, tries=tries, exc_info=error)
            if tries < ATTEMPTS:
                raise TelegramError("an update could not be stored; fetching it again") from error
        self._failed.pop(item.update_id, None)
        self._stored[item.update_id] = None
        while len(self._stored) > _REMEMBERED:
            self._stored.popitem(last=False)
