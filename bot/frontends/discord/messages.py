"""Sending, editing and deleting messages of a chat, with the failures Discord is known for."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import discord
import structlog
from discord import ui

from bot.domain.errors import PlatformError
from bot.domain.places import ChatKey
from bot.domain.posts import Post
from bot.frontends.discord.calls import attempt
from bot.frontends.discord.files import Held, Upload, picture_upload
from bot.frontends.discord.layout import TEXT_LIMIT, buttons_view
from bot.frontends.text import split

log = structlog.get_logger(__name__)

DEFAULT_FILE_LIMIT = 10 * 1024 * 1024  # bytes (Discord: reference, uploading files)
SEND_TRIES, EDIT_TRIES = 2, 3


@dataclass(frozen=True, slots=True)
class Body:
    """What one message shall hold. ``kept`` None leaves the files of an edited message alone."""

    content: str | None = None
    view: ui.View | ui.LayoutView | None = None
    uploads: tuple[Upload, ...] = ()
    kept: tuple[Held, ...] | None = None

    def sending(self) -> dict[str, Any]:
        """Arguments for a new message; made anew for every try, because files are used up."""
        arguments: dict[str, Any] = {}
        if self.content is not None:
            arguments["content"] = self.content
        if self.view is not None:
            arguments["view"] = self.view
        if self.uploads:
            arguments["files"] = [upload.file() for upload in self.uploads]
        return arguments

    def editing(self) -> dict[str, Any]:
        """Arguments for an edit. ``attachments`` is the complete list afterwards: files to keep by id, then new ones."""
        arguments: dict[str, Any] = {}
        if self.content is not None:
            arguments["content"] = self.content
            arguments["view"] = self.view
        elif self.view is not None:
            arguments["view"] = self.view
        if self.uploads or self.kept is not None:
            arguments["attachments"] = [*(self.kept or ()), *(upload.file() for upload in self.uploads)]
        return arguments


def new_nonce() -> str:
    """Discord: at most 25 characters; the same nonce within minutes posts once."""
    return uuid.uuid4().hex[:25]


class Messages:
    """The messages of the bot, by chat. ``client`` gives the connected client or raises ``PlatformError``."""

    def __init__(self, client: Callable[[], discord.Client]) -> None:
        self.client = client
        self.deleted: dict[int, None] = {}
        """Newest messages removed by this process, so that their deletion is not taken for a person's."""

    def channel(self, chat: ChatKey) -> discord.PartialMessageable:
        place = int(chat.place) if chat.place else None
        return self.client().get_partial_messageable(int(chat.topic or chat.channel), guild_id=place)

    def file_limit(self, chat: ChatKey) -> int:
        """Bytes one file may have there; servers get more by boosts."""
        guild = self.client().get_guild(int(chat.place)) if chat.place else None
        return guild.filesize_limit if guild is not None else DEFAULT_FILE_LIMIT

    async def send(self, chat: ChatKey, body: Body, *, nonce: str | None = None, reply_to: str | None = None) -> discord.Message:
        """A new message. A lost answer is asked for once more under the same nonce; then ``PlatformError`` says ``uncertain``."""
        channel = self.channel(chat)
        more: dict[str, Any] = {"nonce": nonce or new_nonce()}
        if reply_to is not None and reply_to.isdigit():
            guild_id = int(chat.place) if chat.place else None
            more["reference"] = discord.MessageReference(
                message_id=int(reply_to), channel_id=channel.id, guild_id=guild_id, fail_if_not_exists=False
            )
            more["mention_author"] = False
        return await attempt(lambda: channel.send(**body.sending(), **more), tries=SEND_TRIES)

    async def edit(self, chat: ChatKey, message_id: str, body: Body) -> discord.Message:
        """Replace a message's parts. Doing it twice changes nothing, so lost answers are simply tried again."""
        message = self.channel(chat).get_partial_message(int(message_id))
        return await attempt(lambda: message.edit(**body.editing()), tries=EDIT_TRIES)

    async def delete(self, chat: ChatKey, message_ids: tuple[str, ...]) -> None:
        """Remove messages; what is gone already is no error. Raises ``PlatformError`` for anything else, after trying them all."""
        problem: PlatformError | None = None
        for message_id in message_ids:
            message = self.channel(chat).get_partial_message(int(message_id))
            self._remember_deleted(message.id)
            try:
                await attempt(message.delete, tries=EDIT_TRIES)
            except PlatformError as error:
                problem = problem if error.gone else error
        if problem is not None:
            raise problem

    def _remember_deleted(self, message_id: int) -> None:
        self.deleted[message_id] = None
        while len(self.deleted) > 1000:
            del self.deleted[next(iter(self.deleted))]

    async def bodies(self, post: Post, limit: int) -> list[Body]:
        """A post as messages: long text is split; files and buttons go with the last part."""
        parts = split(post.text, TEXT_LIMIT) if post.text.strip() else []
        uploads: list[Upload] = []
        if post.picture is not None:
            uploads.append(await picture_upload(post.picture, post.text or "picture", limit))
        if post.file is not None:
            uploads.append(Upload(post.file.name, post.file.data))
        if not parts and not uploads:
            parts = ["…"]  # Discord refuses an empty message (50006)
        last = Body(parts[-1] if parts else None, buttons_view(post.rows), tuple(uploads))
        return [*(Body(part) for part in parts[:-1]), last]

    async def post(self, chat: ChatKey, post: Post) -> str:
        """Say something; the id of the last message, which carries the buttons."""
        sent: discord.Message | None = None
        for body in await self.bodies(post, self.file_limit(chat)):
            sent = await self.send(chat, body, reply_to=post.reply_to if sent is None else None)
        assert sent is not None
        return str(sent.id)

    async def edit_post(self, chat: ChatKey, message_id: str, post: Post) -> None:
        """Bring a text post up to date. It stays one message: what does not fit is cut. Its picture is replaced when a new one is given."""
        text = post.text if len(post.text) <= TEXT_LIMIT else post.text[: TEXT_LIMIT - 1]
        text = text if text.strip() and text == post.text else f"{text.strip()}…"
        uploads: tuple[Upload, ...] = ()
        if post.picture is not None:
            uploads = (await picture_upload(post.picture, text or "picture", self.file_limit(chat)),)
        await self.edit(chat, message_id, Body(text, buttons_view(post.rows), uploads))
