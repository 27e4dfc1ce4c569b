"""Reference pictures as every backend can read them: upright, one frame, in colours and a format that all of them know."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

from bot.domain.errors import BadFile, FileTooLarge
from bot.engine.pictures.metadata import without_metadata
from bot.storage.assets import FORMATS, orientation_of

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 25_000_000
"""Of a picture that is written anew: 100 MB while it is decoded. Larger photos are read at half their size or less."""
_ENOUGH = 2048
"""Pixels a side that a photo read smaller keeps at least; models draw smaller ones."""
_COMMON = ("PNG", "JPEG", "WEBP")
_QUALITY = 95
_decoding = threading.Lock()
"""One picture at a time: pixels take a lot of memory, and anybody may send them."""


def readable(data: bytes) -> tuple[bytes, str]:
    """The picture and its mime type, for a service to read: without EXIF, descriptions or a card inside it. Most keep their pixels as
    they are; a photo that lies on its side by its EXIF mark (many services overlook the mark), an animation, CMYK, GIF and AVIF are
    written anew. Blocking: call it in a thread. Raises ``BadFile`` and ``FileTooLarge``."""
    from PIL import Image  # takes its time to import

    try:
        with Image.open(io.BytesIO(data), formats=tuple(FORMATS)) as image:
            kind, animated = str(image.format), getattr(image, "is_animated", False)
            if kind in _COMMON and not animated and image.mode != "CMYK" and orientation_of(image) == 1:
                return without_metadata(data, FORMATS[kind]), FORMATS[kind]
            with _decoding:
                return _anew(image, "JPEG" if kind == "JPEG" else "PNG")
    except FileTooLarge:
        raise
    except Exception as error:  # hostile files make the parsers raise nearly anything; all of it means the same here
        raise BadFile("The picture to draw from is damaged. Please send it again, or another one.") from error


def _anew(image: Image.Image, kind: str) -> tuple[bytes, str]:
    from PIL import ImageOps

    if image.width * image.height > MOST_PIXELS and kind == "JPEG":
        image.draft(image.mode, (_ENOUGH, _ENOUGH))
    if image.width * image.height > MOST_PIXELS:
        raise FileTooLarge("The picture to draw from has too many pixels. Please send a smaller one, or a JPEG.")
    upright = ImageOps.exif_transpose(image)
    if kind == "JPEG" and upright.mode not in ("L", "RGB"):
        upright = upright.convert("RGB")
    elif upright.mode not in ("L", "LA", "RGB", "RGBA"):
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    for name in ("exif", "xmp", "comment", "icc_profile"):
        if name != "icc_profile" or image.mode == "CMYK":  # a profile of other colours would be wrong now
            upright.info.pop(name, None)
    file = io.BytesIO()
    upright.save(file, kind, **({"quality": _QUALITY} if kind == "JPEG" else {"compress_level": 1}))
    return file.getvalue(), FORMATS[kind]
