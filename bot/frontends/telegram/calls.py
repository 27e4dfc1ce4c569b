"""Bot API calls with Telegram's refusals turned into ``PlatformError``, and what may be repeated repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx
import structlog
from telegram import Bot, LinkPreviewOptions, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.domain.errors import PlatformError
from bot.domain.places import ChatKey
from bot.frontends.telegram.pacing import Pacer

log = structlog.get_logger(__name__)
T = TypeVar("T")

ATTEMPTS = 4
LONGEST_WAIT = 600.0
"""Seconds that one call waits out flood limits, in all; reports name waits of up to 137 s."""
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_GONE = ("chat not found", "thread not found", "topic_closed", "topic_deleted", "not enough rights", "have no rights", "deactivated",
         "chat_write_forbidden", "bot can't initiate", "peer_id_invalid", "group chat was upgraded")  # fmt: skip
_MISSING = ("message to edit not found", "message can't be edited", "message_id_invalid", "message identifier is not specified")


class NotModified(PlatformError):
    """The message shows this already."""


class MessageMissing(PlatformError):
    """The message to change has been deleted."""


class Refused(PlatformError):
    """Telegram refused the message as it is; ``reason`` is its own sentence, in small letters."""

    retry = False

    def __init__(self, reason: str) -> None:
        super().__init__("Telegram did not take the message.", host_detail=reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go: a chat and, in a forum, the topic. The general topic has none (Bot API refuses id 1)."""

    chat_id: int
    thread: int | None = None

    @classmethod
    def of(cls, key: ChatKey) -> Target:
        return cls(int(key.channel), int(key.topic) if key.topic else None)

    @property
    def private(self) -> bool:
        """Groups and channels have negative ids (Bot API: Chat)."""
        return self.chat_id > 0


class Calls:
    """Makes calls. ``moved`` is told when a group turns out to have a new id; calls to the old one go to the new from then on."""

    def __init__(self, bot: Bot, pacer: Pacer, moved: Callable[[int, int], Awaitable[None]]) -> None:
        self.bot = bot
        self.pacer = pacer
        self._moved = moved
        self._new_ids: dict[int, int] = {}

    async def send(self, chat_id: int, call: Callable[[int], Awaitable[T]]) -> T:
        """A call that makes something new: never repeated once it may have had its effect."""
        return await self._call(chat_id, call, repeatable=False, patient=True)

    async def change(self, chat_id: int, call: Callable[[int], Awaitable[T]], *, patient: bool = True) -> T:
        """A call that can be repeated safely, such as an edit. ``patient`` waits out flood limits; otherwise they raise at once."""
        return await self._call(chat_id, call, repeatable=True, patient=patient)

    def renamed(self, old: int, new: int) -> None:
        """A group has a new id (a service message said so)."""
        self._new_ids[old] = new

    async def _call(self, chat_id: int, call: Callable[[int], Awaitable[T]], *, repeatable: bool, patient: bool) -> T:
        waited, failures = 0.0, 0
        while True:
            target = self._new_ids.get(chat_id, chat_id)
            try:
                return await call(target)
            except ChatMigrated as error:
                if target == error.new_chat_id:
                    raise PlatformError(gone=True, host_detail=str(error)) from error
                self.renamed(target, error.new_chat_id)
                await self._moved(target, error.new_chat_id)
            except RetryAfter as error:
                pause = _seconds(error) + 0.3
                self.pacer.block(target, pause)
                waited += pause
                if not patient or waited > LONGEST_WAIT:
                    raise PlatformError("Telegram asked me to slow down.", host_detail=str(error)) from error
                log.info("telegram flood limit", seconds=pause)
                await asyncio.sleep(pause)
            except TelegramError as error:
                failures += 1
                if not _try_again(error, repeatable) or failures >= ATTEMPTS or not patient:
                    raise _translated(error, repeatable) from error
                await asyncio.sleep(0.5 * 2 ** (failures - 1))


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()


def _never_sent(error: TelegramError) -> bool:
    """Whether the request surely did not reach Telegram: no connection was to be had."""
    return isinstance(error.__cause__, (httpx.PoolTimeout, httpx.ConnectError, httpx.ConnectTimeout))


def _try_again(error: TelegramError, repeatable: bool) -> bool:
    if isinstance(error, BadRequest) or not isinstance(error, NetworkError):
        return False
    return repeatable or _never_sent(error)


def _translated(error: TelegramError, repeatable: bool) -> PlatformError:
    reason = error.message.lower()
    if isinstance(error, Forbidden):
        return PlatformError("I am shut out of that chat.", gone=True, host_detail=error.message)
    if isinstance(error, BadRequest):
        if "message is not modified" in reason:
            return NotModified()
        if any(words in reason for words in _MISSING):
            return MessageMissing(gone=True, host_detail=error.message)
        if any(words in reason for words in _GONE):
            return PlatformError(gone=True, host_detail=error.message)
        return Refused(reason)
    if isinstance(error, InvalidToken):
        return PlatformError("Telegram did not answer as it should.", host_detail="token or file link refused")
    uncertain = isinstance(error, (TimedOut, NetworkError)) and not repeatable and not _never_sent(error)
    return PlatformError("Telegram cannot be reached.", uncertain=uncertain, host_detail=type(error).__name__)


def reply_to(message_id: str | None) -> ReplyParameters | None:
    """The message to answer; a deleted one is no obstacle."""
    return ReplyParameters(int(message_id), allow_sending_without_reply=True) if message_id else None
