"""What a handler is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.events import CommandCall, Press, Submission
from bot.domain.platform import Responder
from bot.domain.posts import Form, Post
from bot.storage.records import Chat

if TYPE_CHECKING:
    from bot.engine.services import Services


@dataclass(frozen=True, slots=True)
class CommandContext:
    """One call of a command. Allowed already; raise a ``UserError`` to answer with its sentence."""

    services: Services
    chat: Chat
    call: CommandCall
    responder: Responder

    async def say(self, text: str, **more: object) -> str | None:
        """Answer with a text; keyword arguments are fields of ``Post``."""
        return await self.responder.answer(Post(text, **more))  # type: ignore[arg-type]

    async def done(self, text: str) -> None:
        """Acknowledge what shows in the chat by itself; only platforms that insist on an answer show the text, privately."""
        await self.responder.answer(Post(text, private=True, passing=True))

    @property
    def reply_to(self) -> str | None:
        """The message that carried the command, where there is one to reply to (Telegram; not on Discord or the page)."""
        return self.call.message_id


@dataclass(frozen=True, slots=True)
class ControlContext:
    """One press of a control on ``key`` (a picture's or proposal's short key), with its argument."""

    services: Services
    chat: Chat
    press: Press
    responder: Responder
    key: str
    argument: str

    async def say(self, text: str, *, private: bool = True) -> None:
        """A short notice, to the presser alone by default."""
        await self.responder.answer(Post(text, private=private))

    async def ask(self, form: Form) -> None:
        await self.responder.ask(form)


@dataclass(frozen=True, slots=True)
class FormContext:
    """One filled form of ``key``."""

    services: Services
    chat: Chat
    submission: Submission
    responder: Responder
    key: str

    async def say(self, text: str, *, private: bool = True) -> None:
        await self.responder.answer(Post(text, private=private))
