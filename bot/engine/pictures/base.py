"""The picture to draw from: one somebody attached, or the one they answered or used the command on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from bot.domain.errors import BadFile, FileTooLarge
from bot.domain.events import Attachment
from bot.engine.services import Services
from bot.storage import entries, pictures
from bot.storage.records import Chat, Picture

ANEW = "the same picture, drawn anew"
"""The prompt of a picture drawn from another, when nothing was said of what it becomes."""
_NO_PICTURE = "«{name}» is not a picture I can read: send a PNG, JPEG, WebP, GIF or AVIF."
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif")


def is_picture(attachment: Attachment) -> bool:
    """Whether a file claims to be a picture; a file sent as a document may only have its name to say so."""
    unsure = attachment.mime in ("", "application/octet-stream")
    return attachment.mime.startswith("image/") or (unsure and PurePath(attachment.name).suffix.lower() in _ENDINGS)


async def find_base(
    services: Services, chat: Chat, *, own: Sequence[Attachment] = (), target: str | None = None, theirs: Sequence[Attachment] = ()
) -> str | None:
    """Asset hash of the picture meant: the first among ``own`` files, else the take shown in the post ``target``, else the first among
    ``theirs`` (the files of that message), else what is kept of it. None when there is no picture; raises ``BadFile``,
    ``FileTooLarge`` and ``PlatformError``."""
    for attachment in own:
        if is_picture(attachment):
            return await keep_picture(services, chat, attachment)
    if own:
        raise BadFile(_NO_PICTURE.format(name=own[0].name))
    if target is not None and (drawn := await picture_at(services, chat, target)) is not None and drawn.current is not None:
        return drawn.current.asset
    for attachment in theirs:
        if is_picture(attachment):
            return await keep_picture(services, chat, attachment)
    return await _kept(services, chat, target) if target is not None else None


async def keep_picture(services: Services, chat: Chat, attachment: Attachment) -> str:
    """Fetch a picture somebody sent and keep it; its asset hash. Size-capped before it is read."""
    limit = services.guard.rules.attachment_bytes
    try:
        data = await services.platforms[chat.key.platform].fetch(attachment, limit)
    except FileTooLarge as error:
        raise FileTooLarge(f"«{attachment.name}» is too large: a picture may have at most {limit // 2**20} MiB.") from error
    try:
        return (await services.assets.put(data)).sha
    except BadFile as error:
        raise BadFile(_NO_PICTURE.format(name=attachment.name)) from error


async def picture_at(services: Services, chat: Chat, message_id: str) -> Picture | None:
    """The picture of ours that a message shows."""
    async with services.db.read() as c:
        picture = await pictures.by_message(c, chat.id, message_id)
    return None if picture is None or picture.deleted else picture


async def _kept(services: Services, chat: Chat, message_id: str) -> str | None:
    """A picture that came with a player's message and is still there."""
    async with services.db.read() as c:
        entry = await entries.by_message(c, chat.id, message_id)
    shas = entry.extra.get("images", ()) if entry is not None else ()
    return next((str(sha) for sha in shas if services.assets.path(str(sha)).is_file()), None)
