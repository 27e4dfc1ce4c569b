"""Commands written as text, on every platform: ``/imagine negative="fries" steps=30 cute tater``.

Named arguments come first, the free words after them. The same grammar reads Telegram's commands, the page's palette and the
``options`` text of Discord commands.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.domain.errors import UserError
from bot.domain.events import Attachment
from bot.engine.commands.catalogue import Catalogue, Command, Option

_NAMED = re.compile(r"\s*(\w[\w-]*)=")
_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "”": "”", "«": "»", "‘": "’"}
_TRUE = {"on", "true", "1", "yes", "y"}
_FALSE = {"off", "false", "0", "no", "n"}
_CLOSE = 0.7
"""How alike (difflib ratio) an unknown name must be to an option to count as a slip of the finger."""


def find(catalogue: Catalogue, text: str) -> tuple[Command, str]:
    """The command that ``text`` (``style use noir``, with or without slash and ``@bot``) names, and the words after it.

    A group word takes its sub-command from the next word (``/style use``, ``/style_use``); alone it means the command of that very
    name, else the group's ``list`` or ``show``. Raises ``UserError`` naming what comes near.
    """
    word, _, rest = _first(text.strip().removeprefix("/"))
    name = word.partition("@")[0].lower().replace("_", "-")
    if members := catalogue.group(name):
        second, _, after = _first(rest)
        if found := catalogue.command(f"{name} {second.lower()}"):
            return found, after
        return _bare(catalogue, name, members, second), rest
    if found := catalogue.command(name) or catalogue.command(name.replace("-", " ", 1)):
        return found, rest
    known = {key.partition(" ")[0] for key in catalogue.commands}
    near = difflib.get_close_matches(name, known, 1, _CLOSE)
    hint = f" Did you mean /{near[0].replace('-', '_')}?" if near else " /help lists what there is."
    raise UserError(f"There is no command /{name[:32]}.{hint}")


def _bare(catalogue: Catalogue, name: str, members: tuple[Command, ...], second: str) -> Command:
    """What a group word means without a sub-command."""
    if found := catalogue.commands.get(name):
        return found
    if not second:
        for default in ("list", "show"):
            if found := catalogue.commands.get(f"{name} {default}"):
                return found
    words = [member.name.partition(" ")[2] for member in members]
    near = difflib.get_close_matches(second.lower(), words, 1, _CLOSE)
    hint = f"did you mean /{name} {near[0]}?" if near else "it knows " + ", ".join(f"/{name} {word}" for word in words) + "."
    raise UserError(f"/{name} needs one more word; {hint}" if not second else f"/{name} does not know «{second[:32]}»; {hint}")


def parse(command: Command, text: str) -> dict[str, Any]:
    """The arguments in ``text``, converted and checked; only those that were given.

    Words after the named arguments go to the option marked ``rest``; further required options take one word each before it. A
    command without such an option takes words in the order of its options. Raises ``UserError`` naming option, value and what was
    expected.
    """
    given: dict[str, Any] = {}
    position = 0
    while found := _NAMED.match(text, position):
        option = option_named(command, found[1])
        if option is None:
            if suggestion := _near(command, found[1]):
                raise UserError(f"There is no option «{found[1]}». Did you mean «{suggestion}»?")
            break
        value, position = _value(text, found.end(), option.name)
        given[option.name] = convert(option, value)
    _place_words(command, text[position:].strip(), given)
    return given


def missing(command: Command, arguments: dict[str, Any]) -> Option | None:
    """The first required option that was not given."""
    return next((o for o in command.options if o.required and o.name not in arguments), None)


def check_required(command: Command, arguments: dict[str, Any]) -> None:
    """Raise ``UserError`` when a required option is missing."""
    if option := missing(command, arguments):
        raise UserError(f"/{command.name} needs «{option.name}»: {option.help}")


def name_files(
    command: Command, files: Sequence[Attachment], named: Mapping[str, Attachment] = MappingProxyType({})
) -> dict[str, Attachment]:
    """Files that came without names as the command's file options, in their order, besides those ``named`` already; more files than
    options are left out."""
    wanted = [o.name for o in command.options if o.type == "file"]
    known = {name: named[name] for name in wanted if name in named}
    return known | dict(zip((name for name in wanted if name not in known), files, strict=False))


def option_named(command: Command, name: str) -> Option | None:
    """An option by name or alias, in any case, with dashes or underscores."""
    plain = _plain(name)
    return next((o for o in command.options if plain in (_plain(n) for n in (o.name, *o.aliases))), None)


def convert(option: Option, value: str) -> Any:
    """``value`` as the option's type, range and choices checked. Raises ``UserError``."""
    match option.type:
        case "boolean":
            return _boolean(option, value)
        case "integer" | "number":
            return _number(option, value)
        case "file":
            raise UserError(f"«{option.name}» is a file: attach it to the message instead.")
    if not option.choices:
        return value
    for choice in option.choices:
        if _plain(choice) == _plain(value.strip()):
            return choice
    raise _wrong(option, value, "one of " + ", ".join(option.choices))


