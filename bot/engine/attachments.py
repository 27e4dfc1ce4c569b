"""Files people send with their messages: pictures are kept for models that can see, everything is at least mentioned."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.domain.errors import PlatformError, UserError
from bot.domain.events import Attachment, Incoming
from bot.engine.pictures.readable import readable
from bot.engine.services import Services
from providers.contract import ImagePart

log = structlog.get_logger(__name__)

MOST_PICTURES = 4  # of one message; more are mentioned, not looked at


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with a message: words that mention it, hashes of pictures kept, and sentences on what could not be taken."""

    words: str = ""
    pictures: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


async def take_in(services: Services, event: Incoming, *, sees: bool) -> Sent:
    """Mention every file; fetch and keep pictures when the model ``sees`` them. Files are size-capped before they are read."""
    pictures: list[str] = []
    problems: list[str] = []
    for attachment in event.attachments if sees else ():
        if not attachment.mime.startswith("image/") or len(pictures) >= MOST_PICTURES:
            continue
        try:
            pictures.append(await _keep(services, event, attachment))
        except (UserError, PlatformError) as error:
            problems.append(f"{attachment.name}: {error.message}")
            log.info("attachment not taken", chat=str(event.chat), reason=error.message)
    return Sent(mention(event.attachments), tuple(pictures), tuple(problems))


def mention(attachments: Sequence[Attachment]) -> str:
    """How the story tells of files: «[picture: cat.png]»."""
    return " ".join(f"[{_kind(a)}: {a.name}]" for a in attachments)


async def _keep(services: Services, event: Incoming, attachment: Attachment) -> str:
    limit = services.guard.rules.attachment_bytes
    data = await services.platforms[event.chat.platform].fetch(attachment, limit)
    return (await services.assets.put(data)).sha


def _kind(attachment: Attachment) -> str:
    return "picture" if attachment.mime.startswith("image/") else "file"


async def image_parts(services: Services, shas: list[str], mimes: dict[str, str]) -> tuple[ImagePart, ...]:
    """Kept pictures as parts of a request, without what people do not see in them; ones that are gone or damaged are left out."""
    parts: list[ImagePart] = []
    for sha in shas:
        path = services.assets.path(sha)
        if sha not in mimes or not await asyncio.to_thread(path.is_file):
            continue
        try:
            parts.append(ImagePart(*await asyncio.to_thread(readable, await services.assets.read(sha))))
        except UserError as error:
            log.info("picture not shown to the model", asset=sha, reason=error.message)
    return tuple(parts)
