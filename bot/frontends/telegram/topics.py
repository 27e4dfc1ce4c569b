"""The topics of pictures: reactions and presses on old messages do not tell in which topic of a forum the message is."""

from __future__ import annotations

from telegram import Chat

from bot.domain.places import ChatKey
from bot.frontends.telegram.notes import Notes


class Topics:
    """Remembers the topic of picture posts in forums."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def remember(self, chat: ChatKey, message_id: str) -> None:
        """Note where a picture was posted; nothing to note outside of topics."""
        if chat.topic:
            await self._notes.put(_name(chat.channel, message_id), chat.topic)

    async def key_of(self, chat: Chat, message_id: int) -> ChatKey:
        """The chat of a message that Telegram only names."""
        topic = await self._notes.get(_name(str(chat.id), str(message_id))) if chat.id < 0 else None
        return ChatKey("telegram", "", str(chat.id), topic or "")


def _name(channel: str, message_id: str) -> str:
    return f"telegram:topic:{channel}:{message_id}"