def _place_words(command: Command, words: str, given: dict[str, Any]) -> None:
    free = [o for o in command.options if o.type != "file" and o.name not in given and not o.rest]
    rest = next((o for o in command.options if o.rest and o.name not in given), None)
    slots = [o for o in free if o.required] if rest else [o for o in free if not o.advanced]
    for number, option in enumerate(slots):
        if not words:
            return
        takes_all = rest is None and option.type == "text" and not option.choices and number == len(slots) - 1
        if takes_all and words[0] not in _QUOTES:
            value, words = words, ""
        else:
            value, end = _value(words, 0, option.name)
            words = words[end:].strip()
        given[option.name] = convert(option, value)
    if words and rest:
        given[rest.name] = convert(rest, words)
    elif words:
        raise UserError(f"/{command.name} does not know what to do with «{words[:60]}».")


def _value(text: str, start: int, name: str) -> tuple[str, int]:
    """A bare word or a quoted text with backslash escapes from ``start`` on, and where it ends."""
    if start >= len(text) or text[start] not in _QUOTES:
        bare = re.compile(r"\S*").match(text, start)
        assert bare is not None  # the pattern matches the empty text
        return bare[0], bare.end()
    closing = _QUOTES[text[start]]
    out: list[str] = []
    position = start + 1
    while position < len(text):
        character = text[position]
        if character == closing:
            return "".join(out), position + 1
        if character == "\\" and text[position + 1 : position + 2] in (closing, "\\"):
            position += 1
            character = text[position]
        out.append(character)
        position += 1
    raise UserError(f"The quotation mark after «{name}» is never closed.")


def _boolean(option: Option, value: str) -> bool:
    word = value.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise _wrong(option, value, "on or off")


def _number(option: Option, value: str) -> int | float:
    whole = option.type == "integer"
    text = value.strip().replace("_", "x")  # Python would read 1_000; people do not write that
    try:
        number: int | float = int(text) if whole and len(text) <= 20 else float(text.replace(",", ".", 1))
    except ValueError:
        raise _wrong(option, value, _range(option)) from None
    if not math.isfinite(number) or (whole and not isinstance(number, int)):
        raise _wrong(option, value, _range(option))
    if (option.least is not None and number < option.least) or (option.most is not None and number > option.most):
        raise _wrong(option, value, _range(option))
    return number


def _range(option: Option) -> str:
    kind = "a whole number" if option.type == "integer" else "a number"
    if option.least is not None and option.most is not None:
        return f"{kind} from {option.least:g} to {option.most:g}"
    if option.least is not None:
        return f"{kind} of at least {option.least:g}"
    return kind if option.most is None else f"{kind} of at most {option.most:g}"


def _wrong(option: Option, value: str, expected: str) -> UserError:
    return UserError(f"«{option.name}» is «{value[:60]}», expected {expected}.")


def _near(command: Command, name: str) -> str | None:
    names = [_plain(n) for o in command.options for n in (o.name, *o.aliases)]
    near = difflib.get_close_matches(_plain(name), names, 1, _CLOSE) if len(name) > 2 else []
    return near[0] if near else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _first(text: str) -> tuple[str, str, str]:
    """The first word, what separates it, and the rest."""
    found = re.match(r"(\S*)(\s*)(.*)", text, re.DOTALL)
    assert found is not None  # every part of the pattern may be empty
    return found[1], found[2], found[3]
