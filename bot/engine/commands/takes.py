"""The controls under a picture: flip, again, edit, rewrite, info, delete, cancel, approve, and offers."""

from __future__ import annotations

from bot.domain.errors import NotFound, NothingToDo, UserError
from bot.domain.posts import Form, FormField
from bot.engine.commands.catalogue import Control, FormSpec, control_id
from bot.engine.commands.context import ControlContext, FormContext
from bot.engine.pictures.swipes import (
    active_job,
    approve,
    cancel_picture,
    delete_picture,
    describe_take,
    draw_again,
    find_picture,
    flip,
    require_owner,
    shown_take,
    withdraw,
)

PROMPT_LIMIT = 4000  # characters in one form field; Discord's modal limit


async def _previous(ctx: ControlContext) -> None:
    await flip(ctx.services, await find_picture(ctx.services, ctx.chat, ctx.key), -1)


async def _next(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    if picture.takes and picture.shown < len(picture.takes) - 1:
        await flip(ctx.services, picture, +1)
    else:
        await draw_again(ctx.services, ctx.chat, picture, ctx.press.author)


async def _again(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    await draw_again(ctx.services, ctx.chat, picture, ctx.press.author)


async def _rewrite(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    await ctx.services.flow.redraw(ctx.chat, picture, ctx.press.author, None, "waiting")
    await ctx.services.presenter.show(picture.id, "drawing", "✍️ Writing the prompt anew…")


async def _count(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    await ctx.say(f"Picture {picture.shown + 1} of {len(picture.takes)}. ▶ on the last one draws another with the same prompt.")


async def _edit(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    job = await active_job(ctx.services, picture)
    proposed = job.plan if job is not None and job.state == "proposed" else None
    plan = proposed or shown_take(picture).plan
    negative = picture.request.overrides.negative or ""
    await ctx.ask(
        Form(
            control_id("edit", picture.key),
            "Edit the prompt",
            (
                FormField("prompt", "Prompt", (plan.draft or plan.prompt)[:PROMPT_LIMIT], long=True),
                FormField("negative", "Negative prompt", negative[:PROMPT_LIMIT], long=True, required=False),
            ),
        )
    )


async def _edited(ctx: FormContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    words = ctx.submission.values.get("prompt", "").strip()
    negative = ctx.submission.values.get("negative", "").strip()
    if not words:
        raise UserError("The prompt is empty; nothing was changed.")
    services, person = ctx.services, ctx.submission.author
    overrides = picture.request.overrides.model_copy(update={"negative": negative or None})
    request = picture.request.model_copy(update={"overrides": overrides})
    plan = await services.drafter.replan(ctx.chat, request, words)
    job = await active_job(services, picture)
    if job is not None and job.state == "proposed":
        await services.flow.check_plan(ctx.chat, person, picture, plan)
        await approve(services, picture, plan)
        return
    await services.flow.redraw(ctx.chat, picture, person, plan, "queued")
    await services.presenter.show(picture.id, "drawing", "🖌️ Drawing with the new prompt…")


async def _approve(ctx: ControlContext) -> None:
    await approve(ctx.services, await find_picture(ctx.services, ctx.chat, ctx.key))


async def _dismiss(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    require_owner(ctx.services, ctx.chat, picture, ctx.press.author)
    job = await active_job(ctx.services, picture)
    if job is None:
        raise NothingToDo("This has been answered already.")
    await withdraw(ctx.services, picture, job)


async def _cancel(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    require_owner(ctx.services, ctx.chat, picture, ctx.press.author)
    await cancel_picture(ctx.services, picture)


async def _info(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    await ctx.say(describe_take(picture, shown_take(picture)))


async def _delete(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    require_owner(ctx.services, ctx.chat, picture, ctx.press.author)
    job = await active_job(ctx.services, picture)
    if job is not None:
        await ctx.services.jobs.cancel(job.id)
    await delete_picture(ctx.services, ctx.chat, picture)


async def _draw_offer(ctx: ControlContext) -> None:
    await ctx.services.flow.accept_offer(ctx.chat, ctx.key, ctx.press.author)
    await _remove_offer(ctx)


async def _refuse_offer(ctx: ControlContext) -> None:
    if not await ctx.services.flow.refuse_offer(ctx.chat, ctx.key):
        raise NotFound("This offer is gone.")
    await _remove_offer(ctx)


async def _remove_offer(ctx: ControlContext) -> None:
    await ctx.services.platforms[ctx.chat.key.platform].delete(ctx.chat.key, (ctx.press.message_id,))


CONTROLS = (
    Control("prev", "◀", "the picture before", _previous, {"discord": ("◀️", "⬅️"), "telegram": ()}),
    Control("next", "▶", "the next picture; on the last one, another with the same prompt", _next,
            {"discord": ("▶️", "➡️"), "telegram": ("👌",)}),
    Control("again", "🔁", "another picture with the same prompt", _again, {"discord": ("🔁",), "telegram": ("👎",)}),
    Control("edit", "✏️", "change the prompt and draw", _edit, {"discord": ("✏️",)}, opens_form=True),
    Control("rewrite", "✨", "write the prompt anew and draw", _rewrite, {"discord": ("✨",)}),
    Control("info", "ℹ️", "the exact request", _info, {"discord": ("ℹ️",)}),
    Control("delete", "🗑️", "delete the picture", _delete, {"discord": ("🗑️",)}),
    Control("count", "n/m", "which picture of how many", _count, {}),
    Control("cancel", "✖", "stop drawing", _cancel, {}),
    Control("approve", "🎨", "draw this prompt", _approve, {}),
    Control("dismiss", "✖", "do not draw this prompt", _dismiss, {}),
    Control("draw", "🎨", "draw what was offered", _draw_offer, {}),
    Control("nodraw", "✖", "do not draw what was offered", _refuse_offer, {}),
)  # fmt: skip
FORMS = (FormSpec("edit", _edited),)
