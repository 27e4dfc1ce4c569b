"""Who is looking at which chat: open pages get every change as a piece of HTML."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

from bot.domain.places import ChatKey

BACKLOG = 500  # pieces a slow page may be behind before it is told to load anew


class Hub:
    """Hands pieces of HTML to every open page of a chat."""

    def __init__(self) -> None:
        self._pages: dict[ChatKey, set[asyncio.Queue[str | None]]] = defaultdict(set)

    def publish(self, chat: ChatKey, html: str) -> None:
        """Send a piece to all pages of the chat; a page that cannot keep up is cut off and reconnects."""
        for queue in list(self._pages.get(chat, ())):
            try:
                queue.put_nowait(html)
            except asyncio.QueueFull:
                self._pages[chat].discard(queue)
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)

    async def listen(self, chat: ChatKey) -> AsyncIterator[str]:
        """The pieces for one page, until it leaves or the program stops."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(BACKLOG)
        self._pages[chat].add(queue)
        try:
            while (html := await queue.get()) is not None:
                yield html
        finally:
            self._pages[chat].discard(queue)
            if not self._pages[chat]:
                del self._pages[chat]

    def close(self) -> None:
        """End every page's stream."""
        for queues in list(self._pages.values()):
            for queue in list(queues):
                try:
                    queue.put_nowait(None)
                except asyncio.QueueFull:
                    queue.get_nowait()
                    queue.put_nowait(None)
