"""From a drafted prompt to the finished pair. One function, one order, for every mode.

Positive: extra prompt of the model, quality tags of its family, style or common prefix, character prefix, prompt. Where the prefix
holds ``{prompt}``, the prompt goes there, and the character prefix comes after everything else.
Positive for models that read sentences (``Parts.subject_first``), unless ``{prompt}`` says otherwise: prompt, character prefix, extra
prompt of the model, quality tags, style or common prefix.
Negative: the call's, style or common, the character's, the model's.

The rules are SillyTavern's, with these differences made on purpose: ``$&`` and its like in a prompt are plain text (there they are
replacement patterns of JavaScript); ``{{prompt}}`` in a prefix marks the place like ``{prompt}``; ``{{charPrefix}}`` in a free prompt
always brings prefix and negative prompt along, also from a command and in a group (there a command in a group has none); macros may
have spaces inside their braces; a re-roll reuses the take's finished pair and never comes here, so prefixes are never doubled.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce

from bot.domain.pictures import Mode, Prompt
from bot.engine.pictures.modes import MODE_TABLE
from bot.engine.story.macros import expand
from bot.engine.story.world import World

# What JavaScript's trim() and \s take for white space; the rules were made there.
_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_EDGE_COMMA = re.compile(r"\A,|,\Z")
_MARKER = re.compile(r"\{\{prompt\}\}|\{prompt\}")
_CHAR_PREFIX = re.compile(rf"\Achar([{_SPACE}]|,)|\{{\{{charPrefix\}}\}}", re.IGNORECASE | re.ASCII)
_FULL_STOPS = tuple(".!?…。！？")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a prompt is made of. ``prefix`` and ``negative`` are the style's where one is in use, else the chat's common pair."""

    mode: Mode
    prompt: str
    prefix: str = ""
    negative: str = ""
    character_prefix: str = ""
    character_negative: str = ""
    extra_negative: str = ""
    """The call's own negative prompt."""
    group: bool = False
    """More than one character takes part: nobody's prefix applies by itself, only when a free prompt calls for it. The character is
    then who spoke last."""
    model_prompt: str = ""
    quality_tags: str = ""
    model_negative: str = ""
    subject_first: bool = False
    """The model reads sentences: what the picture shows comes before style and extra words."""
    world: World | None = None
    """What macros expand to; None leaves them as they are."""


@dataclass(frozen=True, slots=True)
class Composed:
    """The finished pair, and the variables that macros in it set, for the caller to store."""

    prompt: Prompt
    variables: dict[str, str] = field(default_factory=dict)


def _clean(text: str) -> str:
    return _trim(_EDGE_COMMA.sub("", _trim(text)))


def _trim(text: str) -> str:
    return text.strip(_SPACE)


def join(base: str, extra: str, *, marker: bool = False) -> str:
    """``base, extra`` without stray commas at the seam; an empty ``extra`` leaves ``base`` as it is.

    With ``marker``, the first ``{prompt}`` in ``base`` is replaced by ``extra`` instead.
    """
    if not extra:
        return base
    left, right = _clean(base), _clean(extra)
    if marker and _MARKER.search(left):
        return _clean(_MARKER.sub(lambda _: right, left, count=1))
    return _clean(f"{left}, {right},")


def compose(parts: Parts) -> Composed:
    """The finished positive and negative prompt. Macros are expanded last, on the joined strings."""
    steps: list[str] = []
    own_prefix, own_negative = ("", "") if parts.group else (parts.character_prefix, parts.character_negative)
    prompt, call_negative = _with_character(parts, steps)
    applies = MODE_TABLE[parts.mode].character_prefix
    described = own_prefix if applies else ""
    marked = any(_MARKER.search(text) for text in (parts.model_prompt, parts.quality_tags, parts.prefix, described))
    leads = parts.subject_first and bool(prompt) and not marked
    positive = (_subject_first if leads else _subject_last)(parts, prompt, described, steps)
    negative = join(join(call_negative, join(parts.negative, own_negative if applies else "")), parts.model_negative)
    steps.extend(_negative_steps(parts, own_negative if applies else ""))
    if parts.world is None:
        return Composed(Prompt(positive=positive, negative=negative, steps=tuple(steps)))
    world = replace(parts.world, char_prefix=own_prefix, char_negative=own_negative, prompt=parts.world.prompt or prompt)
    return _expanded(positive, negative, steps, world)


def _subject_last(parts: Parts, prompt: str, described: str, steps: list[str]) -> str:
    add = _recorder(steps)
    positive = add("extra prompt of the model", "", parts.model_prompt)
    positive = add("quality tags", positive, parts.quality_tags)
    positive = add("prefix", positive, parts.prefix)
    if described:
        steps.append(f"character prefix: {described}")
        positive = join(positive, described)
    if prompt:
        how = "prompt at the marker" if _MARKER.search(positive) else "prompt"
        steps.append(f"{how}: {prompt}")
    return join(positive, prompt, marker=True)


def _subject_first(parts: Parts, prompt: str, described: str, steps: list[str]) -> str:
    named = (
        ("prompt", prompt),
        ("character prefix", described),
        ("extra prompt of the model", parts.model_prompt),
        ("quality tags", parts.quality_tags),
        ("prefix", parts.prefix),
    )
    steps.extend(f"{name}: {text}" for name, text in named if text)
    return reduce(_follow, (text for _, text in named))


def _follow(base: str, extra: str) -> str:
    """Words behind words as in prose: a sentence is followed by a space, anything else by a comma."""
    left, right = base.strip(f"{_SPACE},"), extra.strip(f"{_SPACE},")
    if not left or not right:
        return left or right
    if left.endswith((*_FULL_STOPS, ":", ";")):
        return f"{left} {right}"
    return f"{left}. {right}" if right[0].isupper() and right.endswith(_FULL_STOPS) else f"{left}, {right}"


def _negative_steps(parts: Parts, character: str) -> list[str]:
    named = (
        ("negative of the call", parts.extra_negative),
        ("negative", parts.negative),
        ("character negative", character),
        ("negative of the model", parts.model_negative),
    )
    return [f"{name}: {text}" for name, text in named if text]


def _recorder(steps: list[str]) -> Callable[[str, str, str], str]:
    def add(name: str, base: str, extra: str) -> str:
        if not extra:
            return base
        steps.append(f"{name}: {extra}")
        # the first text in stays as it was written: the original does not touch a prefix that nothing is joined to
        return join(base, extra) if base else extra

    return add


def _with_character(parts: Parts, steps: list[str]) -> tuple[str, str]:
    """A free prompt may call the character in by ``{{charPrefix}}`` or a leading «char»; each call brings its negative prompt."""
    if parts.mode != "free":
        return parts.prompt, parts.extra_negative
    call_negative = parts.extra_negative
    prefix, negative = _trim(parts.character_prefix), _trim(parts.character_negative)

    def called(match: re.Match[str]) -> str:
        nonlocal call_negative
        call_negative = join(call_negative, negative)
        steps.append(f"character prefix by {match.group(0).strip()}: {prefix}")
        return join(prefix, match.group(1) or "")

    return _CHAR_PREFIX.sub(called, _trim(parts.prompt)), call_negative


def _expanded(positive: str, negative: str, steps: list[str], world: World) -> Composed:
    first = expand(positive, world)
    second = expand(negative, replace(world, variables={**world.variables, **first.changed}))
    if first.text != positive or second.text != negative:
        steps.append("macros expanded")
    prompt = Prompt(positive=first.text, negative=second.text, steps=tuple(steps))
    return Composed(prompt, {**first.changed, **second.changed})
