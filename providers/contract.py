"""The contracts every provider keeps, and the values that travel through them.

A provider file implements one protocol for one vendor or wire format and is named by one row of ``providers.registry``. The
engine asks capabilities, never a vendor's name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from providers.errors import ErrorKind, ProviderError

__all__ = ["ErrorKind", "ProviderError"]


class ProviderConfig(BaseModel):
    """One configured provider: a ``[chat.<name>]`` or ``[images.<name>]`` table of the host's settings.

    Keys beyond these land in ``options`` and are validated by the provider, which names the key when one is wrong.
    """

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    name: str
    """The host's name for it."""
    provider: str
    """Which provider it is, as `vignette explain backends` lists them."""
    base_url: str = ""
    """Address of the service; empty takes the provider's own."""
    model: str = ""
    """Model to use; some providers have a default of their own."""
    api_key: SecretStr | None = None
    """Key of the service."""
    timeout: float = 0
    """Overall limit of one request in seconds; 0 takes the provider's own default."""
    concurrency: int = 1
    """How many requests may run at once (image backends)."""
    fallbacks: tuple[str, ...] = Field((), json_schema_extra={"expected": "list of names"})
    """Image backends that may draw when this one cannot be reached, is busy or has no credit, in order; they get its prompts."""
    allow_invalid_tls: bool = False
    """For a self-hosted server only; refused for cloud hosts."""
    ca_file: Path | None = None
    """Certificate authority of a self-hosted server, as a PEM file."""
    options: dict[str, Any] = {}
    """Settings of this provider alone; written beside the others in the same table."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a check against the real service found; ``problems`` is empty when all is well."""

    summary: str
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


# --- chat ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image by value; ``mime`` such as ``image/png``. Addresses are never passed on."""

    data: bytes
    mime: str


Part = TextPart | ImagePart


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model made. ``arguments`` is the JSON text as received, not validated."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a request. ``provider_extra`` is what a vendor wants back verbatim (signatures, reasoning items)."""

    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[Part, ...] = ()
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    provider_extra: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "".join(p.text for p in self.parts if isinstance(p, TextPart))


def message(role: Literal["system", "user", "assistant", "tool"], text: str, **more: Any) -> ChatMessage:
    """A message of one text part."""
    return ChatMessage(role, (TextPart(text),), **more)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function offered to the model; ``parameters`` is a JSON schema (object)."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a chat model. None leaves a knob at the provider's default."""

    messages: tuple[ChatMessage, ...]
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: Literal["auto", "none", "required"] = "auto"
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    response_schema: dict[str, Any] | None = None
    """Ask for JSON of this schema, where the capability ``json_schema`` is there."""
    cache_key: str = ""
    """Stable for a chat, so that the provider finds its cached beginning again."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """Thoughts; never shown, never stored in the story."""

    text: str


@dataclass(frozen=True, slots=True)
class ImageOut:
    """A picture the chat model itself made."""

    data: bytes
    mime: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; ``cost`` in US dollars if it said so."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    reasoning: int = 0
    cost: float | None = None


Finish = Literal["stop", "length", "tool", "filter", "cut", "unknown"]


@dataclass(frozen=True, slots=True)
class End:
    """Always the last event. ``cut`` means the connection ended without a word."""

    finish: Finish
    provider_extra: dict[str, Any] = field(default_factory=dict)


ChatEvent = TextDelta | ReasoningDelta | ToolCall | ImageOut | Usage | End


@dataclass(frozen=True, slots=True)
class ChatCapabilities:
    """What a chat model can do, as data."""

    image_in: bool = False
    tools: bool = False
    """Function tools can be trusted to be called when they should be."""
    json_schema: bool = False
    window: int = 8192
    """Context size in tokens, prompt and answer together."""
    max_output: int = 1024
    writer: bool = True
    """Good enough to draft scene prompts; False for the embedded toy model."""
    names: bool = False
    """Honours ``name`` on messages."""
    free: bool = False
    local: bool = False
    """Runs on the host's own machine: nothing leaves it."""


