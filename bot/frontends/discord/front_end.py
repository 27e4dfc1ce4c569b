"""Discord as a chat platform: the engine's ``Platform`` port, and the events that feed the engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import structlog

from bot.domain.errors import BadFile, FileTooLarge, PlatformError
from bot.domain.events import Attachment
from bot.domain.places import ChatKey
from bot.domain.posts import PictureView, Post, Shown, Speaker
from bot.frontends.discord.avatars import avatar_bytes, shown_avatar
from bot.frontends.discord.calls import attempt
from bot.frontends.discord.commands import command_table
from bot.frontends.discord.connection import OFFICIAL, Connection
from bot.frontends.discord.files import Fetcher, files_in
from bot.frontends.discord.forms import FormShelf
from bot.frontends.discord.intake import Intake
from bot.frontends.discord.interactions import Interactions
from bot.frontends.discord.messages import Messages
from bot.frontends.discord.pictures import Pictures
from bot.frontends.discord.places import NAME
from bot.frontends.discord.reactions import Reactions
from bot.frontends.discord.replies import DiscordReply
from bot.frontends.discord.sync import sync_commands

if TYPE_CHECKING:
    from bot.engine.engine import Engine

log = structlog.get_logger(__name__)

NO_FILE = "Discord no longer has this file; please send it again."
STOP_SECONDS = 3.0
"""How long events under way may take to end once the connection is closed."""


class DiscordFrontEnd:
    """One Discord bot. ``api_base`` is the REST API's address with its version; the gateway is what that API answers.

    A reply carries no character's name or face: one character speaks per chat, under the bot's own name.
    """

    name = NAME

    def __init__(self, token: str, engine: Engine, *, api_base: str | None = None) -> None:
        api_base = api_base or OFFICIAL
        self._engine = engine
        self._table = command_table(engine.catalogue)
        self._messages = Messages(lambda: self._connection.client)
        self._pictures = Pictures(self._messages)
        self._reactions = Reactions(self._messages, engine.catalogue)
        self._fetcher = Fetcher(api_base)
        shelf = FormShelf()
        self._intake = Intake(engine, self._messages, self._reactions, shelf)
        self._interactions = Interactions(engine, self._table, self._messages, shelf)
        self._running: set[asyncio.Task[Any]] = set()
        self._connection = Connection(token, api_base, self._handlers())
        self._synced = False
        self.ready = asyncio.Event()
        """Set once connected for the first time."""

    def _handlers(self) -> dict[str, Callable[..., Awaitable[None]]]:
        intake = self._intake
        handlers: dict[str, Callable[..., Awaitable[None]]] = {
            "ready": self._on_ready,
            "resumed": self._on_resumed,
            "disconnect": self._on_disconnect,
            "message": intake.on_message,
            "raw_message_edit": intake.on_raw_message_edit,
            "raw_message_delete": intake.on_raw_message_delete,
            "raw_bulk_message_delete": intake.on_raw_bulk_message_delete,
            "raw_reaction_add": intake.on_raw_reaction_add,
            "raw_reaction_remove": intake.on_raw_reaction_remove,
            "interaction": self._interactions.on_interaction,
        }
        return {name: self._tracked(handler) for name, handler in handlers.items()}

    def _tracked(self, handler: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """discord.py runs every event in a task of its own and forgets it; ``stop`` has to wait for them."""

        async def run(*arguments: Any) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            try:
                await handler(*arguments)
            finally:
                self._running.discard(task)

        return run

    async def start(self) -> None:
        """Log in and connect in the background. Raises ``ConfigurationError`` for a wrong token."""
        await self._intake.mark_gap()
        await self._connection.start()

    async def stop(self) -> None:
        """Let what is under way give its answers, which needs the connection; then close it and end what came since."""
        await self._reactions.stop()
        if under_way := set(self._running):
            await asyncio.wait(under_way, timeout=STOP_SECONDS)
        for task in set(self._running):
            task.cancel()
        await self._connection.stop()
        await self._fetcher.close()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _on_ready(self) -> None:
        """A new session: whatever was said since the last one was not replayed."""
        self.ready.set()
        log.info("connected to Discord", servers=len(self._connection.client.guilds))
        if not self._synced:
            self._synced = True
            await sync_commands(self._connection.client, self._table, self._engine.services.db)
        await self._intake.catch_up()

    async def _on_resumed(self) -> None:
        self._intake.gap_closed()

    async def _on_disconnect(self) -> None:
        await self._intake.mark_gap()

    async def open_reply(
        self,
        chat: ChatKey,
        *,
        speaker: Speaker,
        reply_to: str | None,
        existing: tuple[str, ...],
        posted: Callable[[str], Awaitable[None]],
    ) -> DiscordReply:
        return DiscordReply(self._messages, chat, reply_to=reply_to, existing=existing, posted=posted)

    async def post(self, chat: ChatKey, post: Post) -> str:
        return await self._messages.post(chat, post)

    async def edit(self, chat: ChatKey, message_id: str, post: Post) -> None:
        await self._messages.edit_post(chat, message_id, post)

    async def show(self, view: PictureView) -> Shown:
        shown = await self._pictures.show(view)
        self._reactions.place(view.chat, shown.message_id, view.reactions)
        return shown

    async def find(self, chat: ChatKey, key: str) -> str | None:
        return await self._pictures.find(chat, key)

    async def delete(self, chat: ChatKey, message_ids: tuple[str, ...]) -> None:
        await self._messages.delete(chat, message_ids)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        if attachment.size > limit:
            raise FileTooLarge(f"The file is too large; at most {limit // 1024} KiB are read.")
        handle = json.loads(attachment.handle)
        data = await self._fetcher.get(handle["url"], limit)
        if data is None and handle["channel"] and handle["message"]:
            fresh = await self._fresh_address(int(handle["channel"]), int(handle["message"]), int(handle["id"]))
            data = await self._fetcher.get(fresh, limit)
        if data is None:
            raise BadFile(NO_FILE)
        return data

    async def _fresh_address(self, channel_id: int, message_id: int, file_id: int) -> str:
        """Addresses of files work for about a day; the message gives a new one."""
        channel = self._connection.client.get_partial_messageable(channel_id)
        try:
            message = await attempt(lambda: channel.fetch_message(message_id), tries=2)
        except PlatformError as error:
            if error.gone:
                raise BadFile(NO_FILE, host_detail=error.host_detail) from error
            raise
        found = next((file for file in files_in(message) if file.id == file_id), None)
        if found is None:
            raise BadFile(NO_FILE)
        return found.url

    async def avatar(self, chat: ChatKey, person_id: str, limit: int) -> bytes | None:
        if not person_id.isdecimal():
            return None
        guild_id = int(chat.place) if chat.place else None
        shown = await shown_avatar(self._connection.client, guild_id, int(person_id))
        return None if shown is None else await avatar_bytes(self._fetcher, shown, limit)
