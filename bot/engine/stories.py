"""What happens to a story besides answering: greetings, another answer, showing an answer again, stopping one."""

from __future__ import annotations

from bot.domain.pictures import Origin, PictureRequest
from bot.domain.places import Person
from bot.engine.cast.cards import greetings
from bot.engine.pictures.flow import PictureFlow
from bot.engine.reply import Replier
from bot.engine.services import Services
from bot.engine.stage import Stage, set_stage
from bot.engine.story.macros import expand
from bot.engine.story.tools import PictureWish
from bot.storage import chats, entries, inbox
from bot.storage.records import Chat, Entry
from bot.work.lanes import PictureLocks
from providers.contract import ChatModel


class Stories:
    """The stories of all chats."""

    def __init__(self, services: Services, flow: PictureFlow, replier: Replier) -> None:
        self._services = services
        self._flow = flow
        self._replier = replier
        self._showing = PictureLocks()

    async def stage(self, chat: Chat, person: Person) -> Stage:
        """Who is on stage for this person."""
        return await set_stage(self._services, chat, person)

    def model_of(self, chat: Chat) -> ChatModel:
        """The chat's model, else the host's first."""
        models = self._services.chat_models
        return models.get(chat.settings.chat_model) or next(iter(models.values()))

    async def greet(self, chat: Chat, person: Person) -> bool:
        """Begin an empty story with the character's greeting; False when it has begun already or there is no greeting."""
        stage = await set_stage(self._services, chat, person)
        async with self._services.db.read() as c:
            if await entries.latest(c, chat.id, ("player", "character"), 1):
                return False
        return await self._greet(stage, str(stage.character.card.get("first_mes", "")))

    async def enter(self, chat: Chat, person: Person, greeting: int) -> None:
        """The chat's newly chosen character says greeting number ``greeting`` (1 = the first)."""
        async with self._services.db.read() as c:
            fresh = await chats.by_id(c, chat.id, self._services.defaults)
        stage = await set_stage(self._services, fresh or chat, person)
        choices = greetings(stage.character.card)
        if choices:
            await self._greet(stage, choices[min(greeting, len(choices)) - 1])

    async def _greet(self, stage: Stage, template: str) -> bool:
        text = expand(template, stage.world()).text.strip()
        if not text:
            return False
        async with self._services.db.write() as c:
            entry = await entries.add(
                c, stage.chat.id, "character", text, author_name=stage.character.name, character_id=stage.character.id
            )
        await self._replier.deliver(stage, entry, text, reply_to=None, posted=())
        return True

    async def retry(self, chat: Chat, person: Person, entry_id: int | None = None) -> bool:
        """Write the newest reply anew as another variant, once what is being written is done; False when there is none, or when
        it is not the one meant (``entry_id``)."""
        written = False

        async def work() -> None:
            nonlocal written
            written = await self._rewrite_newest(chat, person, entry_id)

        await self._services.lanes.run(str(chat.key), work)
        return written

    async def _rewrite_newest(self, chat: Chat, person: Person, entry_id: int | None) -> bool:
        stage = await set_stage(self._services, chat, person)
        async with self._services.db.read() as c:
            newest = await entries.latest(c, chat.id, ("character", "player"), 1)
            if not newest or entry_id not in (None, newest[0].id):
                return False
            replacing = newest[0] if newest[0].kind == "character" else None
            posted = await entries.posts_of(c, replacing.id) if replacing else ()
        if replacing is not None and len(await self._told_before(chat, replacing)) == 0:
            return False

        async def draw(wish: PictureWish, origin: Origin) -> str:
            request = PictureRequest(chat=chat.key, place=chat.place, requester=person, origin=origin, mode=wish.mode, subject=wish.subject)
            begun = await self._flow.begin(chat, request)
            return begun.picture.key if begun.picture else "offered"

        await self._replier.reply(stage, self.model_of(chat), draw, reply_to=None, inbox_id=None, posted=tuple(posted), replacing=replacing)
        return True

    async def _told_before(self, chat: Chat, entry: Entry) -> list[Entry]:
        """What the players said before an entry; a greeting answers nothing and is not written anew."""
        async with self._services.db.read() as c:
            return [e for e in await entries.latest(c, chat.id, ("player",), 5) if e.id < entry.id]

    async def show_again(self, chat: Chat, person: Person, entry_id: int) -> bool:
        """Post a stored reply whose delivery was never confirmed; False when it is not one of this chat's or was shown since."""
        async with self._showing.lock(str(entry_id)):  # two people may press at once
            async with self._services.db.read() as c:
                entry = await entries.by_id(c, entry_id)
                shown = await entries.posts_of(c, entry_id)
            if entry is None or entry.chat_id != chat.id or entry.kind != "character" or shown:
                return False
            stage = await set_stage(self._services, chat, person)
            await self._replier.deliver(stage, entry, entry.text, reply_to=None, posted=())
            return True

    async def hush(self, chat: Chat, person: Person) -> bool:
        """Stop the reply being written in this chat, for good: a restart does not take it up again. False when there is none, or
        when it answers somebody else and this person does not manage the place."""
        answered = self._services.turns.answering.get(str(chat.key))
        if answered not in (None, person.id) and not self._services.guard.may_change(chat, person):
            return False
        if not await self._services.lanes.cancel_running(str(chat.key)):
            return False
        async with self._services.db.write() as c:
            await inbox.give_up(c, chat.key)
        return True
