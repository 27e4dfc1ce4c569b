"""imagine and its message actions: pictures by command."""

from __future__ import annotations

from typing import Any

from bot.domain.errors import NotFound
from bot.domain.pictures import MODES, Mode, Overrides, PictureRequest
from bot.domain.posts import Button
from bot.engine.commands.catalogue import Command, Completer, Control, Option, control_id
from bot.engine.commands.context import CommandContext, ControlContext
from bot.engine.commands.models import complete_models
from bot.engine.commands.styles import style_names
from bot.engine.pictures.advice import HELP
from bot.engine.pictures.base import ANEW, find_base, picture_at
from bot.engine.pictures.models import entry_name
from bot.engine.pictures.modes import MODE_TABLE, classify
from bot.engine.pictures.plan import choose_backend
from bot.engine.pictures.workflows import workflow_names
from bot.storage import entries
from providers.contract import (
    Choice,
    ImageBackend,
)

_RENAMED = {"skip": "clip_skip", "scale": "upscale", "2ndpass": "second_pass_steps", "faces": "restore_faces"}
"""Argument names of the browser original → fields of ``Overrides``; there ``scale`` is the upscale factor, ``cfg`` is guidance."""


def overrides_of(arguments: dict[str, Any]) -> Overrides:
    """The overrides among parsed command arguments."""
    fields = {_RENAMED.get(name, name): value for name, value in arguments.items()}
    return Overrides(**{name: value for name, value in fields.items() if name in Overrides.model_fields})


async def _imagine(ctx: CommandContext) -> None:
    words = str(ctx.call.arguments.get("prompt", "")).strip()
    if not words and not ctx.call.files:
        await _menu(ctx)
        return
    if not words:
        await _draw_from(ctx)
        return
    mode, subject = classify(words)
    await _begin(ctx, mode, subject, base=await _base(ctx))


async def _begin(ctx: CommandContext, mode: Mode, subject: str, target: int | None = None, base: str | None = None) -> None:
    overrides = overrides_of(ctx.call.arguments)
    request = PictureRequest(
        chat=ctx.call.chat,
        place=ctx.call.place,
        requester=ctx.call.author,
        origin="action" if ctx.call.target else "command",
        mode=mode,
        subject=subject,
        overrides=overrides,
        reply_to=ctx.call.target or ctx.reply_to,
        target_entry=target,
        base=base,
    )
    begun = await ctx.services.flow.begin(ctx.chat, request)
    if begun.picture is None:
        await ctx.say("I have put it up as an offer: press Draw when you want it.", private=True)
    elif overrides.quiet:
        await ctx.say(f"Drawing quietly. The picture's id is `{begun.picture.key}`; it will be in the gallery.", private=True)
    else:
        await ctx.done("On it.")


async def _base(ctx: CommandContext) -> str | None:
    """The picture that came with the command or stands in the message it was used on."""
    call = ctx.call
    return await find_base(ctx.services, ctx.chat, own=call.attachments, target=call.target, theirs=call.target_attachments)


async def _menu(ctx: CommandContext) -> None:
    buttons = [Button(control_id("mode", mode), MODE_TABLE[mode].label) for mode in MODES if mode != "free"]
    rows = tuple(tuple(buttons[i : i + 3]) for i in range(0, len(buttons), 3))
    await ctx.say("What shall I draw? Press one, or say it: `/imagine a lighthouse in a storm`.", rows=rows)


async def _menu_pressed(ctx: ControlContext) -> None:
    if ctx.key not in MODES:
        raise NotFound(f"There is no mode «{ctx.key}».")
    request = PictureRequest(
        chat=ctx.press.chat,
        place=ctx.press.place,
        requester=ctx.press.author,
        origin="command",
        mode=ctx.key,
    )
    await ctx.services.flow.begin(ctx.chat, request)


async def _illustrate(ctx: CommandContext) -> None:
    await _on_message(ctx, "last")


async def _draw_as_written(ctx: CommandContext) -> None:
    await _on_message(ctx, "raw_last")


async def _on_message(ctx: CommandContext, mode: Mode) -> None:
    """Draw one message: the story's own text of it where it is known, else the platform's."""
    if ctx.call.target is None:
        await _begin(ctx, mode, "")
        return
    async with ctx.services.db.read() as c:
        entry = await entries.by_message(c, ctx.chat.id, ctx.call.target)
    text = entry.text if entry else (ctx.call.target_text or "")
    if not text.strip():
        raise NotFound("There are no words in that message to draw.")
    await _begin(ctx, mode, text.strip(), entry.id if entry else None)


async def _draw_from(ctx: CommandContext) -> None:
    """Draw from a picture. Without words the prompt is shown first, to be changed: that of a picture of ours, else a plain one."""
    base = await _base(ctx)
    if base is None:
        raise NotFound("There is no picture to draw from: attach one, or use this on a message that shows one.")
    words = str(ctx.call.arguments.get("prompt", "")).strip()
    if words:
        await _begin(ctx, "free", words, base=base)
        return
    drawn = await picture_at(ctx.services, ctx.chat, ctx.call.target) if ctx.call.target else None
    shown = drawn.current if drawn is not None else None
    ctx.call.arguments.setdefault("edit", True)
    await _begin(ctx, "free", (shown.plan.draft or shown.plan.prompt) if shown else ANEW, base=base)


