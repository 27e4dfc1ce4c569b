"""Bytes that may be pictures: their type, whether they are whole, whether a viewer would choke on them; archives that somebody made up."""

from __future__ import annotations

import base64
import io
import random
import struct
import zipfile
import zlib
from contextlib import suppress

import pytest
from PIL import Image

from providers.errors import ErrorKind, ProviderError
from providers.images.archives import first_picture_in
from providers.images.formats import from_base64, is_bomb, rendered
from providers.images.results import size_of

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


def promising(width: int, height: int) -> bytes:
    """A PNG of few bytes whose header promises this size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG[:16] + head + struct.pack(">I", zlib.crc32(b"IHDR" + head)) + PNG[33:]


@pytest.mark.parametrize(("side", "bomb"), [(4096, False), (10_000, False), (12_288, False), (30_000, True), (2**31 - 1, True)])
def test_a_header_that_promises_too_much(side: int, bomb: bool) -> None:
    data = promising(side, side)
    assert is_bomb(data) is bomb
    if bomb:
        with pytest.raises(ProviderError, match="too large") as caught:
            rendered(data, "it")
        assert caught.value.kind is ErrorKind.BAD_ANSWER
    else:
        assert rendered(data, "it").mime == "image/png"


def test_base64_with_broken_lines() -> None:
    text = base64.encodebytes(PNG).decode()
    assert "\n" in text
    assert from_base64(text, "it") == from_base64(f"data:image/png;base64,{text}", "it") == PNG
    for wrong in ("?", "data:image/png;base64,%%", "äöü="):
        with pytest.raises(ProviderError):
            from_base64(wrong, "it")


def pictures() -> dict[str, bytes]:
    made = {}
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        out = io.BytesIO()
        Image.new("RGB", (16, 9), "red").save(out, kind)
        made[kind] = out.getvalue()
    return made


def archives() -> dict[str, bytes]:
    made = {}
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", kind) as archive:
            archive.writestr("a.txt", b"x" * 50)
            archive.writestr("i.png", PNG)
        made[str(kind)] = out.getvalue()
    return made


def spoilt(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        changed[chance.randrange(len(changed))] = chance.choice((0, 1, 255, chance.randrange(256)))
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.1 else changed)


@pytest.mark.parametrize("kind", pictures())
def test_spoilt_pictures_raise_one_kind_of_error(kind: str) -> None:
    data, chance = pictures()[kind], random.Random(kind)
    assert (rendered(data, "it").data, size_of(data)) == (data, (16, 9))
    for _ in range(200):
        changed = spoilt(data, chance)
        with suppress(ProviderError):
            rendered(changed, "it")
        size_of(changed)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", archives())
async def test_spoilt_archives_raise_one_kind_of_error(kind: str) -> None:
    data, chance = archives()[kind], random.Random(kind)
    assert await first_picture_in(data, "it") == PNG
    for _ in range(300):
        with suppress(ProviderError):
            await first_picture_in(spoilt(data, chance), "it", most_bytes=100_000)
