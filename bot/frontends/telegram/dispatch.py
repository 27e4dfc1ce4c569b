"""What each kind of update means: messages, commands, answers to questions, presses, reactions, edits, moved groups."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import structlog
from telegram import CallbackQuery, Chat, Message, MessageReactionUpdated, ReactionTypeEmoji, Update, User
from telegram.error import TelegramError

from bot.domain.errors import PlatformError, UserError
from bot.domain.events import Changed, CommandCall, Press, Submission
from bot.domain.places import ChatKey, Person
from bot.domain.posts import Post
from bot.engine.commands.catalogue import Command
from bot.engine.commands.parse import check_required, find, parse
from bot.frontends.telegram import updates
from bot.frontends.telegram.albums import Albums
from bot.frontends.telegram.calls import Calls, Target
from bot.frontends.telegram.forms import CANCEL, Forms, Question
from bot.frontends.telegram.notes import Notes
from bot.frontends.telegram.people import Managers
from bot.frontends.telegram.posts import Posts
from bot.frontends.telegram.responder import NOTICE, ChatResponder, PressResponder

if TYPE_CHECKING:
    from bot.engine.engine import Engine

log = structlog.get_logger(__name__)

KINDS = ("message", "edited_message", "callback_query", "message_reaction")
"""Updates asked for; reactions are not among Telegram's own default."""
NOTICE_WAIT = 0.04
"""Seconds a press may take to bring about its own notice before it is answered without one."""


class Dispatcher:
    """Feeds the engine. ``store`` returns once an update is safe; the rest runs as tasks, so that nobody waits for others."""

    def __init__(self, engine: Engine, calls: Calls, posts: Posts, forms: Forms, notes: Notes) -> None:
        self._engine = engine
        self._calls = calls
        self._posts = posts
        self._forms = forms
        self._notes = notes
        self._managers = Managers(calls.bot)
        self._tasks: set[asyncio.Task[None]] = set()
        self.albums = Albums(calls.bot, notes, self._whole)

    async def store(self, update: Update) -> None:
        """Take one update in. Raises when it could not be stored."""
        if update.message is not None:
            await self._message(update.message)
        elif update.edited_message is not None:
            await self._edited(update.edited_message)
        elif update.callback_query is not None:
            self._start(self._press(update.callback_query))
        elif update.message_reaction is not None:
            self._start(self._reaction(update.message_reaction, update.update_id))

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
        attachments = updates.attachments_of(messages) or (updates.attachments_of([target]) if target else ())
        files = {option.name: None for option in command.options if option.type == "file" and attachments}
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
            author=await self._manager_checked(self._person(message), message.chat, message.from_user),
            form=question.form,
            values=values,
            submission_id=str(message.message_id),
        )
        await self._engine.submit(submission, responder)

    # presses and reactions

    async def _press(self, query: CallbackQuery) -> None:
        message = query.message
        if message is None or not query.data:
            await self._acknowledge(query, "This button is too old.")
            return
        chat = message.chat
        key = updates.key_of(chat, message) if isinstance(message, Message) else await self._key(chat, message.message_id)
        person = updates.person_of(query.from_user, chat)
        responder = PressResponder(self._posts, self._forms, Target.of(key), person, str(message.message_id))

        async def work() -> None:
            press = Press(
                chat=key,
                place=updates.place_of(chat),
                author=await self._manager_checked(person, chat, query.from_user),
                control=str(query.data),
                message_id=str(message.message_id),
                press_id=query.id,
            )
            await self._engine.press(press, responder)

        working = asyncio.create_task(self._guarded(work()))
        try:
            await asyncio.wait((working, responder.notice), timeout=NOTICE_WAIT, return_when=asyncio.FIRST_COMPLETED)
            responder.close()
            await self._acknowledge(query, responder.notice.result() if responder.notice.done() else None)
        finally:
            await working

    async def _acknowledge(self, query: CallbackQuery, words: str | None) -> None:
        """End the spinner on the button. Queries die within seconds; after a restart old ones arrive late."""
        try:
            await self._calls.bot.answer_callback_query(query.id, text=words[:NOTICE] if words else None)
        except TelegramError as error:
            log.info("press not acknowledged", reason=type(error).__name__)

    async def _reaction(self, reaction: MessageReactionUpdated, update_id: int) -> None:
        """Adding an emoji presses; so does taking one away, because the bot cannot take it away for the person."""
        if reaction.user is None or reaction.user.is_bot:
            return
        old = [r.emoji for r in reaction.old_reaction if isinstance(r, ReactionTypeEmoji)]
        new = [r.emoji for r in reaction.new_reaction if isinstance(r, ReactionTypeEmoji)]
        added = [emoji for emoji in new if emoji not in old]
        key = await self._key(reaction.chat, reaction.message_id)
        person = await self._manager_checked(updates.person_of(reaction.user, reaction.chat), reaction.chat, reaction.user)
        message_id = str(reaction.message_id)
        responder = ChatResponder(self._posts, self._forms, Target.of(key), person, message_id)
        for emoji in added or [emoji for emoji in old if emoji not in new]:
            await self._engine.react(
                key,
                updates.place_of(reaction.chat),
                person,
                message_id=message_id,
                emoji=emoji,
                press_id=f"{update_id}:{emoji}",
                responder=responder,
            )

    # people and places

    @property
    def _bot(self) -> User:
        return self._calls.bot.bot

    def _person(self, message: Message) -> Person:
        manager = message.from_user is not None and self._managers.known(message.chat, message.from_user.id)
        return updates.person_of(message.from_user, message.chat, message.sender_chat, manager=manager)

    async def _manager_checked(self, person: Person, chat: Chat, user: User | None) -> Person:
        if person.manager or user is None or not await self._managers.is_manager(chat, user.id):
            return person
        return person.model_copy(update={"manager": True})

    def _responder(self, message: Message, person: Person) -> ChatResponder:
        target = Target.of(updates.key_of(message.chat, message))
        return ChatResponder(self._posts, self._forms, target, person, str(message.message_id))

    async def _key(self, chat: Chat, message_id: int) -> ChatKey:
        """The chat of a message that Telegram only names: reactions and old presses do not tell the topic."""
        topic = await self._notes.get(topic_note(chat.id, str(message_id))) if chat.id < 0 else None
        return ChatKey("telegram", "", str(chat.id), topic or "")


def topic_note(chat_id: int, message_id: str) -> str:
    """The name under which the topic of a picture's post is remembered."""
    return f"telegram:topic:{chat_id}:{message_id}"
