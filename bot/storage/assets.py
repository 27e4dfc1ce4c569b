"""Assets: image bytes in a folder, named by their SHA-256, stored once however often used, with a row for each.

The file is written aside, flushed to disk and moved into place before its row is written, so a row never lacks its file. A
crash in between leaves a file without a row; ``sweep`` removes such files.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.errors import BadFile, FileTooLarge
from bot.storage import pictures
from bot.storage.database import Database
from bot.storage.dialect import upsert
from bot.storage.records import Asset
from bot.storage.rows import batched, now
from bot.storage.schema import assets

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 64_000_000
"""Largest picture taken in, 8000 × 8000: far above what backends draw, below what hurts when a viewer decodes it."""
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif", "AVIF": "image/avif"}
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_LEFTOVER_SECONDS = 3600
_ORIENTATION = 0x0112
_ON_ITS_SIDE = (5, 6, 7, 8)
"""Values of the EXIF tag Orientation that swap width and height."""


def inspect_image(data: bytes) -> Asset:
    """Hash an image and read its type and dimensions from its header, the latter as it is to be seen: phones turn photos by a mark
    only. Pixels are not decoded. Blocking: call it in a thread.

    Raises ``FileTooLarge`` above ``MAX_BYTES`` or ``MAX_PIXELS`` and ``BadFile`` for anything that is no image we know.
    """
    from PIL import Image  # takes its time to import; only where a picture is stored

    if len(data) > MAX_BYTES:
        raise FileTooLarge("The picture has more bytes than can be stored.")
    try:
        with Image.open(io.BytesIO(data), formats=tuple(FORMATS)) as image:
            width, height = image.size
            if orientation_of(image) in _ON_ITS_SIDE:
                width, height = height, width
            kind = str(image.format)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileTooLarge("The picture has more pixels than can be handled.") from error
    except Exception as error:  # hostile files make the parsers raise nearly anything; all of it means the same here
        raise BadFile("The file is not a picture that can be read.") from error
    if width * height > MAX_PIXELS:
        raise FileTooLarge("The picture has more pixels than can be handled.")
    if width < 1 or height < 1:
        raise BadFile("The picture is empty.")
    return Asset(hashlib.sha256(data).hexdigest(), FORMATS[kind], width, height, len(data))


def orientation_of(image: Image.Image) -> int:
    """The EXIF mark of how an opened image is to be turned, 1 (as it is) to 8; 1 as well for a mark that cannot be read."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1  # Pillow would decode all pixels to look for one behind them
    try:
        mark = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # hostile metadata makes the parsers raise nearly anything; the picture itself may be good
        return 1
    return mark if isinstance(mark, int) and 1 <= mark <= 8 else 1


class AssetStore:
    """The folder and the rows of all images."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, sha: str) -> Path:
        """Where an image lies. Raises ``ValueError`` for anything that is not a hash."""
        if not _SHA256.match(sha):
            raise ValueError("not a SHA-256 hash")
        return self._folder / sha[:2] / sha

    async def put(self, data: bytes) -> Asset:
        """Store an image; the same bytes again cost nothing more. Raises ``BadFile`` or ``FileTooLarge``."""
        asset = await asyncio.to_thread(self._write, data)
        async with self._db.write() as c:
            values = {"mime": asset.mime, "width": asset.width, "height": asset.height, "size": asset.size}
            row = upsert(c, assets).values(sha256=asset.sha, created_at=now(), **values)
            await c.execute(row.on_conflict_do_update(index_elements=["sha256"], set_={**values, "created_at": now()}))
        return asset

    def _write(self, data: bytes) -> Asset:
        asset = inspect_image(data)
        target = self.path(asset.sha)
        if target.exists() and target.stat().st_size == asset.size:
            os.utime(target)
            return asset
        target.parent.mkdir(exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=".new-", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, target)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        return asset

    async def read(self, sha: str) -> bytes:
        """The bytes of an image. Raises ``FileNotFoundError``."""
        return await asyncio.to_thread(self.path(sha).read_bytes)

    async def remove(self, shas: Collection[str]) -> list[str]:
        """Remove those images among ``shas`` that nothing refers to any more; which ones went. Rows first, then files."""
        async with self._db.write() as c:
            gone = await pictures.unreferenced_assets(c, shas)
            for part in batched(gone):
                await c.execute(delete(assets).where(assets.c.sha256.in_(part)))
        await asyncio.to_thread(self._unlink, gone)
        return gone

    def _unlink(self, shas: Collection[str]) -> None:
        for sha in shas:
            self.path(sha).unlink(missing_ok=True)

    async def sweep(self) -> int:
        """Remove unreferenced images and files without a row, both only when older than an hour; how many files went."""
        async with self._db.read() as c:
            unused = await pictures.unreferenced_assets(c)
            known = set((await c.scalars(select(assets.c.sha256))).all())
        removed = await self.remove(unused)
        return len(removed) + await asyncio.to_thread(self._unlink_strays, known)

    def _unlink_strays(self, known: set[str]) -> int:
        stray = [file for file in self._folder.glob("??/*") if file.name not in known and self._old(file)]
        for file in stray:
            file.unlink(missing_ok=True)
        return len(stray)

    @staticmethod
    def _old(file: Path) -> bool:
        return time.time() - file.stat().st_mtime > _LEFTOVER_SECONDS


async def by_sha(c: AsyncConnection, sha: str) -> Asset | None:
    """What is known of an image."""
    row = (await c.execute(select(assets).where(assets.c.sha256 == sha))).mappings().one_or_none()
    return Asset(row["sha256"], row["mime"], row["width"], row["height"], row["size"]) if row else None
