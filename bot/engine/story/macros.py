"""Macros: the one template language for cards, prefixes, styles, captions and the files in ``prompts``.

``expand`` works left to right, inner macros first. What a macro puts out is never read again as a template, so a player's words in a
variable stay words; the only exception are card fields, which are templates themselves and are expanded without access to card fields.
Unknown macros stay as they are. ``{{#if name}} … {{else}} … {{/if}}`` keeps one branch: ``name`` is a macro, a value or a variable,
``!name`` the opposite, and ``{{#if {{getvar::x}}}}`` tests a text; empty, 0, false, off and no are false.

Bounds: ``TEXT_LIMIT`` characters in, ``OUTPUT_LIMIT`` characters produced altogether, ``STEP_LIMIT`` macros, ``template.DEPTH_LIMIT``
levels. Beyond them the rest stays text and ``Expanded.limited`` is set. The global variables of the browser original are variables of
this chat: no text may reach another chat's story.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.engine.story.macro_table import TABLE
from bot.engine.story.template import DEPTH_LIMIT, Macro, Node, parse
from bot.engine.story.variables import VariableLimit, Variables
from bot.engine.story.world import Piece, Trim, World

__all__ = ["Expanded", "World", "expand"]

TEXT_LIMIT = 200_000
OUTPUT_LIMIT = 400_000
STEP_LIMIT = 5_000
_FALSE = frozenset({"", "0", "false", "off", "no"})


@dataclass(frozen=True, slots=True)
class Expanded:
    """An expanded text and the variables it set (name → new value), for the caller to store."""

    text: str
    changed: dict[str, str] = field(default_factory=dict)
    limited: bool = False


class Expansion:
    """One run over one text."""

    def __init__(self, text: str, world: World) -> None:
        self.source = text
        self.world = world
        self.variables: Variables = Variables(world.variables)
        self.now: datetime = world.now or datetime.now().astimezone()
        self.picks = 0
        self.original_used = False
        self.limited = False
        self.inside_card = False
        self._steps = 0
        self._produced = 0

    def nodes(self, nodes: list[Node]) -> str:
        """The text of parsed nodes."""
        pieces: list[Piece] = []
        self._range(nodes, 0, len(nodes), _blocks(nodes), pieces)
        return _joined(pieces)

    def _range(self, nodes: list[Node], start: int, end: int, blocks: dict[int, _Block], pieces: list[Piece]) -> None:
        index = start
        while index < end:
            node, block = nodes[index], blocks.get(index)
            if block is not None and isinstance(node, Macro):
                middle = block.end if block.middle is None else block.middle
                first, last = (index + 1, middle) if self._condition(node) else (middle + 1, block.end)
                self._range(nodes, first, last, blocks, pieces)
                index = block.end + 1
                continue
            pieces.append(self._spent(node) if isinstance(node, str) else self.macro(node))
            index += 1

    def macro(self, macro: Macro) -> Piece:
        """What one macro becomes."""
        if macro.name == "//":
            return ""
        self._steps += 1
        if self._steps > STEP_LIMIT or self._produced > OUTPUT_LIMIT:
            self.limited = True
            return _written(macro)
        words, inline, parts = macro.split()
        arguments = [self.nodes(part) for part in parts]
        result = self._call(macro.name, arguments)
        if result is None:
            return "{{" + words + ("" if inline or not arguments else "::") + "::".join(arguments) + "}}"
        return self._spent(result) if isinstance(result, str) else result

    def _call(self, name: str, arguments: list[str]) -> Piece | None:
        entry = TABLE.get(name)
        if entry is not None:
            if not entry.least <= len(arguments) <= entry.most:
                return None
            try:
                return entry.run(self, arguments)
            except VariableLimit:
                self.limited = True
                return ""
        if arguments:
            return None
        return next((value for key, value in self.world.values.items() if key.lower() == name), None)

    def card(self, text: str) -> str | None:
        """A card field, expanded as a template of its own. Inside a card field, card fields are not available."""
        if self.inside_card:
            return None
        self.inside_card = True
        try:
            return self.nodes(parse(text[:TEXT_LIMIT]))
        finally:
            self.inside_card = False

    def _condition(self, macro: Macro) -> bool:
        _, _, parts = macro.split()
        test = parts[0] if parts else []
        if any(isinstance(node, Macro) for node in test):
            return _true(self.nodes(test))
        words = "".join(str(node) for node in test).strip()
        wanted, name = not words.startswith("!"), words.lstrip("! ")
        inner = Macro([[name], *parts[1:]])
        value = self._call(inner.name, [self.nodes(part) for part in inner.split()[2]])
        if value is None:
            value = self.variables.raw(name) or ""
        return _true(value if isinstance(value, str) else "") is wanted

    def _spent(self, text: str) -> str:
        self._produced += len(text)
        if self._produced > OUTPUT_LIMIT:
            self.limited = True
            return text[: max(0, len(text) - (self._produced - OUTPUT_LIMIT))]
        return text


@dataclass(frozen=True, slots=True)
class _Block:
    middle: int | None
    end: int


def _blocks(nodes: list[Node]) -> dict[int, _Block]:
    """Which ``#if`` belongs to which ``else`` and ``/if``; those without a partner are left out and stay text."""
    found: dict[int, _Block] = {}
    waiting: list[tuple[int, int | None]] = []
    for index, node in enumerate(nodes):
        name = node.name if isinstance(node, Macro) else ""
        if name in ("#if", "if") and len(waiting) < DEPTH_LIMIT:
            waiting.append((index, None))
        elif name == "else" and waiting and waiting[-1][1] is None:
            waiting[-1] = (waiting[-1][0], index)
        elif name == "/if" and waiting:
            start, middle = waiting.pop()
            found[start] = _Block(middle, index)
    return found


def _written(macro: Macro) -> str:
    """A macro as it was written."""
    parts = ("".join(n if isinstance(n, str) else _written(n) for n in part) for part in macro.parts)
    return "{{" + "::".join(parts) + "}}"


def _joined(pieces: list[Piece]) -> str:
    """The text; a trim takes the line feeds beside it away."""
    out: list[str] = []
    trimming = False
    for piece in pieces:
        if isinstance(piece, Trim):
            while out and not (shortened := out[-1].rstrip("\r\n")):
                out.pop()
            if out:
                out[-1] = shortened
            trimming = True
            continue
        text = piece.lstrip("\r\n") if trimming else piece
        if text:
            trimming = False
            out.append(text)
    return "".join(out)


def _true(text: str) -> bool:
    return text.strip().lower() not in _FALSE


def expand(text: str, world: World) -> Expanded:
    """Expand the macros of one text. Never fails; ``world.variables`` is not changed."""
    if not any(mark in text for mark in ("{{", "<", "\\{", "\\}")):
        return Expanded(text)
    if len(text) > TEXT_LIMIT:
        return Expanded(text, limited=True)
    run = Expansion(text, world)
    result = run.nodes(parse(text))
    return Expanded(result, run.variables.changed, run.limited)
