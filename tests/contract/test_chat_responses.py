"""OpenAI's Responses dialect: when it is used, what is sent, what its event stream means."""

from __future__ import annotations

from typing import Any

import pytest

from providers.chat.openai_model import OpenAIModel
from providers.contract import ChatMessage, ChatRequest, End, ImagePart, ReasoningDelta, TextDelta, TextPart, ToolCall, Usage, message
from providers.errors import ErrorKind, ProviderError
from tests.contract.chatting import PATH, PICTURE_TOOL, ask, calls_of, collect, end_of, model, piece, serving, text_of
from tests.contract.loopback import Loopback, json_reply, sse_reply

RESPONSES = "/v1/responses"
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA", "status": "completed"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "send_picture", "arguments": '{"prompt": "cat"}'}
USAGE = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 3},
}


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, **fields}


def closing(kind: str = "completed", **fields: Any) -> dict[str, Any]:
    return event(f"response.{kind}", response={"object": "response", "status": kind, "usage": USAGE, **fields})


def offered(text: str = "draw a cat", **more: Any) -> ChatRequest:
    return ask(text, tools=(PICTURE_TOOL,), **more)


def current(server: Loopback, name: str = "gpt-5.5", **options: Any) -> OpenAIModel:
    return model(server, "openai", model=name, options=options)


@pytest.mark.parametrize(
    ("name", "tools", "options", "dialect"),
    [
        ("gpt-5.5", True, {}, "responses"),
        ("gpt-5.5", False, {}, "chat"),
        ("gpt-5.5", True, {"reasoning": "off"}, "chat"),
        ("gpt-6-astra", True, {"reasoning": "off"}, "responses"),
        ("gpt-6.2", True, {}, "responses"),
        ("gpt-5.4-mini", True, {}, "responses"),
        ("gpt-5.2", True, {}, "chat"),
        ("gpt-4.1", True, {}, "chat"),
        ("gpt-5.5", True, {"dialect": "chat"}, "chat"),
        ("gpt-4.1", False, {"dialect": "responses"}, "responses"),
    ],
)
async def test_which_dialect(name: str, tools: bool, options: dict[str, Any], dialect: str) -> None:
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece("stop", content="hi")]))
        server.on("POST", RESPONSES, sse_reply([closing()], done=False))
        await collect(current(server, name, **options), offered() if tools else ask())
    assert server.seen[0].path == (RESPONSES if dialect == "responses" else PATH)


async def test_other_vendors_never_use_it() -> None:
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece("stop", content="hi")]))
        await collect(model(server, "custom", model="gpt-5.5"), offered())
    assert server.seen[0].path == PATH


async def test_what_is_sent() -> None:
    request = ChatRequest(
        (
            message("system", "head"),
            message("system", "card"),
            ChatMessage("user", (TextPart("look"), ImagePart(b"png", "image/png"))),
            message("assistant", "nice"),
            message("system", "note"),
            message("user", "draw"),
        ),
        tools=(PICTURE_TOOL,),
        temperature=0.5,
        max_tokens=200,
        cache_key="chat-1",
        response_schema={"type": "object", "properties": {}, "additionalProperties": False},
    )
    async with serving() as server:
        server.on("POST", RESPONSES, sse_reply([closing()], done=False))
        await collect(current(server), request)
    sent = server.seen[0].json
    assert sent["instructions"] == "head\n\ncard"
    assert [item["role"] for item in sent["input"]] == ["user", "assistant", "developer", "user"]
    assert sent["input"][0]["content"][1] == {"type": "input_image", "image_url": "data:image/png;base64,cG5n", "detail": "auto"}
    assert sent["input"][1]["content"][0]["type"] == "output_text"
    assert sent["tools"][0] == {
        "type": "function",
        "name": "send_picture",
        "description": "Send a picture",
        "parameters": PICTURE_TOOL.parameters,
        "strict": True,
    }
    assert (sent["store"], sent["include"], sent["max_output_tokens"]) == (False, ["reasoning.encrypted_content"], 200)
    assert sent["prompt_cache_key"] == "chat-1"
    assert sent["text"]["format"]["type"] == "json_schema"
    assert not {"temperature", "messages", "stop", "max_tokens", "stream_options"} & set(sent)


