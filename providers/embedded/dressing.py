"""How a very small model is asked, so that it writes short fluent lines instead of looping.

Found by trying: two example exchanges after the system prompt, calm sampling, and an answer cut at the first line break and the last
whole sentence. These settings are for this model only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from providers.contract import ChatMessage, ChatRequest, message

MAX_TOKENS = 70
TEMPERATURE = 0.6
TOP_P = 0.9
SAMPLERS = {"min_p": 0.08, "repeat_penalty": 1.15, "repeat_last_n": 128}
SYSTEM_SHARE = 0.4
"""Most of the window the system prompt may take."""
BLOCK = 8
"""Old messages are left out by so many at once, so that the server's prompt cache holds for several turns."""
_MARGIN = 64
_NAMED = re.compile(
    r"\b(?:[Yy]ou are|[Yy]ou play|[Ww]rite (?:only )?as|[Ss]peak as|[Pp]ortray(?:ing)?|[Pp]lay(?:ing)? the role of)\s+"
    r"([^\W\d_][\w'’-]*(?: [A-Z][\w'’-]*)?)"
)
_NO_NAMES = frozenset({"a", "an", "the", "in", "now", "not", "to", "my", "your", "this", "playing", "writing", "one"})
_SENTENCE_END = re.compile(r"[.!?…][\"'”’*_)]*(?=\s|$)|(?<=\w)\*(?=\s|$)")


def estimate(text: str) -> int:
    """Tokens of a text, guessed on the safe side: a third of its UTF-8 bytes, and four for a message's frame."""
    return len(text.encode()) // 3 + 4


def character_name(messages: tuple[ChatMessage, ...]) -> str:
    """Who the model plays: the name on its messages, else the one the system prompt gives; empty when neither tells."""
    for item in reversed(messages):
        if item.role == "assistant" and item.name:
            return item.name
    for item in messages:
        if item.role == "system":
            names = (match[1] for match in _NAMED.finditer(item.text))
            return next((name for name in names if name.lower() not in _NO_NAMES), "")
    return ""


def examples(name: str) -> tuple[ChatMessage, ...]:
    """Two exchanges that show the length and manner of an answer."""
    who = f"I'm {name}" if name else "A friend"
    return (
        message("user", "Hello! Who are you?"),
        message("assistant", f"*looks up with a smile* {who}, and I'm glad you came by. What brings you here?"),
        message("user", "I was just passing. How are you today?"),
        message(
            "assistant", "*makes room beside the fire* A little tired, but better for the company. Sit down and tell me about your day."
        ),
    )


def dress(request: ChatRequest, window: int) -> ChatRequest:
    """The request as the small model gets it: system prompt, examples, as much of the newest history as fits.

    The request's own sampling, tools and schema do not apply to this model.
    """
    budget = window - MAX_TOKENS - _MARGIN
    system = _system(request.messages, int(budget * SYSTEM_SHARE))
    shown = examples(character_name(request.messages))
    rest = budget - estimate(system) - sum(estimate(item.text) for item in shown)
    history = [item for item in request.messages if item.role in ("user", "assistant") and item.text.strip()]
    kept = _newest(history, rest)
    head = (message("system", system),) if system else ()
    return replace(
        request,
        messages=(*head, *shown, *kept),
        tools=(),
        response_schema=None,
        max_tokens=min(request.max_tokens or MAX_TOKENS, MAX_TOKENS),
        temperature=TEMPERATURE,
        top_p=TOP_P,
    )


def _system(messages: tuple[ChatMessage, ...], limit: int) -> str:
    text = "\n\n".join(item.text.strip() for item in messages if item.role == "system" and item.text.strip())
    while estimate(text) > limit:
        shorter = text[: len(text) * limit // estimate(text)]
        ends = list(_SENTENCE_END.finditer(shorter))
        text = shorter[: ends[-1].end()] if ends else shorter[:-1]
    return text


def _newest(history: list[ChatMessage], budget: int) -> list[ChatMessage]:
    start = 0
    while start < len(history) and sum(estimate(item.text) for item in history[start:]) > budget:
        start += BLOCK
    if start < len(history) or not history:
        return [message(item.role, item.text) for item in history[start:]]
    last = history[-1]  # one very long message: its end is what it asks
    return [message(last.role, last.text.encode()[-3 * max(budget - 4, 16) :].decode("utf-8", "ignore"))]


class SentenceCut:
    """Lets whole sentences of the first line through. ``over`` is True once the line has ended."""

    def __init__(self) -> None:
        self._held = ""
        self._said = False
        self.over = False

    def feed(self, text: str) -> Iterator[str]:
        """Text that is safe to show after some more of the answer has come."""
        if self.over:
            return
        self._held += text
        if not self._said:
            self._held = self._held.lstrip()
        line, broken, _ = self._held.partition("\n")
        ends = [match.end() for match in _SENTENCE_END.finditer(line) if broken or match.end() < len(line)]
        if broken:
            self.over = True
            yield from self._say(line if not (ends or self._said) else line[: ends[-1]] if ends else "")
            self._held = ""
        elif ends:
            yield from self._say(line[: ends[-1]])
            self._held = line[ends[-1] :]

    def rest(self, *, finished: bool) -> Iterator[str]:
        """What is left at the end: all of it if the model ended by itself or nothing was said yet, else up to a sentence's end."""
        if self.over:
            return
        ends = [match.end() for match in _SENTENCE_END.finditer(self._held)]
        whole = finished or not (self._said or ends)
        yield from self._say(self._held if whole else self._held[: ends[-1]] if ends else "")
        self.over = True

    def _say(self, text: str) -> Iterator[str]:
        text = text if self._said else text.lstrip()
        if text.strip():
            self._said = True
            yield text.rstrip() if self.over else text
