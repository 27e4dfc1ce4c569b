"""How often texts may be edited. Telegram's flood limits are unpublished; sends and edits share them."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

PRIVATE_EVERY = 1.5
"""Seconds between edits in a private chat; sustained rates of one in 1.5-3 s are reported to be safe."""
GROUP_EVERY = 3.5
"""Seconds between edits in a group, which has 20 messages and edits a minute."""
_KEPT = 4096


class Pacer:
    """Times of the last edit in each chat, and until when a chat is blocked by a flood limit."""

    def __init__(self, private_every: float = PRIVATE_EVERY, group_every: float = GROUP_EVERY) -> None:
        self._every = (private_every, group_every)
        self._free_at: OrderedDict[int, float] = OrderedDict()

    def take(self, chat_id: int) -> bool:
        """Whether an edit that could as well be left out may be made now; counts it if so."""
        if self._wait(chat_id) > 0:
            return False
        self.count(chat_id)
        return True

    async def turn(self, chat_id: int) -> None:
        """Wait until an edit is due and count it."""
        while (wait := self._wait(chat_id)) > 0:  # noqa: ASYNC110 - the time can move while we sleep
            await asyncio.sleep(wait)
        self.count(chat_id)

    def count(self, chat_id: int) -> None:
        """Something was sent or edited."""
        self._set(chat_id, time.monotonic() + self._every[chat_id < 0])

    def block(self, chat_id: int, seconds: float) -> None:
        """A flood limit was hit."""
        self._set(chat_id, time.monotonic() + seconds)

    def _wait(self, chat_id: int) -> float:
        return self._free_at.get(chat_id, 0.0) - time.monotonic()

    def _set(self, chat_id: int, until: float) -> None:
        self._free_at[chat_id] = max(until, self._free_at.get(chat_id, 0.0))
        self._free_at.move_to_end(chat_id)
        while len(self._free_at) > _KEPT:
            self._free_at.popitem(last=False)
