"""The template language's grammar: text with ``{{name::argument}}`` in it becomes a tree. One pass, linear in the text.

Rules: macros nest; ``::`` separates arguments; of three or more braces the inner two belong to the macro; single braces inside a macro
are text as long as they balance, or are written ``\\{`` and ``\\}``; what is not closed is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

DEPTH_LIMIT = 24  # nested macros; deeper ones stay text
_TOKEN = re.compile(r"\\[{}]|\{+|\}|::|[^\\{}:<]+|<(?:user|bot|char|charifnotgroup|group)>|.", re.DOTALL | re.IGNORECASE)
_OLD_NAMES = {"<user>": "user", "<bot>": "char", "<char>": "char", "<charifnotgroup>": "charIfNotGroup", "<group>": "group"}
_NAME = re.compile(r"\s*(//|#if|/if|[a-z_]\w*)", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*:|\s+|")


@dataclass(slots=True)
class Macro:
    """One ``{{…}}``: its parts between ``::``, each a list of nodes."""

    parts: list[list[Node]] = field(default_factory=lambda: [[]])

    @property
    def name(self) -> str:
        """The name in small letters, from the literal text only: what another macro puts out never names a macro."""
        match = self._match()
        return match.group(1).lower() if match else ""

    def split(self) -> tuple[str, bool, list[list[Node]]]:
        """The words before the first argument, whether that argument follows them directly, and the arguments.

        ``name:x``, ``name x`` and ``name::x`` have the same argument.
        """
        first, match = self.parts[0], self._match()
        if match is None:
            return "", True, self.parts
        literal = str(first[0])
        start = match.end() + _end(_SEPARATOR, literal[match.end() :])
        inline: list[Node] = [*([literal[start:]] if literal[start:].strip() else []), *first[1:]]
        if inline:
            return literal[:start], True, [inline, *self.parts[1:]]
        return literal, False, self.parts[1:]

    def _match(self) -> re.Match[str] | None:
        first = self.parts[0]
        return _NAME.match(first[0]) if first and isinstance(first[0], str) else None


Node = str | Macro


@dataclass(slots=True)
class _Open:
    macro: Macro
    braces: int = 0

    def add(self, node: Node) -> None:
        part = self.macro.parts[-1]
        if isinstance(node, str) and part and isinstance(part[-1], str):
            part[-1] += node
        else:
            part.append(node)


def parse(text: str) -> list[Node]:
    """The nodes of a text. Never fails: what is no macro is text."""
    stack = [_Open(Macro())]
    tokens = _TOKEN.findall(text)
    index = 0
    while index < len(tokens):
        index += _take(tokens, index, stack)
    while len(stack) > 1:
        _give_up(stack)
    return stack[0].macro.parts[0]


def _take(tokens: list[str], index: int, stack: list[_Open]) -> int:
    """Handle one token (or the two of ``}}``); how many were used."""
    mark, top, inside = tokens[index], stack[-1], len(stack) > 1
    if mark[0] == "{":
        _open(mark, stack)
    elif mark == "}" and inside and top.braces:
        top.braces -= 1
        top.add(mark)
    elif mark == "}" and inside and tokens[index + 1 : index + 2] == ["}"]:
        stack.pop()
        stack[-1].add(top.macro)
        return 2
    elif mark == "::" and inside and not top.braces:
        top.macro.parts.append([])
    elif mark in ("\\{", "\\}") and (inside or _doubled(tokens, index)):
        top.add(mark[1])
    elif mark[0] == "<" and mark.lower() in _OLD_NAMES:
        top.add(Macro([[_OLD_NAMES[mark.lower()]]]))
    else:
        top.add(mark)
    return 1


def _open(run: str, stack: list[_Open]) -> None:
    if len(run) % 2:
        stack[-1].add("{")
        stack[-1].braces += 1
    for _ in range(len(run) // 2):
        if len(stack) > DEPTH_LIMIT:
            stack[-1].add("{{")
            stack[-1].braces += 2
        else:
            stack.append(_Open(Macro()))


def _give_up(stack: list[_Open]) -> None:
    """The innermost open macro was never closed: it is text, the macros inside it stay macros."""
    lost = stack.pop()
    stack[-1].add("{{")
    for number, part in enumerate(lost.macro.parts):
        if number:
            stack[-1].add("::")
        for node in part:
            stack[-1].add(node)


def _doubled(tokens: list[str], index: int) -> bool:
    """Outside macros only ``\\{\\{`` and ``\\}\\}`` are escapes, so that other backslashes stay as they are."""
    return tokens[index] in (tokens[index - 1] if index else "", *tokens[index + 1 : index + 2])


def _end(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match else 0
