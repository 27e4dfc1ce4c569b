"""From what a chat model streams to what may be shown and stored.

Takes out: reasoning, the scene tag, function calls printed as text, tokens of the chat format, a leading «Name:»; ends the reply where
it speaks for somebody else or only repeats itself. The result does not depend on how the stream was cut into pieces, and what was
shown is never taken back, with two exceptions that ``problems`` names: a closing reasoning tag without an opening one proves that
what was shown was reasoning, and a reply caught in a loop is stored with the loop once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.engine.story.leaks import Found, Leaks
from bot.engine.story.speakers import Speakers
from bot.engine.story.thoughts import Restart, Thoughts
from providers.contract import ToolCall

PICTURE_LIMIT = 2000  # characters of a scene tag's prompt
UNOPENED = "reasoning without an opening tag"
REPETITION = "repetition"
_CHECK_EVERY = 32  # characters between two looks for a loop
_KEY = 24
_PERIOD = 600  # longest loop that is recognised, in characters


@dataclass(frozen=True, slots=True)
class CleanReply:
    """A finished reply. ``pictures`` holds at most one scene-tag prompt; ``problems`` says what was taken out, for the log."""

    text: str
    pictures: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    problems: tuple[str, ...] = ()


class StreamCleaner:
    """Feed it the stream; show what it gives back."""

    def __init__(self, char: str, others: tuple[str, ...] = (), tag_enabled: bool = False, tools: tuple[str, ...] = ()) -> None:
        self._make = (char, others, tag_enabled, tools)
        self._thoughts = Thoughts()
        self._reply = _Reply(*self._make)
        self._earlier: list[_Reply] = []

    @property
    def ended(self) -> bool:
        """Nothing more will be shown: the model can be stopped."""
        return self._reply.ended

    @property
    def shown(self) -> str:
        """All that may be shown so far."""
        return self._reply.shown

    def feed(self, text: str) -> str:
        """Take a piece of the stream; returns what may be shown in addition."""
        before = self._reply, len(self._reply.shown)
        self._route(self._thoughts.push(text.replace("\r", "")))
        return self._reply.shown[before[1] :] if before[0] is self._reply else self._reply.shown

    def finish(self) -> CleanReply:
        """The end of the stream."""
        self._route(self._thoughts.close())
        self._reply.close()
        chosen = self._chosen()
        problems = [*chosen.problems]
        if self._earlier:
            problems.append(UNOPENED)
        elif self._thoughts.found:
            problems.append("reasoning")
        if self._thoughts.unclosed:
            problems.append("unclosed reasoning")
        calls = tuple(ToolCall(f"printed-{n}", name, arguments) for n, (name, arguments) in enumerate(chosen.calls, 1))
        return CleanReply(chosen.text, tuple(chosen.pictures), calls, tuple(dict.fromkeys(problems)))

    def _route(self, pieces: list[str | Restart]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                self._reply.push(piece)
                continue
            self._reply.close()
            self._earlier.append(self._reply)
            self._reply = _Reply(*self._make)

    def _chosen(self) -> _Reply:
        """Closing tags over and over: the first answer given twice, else the last one that says anything."""
        replies = [*self._earlier, self._reply]
        words = [" ".join(reply.text.split()) for reply in replies]
        if len(replies) >= 3:
            twice = next((reply for reply, text in zip(replies, words, strict=True) if text and words.count(text) > 1), None)
            if twice is not None:
                return twice
        return next((reply for reply in reversed(replies[1:]) if reply.text), self._reply)


class _Reply:
    """The stages behind the removal of reasoning."""

    def __init__(self, char: str, others: tuple[str, ...], tag_enabled: bool, tools: tuple[str, ...]) -> None:
        self._leaks = Leaks(tools)
        self._speakers = Speakers(char, others)
        self._tag_enabled = tag_enabled
        self._spaces = ""
        self._loop_at: int | None = None
        self.ended = False
        self.shown = ""
        self.pictures: list[str] = []
        self.calls: list[tuple[str, str]] = []
        self.problems: list[str] = []

    @property
    def text(self) -> str:
        return (self.shown if self._loop_at is None else self.shown[: self._loop_at]).strip()

    def push(self, text: str) -> None:
        for event in self._leaks.push(text):
            self._take(event)

    def close(self) -> None:
        for event in self._leaks.close():
            self._take(event)
        if not self.ended:
            self._show(self._speakers.close())
            self._judge_speaker()

    def _take(self, event: str | Found) -> None:
        if self.ended:
            return
        if isinstance(event, str):
            self._show(self._speakers.push(event))
            self._judge_speaker()
        elif event.kind == "stop":
            self._show(self._speakers.close())
            self._judge_speaker()
            self._end("went on after its end")
        elif event.kind == "picture":
            self._picture(event.text)
        elif event.kind == "call":
            self.calls.extend(event.calls)
            self.problems.append("tool call as text")
        else:
            self.problems.append(event.text)

    def _picture(self, prompt: str) -> None:
        if not self._tag_enabled:
            self.problems.append("scene tag while switched off")
        elif not self.pictures:
            self.pictures.append(prompt[:PICTURE_LIMIT])
        else:
            self.problems.append("more than one scene tag")

    def _judge_speaker(self) -> None:
        if self._speakers.cut:
            self._end("spoke for somebody else")

    def _end(self, problem: str) -> None:
        if not self.ended:
            self.problems.append(problem)
        self.ended = True

    def _show(self, text: str) -> None:
        """White space at the beginning and the end is not shown, more than one empty line is one."""
        for piece in re.findall(r"\s+|\S+", text):
            if self.ended:
                return
            if piece.isspace():
                self._spaces += piece
                continue
            gap = re.sub(r"\n[ \t]*\n\s*\n", "\n\n", self._spaces) if self.shown else ""
            self._spaces = ""
            self._append(gap + piece)

    def _append(self, text: str) -> None:
        """In steps, so that a loop is found at the same place however the stream was cut."""
        while text and not self.ended:
            room = _CHECK_EVERY - len(self.shown) % _CHECK_EVERY
            self.shown += text[:room]
            text = text[room:]
            if len(self.shown) % _CHECK_EVERY == 0:
                self._loop_at = loop_start(self.shown)
                if self._loop_at is not None:
                    self._end(REPETITION)


def loop_start(text: str) -> int | None:
    """Where the first round of a loop at the end of ``text`` is over; None when there is none.

    A loop is the same characters over and over: three times for long rounds, four for short ones, and at least 240 characters.
    """
    if len(text) < 240:
        return None
    earlier = text.rfind(text[-_KEY:], max(0, len(text) - _KEY - _PERIOD), len(text) - 1)
    if earlier < 0:
        return None
    period = len(text) - _KEY - earlier
    span = max(240, period * (3 if period >= 80 else 4))
    if span > len(text) or text[-span:-period] != text[-span + period :]:
        return None
    start = len(text) - span
    while start > 0 and text[start - 1] == text[start - 1 + period]:
        start -= 1
    return start + period
