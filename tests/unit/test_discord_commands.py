"""The catalogue as Discord application commands: within Discord's limits, and nothing lost."""

from __future__ import annotations

import re
from typing import Any

from bot.engine.commands.all import build_catalogue
from bot.engine.commands.catalogue import Command, Option
from bot.engine.commands.context import CommandContext
from bot.frontends.discord.commands import command_table, direct_options

NAME = re.compile(r"^[-_\w]{1,32}$")


def texts(command: dict[str, Any]) -> int:
    """Characters that count towards Discord's 8000 per command."""
    size = len(command["name"]) + len(command.get("description", ""))
    size += sum(len(c["name"]) + len(c["value"]) for c in command.get("choices", ()))
    return size + sum(texts(option) for option in command.get("options", ()))


def test_the_catalogue_keeps_discords_limits() -> None:
    table = command_table(build_catalogue())
    slash = [c for c in table.payload if c["type"] == 1]
    assert len(slash) <= 100
    assert len(table.payload) - len(slash) <= 15
    assert table.left_out == []
    assert len({(c["name"], c["type"]) for c in table.payload}) == len(table.payload)
    for command in slash:
        assert texts(command) <= 8000
        waiting = [command]
        while waiting:
            one = waiting.pop()
            assert NAME.match(one["name"])
            assert one["name"] == one["name"].lower()
            assert 1 <= len(one["description"]) <= 100
            assert len(one.get("options", ())) <= 25
            required = [o.get("required", False) for o in one.get("options", ())]
            assert required == sorted(required, reverse=True)
            assert len(one.get("choices", ())) <= 25
            waiting.extend(one.get("options", ()))


def test_every_command_alias_and_action_is_reachable() -> None:
    catalogue = build_catalogue()
    table = command_table(catalogue)
    reached = {command.name for command in table.paths.values()}
    assert reached == set(catalogue.commands)
    for alias in ("sd", "img", "image"):
        assert table.paths[alias].name == "imagine"
    assert {c.name for c in table.actions.values()} == {c.name for c in catalogue.actions()}
    for command in catalogue.commands.values():
        missing = set(command.options) - set(direct_options(command))
        assert all(o.advanced for o in missing)


def test_the_fingerprint_follows_the_payload() -> None:
    one, other = command_table(build_catalogue()), command_table(build_catalogue())
    assert one.fingerprint == other.fingerprint
    other.payload[0]["description"] = "something else"
    assert one.fingerprint != other.fingerprint


async def _nothing(_: CommandContext) -> None:
    return None


def test_files_are_options_of_their_own_however_many_there_are() -> None:
    """No text option can hold a file."""
    options = (*(Option(f"o{n}", "", advanced=n > 3) for n in range(40)), Option("picture", "", "file", advanced=True))
    direct = direct_options(Command("many", "", _nothing, options))
    assert [o.name for o in direct] == ["o0", "o1", "o2", "o3", "picture"]
    options = (*(Option(f"o{n}", "") for n in range(40)), Option("picture", "", "file"))
    direct = direct_options(Command("many", "", _nothing, options))
    assert len(direct) == 24
    assert direct[-1].name == "picture"
