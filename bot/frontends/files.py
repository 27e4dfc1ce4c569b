"""What kind of file somebody sent, for every platform."""

from __future__ import annotations

import mimetypes

UNKNOWN = "application/octet-stream"


def mime_of(claimed: str | None, name: str) -> str:
    """The type as the sender's program claimed it; by the name's ending where the claim says nothing (RFC 2046: octet-stream)."""
    plain = (claimed or "").partition(";")[0].strip().lower()
    if plain and plain != UNKNOWN:
        return plain[:100]
    return mimetypes.guess_type(name, strict=False)[0] or UNKNOWN
