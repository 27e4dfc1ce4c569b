"""What is said once in a chat about how its pictures come about: wishes left out, advice, another backend drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog

from bot.domain.errors import PlatformError
from bot.domain.pictures import Lost, Overrides, RenderPlan
from bot.domain.posts import Post
from bot.engine.pictures.advice import advice_for
from bot.engine.pictures.honoured import LABELS
from bot.engine.pictures.references import BASE
from bot.engine.services import Services
from bot.storage import chats
from bot.storage.records import Picture

log = structlog.get_logger(__name__)


def mark_asked(lost: Iterable[Lost], asked: Overrides, *, from_picture: bool) -> tuple[Lost, ...]:
    """The same, with a mark on what somebody asked for in this very call: then it is worth a word in the chat."""
    mine = [name for name, value in asked.model_dump(exclude_none=True).items() if value is not False and value != ""]
    labels = {label.lower() for name in mine for label in (name.replace("_", " "), LABELS.get(name, name))}
    if not labels.isdisjoint(("width", "height")):
        labels.add("size")
    if from_picture:
        labels.add(BASE)
    return tuple(item.model_copy(update={"asked": True}) if item.setting.lower() in labels else item for item in lost)


def worth_telling(plan: RenderPlan, asked: Overrides) -> dict[str, str]:
    """What somebody asked for in this call and does not get, and advice on values they gave: a name for each, and its sentence.
    Everything else that is left out stands on the picture's ℹ️ alone."""
    by = f"{plan.backend} {plan.model}"
    lost = {f"lost {by} {lost.setting}": f"⚠️ Not used: {lost.setting} ({lost.why})." for lost in plan.lost if lost.asked}
    mine = advice_for(
        steps=asked.steps,
        cfg=asked.cfg,
        sampler=plan.sampler,
        width=asked.width,
        height=asked.height,
        denoise=asked.denoise if plan.references else None,
        clip_skip=asked.clip_skip,
    )
    return lost | {f"advice {sentence}": f"💡 {sentence}" for sentence in mine if sentence in plan.advice}


async def tell_once(services: Services, picture: Picture, things: Mapping[str, str]) -> None:
    """Post what was not told in this chat before, as one message. Nothing about a quiet picture; a platform that does not take it is
    no reason to stop drawing."""
    platform = services.platforms.get(picture.chat_key.platform)
    if not things or picture.request.overrides.quiet or platform is None:
        return
    async with services.db.write() as c:
        new = await chats.tell_once(c, picture.chat_id, list(things))
    if not new:
        return
    try:
        await platform.post(picture.chat_key, Post("\n".join(things[name] for name in new), reply_to=picture.reply_to))
    except PlatformError as error:
        log.info("notice not told", picture=picture.key, reason=error.message)