async def test_text_and_thoughts() -> None:
    stream = [
        event("response.created", response={}),
        event("response.reasoning_summary_text.delta", delta="hmm"),
        event("response.brand_new.delta", delta="not for people"),
        event("response.output_text.delta", delta="Hel"),
        event("response.output_text.delta", delta="lo"),
        closing(),
    ]
    async with serving() as server:
        server.on("POST", RESPONSES, sse_reply(stream, done=False))
        events = await collect(current(server), offered())
    assert events == [
        ReasoningDelta("hmm"),
        TextDelta("Hel"),
        TextDelta("lo"),
        Usage(prompt=20, completion=9, cached=4, reasoning=3),
        End("stop"),
    ]


async def test_a_call_and_its_answer_carry_the_thinking_along() -> None:
    stream = [
        event("response.output_item.done", item=REASONING),
        event("response.function_call_arguments.delta", delta='{"pro'),
        event("response.output_item.done", item=CALL),
        closing(),
    ]
    async with serving() as server:
        server.on("POST", RESPONSES, sse_reply(stream, done=False))
        chat = current(server)
        events = await collect(chat, offered())
        turn = ChatMessage("assistant", (), tool_calls=tuple(calls_of(events)), provider_extra=end_of(events).provider_extra)
        result = ChatMessage("tool", (TextPart('{"status": "queued"}'),), tool_call_id="call_1")
        again = ChatRequest((*offered().messages, turn, result), tools=(PICTURE_TOOL,))
        await collect(chat, again)
    assert calls_of(events) == [ToolCall("call_1", "send_picture", '{"prompt": "cat"}')]
    assert end_of(events).finish == "tool"
    items = server.seen[1].json["input"][1:]
    assert items == [
        {name: value for name, value in REASONING.items() if name != "status"},
        {"type": "function_call", "call_id": "call_1", "name": "send_picture", "arguments": '{"prompt": "cat"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": '{"status": "queued"}'},
    ]


@pytest.mark.parametrize(
    ("ending", "finish"),
    [
        ([closing("incomplete", incomplete_details={"reason": "max_output_tokens"})], "length"),
        ([closing("incomplete", incomplete_details={"reason": "content_filter"})], "filter"),
        ([closing("incomplete", incomplete_details=None)], "unknown"),
        ([event("response.refusal.delta", delta="no"), closing()], "filter"),
        ([], "cut"),
    ],
)
async def test_endings(ending: list[Any], finish: str) -> None:
    stream = [event("response.output_text.delta", delta="Hel"), *ending]
    async with serving() as server:
        server.on("POST", RESPONSES, sse_reply(stream, done=False))
        events = await collect(current(server), offered())
    assert text_of(events) == "Hel"
    assert end_of(events).finish == finish


FAILURES: list[tuple[Any, ErrorKind]] = [
    (closing("failed", error={"code": "rate_limit_exceeded", "message": "slow"}), ErrorKind.RATE_LIMITED),
    (closing("failed", error={"code": "image_content_policy_violation", "message": "no"}), ErrorKind.REFUSED),
    (closing("failed", error=None), ErrorKind.BAD_ANSWER),
    (event("error", code="server_is_overloaded", message="busy", param=None), ErrorKind.BUSY),
    (event("error", error={"code": "insufficient_quota", "message": "pay"}), ErrorKind.NO_CREDIT),
    (event("error", code="context_length_exceeded", message="too long"), ErrorKind.CONTEXT_FULL),
]


@pytest.mark.parametrize(("failure", "kind"), FAILURES, ids=lambda value: str(value)[:30])
async def test_failures_inside_the_stream(failure: Any, kind: ErrorKind) -> None:
    async with serving() as server:
        server.on("POST", RESPONSES, sse_reply([event("response.created", response={}), failure], done=False))
        with pytest.raises(ProviderError) as caught:
            await collect(current(server), offered())
    assert caught.value.kind is kind


async def test_an_unstreamed_answer() -> None:
    whole = {
        "object": "response",
        "status": "completed",
        "usage": USAGE,
        "output": [REASONING, {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}, CALL],
    }
    async with serving() as server:
        server.on("POST", RESPONSES, json_reply(whole))
        events = await collect(current(server), offered())
    assert text_of(events) == "Hi"
    assert calls_of(events)[0].id == "call_1"
    assert end_of(events).finish == "tool"


async def test_a_refused_parameter_is_dropped() -> None:
    refusal = json_reply({"error": {"message": "Unknown parameter: 'prompt_cache_key'.", "param": "prompt_cache_key"}}, 400)
    async with serving() as server:
        server.on("POST", RESPONSES, refusal, sse_reply([closing()], done=False))
        await collect(current(server), offered(cache_key="chat-1"))
    assert "prompt_cache_key" not in server.seen[1].json
