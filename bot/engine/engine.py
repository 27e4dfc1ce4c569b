"""The façade: what front ends call. It knows no platform, no vendor and no SQL.

Messages and commands are stored before work starts. ``hear`` returns once the message is safe; ``run``, ``press`` and ``submit``
return when the answer is given. Errors never escape: they become one sentence in the chat and one log line with the same short id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

import structlog

from bot.domain.errors import LimitReached, NotFound, PlatformError, UserError
from bot.domain.events import Changed, CommandCall, Incoming, Press, Submission
from bot.domain.places import ChatKey, Person, Place
from bot.domain.platform import Responder
from bot.domain.posts import Post
from bot.engine.commands.catalogue import Catalogue, control_id, split_control
from bot.engine.commands.context import CommandContext, ControlContext, FormContext
from bot.engine.failure import failure_of
from bot.engine.housekeeping import keep_tidy
from bot.engine.recovery import Recovery
from bot.engine.services import Services
from bot.engine.turn import Turns
from bot.guard.content import has_minor, is_adult
from bot.storage import chats, entries, inbox, pictures
from bot.storage.records import Chat
from bot.work.lanes import ShuttingDown

log = structlog.get_logger(__name__)


class Engine:
    """One conversation engine for all platforms."""

    def __init__(self, services: Services, turns: Turns) -> None:
        self.services = services
        self._tidying: asyncio.Task[None] | None = None
        self._first: int | None = None
        self._turns = turns

    @property
    def catalogue(self) -> Catalogue:
        return self.services.catalogue

    async def start(self) -> None:
        """Take up what an earlier process left: inbox rows and jobs. Front ends must be connected already."""
        await Recovery(self.services, self._turns, self.run_stored, lambda: self._first).run()
        self._tidying = asyncio.create_task(keep_tidy(self.services), name="housekeeping")

    async def stop(self, grace: float = 5.0) -> None:
        """Let running turns finish for ``grace`` seconds, then leave the rest to the next start."""
        if self._tidying is not None:
            self._tidying.cancel()
            await asyncio.gather(self._tidying, return_exceptions=True)  # it may be holding a connection
        await asyncio.gather(self.services.lanes.stop(grace), self.services.jobs.stop())

    async def hear(self, event: Incoming) -> bool:
        """Take in a message. Returns as soon as it is stored; False when it was known already or is none of our business."""
        async with self.services.db.write() as c:
            if not event.addressed:
                chat = await chats.by_key(c, event.chat, self.services.defaults)
                if chat is None or chat.settings.reply != "always":
                    return False
            inbox_id = await inbox.receive(c, event.chat, "message", event.message_id, event.model_dump_json())
            if inbox_id is None:
                return False
            self._heard(inbox_id)
        try:
            self.services.lanes.submit(str(event.chat), lambda: self._turns.run(inbox_id, event))
        except ShuttingDown:
            log.info("message left to the next start", chat=str(event.chat))
        except LimitReached as error:
            await self._turns.refuse(inbox_id, event, error)
        return True

    async def greet(self, key: ChatKey, place: Place, person: Person) -> bool:
        """Begin an empty story with the character's greeting; False when it has begun already."""
        chat = await self._chat(key, place)
        return await self.services.stories.greet(chat, person)

    async def accept(self, call: CommandCall) -> int | None:
        """Store a command for ``run_stored``: its inbox row; None when it was known already."""
        async with self.services.db.write() as c:
            inbox_id = await inbox.receive(c, call.chat, "command", call.call_id, call.model_dump_json())
            self._heard(inbox_id)
            return inbox_id

    def _heard(self, inbox_id: int | None) -> None:
        """Remember the first event of this process: recovery is for those before it."""
        if self._first is None:
            self._first = inbox_id

    async def run(self, call: CommandCall, responder: Responder) -> None:
        """Run a command. A call seen before (same ``call_id``) does nothing."""
        inbox_id = await self.accept(call)
        if inbox_id is not None:
            await self.run_stored(inbox_id, call, responder)

    async def run_stored(self, inbox_id: int, call: CommandCall, responder: Responder) -> None:
        """Run a command that is in the inbox already."""
        command = self.catalogue.commands.get(call.name)
        async with self._answering(responder, f"command {call.name}", call.chat):
            if command is None:
                raise NotFound(f"There is no command «{call.name}». Try help.")
            async with self.services.db.write() as c:
                await inbox.mark(c, inbox_id, "working")
            chat = await self._chat(call.chat, call.place)
            self.services.guard.admit(chat, call.author, command.who)
            await command.run(CommandContext(self.services, chat, call, responder))
        async with self.services.db.write() as c:
            await inbox.mark(c, inbox_id, "done")

    async def press(self, press: Press, responder: Responder) -> None:
        """Use a control."""
        verb, key, argument = split_control(press.control)
        control = self.catalogue.controls.get(verb)
        async with self._answering(responder, f"press {verb}", press.chat):
            if control is None:
                raise NotFound("This button is from another version of me and means nothing any more.")
            chat = await self._chat(press.chat, press.place)
            self.services.guard.admit(chat, press.author)
            await control.run(ControlContext(self.services, chat, press, responder, key, argument))

    async def react(
        self,
        chat: ChatKey,
        place: Place,
        person: Person,
        *,
        message_id: str,
        emoji: str,
        press_id: str,
        responder: Responder,
    ) -> bool:
        """A reaction that may be a control of the picture in that message; False when it is none."""
        control = self.catalogue.by_reaction(chat.platform, emoji)
        if control is None:
            return False
        async with self.services.db.read() as c:
            known = await chats.by_key(c, chat, self.services.defaults)
            picture = await pictures.by_message(c, known.id, message_id) if known else None
        if known is None or picture is None or known.settings.controls == "buttons":
            return False
        press = Press(
            chat=chat,
            place=place,
            author=person,
            control=control_id(control.verb, picture.key),
            message_id=message_id,
            press_id=press_id,
            by_reaction=True,
        )
        await self.press(press, responder)
        return True

    async def submit(self, submission: Submission, responder: Responder) -> None:
        """Take a filled form."""
        verb, key, _ = split_control(submission.form)
        form = self.catalogue.forms.get(verb)
        async with self._answering(responder, f"form {verb}", submission.chat):
            if form is None:
                raise NotFound("This form is from another version of me. Please open it again.")
            chat = await self._chat(submission.chat, submission.place)
            self.services.guard.admit(chat, submission.author)
            await form.run(FormContext(self.services, chat, submission, responder, key))

    async def changed(self, change: Changed) -> None:
        """A person edited a message (a new variant) or deleted it (its text is blanked)."""
        async with self.services.db.write() as c:
            chat = await chats.by_key(c, change.chat, self.services.defaults)
            entry = await entries.by_message(c, chat.id, change.message_id) if chat else None
            if entry is None or entry.kind != "player":
                return
            if change.text is None:
                await entries.blank(c, entry.id)
            elif is_adult(change.text) and has_minor(change.text):
                await entries.blank(c, entry.id)  # refused as a new message would be
            elif change.text != entry.text:
                await entries.add_variant(c, entry.id, change.text, {})

    async def complete(
        self,
        chat: ChatKey,
        place: Place,
        person: Person,
        command: str,
        option: str,
        typed: str,
        arguments: Mapping[str, Any] = MappingProxyType({}),
    ) -> Sequence[str]:
        """Suggestions for a command option, at most 25; none when something goes wrong. ``arguments`` are the options that were
        filled already, unchecked: what is offered may depend on them."""
        found = self.catalogue.commands.get(command)
        known = next((o for o in found.options if o.name == option), None) if found else None
        if known is None or known.complete is None:
            return ()
        call = CommandCall(chat=chat, place=place, author=person, name=command, arguments=dict(arguments), call_id="complete")
        try:
            context = CommandContext(self.services, await self._chat(chat, place), call, _Nobody())
            return tuple(await known.complete(context, typed))[:25]
        except Exception as error:
            failure_of(error, doing=f"completing {command} {option}", chat=str(chat))
            return ()

    async def moved(self, old: ChatKey, new: ChatKey) -> None:
        """A chat got a new identity on its platform (a Telegram group became a supergroup)."""
        async with self.services.db.write() as c:
            await chats.move(c, old, new)

    async def last_seen(self, platform: str) -> dict[ChatKey, str]:
        """Newest message id taken in for each known chat of a platform, for catching up after a gap."""
        async with self.services.db.read() as c:
            return await chats.last_seen(c, platform)

    async def _chat(self, key: ChatKey, place: Place) -> Chat:
        async with self.services.db.read() as c:
            known = await chats.unchanged(c, key, place, self.services.defaults)
        if known is not None:
            return known
        async with self.services.db.write() as c:
            return await chats.open_chat(c, key, place, self.services.defaults)

    @asynccontextmanager
    async def _answering(self, responder: Responder, doing: str, chat: ChatKey) -> AsyncIterator[None]:
        """Whatever goes wrong inside is answered with one sentence."""
        try:
            yield
        except asyncio.CancelledError:
            raise
        except Exception as error:
            failure = failure_of(error, doing=doing, chat=str(chat))
            try:
                await responder.answer(Post(failure.sentence, private=isinstance(error, UserError)))
            except PlatformError as silent:
                log.warning("answer not delivered", doing=doing, chat=str(chat), id=failure.id, reason=silent.message)


class _Nobody:
    """Stands in where nobody waits for an answer."""

    async def answer(self, post: Post) -> str | None:
        return None

    async def ask(self, form: object) -> None:
        return None
