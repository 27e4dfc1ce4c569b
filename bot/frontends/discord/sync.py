"""Registers the commands with Discord: once per change, not at every start (Discord allows 200 creations a day and server)."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord
import structlog

from bot.frontends.discord.commands import CommandTable
from bot.storage import notes
from bot.storage.database import Database

log = structlog.get_logger(__name__)


async def sync_commands(client: discord.Client, table: CommandTable, db: Database) -> bool:
    """Replace the registered set where it differs from ours; True when it was sent. Failures are logged: the bot also works by mention.

    The stored fingerprint tells a change of ours; the names Discord has tell whether somebody else emptied or replaced the set.
    """
    application = client.application_id
    if application is None:
        return False
    note = f"discord.commands.{application}"
    if table.left_out:
        log.warning("some aliases are not registered with Discord", aliases=table.left_out)
    try:
        async with db.read() as c:
            known = await notes.get(c, note)
        registered = await client.http.get_global_commands(application)
        if known == table.fingerprint and _names(registered) == _names(table.payload):
            return False
        await client.http.bulk_upsert_global_commands(application, table.payload)
        async with db.write() as c:
            await notes.put(c, note, table.fingerprint)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.error("commands could not be registered with Discord", reason=str(error))
        return False
    log.info("commands registered with Discord", count=len(table.payload))
    return True


def _names(commands: Any) -> set[tuple[str, int]]:
    return {(command["name"], command.get("type", 1)) for command in commands}
