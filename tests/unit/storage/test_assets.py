"""Images on disk and their rows, with hostile files and crashes in between."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import struct
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.domain.errors import BadFile, FileTooLarge
from bot.storage import assets, pictures
from bot.storage.assets import AssetStore, inspect_image
from bot.storage.database import Database
from bot.storage.records import Chat
from tests.unit.world import PLAN, a_picture, png


def _files(store: AssetStore) -> list[Path]:
    return [file for file in store.path("ab" * 32).parents[1].glob("*/*") if file.is_file()]


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")])
async def test_bytes_are_kept_untouched(db: Database, store: AssetStore, kind: str, mime: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (31, 17), "teal").save(file, kind)
    asset = await store.put(file.getvalue())
    assert (asset.mime, asset.width, asset.height, asset.size) == (mime, 31, 17, len(file.getvalue()))
    assert await store.read(asset.sha) == file.getvalue()
    async with db.read() as c:
        assert await assets.by_sha(c, asset.sha) == asset


async def test_the_same_bytes_are_stored_once(store: AssetStore) -> None:
    stored = await asyncio.gather(*(store.put(png()) for _ in range(5)))
    assert len(set(stored)) == 1
    assert len(_files(store)) == 1


def _huge_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(8001, 8000), (12_000, 12_000), (60_000, 60_000), (2**31 - 1, 1)])
async def test_decompression_bombs_are_refused_by_their_header(store: AssetStore, size: tuple[int, int]) -> None:
    with pytest.raises((FileTooLarge, BadFile)):
        await store.put(_huge_png(*size))
    assert _files(store) == []


async def test_too_many_bytes_are_refused(store: AssetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "MAX_BYTES", 50)
    with pytest.raises(FileTooLarge):
        await store.put(png())


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"%PDF-1.4", png()[:30]]
)
async def test_what_is_no_picture_is_refused(store: AssetStore, data: bytes) -> None:
    with pytest.raises(BadFile):
        await store.put(data)
    assert _files(store) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 80), junk=st.binary(max_size=80))
def test_damaged_files_never_escape_as_other_errors(cut: int, junk: bytes) -> None:
    data = png()
    with contextlib.suppress(BadFile, FileTooLarge):
        inspect_image(data[:cut] + junk + data[cut + len(junk) :])


@pytest.mark.parametrize("name", ["../../etc/passwd", "ab", "AB" * 32, "ab" * 31 + "a/", "ab" * 32 + "\n", ""])
def test_only_hashes_are_paths(store: AssetStore, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        store.path(name)


async def test_a_crash_between_file_and_row_harms_nothing(db: Database, store: AssetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(db, "write", broken)
        with pytest.raises(OSError, match="power cut"):
            await store.put(png())
    (stray,) = _files(store)
    asset = await store.put(png())
    assert _files(store) == [stray]
    assert await store.read(asset.sha) == png()


async def test_a_crash_while_writing_leaves_no_half_file_in_place(store: AssetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(number: int) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="disk full"):
            await store.put(png())
    assert _files(store) == []
    await store.put(png())


async def test_a_damaged_file_of_the_same_name_is_replaced(store: AssetStore) -> None:
    asset = await store.put(png())
    store.path(asset.sha).write_bytes(b"half")
    await store.put(png())
    assert await store.read(asset.sha) == png()


async def test_removing_spares_what_is_in_use(db: Database, chat: Chat, store: AssetStore) -> None:
    used, unused = await store.put(png()), await store.put(png(colour="blue"))
    picture = await a_picture(db, chat)
    async with db.write() as c:
        await pictures.add_take(c, picture.id, PLAN, used.sha)
    assert await store.remove([used.sha, unused.sha, "cd" * 32]) == [unused.sha]
    assert store.path(used.sha).exists()
    assert not store.path(unused.sha).exists()
    async with db.read() as c:
        assert await assets.by_sha(c, unused.sha) is None


async def test_sweeping_removes_old_leftovers_only(store: AssetStore) -> None:
    known = await store.put(png())
    folder = store.path(known.sha).parent
    old, new = folder / ".new-old", folder / ".new-new"
    for file in (old, new):
        file.write_bytes(b"half a picture")
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    assert await store.sweep() == 1
    assert sorted(_files(store)) == sorted([new, store.path(known.sha)])


def _photo(orientation: int, kind: str = "JPEG") -> bytes:
    """30 × 20 pixels, its left half white, with the mark of how it is to be turned."""
    image = Image.new("RGB", (30, 20), "black")
    image.paste("white", (0, 0, 15, 20))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_has_the_shape_it_is_seen_in(orientation: int, kind: str) -> None:
    asset = inspect_image(_photo(orientation, kind))
    assert (asset.width, asset.height) == ((20, 30) if orientation in (5, 6, 7, 8) else (30, 20))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x04abcd"]
)
def test_a_damaged_mark_is_no_mark(exif: bytes) -> None:
    file = io.BytesIO()
    Image.new("RGB", (30, 20)).save(file, "JPEG", exif=exif)
    asset = inspect_image(file.getvalue())
    assert (asset.width, asset.height) == (30, 20)
