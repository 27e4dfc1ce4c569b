"""What a chat completions stream says, chunk by chunk, however sloppily a server says it."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.contract import ChatEvent, End, Finish, ImageOut, ReasoningDelta, TextDelta, ToolCall, Usage
from providers.errors import ErrorKind, ProviderError

FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool",
    "tool_use": "tool",
    "function_call": "tool",
    "content_filter": "filter",
    "safety": "filter",
    "refusal": "filter",
}
IMAGE_LIMIT = 32 * 1024 * 1024
"""Most bytes of a picture inside an answer."""
MOST_IMAGES = 10
MOST_CALLS = 32
_DATA_URI = re.compile(r"data:(image/[\w.+-]+);base64,", re.ASCII)


@dataclass(slots=True)
class _Call:
    """A tool call being put together."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        try:
            json.loads(self.arguments or "{}")
        except ValueError:
            return False
        return True


class ChatReader:
    """Feed it parsed chunks; it yields events. ``done`` gives the closing ones, ``End`` last."""

    def __init__(self, preset: str, name: str, echo: tuple[str, ...] = ()) -> None:
        self._preset, self._name, self._echo = preset, name, echo
        self._calls: list[_Call] = []
        self._usage: Usage | None = None
        self._finish: str | None = None
        self._refused = False
        self._images = 0
        self._extra: dict[str, Any] = {}
        self.chunks = 0

    def feed(self, chunk: Any) -> Iterator[ChatEvent]:
        """Events of one chunk (a whole, unstreamed answer counts as one). BAD_ANSWER when it is no object at all."""
        if not isinstance(chunk, Mapping):
            raise ProviderError(ErrorKind.BAD_ANSWER, self._name, host_detail=f"a stream chunk is {type(chunk).__name__}")
        self.chunks += 1
        self._read_usage(chunk)
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
            return
        choice = choices[0]
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, Mapping):
            yield from self._read_delta(delta)
        elif isinstance(choice.get("text"), str) and choice["text"]:
            yield TextDelta(choice["text"])
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self._finish = reason.lower()

    def done(self) -> Iterator[ChatEvent]:
        """The end of the stream. Calls whose arguments were cut off are left out, unless the model ended by itself."""
        finish = self._ending()
        if self.chunks == 0:
            raise ProviderError(ErrorKind.BAD_ANSWER, self._name, host_detail="an empty stream")
        calls = [call for call in self._calls if call.name and (call.whole or finish not in ("length", "cut"))]
        for call in calls:
            call.id = call.id or f"call_{uuid.uuid4().hex[:12]}"
            yield ToolCall(call.id, call.name, call.arguments or "{}")
        if self._usage is not None:
            yield self._usage
        yield End(finish, self._provider_extra(calls))

    def _ending(self) -> Finish:
        if self._refused:
            return "filter"
        if self._finish is None:
            # A usage chunk comes after everything else, so a server that sent one has said all it meant to say.
            return "unknown" if self._usage is not None else "cut"
        finish = FINISHES.get(self._finish, "unknown")
        return "tool" if self._calls and finish == "stop" else finish

    def _provider_extra(self, calls: list[_Call]) -> dict[str, Any]:
        per_call = {call.id: call.extra for call in calls if call.extra}
        if not calls or not (per_call or self._extra):
            return {}
        return {self._preset: {"message": self._extra, "tool_calls": per_call}}

    def _read_delta(self, delta: Mapping[str, Any]) -> Iterator[ChatEvent]:
        for source in ("reasoning", "reasoning_content"):
            if isinstance(thought := delta.get(source), str) and thought:
                yield ReasoningDelta(thought)
                break
        self._keep_echo(delta)
        yield from self._read_content(delta.get("content"))
        yield from self._read_images(delta.get("images"))
        yield from self._read_images(delta.get("content_blocks"))
        if isinstance(delta.get("refusal"), str) and delta["refusal"]:
            self._refused = True
        calls = delta.get("tool_calls")
        for piece in calls if isinstance(calls, list) else []:
            if isinstance(piece, Mapping):
                self._read_call(piece)
        if isinstance(delta.get("function_call"), Mapping):
            self._read_call({"index": 0, "function": delta["function_call"]})

    def _keep_echo(self, delta: Mapping[str, Any]) -> None:
        for name in self._echo:
            value = delta.get(name)
            if isinstance(value, str):
                self._extra[name] = self._extra.get(name, "") + value
            elif isinstance(value, list):
                self._extra[name] = [*self._extra.get(name, []), *value]

    def _read_content(self, content: Any) -> Iterator[ChatEvent]:
        if isinstance(content, str):
            if content:
                yield TextDelta(content)
            return
        for part in content if isinstance(content, list) else [content]:
            if not isinstance(part, Mapping):
                continue
            if part.get("type") == "thinking":
                yield from (ReasoningDelta(text) for text in _texts(part.get("thinking")) if text)
            elif part.get("type") == "image_url":
                yield from self._read_images([part])
            else:
                yield from (TextDelta(text) for text in _texts(part.get("text")) if text)

    def _read_images(self, images: Any) -> Iterator[ChatEvent]:
        for item in images if isinstance(images, list) else []:
            source = item.get("image_url") if isinstance(item, Mapping) else None
            url = source.get("url") if isinstance(source, Mapping) else source
            image = image_of(url) if isinstance(url, str) and self._images < MOST_IMAGES else None
            if image is not None:
                self._images += 1
                yield image

    def _read_call(self, piece: Mapping[str, Any]) -> None:
        function = piece.get("function")
        function = function if isinstance(function, Mapping) else {}
        identifier, name = _string(piece.get("id")), _string(function.get("name"))
        index = piece.get("index") if isinstance(piece.get("index"), int) else None
        call = self._find_call(index, identifier, name)
        if call is None:
            if len(self._calls) >= MOST_CALLS:
                return
            call = _Call(index)
            self._calls.append(call)
        call.id = call.id or identifier
        call.name = call.name or name
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            call.arguments += arguments
        elif isinstance(arguments, Mapping | list):
            call.arguments = json.dumps(arguments)
        if isinstance(extra := piece.get("extra_content"), Mapping):
            call.extra["extra_content"] = dict(extra)

    def _find_call(self, index: int | None, identifier: str, name: str) -> _Call | None:
        """The open call a piece belongs to; None begins a new one. A new id with a name is a new call even at a used index."""
        for call in reversed(self._calls):
            if identifier and call.id == identifier:
                return call
            if index is not None and call.index == index and not (identifier and call.id and name):
                return call
        if index is not None or (identifier and name) or (name and self._calls and self._calls[-1].whole and self._calls[-1].arguments):
            return None
        return self._calls[-1] if self._calls else None

    def _read_usage(self, chunk: Mapping[str, Any]) -> None:
        usage = chunk.get("usage")
        if not isinstance(usage, Mapping):
            groq = chunk.get("x_groq")
            usage = groq.get("usage") if isinstance(groq, Mapping) else None
        if isinstance(usage, Mapping) and usage:
            self._usage = usage_of(usage)


