"""settings: show and change every setting of a chat, typed, with help."""

from __future__ import annotations

from typing import Any, Literal, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from bot.domain.chat_settings import ChatSettings
from bot.domain.errors import NotFound, UserError
from bot.engine.commands.catalogue import Command, Option
from bot.engine.commands.context import CommandContext
from bot.engine.commands.models import complete_models
from bot.engine.commands.styles import style_names
from bot.engine.pictures.advice import advice_for
from bot.engine.pictures.plan import choose_backend
from bot.engine.pictures.workflows import workflow_names
from bot.storage import chats

_WORDS: dict[str, Any] = {"on": True, "yes": True, "off": False, "no": False}
_LISTED: dict[str, Literal["sampler", "scheduler", "vae"]] = {"sampler": "sampler", "scheduler": "scheduler", "vae": "vae"}
"""Settings whose names the backend lists."""
_ADVISED = ("steps", "cfg", "clip_skip", "width", "height")
_UNSET = ("default", "reset")


def describe_setting(name: str) -> str:
    """Type and limits of a setting, for people: «on/off», «64 to 4096», «tool, tag, off»."""
    schema = ChatSettings.model_json_schema()["properties"][name]
    variants = [v for v in schema.get("anyOf", [schema]) if v.get("type") != "null"]
    kind = variants[0] if variants else schema
    if "enum" in kind:
        return ", ".join(kind["enum"])
    if kind.get("type") == "boolean":
        return "on, off"
    if kind.get("type") in ("integer", "number"):
        return f"{kind.get('minimum', '')} to {kind.get('maximum', '')}".strip()
    return f"text, up to {kind['maxLength']} characters" if "maxLength" in kind else "text"


def parse_setting(name: str, text: str) -> Any:
    """The typed value of what somebody wrote. Raises ``UserError`` naming setting, value and what is expected."""
    field: FieldInfo = ChatSettings.model_fields[name]
    value: Any = text
    annotation = field.rebuild_annotation()
    if annotation is bool:
        value = _WORDS.get(text.lower(), text)
    elif get_origin(annotation) is Literal:
        value = text.lower()
    try:
        checked = ChatSettings.model_validate({name: TypeAdapter(annotation).validate_python(value)})
    except ValidationError as error:
        raise UserError(f"`{name}` cannot be «{text[:60]}»; expected: {describe_setting(name)}.") from error
    return getattr(checked, name)


def find_setting(name: str) -> str:
    """The setting's exact name. Raises ``NotFound`` with the near ones."""
    plain = _plain(name)
    if plain in ChatSettings.model_fields:
        return plain
    near = [n for n in ChatSettings.model_fields if plain[:3] and plain[:3] in n]
    raise NotFound(
        f"There is no setting «{name}»." + (f" Did you mean: {', '.join(near)}?" if near else " `/settings show` lists them all.")
    )


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def shown(value: Any) -> str:
    """A value as people write it."""
    if value is None or value == "":
        return "—"
    return {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)


async def _show(ctx: CommandContext) -> None:
    wanted = str(ctx.call.arguments.get("name", "")).strip()
    first, _, value = wanted.partition(" ")
    if value.strip() and _plain(first) in ChatSettings.model_fields:
        ctx.services.guard.admit(ctx.chat, ctx.call.author, "manager")
        await _change(ctx, find_setting(first), value.strip())  # «/settings steps 30» says what is wanted
        return
    if wanted:
        name = find_setting(wanted)
        field = ChatSettings.model_fields[name]
        default = getattr(ctx.services.defaults, name)
        await ctx.say(
            f"**{name}** is `{shown(getattr(ctx.chat.settings, name))}` (default `{shown(default)}`).\n{field.description}\n"
            f"Values: {describe_setting(name)}. Change it: `/settings set name={name} VALUE`.",
            private=True,
        )
        return
    groups: dict[str, list[str]] = {}
    for name, field in ChatSettings.model_fields.items():
        extra = field.json_schema_extra
        group = str(extra["group"]) if isinstance(extra, dict) else "other"
        value = getattr(ctx.chat.settings, name)
        mark = "" if value == getattr(ctx.services.defaults, name) else " ✎"
        groups.setdefault(group, []).append(f"`{name}` {shown(value)}{mark}")
    text = "\n".join(f"**{group}**: " + " · ".join(lines) for group, lines in groups.items())
    await ctx.say(f"{text}\n✎ differs from the default. `/settings show NAME` explains one.", private=True)


