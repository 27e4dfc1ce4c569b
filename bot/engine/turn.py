"""One turn: a stored message becomes a picture, a reply, or both. Runs in its chat's lane; everything is stored as it happens."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.domain.errors import PlatformError, UserError, VignetteError
from bot.domain.events import Incoming
from bot.domain.pictures import Origin, PictureRequest
from bot.domain.places import Person
from bot.domain.posts import Button, Post
from bot.engine.attachments import Sent, take_in
from bot.engine.commands.catalogue import control_id
from bot.engine.failure import failure_of
from bot.engine.pictures.flow import Begun, PictureFlow
from bot.engine.pictures.intent import Intent, detect
from bot.engine.reply import Replier
from bot.engine.services import Services
from bot.engine.stage import Stage, set_stage
from bot.engine.story.macros import expand
from bot.engine.story.tools import PictureWish
from bot.storage import chats, entries, inbox, pictures
from bot.storage.records import Chat, Entry, Inbox, InboxState
from providers.contract import ChatModel

log = structlog.get_logger(__name__)


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

    async def run(self, inbox_id: int, event: Incoming, earlier: Inbox | None = None) -> None:
        """Answer one stored message. ``earlier`` is its row from a previous life of the process."""
        try:
            turn = await self._open(inbox_id, event, earlier)
            await self._answer(turn)
            await self._mark(inbox_id, "done")
        except Exception as error:
            await self._tell(inbox_id, event, error)

    async def refuse(self, inbox_id: int, event: Incoming, error: VignetteError) -> None:
        """Say why a message is not answered."""
        await self._tell(inbox_id, event, error)

    async def greet(self, chat: Chat, person: Person) -> bool:
        """Begin an empty story with the character's greeting; False when it has begun already or there is no greeting."""
        stage = await set_stage(self._services, chat, person)
        async with self._services.db.read() as c:
            if await entries.latest(c, chat.id, ("player", "character"), 1):
                return False
        return await self._greet(stage, str(stage.character.card.get("first_mes", "")))

    async def _greet(self, stage: Stage, template: str) -> bool:
        text = expand(template, stage.world()).text.strip()
        if not text:
            return False
        async with self._services.db.write() as c:
            entry = await entries.add(
                c, stage.chat.id, "character", text, author_name=stage.character.name, character_id=stage.character.id
            )
        await self.replier.deliver(stage, entry, text, reply_to=None, posted=())
        return True

    async def _open(self, inbox_id: int, event: Incoming, earlier: Inbox | None) -> _Turn:
        """Store what was said and load the stage."""
        services = self._services
        async with services.db.write() as c:
            chat = await chats.open_chat(c, event.chat, event.place, services.defaults)
        services.guard.admit(chat, event.author)
        if earlier is None:
            services.guard.charge_message(chat, event.author)
        heard = None
        if earlier is not None and earlier.entry_id is not None:
            async with services.db.read() as c:
                heard = await entries.by_id(c, earlier.entry_id)
        if heard is None:
            heard = await self._store(inbox_id, event, chat)
        stage = await set_stage(services, chat, event.author)
        return _Turn(inbox_id, event, stage, heard, earlier.posted if earlier else (), again=earlier is not None)

    async def _store(self, inbox_id: int, event: Incoming, chat: Chat) -> Entry:
        sent = Sent()
        if event.attachments:
            sent = await take_in(self._services, event, sees=self.model_of(chat).capabilities().image_in)
            for problem in sent.problems:
                await self._say(event, Post(f"📎 {problem}", reply_to=event.message_id))
        async with self._services.db.write() as c:
            heard = await entries.add(
                c,
                chat.id,
                "player",
                "\n".join(part for part in (event.text, sent.words) if part) or "…",
                author_id=event.author.id,
                author_name=event.author.name,
                extra={"images": list(sent.pictures)} if sent.pictures else None,
            )
            await entries.link_posts(c, chat.id, heard.id, (event.message_id,))
            await inbox.mark(c, inbox_id, "working", entry_id=heard.id)
        return heard

    async def _answer(self, turn: _Turn) -> None:
        chat, model = turn.stage.chat, self.model_of(turn.stage.chat)
        tools = self.replier.tool_usable(chat, model)
        intent = self._intent(turn)
        if intent.outcome == "request" and not tools:
            began = await self._begin(turn, self._request(turn, intent))
            if isinstance(began, Begun) and chat.settings.interactive_reply == "picture":
                return

        async def draw(wish: PictureWish, origin: Origin) -> str:
            began = await self._begin(turn, self._wished(turn, wish, origin))
            return began if isinstance(began, str) else (began.picture.key if began.picture else "offered")

        told = await self.replier.reply(turn.stage, model, draw, reply_to=turn.event.message_id, inbox_id=turn.inbox_id, posted=turn.posted)
        missed = tools and intent.outcome == "request"
        if (intent.outcome == "offer" or missed) and not told.drew and chat.settings.offers and self._services.backends:
            await self._flow.offer(chat, self._request(turn, intent))

    def _intent(self, turn: _Turn) -> Intent:
        settings = turn.stage.chat.settings
        if not settings.word_pictures or turn.event.forwarded or not turn.event.text:
            return Intent(False, None, "", "none", "not looked for")
        return detect(
            turn.event.text,
            extra_verbs=_listed(settings.picture_verbs),
            extra_nouns=_listed(settings.picture_nouns),
            names=(turn.stage.character.name,),
        )

    def _request(self, turn: _Turn, intent: Intent) -> PictureRequest:
        chat = turn.stage.chat
        return PictureRequest(
            chat=chat.key,
            place=chat.place,
            requester=turn.event.author,
            origin="words",
            mode=intent.mode or "scene",
            subject=intent.subject,
            reply_to=turn.event.message_id,
        )

    def _wished(self, turn: _Turn, wish: PictureWish, origin: Origin) -> PictureRequest:
        chat = turn.stage.chat
        return PictureRequest(
            chat=chat.key,
            place=chat.place,
            requester=turn.event.author,
            origin=origin,
            mode=wish.mode,
            subject=wish.subject,
            reply_to=turn.event.message_id,
        )

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

    async def show_again(self, chat: Chat, person: Person, entry_id: int) -> bool:
        """Post a stored reply whose delivery was never confirmed; False when it is not one of this chat's or was shown since."""
        async with self._services.db.read() as c:
            entry = await entries.by_id(c, entry_id)
            shown = await entries.posts_of(c, entry_id)
        if entry is None or entry.chat_id != chat.id or entry.kind != "character" or shown:
            return False
        stage = await set_stage(self._services, chat, person)
        await self.replier.deliver(stage, entry, entry.text, reply_to=None, posted=())
        return True

    async def stage(self, chat: Chat, person: Person) -> Stage:
        """Who is on stage for this person."""
        return await set_stage(self._services, chat, person)

    async def enter(self, chat: Chat, person: Person, greeting: int) -> None:
        """The chat's newly chosen character says greeting number ``greeting`` (1 = the first)."""
        async with self._services.db.read() as c:
            fresh = await chats.by_id(c, chat.id, self._services.defaults)
        stage = await set_stage(self._services, fresh or chat, person)
        card = stage.character.card
        choices = [card.get("first_mes", ""), *(card.get("alternate_greetings") or ())]
        await self._greet(stage, choices[min(greeting, len(choices)) - 1])

    async def retry(self, chat: Chat, person: Person) -> bool:
        """Write the newest reply anew as another variant; False when there is none."""
        stage = await set_stage(self._services, chat, person)
        async with self._services.db.read() as c:
            newest = await entries.latest(c, chat.id, ("character", "player"), 1)
            if not newest:
                return False
            replacing = newest[0] if newest[0].kind == "character" else None
            posted = await entries.posts_of(c, replacing.id) if replacing else ()
        if replacing is not None and len(await self._told_before(chat, replacing)) == 0:
            return False

        async def draw(wish: PictureWish, origin: Origin) -> str:
            request = PictureRequest(chat=chat.key, place=chat.place, requester=person, origin=origin, mode=wish.mode, subject=wish.subject)
            begun = await self._flow.begin(chat, request)
            return begun.picture.key if begun.picture else "offered"

        async def work() -> None:
            await self.replier.reply(
                stage, self.model_of(chat), draw, reply_to=None, inbox_id=None, posted=tuple(posted), replacing=replacing
            )

        await self._services.lanes.run(str(chat.key), work)
        return True

    async def _told_before(self, chat: Chat, entry: Entry) -> list[Entry]:
        """What the players said before an entry; a greeting answers nothing and is not written anew."""
        async with self._services.db.read() as c:
            return [e for e in await entries.latest(c, chat.id, ("player",), 5) if e.id < entry.id]

    async def again(self, row: Inbox, chat: Chat) -> bool:
        """Answer a message whose answer failed; False when it was answered meanwhile."""
        if row.kind != "message" or row.state != "failed":
            return False
        event = Incoming.model_validate_json(row.payload)
        if event.chat != chat.key:
            return False
        await self._mark(row.id, "working")
        self._services.lanes.submit(str(chat.key), lambda: self.run(row.id, event, row))
        return True

    async def hush(self, chat: Chat) -> bool:
        """Stop the reply being written in this chat."""
        return await self._services.lanes.cancel_running(str(chat.key))

    def model_of(self, chat: Chat) -> ChatModel:
        """The chat's model, else the host's first."""
        models = self._services.chat_models
        return models.get(chat.settings.chat_model) or next(iter(models.values()))

    async def _tell(self, inbox_id: int, event: Incoming, error: BaseException) -> None:
        failure = failure_of(error, doing="answering", chat=str(event.chat))
        await self._mark(inbox_id, "failed")
        rows = (
            ((Button(control_id("reanswer", str(inbox_id)), "🔁 Try again"),),)
            if failure.retry and not isinstance(error, UserError)
            else ()
        )
        if isinstance(error, PlatformError) and error.gone:
            return
        await self._say(event, Post(f"⚠️ {failure.sentence}", rows=rows, reply_to=event.message_id))

    async def _say(self, event: Incoming, post: Post) -> None:
        try:
            await self._services.platforms[event.chat.platform].post(event.chat, post)
        except PlatformError as error:
            log.warning("notice not delivered", chat=str(event.chat), reason=error.message)

    async def _mark(self, inbox_id: int, state: InboxState) -> None:
        async with self._services.db.write() as c:
            await inbox.mark(c, inbox_id, state)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
