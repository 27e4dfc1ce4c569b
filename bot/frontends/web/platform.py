"""The page as a platform: what the engine says becomes pieces of HTML for every open page of the story."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.errors import BadFile, FileTooLarge
from bot.domain.events import Attachment
from bot.domain.places import ChatKey
from bot.domain.posts import Form, PictureView, Post, Rows, Shown, Speaker
from bot.frontends.web.hub import Hub
from bot.frontends.web.render import Line, Renderer
from bot.storage.rows import now

if TYPE_CHECKING:
    from bot.domain.platform import ReplySink

PACE = 0.06  # seconds between two showings of a growing reply
MOST_NOTES = 200  # notices kept for pages that are loaded later
MOST_FILES = 20  # uploads kept; the oldest have been dealt with
MOST_BYTES = 64 * 1024 * 1024  # of all uploads kept, besides the newest one


def fresh_id() -> str:
    """An element id for a new message."""
    return f"m{uuid.uuid4().hex[:16]}"


def picture_element(key: str) -> str:
    """The element of a picture: the same for ever, so that no picture can be shown twice."""
    return f"p-{key}"


def safe_element(given: str) -> str:
    """An element id that a browser sent, without anything that an id of ours never has."""
    return re.sub(r"[^0-9a-zA-Z-]", "", given)[:60]


@dataclass(frozen=True, slots=True)
class Note:
    """A notice of the bot, kept in memory for pages that are loaded later."""

    chat: ChatKey
    post: Post
    at: datetime


class _Reply:
    """A reply being written on the page; showings are paced, the final text always comes."""

    def __init__(self, platform: WebPlatform, chat: ChatKey, line: Line) -> None:
        self._platform = platform
        self._chat = chat
        self._line = line
        self._latest = ""
        self._timer: asyncio.TimerHandle | None = None

    def show(self, text: str) -> None:
        self._latest = text
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PACE, self._put)

    def _put(self) -> None:
        self._timer = None
        self._platform.put_live(self._chat, replace(self._line, text=self._latest, live=True))

    async def finish(self, text: str, rows: Rows = ()) -> tuple[str, ...]:
        self._stop()
        self._platform.put_line(self._chat, replace(self._line, text=text))
        return (self._line.element,)

    async def discard(self) -> None:
        """Take an unfinished reply away; what it was to replace is shown again."""
        self._stop()
        self._platform.hub.refresh(self._chat)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._platform.live.pop((self._chat, self._line.element), None)


class WebPlatform:
    """Implements ``bot.domain.platform.Platform``. Nothing is uploaded anywhere: pages load pictures by their hash.

    What is kept here only serves pages that are loaded while something is under way; the story itself is read from storage.
    """

    name = "web"

    def __init__(self, hub: Hub, renderer: Renderer) -> None:
        self.hub = hub
        self.renderer = renderer
        self.live: dict[tuple[ChatKey, str], Line] = {}
        """Replies being written, by chat and element."""
        self.views: dict[str, PictureView] = {}
        """The newest view of each picture under way, by its key."""
        self.notes: dict[str, Note] = {}
        """Notices that nobody has closed yet, by element."""
        self.files: dict[str, bytes] = {}
        """Uploaded files until their message has been dealt with."""
        self.sent: dict[tuple[ChatKey, str], tuple[Attachment, ...]] = {}
        """What came with the newest messages that had files, by chat and element."""

    def put_line(self, chat: ChatKey, line: Line) -> None:
        """Show a message of the story."""
        self.hub.publish(chat, line.element, self.renderer.line(line))

    def put_live(self, chat: ChatKey, line: Line) -> None:
        """Show a reply as far as it is written."""
        self.live[chat, line.element] = line
        self.put_line(chat, line)

    async def open_reply(
        self, chat: ChatKey, *, speaker: Speaker, reply_to: str | None, existing: tuple[str, ...], posted: Callable[[str], Awaitable[None]]
    ) -> ReplySink:
        element = existing[0] if existing else fresh_id()
        if not existing:
            await posted(element)  # the id is ours to choose: stored first, so that a crash cannot double the reply
        line = Line(element, "character", speaker.name, avatar=speaker.avatar.name if speaker.avatar else None)
        self.put_live(chat, replace(line, live=True))
        return _Reply(self, chat, line)

    async def post(self, chat: ChatKey, post: Post) -> str:
        element = fresh_id()
        await self.edit(chat, element, post)
        return element

    async def edit(self, chat: ChatKey, message_id: str, post: Post) -> None:
        self.notes[message_id] = Note(chat, post, self.notes[message_id].at if message_id in self.notes else now())
        while len(self.notes) > MOST_NOTES:
            self.notes.pop(next(iter(self.notes)))
        self.hub.publish(chat, message_id, self.renderer.post(message_id, post))

    async def show(self, view: PictureView) -> Shown:
        element = view.message_id or picture_element(view.key)
        if view.state == "done" and view.shown is not None:
            self.views.pop(view.key, None)
        else:
            self.views[view.key] = view
        self.hub.publish(view.chat, element, self.renderer.picture(element, view))
        return Shown(element, {take.id: take.path.name for take in view.takes}, 0)

    async def find(self, chat: ChatKey, key: str) -> str | None:
        """Not needed: a picture's element is always the same, so showing it again cannot double it."""
        return None

    async def delete(self, chat: ChatKey, message_ids: tuple[str, ...]) -> None:
        for message_id in message_ids:
            self.notes.pop(message_id, None)
            self.hub.remove(chat, message_id)

    def forget(self, chat: ChatKey) -> None:
        """Drop what is kept of a story and let its pages read it anew."""
        self.notes = {element: note for element, note in self.notes.items() if note.chat != chat}
        self.views = {key: view for key, view in self.views.items() if view.chat != chat}
        self.sent = {(key, element): files for (key, element), files in self.sent.items() if key != chat}
        self.hub.refresh(chat)

    def keep_file(self, data: bytes) -> str:
        """Keep an upload until its message is dealt with; the handle to fetch it by."""
        handle = fresh_id()
        self.files[handle] = data
        while len(self.files) > MOST_FILES or (len(self.files) > 1 and sum(map(len, self.files.values())) > MOST_BYTES):
            self.files.pop(next(iter(self.files)))
        return handle

    def remember_sent(self, chat: ChatKey, element: str, attachments: tuple[Attachment, ...]) -> None:
        """Note which files came with a message, so that something can be done with them later."""
        self.sent[chat, element] = attachments
        while len(self.sent) > MOST_FILES:
            self.sent.pop(next(iter(self.sent)))

    async def avatar(self, chat: ChatKey, person_id: str, limit: int) -> bytes | None:
        """People of the page have no profile; a picture of theirs is part of their persona."""
        return None

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
