"""Chat models: a request, the events that answer it, and the protocol a provider keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from providers.contract.config import Health


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
