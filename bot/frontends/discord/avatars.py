"""How people show themselves on Discord."""

from __future__ import annotations

import discord

from bot.domain.errors import FileTooLarge, PlatformError
from bot.frontends.discord.calls import attempt
from bot.frontends.discord.files import Fetcher

SIDES = (1024, 512, 256, 128)
"""Pixels asked for, in order, until one fits (Discord: image formatting, powers of two from 16 to 4096)."""


async def shown_avatar(client: discord.Client, guild_id: int | None, person_id: int) -> discord.Asset | None:
    """The picture of somebody, the server's own one first; None for those who have none (Discord shows its logo) and for nobody
    known. Raises ``PlatformError`` when Discord cannot be asked."""
    try:
        if guild_id is not None:
            guild = client.get_guild(guild_id)
            if guild is not None and (member := await _member(guild, person_id)) is not None:
                return member.guild_avatar or member.avatar
        if known := client.get_user(person_id):
            return known.avatar
        return (await attempt(lambda: client.fetch_user(person_id), tries=2)).avatar
    except PlatformError as error:
        if error.gone:
            return None
        raise


async def _member(guild: discord.Guild, person_id: int) -> discord.Member | None:
    """Somebody as a member of a server; None when they have left it."""
    try:
        return guild.get_member(person_id) or await attempt(lambda: guild.fetch_member(person_id), tries=2)
    except PlatformError as error:
        if error.gone:
            return None
        raise


async def avatar_bytes(fetcher: Fetcher, avatar: discord.Asset, limit: int) -> bytes | None:
    """The picture as a PNG, as large as fits into ``limit`` bytes; None when it does not even fit small, or is gone."""
    for side in SIDES:
        try:
            return await fetcher.get(avatar.replace(size=side, format="png").url, limit)
        except FileTooLarge:
            continue
    return None
