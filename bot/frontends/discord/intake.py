"""Messages, edits, deletions and reactions into the engine; and what was missed while the connection was away."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import structlog

from bot.domain.errors import PlatformError
from bot.domain.events import Attachment, Changed, Incoming
from bot.domain.places import ChatKey
from bot.frontends.discord.calls import attempt
from bot.frontends.discord.files import attachments_of
from bot.frontends.discord.forms import FormShelf
from bot.frontends.discord.messages import Messages
from bot.frontends.discord.places import NAME, Channels, chat_key, person_of, place_of
from bot.frontends.discord.reactions import ReactionResponder, Reactions
from bot.frontends.discord.words import addressed, is_forward, readable, words_of

if TYPE_CHECKING:
    from bot.engine.engine import Engine

log = structlog.get_logger(__name__)

SPOKEN = (discord.MessageType.default, discord.MessageType.reply)
MISSED_AGE = timedelta(hours=6)
"""How old a missed message may be to be answered after a gap."""
MISSED_PER_CHAT = 50
MISSED_CHATS = 200
UNREACHABLE = (discord.HTTPException, aiohttp.ClientError, OSError, PlatformError)


class Intake:
    """Translates what people do on Discord. Bots and webhooks are ignored, our own first of all."""

    def __init__(self, engine: Engine, messages: Messages, reactions: Reactions, shelf: FormShelf) -> None:
        self._client = messages.client
        self._shelf = shelf
        self._engine = engine
        self._messages = messages
        self._reactions = reactions
        self._channels = Channels()
        self._marks: dict[ChatKey, str] | None = None

    @property
    def _me(self) -> discord.ClientUser:
        user = self._client().user
        assert user is not None  # set by login, before any event
        return user

    async def on_message(self, message: discord.Message) -> None:
        if message.author.bot or message.webhook_id is not None or message.type not in SPOKEN:
            return
        try:
            channel = await self._channels.of_message(self._client(), message)
        except UNREACHABLE as error:
            log.warning("a message is lost: Discord does not say where", channel=message.channel.id, reason=str(error))
            return
        await self._hear(message, channel)

    async def _hear(self, message: discord.Message, channel: Any) -> None:
        text = words_of(message, self._me.id)
        files = attachments_of(message, channel.id)
        called = addressed(message, self._me)
        if not text and not files and not called:  # nothing to read: the message content intent is missing, or a sticker
            return
        place = place_of(channel)
        await self._engine.hear(
            Incoming(
                chat=chat_key(channel),
                place=place,
                author=person_of(message.author, private=place.private),
                message_id=str(message.id),
                text=text,
                sent_at=message.created_at,
                addressed=called or place.private,
                reply_to=str(message.reference.message_id) if message.reference and not is_forward(message) else None,
                forwarded=is_forward(message),
                attachments=files,
                replied_attachments=await self._replied_files(message, asked=called or place.private),
            )
        )

    async def _replied_files(self, message: discord.Message, *, asked: bool) -> tuple[Attachment, ...]:
        """Files of the message this one answers. Discord hands that message over with the reply, mostly; where it did not, it costs a
        call, which is made only when the bot was ``asked``."""
        reference = message.reference
        if reference is None or reference.message_id is None or is_forward(message):
            return ()
        answered = reference.resolved or reference.cached_message
        if answered is None and asked:
            channel, wanted = self._client().get_partial_messageable(reference.channel_id), reference.message_id
            try:
                answered = await attempt(lambda: channel.fetch_message(wanted), tries=2)
            except PlatformError as error:
                log.info("the message a reply answers cannot be read", channel=reference.channel_id, reason=error.host_detail)
        return attachments_of(answered, reference.channel_id) if isinstance(answered, discord.Message) else ()

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        message = event.message
        if message.author.bot or message.webhook_id is not None or not event.data.get("edited_timestamp"):
            return  # link previews come as edits too; only an edit by a person has a time
        channel = await self._channels.of_message(self._client(), message)
        await self._engine.changed(
            Changed(chat=chat_key(channel), message_id=str(message.id), text=readable(message, message.content, self._me.id))
        )

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        await self._deleted(event.channel_id, event.guild_id, (event.message_id,))

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        await self._deleted(event.channel_id, event.guild_id, tuple(event.message_ids))

    async def _deleted(self, channel_id: int, guild_id: int | None, message_ids: tuple[int, ...]) -> None:
        theirs = [m for m in message_ids if m not in self._messages.deleted]
        if not theirs:
            return
        try:
            chat = chat_key(await self._channels.find(self._client(), channel_id, guild_id))
        except UNREACHABLE as error:
            log.info("deletion in an unknown channel", channel=channel_id, reason=str(error))
            return
        for message_id in theirs:
            await self._engine.changed(Changed(chat=chat, message_id=str(message_id), text=None))

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self._reacted(event)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        if event.guild_id is None:  # nobody else can clear a reaction there, so taking it away presses again
            await self._reacted(event)

    async def _reacted(self, event: discord.RawReactionActionEvent) -> None:
        me, emoji = self._me.id, event.emoji.name
        if event.user_id == me or event.emoji.id is not None or not emoji:
            return
        if event.message_author_id not in (None, me) or (event.member is not None and event.member.bot):
            return
        if self._engine.catalogue.by_reaction(NAME, emoji) is None:
            return
        client = self._client()
        try:
            channel = await self._channels.find(client, event.channel_id, event.guild_id)
            user = event.member or client.get_user(event.user_id) or await client.fetch_user(event.user_id)
        except UNREACHABLE as error:
            log.warning("a reaction is lost: Discord does not say whose or where", channel=event.channel_id, reason=str(error))
            return
        chat, place = chat_key(channel), place_of(channel)
        responder = ReactionResponder(self._messages, chat, str(event.message_id), self._shelf)
        pressed = await self._engine.react(
            chat,
            place,
            person_of(user, private=place.private),
            message_id=str(event.message_id),
            emoji=emoji,
            press_id=f"{event.message_id}:{event.user_id}:{emoji}:{time.time_ns()}",
            responder=responder,
        )
        if pressed and event.guild_id is not None:
            self._reactions.clear(chat, event.message_id, emoji, event.user_id)

    async def mark_gap(self) -> None:
        """Note what was taken in last, before anything newer can come: what lies between is asked for by ``catch_up``."""
        if self._marks is None:
            self._marks = await self._engine.last_seen(NAME)

    def gap_closed(self) -> None:
        """The session was resumed: Discord replays what was missed."""
        self._marks = None

    async def catch_up(self) -> None:
        """Take in what was said in known chats since the mark, newest chats first, bounded in count and age. Chats that were never
        used before are not searched."""
        marks, self._marks = self._marks, None
        newest_first = sorted((marks or {}).items(), key=lambda mark: int(mark[1]) if mark[1].isdigit() else 0, reverse=True)
        oldest = discord.utils.time_snowflake(discord.utils.utcnow() - MISSED_AGE)
        for chat, last in newest_first[:MISSED_CHATS]:
            if not last.isdigit():
                continue
            try:
                await self._catch_up_chat(chat, max(int(last), oldest))
            except UNREACHABLE as error:
                log.info("missed messages not read", chat=str(chat), reason=str(error))

    async def _catch_up_chat(self, chat: ChatKey, after: int) -> None:
        client = self._client()
        channel = await self._channels.find(client, int(chat.topic or chat.channel), int(chat.place) if chat.place else None)
        history = self._messages.channel(chat)

        async def page() -> list[discord.Message]:
            found = history.history(limit=MISSED_PER_CHAT, after=discord.Object(after), oldest_first=True)
            return [message async for message in found]

        for message in await attempt(page, tries=2):
            if not message.author.bot and message.webhook_id is None and message.type in SPOKEN:
                await self._hear(message, channel)
