"""The page as a platform: what the engine says becomes pieces of HTML for every open page of the chat."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.errors import BadFile, FileTooLarge
from bot.domain.events import Attachment
from bot.domain.places import ChatKey
from bot.domain.posts import Form, PictureView, Post, Rows, Shown, Speaker
from bot.frontends.web.hub import Hub
from bot.frontends.web.render import Renderer, appended, removed, replaced

if TYPE_CHECKING:
    from bot.domain.platform import ReplySink


def fresh_id() -> str:
    """An element id for a new message."""
    return f"m{uuid.uuid4().hex[:16]}"


class _Reply:
    """A reply being written on the page."""

    def __init__(
        self, platform: WebPlatform, chat: ChatKey, message_id: str, name: str, exists: bool, posted: Callable[[str], Awaitable[None]]
    ) -> None:
        self._platform = platform
        self._chat = chat
        self._id = message_id
        self._name = name
        self._exists = exists
        self._posted = posted

    def show(self, text: str) -> None:
        self._put(self._platform.renderer.line(self._id, "character", self._name, text, live=True))

    async def finish(self, text: str, rows: Rows = ()) -> tuple[str, ...]:
        await self._posted(self._id)
        self._put(self._platform.renderer.line(self._id, "character", self._name, text))
        return (self._id,)

    async def discard(self) -> None:
        if self._exists:
            self._platform.hub.publish(self._chat, removed(self._id))

    def _put(self, html: str) -> None:
        self._platform.hub.publish(self._chat, replaced(html) if self._exists else appended(html, "story"))
        self._exists = True


class WebPlatform:
    """Implements ``bot.domain.platform.Platform``. Nothing is uploaded anywhere: pages load pictures by their hash."""

    name = "web"

    def __init__(self, hub: Hub, renderer: Renderer) -> None:
        self.hub = hub
        self.renderer = renderer
        self.views: dict[str, PictureView] = {}
        """The newest view of each picture under way, so that a page loaded meanwhile shows the same."""
        self.notes: dict[str, tuple[ChatKey, Post]] = {}
        """Notices with buttons that were not answered yet, for pages loaded later."""
        self.files: dict[str, bytes] = {}
        """Uploaded files until their message has been dealt with."""

    async def open_reply(
        self, chat: ChatKey, *, speaker: Speaker, reply_to: str | None, existing: tuple[str, ...], posted: Callable[[str], Awaitable[None]]
    ) -> ReplySink:
        message_id = existing[0] if existing else fresh_id()
        reply = _Reply(self, chat, message_id, speaker.name, bool(existing), posted)
        if not existing:
            reply.show("")
        return reply

    async def post(self, chat: ChatKey, post: Post) -> str:
        message_id = fresh_id()
        self.hub.publish(chat, appended(self.renderer.post(message_id, post), "story"))
        if post.rows:
            self.notes[message_id] = (chat, post)
        return message_id

    async def edit(self, chat: ChatKey, message_id: str, post: Post) -> None:
        self.hub.publish(chat, replaced(self.renderer.post(message_id, post)))

    async def show(self, view: PictureView) -> Shown:
        message_id = view.message_id or fresh_id()
        self.views[view.key] = replace(view, message_id=message_id)
        html = self.renderer.picture(message_id, view)
        self.hub.publish(view.chat, replaced(html) if view.message_id else appended(html, "story"))
        if view.state == "done" and view.shown is not None:
            self.views.pop(view.key, None)
        return Shown(message_id, {take.id: take.path.name for take in view.takes}, 0)

    async def find(self, chat: ChatKey, key: str) -> str | None:
        return None

    async def delete(self, chat: ChatKey, message_ids: tuple[str, ...]) -> None:
        for message_id in message_ids:
            self.notes.pop(message_id, None)
            self.hub.publish(chat, removed(message_id))

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        data = self.files.get(attachment.handle)
        if data is None:
            raise BadFile("The file is no longer here; please send it again.")
        if len(data) > limit:
            raise FileTooLarge(f"The file is larger than {limit // 2**20} MiB.")
        return data


class PageResponder:
    """Collects the answers to one request of the page; they go back as HTML in its response."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._pieces: list[str] = []

    async def answer(self, post: Post) -> str | None:
        if not post.passing:
            self._pieces.append(self._renderer.post(fresh_id(), post))
        return None

    async def ask(self, form: Form) -> None:
        self._pieces.append(self._renderer.form(form))

    @property
    def html(self) -> str:
        return "".join(self._pieces)
