"""model: the host's named models and those the backend has, to look at and to switch between."""

from __future__ import annotations

from typing import Any

from bot.domain.errors import NotFound, UserError
from bot.domain.models import ModelEntry
from bot.engine.commands.catalogue import Command, Option
from bot.engine.commands.context import CommandContext
from bot.engine.pictures.advice import HELP
from bot.engine.pictures.honoured import LABELS
from bot.engine.pictures.models import entry_name, listed_models, model_named, outranked
from bot.engine.pictures.plan import choose_backend
from bot.storage import chats
from providers.contract import ImageBackend

LISTED = 25  # models of a backend named in a chat; autocomplete finds the others
_ADVISED = ("steps", "cfg", "sampler", "width", "denoise", "clip_skip", "seed", "characters")
_PLAIN = ("characters",)  # no option of a command
ADVICE = "\n".join(["**Good to know**", *(f"• {HELP[name]}" if name in _PLAIN else f"• `{name}` — {HELP[name]}" for name in _ADVISED)])
_NONE = ("none", "off", "default")


async def _list(ctx: CommandContext) -> None:
    models, current = ctx.services.models, ctx.chat.settings.model
    used = entry_name(models, current) or current
    lines = [f"{'▶' if name == used else '•'} **{name}** — {_in_short(ctx, entry)}" for name, entry in models.items()]
    backend = choose_backend(ctx.services, ctx.chat, None)
    refresh = bool(ctx.call.arguments.get("refresh", False))
    own = await listed_models(backend, refresh=refresh) if backend.capabilities().model_choice else ()
    if own:
        shown = ", ".join(f"{'▶ ' if m.id == used else ''}`{m.id}`" for m in own[:LISTED])
        more = f" and {len(own) - LISTED} more" if len(own) > LISTED else ""
        lines.append(f"Models of {backend.name}: {shown}{more}.")
    if not lines:
        lines.append(f"No models are named here, and {backend.name} lists none. The host can name some under [models.<name>].")
    await ctx.say("\n".join([*lines, "`/model use NAME` switches, `/model show NAME` tells more."]))


def _in_short(ctx: CommandContext, entry: ModelEntry) -> str:
    parts = (entry.model or "the backend's own model", entry.family, f"on {entry.backend}" if entry.backend else "", entry.cost)
    return ", ".join(part for part in parts if part)


async def _use(ctx: CommandContext) -> None:
    name = str(ctx.call.arguments.get("name", "")).strip()
    if not name:
        current = ctx.chat.settings.model
        await ctx.say(f"The model is **{current}**." if current else "The backend's own choice draws.")
        return
    entry = entry_name(ctx.services.models, name)
    wanted = entry or ("" if name.lower() in _NONE else await _own_model(ctx, name))
    async with ctx.services.db.write() as c:
        await chats.change_settings(c, ctx.chat.id, {"model": wanted})
    if not wanted:
        await ctx.say("The backend's own choice draws now.")
        return
    said = f"**{wanted}** draws now."
    if entry:
        kept = outranked(ctx.services.models[entry], ctx.chat.settings, ctx.services.defaults)
        if kept:
            said += f" This chat's own settings stay ahead of it: {', '.join(f'`{k}` {v}' for k, v in kept.items())}."
    await ctx.say(said)


async def _own_model(ctx: CommandContext, name: str) -> str:
    """The backend's id for what somebody wrote. Raises ``UserError`` where it has no such model or no choice."""
    backend = choose_backend(ctx.services, ctx.chat, None)
    named = ", ".join(ctx.services.models)
    if not backend.capabilities(name).model_choice and name != backend.model:
        raise UserError(f"{backend.name} always draws with its own model." + (f" Named models: {named}." if named else ""))
    own = await listed_models(backend)
    found = model_named(own, name)
    if found is None and own:
        raise NotFound(f"{backend.name} has no model «{name}»." + (f" Named models: {named}." if named else "") + " See `/model list`.")
    return found.id if found else name  # without a list, the backend is the judge


