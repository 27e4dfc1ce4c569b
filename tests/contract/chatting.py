"""What the chat contract tests share: a model on the loopback server, collected events, stream chunks in a vendor's shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from providers.chat.openai_model import OpenAIModel
from providers.contract import ChatEvent, ChatRequest, End, ProviderConfig, TextDelta, ToolCall, ToolSpec, Usage, message
from providers.http import close_clients
from tests.contract.loopback import Loopback, loopback

PATH = "/v1/chat/completions"
PICTURE_TOOL = ToolSpec(
    "send_picture",
    "Send a picture",
    {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"], "additionalProperties": False},
)


def config(server: Loopback, provider: str = "custom", model: str = "test-model", **more: Any) -> ProviderConfig:
    """Settings that point a preset at the loopback server."""
    key = more.pop("api_key", "sk-test-key-12345")
    return ProviderConfig(
        name="main",
        provider=provider,
        base_url=f"{server.url}/v1",
        model=model,
        api_key=SecretStr(key) if key else None,
        options=more.pop("options", {}),
        timeout=more.pop("timeout", 10),
        **more,
    )


@asynccontextmanager
async def serving() -> AsyncIterator[Loopback]:
    """A loopback server, and the shared HTTP clients closed afterwards."""
    async with loopback() as server:
        try:
            yield server
        finally:
            await close_clients()


def model(server: Loopback, provider: str = "custom", **more: Any) -> OpenAIModel:
    return OpenAIModel(config(server, provider, more.pop("model", "test-model"), **more))


def ask(text: str = "hello", **more: Any) -> ChatRequest:
    return ChatRequest((message("system", "You are Mira."), message("user", text)), **more)


async def collect(chat: OpenAIModel, request: ChatRequest | None = None) -> list[ChatEvent]:
    """Every event of one answer; the last must be ``End`` and the only one."""
    events = [event async for event in chat.stream(request or ask())]
    assert isinstance(events[-1], End)
    assert sum(isinstance(event, End) for event in events) == 1
    return events


def text_of(events: list[ChatEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def calls_of(events: list[ChatEvent]) -> list[ToolCall]:
    return [event for event in events if isinstance(event, ToolCall)]


def end_of(events: list[ChatEvent]) -> End:
    last = events[-1]
    assert isinstance(last, End)
    return last


def usage_in(events: list[ChatEvent]) -> Usage:
    return next(event for event in events if isinstance(event, Usage))


def piece(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """One stream chunk with this delta."""
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call_piece(index: int | None, identifier: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    """One stream chunk with a piece of a tool call; None leaves a field out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    call: dict[str, Any] = {"function": function}
    if index is not None:
        call["index"] = index
    if identifier is not None:
        call["id"] = identifier
    return piece(tool_calls=[call])
