"""Recorded exchanges of a real llama.cpp server, and bodies held against a published API description."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from providers.contract import ChatMessage, ChatRequest, ImagePart, TextPart, ToolCall, message
from providers.errors import ErrorKind, ProviderError
from tests.contract.chatting import PATH, PICTURE_TOOL, ask, calls_of, collect, end_of, model, serving, text_of, usage_in
from tests.contract.loopback import Reply
from tests.contract.recorded import material, recorded, reply_of


def replay(case: dict[str, Any]) -> Reply:
    """The recorded stream, line by line, or the recorded answer."""
    if "lines" not in case:
        return reply_of(case)
    chunks = tuple(f"{entry['line']}\n".encode() for entry in case["lines"])
    return Reply(case["response"]["status"], headers={"Content-Type": "text/event-stream"}, chunks=chunks)


def recorded_text(case: dict[str, Any]) -> str:
    """The text of a recorded stream, put together without our reader."""
    lines = [entry["line"][6:] for entry in case["lines"] if entry["line"].startswith("data: {")]
    choices = [choice for line in lines for choice in json.loads(line).get("choices", ())]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


STREAMS = ["stream_ok", "stream_ping_comments", "stream_progress", "stream_timings_per_token", "stream_unicode", "stream_usage"]


@pytest.mark.parametrize("name", [*STREAMS, "stream_json_schema", "tools_stream_text"])
async def test_recorded_streams(name: str) -> None:
    case = recorded("llama-server", name)
    async with serving() as server:
        server.on("POST", PATH, replay(case))
        events = await collect(model(server, "llamacpp"))
    assert text_of(events) == recorded_text(case)
    assert text_of(events)
    assert end_of(events).finish in ("stop", "length")


@pytest.mark.parametrize("name", ["tools_stream", "tools_call"])
async def test_recorded_tool_call(name: str) -> None:
    case = recorded("llama-server", name)
    async with serving() as server:
        server.on("POST", PATH, replay(case))
        events = await collect(model(server, "llamacpp"), ask(tools=(PICTURE_TOOL,)))
    assert {call.name for call in calls_of(events)} == {"send_picture"}
    assert all(json.loads(call.arguments) for call in calls_of(events))
    assert end_of(events).finish == "tool"
    assert usage_in(events).completion > 0


async def test_recorded_call_cut_by_length() -> None:
    case = recorded("llama-server", "tools_stream_cut_by_length")
    async with serving() as server:
        server.on("POST", PATH, replay(case))
        events = await collect(model(server, "llamacpp"))
    assert (calls_of(events), end_of(events).finish) == ([], "length")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("error_context_overflow", ErrorKind.CONTEXT_FULL),
        ("error_context_overflow_stream", ErrorKind.CONTEXT_FULL),
        ("chat_while_loading", ErrorKind.BUSY),
        ("key_wrong", ErrorKind.UNAUTHORISED),
        ("key_wrong_stream", ErrorKind.UNAUTHORISED),
        ("key_missing", ErrorKind.UNAUTHORISED),
        ("error_image_unsupported", ErrorKind.INVALID),
        ("error_unknown_route", ErrorKind.MISCONFIGURED),
    ],
)
async def test_recorded_errors(name: str, kind: ErrorKind) -> None:
    case = recorded("llama-server", name)
    async with serving() as server:
        server.on("POST", PATH, replay(case))
        with pytest.raises(ProviderError) as caught:
            await collect(model(server, "llamacpp"))
    assert caught.value.kind is kind
    if kind is ErrorKind.CONTEXT_FULL:
        assert caught.value.window == 1024


async def test_recorded_properties() -> None:
    async with serving() as server:
        server.on("GET", "/v1/models", replay(recorded("llama-server", "models")))
        server.on("GET", "/props", replay(recorded("llama-server", "props")))
        chat = model(server, "llamacpp", model="")
        assert (await chat.check()).problems == ()
    assert chat.capabilities().window == 1024
    assert (chat.capabilities().image_in, chat.capabilities().tools) == (False, False)


def full_request() -> ChatRequest:
    return ChatRequest(
        (
            message("system", "You are Mira."),
            ChatMessage("user", (TextPart("look"), ImagePart(b"png", "image/png")), name="Ann"),
            ChatMessage("assistant", (TextPart("One moment"),), tool_calls=(ToolCall("a", "send_picture", '{"prompt": "cat"}'),)),
            ChatMessage("tool", (TextPart("queued"),), tool_call_id="a"),
            message("user", "thanks"),
        ),
        tools=(PICTURE_TOOL,),
        tool_choice="required",
        max_tokens=100,
        temperature=0.7,
        top_p=0.9,
        stop=("\nAnn:",),
        seed=3,
        response_schema=PICTURE_TOOL.parameters,
        cache_key="chat-1",
    )


@pytest.mark.parametrize(
    ("provider", "options"),
    [("openrouter", {"image_in": True}), ("openrouter", {"reasoning": "off"}), ("openai", {}), ("custom", {"tools": True})],
)
async def test_bodies_fit_the_published_description(provider: str, options: dict[str, Any]) -> None:
    """OpenRouter publishes its chat completions as OpenAPI 3.1; it describes the common body and its own fields."""
    path = material("specs", "openrouter.json")
    if path is None:
        pytest.skip("VIGNETTE_SHARED has no API descriptions")
    spec = json.loads(path.read_text("utf-8"))
    schema = {"$ref": "#/components/schemas/ChatRequest", "components": spec["components"]}
    async with serving() as server:
        body = model(server, provider, options=options).body(full_request())
    jsonschema.Draft202012Validator(schema).validate(body)
    assert set(body) <= set(spec["components"]["schemas"]["ChatRequest"]["properties"])
