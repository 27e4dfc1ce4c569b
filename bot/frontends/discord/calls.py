"""Requests to Discord that may fail: what is tried again, and what a failure means to the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord

from bot.domain.errors import PlatformError

T = TypeVar("T")

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION = 10003, 10008, 10015, 10062
"""Discord's JSON error codes for things that are not there (any more)."""
ALREADY_ACKNOWLEDGED, INVALID_TOKEN, INVALID_BODY = 40060, 50027, 50035
LOST = (aiohttp.ClientError, OSError, discord.DiscordServerError)
"""The answer was lost, so the request may have taken effect. On Linux discord.py raises connection resets at once, and it never
retries a 503; every other 5xx was retried five times before it gets here."""


class Refused(PlatformError):
    """Discord refused the message as it was sent."""

    retry = False

    def __init__(self, *, code: int = INVALID_BODY, host_detail: str = "") -> None:
        super().__init__(host_detail=host_detail)
        self.code = code

    @property
    def lasting(self) -> bool:
        """It tells what Discord supports. A file that is not on the message (any more), or a limit reached, does not."""
        return self.code == INVALID_BODY and "attachment data not found" not in self.host_detail.lower()


class MessageGone(PlatformError):
    """The message has been deleted."""

    retry = False


def failure(error: Exception) -> PlatformError:
    """The domain's words for an error of discord.py or aiohttp. Only a 400 becomes ``Refused``: other codes say nothing about the body."""
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, discord.RateLimited):
        return PlatformError("Discord asks to slow down. Please try again in a moment.", host_detail=detail)
    if isinstance(error, discord.HTTPException):
        return _http_failure(error, detail)
    never_sent = isinstance(error, aiohttp.ClientConnectorError)
    return PlatformError("The connection to Discord was lost.", uncertain=not never_sent, host_detail=detail)


def _http_failure(error: discord.HTTPException, detail: str) -> PlatformError:
    if error.code == UNKNOWN_MESSAGE:
        return MessageGone(gone=True, host_detail=detail)
    if error.status in (403, 404):
        return PlatformError("I may not write there, or it is gone.", gone=True, host_detail=detail)
    if error.status == 413 or error.code == 40005:
        return PlatformError("The file is too large for Discord.", host_detail=detail)
    if error.status == 400:
        return Refused(code=error.code, host_detail=detail)
    return PlatformError(uncertain=error.status >= 500, host_detail=detail)


async def attempt(call: Callable[[], Awaitable[T]], *, tries: int, pause: float = 0.5) -> T:
    """Await ``call`` up to ``tries`` times; only a lost answer is worth another try, so pass ``tries > 1`` only where doing it twice
    changes nothing (edits; sends that carry a nonce). Raises ``PlatformError``."""
    for left in range(tries - 1, -1, -1):
        try:
            return await call()
        except LOST as error:
            if not left:
                raise failure(error) from error
            await asyncio.sleep(pause)
        except (discord.HTTPException, discord.RateLimited) as error:
            raise failure(error) from error
        except RuntimeError as error:  # aiohttp's "Session is closed", while stopping or between two connections
            raise PlatformError("Discord is not connected.", host_detail=str(error)) from error
    raise AssertionError("tries must be at least 1")
