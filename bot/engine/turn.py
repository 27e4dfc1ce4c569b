"""One turn: a stored message becomes a picture, a reply, or both. Runs in its chat's lane; everything is stored as it happens."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.domain.errors import PlatformError, UserError, VignetteError
from bot.domain.events import Incoming
from bot.domain.pictures import PictureRequest
from bot.domain.places import Person
from bot.domain.posts import Button, Post
from bot.engine.commands.catalogue import control_id
from bot.engine.failure import failure_of
from bot.engine.pictures.flow import PictureFlow
from bot.engine.pictures.intent import Intent, detect
from bot.engine.reply import Replier, Told
from bot.engine.services import Services
from bot.engine.stage import Stage, set_stage
from bot.engine.story.macros import expand
from bot.storage import chats, entries, inbox
from bot.storage.records import Chat, Entry, Inbox
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


class Turns:
    """Answers messages."""

    def __init__(self, services: Services, flow: PictureFlow, replier: Replier) -> None:
        self._services = services
        self._flow = flow
        self._replier = replier

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
        """Begin an empty story with the character's greeting."""
        stage = await set_stage(self._services, chat, person)
        async with self._services.db.write() as c:
            if await entries.latest(c, chat.id, ("player", "character"), 1):
                return False
            text = expand(stage.character.card.get("first_mes", ""), stage.world()).text.strip()
            if not text:
                return False
            entry = await entries.add(
                c, chat.id, "character", text, author_name=stage.character.name, character_id=stage.character.id
            )
        await self._replier.deliver(stage, entry, text, reply_to=None, posted=())
        return True

    async def _open(self, inbox_id: int, event: Incoming, earlier: Inbox | None) -> _Turn:
        """Store what was said and load the stage."""
        services = self._services
        async with services.db.write() as c:
            chat = await chats.open_chat(c, event.chat, event.place, services.defaults)
            services.guard.admit(chat, event.author, "anyone")
            if earlier is None:
                services.guard.charge_message(chat, event.author)
            heard = await entries.by_id(c, earlier.entry_id) if earlier and earlier.entry_id else None
            if heard is None:
                heard = await entries.add(
                    c, chat.id, "player", event.text or _file_words(event), author_id=event.author.id, author_name=event.author.name
                )
                await entries.link_posts(c, chat.id, heard.id, (event.message_id,))
                await inbox.mark(c, inbox_id, "working", entry_id=heard.id)
        stage = await set_stage(services, chat, event.author)
        return _Turn(inbox_id, event, stage, heard, earlier.posted if earlier else ())

    async def _answer(self, turn: _Turn) -> None:
        chat, model = turn.stage.chat, self.model_of(turn.stage.chat)
        tools = self._replier.tool_usable(chat, model)
        intent = self._intent(turn)
        if intent.outcome == "request" and not tools and await self._picture(turn, intent):
            if chat.settings.interactive_reply == "picture":
                return
        told = await self._replier.reply(turn.stage, model, reply_to=turn.event.message_id, inbox_id=turn.inbox_id, posted=turn.posted)
        await self._after(turn, intent, told, tools)

    async def _after(self, turn: _Turn, intent: Intent, told: Told, tools: bool) -> None:
        """Pictures the character decided on, and the offer where a wish was heard but nothing came of it."""
        chat = turn.stage.chat
        for wish in told.wishes:
            await self._begin(
                turn,
                PictureRequest(
                    chat=chat.key, place=chat.place, requester=turn.event.author, origin=wish.origin, mode=wish.mode,
                    subject=wish.subject, reply_to=told.message_ids[-1] if told.message_ids else turn.event.message_id,
                ),
            )
        missed = tools and intent.outcome == "request" and not told.wishes
        if (intent.outcome == "offer" or missed) and not told.wishes and chat.settings.offers and self._services.backends:
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
            chat=chat.key, place=chat.place, requester=turn.event.author, origin="words", mode=intent.mode or "scene",
            subject=intent.subject, reply_to=turn.event.message_id,
        )

    async def _picture(self, turn: _Turn, intent: Intent) -> bool:
        """Start the picture that was asked for; False when it cannot even be queued, so that the text reply comes."""
        return await self._begin(turn, self._request(turn, intent))

    async def _begin(self, turn: _Turn, request: PictureRequest) -> bool:
        try:
            await self._flow.begin(turn.stage.chat, request)
            return True
        except Exception as error:
            failure = failure_of(error, doing="starting a picture", chat=str(turn.event.chat))
            await self._say(turn.event, Post(f"🎨 {failure.sentence}", reply_to=turn.event.message_id))
            return False

    def model_of(self, chat: Chat) -> ChatModel:
        """The chat's model, else the host's first."""
        models = self._services.chat_models
        return models.get(chat.settings.chat_model) or next(iter(models.values()))

    async def _tell(self, inbox_id: int, event: Incoming, error: BaseException) -> None:
        failure = failure_of(error, doing="answering", chat=str(event.chat))
        await self._mark(inbox_id, "failed")
        rows = ((Button(control_id("reanswer", str(inbox_id)), "🔁 Try again"),),) if failure.retry and not isinstance(error, UserError) else ()
        if isinstance(error, PlatformError) and error.gone:
            return
        await self._say(event, Post(f"⚠️ {failure.sentence}", rows=rows, reply_to=event.message_id))

    async def _say(self, event: Incoming, post: Post) -> None:
        try:
            await self._services.platforms[event.chat.platform].post(event.chat, post)
        except PlatformError as error:
            log.warning("notice not delivered", chat=str(event.chat), reason=error.message)

    async def _mark(self, inbox_id: int, state: str) -> None:
        async with self._services.db.write() as c:
            await inbox.mark(c, inbox_id, state)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _file_words(event: Incoming) -> str:
    return " ".join(f"[{a.name}]" for a in event.attachments) or "…"
