"""What an earlier process left unfinished: messages, commands and jobs are taken up again, once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from bot.domain.errors import PlatformError
from bot.domain.events import CommandCall, Incoming
from bot.domain.places import ChatKey
from bot.domain.platform import Platform, Responder
from bot.domain.posts import Button, Form, Post
from bot.engine.commands.catalogue import control_id
from bot.engine.services import Services
from bot.engine.stage import set_stage
from bot.engine.turn import Turns
from bot.storage import chats, entries, inbox, jobs, pictures
from bot.storage.records import Inbox
from bot.work.lanes import ShuttingDown

log = structlog.get_logger(__name__)


RunCommand = Callable[[int, CommandCall, Responder], Awaitable[None]]


class _InTheChat:
    """Answers where the command was given: whoever gave it no longer waits for a private answer."""

    def __init__(self, platform: Platform, call: CommandCall) -> None:
        self._platform = platform
        self._call = call

    async def answer(self, post: Post) -> str | None:
        if post.passing:
            return None
        return await self._platform.post(self._call.chat, replace(post, private=False, reply_to=self._call.message_id))

    async def ask(self, form: Form) -> None:
        await self.answer(Post("I was restarted meanwhile. Please open this again.", private=True))


class Recovery:
    """Runs once at start, after the front ends are there."""

    def __init__(self, services: Services, turns: Turns, run_command: RunCommand, first: Callable[[], int | None]) -> None:
        """``first`` tells the first inbox row of this very process, which sees to it and to all after it by itself."""
        self._first = first
        self._services = services
        self._turns = turns
        self._run_command = run_command

    async def run(self) -> None:
        """Resume jobs, then messages in their order, then say which commands were cut off."""
        await self._services.jobs.resume_all()
        await self._show_proposals()
        async with self._services.db.read() as c:
            rows = await inbox.unfinished(c)
        first = self._first()
        rows = [row for row in rows if first is None or row.id < first]
        for row in rows:
            try:
                await self._resume(row)
            except ShuttingDown:
                return
            except Exception as error:  # one row that cannot be taken up must not keep the program from starting
                log.error("not taken up", inbox=row.id, kind=row.kind, exc_info=error)
                async with self._services.db.write() as c:
                    await inbox.mark(c, row.id, "failed")
        if rows:
            log.info("unfinished work taken up", messages=len(rows))

    async def _resume(self, row: Inbox) -> None:
        if row.kind not in ("message", "command"):
            await self._done(row)
            return
        event = (Incoming if row.kind == "message" else CommandCall).model_validate_json(row.payload)
        if event.chat.platform not in self._services.platforms:
            log.warning("left until its platform is configured again", inbox=row.id, chat=str(event.chat))
        elif isinstance(event, Incoming):
            self._resume_message(row, event)
        else:
            await self._resume_command(row, event)

    async def _show_proposals(self) -> None:
        """A proposal may have been stored without having been shown; showing it again changes nothing."""
        async with self._services.db.read() as c:
            waiting = await jobs.proposed(c)
        for job in waiting:
            try:
                await self._services.worker.show_proposal(job)
            except PlatformError as error:
                log.info("proposal not shown", job=job.id, reason=error.message)

    def _resume_message(self, row: Inbox, event: Incoming) -> None:
        async def work() -> None:
            if row.state == "delivering" and row.reply_entry_id is not None:
                await self._deliver(row, event)
            else:
                await self._turns.run(row.id, event, row)

        self._services.lanes.submit(str(event.chat), work, heard=True)

    async def _deliver(self, row: Inbox, event: Incoming) -> None:
        """A reply is stored; bring its post to the final text. Without a known post it may or may not have arrived: never resend
        by itself, offer it."""
        async with self._services.db.read() as c:
            chat = await chats.by_key(c, event.chat, self._services.defaults)
            entry = await entries.by_id(c, row.reply_entry_id) if row.reply_entry_id else None
            linked = await entries.posts_of(c, entry.id) if entry else ()
        if chat is None or entry is None or linked:
            await self._done(row)
            return
        if row.posted:
            stage = await set_stage(self._services, chat, event.author)
            await self._turns.replier.deliver(stage, entry, entry.text, reply_to=event.message_id, posted=row.posted)
        else:
            button = Button(control_id("resend", str(entry.id)), "💬 Show it")
            await self._say(
                event.chat, Post("I was interrupted; my last answer may not have arrived.", ((button,),), reply_to=event.message_id)
            )
        await self._done(row)

    async def _resume_command(self, row: Inbox, call: CommandCall) -> None:
        """A command that had not begun is run now and answered in the chat. One that was cut off may have done its work: it is
        named, for people to repeat, unless a picture came of it, which goes on by itself."""
        if row.state == "received":
            await self._run_command(row.id, call, _InTheChat(self._services.platforms[call.chat.platform], call))
            return
        async with self._services.db.read() as c:
            chat = await chats.by_key(c, call.chat, self._services.defaults)
            drawn = await pictures.answering(c, chat.id, call.message_id) if chat and call.message_id else None
        if drawn is None:
            await self._say(
                call.chat, Post(f"I was restarted in the middle of `/{call.name}`. Please send it again.", reply_to=call.message_id)
            )
        await self._done(row)

    async def _done(self, row: Inbox) -> None:
        async with self._services.db.write() as c:
            await inbox.mark(c, row.id, "done")

    async def _say(self, chat: ChatKey, post: Post) -> None:
        platform = self._services.platforms.get(chat.platform)
        if platform is None:
            return
        try:
            await platform.post(chat, post)
        except PlatformError as error:
            log.warning("notice not delivered", chat=str(chat), reason=error.message)
