"""Who may manage a group, as Telegram says, remembered for a minute."""

from __future__ import annotations

import time

import structlog
from telegram import Bot, Chat, User
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError

from bot.domain.places import Person

log = structlog.get_logger(__name__)

REMEMBERED = 60.0
"""Seconds."""
_KEPT = 10_000


class Managers:
    """Administrators of groups."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._known: dict[tuple[int, int], tuple[float, bool]] = {}

    def known(self, chat: Chat, user_id: int) -> bool:
        """What is remembered, without asking Telegram."""
        if chat.type == Chat.PRIVATE:
            return True
        until, manager = self._known.get((chat.id, user_id), (0.0, False))
        return manager and until > time.monotonic()

    async def is_manager(self, chat: Chat, user_id: int) -> bool:
        """Whether this person manages the chat; no when Telegram does not tell."""
        if chat.type == Chat.PRIVATE:
            return True
        key = (chat.id, user_id)
        until, manager = self._known.get(key, (0.0, False))
        if until > time.monotonic():
            return manager
        try:
            member = await self._bot.get_chat_member(chat.id, user_id)
        except TelegramError as error:
            log.info("telegram did not say who manages a chat", chat=chat.id, reason=type(error).__name__)
            return False
        manager = member.status in (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[key] = (time.monotonic() + REMEMBERED, manager)
        return manager

    async def checked(self, person: Person, chat: Chat, user: User | None) -> Person:
        """The person with what Telegram says about managing this chat."""
        if person.manager or user is None or not await self.is_manager(chat, user.id):
            return person
        return person.model_copy(update={"manager": True})
