"""What can be done on the page: thin translations of POST requests into the engine's events."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.domain.errors import UserError
from bot.domain.events import Attachment, CommandCall, Incoming, Press, Submission
from bot.domain.posts import Post
from bot.engine.attachments import mention
from bot.engine.commands.catalogue import split_control
from bot.engine.commands.parse import check_required, find, name_files, parse
from bot.engine.engine import Engine
from bot.engine.pictures.base import is_picture
from bot.frontends.web.pages import Pages, story_id
from bot.frontends.web.platform import PageResponder, WebPlatform, fresh_id, safe_element
from bot.frontends.web.render import Line
from bot.frontends.web.story import PLACE, StoryReader
from bot.frontends.web.uploads import MESSAGE_CHARACTERS, Files, field, fields, keep_files, reading
from bot.storage import characters, chats
from bot.storage.records import Chat


class Actions:
    """Answers POST requests. What is for the asking page alone comes back as HTML, everything else over its live changes."""

    def __init__(self, engine: Engine, platform: WebPlatform, reader: StoryReader, pages: Pages) -> None:
        self._engine = engine
        self._platform = platform
        self._reader = reader
        self._pages = pages

    @property
    def _file_bytes(self) -> int:
        return self._engine.services.guard.rules.attachment_bytes

    async def _chat(self, request: Request) -> Chat:
        return await self._pages.known(story_id(request))

    async def new(self, request: Request) -> Response:
        """Begin another story with a character."""
        async with reading(request) as form:
            wanted = field(form, "character")
        chat = await self._reader.open(uuid.uuid4().hex[:10])
        if wanted.isdecimal() and len(wanted) < 16:
            async with self._engine.services.db.write() as c:
                if int(wanted) in {character.id for character in await characters.for_chat(c, chat.key)}:
                    await chats.set_character(c, chat.id, int(wanted))
        return JSONResponse({"go": f"/c/{chat.key.channel}/"})

    async def say(self, request: Request) -> Response:
        """A message or, with a slash in front, a command."""
        chat = await self._chat(request)
        async with reading(request, self._file_bytes) as form:
            text = field(form, "text").strip()
            if len(text) > MESSAGE_CHARACTERS:
                raise HTTPException(413, f"A message has at most {MESSAGE_CHARACTERS:,} characters; this one has {len(text):,}.")
            element = f"w{safe_element(field(form, 'id'))}" if field(form, "id") else fresh_id()
            files = await keep_files(form, self._platform, self._file_bytes)
        if text.startswith("/") and not text.startswith("//"):
            return await self._command(chat, text, element, files)
        attachments = files.all
        if not text and not attachments:
            return Response(status_code=204)
        author = await self._reader.person()
        event = Incoming(
            chat=chat.key,
            place=PLACE,
            author=author,
            message_id=element,
            text=text.removeprefix("/") if text.startswith("//") else text,
            sent_at=datetime.now(UTC),
            addressed=True,
            attachments=attachments,
        )
        words = "\n".join(part for part in (event.text, mention(attachments)) if part)
        if attachments:
            self._platform.remember_sent(chat.key, element, attachments)
        if await self._engine.hear(event):
            self._platform.put_line(chat.key, Line(element, "player", author.name, words, pictured=any(map(is_picture, attachments))))
        return Response(status_code=204)

    async def _command(
        self,
        chat: Chat,
        text: str,
        call_id: str,
        files: Files = Files(),  # noqa: B008 - a value
        target: str | None = None,
        theirs: tuple[Attachment, ...] = (),
    ) -> Response:
        responder = PageResponder(self._platform.renderer)
        try:
            command, rest = find(self._engine.catalogue, text.removeprefix("/"))
            arguments = parse(command, rest)
            named = name_files(command, files.plain or theirs, files.named)
            check_required(command, arguments | named)
        except UserError as error:
            await responder.answer(Post(error.message, private=True))
            return HTMLResponse(responder.html)
        call = CommandCall(
            chat=chat.key,
            place=PLACE,
            author=await self._reader.person(),
            name=command.name,
            arguments=arguments,
            call_id=call_id,
            target=target,
            attachments=files.all,
            target_attachments=theirs,
            named_files=named,
        )
        await self._engine.run(call, responder)
        self._platform.hub.publish(chat.key, "masthead", "")  # a command may have changed who is talked with
        return HTMLResponse(responder.html)

    async def act(self, request: Request) -> Response:
        """A message action from the message's menu."""
        chat = await self._chat(request)
        async with reading(request) as form:
            action, target = field(form, "action"), safe_element(field(form, "target"))
        actions = {command.name for command in self._engine.catalogue.actions()}
        if action not in actions:
            raise HTTPException(404, "There is no such action.")
        theirs = await self._reader.files_of(chat, target)
        return await self._command(chat, f"/{action}", fresh_id(), target=target, theirs=theirs)

    async def press(self, request: Request) -> Response:
        """A button."""
        chat = await self._chat(request)
        async with reading(request) as form:
            element, control = safe_element(field(form, "message")), field(form, "control")[:64]
        responder = PageResponder(self._platform.renderer)
        press = Press(
            chat=chat.key,
            place=PLACE,
            author=await self._reader.person(),
            control=control,
            message_id=element,
            press_id=fresh_id(),
        )
        await self._engine.press(press, responder)
        if split_control(press.control)[0] == "forget":
            self._platform.forget(chat.key)
        elif self._platform.notes.pop(element, None) is not None:
            self._platform.hub.remove(chat.key, element)
        return HTMLResponse(responder.html)

    async def form(self, request: Request) -> Response:
        """A filled form."""
        chat = await self._chat(request)
        async with reading(request) as form:
            name, values = field(form, "form")[:64], dict(fields(form, "value-"))
        responder = PageResponder(self._platform.renderer)
        submission = Submission(
            chat=chat.key,
            place=PLACE,
            author=await self._reader.person(),
            form=name,
            values=values,
            submission_id=fresh_id(),
        )
        await self._engine.submit(submission, responder)
        return HTMLResponse(responder.html)

    async def import_card(self, request: Request) -> Response:
        """A character card as a file."""
        chat = await self._chat(request)
        async with reading(request, self._file_bytes) as form:
            files = await keep_files(form, self._platform, self._file_bytes)
        return await self._command(chat, "/character import", fresh_id(), files)

    async def close(self, request: Request) -> Response:
        """A notice was read and closed."""
        chat = await self._chat(request)
        async with reading(request) as form:
            element = safe_element(field(form, "message"))
        if self._platform.notes.pop(element, None) is not None:
            self._platform.hub.remove(chat.key, element)
        return Response(status_code=204)
