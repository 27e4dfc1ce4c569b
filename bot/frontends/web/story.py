"""Reads a chat's story for the page: entries, pictures in their present state, notices, offers, and what is not answered yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from bot.domain.events import Attachment, Incoming
from bot.domain.places import ChatKey, Person, Place
from bot.domain.posts import Button, PictureState, Post
from bot.engine.attachments import mention
from bot.engine.commands.catalogue import control_id
from bot.engine.engine import Engine
from bot.engine.pictures.base import is_picture
from bot.engine.pictures.view import DRAWING, WAITING, offer_post, picture_view, proposal_text
from bot.frontends.files import mime_of
from bot.frontends.web.platform import WebPlatform, picture_element
from bot.frontends.web.render import Line
from bot.storage import characters, chats, entries, inbox, jobs, personas, pictures, proposals
from bot.storage.records import Chat, Entry, Inbox, Job, Picture, Proposal
from bot.storage.rows import naive

PLACE = Place(private=True)
PLACE_ID = "local"  # all stories are in one place, so that they share their characters
WHO = "local"  # everybody who may use the page is the same person
PAGE = 60  # entries shown at once
_MENTIONED = re.compile(r"\[(?:picture|file): ([^\]\n]{1,200})\]")
"""How the story mentions the files of a message (``bot.engine.attachments``)."""
NOT_ANSWERED = "⚠️ This was not answered."


def chat_key(chat_id: str) -> ChatKey:
    """The key of a story of the page."""
    return ChatKey("web", PLACE_ID, chat_id)


@dataclass(frozen=True, slots=True)
class StoryPage:
    """A piece of the story as HTML; ``more`` is the entry id to ask for what came before."""

    html: Markup
    more: int | None


@dataclass(frozen=True, slots=True)
class _Read:
    """What one look into storage found."""

    entries: list[Entry]
    elements: dict[int, str]
    """Entry id → element, for entries whose post is known."""
    pictures: dict[int, Picture]
    jobs: dict[int, Job | None]
    avatars: dict[int, str | None]
    offers: list[Proposal]
    tail: list[Inbox]
    """The newest incoming events, oldest first; empty on older pages."""


Piece = tuple[datetime, Markup]
_FIRST, _LAST = naive(datetime(1, 1, 2, tzinfo=UTC)), naive(datetime(9999, 12, 30, tzinfo=UTC))


class StoryReader:
    """Turns stored entries into HTML."""

    def __init__(self, engine: Engine, platform: WebPlatform) -> None:
        self._engine = engine
        self._platform = platform

    async def known(self, chat_id: str) -> Chat | None:
        """The chat of a story, if there is one."""
        services = self._engine.services
        async with services.db.read() as c:
            return await chats.by_key(c, chat_key(chat_id), services.defaults)

    async def open(self, chat_id: str) -> Chat:
        """The chat of a story; made when it is new."""
        services = self._engine.services
        async with services.db.write() as c:
            return await chats.open_chat(c, chat_key(chat_id), PLACE, services.defaults)

    async def person(self) -> Person:
        """Who uses the page, by the name they chose."""
        async with self._engine.services.db.read() as c:
            persona = await personas.get(c, "web", WHO)
        return Person(id=WHO, name=persona.name if persona else "You", manager=True)

    async def page(self, chat: Chat, before: int | None) -> StoryPage:
        """The newest entries, or those before an entry, oldest first."""
        read = await self._read(chat, before)
        pieces: list[Piece] = []
        at = _FIRST
        for entry in read.entries:
            at = max(at, naive(entry.created_at))  # the clock may have been set back; entries keep their order
            piece = await self._entry(chat, entry, read)
            if piece is not None:
                pieces.append((at, piece))
        if before is None:
            pieces += self._offers(read) + self._notes(chat, read) + self._waiting(read)
            pieces.sort(key=lambda piece: piece[0])
        html = [piece[1] for piece in pieces]
        if before is None:
            html += self._live(chat, read)
        more = min((e.id for e in read.entries), default=None) if len(read.entries) == PAGE else None
        return StoryPage(Markup("").join(html), more)

    async def _read(self, chat: Chat, before: int | None) -> _Read:
        async with self._engine.services.db.read() as c:
            shown = sorted(await entries.page(c, chat.id, before=before, limit=PAGE), key=lambda e: e.id)
            tail = await inbox.tail(c, chat.key) if before is None else []
            elements = {row.reply_entry_id: row.posted[0] for row in tail if row.reply_entry_id is not None and row.posted}
            for entry in shown:
                posts = await entries.posts_of(c, entry.id) if entry.kind != "picture" else []
                if posts:
                    elements[entry.id] = posts[0]
            found = [await pictures.by_id(c, e.picture_id) for e in shown if e.picture_id is not None]
            drawn = {picture.id: picture for picture in found if picture is not None}
            return _Read(
                shown,
                elements,
                drawn,
                {picture_id: await jobs.latest_for_picture(c, picture_id) for picture_id in drawn},
                {character.id: character.avatar for character in await characters.for_chat(c, chat.key)},
                await proposals.open_in(c, chat.id) if before is None else [],
                tail,
            )

    async def _entry(self, chat: Chat, entry: Entry, read: _Read) -> Markup | None:
        if entry.kind == "picture":
            picture = read.pictures.get(entry.picture_id or 0)
            return await self._picture(chat, picture, read.jobs.get(picture.id)) if picture else None
        element = read.elements.get(entry.id, f"e{entry.id}")
        if not entry.text or (chat.key, element) in self._platform.live:
            return None
        kind = entry.kind if entry.kind in ("player", "character") else "narrator"
        avatar = read.avatars.get(entry.character_id or 0)
        pictured = kind == "player" and (bool(entry.extra.get("images")) or any(map(is_picture, self._files(chat, element, entry))))
        return self._platform.renderer.line(Line(element, kind, entry.author_name, entry.text, avatar, pictured=pictured))

    async def files_of(self, chat: Chat, element: str) -> tuple[Attachment, ...]:
        """The files that came with a player's message."""
        async with self._engine.services.db.read() as c:
            entry = await entries.by_message(c, chat.id, element)
        return self._files(chat, element, entry)

    def _files(self, chat: Chat, element: str, entry: Entry | None) -> tuple[Attachment, ...]:
        """After a restart uploads are gone, and only the words of the entry tell of them; then they cannot be fetched, which says so.
        Pictures that the story has kept need no upload."""
        sent = self._platform.sent.get((chat.key, element), ())
        if sent or entry is None or entry.kind != "player" or entry.extra.get("images"):
            return sent
        return tuple(Attachment(name=name, mime=mime_of("", name), size=0, handle="") for name in _MENTIONED.findall(entry.text))

    async def _picture(self, chat: Chat, picture: Picture, job: Job | None) -> Markup | None:
        if picture.deleted or picture.request.overrides.quiet:
            return None
        element = picture.message_id or picture_element(picture.key)
        view = self._platform.views.get(picture.key)
        if view is None:
            state, text = _picture_state(picture, job)
            if state == "done":
                text = await self._engine.services.drafter.caption(picture.id)
            view = picture_view(self._engine.services, chat, picture, state, text)
        return self._platform.renderer.picture(element, view)

    def _offers(self, read: _Read) -> list[Piece]:
        render = self._platform.renderer.post
        return [(naive(o.created_at), render(o.message_id or f"o-{o.key}", offer_post(o.key, o.request.subject))) for o in read.offers]

    def _notes(self, chat: Chat, read: _Read) -> list[Piece]:
        offered = {offer.message_id for offer in read.offers}
        kept = self._platform.notes.items()
        render = self._platform.renderer.post
        return [(note.at, render(element, note.post)) for element, note in kept if note.chat == chat.key and element not in offered]

    def _waiting(self, read: _Read) -> list[Piece]:
        """Messages that were received and are not in the story yet, and the newest one when it was not answered."""
        pieces: list[Piece] = []
        messages = [row for row in read.tail if row.kind == "message"]
        for row in messages:
            failed = row.state == "failed" and row is messages[-1]
            if not row.payload or not (failed or row.state in ("received", "working")):
                continue
            event = Incoming.model_validate_json(row.payload)
            at = naive(event.sent_at)
            if row.entry_id is None:
                words = "\n".join(part for part in (event.text, mention(event.attachments)) if part)
                pictured = any(map(is_picture, event.attachments))
                line = Line(event.message_id, "player", event.author.name, words, pictured=pictured)
                pieces.append((at, self._platform.renderer.line(line)))
            told = any(note.post.reply_to == event.message_id for note in self._platform.notes.values())
            if failed and not told:
                post = Post(NOT_ANSWERED, ((Button(control_id("reanswer", str(row.id)), "🔁 Try again"),),))
                pieces.append((_LAST, self._platform.renderer.post(f"n{row.id}", post)))
        return pieces

    def _live(self, chat: Chat, read: _Read) -> list[Markup]:
        return [self._platform.renderer.line(line) for (key, _), line in self._platform.live.items() if key == chat.key]


def _picture_state(picture: Picture, job: Job | None) -> tuple[PictureState, str]:
    """The state and sentence of a picture that nobody in this process has shown yet."""
    if job is not None and job.state in ("waiting", "drafting", "queued"):
        return "waiting", WAITING
    if job is not None and job.state in ("drawing", "delivering"):
        return "drawing", DRAWING
    if job is not None and job.state == "proposed" and job.plan is not None:
        return "proposed", proposal_text(job.plan)
    if picture.takes:
        return "done", ""
    if job is not None and job.state == "cancelled":
        return "cancelled", job.error or "Cancelled."
    return "failed", (job.error if job else "") or "This picture was not drawn."
