"""Suggestions while somebody types an option, the one text option for everything that does not fit among them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.domain.errors import UserError
from bot.domain.places import ChatKey, Person, Place
from bot.engine.commands.catalogue import Command, Option
from bot.engine.commands.parse import option_named, parse
from bot.frontends.discord.commands import MORE, Given, direct_options

if TYPE_CHECKING:
    from bot.engine.engine import Engine

_WORD = re.compile(r'(?:[\w-]+=)?(?:"(?:\\.|[^"\\])*"?|\S+)|[\w-]+=', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """What stands in the text option: finished words, and the one being typed."""

    before: str
    name: str | None
    """The option it gives a value to; None while its name is being typed."""
    part: str

    @classmethod
    def read(cls, text: str) -> Line:
        words = list(_WORD.finditer(text))
        if not words or words[-1].end() < len(text):
            return cls(text, None, "")
        last = words[-1]
        name, equals, value = last[0].partition("=")
        if not equals or name.startswith('"'):
            return cls(text[: last.start()], None, last[0])
        return cls(text[: last.start()], name, value.strip('"'))


class Suggestions:
    """Asks the catalogue's options and the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, chat: ChatKey, place: Place, person: Person, command: Command, given: Given) -> list[str]:
        """Values for the option being typed, which may depend on the other options as they are filled so far."""
        assert given.focused is not None
        filled = {name: value for name, value in given.values.items() if name not in (given.focused, MORE)}
        hidden = [o for o in command.options if o not in direct_options(command)]
        if not hidden or given.focused != MORE:
            option = next((o for o in command.options if o.name == given.focused), None)
            return await self._values(chat, place, person, command, option, given.typed, filled)
        line = Line.read(given.typed)
        if line.name is None:
            return [f"{line.before}{o.name}=" for o in hidden if o.name.startswith(line.part.lower())]
        option = option_named(command, line.name)
        filled |= _finished(command, line.before)
        values = await self._values(chat, place, person, command, option, line.part, filled)
        return [f"{line.before}{line.name}={_quoted(value)}" for value in values]

    async def _values(
        self, chat: ChatKey, place: Place, person: Person, command: Command, option: Option | None, typed: str, filled: dict[str, Any]
    ) -> list[str]:
        if option is None:
            return []
        if option.type == "boolean":
            return [word for word in ("on", "off") if word.startswith(typed.lower())]
        if option.choices:
            return [choice for choice in option.choices if typed.lower() in choice.lower()]
        return list(await self._engine.complete(chat, place, person, command.name, option.name, typed, filled))


def _finished(command: Command, text: str) -> dict[str, Any]:
    try:
        return parse(command, text)
    except UserError:
        return {}


def _quoted(value: str) -> str:
    if not value or re.search(r'[\s"]', value):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return value
