"""What comes in from a platform. Front ends build these; the engine consumes them; the inbox stores them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from bot.domain.places import ChatKey, Frozen, Person, Place


class Attachment(Frozen):
    """A file somebody sent. ``size`` is bytes as the platform claims; ``handle`` is what the front end fetches it by."""

    name: str
    mime: str
    size: int
    handle: str


class Incoming(Frozen):
    """One message of a person."""

    chat: ChatKey
    place: Place
    author: Person
    message_id: str
    """The platform's id, unique in the chat; duplicates are recognised by it."""
    text: str
    sent_at: datetime
    addressed: bool = False
    """The bot was meant: mentioned, replied to, called by name, or the chat is private."""
    reply_to: str | None = None
    """The message this one answers, as the platform's id."""
    forwarded: bool = False
    """Somebody else's words passed on: never a picture request."""
    attachments: tuple[Attachment, ...] = ()
    replied_attachments: tuple[Attachment, ...] = ()
    """Files of the message this one answers, where the platform hands them over."""


class CommandCall(Frozen):
    """A command, already parsed by the catalogue: ``arguments`` holds only what was given, converted and range-checked."""

    chat: ChatKey
    place: Place
    author: Person
    name: str
    """The canonical command name, with its sub-command after a space where it has one (``style use``)."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    call_id: str
    """The platform's id of the message or interaction; the same call never runs twice."""
    message_id: str | None = None
    """The message that carried the command, where it was one that others see (Telegram)."""
    target: str | None = None
    """The message it was used on (context menu, or a reply with the command), as the platform's id."""
    target_text: str | None = None
    """That message's words as the platform gave them, for messages the story does not know."""
    attachments: tuple[Attachment, ...] = ()
    """Files sent with the command."""
    target_attachments: tuple[Attachment, ...] = ()
    """Files of the message it was used on."""
    named_files: dict[str, Attachment] = Field(default_factory=dict)
    """File option → its file. Where files have no names (Telegram, the page), the first file goes to the first file option, the
    second to the second."""

    @property
    def files(self) -> tuple[Attachment, ...]:
        """The command's own files, else those of the message it was used on."""
        return self.attachments or self.target_attachments


class Press(Frozen):
    """A control used: a button, or the emoji reaction that stands for it."""

    chat: ChatKey
    place: Place
    author: Person
    control: str
    """The control id, ``verb:key`` or ``verb:key:argument`` (see ``bot.engine.commands.controls``)."""
    message_id: str
    press_id: str
    by_reaction: bool = False


class Submission(Frozen):
    """A filled form: a modal on Discord, a reply to the bot's question on Telegram, a form on the page."""

    chat: ChatKey
    place: Place
    author: Person
    form: str
    """The form id, ``verb:key``, as it was in ``Form.id``."""
    values: dict[str, str]
    submission_id: str
    message_id: str | None = None


class Changed(Frozen):
    """A person edited (``text`` set) or deleted (``text`` None) a message on the platform."""

    chat: ChatKey
    message_id: str
    text: str | None
