"""What the engine needs from a chat platform. Each front end implements it once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.domain.events import Attachment
from bot.domain.places import ChatKey
from bot.domain.posts import Form, PictureView, Post, Rows, Shown, Speaker


class ReplySink(Protocol):
    """A reply in the making. The front end paces edits; only the newest text counts."""

    def show(self, text: str) -> None:
        """Replace the text shown so far. Returns at once; may be dropped when newer text follows."""
        ...

    async def finish(self, text: str, rows: Rows = ()) -> tuple[str, ...]:
        """Bring the post to its final text, split over several messages where needed; ids in order. Raises
        ``PlatformError`` when the text could not be delivered, with ``uncertain=True`` when it may have been."""
        ...

    async def discard(self) -> None:
        """Stop without a reply; remove what was shown."""
        ...


class Responder(Protocol):
    """The way back to one person for one command, press or form. The front end has already acknowledged the platform
    (except for controls that open a form) and may be asked several times."""

    async def answer(self, post: Post) -> str | None:
        """Answer; returns the message id where the platform gives one (None for private answers and notices)."""
        ...

    async def ask(self, form: Form) -> None:
        """Open a form for this person."""
        ...


class Platform(Protocol):
    """One chat platform, seen from the engine. All methods raise ``PlatformError`` (bot.domain.errors) on failure."""

    name: str

    async def open_reply(
        self,
        chat: ChatKey,
        *,
        speaker: Speaker,
        reply_to: str | None,
        existing: tuple[str, ...],
        posted: Callable[[str], Awaitable[None]],
    ) -> ReplySink:
        """Begin a reply and show that the bot is typing. ``existing`` are messages of an interrupted or replaced reply to reuse;
        ``posted`` is awaited with the id of every message the moment it exists."""
        ...

    async def post(self, chat: ChatKey, post: Post) -> str:
        """Say something that nobody is waiting for; the message id."""
        ...

    async def edit(self, chat: ChatKey, message_id: str, post: Post) -> None:
        """Replace text and buttons of a text post."""
        ...

    async def show(self, view: PictureView) -> Shown:
        """Bring a picture's post to this state: placeholder, progress, picture, flip. Idempotent for a given ``message_id``."""
        ...

    async def find(self, chat: ChatKey, key: str) -> str | None:
        """Search the recent history for the post that carries the controls of picture ``key``; None where impossible."""
        ...

    async def delete(self, chat: ChatKey, message_ids: tuple[str, ...]) -> None:
        """Remove posts of the bot, as far as the platform still allows; what is gone already is no error."""
        ...

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """The bytes of a file somebody sent, at most ``limit`` bytes; raises ``FileTooLarge`` beyond."""
        ...

    async def avatar(self, chat: ChatKey, person_id: str, limit: int) -> bytes | None:
        """The picture a person shows of themselves here, at most ``limit`` bytes; None when there is none or it may not be seen."""
        ...
