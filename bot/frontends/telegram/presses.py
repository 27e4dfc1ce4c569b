"""Controls used: buttons and the emoji reactions that stand for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from telegram import CallbackQuery, Message, MessageReactionUpdated, ReactionTypeEmoji
from telegram.error import TelegramError

from bot.domain.events import Press
from bot.frontends.telegram import updates
from bot.frontends.telegram.calls import Calls, Target
from bot.frontends.telegram.forms import Forms
from bot.frontends.telegram.people import Managers
from bot.frontends.telegram.posts import Posts
from bot.frontends.telegram.responder import NOTICE, ChatResponder, PressResponder
from bot.frontends.telegram.topics import Topics

if TYPE_CHECKING:
    from bot.engine.engine import Engine

log = structlog.get_logger(__name__)

NOTICE_WAIT = 0.04
"""Seconds a press may take to bring about its own notice before it is answered without one."""


class Presses:
    """Hands presses to the engine. Every press is answered within ``NOTICE_WAIT`` and the time of one call."""

    def __init__(self, engine: Engine, calls: Calls, posts: Posts, forms: Forms, topics: Topics, managers: Managers) -> None:
        self._engine = engine
        self._calls = calls
        self._posts = posts
        self._forms = forms
        self._topics = topics
        self._managers = managers

    async def press(self, query: CallbackQuery) -> None:
        message = query.message
        if message is None or not query.data:
            await self._acknowledge(query, "This button is too old.")
            return
        chat = message.chat
        key = updates.key_of(chat, message) if isinstance(message, Message) else await self._topics.key_of(chat, message.message_id)
        person = updates.person_of(query.from_user, chat)
        responder = PressResponder(self._posts, self._forms, Target.of(key), person, str(message.message_id))

        async def work() -> None:
            press = Press(
                chat=key,
                place=updates.place_of(chat),
                author=await self._managers.checked(person, chat, query.from_user),
                control=str(query.data),
                message_id=str(message.message_id),
                press_id=query.id,
            )
            await self._engine.press(press, responder)

        working = asyncio.create_task(work())
        try:
            await asyncio.wait((working, responder.notice), timeout=NOTICE_WAIT, return_when=asyncio.FIRST_COMPLETED)
            responder.close()
            await self._acknowledge(query, responder.notice.result() if responder.notice.done() else None)
        finally:
            await working

    async def _acknowledge(self, query: CallbackQuery, words: str | None) -> None:
        """End the spinner on the button. Queries die within seconds; after a restart old ones arrive late. A notice of several
        lines is to be read and stays until it is closed; a short one passes by."""
        try:
            await self._calls.bot.answer_callback_query(query.id, text=words[:NOTICE] if words else None, show_alert="\n" in (words or ""))
        except TelegramError as error:
            log.info("press not acknowledged", reason=type(error).__name__)

    async def reaction(self, reaction: MessageReactionUpdated, update_id: int) -> None:
        """Adding an emoji presses; so does taking one away, because the bot cannot take it away for the person."""
        if reaction.user is None or reaction.user.is_bot:
            return
        old = [r.emoji for r in reaction.old_reaction if isinstance(r, ReactionTypeEmoji)]
        new = [r.emoji for r in reaction.new_reaction if isinstance(r, ReactionTypeEmoji)]
        added = [emoji for emoji in new if emoji not in old]
        key = await self._topics.key_of(reaction.chat, reaction.message_id)
        person = await self._managers.checked(updates.person_of(reaction.user, reaction.chat), reaction.chat, reaction.user)
        message_id = str(reaction.message_id)
        responder = ChatResponder(self._posts, self._forms, Target.of(key), person, message_id)
        for emoji in added or [emoji for emoji in old if emoji not in new]:
            await self._engine.react(
                key,
                updates.place_of(reaction.chat),
                person,
                message_id=message_id,
                emoji=emoji,
                press_id=f"{update_id}:{emoji}",
                responder=responder,
            )
