"""The macros by name. Names are in small letters; what they mean follows the role-play world's usual list."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.engine.story import clock
from bot.engine.story.world import TRIM, Piece

if TYPE_CHECKING:
    from bot.engine.story.macros import Expansion

_MANY = 200
_DICE = re.compile(r"([+-]?)(?:(\d{1,4})?d(\d{1,6})|(\d{1,9}))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One macro: how many arguments it takes and what it does. A call with another number of arguments is no macro."""

    run: Callable[[Expansion, list[str]], Piece | None]
    least: int = 0
    most: int = 0


def _field(name: str) -> Entry:
    """A plain text of the world."""
    return Entry(lambda e, _: str(getattr(e.world, name)))


def _card(name: str) -> Entry:
    """A card field: a template of its own."""
    return Entry(lambda e, _: e.card(getattr(e.world, name)))


def _original(e: Expansion, _: list[str]) -> Piece | None:
    if e.world.original is None:
        return None
    if e.original_used:
        return ""
    e.original_used = True
    return e.world.original


def _set(e: Expansion, arguments: list[str]) -> Piece:
    e.variables.set(arguments[0], "::".join(arguments[1:]))
    return ""


def _add(e: Expansion, arguments: list[str]) -> Piece:
    e.variables.add(arguments[0], "::".join(arguments[1:]))
    return ""


def _options(arguments: list[str]) -> list[str]:
    """The alternatives of random and pick: arguments, or one argument split at commas (``\\,`` is a comma)."""
    if len(arguments) > 1:
        return arguments
    return [part.replace("\0", ",").strip() for part in arguments[0].replace("\\,", "\0").split(",")]


def _random(e: Expansion, arguments: list[str]) -> Piece:
    return e.world.rng.choice(_options(arguments))


def _pick(e: Expansion, arguments: list[str]) -> Piece:
    e.picks += 1
    seed = hashlib.sha256(f"{e.world.pick_seed}\0{e.picks}\0{e.source}".encode("utf-8", "replace")).digest()
    return random.Random(seed).choice(_options(arguments))


def _roll(e: Expansion, arguments: list[str]) -> Piece:
    """A sum of dice and numbers; a bare number n is one n-sided die; anything else gives nothing."""
    formula = re.sub(r"\s+", "", arguments[0])
    if formula.isdigit():
        formula = f"1d{formula}"
    total, end = 0, 0
    for number, match in enumerate(_DICE.finditer(formula)):
        if match.start() != end or (number and not match.group(1)) or number > 20:
            return ""
        end = match.end()
        total += (-1 if match.group(1) == "-" else 1) * _thrown(e.world.rng, match)
    return str(total) if formula and end == len(formula) else ""


def _thrown(rng: random.Random, match: re.Match[str]) -> int:
    count, sides, plain = match.group(2), match.group(3), match.group(4)
    if plain is not None:
        return int(plain)
    if not int(sides):
        return 0
    return sum(rng.randint(1, int(sides)) for _ in range(min(int(count or 1), 1000)))


def _time(e: Expansion, arguments: list[str]) -> Piece | None:
    moment = clock.at_offset(e.now, arguments[0]) if arguments else e.now
    return None if moment is None else clock.time_of(moment)


def _repeated(text: str) -> Callable[[Expansion, list[str]], Piece]:
    def run(_: Expansion, arguments: list[str]) -> Piece:
        count = arguments[0].strip() if arguments else "1"
        return text * min(int(count), 100) if count.isdecimal() else ""

    return run


def _idle(e: Expansion, _: list[str]) -> Piece:
    return clock.human(e.world.idle) if e.world.idle is not None else "just now"


def _char_if_alone(e: Expansion, _: list[str]) -> Piece:
    return ", ".join(e.world.group) or e.world.char


TABLE: dict[str, Entry] = {
    "user": _field("user"),
    "char": _field("char"),
    "bot": _field("char"),
    "group": Entry(_char_if_alone),
    "charifnotgroup": Entry(_char_if_alone),
    "description": _card("description"),
    "personality": _card("personality"),
    "scenario": _card("scenario"),
    "mesexamples": _card("mes_example"),
    "mesexamplesraw": _card("mes_example"),
    "charprompt": _card("system_prompt"),
    "charinstruction": _card("post_history"),
    "charjailbreak": _card("post_history"),
    "creatornotes": _card("creator_notes"),
    "charversion": _card("char_version"),
    "char_version": _card("char_version"),
    "charprefix": _card("char_prefix"),
    "charnegativeprefix": _card("char_negative"),
    "persona": _field("persona"),
    "original": Entry(_original),
    "prompt": _field("prompt"),
    "prefixedprompt": _field("prefixed_prompt"),
    "model": _field("model"),
    "lastmessage": _field("last_message"),
    "lastusermessage": _field("last_user_message"),
    "lastcharmessage": _field("last_char_message"),
    "newline": Entry(_repeated("\n"), 0, 1),
    "space": Entry(_repeated(" "), 0, 1),
    "noop": Entry(lambda *_: ""),
    "trim": Entry(lambda *_: TRIM),
    "banned": Entry(lambda *_: "", 0, 1),
    "outlet": Entry(lambda *_: "", 0, 1),
    "reverse": Entry(lambda _, a: a[0][::-1], 1, 1),
    "random": Entry(_random, 1, _MANY),
    "pick": Entry(_pick, 1, _MANY),
    "roll": Entry(_roll, 1, 1),
    "time": Entry(_time, 0, 1),
    "time_utc": Entry(_time, 1, 1),
    "date": Entry(lambda e, _: clock.date_of(e.now)),
    "weekday": Entry(lambda e, _: clock.weekday_of(e.now)),
    "isotime": Entry(lambda e, _: f"{e.now:%H:%M}"),
    "isodate": Entry(lambda e, _: f"{e.now:%Y-%m-%d}"),
    "datetimeformat": Entry(lambda e, a: clock.formatted(e.now, "::".join(a)), 1, 9),
    "idle_duration": Entry(_idle),
    **{
        name: entry
        for scope in ("", "global")
        for name, entry in {
            f"set{scope}var": Entry(_set, 2, _MANY),
            f"add{scope}var": Entry(_add, 2, _MANY),
            f"inc{scope}var": Entry(lambda e, a: e.variables.step(a[0], 1), 1, 1),
            f"dec{scope}var": Entry(lambda e, a: e.variables.step(a[0], -1), 1, 1),
            f"get{scope}var": Entry(lambda e, a: e.variables.get(a[0]), 1, 1),
            f"has{scope}var": Entry(lambda e, a: "true" if e.variables.raw(a[0]) else "false", 1, 1),
        }.items()
    },
}
