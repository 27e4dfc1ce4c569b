"""start, retry, gallery, status, cancel, forget and help: the everyday commands."""

from __future__ import annotations

from bot.domain.errors import NotAllowed, NotFound, NothingToDo
from bot.domain.posts import Button, Post
from bot.engine.commands.catalogue import Command, Control, Option, control_id
from bot.engine.commands.context import CommandContext, ControlContext
from bot.engine.pictures.swipes import cancel_picture, describe_take, find_picture, require_owner
from bot.storage import chats, inbox, jobs, pictures
from bot.storage.records import Job

PAGE = 6  # pictures on one gallery page


async def _start(ctx: CommandContext) -> None:
    if await ctx.services.stories.greet(ctx.chat, ctx.call.author):
        await ctx.done("The story begins.")
        return
    stage = await ctx.services.stories.stage(ctx.chat, ctx.call.author)
    await ctx.say(f"**{stage.character.name}** is here. Just write; ask for a picture in your own words, or see `/help`.")


async def _retry(ctx: CommandContext) -> None:
    await ctx.done("Writing another answer…")
    if not await ctx.services.stories.retry(ctx.chat, ctx.call.author):
        raise NothingToDo("There is no answer to write anew.")


async def _gallery(ctx: CommandContext) -> None:
    page = int(ctx.call.arguments.get("page", 1))
    await ctx.responder.answer(await gallery_page(ctx, page))


