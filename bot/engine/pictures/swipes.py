"""Swipes: flipping through a picture's takes, drawing another, and ending or removing what was begun."""

from __future__ import annotations

import json

from bot.domain.errors import NotAllowed, NothingToDo, PictureGone
from bot.domain.pictures import RenderPlan
from bot.domain.places import Person
from bot.domain.posts import PictureState
from bot.engine.pictures.plan import new_seed
from bot.engine.pictures.view import DRAWING_ANOTHER, WAITING
from bot.engine.services import Services
from bot.storage import jobs, pictures
from bot.storage.records import Chat, Job, Picture, Take


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
    text = await services.drafter.caption(picture.id) if state == "done" else DRAWING_ANOTHER
    await services.presenter.show(picture.id, state, text, index=index)


async def draw_again(services: Services, chat: Chat, picture: Picture, person: Person) -> None:
    """Another take: the shown take's prompt, negative, size, backend and model with a new seed; only the seed differs."""
    if not picture.takes:
        await services.flow.redraw(chat, picture, person, None, "waiting")
        await services.presenter.show(picture.id, "waiting", WAITING)
        return
    plan = shown_take(picture).plan.model_copy(update={"seed": new_seed()})
    await services.flow.redraw(chat, picture, person, plan, "queued")
    await services.presenter.show(picture.id, "drawing", DRAWING_ANOTHER)


def shown_take(picture: Picture) -> Take:
    """The take the post shows now. Raises ``NothingToDo`` when none was drawn yet."""
    if picture.current is None:
        raise NothingToDo("There is no picture yet.")
    return picture.current


async def approve(services: Services, picture: Picture, plan: RenderPlan | None = None) -> None:
    """Let a proposal be drawn; doing it twice draws once."""
    async with services.db.write() as c:
        job = await jobs.active_for_picture(c, picture.id)
        if job is None or not await jobs.move(c, job.id, "proposed", "queued"):
            raise NothingToDo("This has been answered already.")
        if plan is not None:
            await jobs.set_plan(c, job.id, plan)
    try:
        await services.presenter.show(picture.id, "waiting", WAITING)
    finally:  # a post that cannot be edited now does not keep the picture from being drawn
        services.jobs.start(job.id)


async def withdraw(services: Services, picture: Picture, job: Job) -> None:
    """Take a proposal back. Raises ``NothingToDo`` when it was answered meanwhile."""
    async with services.db.write() as c:
        if not await jobs.move(c, job.id, "proposed", "cancelled"):
            raise NothingToDo("This has been answered already.")
    await services.presenter.show(picture.id, "cancelled", "Dismissed.")


async def cancel_picture(services: Services, picture: Picture) -> None:
    """Stop the job under way; reaches the backend. Raises ``NothingToDo`` when nothing is."""
    job = await active_job(services, picture)
    if job is not None and job.state == "proposed":
        await withdraw(services, picture, job)
    elif job is None or not await services.jobs.cancel(job.id):
        raise NothingToDo("Nothing is being drawn here.")


def require_owner(services: Services, chat: Chat, picture: Picture, person: Person) -> None:
    """Whoever asked for it, managers of the place and the host may end or remove a picture."""
    job_owner = picture.request.requester.id == person.id
    if not job_owner and not services.guard.may_change(chat, person):
        raise NotAllowed(f"Only {picture.request.requester.name}, moderators and the host may do that.")


_SOURCES = {"base": "a picture", "character": "the character's picture", "persona": "the player's picture", "background": "the background"}
"""Roles of reference images, for people."""


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
    said = json.loads(take.backend_words)
    cost = said.get("cost") or (f"${take.cost:.4f}" if take.cost else "")
    roles = dict.fromkeys(reference.partition(":")[0] for reference in plan.references)
    which = f"{take.position + 1} of {len(picture.takes)}"
    lines = [
        f"**Picture `{picture.key}`, {which}** — mode {plan.mode}, for {picture.request.requester.name}",
        f"**Prompt**\n```\n{plan.prompt}\n```",
        f"**Negative prompt**\n```\n{plan.negative}\n```" if plan.negative else "",
        f"**Backend** {plan.backend}" + (f", model {plan.model}" if plan.model else ""),
        f"**Size** {take.width}×{take.height} · **Seed** {plan.seed} · {take.seconds:.1f} s" + (f" · {cost}" if cost else ""),
        " · ".join(f"**{name}** {value}" for name, value in settings.items() if value is not None),
        f"**Drawn from** {', '.join(_SOURCES.get(role, role) for role in roles)}" if roles else "",
        "\n".join(f"⚠️ Not used: {lost.setting} ({lost.why})" for lost in plan.lost),
        "\n".join(f"💡 {advice}" for advice in plan.advice),
        "\n".join(f"ℹ️ {note}" for note in said.get("notes", ())),
    ]
    return "\n".join(line for line in lines if line)


def take_parameters(take: Take) -> str:
    """Everything recorded about a take, as JSON text; for the gallery's download."""
    return json.dumps({"request": take.plan.model_dump(mode="json"), "backend": json.loads(take.backend_words)}, indent=2)


async def delete_picture(services: Services, chat: Chat, picture: Picture) -> None:
    """Remove the post, the takes and the image files nobody else uses."""
    async with services.db.write() as c:
        shas = await pictures.erase(c, picture.id)
    if picture.message_id is not None:
        await services.platforms[chat.key.platform].delete(chat.key, (picture.message_id,))
    await services.assets.remove(shas)
