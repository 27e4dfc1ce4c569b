"""The chat completions body: what is asked, in the words of one server."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from providers.chat.messages import chat_messages
from providers.chat.options import Setup
from providers.chat.quirks import Quirks
from providers.contract import ChatCapabilities, ChatRequest, ToolSpec


def chat_body(request: ChatRequest, setup: Setup, known: ChatCapabilities, *, preset: str, model: str) -> dict[str, Any]:
    """The body of ``POST /chat/completions``, streamed. ``known`` are the capabilities as learned so far."""
    quirks = setup.quirks
    messages = chat_messages(request.messages, quirks, preset=preset, images=known.image_in, names=known.names)
    body: dict[str, Any] = {"model": model, "messages": messages, "stream": True}
    if quirks.usage_flag:
        body["stream_options"] = {"include_usage": True}
    if request.max_tokens or known.max_output:
        body[quirks.max_tokens_field] = min(request.max_tokens or known.max_output, known.max_output)
    _add_sampling(body, request, quirks)
    _add_tools(body, request, quirks)
    if request.response_schema is not None:
        _add_schema(body, request.response_schema, quirks)
    if quirks.cache_field and request.cache_key:
        body[quirks.cache_field] = request.cache_key
    return finish_body(body, setup, model)


def _add_sampling(body: dict[str, Any], request: ChatRequest, quirks: Quirks) -> None:
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.stop:
        body["stop"] = list(request.stop[: quirks.stop_max])
    seed = random.randrange(1, 2**31) if request.seed is None and quirks.random_seed else request.seed
    if seed is not None and quirks.seed_field:
        body[quirks.seed_field] = seed


def offered_tools(request: ChatRequest, quirks: Quirks) -> tuple[ToolSpec, ...]:
    """The tools that go on the wire; none where ``tool_choice: none`` would be ignored."""
    return () if request.tool_choice == "none" and (quirks.none_omits_tools or not quirks.tool_choice) else request.tools


def _add_tools(body: dict[str, Any], request: ChatRequest, quirks: Quirks) -> None:
    tools = offered_tools(request, quirks)
    if not tools:
        return
    body["tools"] = [
        {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters}}
        for tool in tools
    ]
    if quirks.tool_choice and request.tool_choice != "auto":
        body["tool_choice"] = request.tool_choice


def is_strict(schema: dict[str, Any]) -> bool:
    """Whether a schema meets OpenAI's strict rule: every object closed and all its properties required."""
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(properties):
            return False
        return all(is_strict(item) for item in properties.values())
    return is_strict(schema["items"]) if isinstance(schema.get("items"), dict) else True


def _add_schema(body: dict[str, Any], schema: dict[str, Any], quirks: Quirks) -> None:
    if quirks.json_mode == "schema":
        named = {"name": "answer", "schema": schema, "strict": is_strict(schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
        return
    if quirks.json_mode == "object":
        body["response_format"] = {"type": "json_object"}
    words = f"Answer with one JSON object that fits this schema and nothing else:\n{json.dumps(schema)}"
    last = body["messages"][-1] if body["messages"] else None
    if last is not None and last["role"] == "user" and isinstance(last["content"], str):
        last["content"] += f"\n\n{words}"
    else:
        body["messages"].append({"role": "user", "content": words})


def reasoning_effort(setup: Setup, model: str) -> str | None:
    """The effort to send where a preset switches thinking by effort and model: ``none``, ``low`` or nothing."""
    quirks = setup.quirks
    if not setup.reasoning_off or quirks.effort_none is None:
        return None
    if quirks.effort_none.search(model):
        return "none"
    return "low" if any(rule.pattern.search(model) for rule in quirks.model_rules) else None


def refused_fields(setup: Setup, model: str) -> Iterator[str]:
    """Body fields this server or model refuses. A model that does not think takes sampling again."""
    yield from setup.quirks.drop
    if reasoning_effort(setup, model) == "none":
        return
    for rule in setup.quirks.model_rules:
        if rule.pattern.search(model):
            yield from rule.drop


def finish_body(body: dict[str, Any], setup: Setup, model: str) -> dict[str, Any]:
    """Add what is always sent and take out what is refused; the host's own fields come last and win."""
    merged = {**body, **setup.quirks.body}
    if effort := reasoning_effort(setup, model):
        merged["reasoning_effort"] = effort
    elif setup.reasoning_off:
        merged.update(setup.quirks.reasoning_off)
    for name in (*refused_fields(setup, model), *setup.options.exclude):
        merged.pop(name, None)
    return {**merged, **setup.options.body}
