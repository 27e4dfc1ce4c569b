"""Pictures within Telegram's limits for photos, made smaller only where they must be, and off the event loop."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

PHOTO_BYTES = 10 * 1024 * 1024
"""Bot API: sendPhoto, 10 MB."""
PHOTO_SIDES = 10_000
"""Bot API: sendPhoto, width and height together, in pixels."""
PHOTO_RATIO = 20
"""Bot API: sendPhoto, the longer side to the shorter."""
DECODED_PIXELS = 40_000_000
"""Beyond this a picture is not decoded here but handed over as a document."""
PHOTO_TYPES = ("image/png", "image/jpeg", "image/webp")
_SHRUNK_SIDES = 4096


@dataclass(frozen=True, slots=True)
class Picture:
    """Bytes ready for upload. ``document``: as a file, because it cannot be a photo."""

    data: bytes
    name: str
    document: bool = False


async def load(path: Path, name: str, mime: str, width: int, height: int) -> Picture:
    """Read a picture and make it fit. Untouched whenever it fits already."""
    data = await asyncio.to_thread(path.read_bytes)
    if mime not in PHOTO_TYPES or max(width, height) > PHOTO_RATIO * max(1, min(width, height)):
        return Picture(data, name, document=True)
    if len(data) <= PHOTO_BYTES and width + height <= PHOTO_SIDES:
        return Picture(data, name)
    if width * height > DECODED_PIXELS:
        return Picture(data, name, document=True)
    smaller = await asyncio.to_thread(_shrunk, data)
    return Picture(smaller, f"{Path(name).stem}.jpg") if smaller else Picture(data, name, document=True)


def size_of(path: Path) -> tuple[int, int, str]:
    """Width, height and mime type of an image file, from its header; zeros where it cannot be read."""
    try:
        with Image.open(path) as image:
            return image.width, image.height, Image.MIME.get(image.format or "", "")
    except (OSError, ValueError, Image.DecompressionBombError):
        return 0, 0, ""


def _shrunk(data: bytes) -> bytes | None:
    """A JPEG within the limits, or None where that does not work."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.thumbnail((_SHRUNK_SIDES, _SHRUNK_SIDES))
            whole = image.convert("RGBA")
        flat = Image.new("RGB", whole.size, "white")
        flat.paste(whole, mask=whole.getchannel("A"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    for quality in (92, 85, 70):
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=quality)
        if out.tell() <= PHOTO_BYTES:
            return out.getvalue()
    return None
