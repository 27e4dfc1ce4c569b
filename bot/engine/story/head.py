"""The head of every request of a chat: instructions, card, personas, example dialogue. Built once, then frozen as text.

Macros in it are expanded when it is built; it is built anew only when ``head_mark`` changes, never because time has passed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from bot.engine.story.macros import expand
from bot.engine.story.tokens import PER_MESSAGE, estimate
from bot.engine.story.world import World
from providers.contract import ChatMessage, message

Role = Literal["user", "assistant"]
_CARD_FIELDS = ("name", "description", "personality", "scenario", "mes_example", "system_prompt")
_START = re.compile(r"<START>", re.IGNORECASE)
_EXAMPLE_SHARE = 0.25  # of the room, for example dialogue
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class HeadSource:
    """What a head is built from."""

    template: str
    """The instructions (``prompts.load("head")``); the card's own system prompt replaces them, ``{{original}}`` brings them back."""
    card: Mapping[str, Any]
    world: World
    personas: tuple[tuple[str, str], ...] = ()
    """Name and description of the people who play."""
    standing: tuple[str, ...] = ()
    """More templates that hold for the whole story: the scene tag's instruction, notes too long for the tail."""
    room: int = 0
    """Tokens of the whole request; example dialogue takes at most a quarter of it. 0 sets no limit."""


@dataclass(frozen=True, slots=True)
class Head:
    """A built head."""

    system: str
    examples: tuple[tuple[Role, str], ...] = ()

    def messages(self) -> tuple[ChatMessage, ...]:
        return (message("system", self.system), *(message(role, text) for role, text in self.examples))

    def dump(self) -> str:
        """The frozen form, for the chat's row."""
        return json.dumps({"system": self.system, "examples": self.examples}, ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Head:
        """Read the frozen form back."""
        stored = json.loads(text)
        return cls(stored["system"], tuple((cast("Role", role), words) for role, words in stored["examples"]))


@dataclass(frozen=True, slots=True)
class BuiltHead:
    """A head just built, its mark, and the variables its macros set."""

    head: Head
    mark: str
    variables: dict[str, str] = field(default_factory=dict)


def head_mark(source: HeadSource) -> str:
    """Fingerprint of everything that makes a new head necessary. The current speaker's name, the clock and variables are not in it."""
    card = {name: str(source.card.get(name) or "") for name in _CARD_FIELDS}
    parts = [_FORMAT, source.template, card, source.world.char, source.personas, source.standing, source.room]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def build_head(source: HeadSource) -> BuiltHead:
    """Build the head; an empty part leaves no trace."""
    writer = _Writer(source.world)
    own = str(source.card.get("system_prompt") or "").strip()
    base = writer.text(source.template)
    parts = [writer.text(own, original=base) if own else base]
    char = source.world.char
    for label, name in ((f"About {char}:", "description"), (f"{char}'s personality:", "personality"), ("Scenario:", "scenario")):
        text = writer.text(str(source.card.get(name) or "")).strip()
        if text:
            parts.append(f"{label} {text}")
    parts.extend(f"About {name}: {description.strip()}" for name, description in source.personas if description.strip())
    blocks = [writer.text(block) for block in _blocks(str(source.card.get("mes_example") or ""))]
    examples, told = _examples(blocks, source)
    if told:
        parts.append(f"How {char} speaks, by example:\n" + "\n\n".join(told))
    parts.extend(text for text in (writer.text(standing).strip() for standing in source.standing) if text)
    return BuiltHead(Head("\n\n".join(part.strip() for part in parts if part.strip()), examples), head_mark(source), writer.changed)


class _Writer:
    """Expands one template after the other, each seeing the variables the earlier ones set."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.changed: dict[str, str] = {}

    def text(self, template: str, original: str | None = None) -> str:
        world = replace(self._world, variables={**self._world.variables, **self.changed}, original=original)
        expanded = expand(template, world)
        self.changed.update(expanded.changed)
        return expanded.text


def _blocks(text: str) -> list[str]:
    """Example dialogue is split at ``<START>``; text before the first one is a block as well."""
    return [block.strip() for block in _START.split(text) if block.strip()]


def _examples(blocks: list[str], source: HeadSource) -> tuple[tuple[tuple[Role, str], ...], list[str]]:
    """Blocks as alternating messages where they name the speakers, else as text to be quoted; as many as have room."""
    room = int(source.room * _EXAMPLE_SHARE) if source.room else None
    messages: list[tuple[Role, str]] = []
    told: list[str] = []
    for block in blocks:
        cost = estimate(block) + 2 * PER_MESSAGE
        if room is not None:
            if cost > room:
                break
            room -= cost
        spoken = _spoken(block, source.world)
        if spoken:
            messages.extend(spoken)
        else:
            told.append(block)
    return tuple(messages), told


def _spoken(block: str, world: World) -> list[tuple[Role, str]]:
    """One block as messages that begin with the player and alternate; empty when it names no speakers."""
    out: list[tuple[Role, str]] = []
    names: tuple[tuple[Role, str], ...] = (("assistant", world.char), ("user", world.user), ("user", "User"), ("assistant", "Char"))
    for line in block.splitlines():
        role, text = next(((r, line[len(n) + 1 :].strip()) for r, n in names if n and line.startswith(f"{n}:")), (None, line))
        if role is None:
            if not out:
                return []
            role = out[-1][0]
        if out and out[-1][0] == role:
            out[-1] = (role, f"{out[-1][1]}\n{text}")
        else:
            out.append((role, text))
    out = [(role, text.strip()) for role, text in out if text.strip()]
    if out and out[0][0] == "assistant":
        out.insert(0, ("user", "…"))
    if out and out[-1][0] == "user":
        out.pop()
    return out
