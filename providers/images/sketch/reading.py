"""Reads a prompt: what is in the picture, where, when, in which weather, and who."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from providers.images.sketch import vocabulary as words
from providers.images.sketch.clipart import find_icon

MOST_THINGS = 6
MOST_BESIDE_PEOPLE = 2
_WORD = re.compile(r"[a-zà-ÿ][a-zà-ÿ'-]*", re.IGNORECASE)
_WITHOUT = re.compile(r"\b(?:no|without|empty of)\s+(\w+)")
_MARKUP = re.compile(r"<[^>]{0,200}>|[(){}\[\]]|:\d+(?:\.\d+)?")
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "several": 3, "many": 4, "pair": 2, "some": 3}


@dataclass(frozen=True, slots=True)
class Thing:
    """One clip-art subject: the icon's name, how many, and a colour when one was named."""

    icon: str
    count: int = 1
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """How a person looks, as far as the prompt says; it alone decides the face, so the same words give the same person."""

    female: bool | None = None
    hair_colour: str | None = None
    hair_style: str | None = None
    skin: str | None = None
    clothes: str | None = None
    expression: str | None = None
    beard: bool = False
    glasses: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt understood."""

    time: str | None
    weather: str | None
    place: str | None
    things: tuple[Thing, ...]
    people: int
    look: Look = field(default_factory=Look)
    close: bool = False
    """A head-and-shoulders portrait was asked for."""


def read_prompt(prompt: str, negative: str = "") -> Reading:
    """Understand a prompt, tags or sentences; what the negative prompt names is left out."""
    text = _MARKUP.sub(" ", prompt[:4000]).replace("_", " ").lower()
    unwanted = {w for w in _WORD.findall(negative[:4000].lower()) if len(w) > 2} | set(_WITHOUT.findall(text))
    tokens = [w for w in _WORD.findall(text) if w not in unwanted]
    joined = f" {' '.join(tokens)} "
    people = 0 if unwanted & {"person", "people", "human", "humans"} else _people(tokens, joined)
    return Reading(
        time=_first(joined, words.TIMES),
        weather=_first(joined, words.WEATHERS),
        place=_first(joined, words.PLACES),
        things=_things(tokens, people),
        people=people,
        look=_look(tokens, joined) if people else Look(),
        close=any(mark in joined for mark in (" close-up ", " closeup ", " face ", " selfie ", " head ", " upper body ")),
    )


def _first(joined: str, table: dict[str, str]) -> str | None:
    """The meaning of the earliest word of a table in the text."""
    best: tuple[int, str] | None = None
    for word, meaning in table.items():
        at = joined.find(f" {word} ")
        if at >= 0 and (best is None or at < best[0]):
            best = (at, meaning)
    return best[1] if best else None


def _people(tokens: list[str], joined: str) -> int:
    for word, count in words.SEVERAL.items():
        if f" {word} " in joined:
            return count
    return 1 if any(f" {word} " in joined for word in words.PEOPLE) else 0


def _things(tokens: list[str], people: int) -> tuple[Thing, ...]:
    """Clip-art subjects in order of mention; longer names win («apple tree» before «apple»)."""
    found: dict[str, Thing] = {}
    at = 0
    most = MOST_BESIDE_PEOPLE if people else MOST_THINGS
    while at < len(tokens) and len(found) < most:
        for length in range(min(3, len(tokens) - at), 0, -1):
            phrase = " ".join(tokens[at : at + length])
            icon = None if phrase in words.UNDRAWN else find_icon(phrase)
            if icon is not None and not (people and phrase in words.WORN):
                colour = next((words.COLOURS[t] for t in reversed(tokens[max(0, at - 2) : at]) if t in words.COLOURS), None)
                before = tokens[at - 1] if at else ""
                plural = phrase.endswith("s") and icon != phrase
                count = next(
                    (_NUMBERS[t] for t in reversed(tokens[max(0, at - 3) : at]) if t in _NUMBERS), 3 if plural and before != "the" else 1
                )
                if icon not in found:
                    found[icon] = Thing(icon, count, colour)
                at += length - 1
                break
        at += 1
    return tuple(found.values())


def _look(tokens: list[str], joined: str) -> Look:
    female: bool | None = None
    for token in tokens:
        if token in words.FEMALE or token in words.MALE:
            female = token in words.FEMALE
            break
    return Look(
        female=female,
        hair_colour=_coloured(tokens, {"hair", "haired", "curls", "braids", "ponytail"}),
        hair_style=next(
            (
                s
                for s in words.HAIR_STYLES
                if re.search(rf" {s} (?:\w+ )?hair | {s} ", joined) and (s not in ("long", "short") or f" {s} " in _around(tokens, "hair"))
            ),
            None,
        ),
        skin=next((tone for word, tone in words.SKINS.items() if re.search(rf" {word}(?:-| )skin", joined)), None),
        clothes=_coloured(tokens, words.CLOTHES),
        expression=next((e for word, e in words.EXPRESSIONS.items() if f" {word} " in joined), None),
        beard=" beard " in joined or " bearded " in joined or " moustache " in joined,
        glasses=" glasses " in joined or " spectacles " in joined,
    )


def _around(tokens: list[str], word: str) -> str:
    """The three words before each ``word``, for adjectives."""
    near = [t for i, token in enumerate(tokens) if token == word for t in tokens[max(0, i - 3) : i]]
    return f" {' '.join(near)} "


def _coloured(tokens: list[str], nouns: set[str]) -> str | None:
    """The colour named shortly before one of these nouns."""
    for i, token in enumerate(tokens):
        if token in nouns or token.removesuffix("s") in nouns:
            for before in reversed(tokens[max(0, i - 3) : i]):
                if before in words.COLOURS:
                    return words.COLOURS[before]
        if token.endswith("-haired") and "hair" in nouns and token.split("-")[0] in words.COLOURS:
            return words.COLOURS[token.split("-")[0]]
    return None
