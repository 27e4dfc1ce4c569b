"""Images for tests."""

from __future__ import annotations

import io
import random
from pathlib import Path

from PIL import Image

from bot.domain.posts import TakeView


def png(size: tuple[int, int] = (64, 48), noise: bool = False, seed: int = 7) -> bytes:
    image = Image.new("RGB", size, (200, (seed * 40) % 256, 60))
    if noise:
        image = Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def take(folder: Path, number: int, size: tuple[int, int] = (64, 48), *, noise: bool = False, handle: str | None = None) -> TakeView:
    data = png(size, noise, number)
    path = folder / f"asset{number}"
    path.write_bytes(data)
    return TakeView(number, path, f"take{number}.png", "image/png", size[0], size[1], len(data), handle)
