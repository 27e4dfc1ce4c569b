"""What is sent to each vendor: bodies by preset, pictures, history, schemas, learnt refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.chat.openai_model import OpenAIModel
from providers.chat.options import read_setup
from providers.chat.quirks import QUIRKS
from providers.contract import ChatMessage, ChatRequest, ImagePart, ProviderConfig, TextPart, ToolCall, message
from providers.errors import ErrorKind, ProviderError
from providers.registry import CHAT
from tests.contract.chatting import PATH, PICTURE_TOOL, ask, collect, model, piece, serving, text_of
from tests.contract.loopback import json_reply, sse_reply

STOP = piece("stop", content="ok")
PNG = ImagePart(b"\x89PNG picture", "image/png")
SCHEMA = {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"], "additionalProperties": False}


def preset(provider: str, model_id: str = "m", **options: Any) -> OpenAIModel:
    row = CHAT[provider]
    return OpenAIModel(
        ProviderConfig(name="main", provider=provider, base_url=row.base_url or "http://127.0.0.1:1/v1", model=model_id, options=options)
    )


def body(provider: str, request: ChatRequest, model_id: str = "m", **options: Any) -> dict[str, Any]:
    return preset(provider, model_id, **options).body(request)


FULL = ask(tools=(PICTURE_TOOL,), temperature=0.7, top_p=0.9, stop=tuple("abcdefgh"), seed=7, max_tokens=100, cache_key="chat-1")


@pytest.mark.parametrize("provider", sorted(QUIRKS))
def test_every_preset_builds_a_plain_body(provider: str) -> None:
    sent = body(provider, FULL)
    assert sent["stream"] is True
    assert sent["messages"][0] == {"role": "system", "content": "You are Mira."}
    assert sent["tools"][0]["function"]["name"] == "send_picture"
    assert len(sent["stop"]) <= QUIRKS[provider].stop_max
    assert sent[QUIRKS[provider].max_tokens_field] == 100
    assert json.loads(json.dumps(sent)) == sent


def test_the_table_and_the_registry_know_the_same_presets() -> None:
    assert set(QUIRKS) == {kind for kind in CHAT if kind != "embedded"}


def test_names_of_fields_by_vendor() -> None:
    assert body("mistral", FULL)["random_seed"] == 7
    assert "seed" not in body("mistral", FULL)
    assert "stream_options" not in body("openrouter", FULL)
    assert body("openrouter", FULL)["session_id"] == "chat-1"
    assert body("openrouter", FULL)["plugins"] == [{"id": "context-compression", "enabled": False}]
    assert body("openai", FULL, "gpt-4.1")["max_completion_tokens"] == 100
    assert body("deepseek", FULL)["thinking"] == {"type": "disabled"}
    assert body("llamacpp", FULL)["chat_template_kwargs"] == {"enable_thinking": False}
    assert isinstance(body("pollinations", ask())["seed"], int)


@pytest.mark.parametrize(
    ("model_id", "kept"),
    [("gpt-4.1", True), ("gpt-5.2", True), ("gpt-5", False), ("o4-mini", False), ("gpt-5.5", False), ("gpt-6-sol", False)],
)
def test_openai_models_that_think_get_no_sampling(model_id: str, kept: bool) -> None:
    sent = body("openai", ask(temperature=0.7, top_p=0.9), model_id)
    assert ("temperature" in sent, "top_p" in sent) == (kept, kept)


def test_openai_thinking_switched_off() -> None:
    off = body("openai", ask(temperature=0.7), "gpt-5.5", reasoning="off")
    assert (off["reasoning_effort"], off["temperature"]) == ("none", 0.7)
    low = body("openai", ask(temperature=0.7), "gpt-6-astra", reasoning="off")
    assert low["reasoning_effort"] == "low"
    assert "temperature" not in low
    assert "reasoning_effort" not in body("openai", ask(), "gpt-4.1", reasoning="off")


def test_tool_choice_none_where_it_is_not_honoured() -> None:
    request = ask(tools=(PICTURE_TOOL,), tool_choice="none")
    assert "tools" not in body("llamacpp", request), "llama.cpp prints the call as text instead"
    assert body("openrouter", request)["tool_choice"] == "none"
    assert "tool_choice" not in body("cohere", ask(tools=(PICTURE_TOOL,), tool_choice="required"))


def test_schema_by_mode() -> None:
    strict = body("openai", ask(response_schema=SCHEMA), "gpt-4.1")["response_format"]
    assert strict["json_schema"] == {"name": "answer", "schema": SCHEMA, "strict": True}
    loose = {"type": "object", "properties": {"prompt": {"type": "string"}}}
    assert body("openai", ask(response_schema=loose), "gpt-4.1")["response_format"]["json_schema"]["strict"] is False
    deepseek = body("deepseek", ask(response_schema=SCHEMA))
    assert deepseek["response_format"] == {"type": "json_object"}
    assert '"prompt"' in deepseek["messages"][-1]["content"]
    assert "response_format" not in body("custom", ask(response_schema=SCHEMA))
    assert body("custom", ask(response_schema=SCHEMA), json_schema=True)["response_format"]["type"] == "json_schema"


HISTORY = (
    message("system", "head"),
    message("system", "card"),
    message("user", "draw", name="Zoë Müller"),
    ChatMessage("assistant", (), tool_calls=(ToolCall("call_long_id_1", "send_picture", '{"prompt": "cat"}'),)),
    ChatMessage("tool", (TextPart("queued"),), tool_call_id="call_long_id_1"),
    message("user", "and now?"),
    message("system", "note"),
    message("user", "go on"),
)


def test_system_messages_by_mode() -> None:
    request = ChatRequest(HISTORY)
    roles = [wire["role"] for wire in body("openai", request, "gpt-4.1")["messages"]]
    assert roles == ["system", "system", "user", "assistant", "tool", "user", "system", "user"]
    first_only = body("llamacpp", request)["messages"]
    assert first_only[0] == {"role": "system", "content": "head\n\ncard"}
    assert [wire["role"] for wire in first_only[1:]] == ["user", "assistant", "tool", "user", "user", "user"]
    merged = body("llamacpp", request, system_mode="merge")["messages"]
    assert merged[0]["content"] == "head\n\ncard\n\nnote"
    assert [wire["role"] for wire in merged[1:]] == ["user", "assistant", "tool", "user", "user"]
    alternating = body("deepseek", ChatRequest((message("user", "a"), message("user", "b"))))["messages"]
    assert alternating == [{"role": "user", "content": "a\n\nb"}]


def test_mistral_ids_and_order() -> None:
    wires = body("mistral", ChatRequest(HISTORY))["messages"]
    call = next(wire for wire in wires if "tool_calls" in wire)["tool_calls"][0]
    result = next(wire for wire in wires if wire["role"] == "tool")
    assert call["id"] == result["tool_call_id"]
    assert len(call["id"]) == 9
    assert call["id"].isalnum()
    assert wires[wires.index(result) + 1]["role"] == "assistant", "a user may not follow a tool"


def test_names_only_where_they_are_taken() -> None:
    assert body("openai", ChatRequest(HISTORY), "gpt-4.1")["messages"][2]["name"] == "Zo_M_ller"
    assert all("name" not in wire for wire in body("groq", ChatRequest(HISTORY))["messages"])


def test_vendor_extras_go_back_to_the_same_vendor_only() -> None:
    extra = {
        "deepseek": {
            "message": {"reasoning_content": "hmm"},
            "tool_calls": {"a": {"extra_content": {"google": {"thought_signature": "s"}}}},
        }
    }
    turn = ChatMessage("assistant", (), tool_calls=(ToolCall("a", "f", "{}"),), provider_extra=extra)
    request = ChatRequest((message("user", "x"), turn, ChatMessage("tool", (TextPart("ok"),), tool_call_id="a")))
    own = body("deepseek", request)["messages"][1]
    assert own["reasoning_content"] == "hmm"
    assert own["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "s"}}
    other = body("openrouter", request)["messages"][1]
    assert set(other) == {"role", "content", "tool_calls"}


def seen_images(provider: str, *images: ImagePart, **options: Any) -> list[Any]:
    request = ChatRequest((ChatMessage("user", (TextPart("look"), *images)),))
    return list(body(provider, request, "gpt-4.1", **options)["messages"][0]["content"])


def test_pictures_go_as_data_uris_within_the_limits() -> None:
    (text, picture) = seen_images("openai", PNG)
    assert (text, picture["image_url"]["url"][:22]) == ({"type": "text", "text": "look"}, "data:image/png;base64,")
    webp = ImagePart(b"RIFF", "image/webp")
    assert "image_url" not in json.dumps(seen_images("llamacpp", webp, image_in=True)), "llama.cpp reads no webp"
    large = ImagePart(b"0" * (QUIRKS["groq"].images.bytes + 1), "image/png")
    assert "image_url" not in json.dumps(seen_images("groq", large, image_in=True))
    many = [ImagePart(bytes([number]), "image/png") for number in range(7)]
    shown = [part for part in seen_images("groq", *many, image_in=True) if part["type"] == "image_url"]
    assert len(shown) == 5
    assert shown[-1]["image_url"]["url"].endswith("Bg=="), "the newest are kept"


def test_a_blind_model_gets_words_instead() -> None:
    assert "".join(seen_images("openrouter", PNG)) == "look [image]"


async def test_a_refused_parameter_is_dropped_and_remembered() -> None:
    refusal = json_reply({"error": {"message": "Unsupported parameter: 'top_p' is not supported with this model.", "param": "top_p"}}, 400)
    async with serving() as server:
        server.on("POST", PATH, refusal, sse_reply([STOP]))
        chat = model(server)
        assert text_of(await collect(chat, ask(top_p=0.9, temperature=0.5))) == "ok"
        await collect(chat, ask(top_p=0.9, temperature=0.5))
    assert ["top_p" in seen.json for seen in server.seen] == [True, False, False]
    assert all("temperature" in seen.json for seen in server.seen)


@pytest.mark.parametrize(
    "answer",
    [
        {
            "error": {
                "message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
                "code": "unsupported_parameter",
                "param": "max_tokens",
            }
        },
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}]},
        {"error": {"message": "Unknown field: max_tokens"}},
    ],
)
async def test_the_limit_on_tokens_is_renamed(answer: dict[str, Any]) -> None:
    async with serving() as server:
        server.on("POST", PATH, json_reply(answer, 400), sse_reply([STOP]))
        await collect(model(server), ask(max_tokens=50))
    assert server.seen[1].json["max_completion_tokens"] == 50
    assert "max_tokens" not in server.seen[1].json


@pytest.mark.parametrize("name", ["messages", "model", "tools", "nothing_we_sent"])
async def test_other_refusals_are_not_tried_again(name: str) -> None:
    async with serving() as server:
        server.on("POST", PATH, json_reply({"error": {"message": f"Unsupported parameter: '{name}'", "param": name}}, 400))
        with pytest.raises(ProviderError) as caught:
            await collect(model(server), ask(tools=(PICTURE_TOOL,)))
    assert caught.value.kind is ErrorKind.INVALID
    assert len(server.seen) == 1


async def test_a_full_context_teaches_the_window() -> None:
    answer = {"error": {"code": 400, "message": "too long", "type": "exceed_context_size_error", "n_prompt_tokens": 900, "n_ctx": 512}}
    async with serving() as server:
        server.on("POST", PATH, json_reply(answer, 400))
        chat = model(server)
        with pytest.raises(ProviderError) as caught:
            await collect(chat)
    assert (caught.value.kind, caught.value.window) == (ErrorKind.CONTEXT_FULL, 512)
    assert (chat.capabilities().window, chat.capabilities().max_output) == (512, 256)


async def test_the_hosts_own_fields_and_headers() -> None:
    options = {"body": {"min_p": 0.05}, "exclude": ["stream_options"], "headers": {"X-Title": "Story"}}
    async with serving() as server:
        server.on("POST", PATH, sse_reply([STOP]))
        await collect(model(server, options=options))
    assert server.seen[0].json["min_p"] == 0.05
    assert "stream_options" not in server.seen[0].json
    assert server.seen[0].headers["X-Title"] == "Story"


async def test_the_environments_organisation_stays_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env-secret-key")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    async with serving() as server:
        server.on("POST", PATH, sse_reply([STOP]))
        await collect(model(server, api_key=""))
    assert "secret" not in str(server.seen[0].headers)
    assert server.seen[0].headers["Authorization"] == "Bearer none"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"windw": 5}, "windw"),
        ({"window": "many"}, "window"),
        ({"body": {"messages": []}}, "messages"),
        ({"system_mode": "x"}, "system_mode"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ProviderError, match=word) as caught:
        preset("custom", **options)
    assert caught.value.kind is ErrorKind.MISCONFIGURED


@pytest.mark.parametrize(
    ("provider", "url", "base"),
    [
        ("llamacpp", "http://127.0.0.1:9931", "http://127.0.0.1:9931/v1"),
        ("llamacpp", "127.0.0.1:9931/", "http://127.0.0.1:9931/v1"),
        ("llamacpp", " http://box:8080/v1/chat/completions ", "http://box:8080/v1"),
        ("vllm", "https://example.com/llama", "https://example.com/llama/v1"),
        ("ollama", "http://localhost:11434/api/chat", "http://localhost:11434/v1"),
        ("custom", "https://example.com/api/v3/", "https://example.com/api/v3"),
        ("custom", "example.com/v1", "https://example.com/v1"),
        ("custom", "https://example.com/v1/chat/completions", "https://example.com/v1"),
    ],
)
def test_addresses(provider: str, url: str, base: str) -> None:
    assert read_setup(ProviderConfig(name="main", provider=provider, base_url=url)).base_url == base


@pytest.mark.parametrize("url", ["", "http://", "https://user:pw@example.com/v1", "https://example.com/v1?key=x"])
def test_unusable_addresses(url: str) -> None:
    with pytest.raises(ProviderError, match="base_url"):
        read_setup(ProviderConfig(name="main", provider="custom", base_url=url))
