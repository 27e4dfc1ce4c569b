"""Reference pictures on their way to a service: checked before anything is sent, in the order the prompt speaks of them."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from providers.contract import Dropped, Reference
from providers.errors import ErrorKind, ProviderError
from providers.images.formats import is_whole, mime_of
from providers.images.results import size_of

USUAL_TYPES = ("image/png", "image/jpeg", "image/webp")
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif", "image/avif": "avif"}


def checked(
    references: Sequence[Reference],
    name: str,
    *,
    most_bytes: int,
    types: tuple[str, ...] = USUAL_TYPES,
    most_pixels: int = 0,
) -> tuple[Reference, ...]:
    """The references with the type their bytes really have.

    ``most_bytes`` is the service's limit for one of them, ``most_pixels`` another for width × height (0 = it states none).
    Raises ``ProviderError`` (INVALID) for bytes that are no whole picture, a format it does not read, or one that is too big.
    """
    found = []
    for number, reference in enumerate(references, 1):
        mime = mime_of(reference.data)
        which = f"Reference picture {number}"
        if not mime or not is_whole(reference.data):
            raise ProviderError(ErrorKind.INVALID, name, f"{which} is not a picture.")
        if mime not in types:
            raise ProviderError(ErrorKind.INVALID, name, f"{which} is of a type it does not read ({mime}).")
        if len(reference.data) > most_bytes:
            raise ProviderError(ErrorKind.INVALID, name, f"{which} is too big for it (limit {most_bytes / 1_000_000:.3g} MB).")
        size = size_of(reference.data) if most_pixels else None
        if size and size[0] * size[1] > most_pixels:
            limit = f"{size[0]}×{size[1]}, limit {most_pixels / 1_000_000:.1f} megapixels"
            raise ProviderError(ErrorKind.INVALID, name, f"{which} has too many pixels for it ({limit}).")
        found.append(Reference(reference.data, mime, reference.role))
    return tuple(found)


def at_most(references: Sequence[Reference], most: int, who: str, dropped: list[Dropped]) -> tuple[Reference, ...]:
    """The first ``most`` references; that others were left out is added to ``dropped``. ``who`` has the limit."""
    if len(references) > most:
        dropped.append(Dropped("reference images", f"{who} takes {most or 'none'}, {len(references)} were given"))
    return tuple(references[:most])


def base_reference(references: Sequence[Reference]) -> Reference:
    """The picture to start from: the one of role ``base``, else the first."""
    return next((r for r in references if r.role == "base"), references[0])


def only_base(references: Sequence[Reference], dropped: list[Dropped]) -> Reference:
    """The picture to start from; that others were left out is added to ``dropped``."""
    if len(references) > 1:
        dropped.append(Dropped("reference images", "only one can be used"))
    return base_reference(references)


def as_base64(reference: Reference) -> str:
    return base64.b64encode(reference.data).decode()


def as_data_uri(reference: Reference) -> str:
    return f"data:{reference.mime};base64,{as_base64(reference)}"


def as_file(reference: Reference, stem: str) -> tuple[str, bytes, str]:
    """The parts of a multipart file: name, bytes, type."""
    return (f"{stem}.{EXTENSIONS[reference.mime]}", reference.data, reference.mime)
