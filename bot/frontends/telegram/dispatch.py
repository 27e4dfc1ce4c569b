"""What each kind of update means: messages, commands, answers to questions, presses, reactions, edits, moved groups."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import structlog
from telegram import Chat, Message, Update, User

from bot.domain.errors import PlatformError, UserError
from bot.domain.events import Changed, CommandCall, Submission
from bot.domain.places import ChatKey, Person
from bot.domain.posts import Post
from bot.engine.commands.catalogue import Command
from bot.engine.commands.parse import check_required, find, name_files, parse
from bot.frontends.telegram import updates
from bot.frontends.telegram.albums import Albums
from bot.frontends.telegram.calls import Calls, Target
from bot.frontends.telegram.forms import CANCEL, Forms, Question
from bot.frontends.telegram.notes import Notes
from bot.frontends.telegram.people import Managers
from bot.frontends.telegram.posts import Posts
from bot.frontends.telegram.presses import Presses
from bot.frontends.telegram.responder import ChatResponder
from bot.frontends.telegram.topics import Topics

if TYPE_CHECKING:
    from bot.engine.engine import Engine

log = structlog.get_logger(__name__)

KINDS = ("message", "edited_message", "callback_query", "message_reaction")
"""Updates asked for; reactions are not among Telegram's own default."""


