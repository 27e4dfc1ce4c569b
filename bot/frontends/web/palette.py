"""The commands as the page's script needs them, and what of one was typed so far."""

from __future__ import annotations

from typing import Any

from bot.domain.errors import UserError
from bot.engine.commands.catalogue import Catalogue, Option
from bot.engine.commands.parse import find, parse


def listed(catalogue: Catalogue) -> list[dict[str, Any]]:
    """All commands as plain values."""
    return [
        {"name": c.name, "aliases": list(c.aliases), "help": c.help, "options": [_option(o) for o in c.options]}
        for c in catalogue.commands.values()
    ]


def _option(option: Option) -> dict[str, Any]:
    return {
        "name": option.name,
        "help": option.help,
        "rest": option.rest,
        "file": option.type == "file",
        "choices": list(option.choices),
        "complete": option.complete is not None,
    }


def filled(catalogue: Catalogue, before: str) -> dict[str, Any]:
    """The options in a line up to the one being typed; none while they cannot be read."""
    try:
        command, rest = find(catalogue, before)
        return parse(command, rest)
    except UserError:
        return {}
