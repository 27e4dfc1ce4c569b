"""Recognises image bytes by their first ones and tells a whole file from a truncated one, without decoding.

Several services name a wrong content type or none, so the bytes decide.
"""

from __future__ import annotations

import base64
import binascii
import io
import warnings

from PIL import Image

from providers.contract import RenderedImage
from providers.errors import ErrorKind, ProviderError

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_END_WINDOW = 64
"""Some encoders leave a few bytes after JPEG's end marker."""


def mime_of(data: bytes) -> str:
    """The MIME type of PNG, JPEG, WebP, GIF or AVIF bytes; empty for anything else."""
    if data.startswith(_PNG):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return ""


def is_whole(data: bytes) -> bool:
    """Whether the end that the format prescribes is there (PNG's IEND, JPEG's end marker, the length in WebP's header)."""
    mime = mime_of(data)
    if mime == "image/png":
        return b"IEND" in data[-12:]
    if mime == "image/jpeg":
        return b"\xff\xd9" in data[-_JPEG_END_WINDOW:]
    if mime == "image/webp":
        return len(data) >= int.from_bytes(data[4:8], "little") + 8
    if mime == "image/gif":
        return data.rstrip(b"\0").endswith(b";")
    return bool(mime)


def is_bomb(data: bytes) -> bool:
    """Whether the header promises more pixels than any service draws (over twice Pillow's limit), so that a viewer would choke on them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            Image.open(io.BytesIO(data)).close()
        except Image.DecompressionBombError:
            return True
        except Exception:  # hostile files make the parsers raise nearly anything; whoever reads the picture will meet it
            return False
    return False


def rendered(data: bytes, name: str, *, seed: int | None = None) -> RenderedImage:
    """The bytes as a picture of the backend ``name``.

    Raises ``ProviderError``: BAD_ANSWER when they are none, cut short or a bomb, INVALID for SVG.
    """
    mime = mime_of(data)
    if not mime and b"<svg" in data[:1000].lower():
        # Models that draw vectors always do: asking again would only be paid for again.
        raise ProviderError(ErrorKind.INVALID, name, "It drew a vector picture, which cannot be shown here.")
    if not mime:
        raise ProviderError(
            ErrorKind.BAD_ANSWER, name, "There was no picture in it.", host_detail=f"{len(data)} bytes of no known image format"
        )
    if not is_whole(data):
        raise ProviderError(ErrorKind.BAD_ANSWER, name, "The picture arrived incomplete.", host_detail=f"{mime}, {len(data)} bytes, no end")
    if is_bomb(data):
        raise ProviderError(ErrorKind.BAD_ANSWER, name, "The picture is too large.", host_detail=f"{mime}, a header of too many pixels")
    return RenderedImage(data, mime, seed)


def from_base64(text: str, name: str) -> bytes:
    """Bytes of a base64 text with or without a ``data:`` prefix. Raises ``ProviderError`` (BAD_ANSWER) when it is none."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)  # some break their lines
    except (binascii.Error, ValueError) as error:
        raise ProviderError(ErrorKind.BAD_ANSWER, name, "The picture arrived incomplete.", host_detail="broken base64") from error
