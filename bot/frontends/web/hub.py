"""Who is looking at which story: open pages get every change as a piece of HTML.

A piece is one element with an id, and the page puts it in the place of the element of that id, or at the end of the story. Sending a
piece twice changes nothing, and only the newest piece of an element counts: so a slow page never makes the program wait, and what it
has not read yet stays as small as what it shows.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator

from bot.domain.places import ChatKey

MOST_PIECES = 200  # elements a page may be behind before it is given the whole story anew


class Mailbox:
    """What one open page has not been given yet."""

    def __init__(self) -> None:
        self._pieces: dict[str, str] = {}
        self._wake = asyncio.Event()
        self.stale = False
        """The page needs the whole story."""
        self.closed = False

    def put(self, element: str, html: str) -> None:
        self._pieces[element] = html
        if len(self._pieces) > MOST_PIECES:
            self.refresh()
        self._wake.set()

    def refresh(self) -> None:
        """The whole story is newer than any piece waiting here."""
        self._pieces.clear()
        self.stale = True
        self._wake.set()

    def close(self) -> None:
        self.closed = True
        self._wake.set()

    async def changes(self) -> str:
        """Wait for something to happen; the pieces so far, in the order their elements appeared."""
        await self._wake.wait()
        self._wake.clear()
        html = "".join(self._pieces.values())
        self._pieces.clear()
        return html


class Hub:
    """Hands pieces of HTML to every open page of a story."""

    def __init__(self) -> None:
        self._pages: dict[ChatKey, set[Mailbox]] = defaultdict(set)
        self._epoch = secrets.token_hex(4)  # marks of another process mean nothing here
        self._counts: dict[ChatKey, int] = defaultdict(int)

    def mark(self, chat: ChatKey) -> str:
        """How far the story's changes have come. A page built at one mark and listening from the same one has missed nothing."""
        return f"{self._epoch}-{self._counts[chat]}"

    def publish(self, chat: ChatKey, element: str, html: str) -> None:
        """Put an element on all pages of the story, or in the place of what it was before."""
        self._counts[chat] += 1
        for page in self._pages.get(chat, ()):
            page.put(element, html)

    def remove(self, chat: ChatKey, element: str) -> None:
        """Take an element off all pages of the story. Ids are made by the program: letters, digits and dashes."""
        self.publish(chat, element, f'<div data-remove="{element}"></div>')

    def refresh(self, chat: ChatKey) -> None:
        """Give all pages of the story the whole of it anew."""
        self._counts[chat] += 1
        for page in self._pages.get(chat, ()):
            page.refresh()

    async def listen(self, chat: ChatKey, after: str) -> AsyncIterator[Mailbox]:
        """One mailbox, once per batch of changes, until the page leaves or the program stops; stale at first when the page has
        missed something since ``after``."""
        page = Mailbox()
        self._pages[chat].add(page)
        if after != self.mark(chat):
            page.refresh()
        try:
            while not page.closed:
                yield page
        finally:
            self._pages[chat].discard(page)
            if not self._pages[chat]:
                del self._pages[chat]

    def close(self) -> None:
        """End every page's stream."""
        for pages in list(self._pages.values()):
            for page in pages:
                page.close()
