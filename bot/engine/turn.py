"""One turn: a stored message becomes a picture, a reply, or both. Runs in its chat's lane; everything is stored as it happens."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from bot.domain.errors import LimitReached, PlatformError, UserError, VignetteError
from bot.domain.events import Incoming
from bot.domain.pictures import Origin, PictureRequest
from bot.domain.posts import Button, Post
from bot.engine.attachments import Sent, take_in
from bot.engine.commands.catalogue import control_id
from bot.engine.failure import failure_of
from bot.engine.pictures.flow import Begun, PictureFlow
from bot.engine.pictures.intent import Intent
from bot.engine.reply import Replier
from bot.engine.services import Services
from bot.engine.stage import Stage, read_stage, set_stage
from bot.engine.story.tools import PictureWish
from bot.engine.words import PictureWords, Said
from bot.guard.content import check_words
from bot.guard.limits import RateLimit
from bot.storage import chats, entries, inbox, pictures
from bot.storage.database import Transaction
from bot.storage.records import Chat, Entry, Inbox, InboxState

log = structlog.get_logger(__name__)

LIMIT_NOTICE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one turn knows."""

    inbox_id: int
    event: Incoming
    stage: Stage
    heard: Entry
    posted: tuple[str, ...] = ()
    again: bool = False
    """The turn was begun before: by a process that was killed, or with an answer that failed."""


