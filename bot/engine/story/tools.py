"""The function tool ``generate_image``: when it is offered, how its arguments are read, what the model is answered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import prompts
from bot.domain.pictures import Mode
from bot.engine.pictures.modes import classify
from providers.contract import ToolSpec

TOOL_NAME = "generate_image"
PROMPT_LIMIT = 2000  # characters
ARGUMENTS_LIMIT = 20_000  # characters of JSON that are looked at
_KEY = re.compile(r"[a-z0-9]{4,32}")


@dataclass(frozen=True, slots=True)
class PictureWish:
    """A picture a character decided on. ``subject`` is empty for the modes that need none."""

    mode: Mode
    subject: str


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    prompt: str = Field(min_length=1, max_length=PROMPT_LIMIT)


def tool_offered(character_pictures: str, *, model_has_tools: bool, has_backend: bool) -> bool:
    """Whether the tool goes into a request: the chat wants it, the model can call it, and there is something to draw with."""
    return character_pictures == "tool" and model_has_tools and has_backend


def picture_tool(overrides: Mapping[str, str] | None = None) -> ToolSpec:
    """The tool as offered to chat models; identical bytes every time, so that cached beginnings stay valid."""
    return ToolSpec(
        name=TOOL_NAME,
        description=prompts.load("tool_description", overrides),
        parameters={
            "type": "object",
            "properties": {"prompt": {"type": "string", "description": prompts.load("tool_prompt", overrides)}},
            "required": ["prompt"],
            "additionalProperties": False,
        },
    )


def read_arguments(arguments: str) -> PictureWish | str:
    """The wish in a call's arguments, or a sentence for the model that says what is wrong with them.

    The prompt is classified like a typed trigger: «you», «face», «me», «scene», «last» and «background» alone select the mode.
    """
    if len(arguments) > ARGUMENTS_LIMIT:
        return f"The arguments are too long: the prompt may have at most {PROMPT_LIMIT} characters."
    try:
        parsed = _Arguments.model_validate(_object(arguments))
    except (ValueError, RecursionError) as error:
        return _complaint(error)
    mode, subject = classify(parsed.prompt)
    return PictureWish(mode, subject)


def _object(arguments: str) -> object:
    value = json.loads(arguments)
    # some servers encode the arguments twice
    return json.loads(value) if isinstance(value, str) else value


def _complaint(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        if first["type"] == "string_too_long":
            return f"The prompt may have at most {PROMPT_LIMIT} characters."
        return 'The argument "prompt" is missing or empty: say in words what the picture shows.'
    return 'The arguments must be a JSON object like {"prompt": "what the picture shows"}.'


def tool_answer(outcome: str) -> str:
    """What the model is told at once: queued with the picture's key, or why there will be no picture."""
    if _KEY.fullmatch(outcome):
        told = {"status": "queued", "picture": outcome, "note": "It is being drawn and will be posted by itself. Go on with the story."}
    else:
        told = {"status": "not drawn", "reason": outcome}
    return json.dumps(told, ensure_ascii=False)
