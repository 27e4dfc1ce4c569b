"""What would happen: the answers of ``vignette explain``, one JSON object in, one out, from the code the chat uses."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.pictures import Mode
from bot.engine.pictures.compose import Parts
from bot.engine.pictures.enhance import finished
from bot.engine.pictures.intent import detect
from bot.engine.pictures.sizes import resolve_size
from bot.engine.story.world import World


class _Question(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Size(_Question):
    width: int = Field(512, ge=1, le=65_536)
    height: int = Field(512, ge=1, le=65_536)
    mode: Mode = "free"
    snap: bool = False


class _Prompt(_Question):
    mode: Mode = "free"
    prompt: str = ""
    prefix: str = ""
    negative: str = ""
    character_prefix: str = ""
    character_negative: str = ""
    extra_negative: str = ""
    group: bool = False
    family: str = ""
    char: str = "{{char}}"
    user: str = "{{user}}"


class _Intent(_Question):
    text: str = ""


def explain_size(question: dict[str, Any]) -> dict[str, Any]:
    """``{"width", "height", "mode", "snap"}`` → ``{"width", "height"}`` in pixels; a wrong type gives ``{"error"}``."""
    try:
        asked = _Size.model_validate(question)
    except ValidationError as error:
        return _wrong(error)
    width, height = resolve_size(asked.width, asked.height, asked.mode, asked.snap)
    return {"width": width, "height": height}


def explain_prompt(question: dict[str, Any]) -> dict[str, Any]:
    """The parts of a prompt → ``{"positive", "negative", "steps"}``; with a ``family``, as the prompt enhancer leaves it."""
    try:
        asked = _Prompt.model_validate(question)
    except ValidationError as error:
        return _wrong(error)
    parts = asked.model_dump(exclude={"char", "user", "family"})
    world = World(char=asked.char, user=asked.user)
    result = finished(Parts(**parts, world=world), asked.family).prompt
    return {"positive": result.positive, "negative": result.negative, "steps": list(result.steps)}


def explain_intent(question: dict[str, Any]) -> dict[str, Any]:
    """``{"text"}`` → ``{"match", "mode", "subject", "outcome", "why"}``."""
    try:
        asked = _Intent.model_validate(question)
    except ValidationError as error:
        return _wrong(error)
    found = detect(asked.text)
    return {"match": found.match, "mode": found.mode, "subject": found.subject, "outcome": found.outcome, "why": found.why}


def _wrong(error: ValidationError) -> dict[str, Any]:
    """Names the keys and what was expected."""
    problems = (f"{'.'.join(str(part) for part in item['loc']) or 'input'}: {item['msg']}" for item in error.errors())
    return {"error": "; ".join(problems)}