async def _set(ctx: CommandContext) -> None:
    await _change(ctx, find_setting(str(ctx.call.arguments["name"])), str(ctx.call.arguments.get("value", "")).strip())


async def _change(ctx: CommandContext, name: str, text: str) -> None:
    """Set one setting from what somebody wrote and say what it was before."""
    value = None if text.lower() in _UNSET else parse_setting(name, text)
    if isinstance(value, str):
        ctx.services.guard.check_picture(ctx.chat, value)
    await _check_known(ctx, name, value)
    async with ctx.services.db.write() as c:
        await chats.change_settings(c, ctx.chat.id, {name: value})
    now = getattr(ctx.services.defaults, name) if value is None else value
    before = getattr(ctx.chat.settings, name)
    advice = advice_for(**{name: now}) if name in _ADVISED else ()
    await ctx.say("\n".join([f"`{name}` is now `{shown(now)}` (it was `{shown(before)}`).", *(f"💡 {sentence}" for sentence in advice)]))


async def _named(ctx: CommandContext, name: str) -> list[str] | None:
    """The names a setting may have when it names something configured or saved; None for other settings."""
    if name == "workflow":
        async with ctx.services.db.read() as c:
            return await workflow_names(ctx.services, c, ctx.chat.id, choose_backend(ctx.services, ctx.chat, None))
    if name == "style":
        return await style_names(ctx, "")
    known = {"backend": ctx.services.backends, "chat_model": ctx.services.chat_models}.get(name)
    return list(known) if known is not None else None


async def _check_known(ctx: CommandContext, name: str, value: Any) -> None:
    """Names of configured and saved things must exist."""
    known = await _named(ctx, name)
    if known is not None and value and value not in known:
        raise NotFound(f"There is no {name.replace('_', ' ')} «{value}». Known: {', '.join(known) or 'none'}.")


async def _reset(ctx: CommandContext) -> None:
    async with ctx.services.db.write() as c:
        await chats.change_settings(c, ctx.chat.id, dict.fromkeys(ChatSettings.model_fields))
    await ctx.say("All settings of this chat are back at the host's defaults.")


async def _names(ctx: CommandContext, typed: str) -> list[str]:
    return [n for n in ChatSettings.model_fields if typed.lower().replace(" ", "_") in n]


async def _values(ctx: CommandContext, typed: str) -> list[str]:
    name = _plain(str(ctx.call.arguments.get("name", "")))
    if name == "model":
        return await complete_models(ctx, typed)
    setting = _LISTED.get(name)
    if setting is not None:
        found: list[str] | None = list(await choose_backend(ctx.services, ctx.chat, None).choices(setting))
    else:
        found = await _named(ctx, name)
    if found is None:
        options = describe_setting(name).split(", ") if name in ChatSettings.model_fields else []
        found = options if len(options) > 1 else []
    return [value for value in (*found, "default") if typed.lower() in value.lower()]


COMMANDS = (
    Command(
        "settings show",
        "all settings of this chat, or one explained",
        _show,
        (Option("name", "one setting", rest=True, complete=_names),),
        private=True,
    ),
    Command(
        "settings set",
        "change a setting; «default» resets it",
        _set,
        (
            Option("name", "the setting", required=True, complete=_names),
            Option("value", "the new value", required=True, rest=True, complete=_values),
        ),
        who="manager",
        examples=("/settings set name=controls both",),
    ),
    Command("settings reset", "put every setting of this chat back to the host's defaults", _reset, who="manager"),
)
