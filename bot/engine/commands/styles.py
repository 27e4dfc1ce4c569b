"""style, setvar and getvar: switches for how pictures look."""

from __future__ import annotations

from bot.domain.errors import NotFound, UserError
from bot.engine.commands.catalogue import Command, Option
from bot.engine.commands.context import CommandContext
from bot.engine.pictures.planning import named_style, unknown_style
from bot.engine.pictures.style_files import MOST_BYTES, read_styles, write_styles
from bot.engine.story.macros import expand
from bot.storage import chats, styles, variables
from bot.storage.database import Transaction
from bot.storage.records import Style


async def _use(ctx: CommandContext) -> None:
    name = str(ctx.call.arguments.get("name", "")).strip()
    if not name:
        current = ctx.chat.settings.style
        await ctx.say(f"The style is **{current}**." if current else "No style is in use: the chat's own prefix and negative prompt apply.")
        return
    async with ctx.services.db.read() as c:
        match = await named_style(c, ctx.chat.id, name)
    async with ctx.services.db.write() as c:
        await chats.change_settings(c, ctx.chat.id, {"style": match.name if match else ""})
    await ctx.say(f"Style **{match.name}** is in use." if match else "No style is in use now.")


async def _save(ctx: CommandContext) -> None:
    arguments, settings = ctx.call.arguments, ctx.chat.settings
    name = str(arguments["name"]).strip()[:80]
    if not name:
        raise UserError("A style needs a name.")
    style = Style(name, str(arguments.get("prefix", settings.prefix)), str(arguments.get("negative", settings.negative)))
    ctx.services.guard.check_picture(ctx.chat, style.prefix)
    async with ctx.services.db.write() as c:
        style, replaced = await _put(c, ctx.chat.id, style)
    what = "changed" if replaced else "saved"
    await ctx.say(f"Style **{style.name}** {what}: prefix `{style.prefix or '—'}`, negative `{style.negative or '—'}`.")


async def _list(ctx: CommandContext) -> None:
    async with ctx.services.db.read() as c:
        known = await styles.of_chat(c, ctx.chat.id)
    lines = [
        f"{'▶' if s.name == ctx.chat.settings.style else '•'} **{s.name}** — `{s.prefix or '—'}` / not `{s.negative or '—'}`" for s in known
    ]
    await ctx.say("\n".join(lines) or 'There are no styles yet. Save one: `/style save name=Ink prefix="ink drawing"`.')


async def _delete(ctx: CommandContext) -> None:
    name = str(ctx.call.arguments["name"]).strip()
    async with ctx.services.db.write() as c:
        found = await styles.get(c, ctx.chat.id, name)
        if found is None or not await styles.remove(c, ctx.chat.id, found.name):
            raise await unknown_style(c, ctx.chat.id, name)
        if ctx.chat.settings.style == found.name:
            await chats.change_settings(c, ctx.chat.id, {"style": ""})
    await ctx.say(f"Style **{found.name}** is deleted.")


async def _put(c: Transaction, chat_id: int, style: Style) -> tuple[Style, bool]:
    """Keep a style, in place of one of its name in any case; how it is kept, and whether there was one."""
    known = await styles.get(c, chat_id, style.name)
    name = known.name if known else style.name
    return await styles.put(c, chat_id, name, style.prefix, style.negative), known is not None


async def _export(ctx: CommandContext) -> None:
    name = str(ctx.call.arguments.get("name", "")).strip()
    async with ctx.services.db.read() as c:
        known = await styles.of_chat(c, ctx.chat.id)
        found = await styles.get(c, ctx.chat.id, name) if name else None
        if name and found is None:
            raise await unknown_style(c, ctx.chat.id, name)
    chosen = [found] if found else known
    if not chosen:
        raise NotFound("There are no styles to hand over yet. `/style save` makes one.")
    title = chosen[0].name if len(chosen) == 1 else "styles"
    what = f"Style **{chosen[0].name}**" if len(chosen) == 1 else f"{len(chosen)} styles"
    await ctx.say(f"{what} as a file; `/style import` takes it in elsewhere.", file=write_styles(title, chosen))


async def _import(ctx: CommandContext) -> None:
    if not ctx.call.files:
        raise UserError("Send a style file with the command: JSON as `/style export` writes it.")
    limit = min(ctx.services.guard.rules.attachment_bytes, MOST_BYTES)
    found = read_styles(await ctx.services.platforms[ctx.chat.key.platform].fetch(ctx.call.files[0], limit))
    for style in found:
        ctx.services.guard.check_picture(ctx.chat, style.prefix)
    async with ctx.services.db.write() as c:
        taken = [await _put(c, ctx.chat.id, style) for style in found]
    lines = [f"• **{style.name}**{' (replaced)' if replaced else ''}" for style, replaced in taken]
    await ctx.say("Taken in:\n" + "\n".join(lines) + "\n`/style use NAME` switches to one.")


async def _setvar(ctx: CommandContext) -> None:
    key = str(ctx.call.arguments["key"]).strip()
    stage = await ctx.services.stories.stage(ctx.chat, ctx.call.author)
    value = expand(str(ctx.call.arguments.get("value", "")), stage.world()).text
    async with ctx.services.db.write() as c:
        await variables.put(c, ctx.chat.id, {key: value})
    await ctx.say(f"`{key}` is `{value}`.")


async def _getvar(ctx: CommandContext) -> None:
    key = str(ctx.call.arguments["key"]).strip()
    async with ctx.services.db.read() as c:
        values = await variables.of_chat(c, ctx.chat.id)
    await ctx.say(f"`{key}` is `{values[key]}`." if key in values else f"`{key}` is not set.")


async def style_names(ctx: CommandContext, typed: str) -> list[str]:
    """Names of the chat's styles that hold what was typed."""
    async with ctx.services.db.read() as c:
        known = await styles.of_chat(c, ctx.chat.id)
    return [s.name for s in known if typed.lower() in s.name.lower()]


_NAME = Option("name", "the style's name", required=True, rest=True, complete=style_names)
COMMANDS = (
    Command(
        "style use",
        "switch to a style, «none» for none; alone it tells which one is in use",
        _use,
        (Option("name", "the style's name", rest=True, complete=style_names),),
        aliases=("imagine-style", "sd-style", "img-style"),
        who="manager",
    ),
    Command(
        "style save",
        "save a style; without texts, the chat's prefix and negative prompt",
        _save,
        (
            Option("name", "the style's name", required=True, rest=True),
            Option("prefix", "words before every prompt; {prompt} marks its place"),
            Option("negative", "negative prompt"),
        ),
        who="manager",
        examples=('/style save prefix="ink drawing" negative="colour" Ink',),
    ),
    Command("style list", "the styles of this chat", _list),
    Command("style delete", "delete a style", _delete, (_NAME,), who="manager"),
    Command(
        "style export",
        "get a style as a file to share; alone, all of them",
        _export,
        (Option("name", "the style's name", rest=True, complete=style_names),),
    ),
    Command(
        "style import",
        "take in styles from a file",
        _import,
        (Option("file", "the style file (JSON)", "file", required=True),),
        who="manager",
    ),
    Command(
        "setvar",
        "set a variable that macros read with {{getvar::key}}",
        _setvar,
        (Option("key", "the variable's name", required=True), Option("value", "its value", rest=True)),
        examples=("/setvar key=weather rain",),
    ),
    Command("getvar", "show a variable", _getvar, (Option("key", "the variable's name", required=True, rest=True),)),
)