class Turns:
    """Answers messages."""

    def __init__(self, services: Services, flow: PictureFlow, replier: Replier) -> None:
        self._services = services
        self._flow = flow
        self.replier = replier
        self._limit_notices = RateLimit(1, LIMIT_NOTICE_SECONDS)
        self._words = PictureWords(services)
        self.answering: dict[str, str] = {}
        """Whose message is being answered now, by chat."""

    async def run(self, inbox_id: int, event: Incoming, earlier: Inbox | None = None) -> None:
        """Answer one stored message. ``earlier`` is its row from a previous life of the process."""
        self.answering[str(event.chat)] = event.author.id
        try:
            turn = await self._open(inbox_id, event, earlier)
            if not await self._answer(turn):
                await self._mark(inbox_id, "done")
        except Exception as error:
            await self._tell(inbox_id, event, error)
        finally:
            self.answering.pop(str(event.chat), None)

    async def refuse(self, inbox_id: int, event: Incoming, error: VignetteError) -> None:
        """Say why a message is not answered."""
        await self._tell(inbox_id, event, error)

    async def _open(self, inbox_id: int, event: Incoming, earlier: Inbox | None) -> _Turn:
        """Store what was said and load the stage."""
        services = self._services
        async with services.db.write() as c:
            chat = await chats.open_chat(c, event.chat, event.place, services.defaults, seen=event.message_id)
            services.guard.admit(chat, event.author)
            check_words(event.text)  # before it is part of the story, which chat models read
            if earlier is None:
                services.guard.charge_message(chat, event.author)
            heard = None
            if earlier is not None and earlier.entry_id is not None:
                heard = await entries.by_id(c, earlier.entry_id)
            if heard is None and not event.attachments:
                heard = await self._store(c, inbox_id, event, chat, Sent())
            stage = await read_stage(c, services, chat, event.author)
        if heard is None:
            sent = await self._take_in(event, chat)  # may wait for the platform: not within a transaction
            async with services.db.write() as c:
                heard = await self._store(c, inbox_id, event, chat, sent)
        self._words.note(heard, event.attachments)
        return _Turn(inbox_id, event, stage, heard, earlier.posted if earlier else (), again=earlier is not None)

    async def _take_in(self, event: Incoming, chat: Chat) -> Sent:
        sent = await take_in(self._services, event, sees=self._services.stories.model_of(chat).capabilities().image_in)
        for problem in sent.problems:
            await self._say(event, Post(f"📎 {problem}", reply_to=event.message_id))
        return sent

    async def _store(self, c: Transaction, inbox_id: int, event: Incoming, chat: Chat, sent: Sent) -> Entry:
        return await entries.add(
            c,
            chat.id,
            "player",
            "\n".join(part for part in (event.text, sent.words) if part) or "…",
            author_id=event.author.id,
            author_name=event.author.name,
            extra={"images": list(sent.pictures)} if sent.pictures else None,
            message_id=event.message_id,
            inbox_id=inbox_id,
        )

    async def _answer(self, turn: _Turn) -> bool:
        """Whether the message is marked as done already: a delivered reply does that by itself."""
        chat, model = turn.stage.chat, self._services.stories.model_of(turn.stage.chat)
        tools = self.replier.tool_usable(chat, model)
        intent, base = await self._words.read(Said(turn.event, turn.stage, turn.heard))
        if intent.outcome == "request" and not tools:
            began = await self._begin(turn, self._request(turn, intent, base))
            if isinstance(began, Begun) and chat.settings.interactive_reply == "picture":
                return False

        async def draw(wish: PictureWish, origin: Origin) -> str:
            began = await self._begin(turn, self._wished(turn, wish, origin, intent, base))
            return began if isinstance(began, str) else (began.picture.key if began.picture else "offered")

        told = await self.replier.reply(turn.stage, model, draw, reply_to=turn.event.message_id, inbox_id=turn.inbox_id, posted=turn.posted)
        missed = tools and intent.outcome == "request"
        if (intent.outcome == "offer" or missed) and not told.drew and chat.settings.offers and self._services.backends:
            await self._offer(turn, self._request(turn, intent, base))
        return bool(told.message_ids)

    async def _offer(self, turn: _Turn, request: PictureRequest) -> None:
        """Offer a picture. The reply stands already, so an offer that cannot be posted does not make the turn fail."""
        try:
            await self._flow.offer(turn.stage.chat, request)
        except PlatformError as error:
            log.warning("offer not delivered", chat=str(turn.event.chat), reason=error.message)

    def _request(self, turn: _Turn, intent: Intent, base: str | None, origin: Origin = "words") -> PictureRequest:
        chat = turn.stage.chat
        return PictureRequest(
            chat=chat.key,
            place=chat.place,
            requester=turn.event.author,
            origin=origin,
            mode=intent.mode or "scene",
            subject=intent.subject,
            reply_to=turn.event.message_id,
            base=base,
        )

    def _wished(self, turn: _Turn, wish: PictureWish, origin: Origin, intent: Intent, base: str | None) -> PictureRequest:
        """What the character wants drawn. What the player wants made of a picture is not drawn as a portrait of the character."""
        if base is None or intent.mode != "free" or wish.mode == "free":
            intent = replace(intent, mode=wish.mode, subject=wish.subject)
        return self._request(turn, intent, base, origin)

    async def _begin(self, turn: _Turn, request: PictureRequest) -> Begun | str:
        """Start a picture, or say why not: in the chat, and in the sentence returned. A turn that is run again after a crash
        does not start what it had started before."""
        if turn.again:
            async with self._services.db.read() as c:
                earlier = await pictures.answering(c, turn.stage.chat.id, turn.event.message_id)
            if earlier is not None:
                return Begun(earlier)
        try:
            return await self._flow.begin(turn.stage.chat, request)
        except Exception as error:
            failure = failure_of(error, doing="starting a picture", chat=str(turn.event.chat))
            await self._say(turn.event, Post(f"🎨 {failure.sentence}", reply_to=turn.event.message_id))
            return failure.sentence

    async def again(self, row: Inbox, chat: Chat) -> bool:
        """Answer a message whose answer failed; False when it was answered meanwhile."""
        if row.kind != "message" or row.state != "failed":
            return False
        event = Incoming.model_validate_json(row.payload)
        if event.chat != chat.key:
            return False
        async with self._services.db.write() as c:
            if not await inbox.retake(c, row.id):
                return False
        again = self.run if row.reply_entry_id is None else self._show_stored
        self._services.lanes.submit(str(chat.key), lambda: again(row.id, event, row), heard=True)
        return True

    async def _show_stored(self, inbox_id: int, event: Incoming, row: Inbox) -> None:
        """The answer was written and stored; only showing it had failed."""
        try:
            async with self._services.db.read() as c:
                chat = await chats.by_key(c, event.chat, self._services.defaults)
                entry = await entries.by_id(c, row.reply_entry_id) if row.reply_entry_id else None
                shown = await entries.posts_of(c, entry.id) if entry else ()
            if chat is not None and entry is not None and not shown:
                stage = await set_stage(self._services, chat, event.author)
                await self.replier.deliver(stage, entry, entry.text, reply_to=event.message_id, posted=row.posted)
            await self._mark(inbox_id, "done")
        except Exception as error:
            await self._tell(inbox_id, event, error)

    async def _tell(self, inbox_id: int, event: Incoming, error: BaseException) -> None:
        failure = failure_of(error, doing="answering", chat=str(event.chat))
        await self._mark(inbox_id, "failed")
        if isinstance(error, LimitReached) and not self._may_repeat(event):
            return
        rows = (
            ((Button(control_id("reanswer", str(inbox_id)), "🔁 Try again"),),)
            if failure.retry and not isinstance(error, UserError)
            else ()
        )
        if isinstance(error, PlatformError) and error.gone:
            return
        await self._say(event, Post(f"⚠️ {failure.sentence}", rows=rows, reply_to=event.message_id))

    def _may_repeat(self, event: Incoming) -> bool:
        """Whoever floods a chat is told once that it is too much, not once for every message."""
        who = f"{event.chat} {event.author.id}"
        if self._limit_notices.wait(who) > 0:
            return False
        self._limit_notices.use(who)
        return True

    async def _say(self, event: Incoming, post: Post) -> None:
        try:
            await self._services.platforms[event.chat.platform].post(event.chat, post)
        except PlatformError as error:
            log.warning("notice not delivered", chat=str(event.chat), reason=error.message)

    async def _mark(self, inbox_id: int, state: InboxState) -> None:
        async with self._services.db.write() as c:
            await inbox.mark(c, inbox_id, state)