def _backend(ctx: CommandContext) -> ImageBackend:
    """The backend that would draw: named in the call, else that of the call's or the chat's model, else the chat's."""
    named = ctx.call.arguments.get("backend")
    entry = entry_name(ctx.services.models, ctx.call.arguments.get("model") or ctx.chat.settings.model)
    own = ctx.services.models[entry].backend if entry else ""
    return choose_backend(ctx.services, ctx.chat, named or own or None)


async def _backends(ctx: CommandContext, typed: str) -> list[str]:
    return [name for name in ctx.services.backends if typed.lower() in name.lower()]


def _choices(setting: Choice) -> Completer:
    async def complete(ctx: CommandContext, typed: str) -> list[str]:
        return [name for name in await _backend(ctx).choices(setting) if typed.lower() in name.lower()]

    return complete


async def _models(ctx: CommandContext, typed: str) -> list[str]:
    return await complete_models(ctx, typed, _backend(ctx))


async def _styles(ctx: CommandContext, typed: str) -> list[str]:
    return await style_names(ctx, typed)


async def _workflows(ctx: CommandContext, typed: str) -> list[str]:
    async with ctx.services.db.read() as c:
        names = await workflow_names(ctx.services, c, ctx.chat.id, _backend(ctx))
    return [name for name in names if typed.lower() in name.lower()]


OPTIONS = (
    Option("prompt", "a mode (you, face, me, scene, last, raw_last, background) or anything else in your own words", rest=True),
    Option("negative", HELP["negative"]),
    Option("seed", HELP["seed"], "integer", least=-1, most=2**32 - 1),
    Option("width", HELP["width"], "integer", least=64, most=4096),
    Option("height", HELP["height"], "integer", least=64, most=4096),
    Option("steps", HELP["steps"], "integer", least=1, most=150),
    Option("cfg", HELP["cfg"], "number", least=0, most=30),
    Option("model", "image model, or a name of `/model list`", complete=_models),
    Option("backend", "image backend by the host's name", complete=_backends),
    Option("style", "style for this call alone; «none» for none", complete=_styles),
    Option("image", HELP["base"], "file"),
    Option("denoise", HELP["denoise"], "number", least=0, most=1),
    Option("quiet", "do not post the picture; it goes to the gallery and you get its id", "boolean"),
    Option("edit", "show the prompt before drawing", "boolean"),
    Option("extend", "let the writer enlarge a free prompt", "boolean"),
    Option("sampler", HELP["sampler"], advanced=True, complete=_choices("sampler")),
    Option("scheduler", HELP["scheduler"], advanced=True, complete=_choices("scheduler")),
    Option("skip", HELP["clip_skip"], "integer", least=1, most=12, advanced=True),
    Option("vae", "VAE", advanced=True, complete=_choices("vae")),
    Option("snap", "move a forced shape to a known resolution", "boolean", advanced=True),
    Option("hires", "hires fix on or off", "boolean", advanced=True),
    Option("scale", "hires upscale factor (not guidance: that is cfg)", "number", least=1, most=4, advanced=True),
    Option("upscaler", "hires upscaler", advanced=True, complete=_choices("upscaler")),
    Option("2ndpass", "hires second pass steps", "integer", least=0, most=150, advanced=True),
    Option("faces", "restore faces", "boolean", advanced=True),
    Option("enhance", HELP["enhance"], "boolean", advanced=True),
    Option("workflow", "ComfyUI workflow; `/workflow list` names them", advanced=True, complete=_workflows),
)
COMMANDS = (
    Command(
        "imagine",
        "draw a picture; alone it shows a menu",
        _imagine,
        OPTIONS,
        aliases=("sd", "img", "image"),
        examples=(
            "/imagine you",
            "/imagine apple tree",
            '/imagine negative="fries" steps=30 cute tater',
            "/imagine {{charPrefix}}, riding a bike",
        ),
    ),
    Command("illustrate", "draw a message as a scene, or the newest one", _illustrate, action="Illustrate this"),
    Command("draw-as-written", "draw a message's words as the prompt, verbatim", _draw_as_written, action="Draw as written"),
    Command(
        "draw-from",
        "draw from a picture: attach one, or use it on a message that shows one",
        _draw_from,
        (
            Option("prompt", "what it becomes; without, the prompt is shown first", rest=True),
            Option("image", HELP["base"], "file"),
            Option("denoise", HELP["denoise"], "number", least=0, most=1),
        ),
        action="Draw from this picture",
        examples=("/draw-from denoise=0.6 a watercolour",),
    ),
)
CONTROLS = (Control("mode", "mode", "draw in this mode", _menu_pressed, {}),)
