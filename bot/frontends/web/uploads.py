"""Reads what browsers send: bodies are counted while they arrive, so that nothing large is ever kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from dataclasses import field as attribute

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from bot.domain.events import Attachment
from bot.frontends.files import mime_of
from bot.frontends.web.platform import WebPlatform

MOST_FILES = 4  # of one message
MOST_FIELDS = 30
FILE_OPTION = "file-"  # before an option's name, as the name of a form's file
WORDS_BYTES = 256 * 1024  # of all fields of a form besides its file
MESSAGE_CHARACTERS = 16_000


@asynccontextmanager
async def reading(request: Request, file_bytes: int = 0) -> AsyncIterator[FormData]:
    """The form in a request, with files of at most ``file_bytes`` in all (0: without files), which are gone after the block. Raises
    ``HTTPException`` 413 with a sentence, as soon as more arrives."""
    limit = file_bytes + WORDS_BYTES
    sentence = f"The file is larger than {file_bytes // 2**20} MiB." if file_bytes else "That is too long."
    declared = request.headers.get("content-length", "")
    arrived = int(declared[:18]) if declared.isdecimal() else 0
    if arrived > limit:
        raise HTTPException(413, sentence)
    arrived = 0

    async def counted() -> Message:
        nonlocal arrived
        message = await request.receive()
        arrived += len(message.get("body", b""))
        if arrived > limit:
            raise MultiPartException(sentence)  # the parser closes what it has begun
        return message

    most = MOST_FILES if file_bytes else 0
    try:
        form = await Request(request.scope, counted).form(max_files=most, max_fields=MOST_FIELDS, max_part_size=WORDS_BYTES)
    except (MultiPartException, HTTPException):
        if arrived > limit:
            raise HTTPException(413, sentence) from None
        raise
    try:
        yield form
    finally:
        await form.close()


def field(form: FormData, name: str, default: str = "") -> str:
    """A text field; a file under that name counts as nothing."""
    value = form.get(name, default)
    return value if isinstance(value, str) else default


def fields(form: FormData, prefix: str) -> Mapping[str, str]:
    """All text fields whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): value for name, value in form.items() if name.startswith(prefix) and isinstance(value, str)}


@dataclass(frozen=True, slots=True)
class Files:
    """What came with a form: files as such (``file``), and files for an option of a command (``file-<option>``)."""

    plain: tuple[Attachment, ...] = ()
    named: dict[str, Attachment] = attribute(default_factory=dict)

    @property
    def all(self) -> tuple[Attachment, ...]:
        return (*self.named.values(), *self.plain)


async def keep_files(form: FormData, platform: WebPlatform, limit: int) -> Files:
    """Keep the files of a form until their message is dealt with. Raises ``HTTPException`` 413 for one over ``limit`` bytes."""
    plain: list[Attachment] = []
    named: dict[str, Attachment] = {}
    for name, upload in form.multi_items():
        if not isinstance(upload, UploadFile) or not upload.filename:
            continue
        data = await upload.read(limit + 1)
        if len(data) > limit:
            raise HTTPException(413, f"The file is larger than {limit // 2**20} MiB.")
        mime = mime_of(upload.content_type, upload.filename)
        kept = Attachment(name=upload.filename[:200], mime=mime, size=len(data), handle=platform.keep_file(data))
        if name.startswith(FILE_OPTION):
            named[name.removeprefix(FILE_OPTION)[:32]] = kept
        else:
            plain.append(kept)
    return Files(tuple(plain), named)
