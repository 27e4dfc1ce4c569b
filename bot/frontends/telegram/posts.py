"""The engine's posts: texts, files, pictures with text, and their edits."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telegram import InlineKeyboardMarkup

from bot.domain.posts import Post
from bot.frontends.telegram import format as markup
from bot.frontends.telegram import photos
from bot.frontends.telegram.calls import Calls, NotModified, Refused, Target
from bot.frontends.telegram.keyboards import keyboard
from bot.frontends.telegram.messages import Texts, pieces
from bot.frontends.telegram.pictures import Media, Pictures


class Posts:
    """Posts and edits what ``Post`` says."""

    def __init__(self, calls: Calls) -> None:
        self._texts = Texts(calls)
        self._pictures = Pictures(calls)

    async def send(self, target: Target, post: Post) -> str:
        """The id of the message that carries the buttons. A text too long for a caption follows its picture or file."""
        media = await _media(post)
        if media is None:
            return await self._texts.send_all(target, post, post.rows)
        fits = markup.measure(post.text) <= markup.CAPTION_LIMIT
        buttons = keyboard(post.rows) if fits else None
        caption = post.text if fits else ""
        try:
            sent = await self._pictures.send(target, media, caption, answers=post.reply_to, buttons=buttons, spoiler=post.spoiler)
        except Refused:
            if media.document:
                raise
            as_file = Media(media.content, media.name, document=True)
            sent = await self._pictures.send(target, as_file, caption, answers=post.reply_to, buttons=buttons)
        return str(sent.message_id) if fits else await self._texts.send_all(target, Post(post.text), post.rows)

    async def edit(self, target: Target, message_id: str, post: Post) -> None:
        """Replace text, buttons and, where the post has one, the picture. A text longer than one message is cut."""
        buttons = keyboard(post.rows)
        media = await _media(post)
        if media is not None:
            await self._replace(target, message_id, media, post, buttons)
            return
        text = pieces(post.text)
        try:
            await self._texts.edit(target, message_id, text[0] if text else "…", buttons=buttons)
        except Refused as refusal:
            if "no text in the message" not in refusal.reason:
                raise
            await self._pictures.edit_caption(target, message_id, post.text, buttons)

    async def _replace(self, target: Target, message_id: str, media: Media, post: Post, buttons: InlineKeyboardMarkup | None) -> None:
        caption = post.text if markup.measure(post.text) <= markup.CAPTION_LIMIT else ""
        try:
            await self._pictures.edit(target, message_id, media, caption, buttons=buttons, spoiler=post.spoiler)
        except NotModified:
            return


async def _media(post: Post) -> Media | None:
    """The picture or file of a post as something to upload."""
    if post.file is not None:
        return Media(post.file.data, post.file.name, document=True)
    if post.picture is None:
        return None
    path: Path = post.picture
    width, height, mime = await asyncio.to_thread(photos.size_of, path)
    picture = await photos.load(path, path.name if path.suffix else f"{path.name}.{mime.partition('/')[2] or 'png'}", mime, width, height)
    return Media(picture.data, picture.name, picture.document)
