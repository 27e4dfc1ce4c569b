"""Every interaction in one place: slash commands, message actions, autocomplete, buttons, modals.

Nothing is kept per message: a button or modal is recognised by its custom id (``verb:key``), so it works after a restart and for ever.
The first answer comes before any work, because Discord waits three seconds.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.domain.errors import UserError
from bot.domain.events import Attachment, CommandCall, Press, Submission
from bot.domain.places import ChatKey, Person, Place
from bot.domain.posts import Post
from bot.engine.commands.catalogue import Command, split_control
from bot.engine.commands.parse import name_files, parse
from bot.frontends.discord.commands import CHOICES, MORE, CommandTable, Given, direct_options, read_options
from bot.frontends.discord.files import target_files
from bot.frontends.discord.forms import FORM_BUTTON, FormShelf, submitted
from bot.frontends.discord.messages import Messages
from bot.frontends.discord.places import chat_key, person_of, place_of
from bot.frontends.discord.responder import InteractionResponder
from bot.frontends.discord.suggest import Suggestions

if TYPE_CHECKING:
    from bot.engine.engine import Engine

log = structlog.get_logger(__name__)

COMPLETION_SECONDS = 2.0  # of the three Discord waits
FORM_SECONDS = 2.0
"""After this a press that should have opened a form is acknowledged, and the form comes by a button."""


class Interactions:
    """Translates interactions into commands, presses and submissions."""

    def __init__(self, engine: Engine, table: CommandTable, messages: Messages, shelf: FormShelf) -> None:
        self._engine = engine
        self._table = table
        self._messages = messages
        self._shelf = shelf
        self._suggest = Suggestions(engine)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        handlers = {
            discord.InteractionType.application_command: self._command,
            discord.InteractionType.autocomplete: self._complete,
            discord.InteractionType.component: self._component,
            discord.InteractionType.modal_submit: self._submit,
        }
        handler = handlers.get(interaction.type)
        if handler is not None:
            await handler(interaction)

    def _responder(self, interaction: discord.Interaction, *, thinking: bool, private: bool) -> InteractionResponder:
        chat, _, _ = _who_where(interaction)
        return InteractionResponder(interaction, chat, self._messages, self._shelf, thinking=thinking, private=private)

    async def _command(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        action = data.get("type") == discord.AppCommandType.message.value
        given = Given(data["name"], {}, {}) if action else read_options(interaction)
        command = (self._table.actions if action else self._table.paths).get(given.path)
        private = command is None or command.private or given.values.get("quiet") is True
        responder = self._responder(interaction, thinking=True, private=private)
        if not await responder.acknowledge():
            return
        if command is None:
            await responder.answer(Post("This command is from another version of me. Discord will show the new ones soon.", private=True))
            return
        try:
            call = _call(interaction, command, given, data if action else None)
        except UserError as error:
            await responder.answer(Post(error.message, private=True))
            return
        await self._engine.run(call, responder)
        await responder.close()

    async def _complete(self, interaction: discord.Interaction) -> None:
        given = read_options(interaction)
        command = self._table.paths.get(given.path)
        found: list[str] = []
        if command is not None and given.focused is not None:
            found = await self._suggestions(interaction, command, given)
        choices = [app_commands.Choice(name=text, value=text) for text in found if 0 < len(text) <= 100][:CHOICES]
        try:
            await interaction.response.autocomplete(choices)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.debug("suggestions not delivered", reason=str(error))

    async def _suggestions(self, interaction: discord.Interaction, command: Command, given: Given) -> list[str]:
        chat, place, person = _who_where(interaction)
        try:
            async with asyncio.timeout(COMPLETION_SECONDS):
                return await self._suggest.find(chat, place, person, command, given)
        except TimeoutError:
            return []

    async def _component(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        control = str(data["custom_id"])
        if control.startswith(FORM_BUTTON):
            await self._open_form(interaction, control.removeprefix(FORM_BUTTON))
        else:
            await self._press(interaction, control)

    async def _press(self, interaction: discord.Interaction, control: str) -> None:
        responder = self._responder(interaction, thinking=False, private=False)
        chat, place, person = _who_where(interaction)
        press = Press(
            chat=chat, place=place, author=person, control=control, message_id=_message_id(interaction) or "", press_id=str(interaction.id)
        )
        spec = self._engine.catalogue.controls.get(split_control(control)[0])
        if spec is None or not spec.opens_form:
            if await responder.acknowledge():
                await self._engine.press(press, responder)
            return
        late = asyncio.create_task(responder.acknowledge_after(FORM_SECONDS))
        try:
            await self._engine.press(press, responder)
        finally:
            late.cancel()
        await responder.close()

    async def _open_form(self, interaction: discord.Interaction, form_id: str) -> None:
        form = self._shelf.get(form_id)
        spec = self._engine.catalogue.controls.get(split_control(form_id)[0])
        if form is None and spec is not None and spec.opens_form:
            await self._press(interaction, form_id)
            return
        responder = self._responder(interaction, thinking=False, private=True)
        if form is None:
            await responder.answer(Post("This form is no longer open. Please use the command again.", private=True))
        else:
            await responder.ask(form)

    async def _submit(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        on_message = interaction.message is not None
        responder = self._responder(interaction, thinking=not on_message, private=not on_message)
        if not await responder.acknowledge():
            return
        chat, place, person = _who_where(interaction)
        submission = Submission(
            chat=chat,
            place=place,
            author=person,
            form=str(data["custom_id"]),
            values=submitted(data),
            submission_id=str(interaction.id),
            message_id=_message_id(interaction),
        )
        await self._engine.submit(submission, responder)
        await responder.close()


def _who_where(interaction: discord.Interaction) -> tuple[ChatKey, Place, Person]:
    channel = interaction.channel
    place = place_of(channel)
    permissions = None if place.private else interaction.permissions
    return chat_key(channel), place, person_of(interaction.user, private=place.private, permissions=permissions)


def _message_id(interaction: discord.Interaction) -> str | None:
    return str(interaction.message.id) if interaction.message is not None else None


def _call(interaction: discord.Interaction, command: Command, given: Given, action: dict[str, Any] | None) -> CommandCall:
    """The engine's call. The text option for what did not fit is read by the catalogue's grammar; typed options win over it."""
    chat, place, person = _who_where(interaction)
    values = dict(given.values)
    if MORE in values and len(direct_options(command)) < len(command.options):
        values = {**parse(command, str(values.pop(MORE))), **values}
    target, target_text, named = None, None, given.files
    theirs: tuple[Attachment, ...] = ()
    if action is not None:
        target = str(action["target_id"])
        message = action.get("resolved", {}).get("messages", {}).get(target, {"id": target})
        target_text, theirs = message.get("content"), target_files(interaction, message)
        named = name_files(command, theirs)
    return CommandCall(
        chat=chat,
        place=place,
        author=person,
        name=command.name,
        arguments=values,
        call_id=str(interaction.id),
        target=target,
        target_text=target_text,
        attachments=tuple(given.files.values()),
        target_attachments=theirs,
        named_files=named,
    )
