"""What a command, a control and a form are. Front ends and the README's tables are generated from these values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bot.engine.commands.context import CommandContext, ControlContext, FormContext

OptionType = Literal["text", "integer", "number", "boolean", "file"]
Who = Literal["anyone", "manager", "host"]
"""Who may use it: anyone who may use the bot here; managers of the place and the host; the host alone."""
Completer = Callable[["CommandContext", str], Awaitable[Sequence[str]]]
"""Suggestions for what was typed so far; at most 25 are shown. Must be quick: it runs on every key press."""


@dataclass(frozen=True, slots=True)
class Option:
    """One argument. ``rest`` marks the one that takes the words after the named arguments (at most one per command)."""

    name: str
    help: str
    type: OptionType = "text"
    required: bool = False
    rest: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    advanced: bool = False
    """Discord takes 25 options: advanced ones go through the one ``options`` text there."""
    aliases: tuple[str, ...] = ()
    complete: Completer | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``name`` may have two words (``style use``): a group and its sub-command.

    On Discord this is a slash command (``/style use``); on Telegram ``/style use NAME`` with underscores for dashes; on the page an
    entry of the palette. ``action`` also makes it a message action (Discord context menu, reply with the command on Telegram, message
    menu on the page) with this label.
    """

    name: str
    help: str
    run: Callable[[CommandContext], Awaitable[None]]
    options: tuple[Option, ...] = ()
    aliases: tuple[str, ...] = ()
    who: Who = "anyone"
    private: bool = False
    """The answer is for the caller alone where the platform can do that."""
    action: str | None = None
    examples: tuple[str, ...] = ()

    @property
    def takes_files(self) -> bool:
        """Whether a file may come with it (the page's template asks). An action that takes one is for messages that show a picture."""
        return any(option.type == "file" for option in self.options)


@dataclass(frozen=True, slots=True)
class Control:
    """One button verb (and its emoji reaction). Its id on the wire is ``verb:key`` or ``verb:key:argument``."""

    verb: str
    label: str
    help: str
    run: Callable[[ControlContext], Awaitable[None]]
    reactions: dict[str, tuple[str, ...]]
    """Platform → emoji that stand for it there; the first one is put under posts."""
    opens_form: bool = False
    """The answer is a form: the front end must not acknowledge first (Discord: a modal must be the first answer)."""


@dataclass(frozen=True, slots=True)
class FormSpec:
    """What happens with a filled form of this verb (``Form.id`` is ``verb:key``)."""

    verb: str
    run: Callable[[FormContext], Awaitable[None]]


class Catalogue:
    """All commands, controls and forms, looked up by name, alias, verb or emoji."""

    def __init__(self, commands: Sequence[Command], controls: Sequence[Control], forms: Sequence[FormSpec]) -> None:
        self.commands: dict[str, Command] = {c.name: c for c in commands}
        self.controls: dict[str, Control] = {c.verb: c for c in controls}
        self.forms: dict[str, FormSpec] = {f.verb: f for f in forms}
        self._aliases: dict[str, str] = {a: c.name for c in commands for a in c.aliases}

    def command(self, name: str) -> Command | None:
        """A command by name or alias, in any case, with dashes or underscores."""
        plain = name.lower().replace("_", "-")
        return self.commands.get(plain) or self.commands.get(self._aliases.get(plain, ""))

    def group(self, name: str) -> tuple[Command, ...]:
        """The sub-commands of a group word; empty when there are none."""
        return tuple(c for c in self.commands.values() if c.name.startswith(f"{name} "))

    def actions(self) -> tuple[Command, ...]:
        """Commands that can be used on a message."""
        return tuple(c for c in self.commands.values() if c.action)

    def by_reaction(self, platform: str, emoji: str) -> Control | None:
        """The control an emoji stands for on a platform, ignoring variation selectors."""
        plain = emoji.replace("\ufe0f", "")
        for control in self.controls.values():
            if any(plain == e.replace("\ufe0f", "") for e in control.reactions.get(platform, ())):
                return control
        return None


def control_id(verb: str, key: str, argument: str = "") -> str:
    """The id a button carries; raises ``ValueError`` beyond 64 bytes (Telegram's callback_data)."""
    text = f"{verb}:{key}:{argument}" if argument else f"{verb}:{key}"
    if len(text.encode()) > 64:
        raise ValueError(f"control id too long: {text!r}")
    return text


def split_control(control: str) -> tuple[str, str, str]:
    """``verb, key, argument`` of a control or form id; missing parts are empty."""
    verb, _, rest = control.partition(":")
    key, _, argument = rest.partition(":")
    return verb, key, argument
