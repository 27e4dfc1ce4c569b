"""Files to and from Discord: uploads, size limits, kept attachments, and fetching what people sent."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import httpx
from PIL import Image

from bot.domain.errors import BadFile, FileTooLarge, PlatformError
from bot.domain.events import Attachment
from bot.domain.posts import TakeView
from bot.frontends.files import mime_of

CDN_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
ALT_LIMIT = 1024  # characters of a file's description (Discord's API description of attachments)
MIN_SIDE = 256  # pixels; a picture is not shrunk below this


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes to send. A ``discord.File`` is used up by one request, so a new one is made for every try."""

    name: str
    data: bytes
    description: str = ""

    def file(self) -> discord.File:
        return discord.File(io.BytesIO(self.data), self.name, description=self.description[:ALT_LIMIT] or None)


@dataclass(frozen=True, slots=True)
class Held:
    """A file that is on a message already. In an edit it stays by being listed; discord.py asks a kept attachment only for ``to_dict``."""

    message: str
    file: int
    name: str

    def to_dict(self) -> dict[str, Any]:
        return {"id": str(self.file), "filename": self.name}

    def handle(self) -> str:
        return json.dumps({"message": self.message, "file": self.file, "name": self.name}, separators=(",", ":"))

    @classmethod
    def read(cls, handle: str | None) -> Held | None:
        """The text form back; None for anything else (a handle of another version is as good as none)."""
        try:
            data = json.loads(handle or "")
            return cls(str(data["message"]), int(data["file"]), str(data["name"]))
        except (ValueError, KeyError, TypeError):
            return None


def held_in(message: discord.Message) -> dict[int, str]:
    """All files of a message by id, with their names. Discord lists in ``attachments`` only those that no component shows."""
    files = {a.id: a.filename for a in message.attachments}
    for media in _shown_media(message):
        if media.attachment_id is not None:
            files[media.attachment_id] = media.url.partition("?")[0].rpartition("/")[2]
    return files


def shown_file(message: discord.Message) -> int | None:
    """The id of the file in the message's gallery; None when the gallery shows none of the message's own files."""
    return next((m.attachment_id for m in _shown_media(message)), None)


def _shown_media(message: discord.Message) -> list[discord.UnfurledMediaItem]:
    galleries = [c for c in message.components if isinstance(c, discord.MediaGalleryComponent)]
    return [item.media for gallery in galleries for item in gallery.items]


async def take_upload(take: TakeView, alt: str, limit: int) -> Upload:
    """The take's bytes, untouched unless they pass ``limit`` bytes; then re-encoded, off the event loop. Raises ``PlatformError``."""
    try:
        data = await asyncio.to_thread(take.path.read_bytes)
    except OSError as error:
        raise PlatformError("The picture's file is missing.", host_detail=str(error)) from error
    name = take.name
    if len(data) > limit:
        data = await asyncio.to_thread(shrink, data, limit)
        name = f"{Path(name).stem}.jpg"
    return Upload(name, data, alt)


async def picture_upload(path: Path, alt: str, limit: int) -> Upload:
    """An image asset as a file to send; its kind is read from its first bytes, because assets carry no extension."""
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise PlatformError("The picture's file is missing.", host_detail=str(error)) from error
    if len(data) > limit:
        return Upload("picture.jpg", await asyncio.to_thread(shrink, data, limit), alt)
    return Upload(f"picture.{_extension(data)}", data, alt)


def _extension(data: bytes) -> str:
    if data.startswith(b"\xff\xd8"):
        return "jpg"
    if data.startswith(b"GIF8"):
        return "gif"
    return "webp" if data[8:12] == b"WEBP" else "png"


def shrink(data: bytes, limit: int) -> bytes:
    """The image as a JPEG of at most ``limit`` bytes: less quality first, then fewer pixels. Raises ``PlatformError`` when even that
    is not enough or the bytes are no image."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            image = opened.convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise PlatformError("The picture is too large for Discord.", host_detail=str(error)) from error
    quality = 92
    while min(image.size) >= MIN_SIDE:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        if out.tell() <= limit:
            return out.getvalue()
        if quality > 75:
            quality -= 8
        else:
            image = image.resize((image.width * 3 // 4, image.height * 3 // 4))
    raise PlatformError("The picture is too large for Discord.")


def attachment_of(file: discord.Attachment, channel_id: int | None = None, message_id: int | None = None) -> Attachment:
    """A file somebody sent. The handle holds the address Discord gave in the event and where to ask for a fresh one."""
    handle = json.dumps({"channel": channel_id, "message": message_id, "id": file.id, "url": file.url}, separators=(",", ":"))
    return Attachment(name=file.filename, mime=mime_of(file.content_type, file.filename), size=file.size, handle=handle)


def files_in(message: discord.Message) -> list[discord.Attachment]:
    """The files of a message, and of what it passes on."""
    return [*message.attachments, *(file for part in message.message_snapshots for file in part.attachments)]


def attachments_of(message: discord.Message, channel_id: int) -> tuple[Attachment, ...]:
    """The files of a message as the engine knows them."""
    return tuple(attachment_of(file, channel_id, message.id) for file in files_in(message))


def target_files(interaction: discord.Interaction, message: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """The files of the message that a message action was used on, as the interaction describes it."""
    raw = [message, *(part.get("message", {}) for part in message.get("message_snapshots", ()))]
    state = interaction._state  # the only way to an Attachment without a command tree
    files = [discord.Attachment(data=file, state=state) for part in raw for file in part.get("attachments", ())]
    return tuple(attachment_of(file, interaction.channel_id, int(message["id"])) for file in files)


class Fetcher:
    """Downloads what people sent, from Discord's own file hosts only (and the API server's, where the host configured another)."""

    def __init__(self, api_base: str) -> None:
        self._own = httpx.URL(api_base)
        self._http = httpx.AsyncClient(timeout=30, follow_redirects=False)

    async def close(self) -> None:
        await self._http.aclose()

    def allowed(self, address: str) -> bool:
        """Whether this is an address Discord hands out: nothing is fetched because a person or a model wrote it."""
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            return False
        if url.scheme == "https" and url.host in CDN_HOSTS and url.port is None:
            return True
        local = self._own.host in ("127.0.0.1", "localhost", "::1")
        return local and (url.scheme, url.host, url.port) == (self._own.scheme, self._own.host, self._own.port)

    async def get(self, address: str, limit: int) -> bytes | None:
        """The bytes, or None when the address has expired. Raises ``FileTooLarge``, ``BadFile`` and ``PlatformError``."""
        if not self.allowed(address):
            raise BadFile(host_detail=f"not one of Discord's file hosts: {address[:200]!r}")
        try:
            async with self._http.stream("GET", address) as response:
                if response.status_code in (403, 404):
                    return None
                if response.status_code != 200:
                    raise PlatformError("Discord did not hand over the file.", host_detail=f"status {response.status_code}")
                return await _bounded(response, limit)
        except httpx.HTTPError as error:
            raise PlatformError("Discord did not hand over the file.", host_detail=f"{type(error).__name__}: {error}") from error


async def _bounded(response: httpx.Response, limit: int) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > limit:
            raise FileTooLarge(f"The file is too large; at most {limit // 1024} KiB are read.")
    return bytes(data)
