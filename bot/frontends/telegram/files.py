"""Files from Telegram: what people sent, and how they show themselves."""

from __future__ import annotations

from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.domain.errors import BadFile, FileTooLarge, PlatformError
from bot.domain.events import Attachment

DOWNLOAD = 20 * 1024 * 1024
"""Bytes of a file that bots may download (Bot API: getFile)."""
_TOO_BIG = "Telegram hands bots files of at most 20 MB."


class Files:
    """Downloads by file id; nothing is fetched because of an address in a message."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """Raises ``FileTooLarge``, ``BadFile`` when Telegram does not know the file (any more), and ``PlatformError``."""
        if attachment.size > limit:
            raise FileTooLarge
        if attachment.size > DOWNLOAD:
            raise FileTooLarge(_TOO_BIG)
        return await self._get(attachment.handle, limit)

    async def avatar(self, person_id: str, limit: int) -> bytes | None:
        """The newest profile photo in the largest size that fits. None where there is none, where privacy settings hide it, and for
        groups that write as themselves (their ids are negative)."""
        if not person_id.isdecimal():
            return None
        try:
            shown = await self._bot.get_user_profile_photos(int(person_id), limit=1)
        except (BadRequest, Forbidden):  # nobody this bot has met
            return None
        except TelegramError as error:
            raise PlatformError("Telegram did not hand over the profile photo.", host_detail=type(error).__name__) from error
        sizes = sorted(shown.photos[0] if shown.photos else (), key=lambda size: size.width * size.height, reverse=True)
        for size in sizes:
            if (size.file_size or 0) > limit:
                continue
            try:
                return await self._get(size.file_id, limit)
            except FileTooLarge:
                continue
            except BadFile:  # taken away since
                return None
        return None

    async def _get(self, file_id: str, limit: int) -> bytes:
        try:
            file = await self._bot.get_file(file_id)
            if (file.file_size or 0) > limit:
                raise FileTooLarge
            data = bytes(await file.download_as_bytearray())
        except BadRequest as error:
            if "file is too big" in error.message.lower():
                raise FileTooLarge(_TOO_BIG) from error
            raise BadFile("Telegram no longer has this file; please send it again.", host_detail=error.message) from error
        except TelegramError as error:
            raise PlatformError("The file could not be fetched from Telegram.", host_detail=type(error).__name__) from error
        if len(data) > limit:
            raise FileTooLarge
        return data
