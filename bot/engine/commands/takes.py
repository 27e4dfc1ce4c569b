"""The controls under a picture: flip, again, edit, rewrite, info, delete, cancel, approve, and offers."""

from __future__ import annotations

import json

from bot.domain.errors import NotAllowed, NotFound, NothingToDo, PictureGone, UserError
from bot.domain.pictures import RenderPlan
from bot.domain.places import Person
from bot.domain.posts import Form, FormField, PictureState
from bot.engine.commands.catalogue import Control, FormSpec, control_id
from bot.engine.commands.context import ControlContext, FormContext
from bot.engine.pictures.plan import new_seed
from bot.engine.services import Services
from bot.storage import jobs, pictures
from bot.storage.records import Chat, Job, Picture, Take

PROMPT_LIMIT = 4000  # characters in one form field; Discord's modal limit


async def find_picture(services: Services, chat: Chat, key: str) -> Picture:
    """The picture of a control in its own chat. Raises ``PictureGone``."""
    async with services.db.read() as c:
        picture = await pictures.by_key(c, key)
    if picture is None or picture.deleted or picture.chat_id != chat.id:
        raise PictureGone()
    return picture


async def active_job(services: Services, picture: Picture) -> Job | None:
    """The job under way for a picture, a waiting proposal included."""
    async with services.db.read() as c:
        return await jobs.active_for_picture(c, picture.id)


async def flip(services: Services, picture: Picture, step: int) -> None:
    """Show another take. Before the first one comes the last one."""
    if not picture.takes:
        raise NothingToDo("There is no picture yet.")
    index = (picture.shown + step) % len(picture.takes)
    job = await active_job(services, picture)
    state: PictureState = "drawing" if job and job.state in ("queued", "drawing") else "done"
    text = await services.drafter.caption(picture.id) if state == "done" else "🖌️ Drawing another one…"
    await services.presenter.show(picture.id, state, text, index=index)


async def draw_again(services: Services, chat: Chat, picture: Picture, person: Person) -> None:
    """Another take: the shown take's prompt, negative, size, backend and model with a new seed; only the seed differs."""
    if not picture.takes:
        await services.flow.redraw(chat, picture, person, None, "waiting")
        return
    plan = shown_take(picture).plan.model_copy(update={"seed": new_seed()})
    await services.flow.redraw(chat, picture, person, plan, "queued")
    await services.presenter.show(picture.id, "drawing", "🖌️ Drawing another one…")


def shown_take(picture: Picture) -> Take:
    """The take the post shows now. Raises ``NothingToDo`` when none was drawn yet."""
    if not picture.takes:
        raise NothingToDo("There is no picture yet.")
    return picture.takes[min(picture.shown, len(picture.takes) - 1)]


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
    if job is not None and job.state == "proposed" and job.plan is not None:
        plan = job.plan
    else:
        plan = shown_take(picture).plan
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
        await services.flow.check(ctx.chat, person, plan.prompt)
        await approve(services, picture, plan)
        return
    await services.flow.redraw(ctx.chat, picture, person, plan, "queued")
    await services.presenter.show(picture.id, "drawing", "🖌️ Drawing with the new prompt…")


async def approve(services: Services, picture: Picture, plan: RenderPlan | None = None) -> None:
    """Let a proposal be drawn; doing it twice draws once."""
    async with services.db.write() as c:
        job = await jobs.active_for_picture(c, picture.id)
        if job is None or not await jobs.move(c, job.id, "proposed", "queued"):
            raise NothingToDo("This has been answered already.")
        if plan is not None:
            await jobs.set_plan(c, job.id, plan)
    await services.presenter.show(picture.id, "waiting", "🖌️ On it…")
    services.jobs.start(job.id)


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


async def cancel_picture(services: Services, picture: Picture) -> None:
    """Stop the job under way; reaches the backend. Raises ``NothingToDo`` when nothing is."""
    job = await active_job(services, picture)
    if job is not None and job.state == "proposed":
        await withdraw(services, picture, job)
    elif job is None or not await services.jobs.cancel(job.id):
        raise NothingToDo("Nothing is being drawn here.")


async def withdraw(services: Services, picture: Picture, job: Job) -> None:
    """Take a proposal back. Raises ``NothingToDo`` when it was answered meanwhile."""
    async with services.db.write() as c:
        if not await jobs.move(c, job.id, "proposed", "cancelled"):
            raise NothingToDo("This has been answered already.")
    await services.presenter.show(picture.id, "cancelled", "Dismissed.")


def require_owner(services: Services, chat: Chat, picture: Picture, person: Person) -> None:
    """Whoever asked for it, managers of the place and the host may end or remove a picture."""
    job_owner = picture.request.requester.id == person.id
    if not job_owner and not services.guard.may_change(chat, person):
        raise NotAllowed(f"Only {picture.request.requester.name}, moderators and the host may do that.")


async def _info(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    await ctx.say(describe_take(picture, shown_take(picture)))


def describe_take(picture: Picture, take: Take) -> str:
    """The exact request behind a take, for people."""
    plan = take.plan
    settings = {
        "steps": plan.steps,
        "CFG scale": plan.cfg,
        "sampler": plan.sampler,
        "scheduler": plan.scheduler,
        "CLIP skip": plan.clip_skip,
        "denoise": plan.denoise,
        "VAE": plan.vae,
        "workflow": plan.workflow,
        "upscale": plan.upscale,
    }
    lines = [
        f"**Picture `{picture.key}`, {take.position + 1} of {len(picture.takes)}** — asked by {picture.request.requester.name}, mode {plan.mode}",
        f"**Prompt**\n```\n{plan.prompt}\n```",
        f"**Negative prompt**\n```\n{plan.negative}\n```" if plan.negative else "",
        f"**Backend** {plan.backend}" + (f", model {plan.model}" if plan.model else ""),
        f"**Size** {take.width}×{take.height} · **Seed** {plan.seed} · {take.seconds:.1f} s"
        + (f" · ${take.cost:.4f}" if take.cost else ""),
        " · ".join(f"**{name}** {value}" for name, value in settings.items() if value is not None),
        "\n".join(f"⚠️ Not used: {lost.setting} ({lost.why})" for lost in plan.lost),
    ]
    return "\n".join(line for line in lines if line)


def take_parameters(take: Take) -> str:
    """Everything recorded about a take, as JSON text; for the gallery's download."""
    return json.dumps({"request": take.plan.model_dump(mode="json"), "backend": json.loads(take.backend_words)}, indent=2)


async def _delete(ctx: ControlContext) -> None:
    picture = await find_picture(ctx.services, ctx.chat, ctx.key)
    require_owner(ctx.services, ctx.chat, picture, ctx.press.author)
    job = await active_job(ctx.services, picture)
    if job is not None:
        await ctx.services.jobs.cancel(job.id)
    await delete_picture(ctx.services, ctx.chat, picture)


async def delete_picture(services: Services, chat: Chat, picture: Picture) -> None:
    """Remove the post, the takes and the image files nobody else uses."""
    async with services.db.write() as c:
        shas = await pictures.erase(c, picture.id)
    if picture.message_id is not None:
        await services.platforms[chat.key.platform].delete(chat.key, (picture.message_id,))
    await services.assets.remove(shas)


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
