"""Control reactions: put under posts, cleared after use, and the way back to who pressed by one.

Discord lets about one reaction per quarter second through and discord.py waits that long in each call, so all of this runs beside the
caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import discord
import structlog

from bot.domain.errors import PlatformError
from bot.domain.places import ChatKey
from bot.domain.posts import Button, Form, Post
from bot.engine.commands.catalogue import Catalogue
from bot.frontends.discord.calls import attempt
from bot.frontends.discord.forms import FORM_BUTTON, FormShelf
from bot.frontends.discord.messages import Messages
from bot.frontends.discord.places import NAME

log = structlog.get_logger(__name__)

NOTICE_SECONDS = 60.0
"""How long a notice to one person stays in a server's channel when it came by a reaction, where Discord knows no private answer."""


class Reactions:
    """The bot's control reactions, and those of players that have been used."""

    def __init__(self, messages: Messages, catalogue: Catalogue) -> None:
        self._messages = messages
        self._catalogue = catalogue
        self._placed: dict[str, None] = {}
        self._forbidden: set[ChatKey] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def place(self, chat: ChatKey, message_id: str, names: tuple[str, ...]) -> None:
        """Put the emoji of these controls under a post, once."""
        if message_id in self._placed or not names:
            return
        self._placed[message_id] = None
        while len(self._placed) > 1000:
            del self._placed[next(iter(self._placed))]
        self._start(self._place(chat, message_id, [e for n in names if (e := self._emoji(n))]))

    def _emoji(self, name: str) -> str | None:
        control = self._catalogue.controls.get(name)
        return next(iter(control.reactions.get(NAME, ())), None) if control else None

    def clear(self, chat: ChatKey, message_id: int, emoji: str, user_id: int) -> None:
        """Take a player's reaction away, so that it can be used again. Needs Manage Messages; a refusal is remembered per chat."""
        if chat not in self._forbidden:
            self._start(self._clear(chat, message_id, emoji, user_id))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _place(self, chat: ChatKey, message_id: str, emoji: list[str]) -> None:
        try:
            message = self._messages.channel(chat).get_partial_message(int(message_id))
            for one in emoji:
                await attempt(lambda one=one: message.add_reaction(one), tries=3)  # type: ignore[misc]
        except PlatformError as error:
            log.info("control reactions not placed", chat=str(chat), message=message_id, reason=error.host_detail)

    async def _clear(self, chat: ChatKey, message_id: int, emoji: str, user_id: int) -> None:
        try:
            message = self._messages.channel(chat).get_partial_message(message_id)
            await attempt(lambda: message.remove_reaction(emoji, discord.Object(user_id)), tries=2)
        except PlatformError as error:
            if error.gone:
                self._forbidden.add(chat)
            log.info("a player's reaction stays", chat=str(chat), message=message_id, reason=error.host_detail)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class ReactionResponder:
    """Answers somebody who pressed by a reaction: by a reply to the post, gone after a while when it was meant for one person."""

    def __init__(self, messages: Messages, chat: ChatKey, message_id: str, shelf: FormShelf) -> None:
        self._messages = messages
        self._chat = chat
        self._message_id = message_id
        self._shelf = shelf

    async def answer(self, post: Post) -> str | None:
        if post.passing:
            return None
        body = (await self._messages.bodies(post, self._messages.file_limit(self._chat)))[0]
        message = await self._messages.send(self._chat, body, reply_to=self._message_id)
        if post.private and self._chat.place:
            await message.delete(delay=NOTICE_SECONDS)
            return None
        return str(message.id)

    async def ask(self, form: Form) -> None:
        self._shelf.put(form)
        await self.answer(Post(f"**{form.title}**", rows=((Button(FORM_BUTTON + form.id, "Open"),),), private=True))
