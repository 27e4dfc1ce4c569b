"""Scales a reference picture: to the exact size of the wanted one, for services that compare pixel by pixel, or up to a least side.

Decoding is bounded: the header's size is read first, and the work runs off the event loop.
"""

from __future__ import annotations

import asyncio
import io

from PIL import Image, ImageOps

from providers.contract import Dropped, Reference
from providers.errors import ErrorKind, ProviderError
from providers.images.results import size_of

MOST_PIXELS = 50_000_000
"""Largest reference that is decoded (200 MB of memory)."""


async def fitted(reference: Reference, width: int, height: int, name: str) -> Reference:
    """The reference as PNG of ``width`` × ``height`` pixels, cut at the longer side; unchanged if it has that size already.

    Raises ``ProviderError`` (INVALID) for a picture that cannot be decoded or has too many pixels.
    """
    size = size_of(reference.data)
    if size == (width, height):
        return reference
    if size is None or size[0] * size[1] > MOST_PIXELS:
        raise ProviderError(ErrorKind.INVALID, name, "A reference picture cannot be read, or is too large.")
    try:
        data = await asyncio.to_thread(_scaled, reference.data, width, height)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ProviderError(ErrorKind.INVALID, name, "A reference picture cannot be read.", host_detail=type(error).__name__) from error
    return Reference(data, "image/png", reference.role)


async def enlarged(reference: Reference, least_side: int, name: str, dropped: list[Dropped]) -> Reference:
    """The reference with both sides at least ``least_side`` pixels, in proportion; a change is added to ``dropped``.

    Raises ``ProviderError`` (INVALID) for a picture that cannot be decoded, or is so narrow that it would get too many pixels.
    """
    size = size_of(reference.data)
    if size is None:
        raise ProviderError(ErrorKind.INVALID, name, "A reference picture cannot be read.")
    scale = least_side / min(size)
    if scale <= 1:
        return reference
    width, height = (max(least_side, round(side * scale)) for side in size)
    if width * height > MOST_PIXELS // 10:
        raise ProviderError(ErrorKind.INVALID, name, f"A reference picture is too narrow for it (both sides {least_side} pixels or more).")
    dropped.append(
        Dropped("reference images", f"{size[0]}×{size[1]} was enlarged to {width}×{height}, it takes {least_side} pixels and more")
    )
    return await fitted(reference, width, height, name)


def _scaled(data: bytes, width: int, height: int) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        out = io.BytesIO()
        ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS).save(out, "PNG")
        return out.getvalue()
