"""The text chunks of a PNG file: reading, writing, removing. The pixels are never decoded.

Layout and limits: PNG specification (signature, then chunks of length, type, data, CRC-32; lengths below 2³¹).
"""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Iterator

from bot.domain.errors import BadFile

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXT_TYPES = (b"tEXt", b"zTXt", b"iTXt")
CHUNK_LIMIT = 4096  # chunks of one file
TEXT_LIMIT = 12_000_000  # bytes of one text, after decompression
SIDE_LIMIT = 16_384  # pixels
AREA_LIMIT = 100_000_000  # pixels


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of every chunk up to IEND. Raises ``BadFile`` for what is no sound PNG."""
    if not data.startswith(SIGNATURE):
        raise BadFile("This is not a PNG file.")
    position = len(SIGNATURE)
    for number in range(CHUNK_LIMIT):
        if position + 12 > len(data):
            raise BadFile("The PNG file is cut off.")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if length > 2**31 - 1 or end + 4 > len(data):
            raise BadFile("The PNG file is cut off or says wrong lengths.")
        body = data[position + 8 : end]
        if number == 0:
            _check_header(kind, body)
        yield kind, body
        if kind == b"IEND":
            return
        position = end + 4
    raise BadFile("The PNG file has too many parts.")


def _check_header(kind: bytes, body: bytes) -> None:
    if kind != b"IHDR" or len(body) != 13:
        raise BadFile("The PNG file has no header.")
    width, height = struct.unpack_from(">II", body)
    if not (0 < width <= SIDE_LIMIT and 0 < height <= SIDE_LIMIT and width * height <= AREA_LIMIT):
        raise BadFile("The picture is too large.")


def texts(data: bytes, wanted: tuple[str, ...]) -> dict[str, bytes]:
    """The text chunks with these keywords (compared in small letters), first one of each. Raises ``BadFile``."""
    found: dict[str, bytes] = {}
    for kind, body in chunks(data):
        if kind not in TEXT_TYPES:
            continue
        keyword, _, rest = body.partition(b"\0")
        name = keyword[:80].decode("latin-1").lower()
        if name in wanted and name not in found:
            found[name] = _text(kind, rest)
    return found


def _text(kind: bytes, rest: bytes) -> bytes:
    if kind == b"tEXt":
        text = rest
    elif kind == b"zTXt":
        text = _inflated(rest[1:])
    else:
        compressed = rest[:1] == b"\1"
        _, _, after = rest[2:].partition(b"\0")  # language tag
        _, _, value = after.partition(b"\0")  # translated keyword
        text = _inflated(value) if compressed else value
    if len(text) > TEXT_LIMIT:
        raise BadFile("The character data in the PNG is too large.")
    return text


def _inflated(data: bytes) -> bytes:
    """Decompressed, at most ``TEXT_LIMIT`` bytes: a small file can hold gigabytes."""
    decoder = zlib.decompressobj()
    try:
        text = decoder.decompress(data, TEXT_LIMIT + 1)
    except zlib.error as error:
        raise BadFile("The character data in the PNG is damaged.") from error
    if len(text) > TEXT_LIMIT:
        raise BadFile("The character data in the PNG is too large.")
    return text


def without_texts(data: bytes, names: tuple[str, ...]) -> bytes:
    """The same picture without the text chunks of these keywords, and nothing behind its end."""
    return _rebuilt(data, names, [])


def with_texts(data: bytes, values: dict[str, bytes]) -> bytes:
    """The same picture with these ``tEXt`` chunks before its end, earlier ones of the same names removed."""
    added = [(b"tEXt", name.encode("latin-1") + b"\0" + value) for name, value in values.items()]
    return _rebuilt(data, tuple(values), added)


def _rebuilt(data: bytes, dropped: tuple[str, ...], added: list[tuple[bytes, bytes]]) -> bytes:
    out = [SIGNATURE]
    for kind, body in chunks(data):
        if kind in TEXT_TYPES and body.partition(b"\0")[0][:80].decode("latin-1").lower() in dropped:
            continue
        if kind == b"IEND":
            out.extend(_chunk(*pair) for pair in added)
        out.append(_chunk(kind, body))
    return b"".join(out)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", binascii.crc32(kind + body))


def blank(width: int = 256, height: int = 384, grey: int = 0x50) -> bytes:
    """A plain grey picture, for a card without one."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + bytes([grey]) * width) * height
    body = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(*pair) for pair in body)
