"""imagine and its message actions: pictures by command."""

from __future__ import annotations

from typing import Any

from bot.domain.errors import NotFound
from bot.domain.pictures import MODES, Mode, Overrides, PictureRequest
from bot.domain.posts import Button
from bot.engine.commands.catalogue import Command, Control, Option, control_id
from bot.engine.commands.context import CommandContext, ControlContext
from bot.engine.commands.models import complete_models
from bot.engine.pictures.modes import MODE_TABLE, classify
from bot.storage import entries

_RENAMED = {"skip": "clip_skip", "scale": "upscale", "2ndpass": "second_pass_steps", "faces": "restore_faces"}
"""Argument names of the browser original → fields of ``Overrides``; there ``scale`` is the upscale factor, ``cfg`` is guidance."""


def overrides_of(arguments: dict[str, Any]) -> Overrides:
    """The overrides among parsed command arguments."""
    fields = {_RENAMED.get(name, name): value for name, value in arguments.items()}
    return Overrides(**{name: value for name, value in fields.items() if name in Overrides.model_fields})


async def _imagine(ctx: CommandContext) -> None:
    words = str(ctx.call.arguments.get("prompt", "")).strip()
    if not words:
        await _menu(ctx)
        return
    mode, subject = classify(words)
    await _begin(ctx, mode, subject)


async def _begin(ctx: CommandContext, mode: Mode, subject: str, target: int | None = None) -> None:
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
    )
    begun = await ctx.services.flow.begin(ctx.chat, request)
    if begun.picture is None:
        await ctx.say("I have put it up as an offer: press Draw when you want it.", private=True)
    elif overrides.quiet:
        await ctx.say(f"Drawing quietly. The picture's id is `{begun.picture.key}`; it will be in the gallery.", private=True)
    else:
        await ctx.done("On it.")


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


async def _backends(ctx: CommandContext, typed: str) -> list[str]:
    return [name for name in ctx.services.backends if typed.lower() in name.lower()]


async def _choices(ctx: CommandContext, setting: Any, typed: str) -> list[str]:
    backend = next(iter(ctx.services.backends.values()), None)
    return [c for c in (await backend.choices(setting) if backend else ()) if typed.lower() in c.lower()]


async def _samplers(ctx: CommandContext, typed: str) -> list[str]:
    return await _choices(ctx, "sampler", typed)


async def _schedulers(ctx: CommandContext, typed: str) -> list[str]:
    return await _choices(ctx, "scheduler", typed)


OPTIONS = (
    Option("prompt", "a mode (you, face, me, scene, last, raw_last, background) or anything else in your own words", rest=True),
    Option("negative", "what the picture should not show, for this call"),
    Option("seed", "seed; the same seed and prompt draw the same picture", "integer", least=-1, most=2**32 - 1),
    Option("width", "width in pixels", "integer", least=64, most=4096),
    Option("height", "height in pixels", "integer", least=64, most=4096),
    Option("steps", "sampling steps", "integer", least=1, most=150),
    Option("cfg", "CFG scale (guidance)", "number", least=0, most=30),
    Option("model", "image model, or a name of `/model list`", complete=complete_models),
    Option("backend", "image backend by the host's name", complete=_backends),
    Option("quiet", "do not post the picture; it goes to the gallery and you get its id", "boolean"),
    Option("edit", "show the prompt before drawing", "boolean"),
    Option("extend", "let the writer enlarge a free prompt", "boolean"),
    Option("sampler", "sampler", advanced=True, complete=_samplers),
    Option("scheduler", "scheduler", advanced=True, complete=_schedulers),
    Option("skip", "CLIP skip, 1 meaning none", "integer", least=1, most=12, advanced=True),
    Option("vae", "VAE", advanced=True),
    Option("snap", "move a forced shape to a known resolution", "boolean", advanced=True),
    Option("hires", "hires fix on or off", "boolean", advanced=True),
    Option("scale", "hires upscale factor (not guidance: that is cfg)", "number", least=1, most=4, advanced=True),
    Option("upscaler", "hires upscaler", advanced=True),
    Option("denoise", "hires denoise strength", "number", least=0, most=1, advanced=True),
    Option("2ndpass", "hires second pass steps", "integer", least=0, most=150, advanced=True),
    Option("faces", "restore faces", "boolean", advanced=True),
    Option("enhance", "add quality tags of the model's family and tidy tags", "boolean", advanced=True),
    Option("workflow", "ComfyUI workflow by the host's name", advanced=True),
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
)
CONTROLS = (Control("mode", "mode", "draw in this mode", _menu_pressed, {}),)