class Dispatcher:
    """Feeds the engine. ``store`` returns once an update is safe; the rest runs as tasks, so that nobody waits for others."""

    def __init__(self, engine: Engine, calls: Calls, posts: Posts, forms: Forms, topics: Topics, notes: Notes) -> None:
        self._engine = engine
        self._calls = calls
        self._posts = posts
        self._forms = forms
        self._managers = Managers(calls.bot)
        self._presses = Presses(engine, calls, posts, forms, topics, self._managers)
        self._tasks: set[asyncio.Task[None]] = set()
        self.albums = Albums(calls.bot, notes, self._whole)

    async def store(self, update: Update) -> None:
        """Take one update in. Raises when it could not be stored."""
        if update.message is not None:
            await self._message(update.message)
        elif update.edited_message is not None:
            await self._edited(update.edited_message)
        elif update.callback_query is not None:
            self._start(self._presses.press(update.callback_query))
        elif update.message_reaction is not None:
            self._start(self._presses.reaction(update.message_reaction, update.update_id))

    async def stop(self, grace: float) -> None:
        """Let what runs finish for ``grace`` seconds."""
        self.albums.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def moved(self, old: int, new: int) -> None:
        """A group became a supergroup."""
        log.info("telegram group moved", old=old, new=new)
        self._calls.renamed(old, new)
        await self._engine.moved(ChatKey("telegram", "", str(old)), ChatKey("telegram", "", str(new)))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except PlatformError as error:
            log.warning("telegram answer not delivered", reason=error.message, detail=error.host_detail)
        except Exception as error:
            log.error("telegram update failed", exc_info=error)

    # messages

    async def _message(self, message: Message) -> None:
        if message.migrate_to_chat_id:
            await self.moved(message.chat.id, message.migrate_to_chat_id)
            return
        by_bot = message.from_user is not None and message.from_user.is_bot and message.sender_chat is None
        if message.is_automatic_forward or by_bot or message.chat.type == Chat.CHANNEL:
            return
        if message.media_group_id:
            await self.albums.add(message)
            return
        await self._whole([message])

    async def _whole(self, messages: list[Message]) -> None:
        """A message, or a complete album."""
        spoken = next((message for message in messages if updates.text_of(message)), messages[0])
        target = updates.answered(spoken)
        if target is not None and target.from_user is not None and target.from_user.id == self._bot.id:
            question = await self._forms.question(spoken.chat.id, str(target.message_id))
            if question is not None and question.person == updates.person_of(spoken.from_user, spoken.chat, spoken.sender_chat).id:
                self._start(self._submit(spoken, target, question))
                return
        first = next(iter(spoken.parse_entities() if spoken.text else spoken.parse_caption_entities()), None)
        if first is not None and first.type == "bot_command" and first.offset == 0:
            await self._command(spoken, messages)
        elif updates.text_of(spoken) or updates.attachments_of(messages):
            manager = spoken.from_user is not None and self._managers.known(spoken.chat, spoken.from_user.id)
            await self._engine.hear(updates.incoming_of(messages, self._bot, manager=manager))

    async def _edited(self, message: Message) -> None:
        text = updates.text_of(message)
        if text and not text.startswith("/"):
            key = updates.key_of(message.chat, message)
            await self._engine.changed(Changed(chat=key, message_id=str(message.message_id), text=updates.without_mention(text, self._bot)))

    # commands

    async def _command(self, message: Message, messages: list[Message]) -> None:
        text = updates.text_of(message)
        word = text.split(maxsplit=1)[0]
        name, _, meant = word.removeprefix("/").partition("@")
        if meant and meant.lower() != (self._bot.username or "").lower():
            return
        if name.lower() == "start" and self._engine.catalogue.command("start") is None:
            self._start(self._welcome(message))
            return
        try:
            command, rest = find(self._engine.catalogue, text)
        except UserError as error:
            if message.chat.type == Chat.PRIVATE or meant:  # in a group it may be another bot's command
                self._start(self._refuse(message, error))
            return
        try:
            call = self._call(message, messages, command, parse(command, rest))
        except UserError as error:
            self._start(self._refuse(message, error))
            return
        row = await self._engine.accept(call)
        if row is not None:
            self._start(self._run(row, call, message))

    def _call(self, message: Message, messages: list[Message], command: Command, arguments: dict[str, Any]) -> CommandCall:
        target = updates.answered(message)
        attachments, theirs = updates.attachments_of(messages), updates.answered_files(messages)
        files = name_files(command, attachments or theirs)
        check_required(command, arguments | files)
        return CommandCall(
            chat=updates.key_of(message.chat, message),
            place=updates.place_of(message.chat),
            author=self._person(message),
            name=command.name,
            arguments=arguments,
            call_id=str(message.message_id),
            message_id=str(message.message_id),
            target=str(target.message_id) if target else None,
            target_text=updates.text_of(target) if target else None,
            attachments=attachments,
            target_attachments=theirs,
            named_files=files,
        )

    async def _run(self, row: int, call: CommandCall, message: Message) -> None:
        if (
            message.from_user is not None
            and not call.author.manager
            and await self._managers.is_manager(message.chat, message.from_user.id)
        ):
            call = call.model_copy(update={"author": call.author.model_copy(update={"manager": True})})
        await self._engine.run_stored(row, call, self._responder(message, call.author))

    async def _refuse(self, message: Message, error: UserError) -> None:
        await self._responder(message, self._person(message)).answer(Post(error.message, private=True))

    async def _welcome(self, message: Message) -> None:
        """/start, which Telegram sends for everybody who opens the bot: the greeting, or help where the story has begun."""
        key, place, person = updates.key_of(message.chat, message), updates.place_of(message.chat), self._person(message)
        if await self._engine.greet(key, place, person) or self._engine.catalogue.command("help") is None:
            return
        call = CommandCall(chat=key, place=place, author=person, name="help", call_id=str(message.message_id))
        await self._engine.run(call, self._responder(message, person))

    # questions

    async def _submit(self, message: Message, target: Message, question: Question) -> None:
        text = updates.text_of(message)
        responder = self._responder(message, self._person(message))
        if text.strip().lower().partition("@")[0] in CANCEL:
            await self._forms.close(message.chat.id, str(target.message_id))
            await responder.answer(Post("Left as it was.", private=True))
            return
        try:
            values = question.values(text)
        except UserError as error:
            await responder.answer(Post(f"{error.message} Reply to my question again.", private=True))
            return
        await self._forms.close(message.chat.id, str(target.message_id))
        submission = Submission(
            chat=updates.key_of(message.chat, message),
            place=updates.place_of(message.chat),
            author=await self._managers.checked(self._person(message), message.chat, message.from_user),
            form=question.form,
            values=values,
            submission_id=str(message.message_id),
        )
        await self._engine.submit(submission, responder)

    # people

    @property
    def _bot(self) -> User:
        return self._calls.bot.bot

    def _person(self, message: Message) -> Person:
        manager = message.from_user is not None and self._managers.known(message.chat, message.from_user.id)
        return updates.person_of(message.from_user, message.chat, message.sender_chat, manager=manager)

    def _responder(self, message: Message, person: Person) -> ChatResponder:
        target = Target.of(updates.key_of(message.chat, message))
        return ChatResponder(self._posts, self._forms, target, person, str(message.message_id))
