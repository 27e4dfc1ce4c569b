"""The context window: a durable part that only grows, and a short tail behind it.

The durable part *D* is the head and then the log, rendered entry by entry without looking ahead, so that *D(n+1)* begins with *D(n)*
byte for byte. Three things break that, and each is named: ``trim`` (the window was full and was cut back in one large step),
``edit`` (an entry was changed, swiped or erased) and ``setting`` (the head was built anew).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.domain.errors import ConfigurationError
from bot.engine.story.head import BuiltHead, Head, HeadSource, Role, build_head, head_mark
from bot.engine.story.macros import expand
from bot.engine.story.tokens import PER_MESSAGE, estimate, estimate_messages
from bot.engine.story.world import World
from bot.storage.records import Entry
from providers.contract import ChatMessage, ToolSpec, message

__all__ = [
    "Assembled", "BuiltHead", "Head", "HeadSource", "Room", "TailPlan", "Voices", "assemble", "build_head", "durable_text",
    "head_mark", "plan_tail", "recent_lines",
]  # fmt: skip

LOW_MARK = 0.6  # share of the log's room that is kept when the window is full
TAIL_SHARE = 0.03  # of the room for a request
MARGIN = 0.05  # of the window, for what the estimate misses
_BEGINS = "[The story begins here.]"
_GOES_ON = "[The beginning of the story is left out here.]"
Reason = Literal["trim", "edit", "setting"]


@dataclass(frozen=True, slots=True)
class Room:
    """How much fits, in tokens of the model. ``factor`` is the calibration of the estimate for this model."""

    window: int
    max_output: int
    factor: float = 1.0

    @property
    def tokens(self) -> int:
        """For the whole request, in estimated tokens."""
        return max(0, int((self.window * (1 - MARGIN) - self.max_output) / self.factor))


@dataclass(frozen=True, slots=True)
class Voices:
    """How the log is told. Change it, and the whole log reads differently: a ``setting`` break."""

    group: bool = False
    """Several people play: their lines begin with their names."""
    several: bool = False
    """Several characters play: their lines begin with their names, too."""


@dataclass(frozen=True, slots=True)
class TailPlan:
    """What goes behind the log, and what was too long for that and belongs into the head (``HeadSource.standing``)."""

    tail: str
    standing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assembled:
    """A request's messages. ``first_entry`` is set when the window was cut: the oldest entry that is still in it."""

    messages: tuple[ChatMessage, ...]
    durable: tuple[ChatMessage, ...]
    """The messages without the tail."""
    tokens: int
    """Estimate for the whole request, before calibration."""
    mark: str
    """Fingerprint of the durable part; give it to the next ``assemble`` as ``previous``."""
    first_entry: int | None = None
    reason: Reason | None = None
    """Why the durable part does not begin with the previous one."""


def plan_tail(world: World, room: Room, *, speak_next: str = "", post_history: str = "", note: str = "") -> TailPlan:
    """Divide the notes: at most 3 % of the room for a request goes behind the log, the most pressing first; what does not fit goes
    into the head as a template, so that nothing is lost and the window stays cached. Who speaks next is short, or left out."""
    # by the templates' own length and without calibration, so that a note never moves by itself and breaks the head
    left = int(replace(room, factor=1.0).tokens * TAIL_SHARE)
    tail: list[str] = []
    standing: list[str] = []
    for text in (speak_next, post_history, note):
        cost = estimate(text.strip()) + PER_MESSAGE
        if text.strip() and cost <= left:
            left -= cost
            tail.insert(0, expand(text, world).text.strip())
        elif text.strip() and text is not speak_next:
            standing.append(text)
    return TailPlan("\n\n".join(text for text in tail if text), tuple(standing))


def assemble(
    head: Head,
    entries: Sequence[Entry],
    room: Room,
    *,
    tail: str = "",
    voices: Voices = Voices(),
    trimmed: bool = False,
    previous: str = "",
    tools: Sequence[ToolSpec] = (),
) -> Assembled:
    """The request for the story as it stands. ``entries`` begin with the oldest one in the window, ``trimmed`` says whether there
    are older ones. Raises ``ConfigurationError`` when the head alone does not fit."""
    told = [(entry.id, *_rendered(entry, voices)) for entry in entries if not entry.hidden and entry.text.strip()]
    fixed = estimate_messages(head.messages(), tools) + estimate(tail) + 2 * PER_MESSAGE + estimate(_GOES_ON)
    log_room = room.tokens - fixed
    if log_room < 32:
        raise ConfigurationError(
            "The character does not fit into the chat model's window.",
            host_detail=f"head and tools need about {fixed} tokens, the window leaves {room.tokens}",
        )
    kept = _fitting(told, log_room)
    cut = len(kept) < len(told)
    durable = _durable(head, [(role, text) for _, role, text in kept], trimmed or cut)
    messages = _with_tail(durable, tail)
    reason = _reason(head, durable, previous)
    return Assembled(
        messages=messages,
        durable=durable,
        tokens=estimate_messages(messages, tools),
        mark=_mark(head, durable),
        first_entry=kept[0][0] if cut and kept else None,
        reason="trim" if cut else reason,
    )


