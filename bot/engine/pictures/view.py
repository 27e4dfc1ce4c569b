"""What a picture's post looks like in each state: text, controls, alt text."""

from __future__ import annotations

from bot.domain.pictures import RenderPlan
from bot.domain.posts import Button, PictureState, PictureView, Post, Rows, Speaker, TakeView
from bot.engine.commands.catalogue import control_id
from bot.engine.services import Services
from bot.storage.records import Chat, Picture, Take

WAITING = "🖌️ On it…"
DRAFTING = "✍️ Thinking about the picture…"
DRAWING = "🖌️ Drawing…"
DRAWING_ANOTHER = "🖌️ Drawing another one…"
ALT_LIMIT = 1024  # characters; Discord's attachment description


def take_view(services: Services, take: Take) -> TakeView:
    """A take as front ends need it; its file name is unique in the post for ever."""
    extension = take.mime.partition("/")[2].replace("jpeg", "jpg") or "png"
    return TakeView(
        id=take.id,
        path=services.assets.path(take.asset),
        name=f"take-{take.position + 1:02d}-{take.asset[:8]}.{extension}",
        mime=take.mime,
        width=take.width,
        height=take.height,
        size=take.size,
        handle=take.handle,
    )


def alt_text(take: Take | None, fallback: str) -> str:
    """A description for people who cannot see the picture: what was asked for."""
    words = (take.plan.draft or take.plan.prompt) if take else fallback
    text = " ".join(words.split()) or "picture"
    return text if len(text) <= ALT_LIMIT else text[: ALT_LIMIT - 1] + "…"


def finished_rows(key: str, index: int, count: int) -> Rows:
    """◀ n/m ▶ and the rest. ▶ on the last take draws another one."""
    return (
        (
            Button(control_id("prev", key), "◀", disabled=count < 2),
            Button(control_id("count", key), f"{index + 1}/{count}"),
            Button(control_id("next", key), "▶"),
        ),
        (
            Button(control_id("again", key), "🔁"),
            Button(control_id("edit", key), "✏️"),
            Button(control_id("rewrite", key), "✨"),
            Button(control_id("info", key), "ℹ️"),
            Button(control_id("delete", key), "🗑️"),
        ),
    )


def rows_for(state: PictureState, key: str, index: int, count: int, controls: str, *, retry: bool = True) -> Rows:
    """The buttons of a post in this state. Reactions replace them only on finished pictures: cancel needs a button."""
    if state in ("waiting", "drawing"):
        return ((Button(control_id("cancel", key), "✖ Cancel", "danger"),),)
    if state == "proposed":
        return (
            (
                Button(control_id("approve", key), "🎨 Draw", "primary"),
                Button(control_id("edit", key), "✏️ Edit prompt"),
                Button(control_id("dismiss", key), "✖ Dismiss"),
            ),
        )
    if state in ("failed", "cancelled") and not count:
        again = (Button(control_id("again", key), "🔁 Try again"),) if retry else ()
        return ((*again, Button(control_id("delete", key), "🗑️")),)
    return finished_rows(key, index, count) if controls != "reactions" else ()


def picture_view(
    services: Services,
    chat: Chat,
    picture: Picture,
    state: PictureState,
    text: str,
    *,
    progress: float | None = None,
    alt: str = "",
    speaker: Speaker | None = None,
    retry: bool = True,
) -> PictureView:
    """Everything the front end needs to bring the post to ``state``."""
    takes = tuple(take_view(services, take) for take in picture.takes)
    index = min(picture.shown, len(takes) - 1) if takes else 0
    controls = chat.settings.controls
    wants_reactions = controls != "buttons" and state == "done"
    return PictureView(
        key=picture.key,
        chat=picture.chat_key,
        state=state,
        text=text,
        alt=alt_text(picture.takes[index] if takes else None, alt or picture.request.subject),
        takes=takes,
        index=index,
        progress=progress,
        rows=rows_for(state, picture.key, index, len(takes), controls, retry=retry),
        reactions=("prev", "next", "again") if wants_reactions else (),
        spoiler=picture.spoiler,
        speaker=speaker,
        reply_to=picture.reply_to,
        message_id=picture.message_id,
    )


def proposal_text(plan: RenderPlan) -> str:
    """What a proposal shows: the scene prompt before prefixes."""
    source = " from the picture" if plan.references[:1] and plan.references[0].startswith("base:") else ""
    return f"✍️ This is what I would draw{source}:\n```\n{plan.draft or plan.prompt}\n```"


def offer_post(key: str, subject: str, reply_to: str | None = None) -> Post:
    """An offer to draw, with its buttons."""
    what = f" «{subject}»" if subject else ""
    buttons = (Button(control_id("draw", key), "🎨 Draw", "primary"), Button(control_id("nodraw", key), "✖"))
    return Post(f"🎨 Shall I draw this{what}?", rows=(buttons,), reply_to=reply_to)
