"""Second stage of the clean-up: scene tags, function calls printed as text, and tokens of the chat format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.engine.story.calls import Call, read_calls
from bot.engine.story.marks import Marks, lower

HELD_LIMIT = 8_000  # characters of something that might be a printed call
_SCENE = "<img>"
_TOOL_BLOCKS: dict[str, tuple[str, ...]] = {
    "<tool_call>": ("</tool_call>",),
    "<function=": ("</function>",),
    "<invoke name=": ("</invoke>",),
    "<|python_tag|>": ("<|eom_id|>", "<|eot_id|>"),
    "[tool_calls]": ("</s>",),
    "<|tool_calls_begin|>": ("<|tool_calls_end|>",),
    "<｜tool▁calls▁begin｜>": ("<｜tool▁calls▁end｜>",),
    "<|tool_call|>": ("<|/tool_call|>",),
    "<|tool_call_start|>": ("<|tool_call_end|>",),
    "<|channel|>commentary": ("<|call|>", "<|end|>", "<|channel|>final"),
    "```tool_code": ("```",),
    "```tool_call": ("```",),
}
_MAYBE_BLOCKS: dict[str, tuple[str, ...]] = {"```json": ("```",)}
_DROPPED_BLOCKS: dict[str, tuple[str, ...]] = {"<tool_response>": ("</tool_response>",)}
_BLOCKS: dict[str, tuple[str, ...]] = {
    _SCENE: ("</img>", "[continue]", "[/continue]"), **_TOOL_BLOCKS, **_MAYBE_BLOCKS, **_DROPPED_BLOCKS
}  # fmt: skip
_STOPS = (
    "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>", "<|user|>", "<|im_start|>user", "[inst]",
    "<start_of_turn>user", "<|start_header_id|>user", "<｜end▁of▁sentence｜>", "<｜user｜>",
)  # fmt: skip
_STRAYS = (
    "<|im_start|>assistant", "<|im_start|>", "<|start|>assistant", "<|start|>", "<|channel|>final<|message|>", "<|channel|>final",
    "<|message|>", "<|end|>", "<|return|>", "<|assistant|>", "[/inst]", "<s>", "</s>", "<start_of_turn>model", "<start_of_turn>",
    "<|begin_of_text|>", "<|start_header_id|>assistant<|end_header_id|>", "</tool_call>", "<function_calls>", "</function_calls>",
    "</function>", "</invoke>", "<｜assistant｜>", "<|eom_id|>",
)  # fmt: skip
_INSIDE = {opener: Marks(closers) for opener, closers in _BLOCKS.items()}
_BARE = re.compile(r'\[?\s*\{\s*"(?:name|tool|tool_name|function|type|action)"')
_BARE_KEYS = ('"name"', '"tool"', '"tool_name"', '"function"', '"type"', '"action"')


@dataclass(frozen=True, slots=True)
class Found:
    """Something taken out of the text."""

    kind: Literal["picture", "call", "problem", "stop"]
    text: str = ""
    calls: tuple[Call, ...] = ()


Event = str | Found


class Leaks:
    """Lets text through and reports what it took out, in the order of the stream."""

    def __init__(self, tools: tuple[str, ...]) -> None:
        self._tools = tools
        blocks = [opener for opener in _BLOCKS if tools or opener not in _MAYBE_BLOCKS]
        self._outside = Marks((*blocks, *_STOPS, *_STRAYS))
        self._buffer = ""
        self._opener = ""
        self._content = ""
        self._seen = False  # anything visible so far
        self._line_start = True
        self._stopped = False

    def push(self, text: str) -> list[Event]:
        self._buffer += text
        return self._run(final=False)

    def close(self) -> list[Event]:
        out = self._run(final=True)
        if self._opener:
            self._content += self._buffer
            self._buffer = ""
            self._finish_block(out, "")
        return out

    def _run(self, *, final: bool) -> list[Event]:
        out: list[Event] = []
        while self._buffer and not self._stopped:
            moved = self._inside(out, final) if self._opener else self._text(out, final)
            if not moved:
                break
        return out

    def _text(self, out: list[Event], final: bool) -> bool:
        """Outside any block; False when more of the stream is needed."""
        bare = self._bare(out, final)
        if bare is not None:
            return bare
        limit = self._next_bare()
        hit = self._outside.find(self._buffer, final=final)
        end = hit[0] if hit else len(self._buffer) if final else self._outside.safe(self._buffer)
        if limit is not None and limit < end:
            self._emit(out, limit)
            return True
        self._emit(out, end)
        if hit is None:
            return end > 0 and bool(self._buffer) and self._next_bare() == 0
        self._mark(hit[1], out)
        return True

    def _mark(self, mark: str, out: list[Event]) -> None:
        written, self._buffer = self._buffer[: len(mark)], self._buffer[len(mark) :]
        if mark in _BLOCKS:
            self._opener, self._content = written, ""
        elif mark in _STOPS and self._seen:
            self._stopped = True
            out.append(Found("stop"))
        else:
            out.append(Found("problem", "stray tag"))

    def _inside(self, out: list[Event], final: bool) -> bool:
        opener = lower(self._opener)
        if opener in _MAYBE_BLOCKS and not self._could_be_call():
            self._release(out, self._opener + self._content)
            return True
        marks = _INSIDE[opener]
        hit = marks.find(self._buffer, final=final)
        if hit is None:
            safe = len(self._buffer) if final else marks.safe(self._buffer)
            self._content += self._buffer[:safe]
            self._buffer = self._buffer[safe:]
            return False
        self._content += self._buffer[: hit[0]]
        closer = self._buffer[hit[0] : hit[0] + len(hit[1])]
        self._buffer = self._buffer[hit[0] + len(hit[1]) :]
        self._finish_block(out, closer)
        return True

    def _could_be_call(self) -> bool:
        begun = (self._content + self._buffer).lstrip()
        return not begun or begun[0] in "{["

    def _finish_block(self, out: list[Event], closer: str) -> None:
        opener, written, content = lower(self._opener), self._opener, self._content
        self._opener = self._content = ""
        if opener == _SCENE:
            if closer and content.strip():
                out.append(Found("picture", content.strip()))
            elif not closer:
                out.append(Found("problem", "unclosed scene tag"))
            return
        if opener in _DROPPED_BLOCKS:
            out.append(Found("problem", "tool result"))
            return
        source = written + content if opener in ("<function=", "<invoke name=") else content
        calls = tuple(read_calls(source, self._tools))
        if calls:
            out.append(Found("call", calls=calls))
        elif opener in _MAYBE_BLOCKS:
            self._release(out, written + content + closer)
        else:
            out.append(Found("problem", "unusable tool call"))

    # bare JSON at the start of a line

    def _next_bare(self) -> int | None:
        """Where a line begins with a bracket that may open a printed call."""
        if not self._tools:
            return None
        pattern = r"\n[ \t]*(?=[\[{])"
        if self._line_start and (match := re.match(r"[ \t\n]*(?=[\[{])", self._buffer)):
            return match.end()
        found = re.search(pattern, self._buffer)
        return found.end() if found else None

    def _bare(self, out: list[Event], final: bool) -> bool | None:
        """Handle such a bracket at the very start of the buffer; None when there is none."""
        if not self._tools or not self._line_start or self._buffer[0] not in "[{":
            return None
        if not _BARE.match(self._buffer):
            if not final and _may_be_bare(self._buffer):
                return False
            self._emit(out, 1)
            return True
        end = _balanced(self._buffer[:HELD_LIMIT])
        if end is None and not final and len(self._buffer) < HELD_LIMIT:
            return False
        calls = tuple(read_calls(self._buffer[: end or 0], self._tools))
        if not calls:
            self._emit(out, 1)
            return True
        self._buffer = self._buffer[end or 0 :]
        out.append(Found("call", calls=calls))
        return True

    def _emit(self, out: list[Event], length: int) -> None:
        text, self._buffer = self._buffer[:length], self._buffer[length:]
        self._let_go(out, text)

    def _release(self, out: list[Event], text: str) -> None:
        """Give text back that was no call after all."""
        self._opener = self._content = ""
        self._let_go(out, text)

    def _let_go(self, out: list[Event], text: str) -> None:
        if not text:
            return
        out.append(text)
        self._seen = self._seen or bool(text.strip())
        line = text.rpartition("\n")
        self._line_start = not line[2].strip() and (bool(line[1]) or self._line_start)


def _may_be_bare(text: str) -> bool:
    """Whether a call could still come of this beginning."""
    squeezed = re.sub(r"\s+", "", text)
    return any(f"{bracket}{key}".startswith(squeezed) for bracket in ("{", "[{") for key in _BARE_KEYS)


def _balanced(text: str) -> int | None:
    """Where the bracket that opens the text is closed, strings respected; None when it is not."""
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]|"', text, re.DOTALL):
        mark = match.group()
        if mark == '"':
            return None
        depth += 1 if mark in "[{" else -1 if mark in "]}" else 0
        if depth == 0:
            return match.end()
    return None