async def gallery_page(ctx: CommandContext | ControlContext, page: int) -> Post:
    """One page of the chat's pictures, newest first, each with a button that shows it again."""
    async with ctx.services.db.read() as c:
        shown, total = await pictures.gallery(c, ctx.chat.id, (page - 1) * PAGE, PAGE)
    pages = max(1, -(-total // PAGE))
    if not total:
        return Post("No pictures yet. Ask for one: `/imagine scene`.", private=True)
    lines = [f"**Pictures** — page {page} of {pages}, {total} in all"]
    buttons = []
    for number, picture in enumerate(shown, start=(page - 1) * PAGE + 1):
        what = picture.request.subject or picture.request.mode
        takes = f", {len(picture.takes)} takes" if len(picture.takes) > 1 else ""
        lines.append(f"{number}. {what[:120]} — by {picture.request.requester.name}{takes} (`{picture.key}`)")
        buttons.append(Button(control_id("show", picture.key), str(number)))
    turning = (
        Button(control_id("page", str(page - 1)), "◀", disabled=page <= 1),
        Button(control_id("page", str(page + 1)), "▶", disabled=page >= pages),
    )
    rows = tuple(tuple(buttons[i : i + 3]) for i in range(0, len(buttons), 3))
    return Post("\n".join(lines), rows=(*rows, turning) if pages > 1 else rows, private=True)


async def _turn_page(ctx: ControlContext) -> None:
    page = _number(ctx.key)
    if not page:
        raise NothingToDo("There is no such page.")
    await ctx.responder.answer(await gallery_page(ctx, page))


def _number(key: str) -> int:
    """The number in a control's id; 0 for anything else. Whoever forges a control may write any digits there."""
    return int(key) if key.isdecimal() and len(key) < 16 else 0


async def _show(ctx: ControlContext) -> None:
    """Show a picture of the gallery again, to whoever asked."""
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    take = picture.current
    if take is None:
        raise NothingToDo("This picture was never finished.")
    await ctx.responder.answer(
        Post(describe_take(picture, take), private=True, picture=ctx.services.assets.path(take.asset), spoiler=picture.spoiler)
    )


async def _jobs(ctx: CommandContext | ControlContext) -> list[Job]:
    async with ctx.services.db.read() as c:
        return await jobs.active_for_chat(c, ctx.chat.id)


_STATES = {"waiting": "just begun", "drafting": "its prompt is being written", "proposed": "waits for your answer", "queued": "in line",
           "delivering": "on its way"}  # fmt: skip


async def _key_of(ctx: CommandContext, job: Job) -> str:
    """The id of a job's picture, as ``cancel`` takes it."""
    async with ctx.services.db.read() as c:
        picture = await pictures.by_id(c, job.picture_id)
    return picture.key if picture else "?"


async def _status(ctx: CommandContext) -> None:
    under_way = await _jobs(ctx)
    model = ctx.services.stories.model_of(ctx.chat)
    stage = await ctx.services.stories.stage(ctx.chat, ctx.call.author)
    backend = ctx.chat.settings.backend or next(iter(ctx.services.backends), "none")
    lines = [
        f"**{stage.character.name}** speaks through {model.name}; pictures come from {backend}.",
        "\n".join([f"• picture `{await _key_of(ctx, j)}`: {_STATES.get(j.state, j.state)}" for j in under_way])
        or "Nothing is being drawn.",
    ]
    waiting = ctx.services.lanes.waiting(str(ctx.chat.key))
    if waiting:
        lines.append(f"{waiting} message{'s' if waiting > 1 else ''} in line.")
    lines.append(f"This chat is `{ctx.chat.key}`.")
    await ctx.say("\n".join(lines), private=True)


async def _cancel(ctx: CommandContext) -> None:
    wanted = str(ctx.call.arguments.get("id", "")).strip("` ")
    if wanted:
        picture = await find_picture(ctx.services, ctx.chat, wanted)
        require_owner(ctx.services, ctx.chat, picture, ctx.call.author)
        await cancel_picture(ctx.services, picture)
        await ctx.say("Cancelled.", private=True)
        return
    mine = ctx.services.guard.may_change(ctx.chat, ctx.call.author)
    stopped = 0
    for job in await _jobs(ctx):
        if (mine or job.requester.id == ctx.call.author.id) and await ctx.services.jobs.cancel(job.id):
            stopped += 1
    if await ctx.services.stories.hush(ctx.chat, ctx.call.author):
        stopped += 1
    if not stopped:
        raise NothingToDo("Nothing of yours is under way here.")
    await ctx.say("Stopped.", private=True)


async def _forget(ctx: CommandContext) -> None:
    count = "the whole story of this chat, its pictures and its variables"
    await ctx.say(
        f"This erases {count} for good. Characters and styles stay.",
        rows=((Button(control_id("forget", str(ctx.chat.id)), "🗑️ Erase everything", "danger"), Button(control_id("keep", "1"), "Keep")),),
        private=True,
    )


async def _really_forget(ctx: ControlContext) -> None:
    if not ctx.services.guard.may_change(ctx.chat, ctx.press.author):
        raise NotAllowed("Only moderators of this place and the host may erase its story.")
    if ctx.key != str(ctx.chat.id):
        raise NotFound("This button belongs to another chat.")
    for job in await _jobs(ctx):
        await ctx.services.jobs.cancel(job.id)
    await ctx.services.lanes.cancel_running(str(ctx.chat.key))
    await ctx.services.lanes.run(str(ctx.chat.key), lambda: _erase(ctx))  # never under the feet of an answer being written
    await ctx.say("Forgotten.")


async def _erase(ctx: ControlContext) -> None:
    async with ctx.services.db.write() as c:
        shas = await pictures.assets_of(c, ctx.chat.id)
        message_ids = await chats.forget(c, ctx.chat.id)
    await ctx.services.assets.remove(shas)
    await ctx.services.platforms[ctx.chat.key.platform].delete(ctx.chat.key, tuple(message_ids))


async def _keep(ctx: ControlContext) -> None:
    await ctx.say("Nothing was erased.")


async def _reanswer(ctx: ControlContext) -> None:
    """Try a failed answer again."""
    async with ctx.services.db.read() as c:
        row = await inbox.by_id(c, _number(ctx.key))
    if row is None or not await ctx.services.turns.again(row, ctx.chat):
        raise NothingToDo("This has been answered meanwhile.")


async def _anew(ctx: ControlContext) -> None:
    """Write an answer anew whose stream broke off."""
    if not await ctx.services.stories.retry(ctx.chat, ctx.press.author, _number(ctx.key)):
        raise NothingToDo("The story has gone on since. `/retry` writes the newest answer anew.")


async def _resend(ctx: ControlContext) -> None:
    """Show an answer that may not have arrived."""
    if not await ctx.services.stories.show_again(ctx.chat, ctx.press.author, _number(ctx.key)):
        raise NothingToDo("This answer has been shown already.")


async def _help(ctx: CommandContext) -> None:
    wanted = str(ctx.call.arguments.get("command", "")).strip().lstrip("/").lower()
    catalogue = ctx.services.catalogue
    if wanted:
        found = [c for c in (catalogue.command(wanted), *catalogue.group(wanted)) if c is not None]
        if not found:
            raise NotFound(f"There is no command «{wanted}».")
        await ctx.say("\n\n".join(map(command_help, found)), private=True)
        return
    lines = [f"`/{c.name}` {c.help}" for c in catalogue.commands.values()]
    legend = " ".join(
        f"{'/'.join(c.reactions[ctx.call.chat.platform][:1])} {c.help};"
        for c in catalogue.controls.values()
        if c.reactions.get(ctx.call.chat.platform)
    )
    text = "Write to talk. Ask for a picture in your own words: «send me a picture of the lighthouse», «draw you by the fire».\n"
    text += "\n".join(lines)
    text += f"\n\nReactions on a picture (when the setting `controls` has them): {legend}" if legend else ""
    await ctx.say(text, private=True)


def command_help(command: Command) -> str:
    """One command explained: options, limits, aliases, examples."""
    lines = [f"**/{command.name}** — {command.help}"]
    for option in command.options:
        limits = f", {option.least:g} to {option.most:g}" if option.least is not None and option.most is not None else ""
        lines.append(f"`{option.name}` ({option.type}{limits}) {option.help}")
    if command.aliases:
        lines.append("Also: " + ", ".join(f"`/{a}`" for a in command.aliases))
    lines += [f"Example: `{example}`" for example in command.examples]
    return "\n".join(lines)


COMMANDS = (
    Command("start", "begin the story with the character's greeting", _start),
    Command("retry", "write the last answer anew", _retry),
    Command(
        "gallery",
        "the pictures of this chat",
        _gallery,
        (Option("page", "which page, 1 for the newest", "integer", least=1, most=10_000, rest=True),),
        aliases=("show-gallery",),
        private=True,
    ),
    Command("status", "what is under way, and who speaks and draws", _status, private=True),
    Command("cancel", "stop what you started", _cancel, (Option("id", "one picture by its id", rest=True),), private=True),
    Command("forget", "erase the story of this chat", _forget, who="manager", private=True),
    Command("help", "what I can do", _help, (Option("command", "one command explained", rest=True),), private=True),
)
CONTROLS = (
    Control("page", "▶", "another gallery page", _turn_page, {}),
    Control("show", "n", "show a picture of the gallery", _show, {}),
    Control("forget", "🗑️", "erase the story", _really_forget, {}),
    Control("keep", "Keep", "erase nothing", _keep, {}),
    Control("resend", "💬", "show an answer that may not have arrived", _resend, {}),
    Control("anew", "🔁", "write an answer anew that broke off", _anew, {}),
    Control("reanswer", "🔁", "try the answer again", _reanswer, {}),
)
