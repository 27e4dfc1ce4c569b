"""Reference images of a picture: the one to draw from first, then the character, the player and the background.

The order is LettuceAI's: the first reference counts most, a workflow with places for several gets them in a known sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import structlog

from bot.domain.errors import VignetteError
from bot.domain.pictures import Lost, PictureRequest
from bot.engine.pictures.modes import MODE_TABLE
from bot.engine.services import Services
from bot.engine.stage import Stage
from providers.contract import WorkflowFacts

log = structlog.get_logger(__name__)

Role = Literal["base", "character", "persona", "background"]
BASE = "picture to draw from"


@dataclass(frozen=True, slots=True)
class Gathered:
    """References as a plan keeps them (``role:sha256``, in order), and what is missing."""

    tagged: tuple[str, ...] = ()
    lost: tuple[Lost, ...] = ()


def wanted_roles(request: PictureRequest, allowed: int | None, facts: WorkflowFacts | None = None) -> tuple[Role, ...]:
    """Whose pictures belong to a request. ``allowed`` is how many references the model's entry lets through: None means no more than
    the picture to draw from and the avatars that a workflow has places for."""
    avatars = facts.avatars if facts is not None else ()
    of_mode = MODE_TABLE[request.mode].looks if allowed else ()
    roles: list[Role] = ["base"] if request.base else []
    roles += [role for role in ("character", "persona", "background") if role in avatars or role in of_mode]
    return tuple(roles)


async def gather(services: Services, stage: Stage, request: PictureRequest, roles: Sequence[Role], most: int | None = None) -> Gathered:
    """The images of these roles that exist, at most ``most``. A player's avatar is fetched from the platform when they gave none."""
    tagged: list[str] = []
    lost: list[Lost] = []
    for role in roles:
        if most is not None and len(tagged) >= most:
            if role == "base":
                lost.append(Lost(setting=BASE, why="the host lets none through to this model"))
            continue
        try:
            sha = await _image(services, stage, request, role)
        except VignetteError as error:
            log.info("reference image left out", role=role, chat=str(stage.chat.key), reason=error.message)
            lost.append(Lost(setting="your own picture", why=error.message))
            continue
        except Exception as error:  # a platform's library may raise anything; the picture is drawn without this reference
            log.warning("reference image left out", role=role, chat=str(stage.chat.key), kind=type(error).__name__)
            lost.append(Lost(setting="your own picture", why="the platform did not hand it over"))
            continue
        if sha:
            tagged.append(f"{role}:{sha}")
    return Gathered(tuple(tagged), tuple(lost))


async def _image(services: Services, stage: Stage, request: PictureRequest, role: Role) -> str | None:
    if role == "base":
        return request.base
    if role == "character":
        return stage.character.avatar
    if role == "background":
        return stage.chat.background
    if stage.persona.avatar:
        return stage.persona.avatar
    platform = services.platforms.get(stage.chat.key.platform)
    limit = services.guard.rules.attachment_bytes
    data = await platform.avatar(stage.chat.key, request.requester.id, limit) if platform is not None else None
    return (await services.assets.put(data)).sha if data else None


def placed(gathered: Gathered, facts: WorkflowFacts | None) -> Gathered:
    """What a workflow has places for. A picture to draw from takes an avatar's place where the workflow has no other."""
    if facts is None or not gathered.tagged:
        return gathered
    tagged = list(gathered.tagged)
    if tagged[0].startswith("base:") and facts.references == len(facts.avatars):
        if not facts.avatars:
            missing = Lost(setting=BASE, why="the workflow has no place for it")
            return Gathered((), (*gathered.lost, missing))
        role = facts.avatars[0]
        tagged = [f"{role}:{tagged[0].partition(':')[2]}", *(tag for tag in tagged[1:] if not tag.startswith(f"{role}:"))]
    return Gathered(tuple(tagged[: facts.references]), gathered.lost)
