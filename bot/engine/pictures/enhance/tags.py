"""A prompt of tags taken apart, tidied and put together again. Everything here takes time in proportion to the prompt's length.

A prompt has parts, divided by ``BREAK`` or ``AND`` outside of brackets; a part has tags, divided by commas outside of brackets. LoRAs,
macros, wildcards and embeddings are never changed. Brackets are AUTOMATIC1111's ``(tag:1.2)``, ``[from:to:when]`` and ``{a|b}`` of
dynamic prompts, NovelAI's ``{tag}``, ``[tag]`` and ``1.2::tag::``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_APART = r"<\w+:[^<>]*>|__[^\s,]+__|\bembedding:[^\s,()]+"
_KEPT = rf"{_APART}|\{{\{{[^{{}}]*\}}\}}"
_NOT_LOWERED = re.compile(rf"{_KEPT}|\b(?:BREAK|AND)\b")
_UNNAMED = re.compile(rf"{_APART}|\{{\{{\w+::[^{{}}]*\}}\}}")
"""What says nothing about its place. ``{{red hair}}`` does: it is NovelAI's way to stress a tag."""
_SMILEY = r"(?<![^\s,])>?[:;=][()](?=\s*(?:,|\Z))"
_WHOLE = re.compile(rf"{_KEPT}|{_SMILEY}|(?<![\d.])\d+(?:\.\d+)?::[^:]*::")
"""What no comma or bracket inside of it divides."""
_MARKS = re.compile(r"\\.|[(\[{]|[)\]}]|,|\b(?:BREAK|AND)\b", re.DOTALL)
_WEIGHTED = re.compile(r"\A\((.+):(\d+(?:\.\d+)?)\)\Z")
_WEIGHT = re.compile(r":\s*-?\d+(?:\.\d+)?\s*(?=[)\]])|(?<![\d.])-?\d+(?:\.\d+)?::|::")
_BRACKETS = re.compile(r"(?<!\\)[()\[\]{}]")
_SCORE = re.compile(r"\Ascore \d+(?: up)?\Z")


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between two dividers."""

    tags: tuple[str, ...]
    divider: str = ""
    """The divider before it; empty for the first part."""
    commas: tuple[bool, bool] = (False, False)
    """Whether a comma stood before and behind the divider."""
    movable: bool = True
    """False where the prompt's brackets do not match, so that a bracket may reach over several tags."""


def parts_of(text: str) -> list[Part]:
    """The parts of a prompt, at least one; each may be empty. Tags are as they were written, white space folded."""
    masked = _WHOLE.sub(lambda match: "\0" * len(match.group()), text)
    marks = _marks(masked)
    balanced = all(depth >= 0 for _, depth in marks) and (not marks or marks[-1][1] == 0)
    pieces: list[list[str]] = [[]]
    dividers: list[str] = []
    begin = 0
    for match, depth in marks:
        mark = match.group()
        if mark[0] in "\\([{)]}" or (depth and balanced):
            continue  # with unequal brackets every comma divides
        pieces[-1].append(" ".join(text[begin : match.start()].split()))
        begin = match.end()
        if mark != ",":
            pieces.append([])
            dividers.append(mark)
    pieces[-1].append(" ".join(text[begin:].split()))
    parts = [Part(tuple(filter(None, pieces[0])), movable=balanced and "::" not in masked)]
    for before, divider, tags in zip(pieces, dividers, pieces[1:], strict=False):
        commas = (len(before) > 1 and not before[-1], len(tags) > 1 and not tags[0])
        parts.append(replace(parts[0], tags=tuple(filter(None, tags)), divider=divider, commas=commas))
    return parts


def _marks(masked: str) -> list[tuple[re.Match[str], int]]:
    """Every mark with how deep in brackets one is behind it."""
    depth = 0
    found: list[tuple[re.Match[str], int]] = []
    for match in _MARKS.finditer(masked):
        mark = match.group()
        depth += (mark in "([{") - (mark in ")]}")
        found.append((match, depth))
    return found


def tidied(parts: Iterable[Part], *, scores: bool) -> list[Part]:
    """Lower case, each tag once in its part, no score tags unless ``scores``. A weight says more than the tag without one."""
    result: list[Part] = []
    for part in parts:
        kept: dict[str, str] = {}
        for tag in map(_lower, part.tags):
            if not scores and is_score(tag):
                continue
            name = bare(tag)
            if name not in kept or _WEIGHTED.match(tag):
                kept[name] = tag
        result.append(replace(part, tags=tuple(kept.values())))
    return result


def joined(parts: Iterable[Part]) -> str:
    """The prompt again."""
    pieces: list[str] = []
    behind = False  # whether tags stand right before the divider
    for part in parts:
        before, after = part.commas
        if part.divider and before and behind:
            pieces[-1] += ","
        if part.divider:
            pieces.append(f"{part.divider}," if after and part.tags else part.divider)
        if part.tags:
            pieces.append(", ".join(part.tags))
        behind = bool(part.tags)
    return " ".join(pieces)


def is_score(tag: str) -> bool:
    """Whether it is a score tag, or a bracket of nothing else."""
    found = names(tag)
    return bool(found) and all(_SCORE.match(name) for name in found)


def bare(tag: str) -> str:
    """What makes two tags the same: their words, whatever the weight; danbooru writes spaces as underscores."""
    weighted = _WEIGHTED.match(tag)
    return (weighted.group(1) if weighted else tag).strip().replace("_", " ")


def names(tag: str) -> list[str]:
    """The plain tags in a tag or bracket: lower case, spaces for underscores, without weights, LoRAs, macros, wildcards, embeddings."""
    if re.fullmatch(_SMILEY, tag):
        return [tag]
    plain = _BRACKETS.sub("", _WEIGHT.sub("", _UNNAMED.sub(" ", tag)))
    found = (" ".join(name.replace("_", " ").split()) for name in re.split(r"[,|]", plain.lower()))
    return [name for name in found if name]


def _lower(tag: str) -> str:
    pieces: list[str] = []
    begin = 0
    for match in _NOT_LOWERED.finditer(tag):
        pieces += [tag[begin : match.start()].lower(), match.group()]
        begin = match.end()
    return "".join([*pieces, tag[begin:].lower()])
