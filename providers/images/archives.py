"""Takes pictures out of a zip archive that a service sent, whatever somebody put into it.

The sizes an archive claims are not believed: each entry is read up to a limit and no further, entries are few, encrypted ones and
folders are passed over, and nothing is ever written to disk.
"""

from __future__ import annotations

import asyncio
import io
import lzma
import struct
import zipfile
import zlib

from providers.errors import ErrorKind, ProviderError
from providers.images.cloud_errors import bad_answer
from providers.images.formats import mime_of

MOST_ENTRIES = 64
MOST_BYTES = 64 * 1024 * 1024
"""Most bytes of one unpacked picture."""
_ENCRYPTED = 0x1
_DIRECTORY_ENTRY = b"PK\x01\x02"
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(NotImplementedError, RuntimeError, EOFError, OSError, ValueError, OverflowError, IndexError),
)
"""What the zip module raises for archives that somebody made up."""


async def first_picture_in(data: bytes, name: str, *, most_bytes: int = MOST_BYTES) -> bytes:
    """The bytes of the first picture in an archive, unpacked off the event loop.

    Raises ``ProviderError`` (BAD_ANSWER) for anything that is no archive, is damaged or too large, or holds no picture.
    """
    try:
        found = await asyncio.to_thread(_first_picture, data, name, most_bytes)
    except _BROKEN as error:
        raise bad_answer(
            name, f"{len(data)} bytes, no usable archive: {type(error).__name__}", "The picture arrived incomplete."
        ) from error
    if not found:
        raise bad_answer(name, "no picture in the archive", "There was no picture in it.")
    return found


def _first_picture(data: bytes, name: str, most_bytes: int) -> bytes:
    if (count := data.count(_DIRECTORY_ENTRY)) > MOST_ENTRIES:  # before a million of them are read
        raise ProviderError(ErrorKind.BAD_ANSWER, name, host_detail=f"an archive of {count} entries")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or entry.flag_bits & _ENCRYPTED:
                continue
            with archive.open(entry) as source:
                if not mime_of(source.read(16)):
                    continue
            with archive.open(entry) as source:
                content = source.read(most_bytes + 1)
            if len(content) > most_bytes:
                raise ProviderError(ErrorKind.BAD_ANSWER, name, host_detail=f"a picture larger than {most_bytes} bytes")
            return content
    return b""
