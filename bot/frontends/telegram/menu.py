"""The command menu, made from the catalogue and set only when it changed."""

from __future__ import annotations

import hashlib
import json
import re

import structlog
from telegram import Bot, BotCommand

from bot.engine.commands.catalogue import Catalogue
from bot.frontends.telegram.notes import Notes

log = structlog.get_logger(__name__)

MOST = 100
"""Commands in a menu (Bot API: setMyCommands)."""


def menu_of(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Name and description of each menu entry; a group's sub-commands share one, the host's own commands have none.

    Bot API, BotCommand: names of 1-32 characters a-z, 0-9 and _, descriptions of 1-256.
    """
    entries: dict[str, str] = {}
    for command in catalogue.commands.values():
        word, _, second = command.name.partition(" ")
        name = word.replace("-", "_")
        if command.who == "host" or not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            continue
        if not second:
            entries[name] = command.help
        elif word not in catalogue.commands:
            words = [member.name.partition(" ")[2] for member in catalogue.group(word) if member.who != "host"]
            entries[name] = f"{word}: {', '.join(words)}"
    return [(name, " ".join(text.split())[:256] or name) for name, text in entries.items()][:MOST]


async def set_menu(bot: Bot, catalogue: Catalogue, notes: Notes) -> None:
    """Tell Telegram, unless it was told the same before."""
    entries = menu_of(catalogue)
    digest = hashlib.sha256(json.dumps(entries).encode()).hexdigest()
    note = f"telegram:menu:{bot.id}"
    if await notes.get(note) == digest:
        return
    await bot.set_my_commands([BotCommand(name, text) for name, text in entries])
    await notes.put(note, digest)
    log.info("telegram command menu set", commands=len(entries))