def usage_of(usage: Mapping[str, Any]) -> Usage:
    """Token counts in the shapes vendors use: OpenAI's two APIs, DeepSeek's cache fields, OpenRouter's cost."""
    prompt_details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details")
    answer_details = usage.get("completion_tokens_details") or usage.get("output_tokens_details")
    cost = usage.get("cost")
    return Usage(
        prompt=_count(usage, "prompt_tokens") or _count(usage, "input_tokens"),
        completion=_count(usage, "completion_tokens") or _count(usage, "output_tokens"),
        cached=_count(prompt_details, "cached_tokens") or _count(usage, "prompt_cache_hit_tokens"),
        reasoning=_count(answer_details, "reasoning_tokens"),
        cost=float(cost) if isinstance(cost, int | float) else None,
    )


def image_of(url: str) -> ImageOut | None:
    """The picture in a data URI; None for anything else, as addresses in answers are not followed."""
    match = _DATA_URI.match(url)
    if match is None or len(url) > IMAGE_LIMIT * 4 // 3 + 100:
        return None
    try:
        return ImageOut(base64.b64decode(url[match.end() :], validate=True), match[1])
    except (binascii.Error, ValueError):
        return None


def _count(source: Any, name: str) -> int:
    value = source.get(name) if isinstance(source, Mapping) else None
    return int(value) if isinstance(value, int | float) else 0


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value if isinstance(value, list) else []
    return [item["text"] for item in items if isinstance(item, Mapping) and isinstance(item.get("text"), str)]
