"""Reads a chat's story for the page: entries, pictures in their present state, open offers."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from bot.domain.places import ChatKey, Person, Place
from bot.domain.posts import Button, PictureState, Post
from bot.engine.commands.catalogue import control_id
from bot.engine.engine import Engine
from bot.engine.pictures.view import picture_view
from bot.frontends.web.platform import WebPlatform
from bot.storage import chats, entries, jobs, pictures, proposals
from bot.storage.records import Chat, Entry, Job, Picture

PLACE = Place(private=True)
PERSON = Person(id="local", name="You", manager=True)
PAGE = 60  # entries shown at once


def chat_key(chat_id: str) -> ChatKey:
    """The key of a story of the page."""
    return ChatKey("web", "", chat_id)


@dataclass(frozen=True, slots=True)
class StoryPage:
    """A piece of the story as HTML; ``more`` is the entry id to ask for what came before."""

    html: Markup
    more: int | None


class StoryReader:
    """Turns stored entries into HTML."""

    def __init__(self, engine: Engine, platform: WebPlatform) -> None:
        self._engine = engine
        self._platform = platform

    async def page(self, chat: Chat, before: int | None) -> StoryPage:
        """The newest entries, or those before an entry, oldest first."""
        async with self._engine.services.db.read() as c:
            shown = await entries.page(c, chat.id, before=before, limit=PAGE)
            posts = {e.id: await entries.posts_of(c, e.id) for e in shown if e.kind != "picture"}
            drawn = {e.id: await pictures.by_id(c, e.picture_id) for e in shown if e.picture_id is not None}
            under_way = {p.id: await jobs.latest_for_picture(c, p.id) for p in drawn.values() if p is not None}
            offers = await proposals.open_in(c, chat.id) if before is None else []
        html = [await self._entry(chat, e, posts.get(e.id, []), drawn.get(e.id), under_way) for e in sorted(shown, key=lambda e: e.id)]
        for offer in offers:
            if offer.message_id is not None:
                html.append(self._platform.renderer.post(offer.message_id, _offer_post(offer.key, offer.request.subject)))
        for message_id, (key, post) in self._platform.notes.items():
            if key == chat.key and before is None and message_id not in {o.message_id for o in offers}:
                html.append(self._platform.renderer.post(message_id, post))
        more = min((e.id for e in shown), default=None) if len(shown) == PAGE else None
        return StoryPage(Markup("").join(html), more)

    async def _entry(self, chat: Chat, entry: Entry, posts: list[str], picture: Picture | None, newest: dict[int, Job | None]) -> Markup:
        if picture is not None:
            return self._picture(chat, picture, newest.get(picture.id))
        if entry.kind == "picture":
            return Markup("")
        message_id = posts[0] if posts else f"e{entry.id}"
        if not entry.text:
            return Markup("")
        kind = entry.kind if entry.kind in ("player", "character") else "narrator"
        return self._platform.renderer.line(message_id, kind, entry.author_name, entry.text)

    def _picture(self, chat: Chat, picture: Picture, job: Job | None) -> Markup:
        if picture.deleted or picture.request.overrides.quiet or picture.message_id is None:
            return Markup("")
        live = self._platform.views.get(picture.key)
        if live is not None:
            return self._platform.renderer.picture(picture.message_id, live)
        state: PictureState = "done" if picture.takes else "failed"
        text = ""
        if job is not None and job.state in ("waiting", "drafting", "queued"):
            state, text = "waiting", "🖌️ On it…"
        elif job is not None and job.state in ("drawing", "delivering"):
            state, text = "drawing", "🖌️ Drawing…"
        elif job is not None and job.state == "proposed" and job.plan is not None:
            state, text = "proposed", f"✍️ This is what I would draw:\n```\n{job.plan.draft or job.plan.prompt}\n```"
        elif not picture.takes and job is not None:
            state, text = ("cancelled" if job.state == "cancelled" else "failed"), job.error or "This picture was not drawn."
        view = picture_view(self._engine.services, chat, picture, state, text)
        return self._platform.renderer.picture(picture.message_id, view)

    async def chat(self, chat_id: str) -> Chat:
        """The chat of a story; made when it is new."""
        services = self._engine.services
        async with services.db.write() as c:
            return await chats.open_chat(c, chat_key(chat_id), PLACE, services.defaults)


def _offer_post(key: str, subject: str) -> Post:
    what = f" «{subject}»" if subject else ""
    return Post(
        f"🎨 Shall I draw this{what}?",
        rows=((Button(control_id("draw", key), "🎨 Draw", "primary"), Button(control_id("nodraw", key), "✖")),),
    )
