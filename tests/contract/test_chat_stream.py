"""Odd shapes of chat completions streams, each seen on some server, over a real connection."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from providers.contract import End, ImageOut, ReasoningDelta, TextDelta, Usage
from providers.errors import ErrorKind, ProviderError
from tests.contract.chatting import PATH, ask, call_piece, calls_of, collect, end_of, model, piece, serving, text_of, usage_in
from tests.contract.loopback import Reply, json_reply, sse_reply, text_reply

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
STOP = piece("stop")

TEXT_SHAPES: dict[str, tuple[list[Any], str]] = {
    "plain": ([piece(role="assistant", content=None), piece(content="Hel"), piece(content="lo"), STOP], "Hello"),
    "comments between chunks": ([": OPENROUTER PROCESSING", piece(content="Hello"), ": ping", STOP], "Hello"),
    "choices null": ([{"choices": None}, piece(content="Hello"), STOP], "Hello"),
    "choices empty first (content filter results)": ([{"choices": [], "prompt_filter_results": []}, piece(content="Hello"), STOP], "Hello"),
    "content as a list": ([piece(content=[{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]), STOP], "Hello"),
    "unknown fields": ([{**piece(content="Hello", audio=None), "timings": {"cache_n": 3}, "x": [1]}, STOP], "Hello"),
    "finish together with text": ([piece("stop", content="Hello")], "Hello"),
    "message instead of delta": ([{"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}], "Hello"),
    "completion text": ([{"choices": [{"text": "Hello", "finish_reason": "stop"}]}], "Hello"),
    "finish reason eos": ([piece(content="Hello"), piece("eos")], "Hello"),
}


@pytest.mark.parametrize("shape", TEXT_SHAPES, ids=str)
async def test_text_comes_through(shape: str) -> None:
    chunks, expected = TEXT_SHAPES[shape]
    async with serving() as server:
        server.on("POST", PATH, sse_reply(chunks))
        events = await collect(model(server))
    assert text_of(events) == expected
    assert end_of(events) == End("stop")


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_thoughts_stay_out_of_the_text(field: str) -> None:
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece(**{field: "hmm"}), piece(content="Hi"), STOP]))
        events = await collect(model(server))
    assert text_of(events) == "Hi"
    assert [event.text for event in events if isinstance(event, ReasoningDelta)] == ["hmm"]


async def test_thinking_inside_a_content_list() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hmm"}]}
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece(content=[thinking, {"type": "text", "text": "Hi"}]), STOP]))
        events = await collect(model(server))
    assert events == [ReasoningDelta("hmm"), TextDelta("Hi"), End("stop")]


CALL_SHAPES: dict[str, list[Any]] = {
    "pieces with an index": [
        call_piece(0, "a", "send_picture", ""),
        call_piece(0, None, None, '{"prompt":'),
        call_piece(0, None, None, ' "cat"}'),
    ],
    "no index at all": [call_piece(None, "a", "send_picture", '{"prompt":'), call_piece(None, None, None, ' "cat"}')],
    "id repeated without index": [call_piece(None, "a", "send_picture", '{"prompt":'), call_piece(None, "a", None, ' "cat"}')],
    "name repeated": [call_piece(0, "a", "send_picture", '{"prompt":'), call_piece(0, "a", "send_picture", ' "cat"}')],
    "arguments as an object": [call_piece(0, "a", "send_picture", {"prompt": "cat"})],
    "no id": [call_piece(0, None, "send_picture", '{"prompt": "cat"}')],
    "old function_call": [piece(function_call={"name": "send_picture", "arguments": '{"prompt": "cat"}'})],
}


@pytest.mark.parametrize("shape", CALL_SHAPES, ids=str)
async def test_one_call_is_put_together(shape: str) -> None:
    async with serving() as server:
        server.on("POST", PATH, sse_reply([*CALL_SHAPES[shape], piece("tool_calls")]))
        events = await collect(model(server))
    (call,) = calls_of(events)
    assert (call.name, json.loads(call.arguments)) == ("send_picture", {"prompt": "cat"})
    assert call.id
    assert end_of(events).finish == "tool"


@pytest.mark.parametrize("indices", [(0, 1), (0, 0), (None, None)], ids=["numbered", "all numbered 0", "no numbers"])
async def test_two_calls_stay_two(indices: tuple[int | None, int | None]) -> None:
    chunks = [
        call_piece(indices[0], "a", "send_picture", '{"prompt": "cat"}'),
        call_piece(indices[1], "b", "send_picture", '{"prompt": "dog"}'),
    ]
    async with serving() as server:
        server.on("POST", PATH, sse_reply([*chunks, piece("stop")]))
        events = await collect(model(server))
    assert [(call.id, json.loads(call.arguments)["prompt"]) for call in calls_of(events)] == [("a", "cat"), ("b", "dog")]
    assert end_of(events).finish == "tool", "calls with finish_reason stop count as a tool turn"


async def test_arguments_cut_by_length_are_no_call() -> None:
    async with serving() as server:
        server.on("POST", PATH, sse_reply([call_piece(0, "a", "send_picture", '{"prompt": "ca'), piece("length")]))
        events = await collect(model(server))
    assert calls_of(events) == []
    assert end_of(events).finish == "length"


async def test_leaked_call_passes_as_text() -> None:
    leaked = '<tool_call>\n{"name": "send_picture"}\n</tool_call>'
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece(content=leaked), STOP]))
        events = await collect(model(server))
    assert text_of(events) == leaked


async def test_usage_chunk_without_choices() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 5}, "cost": 0.25}
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece(content="Hi"), STOP, {"choices": [], "usage": usage}]))
        events = await collect(model(server))
    assert usage_in(events) == Usage(prompt=9, completion=4, cached=5, cost=0.25)


async def test_deepseek_and_groq_usage() -> None:
    async with serving() as server:
        server.on(
            "POST",
            PATH,
            sse_reply([piece("stop", content="a"), {"choices": [], "usage": {"prompt_tokens": 9, "prompt_cache_hit_tokens": 7}}]),
        )
        assert usage_in(await collect(model(server))).cached == 7
        server.on(
            "POST", PATH, sse_reply([{**piece("stop", content="a"), "x_groq": {"usage": {"prompt_tokens": 3, "completion_tokens": 2}}}])
        )
        assert usage_in(await collect(model(server))) == Usage(prompt=3, completion=2)


async def test_pictures_in_a_delta() -> None:
    uri = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
    images = [
        {"image_url": {"url": uri}},
        {"image_url": {"url": "https://example.com/a.png"}},
        {"image_url": {"url": "data:image/png;base64,%%%"}},
    ]
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece(images=images), STOP]))
        events = await collect(model(server))
    assert [event for event in events if isinstance(event, ImageOut)] == [ImageOut(PIXEL, "image/png")]
    assert len(server.seen) == 1, "an address in an answer is never fetched"


@pytest.mark.parametrize("tear", [True, False], ids=["torn down", "ended without a word"])
async def test_cut_stream_ends_as_cut(tear: bool) -> None:
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece(content="Hel")], done=False, cut=tear))
        events = await collect(model(server))
    assert text_of(events) == "Hel"
    assert end_of(events).finish == "cut"


async def test_refusal_counts_as_filtered() -> None:
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece(refusal="I cannot"), STOP]))
        assert end_of(await collect(model(server))).finish == "filter"
        server.on("POST", PATH, sse_reply([piece(content="I"), piece("content_filter")]))
        assert end_of(await collect(model(server))).finish == "filter"


async def test_json_instead_of_a_stream() -> None:
    answer = {
        "choices": [
            {"message": {"content": "Hi", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {}}}]}, "finish_reason": "stop"}
        ]
    }
    async with serving() as server:
        server.on("POST", PATH, json_reply(answer))
        events = await collect(model(server))
    assert text_of(events) == "Hi"
    assert calls_of(events)[0].arguments == "{}"


ERROR_ANSWERS: dict[str, tuple[Reply, ErrorKind]] = {
    "error in a chunk": (
        sse_reply([{"error": {"code": 429, "message": "slow down", "metadata": {"error_type": "rate_limit_exceeded"}}}]),
        ErrorKind.RATE_LIMITED,
    ),
    "error event": (sse_reply(['event: error\ndata: {"error": {"message": "overloaded", "type": "overloaded_error"}}']), ErrorKind.BUSY),
    "200 with an error": (json_reply({"error": {"code": 402, "message": "Insufficient credits"}}), ErrorKind.NO_CREDIT),
    "error as text": (sse_reply([{"error": "model is overloaded"}]), ErrorKind.BUSY),
    "moderation": (sse_reply([{"error": {"code": 403, "message": "flagged", "metadata": {"reasons": ["violence"]}}}]), ErrorKind.REFUSED),
    "malformed data line": (sse_reply(['data: {"choices": [']), ErrorKind.BAD_ANSWER),
    "data that is no object": (sse_reply(['data: "hello"']), ErrorKind.BAD_ANSWER),
    "html": (text_reply("<html><body>Sign in</body></html>"), ErrorKind.BAD_ANSWER),
    "empty stream": (sse_reply([]), ErrorKind.BAD_ANSWER),
    "no body at all": (Reply(200, b"", {"Content-Type": "text/event-stream"}), ErrorKind.BAD_ANSWER),
    "truncated json": (Reply(200, b'{"choices": [{"mess', {"Content-Type": "application/json"}), ErrorKind.BAD_ANSWER),
}


@pytest.mark.parametrize("shape", ERROR_ANSWERS, ids=str)
async def test_errors_with_status_200(shape: str) -> None:
    reply, kind = ERROR_ANSWERS[shape]
    async with serving() as server:
        server.on("POST", PATH, reply)
        with pytest.raises(ProviderError) as caught:
            await collect(model(server))
    assert caught.value.kind is kind


async def test_error_after_text_keeps_the_text() -> None:
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece(content="Hel"), {"error": {"code": 502, "message": "provider disconnected"}}]))
        stream = model(server).stream(ask())
        assert await anext(stream) == TextDelta("Hel")
        with pytest.raises(ProviderError) as caught:
            await anext(stream)
    assert caught.value.kind is ErrorKind.BUSY


async def test_closing_the_iterator_ends_theask() -> None:
    hold = asyncio.Event()
    async with serving() as server:
        server.on("POST", PATH, sse_reply([piece(content="Hel"), piece(content="lo"), STOP], hold=hold))
        stream = model(server).stream(ask())
        assert await anext(stream) == TextDelta("Hel")
        await stream.aclose()
        await asyncio.wait_for(server.hung_up.wait(), 5)


async def test_a_silent_server_runs_into_the_limit() -> None:
    async with serving() as server:
        server.on("POST", PATH, Reply(pause=asyncio.Event()))
        with pytest.raises(ProviderError) as caught:
            await collect(model(server, timeout=0.3))
    assert caught.value.kind is ErrorKind.TIMED_OUT


async def test_a_server_that_only_pings_runs_into_the_limit() -> None:
    hold = asyncio.Event()
    async with serving() as server:
        server.on("POST", PATH, sse_reply([": keep-alive", ": keep-alive", STOP], hold=hold))
        with pytest.raises(ProviderError) as caught:
            await collect(model(server, timeout=0.3))
    assert caught.value.kind is ErrorKind.TIMED_OUT
