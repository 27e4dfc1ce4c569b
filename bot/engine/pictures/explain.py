"""What would happen: the answers of ``vignette explain``, one JSON object in, one out, from the code the chat uses.

Keys that nobody knows are passed over; null means «not given»; numbers and switches may be written as texts (``"640"``, ``"on"``).
Modes may be written in any case, and the browser original's variants of a mode (``you_multimodal``, ``free_extended``) mean that mode.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from bot.domain.pictures import Mode, Prompt
from bot.engine.pictures.compose import Parts
from bot.engine.pictures.enhance import finished
from bot.engine.pictures.honoured import HIRES_KNOBS, KNOBS, Wanted, honoured, kept_references, own_model_only, with_words
from bot.engine.pictures.intent import detect
from bot.engine.pictures.sizes import resolve_size
from bot.engine.story.world import World
from providers.contract import ImageBackend

_VARIANTS = {"you_multimodal": "you", "me_multimodal": "me", "face_multimodal": "face", "free_extended": "free"}


def _mode(value: Any) -> Any:
    written = value.strip().lower() if isinstance(value, str) else value
    return _VARIANTS.get(written, written) if isinstance(written, str) else written


def _no_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("expected a whole number")
    return value


BackendOf = Callable[[str], ImageBackend]
"""A provider's name → its backend with no settings but its own defaults. Raises ``ValueError`` for one that is not there."""
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


class _Drawn(_Question):
    """With what a prompt is to be drawn; read only where a backend is named."""

    backend: str
    model: str = ""
    width: Side = 512
    height: Side = 512
    seed: int = -1
    references: Annotated[int, Field(ge=0, le=64), BeforeValidator(_no_switch)] = 0
    """How many pictures to draw from."""
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    clip_skip: int | None = None
    denoise: float | None = None
    vae: str | None = None
    hires: bool = False
    upscale: float | None = None
    upscaler: str | None = None
    second_pass_steps: int | None = None
    restore_faces: bool = False


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


def explain_prompt(question: dict[str, Any], backend_of: BackendOf | None = None) -> dict[str, Any]:
    """The parts of a prompt → ``{"positive", "negative", "steps"}``; with a ``family``, as the prompt enhancer leaves it.

    With a ``backend`` (a provider's name) and settings by the names of a render plan, ``dropped`` tells what its model does not honour:
    ``[{"setting", "why"}]``. ``negative`` is then what would be sent. ``model`` asks for one of its models, ``references`` is the number
    of pictures to draw from. What a server itself turns down or changes is known only once it draws.
    """
    named = backend_of is not None and question.get("backend") is not None
    try:
        asked = _Prompt.model_validate(question)
        drawn = _Drawn.model_validate(question) if named else None
    except ValidationError as error:
        return _wrong(error)
    parts = asked.model_dump(exclude={"char", "user", "family"})
    world = World(char=asked.char, user=asked.user)
    result = finished(Parts(**parts, world=world), asked.family).prompt
    answer: dict[str, Any] = {"positive": result.positive, "negative": result.negative, "steps": list(result.steps)}
    if drawn is None or backend_of is None:
        return answer
    return answer | _dropped(drawn, result, backend_of(drawn.backend))


def _dropped(drawn: _Drawn, prompt: Prompt, backend: ImageBackend) -> dict[str, Any]:
    able = backend.capabilities(drawn.model)
    own_only = own_model_only(able, backend.name, drawn.model, backend.model)
    kept, unkept = kept_references(able, backend.name, ("base:",) * drawn.references)
    knobs = drawn.model_dump(include={*KNOBS, *HIRES_KNOBS})
    size = drawn.width, drawn.height
    fitted = honoured(able, backend.name, Wanted(size, prompt.negative, drawn.seed, knobs, from_picture=bool(kept)))
    lost = (*own_only, *unkept, *fitted.lost)
    positive = with_words(prompt.positive, fitted.words)
    return {"positive": positive, "negative": fitted.negative, "dropped": [{"setting": item.setting, "why": item.why} for item in lost]}


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
