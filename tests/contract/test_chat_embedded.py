"""The embedded model as it really runs: a child process that answers, is replaced after a crash and dies with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from providers.chat.openai_model import OpenAIModel
from providers.contract import ChatMessage, ChatRequest, End, ProviderConfig, TextDelta, TextPart, ToolCall, ToolSpec, message
from providers.embedded import process as embedded_process
from providers.embedded.model import EmbeddedModel
from providers.embedded.process import ModelProcess, available
from providers.errors import ErrorKind, ProviderError
from providers.http import client_for, close_clients
from providers.registry import build_chat
from tests.contract.chatting import calls_of, collect, end_of, text_of

PICTURE = ToolSpec(
    "send_picture",
    "Send the user a picture",
    {
        "type": "object",
        "properties": {"prompt": {"type": "string", "description": "What the picture shows"}},
        "required": ["prompt"],
    },
)
CONFIG = ProviderConfig(name="main", provider="embedded")
REQUEST = ChatRequest((message("system", "You are Mira, a lighthouse keeper."), message("user", "Hello Mira, how is the sea?")), seed=1)
needs_model = pytest.mark.skipif(available() is not None, reason=f"embedded model: {available()}")
QWEN_TEMPLATE = """{%- if tools %}\
{{- '<|im_start|>system\\nYou are a helpful assistant.\\n\\n# Tools\\n\\nYou may call one or more functions \
to assist with the user query.\\n\\nYou are provided with function signatures within <tools></tools> XML tags:\\n<tools>' }}\
{%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}{{- '\\n</tools>\\n\\nFor each function call, return a json object \
with function name and arguments within <tool_call></tool_call> XML tags:\\n<tool_call>\\n{"name": <function-name>, "arguments": \
<args-json-object>}\\n</tool_call><|im_end|>\\n' }}{%- endif %}\
{%- for message in messages %}{%- if message.tool_calls %}{{- '<|im_start|>assistant' }}{%- for call in message.tool_calls %}\
{{- '\\n<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}{{- call.function.arguments | tojson }}\
{{- '}\\n</tool_call>' }}{%- endfor %}{{- '<|im_end|>\\n' }}{%- elif message.role == 'tool' %}{{- '<|im_start|>user\\n<tool_response>\\n' \
+ message.content + '\\n</tool_response><|im_end|>\\n' }}{%- else %}{{- '<|im_start|>' + message.role + '\\n' + message.content + \
'<|im_end|>\\n' }}{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""
"""In the manner of Qwen 2.5: the server recognises the call format by it."""


@pytest.fixture
async def model() -> AsyncIterator[EmbeddedModel]:
    chat = EmbeddedModel(CONFIG)
    yield chat
    await chat.close()
    await close_clients()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with contextlib.suppress(FileNotFoundError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text("ascii")
    return False


async def gone(pid: int) -> bool:
    """Whether a process ends within ten seconds."""
    for _ in range(200):
        if not alive(pid):
            return True
        await asyncio.sleep(0.05)
    return False


@needs_model
async def test_it_answers_survives_a_crash_and_ends_when_closed(model: EmbeddedModel) -> None:
    first = [event async for event in model.stream(REQUEST)]
    told = "".join(event.text for event in first if isinstance(event, TextDelta))
    assert told.strip()
    assert "\n" not in told
    assert first[-1] == End("stop")
    pid = model.process.pid
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    assert await gone(pid)
    again = [event async for event in model.stream(REQUEST)]
    assert any(isinstance(event, TextDelta) for event in again)
    new = model.process.pid
    assert new not in (None, pid)

    await model.close()
    assert new is not None
    assert await gone(new)


@needs_model
async def test_killed_in_the_middle_of_an_answer(model: EmbeddedModel) -> None:
    long = ChatRequest((*REQUEST.messages[:1], message("user", "Tell me a long story about the storm, the ships and the lamp.")), seed=2)
    stream = model.stream(long)
    event = await anext(stream)
    assert isinstance(event, TextDelta)
    assert model.process.pid is not None
    os.kill(model.process.pid, signal.SIGKILL)
    rest = [event async for event in stream]
    assert isinstance(rest[-1], End), "an answer that had begun ends; it is not begun anew"
    assert [event async for event in model.stream(REQUEST)][-1] == End("stop")


@needs_model
async def test_two_at_once_share_one_child(model: EmbeddedModel) -> None:
    async def answer() -> int | None:
        events = [event async for event in model.stream(REQUEST)]
        assert isinstance(events[-1], End)
        return model.process.pid

    first, second = await asyncio.gather(answer(), answer())
    assert first == second


@needs_model
async def test_strangers_are_not_answered_and_secrets_stay_here(model: EmbeddedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "very-secret-token")
    await model.start()
    assert model.process.pid is not None
    reply = await client_for(CONFIG).post(f"{model.process.url}/v1/chat/completions", json={"messages": []})
    assert reply.status_code == 401
    environment = Path(f"/proc/{model.process.pid}/environ").read_bytes()
    arguments = Path(f"/proc/{model.process.pid}/cmdline").read_bytes()
    assert b"very-secret-token" not in environment
    assert model.process.key.encode() not in environment + arguments


PARENT = """
import asyncio
from providers.contract import ProviderConfig
from providers.embedded.model import EmbeddedModel

async def main() -> None:
    model = EmbeddedModel(ProviderConfig(name="main", provider="embedded"))
    await model.start()
    print(model.process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@needs_model
async def test_the_child_dies_with_its_parent() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), 60))
    assert alive(child)
    parent.kill()
    await parent.wait()
    assert await gone(child)


async def test_without_its_packages_it_says_what_to_do(model: EmbeddedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_process, "weights_file", lambda: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name == "xllamacpp" else None)
    with pytest.raises(ProviderError, match=r"make setup.*\[chat.main\]") as caught:
        await model.start()
    assert caught.value.kind is ErrorKind.MISCONFIGURED
    assert (await model.check()).problems


@needs_model
async def test_a_file_that_is_no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not a model")
    monkeypatch.setattr(embedded_process, "weights_file", lambda: broken)
    child = ModelProcess("main", window=1024)
    with pytest.raises(ProviderError) as caught:
        await child.start()
    assert caught.value.kind is ErrorKind.UNREACHABLE
    assert not child.running


def test_it_promises_little() -> None:
    known = build_chat(CONFIG).capabilities()
    assert (known.tools, known.writer, known.image_in, known.json_schema) == (False, False, False, False)
    assert (known.free, known.local) == (True, True)
    with pytest.raises(ProviderError, match="window"):
        build_chat(CONFIG.model_copy(update={"options": {"window": 10}}))


def drawn(number: int, subject: str) -> tuple[ChatMessage, ...]:
    """A picture asked for, called for and announced."""
    call = ToolCall(f"call_{number}", "send_picture", json.dumps({"prompt": subject}))
    return (
        message("user", f"send me a picture of {subject}"),
        ChatMessage("assistant", (), tool_calls=(call,)),
        ChatMessage("tool", (TextPart('{"status": "queued"}'),), tool_call_id=call.id),
        message("assistant", "Here it comes."),
    )


@needs_model
async def test_a_real_llama_server_calls_a_tool() -> None:
    """llama.cpp itself, with a template that knows tools: a true call through our client, after a history that holds one."""
    server = ModelProcess("tools", window=2048, chat_template=QWEN_TEMPLATE)
    try:
        await server.start()
        config = ProviderConfig(
            name="llama", provider="llamacpp", base_url=server.url, model="smollm2", api_key=SecretStr(server.key), timeout=60
        )
        chat = OpenAIModel(config)
        health = await chat.check()
        assert health.problems == ()
        assert chat.capabilities().window == 2048
        assert chat.capabilities().tools, "the server says so of this template"
        # So small a model needs to have seen some calls before it makes its own.
        earlier = [turn for number, subject in enumerate(("a dog", "a red house", "a ship")) for turn in drawn(number, subject)]
        now = message("user", "send me a picture of a cat")
        events = await collect(chat, ChatRequest((*earlier, now), tools=(PICTURE,), temperature=0, seed=1, max_tokens=120))
        calls = calls_of(events)
        assert calls, f"no call but: {text_of(events)!r}"
        assert calls[0].name == "send_picture"
        assert "cat" in json.loads(calls[0].arguments)["prompt"]
        assert end_of(events).finish == "tool"

        overlong = ChatRequest((message("user", "word " * 4000),))
        with pytest.raises(ProviderError) as full:
            await collect(chat, overlong)
        assert (full.value.kind, full.value.window) == (ErrorKind.CONTEXT_FULL, 2048)
    finally:
        await server.stop()
        await close_clients()
