"""The catalogue as Discord application commands, and an interaction's options back into the catalogue's arguments."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import discord

from bot.domain.events import Attachment
from bot.engine.commands.catalogue import Catalogue, Command, Option
from bot.frontends.discord.files import attachment_of

CHAT_INPUT, MESSAGE = 1, 3
SUB_COMMAND, SUB_COMMAND_GROUP = 1, 2
TYPES = {"text": 3, "integer": 4, "boolean": 5, "number": 10, "file": 11}
"""Discord's option types (application commands: Application Command Option Type)."""
OPTIONS, CHOICES, SLASH, MENUS, DESCRIPTION = 25, 25, 100, 15, 100
MORE = "options"
"""The text option for what does not fit; read by the same grammar as a typed command."""
GUILD_INSTALL, IN_GUILD, IN_BOT_DM = 0, 0, 1
BARE = "show"
"""Sub-command name for a command that is also a group on Discord, where a group cannot be called by itself."""


@dataclass(slots=True)
class CommandTable:
    """What is registered, and what each registered path means."""

    payload: list[dict[str, Any]] = field(default_factory=list)
    paths: dict[str, Command] = field(default_factory=dict)
    """``name`` or ``group sub`` as Discord will send it → command."""
    actions: dict[str, Command] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    """Aliases that Discord's 100 commands leave no room for, or whose name is taken."""

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(self.payload, sort_keys=True).encode()).hexdigest()


def command_table(catalogue: Catalogue) -> CommandTable:
    """All commands, then as many aliases as Discord takes, then the message actions."""
    table = CommandTable()
    for command in catalogue.commands.values():
        table.paths[_path(command.name, catalogue)] = command
    for command in catalogue.commands.values():
        for alias in command.aliases:
            path = _path(alias, catalogue)
            head, heads = path.partition(" ")[0], {p.partition(" ")[0] for p in table.paths}
            if path in table.paths or path in heads or (head not in heads and len(heads) >= SLASH):
                table.left_out.append(alias)
            else:
                table.paths[path] = command
    table.payload = _top_level(table.paths)
    for command in catalogue.actions()[:MENUS]:
        label = (command.action or command.name)[:32]
        table.actions[label] = command
        table.payload.append({"name": label, "type": MESSAGE, **_WHERE})
    return table


_WHERE: dict[str, Any] = {"integration_types": [GUILD_INSTALL], "contexts": [IN_GUILD, IN_BOT_DM]}


def _path(name: str, catalogue: Catalogue) -> str:
    plain = name.lower().replace("_", "-")
    if " " not in plain and catalogue.group(plain):
        return f"{plain} {BARE}"
    return plain


def _top_level(paths: dict[str, Command]) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for path, command in paths.items():
        head, _, sub = path.partition(" ")
        if not sub:
            groups[head] = {"name": head, "type": CHAT_INPUT, "description": _short(command.help), "options": _options(command), **_WHERE}
            continue
        group = groups.setdefault(head, {"name": head, "type": CHAT_INPUT, "description": head, "options": [], **_WHERE})
        group["options"].append({"name": sub, "type": SUB_COMMAND, "description": _short(command.help), "options": _options(command)})
    for group in groups.values():
        if group["description"] == group["name"]:
            subs = ", ".join(option["name"] for option in group["options"])
            group["description"] = _short(f"{group['name']}: {subs}")
    return list(groups.values())


def _options(command: Command) -> list[dict[str, Any]]:
    """Required ones first. Where there are more than 25, the advanced ones go through one text option."""
    given = direct_options(command)
    shaped = [_option(o) for o in sorted(given, key=lambda o: not o.required)]
    if len(given) < len(command.options):
        rest = ", ".join(o.name for o in command.options if o not in given)
        more = {"name": MORE, "type": TYPES["text"], "description": _short(f"more, as name=value: {rest}"), "required": False}
        shaped.append(more | {"autocomplete": True})
    return shaped


def direct_options(command: Command) -> tuple[Option, ...]:
    """The options that are typed options on Discord. Files always are: no text can hold one."""
    if len(command.options) <= OPTIONS:
        return command.options
    basic = sorted((o for o in command.options if not o.advanced or o.type == "file"), key=lambda o: o.type != "file")[: OPTIONS - 1]
    return tuple(o for o in command.options if o in basic)


def _option(option: Option) -> dict[str, Any]:
    shaped: dict[str, Any] = {
        "name": option.name,
        "type": TYPES[option.type],
        "description": _short(option.help),
        "required": option.required,
    }
    if option.type == "text":
        if option.choices and len(option.choices) <= CHOICES:
            shaped["choices"] = [{"name": c[:100], "value": c[:100]} for c in option.choices]
        elif option.complete is not None or option.choices:
            shaped["autocomplete"] = True
    if option.type in ("integer", "number"):
        convert = int if option.type == "integer" else float
        if option.least is not None:
            shaped["min_value"] = convert(option.least)
        if option.most is not None:
            shaped["max_value"] = convert(option.most)
    return shaped


def _short(text: str) -> str:
    text = " ".join(text.split()) or "…"
    return text if len(text) <= DESCRIPTION else text[: DESCRIPTION - 1] + "…"


@dataclass(frozen=True, slots=True)
class Given:
    """What an interaction carries: the registered path, the values and the files by option name, and the option being typed."""

    path: str
    values: dict[str, Any]
    files: dict[str, Attachment]
    focused: str | None = None
    typed: str = ""


def read_options(interaction: discord.Interaction) -> Given:
    """Unpack a slash command's or an autocomplete's data."""
    data: Any = interaction.data
    path, options = [data["name"]], data.get("options", [])
    while options and options[0]["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP):
        path.append(options[0]["name"])
        options = options[0].get("options", [])
    files = data.get("resolved", {}).get("attachments", {})
    values: dict[str, Any] = {}
    attached: dict[str, Attachment] = {}
    focused = next((o for o in options if o.get("focused")), None)
    for option in options:
        value = option.get("value")
        if option["type"] == TYPES["file"]:
            state = interaction._state  # the only way to an Attachment without a command tree
            attached[option["name"]] = attachment_of(discord.Attachment(data=files[value], state=state))
            continue
        if option["type"] == TYPES["number"] and isinstance(value, int):
            value = float(value)
        values[option["name"]] = value
    return Given(" ".join(path), values, attached, focused["name"] if focused else None, str(focused.get("value", "")) if focused else "")
