"""A message's words as a reader sees them, and whether the bot was meant."""

from __future__ import annotations

import re

import discord

MENTION = re.compile(r"<(@!?|@&|#)(\d{15,21})>")
EMOJI = re.compile(r"<a?(:\w+:)\d{15,21}>")
SPACES = re.compile(r"[ \t]{2,}")
SHORTEST_NAME = 3  # characters; shorter names of the bot are not taken for a call


def readable(message: discord.Message, text: str, me: int) -> str:
    """Mentions become names, the bot's own mention is taken out, custom emoji become their names."""
    people = {user.id: user.display_name for user in message.mentions}

    def name(match: re.Match[str]) -> str:
        kind, number = match[1], int(match[2])
        if kind == "@&":
            role = message.guild.get_role(number) if message.guild else None
            return f"@{role.name}" if role else "@role"
        if kind == "#":
            channel = message.guild.get_channel_or_thread(number) if message.guild else None
            return f"#{channel.name}" if channel else "#channel"
        return "" if number == me else people.get(number, "somebody")

    return SPACES.sub(" ", EMOJI.sub(r"\1", MENTION.sub(name, text))).strip()


def is_forward(message: discord.Message) -> bool:
    return message.reference is not None and message.reference.type is discord.MessageReferenceType.forward


def words_of(message: discord.Message, me: int) -> str:
    """The text of a message; of a forwarded one, the text that was passed on."""
    if is_forward(message):
        return "\n".join(readable(message, part.content, me) for part in message.message_snapshots)
    return readable(message, message.content, me)


def addressed(message: discord.Message, me: discord.ClientUser) -> bool:
    """Mentioned, replied to or called by name. (A private chat is always addressed.)"""
    if any(user.id == me.id for user in message.mentions):
        return True
    reference = message.reference
    if reference is not None and isinstance(reference.resolved, discord.Message) and reference.resolved.author.id == me.id:
        return not is_forward(message)
    names = {me.name, me.display_name}
    if message.guild is not None and message.guild.me is not None:
        names.add(message.guild.me.display_name)
    return any(len(n) >= SHORTEST_NAME and re.search(rf"\b{re.escape(n)}\b", message.content, re.IGNORECASE) for n in names)
