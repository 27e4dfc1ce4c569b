"""The way back to one person for one interaction.

Discord gives three seconds for the first answer and fifteen minutes for all others; after that an answer becomes a message in the
channel, or is dropped with a word in the log when it was meant for one person.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import aiohttp
import discord
import structlog
from discord.utils import MISSING

from bot.domain.errors import PlatformError
from bot.domain.places import ChatKey
from bot.domain.posts import Button, Form, Post
from bot.frontends.discord.calls import ALREADY_ACKNOWLEDGED, INVALID_TOKEN, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, failure
from bot.frontends.discord.forms import FORM_BUTTON, FormShelf, modal_of
from bot.frontends.discord.messages import Body, Messages

log = structlog.get_logger(__name__)

First = Literal["none", "thinking", "silent", "said"]
"""How the interaction was answered first: not yet, «thinking…», silently, or with the answer itself (a message, a modal)."""


class InteractionResponder:
    """Answers one interaction. ``thinking`` shows that something is coming; else the acknowledgement is silent (buttons)."""

    def __init__(
        self, interaction: discord.Interaction, chat: ChatKey, messages: Messages, shelf: FormShelf, *, thinking: bool, private: bool
    ) -> None:
        self._interaction = interaction
        self._chat = chat
        self._messages = messages
        self._shelf = shelf
        self._thinking = thinking
        self._private = private
        self._first: First = "none"
        self._filled = False
        """The «thinking…» message has been filled or removed."""
        self._lock = asyncio.Lock()

    async def acknowledge(self) -> bool:
        """The first answer, where it was not given already; False when Discord does not know the interaction any more."""
        async with self._lock:
            if self._first != "none":
                return True
            defer = self._interaction.response.defer
            known = await self._first_answer(lambda: defer(ephemeral=self._private, thinking=self._thinking), looked_up=True)
            self._first = "thinking" if self._thinking else "silent"
            return known

    async def acknowledge_after(self, seconds: float) -> None:
        """A safety net for answers that must be the first one but may come late."""
        await asyncio.sleep(seconds)
        await self.acknowledge()

    async def _first_answer(self, send: Any, *, looked_up: bool) -> bool:
        """Give the first answer. When the connection broke, ask Discord whether it arrived before giving it again: twice is an error."""
        for last in (False, True):
            try:
                await send()
                return True
            except discord.HTTPException as error:
                if error.code == ALREADY_ACKNOWLEDGED:
                    return True
                if last or not isinstance(error, discord.DiscordServerError):
                    log.warning("interaction not acknowledged", chat=str(self._chat), reason=str(error))
                    return False
            except (aiohttp.ClientError, OSError) as error:
                if last:
                    log.warning("interaction not acknowledged", chat=str(self._chat), reason=str(error))
                    return False
                if looked_up and await self._arrived():
                    return True
        return False

    async def _arrived(self) -> bool:
        try:
            await self._interaction.original_response()
        except (discord.HTTPException, discord.ClientException, aiohttp.ClientError, OSError):
            return False
        return True

    async def answer(self, post: Post) -> str | None:
        async with self._lock:
            if self._interaction.is_expired():
                return await self._too_late(post)
            try:
                return await self._answer(post)
            except discord.HTTPException as error:
                if error.code in (INVALID_TOKEN, UNKNOWN_WEBHOOK):
                    return await self._too_late(post)
                raise failure(error) from error
            except (aiohttp.ClientError, OSError) as error:
                raise failure(error) from error

    async def _answer(self, post: Post) -> str | None:
        if post.passing:
            await self._remove_thinking()
            return None
        bodies = await self._messages.bodies(post, self._interaction.filesize_limit)
        if self._first == "none":
            first = bodies.pop(0)
            known = await self._first_answer(lambda: self._respond(first, post.private), looked_up=True)
            self._first, self._filled = "said", True
            if not known:
                raise PlatformError("Discord did not take the answer.", gone=True)
        elif self._first == "thinking" and not self._filled and (self._private or not post.private):
            self._filled = True
            last_id = await self._edit_original(bodies.pop(0))
            if not bodies:
                return None if self._private else last_id
        elif post.rows and self._on_private_message:
            await self._edit_original(bodies[-1])  # only this person sees it, so nobody else could edit it
            return None
        private = post.private or (self._private and self._first != "silent")
        in_the_way = self._first == "thinking" and not self._filled
        if in_the_way:  # the first follow-up would fill the public «thinking…», so that has to be filled before it and removed after
            await self._edit_original(Body("…"))
        last: str | None = None
        for body in bodies:
            last = await self._follow_up(body, private)
        if in_the_way:
            await self._remove_thinking()
        return None if private else last

    @property
    def _on_private_message(self) -> bool:
        message = self._interaction.message
        return self._first == "silent" and message is not None and message.flags.ephemeral

    async def _respond(self, body: Body, private: bool) -> None:
        await self._interaction.response.send_message(
            body.content or "…", view=_or_missing(body.view), files=[u.file() for u in body.uploads] or MISSING, ephemeral=private
        )

    async def _edit_original(self, body: Body) -> str:
        async def edit() -> discord.InteractionMessage:
            files: Any = [u.file() for u in body.uploads]
            view: Any = body.view
            return await self._interaction.edit_original_response(content=body.content, view=view, attachments=files)

        try:
            return str((await edit()).id)
        except (aiohttp.ClientError, OSError):
            return str((await edit()).id)  # an edit done twice changes nothing

    async def _follow_up(self, body: Body, private: bool) -> str:
        files: Any = [u.file() for u in body.uploads]
        message = await self._interaction.followup.send(
            body.content or MISSING, view=_or_missing(body.view), files=files or MISSING, ephemeral=private, wait=True
        )
        return str(message.id)

    async def _remove_thinking(self) -> None:
        if self._first != "thinking" or self._filled:
            return
        self._filled = True
        try:
            await self._interaction.delete_original_response()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            if getattr(error, "code", 0) != UNKNOWN_MESSAGE:
                log.info("the waiting note stays", chat=str(self._chat), reason=str(error))

    async def _too_late(self, post: Post) -> str | None:
        if post.passing:
            return None
        if post.private:
            log.warning("a private answer came too late for Discord and is dropped", chat=str(self._chat), text=post.text[:80])
            return None
        return await self._messages.post(self._chat, post)

    async def ask(self, form: Form) -> None:
        async with self._lock:
            if self._first == "none":
                response = self._interaction.response
                await self._first_answer(lambda: response.send_modal(modal_of(form)), looked_up=False)
                self._first, self._filled = "said", True
                return
        self._shelf.put(form)
        await self.answer(Post(f"**{form.title}**", rows=((Button(FORM_BUTTON + form.id, "Open"),),), private=True))

    async def close(self) -> None:
        """The engine is done: nothing may be left that looks as if more were coming."""
        await self.acknowledge()
        async with self._lock:
            await self._remove_thinking()


def _or_missing(view: Any) -> Any:
    return MISSING if view is None else view