class ChatModel(Protocol):
    """A chat model at one provider. Raises ``ProviderError`` only."""

    name: str
    model: str

    def capabilities(self) -> ChatCapabilities: ...

    def stream(self, request: ChatRequest) -> AsyncIterator[ChatEvent]:
        """Ask and yield events as they come; the last one is ``End``. Closing the iterator ends the request."""
        ...

    async def check(self) -> Health:
        """Ask the real service whether it is there, accepts the key and knows the model."""
        ...

    async def close(self) -> None: ...


# --- images ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SizeRule:
    """Which sizes a model takes, in pixels. With ``fixed`` only those; else sides in range and multiples of ``step``."""

    least: int = 64
    most: int = 2048
    step: int = 8
    fixed: tuple[tuple[int, int], ...] = ()
    ratios: tuple[tuple[int, int], ...] = ()
    """Aspect ratios the service takes instead of pixels; the adapter picks the nearest and reports the size that came."""
    max_pixels: int | None = None


@dataclass(frozen=True, slots=True)
class ImageCapabilities:
    """What an image model honours, as data. A False setting is dropped and reported, never passed on in silence."""

    text_to_image: bool = True
    image_to_image: bool = False
    references: int = 0
    """Most reference images at once."""
    negative: bool = False
    seed: bool = False
    steps: bool = False
    cfg: bool = False
    sampler: bool = False
    scheduler: bool = False
    clip_skip: bool = False
    denoise: bool = False
    vae: bool = False
    hires: bool = False
    restore_faces: bool = False
    loras: bool = False
    workflows: bool = False
    model_choice: bool = False
    count: int = 1
    """Most pictures in one request."""
    sizes: SizeRule = SizeRule()
    progress: bool = False
    queue_place: bool = False
    cancel: bool = False
    adopts: bool = False
    """A job interrupted by our crash is found again by its job key or remembered reference instead of being paid for twice."""
    model_list: bool = False
    free: bool = False
    local: bool = False
    nsfw: Literal["none", "filter", "refuses", "unknown"] = "unknown"
    """``none``: no filter of its own."""
    prompt_style: Literal["tags", "sentences"] = "tags"


@dataclass(frozen=True, slots=True)
class ImageModelInfo:
    """One model a backend offers. ``family`` such as sd15, sdxl, pony, illustrious, flux, sd3; empty when unknown."""

    id: str
    label: str
    family: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference image by value, in the order the prompt speaks of them."""

    data: bytes
    mime: str
    role: Literal["base", "character", "persona", "background"] = "base"


@dataclass(frozen=True, slots=True)
class RenderSpec:
    """The immutable request to an image backend. None leaves a knob at the model's default.

    ``job_key`` is the same on every retry of one job. ``cfg`` is guidance; ``upscale`` the hires factor. ``clip_skip`` counts
    as people do (1 = none, 2 = last but one). ``seed`` is fixed before a job starts, so that a retry draws the same picture.
    """

    job_key: str
    prompt: str
    negative: str = ""
    width: int = 512
    height: int = 512
    seed: int = 0
    model: str = ""
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
    references: tuple[Reference, ...] = ()
    workflow: str | None = None
    """ComfyUI graph in API format with placeholders, as JSON text; None takes the backend's default."""
    adult: bool = False
    """Adult content is allowed where this picture goes; services with a switch of their own are told."""
    placeholders: dict[str, str] = field(default_factory=dict)
    """Custom workflow placeholders, name without percent signs → value, macros already expanded."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a render is. ``fraction`` 0–1; ``place`` 0 = next; ``eta`` in seconds."""

    stage: Literal["queued", "loading", "drawing"]
    fraction: float | None = None
    place: int | None = None
    eta: float | None = None