def durable_text(messages: Sequence[ChatMessage]) -> str:
    """The durable part as one text, for comparing beginnings."""
    return "".join(f"\x1e{m.role}\x1f{m.text}" for m in messages)


def recent_lines(entries: Sequence[Entry], char: str, limit: int = 12) -> list[tuple[str, str]]:
    """Name and words of the newest entries that say something, oldest first: what the picture writer reads."""
    spoken = [e for e in entries if e.kind in ("player", "character", "narrator") and not e.hidden and e.text.strip()]
    return [(_speaker(entry) if entry.kind != "character" else entry.author_name or char, entry.text) for entry in spoken[-limit:]]


def _speaker(entry: Entry) -> str:
    if entry.kind == "narrator":
        return "Narrator"
    return " ".join(entry.author_name.replace(":", " ").split())[:80] or "Somebody"


def _rendered(entry: Entry, voices: Voices) -> tuple[Role, str]:
    """One entry, always in the same way."""
    text = entry.text.strip()
    if entry.kind == "character":
        return "assistant", f"{_speaker(entry)}: {text}" if voices.several else text
    if entry.kind == "player":
        return "user", f"{_speaker(entry)}: {text}" if voices.group else text
    if entry.kind == "picture":
        return "user", f"[A picture was shown: {text}]"
    return "user", f"[{text}]"


def _fitting(told: list[tuple[int, Role, str]], room: int) -> list[tuple[int, Role, str]]:
    """All entries if they fit, else the newest ones down to the low mark. The newest always stays, shortened if it must be."""
    costs = [estimate(text) + PER_MESSAGE for _, _, text in told]
    if sum(costs) <= room:
        return told
    left, start = int(room * LOW_MARK), len(told)
    while start > 0 and costs[start - 1] <= left:
        start -= 1
        left -= costs[start]
    if start < len(told):
        return told[start:]
    entry_id, role, text = told[-1]
    return [(entry_id, role, text if costs[-1] <= room else _shortened(text, room - PER_MESSAGE))]


def _shortened(text: str, tokens: int) -> str:
    """Beginning and end of a text too long for the window, about ``tokens`` in all."""
    half = max(0, tokens * 3 - 12) // 2
    raw = text.encode("utf-8", "replace")
    return raw[:half].decode("utf-8", "ignore") + "\n[…]\n" + raw[-half:].decode("utf-8", "ignore")


def _durable(head: Head, told: Sequence[tuple[Role, str]], trimmed: bool) -> tuple[ChatMessage, ...]:
    """Head and log, roles alternating from the first line on: neighbours of one role become one message."""
    log: list[tuple[Role, list[str]]] = [("user", [_GOES_ON if trimmed else _BEGINS])]
    for role, text in told:
        if log[-1][0] == role:
            log[-1][1].append(text)
        else:
            log.append((role, [text]))
    return (*head.messages(), *(message(role, "\n\n".join(texts)) for role, texts in log))


def _with_tail(durable: tuple[ChatMessage, ...], tail: str) -> tuple[ChatMessage, ...]:
    """The tail is told as the player's side: many chat formats know no system message behind the first."""
    if not tail:
        return durable
    last = durable[-1]
    if last.role == "user":
        return (*durable[:-1], message("user", f"{last.text}\n\n{tail}"))
    return (*durable, message("user", tail))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _mark(head: Head, durable: tuple[ChatMessage, ...]) -> str:
    text = durable_text(durable)
    return f"{_digest(durable_text(head.messages()))}:{len(text)}:{_digest(text)}"


def _reason(head: Head, durable: tuple[ChatMessage, ...], previous: str) -> Reason | None:
    if not previous:
        return None
    head_digest, length, digest = previous.split(":")
    if head_digest != _digest(durable_text(head.messages())):
        return "setting"
    return None if _digest(durable_text(durable)[: int(length)]) == digest else "edit"
