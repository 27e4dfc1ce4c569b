"""OpenAI's Responses API: the dialect its current models need as soon as tools are offered.

Nothing is stored at the service (``store: false``); thinking travels with us in encrypted form and goes back when a tool call is
answered. Only ``response.completed`` is success.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from providers.chat.completions import is_strict, offered_tools, reasoning_effort, refused_fields
from providers.chat.messages import NO_IMAGE, data_uri, visible_images
from providers.chat.options import Setup
from providers.chat.reader import usage_of
from providers.contract import (
    ChatCapabilities,
    ChatEvent,
    ChatMessage,
    ChatRequest,
    End,
    Finish,
    ImagePart,
    ReasoningDelta,
    TextDelta,
    TextPart,
    ToolCall,
    Usage,
)
from providers.errors import ErrorKind, ProviderError
from providers.failures import error_from

EXTRA = "openai-responses"
"""The key of our part in ``provider_extra``."""
INCOMPLETE: dict[str, Finish] = {"max_output_tokens": "length", "content_filter": "filter"}
Item = dict[str, Any]


def responses_body(request: ChatRequest, setup: Setup, known: ChatCapabilities, *, model: str) -> dict[str, Any]:
    """The body of ``POST /responses``, streamed."""
    lead = 0
    while lead < len(request.messages) and request.messages[lead].role == "system":
        lead += 1
    body: dict[str, Any] = {
        "model": model,
        "input": input_items(request.messages[lead:], setup, images=known.image_in),
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "max_output_tokens": min(request.max_tokens or known.max_output, known.max_output),
    }
    if lead:
        body["instructions"] = "\n\n".join(message.text for message in request.messages[:lead])
    optional = {"temperature": request.temperature, "top_p": request.top_p, "prompt_cache_key": request.cache_key or None}
    body.update({name: value for name, value in optional.items() if value is not None})
    if tools := offered_tools(request, setup.quirks):
        body["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
                "strict": is_strict(tool.parameters),
            }
            for tool in tools
        ]
        body["tool_choice"] = request.tool_choice
    if request.response_schema is not None:
        schema = request.response_schema
        body["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": is_strict(schema)}}
    if effort := reasoning_effort(setup, model):
        body["reasoning"] = {"effort": effort}
    for name in (*refused_fields(setup, model), *setup.options.exclude):
        body.pop(name, None)
    return {**body, **setup.options.body}


def input_items(messages: Sequence[ChatMessage], setup: Setup, *, images: bool) -> list[Item]:
    """The history as input items: thinking before the calls it led to, results as ``function_call_output``."""
    shown = visible_images(messages, setup.quirks.images if images else None)
    items: list[Item] = []
    for message in messages:
        if message.role == "tool":
            items.append({"type": "function_call_output", "call_id": message.tool_call_id or "", "output": message.text})
            continue
        if message.tool_calls:
            items.extend((message.provider_extra.get(EXTRA) or {}).get("reasoning") or [])
        if content := _content(message, shown):
            role = "developer" if message.role == "system" else message.role
            items.append({"type": "message", "role": role, "content": content})
        items.extend(
            {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments or "{}"}
            for call in message.tool_calls
        )
    return items


def _content(message: ChatMessage, shown: set[int]) -> list[Item]:
    kind = "output_text" if message.role == "assistant" else "input_text"
    parts: list[Item] = []
    for part in message.parts:
        if isinstance(part, ImagePart) and id(part) in shown:
            parts.append({"type": "input_image", "image_url": data_uri(part), "detail": "auto"})
            continue
        text = part.text if isinstance(part, TextPart) else NO_IMAGE
        if text:
            parts.append({"type": kind, "text": text})
    return parts


class ResponsesReader:
    """Feed it parsed stream events; it yields ours. Unknown event types are passed over."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._finish: Finish = "cut"
        self._usage: Usage | None = None
        self._calls = 0
        self._reasoning: list[Item] = []
        self._refused = False
        self.events = 0

    def feed(self, event: Any) -> Iterator[ChatEvent]:
        """Events of one stream event, or of a whole unstreamed response. Raises ``ProviderError`` when it reports a failure."""
        if not isinstance(event, Mapping):
            raise ProviderError(ErrorKind.BAD_ANSWER, self._name, host_detail=f"a stream event is {type(event).__name__}")
        self.events += 1
        kind = str(event.get("type") or "")
        if kind == "response.output_text.delta":
            yield from self._text(event.get("delta"))
        elif kind in ("response.reasoning_summary_text.delta", "response.reasoning_text.delta"):
            if isinstance(event.get("delta"), str):
                yield ReasoningDelta(event["delta"])
        elif kind == "response.refusal.delta":
            self._refused = True
        elif kind == "response.output_item.done":
            yield from self._item(event.get("item"))
        elif kind in ("response.completed", "response.incomplete", "response.failed"):
            self._close(event.get("response"), kind.partition(".")[2])
        elif kind == "error":
            raise error_from(self._name, event.get("error") or {key: value for key, value in event.items() if key != "type"})
        elif event.get("object") == "response":
            yield from self._whole(event)

    def done(self) -> Iterator[ChatEvent]:
        """Usage and ``End``; ``cut`` unless the service said that it was done."""
        if not self.events:
            raise ProviderError(ErrorKind.BAD_ANSWER, self._name, host_detail="an empty stream")
        if self._usage is not None:
            yield self._usage
        extra = {EXTRA: {"reasoning": self._reasoning}} if self._calls and self._reasoning else {}
        yield End(self._finish, extra)

    def _text(self, text: Any) -> Iterator[ChatEvent]:
        if isinstance(text, str) and text:
            yield TextDelta(text)

    def _item(self, item: Any) -> Iterator[ChatEvent]:
        if not isinstance(item, Mapping):
            return
        if item.get("type") == "reasoning":
            self._reasoning.append({name: value for name, value in item.items() if name != "status"})
        elif item.get("type") == "function_call" and item.get("name"):
            self._calls += 1
            arguments = item.get("arguments")
            text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
            yield ToolCall(str(item.get("call_id") or item.get("id") or f"call_{self._calls}"), str(item["name"]), text or "{}")

    def _close(self, response: Any, status: str) -> None:
        response = response if isinstance(response, Mapping) else {}
        if isinstance(response.get("usage"), Mapping):
            self._usage = usage_of(response["usage"])
        if status == "failed":
            raise error_from(self._name, response.get("error") or {"message": "the response failed"})
        if status == "incomplete":
            details = response.get("incomplete_details")
            reason = str(details.get("reason")) if isinstance(details, Mapping) else ""
            self._finish = INCOMPLETE.get(reason, "unknown")
        elif self._refused:
            self._finish = "filter"
        else:
            self._finish = "tool" if self._calls else "stop"

    def _whole(self, response: Mapping[str, Any]) -> Iterator[ChatEvent]:
        output = response.get("output")
        for item in output if isinstance(output, list) else []:
            if isinstance(item, Mapping) and item.get("type") == "message":
                parts = item.get("content")
                for part in parts if isinstance(parts, list) else []:
                    if isinstance(part, Mapping) and part.get("type") == "output_text":
                        yield from self._text(part.get("text"))
            else:
                yield from self._item(item)
        self._close(response, str(response.get("status") or "completed"))
