"""Sending and editing text messages."""

from __future__ import annotations

import structlog
from telegram import ForceReply, InlineKeyboardMarkup

from bot.domain.posts import Post, Rows
from bot.frontends.telegram import format as markup
from bot.frontends.telegram.calls import NO_PREVIEW, Calls, NotModified, Refused, Target, reply_to
from bot.frontends.telegram.keyboards import keyboard
from bot.frontends.text import split

log = structlog.get_logger(__name__)

Markup = InlineKeyboardMarkup | ForceReply


def pieces(text: str) -> list[str]:
    """A text cut to messages, measured as Telegram does: after formatting."""
    return split(text, markup.TEXT_LIMIT, markup.measure)


class Texts:
    """Text messages. ``text`` is chat-model Markdown; when Telegram cannot read our HTML after all, it is sent as it is."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def send(self, target: Target, text: str, *, answers: str | None = None, buttons: Markup | None = None) -> str:
        """One message; its id."""

        async def call(chat_id: int, body: str, mode: str | None) -> str:
            sent = await self._calls.bot.send_message(
                chat_id,
                body,
                parse_mode=mode,
                message_thread_id=target.thread,
                reply_parameters=reply_to(answers),
                reply_markup=buttons,
                link_preview_options=NO_PREVIEW,
            )
            return str(sent.message_id)

        try:
            sent = await self._calls.send(target.chat_id, lambda chat_id: call(chat_id, markup.to_html(text), "HTML"))
        except Refused as refusal:
            if "parse entities" not in refusal.reason:
                raise
            sent = await self._calls.send(target.chat_id, lambda chat_id: call(chat_id, markup.clean(text), None))
        self._calls.pacer.count(target.chat_id)
        return sent

    async def edit(
        self, target: Target, message_id: str, text: str, *, buttons: InlineKeyboardMarkup | None = None, patient: bool = True
    ) -> None:
        """Replace a message's text and buttons; showing it already is success. Raises ``MessageMissing`` when it was deleted."""

        async def call(chat_id: int, body: str, mode: str | None) -> None:
            await self._calls.bot.edit_message_text(
                body, chat_id, int(message_id), parse_mode=mode, reply_markup=buttons, link_preview_options=NO_PREVIEW
            )

        try:
            await self._calls.change(target.chat_id, lambda chat_id: call(chat_id, markup.to_html(text), "HTML"), patient=patient)
        except NotModified:
            return
        except Refused as refusal:
            if "parse entities" not in refusal.reason:
                raise
            await self._calls.change(target.chat_id, lambda chat_id: call(chat_id, markup.clean(text), None), patient=patient)
        self._calls.pacer.count(target.chat_id)

    async def send_all(self, target: Target, post: Post, rows: Rows) -> str:
        """A text of any length, its buttons under the last message; the id of that one."""
        parts = pieces(post.text) or ["…"]
        message_id = ""
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            message_id = await self.send(
                target, part, answers=post.reply_to if number == 0 else None, buttons=keyboard(rows) if last else None
            )
        return message_id

    async def delete(self, target: Target, message_ids: tuple[str, ...]) -> None:
        """Remove messages, as far as Telegram allows (48 hours); those that are gone are no error."""
        for start in range(0, len(message_ids), 100):  # Bot API: deleteMessages takes 1-100 ids
            await self._delete(target, [int(message_id) for message_id in message_ids[start : start + 100]])

    async def _delete(self, target: Target, ids: list[int]) -> None:
        try:
            await self._calls.change(target.chat_id, lambda chat_id: self._calls.bot.delete_messages(chat_id, ids))
        except Refused as refusal:
            log.info("messages not removed", chat=target.chat_id, reason=refusal.reason)
