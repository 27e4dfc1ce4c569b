"""What would happen: the answers of ``vignette explain``, one JSON object in, one out, from the code the chat uses.

Keys that nobody knows are passed over; null means «not given»; numbers and switches may be written as texts (``"640"``, ``"on"``).
Modes may be written in any case, and the browser original's variants of a mode (``you_multimodal``, ``free_extended``) mean that mode.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from bot.domain.pictures import Mode
from bot.engine.pictures.compose import Parts
from bot.engine.pictures.enhance import finished
from bot.engine.pictures.intent import detect
from bot.engine.pictures.sizes import resolve_size
from bot.engine.story.world import World

_VARIANTS = {"you_multimodal": "you", "me_multimodal": "me", "face_multimodal": "face", "free_extended": "free"}


def _mode(value: Any) -> Any:
    written = value.strip().lower() if isinstance(value, str) else value
    return _VARIANTS.get(written, written) if isinstance(written, str) else written


def _no_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("expected a whole number")
    return value


AnyMode = Annotated[Mode, BeforeValidator(_mode)]
Side = Annotated[int, Field(ge=1, le=65_536), BeforeValidator(_no_switch)]


class _Question(BaseModel):
    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _given(cls, question: Any) -> Any:
        return {key: value for key, value in question.items() if value is not None} if isinstance(question, dict) else question


class _Size(_Question):
    width: Side = 512
    height: Side = 512
    mode: AnyMode = "free"
    snap: bool = False


class _Prompt(_Question):
    mode: AnyMode = "free"
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
