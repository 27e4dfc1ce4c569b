"""A picture's post: a text message while it is drawn, turned into the picture when it is there, edited ever after.

Flips send the ``file_id`` of an uploaded take and no bytes. Telegram has no field for alternative text; the caption is what screen
readers find. Captions and keyboards are left out of a message by an edit that does not repeat them, so every edit carries both, and
the spoiler mark.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from telegram import InlineKeyboardMarkup, InputMediaDocument, InputMediaPhoto, Message

from bot.domain.posts import PictureView, Shown, TakeView
from bot.frontends.telegram import format as markup
from bot.frontends.telegram import photos
from bot.frontends.telegram.calls import Calls, MessageMissing, NotModified, Refused, Target, reply_to
from bot.frontends.telegram.keyboards import keyboard
from bot.frontends.telegram.messages import Texts
from bot.frontends.text import split

_AS_DOCUMENT = ("photo_invalid_dimensions", "image_process_failed", "photo_ext_invalid", "photo_save_file_invalid", "file is too big")
_BAD_HANDLE = ("wrong file identifier", "wrong remote file", "can't use file of type", "file reference", "invalid file_id")


@dataclass(frozen=True, slots=True)
class Media:
    """What to show: a handle of an earlier upload (``p:`` photo or ``d:`` document before the file_id) or bytes."""

    content: str | bytes
    name: str
    document: bool

    @property
    def uploaded(self) -> int:
        return len(self.content) if isinstance(self.content, bytes) else 0

    @classmethod
    def known(cls, handle: str, name: str) -> Media:
        return cls(handle[2:], name, handle.startswith("d:"))

    @classmethod
    async def fresh(cls, take: TakeView, *, document: bool = False) -> Media:
        picture = await photos.load(take.path, take.name, take.mime, take.width, take.height)
        if document and not picture.document:
            picture = photos.Picture(await asyncio.to_thread(take.path.read_bytes), take.name, document=True)
        return cls(picture.data, picture.name, picture.document)


class Pictures:
    """Brings picture posts to a wanted state."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._texts = Texts(calls)

    async def show(self, view: PictureView) -> Shown:
        """Idempotent for a given ``message_id``. A deleted post is posted anew, once."""
        target = Target.of(view.chat)
        known = {take.id: take.handle for take in view.takes if take.handle}
        if view.message_id and view.progress is not None and view.state == "drawing" and not self._calls.pacer.take(target.chat_id):
            return Shown(view.message_id, known)  # only progress, and too soon: the next one will show it
        take = view.shown
        if take is None:
            return Shown(await self._show_text(target, view), known)
        return await self._show_take(target, view, take, known)

    async def _show_text(self, target: Target, view: PictureView) -> str:
        buttons = keyboard(view.rows)
        text = _cut(view.text, markup.TEXT_LIMIT) or "…"
        if view.message_id is None:
            return await self._texts.send(target, text, answers=view.reply_to, buttons=buttons)
        try:
            await self._texts.edit(target, view.message_id, text, buttons=buttons)
        except MessageMissing:
            return await self._texts.send(target, text, answers=view.reply_to, buttons=buttons)
        except Refused as refusal:
            if "no text in the message" not in refusal.reason:
                raise
            await self.edit_caption(target, view.message_id, view.text, buttons)
        return view.message_id

    async def _show_take(self, target: Target, view: PictureView, take: TakeView, known: dict[int, str]) -> Shown:
        media = Media.known(take.handle, take.name) if take.handle else await Media.fresh(take)
        uploaded, message_id = 0, view.message_id
        for _ in range(4):
            try:
                sent = await self._place(target, view, message_id, media)
            except MessageMissing:
                message_id = None
                continue
            except Refused as refusal:
                media = await _other(media, take, refusal)
                known.pop(take.id, None)
                continue
            uploaded += media.uploaded
            if sent is None:
                return Shown(str(message_id), known, uploaded)
            if handle := handle_of(sent):
                known[take.id] = handle
            return Shown(str(sent.message_id), known, uploaded)
        raise Refused("neither as a photo nor as a document")

    async def _place(self, target: Target, view: PictureView, message_id: str | None, media: Media) -> Message | None:
        """Post or edit; None when the post shows exactly this already."""
        caption = _cut(view.text, markup.CAPTION_LIMIT)
        buttons = keyboard(view.rows)
        if message_id is None:
            return await self.send(target, media, caption, answers=view.reply_to, buttons=buttons, spoiler=view.spoiler)
        try:
            return await self.edit(target, message_id, media, caption, buttons=buttons, spoiler=view.spoiler)
        except NotModified:
            return None

    async def send(
        self,
        target: Target,
        media: Media,
        caption: str,
        *,
        answers: str | None = None,
        buttons: InlineKeyboardMarkup | None = None,
        spoiler: bool = False,
    ) -> Message:
        """A new message with a picture or file. ``caption`` must fit."""
        body = markup.to_html(caption) if caption else None

        async def call(chat_id: int) -> Message:
            more = {
                "caption": body,
                "parse_mode": "HTML",
                "message_thread_id": target.thread,
                "reply_parameters": reply_to(answers),
                "reply_markup": buttons,
                "filename": media.name,
            }
            if media.document:
                return await self._calls.bot.send_document(chat_id, media.content, **more)  # type: ignore[arg-type]
            return await self._calls.bot.send_photo(chat_id, media.content, has_spoiler=spoiler, **more)  # type: ignore[arg-type]

        sent = await self._calls.send(target.chat_id, call)
        self._calls.pacer.count(target.chat_id)
        return sent

    async def edit(
        self,
        target: Target,
        message_id: str,
        media: Media,
        caption: str,
        *,
        buttons: InlineKeyboardMarkup | None = None,
        spoiler: bool = False,
    ) -> Message | None:
        """Put a picture into a message that shows text or another picture. Raises ``NotModified`` and ``MessageMissing``."""
        body = markup.to_html(caption) if caption else None
        content = media.content
        item = (
            InputMediaDocument(content, caption=body, parse_mode="HTML", filename=media.name)
            if media.document
            else InputMediaPhoto(content, caption=body, parse_mode="HTML", has_spoiler=spoiler, filename=media.name)
        )

        async def call(chat_id: int) -> Message | bool:
            return await self._calls.bot.edit_message_media(item, chat_id, int(message_id), reply_markup=buttons)

        sent = await self._calls.change(target.chat_id, call)
        self._calls.pacer.count(target.chat_id)
        return sent if isinstance(sent, Message) else None

    async def edit_caption(self, target: Target, message_id: str, text: str, buttons: InlineKeyboardMarkup | None) -> None:
        """Replace caption and buttons under a picture, keeping the picture."""
        body = markup.to_html(_cut(text, markup.CAPTION_LIMIT)) if text else None

        async def call(chat_id: int) -> Message | bool:
            return await self._calls.bot.edit_message_caption(
                chat_id, int(message_id), caption=body, parse_mode="HTML", reply_markup=buttons
            )

        try:
            await self._calls.change(target.chat_id, call)
        except NotModified:
            return


def handle_of(message: Message) -> str | None:
    """The handle of what a message shows. Any size's file_id stands for the whole picture (Bot API: PhotoSize)."""
    if message.photo:
        return f"p:{message.photo[-1].file_id}"
    return f"d:{message.document.file_id}" if message.document else None


async def _other(media: Media, take: TakeView, refusal: Refused) -> Media:
    """Another way to show a take that Telegram refused: uploaded again instead of by handle, or as a file instead of a photo."""
    if isinstance(media.content, str) and any(words in refusal.reason for words in _BAD_HANDLE):
        return await Media.fresh(take)
    if not media.document and any(words in refusal.reason for words in _AS_DOCUMENT):
        return await Media.fresh(take, document=True)
    raise refusal


def _cut(text: str, limit: int) -> str:
    """``text`` shortened to one message; the full prompt is behind the ℹ️ button."""
    parts = split(text, limit - 1, markup.measure)
    return parts[0] if len(parts) == 1 else f"{parts[0]}…" if parts else ""