@dataclass(frozen=True, slots=True)
class RenderedImage:
    """Bytes as the backend sent them, untouched. ``seed`` is the one really used, if it said so."""

    data: bytes
    mime: str
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A setting that was not honoured, and why, for people: «negative prompt: FLUX has none»."""

    setting: str
    why: str


@dataclass(frozen=True, slots=True)
class RenderResult:
    """What came of a render. ``parameters`` is what was really sent, for the take's record; no secrets, no image bytes."""

    images: tuple[RenderedImage, ...]
    model: str = ""
    dropped: tuple[Dropped, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    cost: float | None = None
    """US dollars, if the provider said so."""
    cost_text: str = ""
    """The price in the service's own coin («12 kudos»), if it said so."""
    notes: tuple[str, ...] = ()
    """What else the person should know, one sentence each (a warning of the service)."""


Choice = Literal["sampler", "scheduler", "vae", "upscaler", "lora"]
"""What a service may have a list of names for."""


class RenderWatch(Protocol):
    """The caller's ear while a render runs."""

    ref: str | None
    """What ``remember`` was given in an earlier life of this job; None on a first attempt."""

    def progress(self, progress: Progress) -> None:
        """Report; cheap, never raises, may be called often."""
        ...

    async def remember(self, ref: str) -> None:
        """Store the provider's own id or polling address before waiting for it, so that a restart can go on."""
        ...


class ImageBackend(Protocol):
    """An image service. Raises ``ProviderError`` only (kind ``CANCELLED`` when ``cancel`` ended it).

    A backend receives only settings its capabilities declare; the engine has dropped and reported the rest. What it finds out
    by itself (an unknown sampler replaced by the server) it reports in ``RenderResult.dropped``.
    """

    name: str
    model: str

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """For a model id, or for the configured one."""
        ...

    async def models(self, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        """Models on offer, cached for some minutes; empty where the service has no list."""
        ...

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        """Names the service knows for a setting; empty where it has no list."""
        ...

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw. Called again with the same ``job_key`` and the remembered ``watch.ref`` after a crash."""
        ...

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        """Stop a running or waiting job of ours and nobody else's; False when the service cannot or did not."""
        ...

    async def check(self) -> Health: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class WorkflowFacts:
    """What a ComfyUI workflow asks for, read from its text without a server. Names are without percent signs."""

    present: tuple[str, ...]
    """Built-in placeholders it has; LettuceAI's spellings appear under ours (``CFG`` as ``scale``)."""
    absent: tuple[str, ...]
    """Built-in placeholders it has not; the numbered ``IMAGE0`` … are never listed here."""
    custom: tuple[str, ...]
    """Placeholders that are not built in, as written: ``RenderSpec.placeholders`` must have a value for each."""
    nodes: int
    references: int
    """How many reference images it has a place for, avatars included."""
    avatars: tuple[Literal["character", "persona"], ...]
    """Whose avatar it has a place for."""
    image_to_image: bool
    """It starts from at least one picture it is given."""
    problems: tuple[str, ...]
    """Sentences, each naming node and input: what will not work as written. Found without a server."""


@runtime_checkable
class WorkflowReader(Protocol):
    """What an image backend with the capability ``workflows`` can say of a workflow before it is used. Ask with ``isinstance``."""

    def read_workflow(self, text: str) -> WorkflowFacts:
        """Needs no server. Raises ``ProviderError`` (``INVALID``, with the reason) for a text that is no graph in API format."""
        ...

    async def check_workflow(self, text: str) -> tuple[str, ...]:
        """Problems, one sentence each, naming node and input; empty = fine. Placeholders count as values of their kind.

        Asks the server for its node types, inputs, value lists and ranges. When it cannot be asked the answer is what
        ``read_workflow`` finds, and a last sentence says so. Raises as ``read_workflow`` does.
        """
        ...

    def shipped_workflows(self) -> Mapping[str, str]:
        """The workflows that come with the backend: name → JSON text, to be shown, copied, or given as ``RenderSpec.workflow``."""
        ...


# --- captions --------------------------------------------------------------------------------------------------------


class Captioner(Protocol):
    """Describes an image in words. Raises ``ProviderError`` only."""

    name: str

    async def caption(self, image: ImagePart, prompt: str) -> str: ...

    async def check(self) -> Health: ...

    async def close(self) -> None: ...
