"""A picture's post: placeholder, progress, picture, flips.

Up to ten takes stay attached to one Components V2 message and its gallery names the one to show, so that a flip sends no image bytes.
Whether an edit may name a file that is only *kept* is not documented by Discord, and edits that upload are reported to fail on some
messages. So there is an order of attempts, and only a 400 (or an answer that shows another file) leads to the next one:

1. edit with the kept ids, naming one of them (a new take: kept ids plus one upload);
2. edit with the picture uploaded again as the only file;
3. a new post, then the old one is removed.

A refusal is remembered while the process lives, so that it is not paid for at every press.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import discord
import structlog

from bot.domain.errors import PlatformError
from bot.domain.places import ChatKey
from bot.domain.posts import PictureView, Shown, TakeView
from bot.engine.commands.catalogue import split_control
from bot.frontends.discord.calls import MessageGone, Refused, attempt
from bot.frontends.discord.files import Held, Upload, held_in, shown_file, take_upload
from bot.frontends.discord.layout import custom_ids, picture_layout
from bot.frontends.discord.messages import Body, Messages

log = structlog.get_logger(__name__)

FILES = 10  # per message (Discord: message resource)
SEARCHED = 100  # newest messages looked through for a picture's post; one page of history


def picture_nonce(key: str, replaced: str | None) -> str:
    """The same for every try to make the same post, another one for the post that replaces it."""
    return hashlib.sha256(f"{key}/{replaced or ''}".encode()).hexdigest()[:25]


class Pictures:
    """Brings picture posts to their wanted state. Safe to call for several pictures at once, not twice at once for the same one."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._naming_refused = False
        self._upload_refused = False

    async def show(self, view: PictureView) -> Shown:
        """Raises ``PlatformError``; a post that was deleted meanwhile is made anew once."""
        take = view.shown
        try:
            if take is None:
                return await self._placeholder(view)
            if view.message_id is None:
                return await self._post(view, take)
            return await self._edit(view, take, view.message_id)
        except MessageGone:
            log.info("picture post was deleted, posting anew", picture=view.key, message=view.message_id)
            if take is None:
                return Shown(str((await self._send(view, Body(view=picture_layout(view, None)))).id))
            return await self._post(view, take)

    async def _placeholder(self, view: PictureView) -> Shown:
        body = Body(view=picture_layout(view, None))
        if view.message_id is None:
            return Shown(str((await self._send(view, body)).id))
        await self._messages.edit(view.chat, view.message_id, body)
        return Shown(view.message_id)

    async def _send(self, view: PictureView, body: Body) -> discord.Message:
        return await self._messages.send(view.chat, body, nonce=picture_nonce(view.key, view.message_id), reply_to=view.reply_to)

    async def _edit(self, view: PictureView, take: TakeView, message_id: str) -> Shown:
        held = {t.id: h for t in view.takes if (h := Held.read(t.handle)) and h.message == message_id}
        have = held.get(take.id)
        naming_refused = False
        if have is not None and self._naming_refused and view.state in ("waiting", "drawing"):
            return await self._status_only(view, message_id, held)
        if have is not None and not self._naming_refused:
            try:
                return await self._flip(view, message_id, have, held)
            except Refused as refusal:
                naming_refused = refusal.lasting
                log.info("Discord refused to show a kept file", picture=view.key, reason=refusal.host_detail)
        upload = await take_upload(take, view.alt, self._messages.file_limit(view.chat))
        wasted, upload_refused = 0, False
        if not self._upload_refused:
            try:
                keep = {} if have is not None or self._naming_refused else held
                shown = await self._upload(view, message_id, take, upload, keep)
                self._naming_refused |= naming_refused
                return shown
            except Refused as refusal:
                wasted, upload_refused = len(upload.data), refusal.lasting
                log.info("Discord refused an edit with an upload", picture=view.key, reason=refusal.host_detail)
        shown = await self._repost(view, message_id, take, upload)
        self._naming_refused |= naming_refused
        self._upload_refused |= upload_refused
        return replace(shown, uploaded=shown.uploaded + wasted)

    async def _flip(self, view: PictureView, message_id: str, have: Held, held: dict[int, Held]) -> Shown:
        """Attempt 1 for a take that is on the message already: no image bytes."""
        others = [h for h in held.values() if h != have]
        body = Body(view=picture_layout(view, have.name), kept=(*others[-(FILES - 1) :], have))
        answer = await self._messages.edit(view.chat, message_id, body)
        if shown_file(answer) != have.file:
            raise Refused(host_detail=f"the gallery shows file {shown_file(answer)}, not {have.file}")
        return Shown(message_id, _handles(answer, held))

    async def _status_only(self, view: PictureView, message_id: str, held: dict[int, Held]) -> Shown:
        """Where kept files cannot be named, progress edits would each upload the picture again: show the status alone meanwhile."""
        body = Body(view=picture_layout(view, None), kept=tuple(held.values())[-FILES:])
        answer = await self._messages.edit(view.chat, message_id, body)
        return Shown(message_id, _handles(answer, held))

    async def _upload(self, view: PictureView, message_id: str, take: TakeView, upload: Upload, keep: dict[int, Held]) -> Shown:
        """Attempt 1 for a new take (``keep`` holds the others), attempt 2 for a known one (``keep`` empty). Beyond ten files the
        oldest leave the message; they are uploaded again when asked for."""
        kept = tuple(keep.values())[-(FILES - 1) :]
        body = Body(view=picture_layout(view, upload.name), uploads=(upload,), kept=kept)
        answer = await self._messages.edit(view.chat, message_id, body)
        new = shown_file(answer)
        if new is None:
            raise Refused(host_detail="the gallery shows none of the message's files")
        return Shown(message_id, _handles(answer, {**keep, take.id: Held(message_id, new, upload.name)}), len(upload.data))

    async def _repost(self, view: PictureView, message_id: str, take: TakeView, upload: Upload) -> Shown:
        """Attempt 3."""
        shown = await self._post(view, take, upload)
        try:
            await self._messages.delete(view.chat, (message_id,))
        except PlatformError as error:
            log.warning("the replaced picture post stays", picture=view.key, message=message_id, reason=error.host_detail)
        return shown

    async def _post(self, view: PictureView, take: TakeView, upload: Upload | None = None) -> Shown:
        upload = upload or await take_upload(take, view.alt, self._messages.file_limit(view.chat))
        body = Body(view=picture_layout(view, upload.name), uploads=(upload,))
        answer = await self._send(view, body)
        new, message_id = shown_file(answer), str(answer.id)
        if new is not None:
            return Shown(message_id, _handles(answer, {take.id: Held(message_id, new, upload.name)}), len(upload.data))
        # The nonce was known: Discord answered with the placeholder that an earlier try had posted.
        answer = await self._messages.edit(view.chat, message_id, replace(body, kept=()))
        new = shown_file(answer)
        handles = _handles(answer, {take.id: Held(message_id, new, upload.name)}) if new is not None else {}
        return Shown(message_id, handles, 2 * len(upload.data))

    async def find(self, chat: ChatKey, key: str) -> str | None:
        """The newest own message in the recent history whose buttons carry ``key``."""
        client = self._messages.client()
        me = client.user.id if client.user else 0
        channel = self._messages.channel(chat)

        async def page() -> list[discord.Message]:
            return [message async for message in channel.history(limit=SEARCHED)]

        for message in await attempt(page, tries=3):
            if message.author.id == me and any(split_control(c)[1] == key for c in custom_ids(message)):
                return str(message.id)
        return None


def _handles(answer: discord.Message, held: dict[int, Held]) -> dict[int, str]:
    """Handles of the takes whose files Discord says are on the message."""
    there = held_in(answer)
    return {take_id: replace(h, name=there[h.file] or h.name).handle() for take_id, h in held.items() if h.file in there}
