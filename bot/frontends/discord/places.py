"""Discord's channels and people as the engine's chats, places and persons."""

from __future__ import annotations

from typing import Any

import discord

from bot.domain.places import ChatKey, Person, Place

NAME = "discord"
KNOWN_CHANNELS = 500  # channels fetched because they were not cached (archived threads, mostly)


def chat_key(channel: Any) -> ChatKey:
    """The chat of a channel, thread, forum post or direct message. A thread is the topic of its parent channel."""
    guild = getattr(channel, "guild", None)
    place = str(guild.id) if guild is not None else ""
    if isinstance(channel, discord.Thread):
        return ChatKey(NAME, place, str(channel.parent_id), str(channel.id))
    return ChatKey(NAME, place, str(channel.id))


def place_of(channel: Any) -> Place:
    """What Discord says about it. A thread follows its parent's age restriction; direct messages have none."""
    if isinstance(channel, discord.DMChannel) or getattr(channel, "guild", None) is None:
        return Place(private=isinstance(channel, discord.DMChannel | discord.PartialMessageable))
    is_nsfw = getattr(channel, "is_nsfw", None)
    title = f"{channel.guild.name} #{getattr(channel, 'name', '')}"
    return Place(age_restricted=bool(is_nsfw()) if is_nsfw else False, title=title)


def person_of(user: discord.User | discord.Member, *, private: bool, permissions: discord.Permissions | None = None) -> Person:
    """Somebody; managers are who may manage the server. In a direct message everybody manages their own chat."""
    if permissions is None and isinstance(user, discord.Member):
        permissions = user.guild_permissions
    manager = private or (permissions is not None and (permissions.manage_guild or permissions.administrator))
    return Person(id=str(user.id), name=user.display_name, manager=manager)


class Channels:
    """Finds the channel of an event, also when discord.py does not have it cached."""

    def __init__(self) -> None:
        self._fetched: dict[int, Any] = {}

    async def find(self, client: discord.Client, channel_id: int, guild_id: int | None) -> Any:
        """The channel; for direct messages a stand-in when it is not cached. Raises ``discord.HTTPException``."""
        channel = client.get_channel(channel_id) or self._fetched.get(channel_id)
        if channel is not None:
            return channel
        if guild_id is None:
            return client.get_partial_messageable(channel_id, type=discord.ChannelType.private)
        channel = await client.fetch_channel(channel_id)
        self._fetched[channel_id] = channel
        while len(self._fetched) > KNOWN_CHANNELS:
            del self._fetched[next(iter(self._fetched))]
        return channel

    async def of_message(self, client: discord.Client, message: discord.Message) -> Any:
        """The channel of a message, looked up where discord.py knows only its id."""
        if isinstance(message.channel, discord.PartialMessageable):
            return await self.find(client, message.channel.id, message.guild.id if message.guild else message.channel.guild_id)
        return message.channel
