"""Answered errors become few kinds, with waits and windows, and no secret in them."""

from __future__ import annotations

from typing import Any

import pytest

from providers.chat.openai_model import OpenAIModel
from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from tests.contract.chatting import PATH, collect, model, piece, serving
from tests.contract.loopback import json_reply, sse_reply, text_reply

K = ErrorKind
OPENAI: list[tuple[int, Any, ErrorKind]] = [
    (401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, K.UNAUTHORISED),
    (400, {"error": {"message": "m", "status": "INVALID_ARGUMENT", "code": "API_KEY_INVALID"}}, K.UNAUTHORISED),
    (403, {"error": {"message": "no"}}, K.UNAUTHORISED),
    (403, {"error": {"code": 403, "message": "flagged", "metadata": {"reasons": ["x"], "flagged_input": "y"}}}, K.REFUSED),
    (400, {"error": {"message": "policy", "code": "content_policy_violation"}}, K.REFUSED),
    (402, {"error": {"message": "Insufficient credits", "code": 402}}, K.NO_CREDIT),
    (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, K.NO_CREDIT),
    (429, {"error": {"message": "slow", "code": "rate_limit_exceeded"}}, K.RATE_LIMITED),
    (400, {"error": {"message": "This model's maximum context length is 8192 tokens", "code": "context_length_exceeded"}}, K.CONTEXT_FULL),
    (400, {"error": {"message": "Please reduce the length of the messages"}}, K.CONTEXT_FULL),
    (400, {"object": "error", "message": "maximum context length is 4096 tokens", "code": 400}, K.CONTEXT_FULL),
    (400, {"message": "prompt too large", "type": "invalid_request", "code": "3051"}, K.CONTEXT_FULL),
    (404, {"error": {"message": "no such model", "code": "model_not_found"}}, K.MISCONFIGURED),
    (404, {"error": "model 'x' not found"}, K.MISCONFIGURED),
    (422, {"detail": [{"loc": ["body", "messages"], "msg": "field required"}]}, K.INVALID),
    (413, {"error": {"message": "image too large"}}, K.INVALID),
    (503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}, K.BUSY),
    (503, {"detail": {"msg": "Server is busy; please try again later.", "type": "service_unavailable"}}, K.BUSY),
    (529, {"error": {"type": "overloaded_error", "message": "Overloaded"}}, K.BUSY),
    (500, {"error": {"code": 500, "message": "image input is not supported - hint: provide the mmproj"}}, K.INVALID),
    (500, {"detail": {"msg": "Payload is too big. Max payload size is 32MB"}}, K.INVALID),
    (501, {"error": {"message": "no such feature", "type": "not_supported_error"}}, K.INVALID),
    (500, {"error": {"message": "oops"}}, K.BAD_ANSWER),
]


@pytest.mark.parametrize(("status", "answer", "kind"), OPENAI, ids=lambda value: str(value)[:40])
async def test_kinds(status: int, answer: Any, kind: ErrorKind) -> None:
    async with serving() as server:
        server.on("POST", PATH, json_reply(answer, status))
        with pytest.raises(ProviderError) as caught:
            await collect(model(server))
    assert caught.value.kind is kind


async def test_windows_and_waits() -> None:
    async with serving() as server:
        server.on("POST", PATH, json_reply({"error": {"message": "maximum context length is 8,192"}}, 400))
        with pytest.raises(ProviderError):
            await collect(model(server))
        server.on("POST", PATH, json_reply({"error": {"message": "This model's maximum context length is 8192 tokens."}}, 400))
        with pytest.raises(ProviderError) as full:
            await collect(model(server))
        server.on("POST", PATH, json_reply({"error": {"message": "slow"}}, 429, retry_after="17"))
        with pytest.raises(ProviderError) as seconds:
            await collect(model(server))
        server.on("POST", PATH, json_reply({"error": {"message": "slow"}}, 429, retry_after_ms="1500"))
        with pytest.raises(ProviderError) as milliseconds:
            await collect(model(server))
        server.on("POST", PATH, json_reply({"error": {"message": "slow", "metadata": {"availability": {"retry_after": 9}}}}, 429))
        with pytest.raises(ProviderError) as said:
            await collect(model(server))
    assert full.value.window == 8192
    assert [error.value.retry_after for error in (seconds, milliseconds, said)] == [17, 1.5, 9]
    assert len(server.seen) == 5, "the SDK must not retry by itself"


