"""The connection to Discord: log in, connect, reconnect, and live without the message content intent where it is not granted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import aiohttp
import discord
import structlog
import yarl
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.domain.errors import ConfigurationError, PlatformError

log = structlog.get_logger(__name__)

OFFICIAL = "https://discord.com/api/v10"
OFFICIAL_CDN = "https://cdn.discordapp.com"
CACHED_MESSAGES = 100
AUTHENTICATION_FAILED = 4004  # gateway close code
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds between attempts after a connection could not be kept; doubling. Discord allows 1000 logins of a session a day."""
TROUBLE = (discord.HTTPException, discord.GatewayNotFound, discord.ConnectionClosed, aiohttp.ClientError, OSError)

Handlers = Mapping[str, Callable[..., object]]


def point_at(api_base: str) -> None:
    """Make discord.py speak to this API. Its addresses are class attributes, so one process speaks to one Discord."""
    Route.BASE = api_base
    url = yarl.URL(api_base)
    Asset.BASE = OFFICIAL_CDN if api_base == OFFICIAL else f"{url.origin()}/cdn"


def intents(content: bool) -> discord.Intents:
    """What is listened to: servers, messages, reactions. Members and presences stay off (memory, and Discord's approval)."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.guild_messages = wanted.dm_messages = True
    wanted.guild_reactions = wanted.dm_reactions = True
    wanted.message_content = content
    return wanted


class Connection:
    """Keeps one logged-in client running until stopped. ``handlers`` are discord.py's event names without ``on_``."""

    def __init__(self, token: str, api_base: str, handlers: Handlers) -> None:
        self._token = token
        self._api_base = api_base.rstrip("/")
        self._handlers = handlers
        self._content = True
        self._client: discord.Client | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def client(self) -> discord.Client:
        """The logged-in client. Raises ``PlatformError`` while there is none."""
        if self._client is None or self._client.is_closed():
            raise PlatformError("Discord is not connected.")
        return self._client

    async def start(self) -> None:
        """Log in and begin to connect. Raises ``ConfigurationError`` for a wrong token; an unreachable Discord is tried again."""
        point_at(self._api_base)
        try:
            await self._log_in()
        except discord.LoginFailure as error:
            raise ConfigurationError("Discord does not accept the token in [discord] token.") from error
        except TROUBLE as error:
            log.warning("Discord cannot be reached; trying again", reason=str(error))
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._drop_client()

    def _build(self, kind: type[discord.Client]) -> discord.Client:
        local = yarl.URL(self._api_base).host in ("127.0.0.1", "localhost", "::1")
        client = kind(
            intents=intents(self._content),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=CACHED_MESSAGES,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0.2 if local else 2.0,
        )
        for name, handler in self._handlers.items():
            setattr(client, f"on_{name}", handler)
        return client

    async def _log_in(self, kind: type[discord.Client] = discord.Client) -> None:
        await self._drop_client()
        client = self._build(kind)
        try:
            await client.login(self._token)
            shards, gateway, _ = await client.http.get_bot_gateway()
        except BaseException:
            await client.close()
            raise
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
        self._client = client
        if shards > 1 and kind is discord.Client:
            await self._log_in(discord.AutoShardedClient)

    async def _drop_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _run(self) -> None:
        pause = SHORTEST_PAUSE
        while True:
            begun = time.monotonic()
            try:
                if self._client is None:
                    await self._log_in()
                await self.client.connect()
                return  # closed by stop()
            except discord.PrivilegedIntentsRequired:
                self._content = False
                log.warning(
                    "the message content intent is not granted: hearing mentions, replies to the bot, direct messages and commands only;"
                    " switch it on under Bot in Discord's developer portal to hear everything"
                )
            except discord.LoginFailure:
                log.error("Discord no longer accepts the token; not connecting again")
                return
            except TROUBLE as error:
                if isinstance(error, discord.ConnectionClosed) and error.code == AUTHENTICATION_FAILED:
                    log.error("Discord no longer accepts the token; not connecting again")
                    return
                if time.monotonic() - begun > LONGEST_PAUSE:  # it had worked
                    pause = SHORTEST_PAUSE
                log.warning("connection to Discord lost", reason=str(error), again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            await self._drop_client()
