"""Takes what people do not see out of a picture's file, without touching its pixels: places, cameras, a character card inside an avatar.

The structures are those of JPEG (ITU-T T.81, annex B), PNG (third edition, section 5) and WebP (RFC 9649). A file that does not keep to
them comes back as it is.
"""

from __future__ import annotations

import struct

_JPEG_KEPT = frozenset({0xE0, 0xE2, 0xEE})
"""JFIF, colour profiles, and Adobe's mark of how colours are stored."""
_PNG_DROPPED = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"})
_WEBP_DROPPED = frozenset({b"EXIF", b"XMP "})
_WEBP_MARKS = 0x08 | 0x04
"""Bits of a VP8X header that say there is EXIF and XMP."""


def without_metadata(data: bytes, mime: str) -> bytes:
    """The same picture without descriptions, EXIF and XMP."""
    strip = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}.get(mime)
    try:
        return strip(data) if strip else data
    except (struct.error, IndexError):
        return data


def _jpeg(data: bytes) -> bytes:
    """Drops application segments and comments before the first scan."""
    kept = [data[:2]]
    position = 2
    while data[position] == 0xFF and data[position + 1] != 0xDA:
        marker = data[position + 1]
        (length,) = struct.unpack_from(">H", data, position + 2)
        end = position + 2 + length
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker in _JPEG_KEPT:
            kept.append(data[position:end])
        position = end
    return b"".join([*kept, data[position:]])


def _png(data: bytes) -> bytes:
    kept = [data[:8]]
    position = 8
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 12 + length
        if data[position + 4 : position + 8] not in _PNG_DROPPED:
            kept.append(data[position:end])
        position = end
    return b"".join(kept)


def _webp(data: bytes) -> bytes:
    kept: list[bytes] = []
    position = 12
    while position + 8 <= len(data):
        kind = data[position : position + 4]
        (length,) = struct.unpack_from("<I", data, position + 4)
        end = position + 8 + length + length % 2
        chunk = data[position:end]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_MARKS]) + chunk[9:]
        if kind not in _WEBP_DROPPED:
            kept.append(chunk)
        position = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