async def test_no_secret_in_an_error() -> None:
    words = "bad key sk-test-key-12345, Bearer abcdefgh12345, https://user:pw@host/x?api_key=zzzzzz"
    async with serving() as server:
        server.on("POST", PATH, json_reply({"error": {"message": words}}, 401))
        with pytest.raises(ProviderError) as caught:
            await collect(model(server, api_key="sk-test-key-12345"))
    shown = f"{caught.value} {caught.value.host_detail}"
    assert not any(secret in shown for secret in ("sk-test", "abcdefgh", "user:pw", "zzzzzz", server.url))


async def test_html_errors_and_redirects() -> None:
    async with serving() as server:
        server.on("POST", PATH, text_reply("<html><style>x{}</style><h1>Bad gateway</h1></html>", 502))
        with pytest.raises(ProviderError) as gateway:
            await collect(model(server))
        server.on("POST", PATH, json_reply({}, 302, Location="http://169.254.169.254/latest"))
        with pytest.raises(ProviderError) as redirect:
            await collect(model(server))
    assert (gateway.value.kind, redirect.value.kind) == (K.BUSY, K.MISCONFIGURED)
    assert "Bad gateway" in gateway.value.host_detail
    assert "x{}" not in gateway.value.host_detail


async def test_nobody_there() -> None:
    async with serving() as server:
        url = server.url
    chat = OpenAIModel(ProviderConfig(name="main", provider="custom", base_url=f"{url}/v1", model="m"))
    with pytest.raises(ProviderError) as caught:
        await collect(chat)
    await close_clients()
    assert caught.value.kind is K.UNREACHABLE
    assert caught.value.retryable


async def test_check_learns_what_a_list_of_models_says() -> None:
    rows = [
        {
            "id": "test-model",
            "context_length": 16000,
            "architecture": {"input_modalities": ["text", "image"]},
            "supported_parameters": ["tools"],
        },
        {"id": "other"},
    ]
    async with serving() as server:
        server.on("GET", "/v1/models", json_reply({"data": rows}))
        chat = model(server, "openrouter")
        health = await chat.check()
        known = chat.capabilities()
    assert health.problems == ()
    assert (known.window, known.image_in, known.tools, known.json_schema) == (16000, True, True, False)


async def test_check_reads_a_llama_servers_properties() -> None:
    props = {
        "default_generation_settings": {"n_ctx": 4096},
        "modalities": {"vision": True},
        "chat_template_caps": {"supports_tools": False},
    }
    async with serving() as server:
        server.on("GET", "/v1/models", json_reply({"data": [{"id": "the.gguf"}]}))
        server.on("GET", "/props", json_reply(props))
        chat = model(server, "llamacpp", model="")
        health = await chat.check()
    assert (chat.capabilities().window, chat.capabilities().image_in, chat.capabilities().tools) == (4096, True, False)
    assert chat.model == "the.gguf"
    assert health.problems == ()


async def test_a_server_with_one_model_needs_no_name() -> None:
    async with serving() as server:
        server.on("GET", "/v1/models", json_reply({"data": [{"id": "the.gguf"}]}))
        server.on("POST", PATH, sse_reply([piece("stop", content="hi")]))
        chat = model(server, "vllm", model="")
        await collect(chat)
        await collect(chat)
    assert [seen.json["model"] for seen in server.asked(PATH)] == ["the.gguf", "the.gguf"]
    assert len(server.asked("/v1/models")) == 1


async def test_a_window_larger_than_the_servers_is_reported() -> None:
    async with serving() as server:
        server.on("GET", "/v1/models", json_reply({"data": [{"id": "test-model", "max_model_len": 4096}]}))
        chat = model(server, "vllm", options={"window": 32000})
        health = await chat.check()
    assert chat.capabilities().window == 4096
    assert "32000" in health.warnings[0]


async def test_check_names_what_is_wrong() -> None:
    async with serving() as server:
        server.on("GET", "/v1/models", json_reply({"error": {"message": "Invalid API Key"}}, 401))
        (key,) = (await model(server).check()).problems
        server.on("GET", "/v1/models", json_reply({"data": [{"id": "a"}, {"id": "b"}]}))
        (nameless,) = (await model(server, model="").check()).problems
        server.on("GET", "/v1/models", json_reply({"error": "x"}, 404))
        listless = await model(server).check()
    assert "key" in key
    assert "a, b" in nameless
    assert listless.problems == ()
    assert listless.warnings