async def _show(ctx: CommandContext) -> None:
    name = str(ctx.call.arguments.get("name", "")).strip() or ctx.chat.settings.model
    key = entry_name(ctx.services.models, name)
    if key:
        await ctx.say(f"{await _card(ctx, key, ctx.services.models[key])}\n{ADVICE}")
        return
    backend = choose_backend(ctx.services, ctx.chat, None)
    model = name or backend.model
    info = model_named(await listed_models(backend), name) if name else None
    if name and info is None and name != backend.model:
        raise NotFound(f"I know nothing about a model «{name}». See `/model list`.")
    family = f", {info.family}" if info and info.family else ""
    await ctx.say(f"**{model or backend.name}** — a model of {backend.name}{family}, with this chat's settings.\n{ADVICE}")


async def _card(ctx: CommandContext, name: str, entry: ModelEntry) -> str:
    backend = choose_backend(ctx.services, ctx.chat, entry.backend or None)
    model = entry.model or backend.model
    family = entry.family or next((m.family for m in await listed_models(backend) if m.id == model), "")
    size = f"{entry.width or '—'}×{entry.height or '—'}" if entry.width or entry.height else ""
    facts = " · ".join(f"{LABELS.get(key, key.replace('_', ' '))} {_shown(value)}" for key, value in entry.facts().items())
    lines = [
        f"**{name}** — {model or 'its own model'} on {backend.name}" + (f", {family}" if family else ""),
        f"*Settings:* {facts}" if facts else "",
        f"*Size:* {size}" if size else "",
        f"*Before every prompt:* `{entry.prompt}`" if entry.prompt else "",
        f"*Negative prompt:* `{entry.negative}`" if entry.negative else "",
        f"*LoRAs:* {', '.join(entry.loras)}" if entry.loras else "",
        f"*Cost:* {entry.cost}" if entry.cost else "",
    ]
    return "\n".join(line for line in lines if line)


def _shown(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


async def _loras(ctx: CommandContext) -> None:
    backend = choose_backend(ctx.services, ctx.chat, None)
    typed = str(ctx.call.arguments.get("name", "")).strip().lower()
    found = [name for name in await backend.choices("lora") if typed in name.lower()]
    if not found:
        what = f"no LoRA with «{typed}»" if typed else "no LoRAs that I could list"
        raise NotFound(f"{backend.name} has {what}.")
    shown = "\n".join(f"• `<lora:{name}:1>`" for name in found[:LISTED])
    more = f"\n… and {len(found) - LISTED} more: `/model loras WORD` narrows it down." if len(found) > LISTED else ""
    how = "" if backend.capabilities().loras else " The workflow needs a node that loads LoRAs from tags."
    head = f"LoRAs of {backend.name}, to be written into a prompt, a prefix or a style; the number is the weight.{how}"
    await ctx.say(f"{head}\n{shown}{more}")


async def complete_models(ctx: CommandContext, typed: str, backend: ImageBackend | None = None) -> list[str]:
    """Names of entries first, then the models of the backend, the chat's by default."""
    plain = typed.lower()
    found = [name for name in ctx.services.models if plain in name]
    if ctx.services.backends:
        own = await listed_models(backend or choose_backend(ctx.services, ctx.chat, None))
        found += [m.id for m in own if plain in m.id.lower() or plain in m.label.lower()]
    return list(dict.fromkeys(found))


COMMANDS = (
    Command(
        "model list",
        "image models: those the host named, and those of the backend",
        _list,
        (Option("refresh", "ask the backend again instead of remembering", "boolean"),),
    ),
    Command(
        "model loras",
        "LoRAs of the backend, as they are written into prompts",
        _loras,
        (Option("name", "part of a name", rest=True),),
    ),
    Command(
        "model use",
        "switch to an image model, «none» for the backend's own choice; alone it tells which one is in use",
        _use,
        (Option("name", "a named model, or one of the backend's", rest=True, complete=complete_models),),
        who="manager",
        examples=("/model use anime",),
    ),
    Command(
        "model show",
        "settings of an image model and advice: steps 20–40, CFG 3–10 (above 15 pictures burn), one character per picture",
        _show,
        (Option("name", "the model; empty for the one in use", rest=True, complete=complete_models),),
    ),
)
