"""The page's routes: thin translations between HTTP and the engine."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot import __version__
from bot.domain.errors import UserError
from bot.domain.events import Attachment, CommandCall, Incoming, Press, Submission
from bot.domain.posts import Post
from bot.engine.commands.parse import find, parse
from bot.engine.engine import Engine
from bot.engine.pictures.swipes import take_parameters
from bot.frontends.web.access import Access
from bot.frontends.web.platform import PageResponder, WebPlatform, fresh_id
from bot.frontends.web.render import appended
from bot.frontends.web.story import PERSON, PLACE, StoryReader, chat_key
from bot.storage import assets, characters, chats, pictures

_CHAT_ID = re.compile(r"[a-z0-9-]{1,40}")
GALLERY_PAGE = 24
SKETCH_TIP = (
    "Pictures here are **sketches** put together from clip art, and the embedded chat model is a very small one: both need no key and no GPU. "
    "A better chat model and a real image backend are one block each in `vignette.toml`; the README shows them."
)


class Page:
    """Everything the page can do, for one engine."""

    def __init__(self, engine: Engine, platform: WebPlatform, access: Access | None = None) -> None:
        self.engine = engine
        self.platform = platform
        self.reader = StoryReader(engine, platform)
        self.access: Access | None = access

    def routes(self) -> list[Route | Mount]:
        return [
            Route("/", self.home),
            Route("/health", self.health),
            Route("/door", self.door, methods=["GET", "POST"]),
            Route("/new", self.new, methods=["POST"]),
            Route("/c/{chat}/", self.story),
            Route("/c/{chat}/events", self.events),
            Route("/c/{chat}/say", self.say, methods=["POST"]),
            Route("/c/{chat}/press", self.press, methods=["POST"]),
            Route("/c/{chat}/act", self.act, methods=["POST"]),
            Route("/c/{chat}/form", self.form, methods=["POST"]),
            Route("/c/{chat}/import", self.import_card, methods=["POST"]),
            Route("/c/{chat}/complete", self.complete),
            Route("/c/{chat}/gallery", self.gallery),
            Route("/c/{chat}/take/{take:int}.json", self.parameters),
            Route("/asset/{sha}", self.asset),
            Mount("/static", StaticFiles(directory=str(files("bot.frontends.web") / "static"))),
        ]

    async def health(self, request: Request) -> Response:
        return JSONResponse({"ok": True, "version": __version__})

    async def home(self, request: Request) -> Response:
        """The newest story, or the first one."""
        services = self.engine.services
        async with services.db.read() as c:
            known = await chats.of_platform(c, "web", services.defaults)
        newest = known[-1].key.channel if known else "main"
        return RedirectResponse(f"/c/{newest}/", 303)

    async def door(self, request: Request) -> Response:
        if self.access is None or self.access.entered(request):
            return RedirectResponse("/", 303)
        message = "Enter the access token that the host has set in the configuration."
        if request.method == "POST":
            response = RedirectResponse("/", 303)
            if self.access.enter(str((await request.form()).get("token", "")), response, secure=request.url.scheme == "https"):
                return response
            await asyncio.sleep(0.5 + secrets.randbelow(500) / 1000)  # guessing is slow
            message = "That was not the token."
        html = self.platform.renderer.page("door.html", message=message, version=__version__)
        return HTMLResponse(html, 200 if request.method == "GET" else 403)

    async def new(self, request: Request) -> Response:
        """Begin another story with a character."""
        wanted = str((await request.form()).get("character", ""))
        chat = await self.reader.chat(uuid.uuid4().hex[:10])
        if wanted.isdecimal():
            async with self.engine.services.db.write() as c:
                if await characters.by_id(c, int(wanted)) is not None:
                    await chats.set_character(c, chat.id, int(wanted))
        return Response(status_code=204, headers={"HX-Redirect": f"/c/{chat.key.channel}/"})

    async def story(self, request: Request) -> Response:
        chat_id = _chat_id(request)
        services = self.engine.services
        before = request.query_params.get("before", "")
        chat = await self.reader.chat(chat_id)
        if not before:
            await self.engine.greet(chat.key, PLACE, PERSON)
            chat = await self.reader.chat(chat_id)
        page = await self.reader.page(chat, int(before) if before.isdecimal() else None)
        stage = await services.stories.stage(chat, PERSON)
        async with services.db.read() as c:
            cast = await characters.for_chat(c, chat.key)
            known = await chats.of_platform(c, "web", services.defaults)
            names = {character.id: character.name for story in known for character in await characters.for_chat(c, story.key)}
        stories = [
            {"id": s.key.channel, "title": f"{names.get(s.character_id or 0, services.default_character)} · {s.key.channel}"}
            for s in reversed(known)
        ]
        toy = not services.stories.model_of(chat).capabilities().writer
        values: dict[str, Any] = {
            "chat_id": chat_id,
            "csrf": self.access.csrf if self.access else "",
            "version": __version__,
            "character": stage.character,
            "avatar": stage.character.avatar,
            "cast": cast,
            "stories": stories,
            "background": chat.background,
            "story_html": page.html,
            "more": page.more,
            "tip": SKETCH_TIP if toy and not before else "",
            "actions": self.engine.catalogue.actions(),
            "commands": tuple(self.engine.catalogue.commands.values()),
            "catalogue": _catalogue(self.engine),
        }
        return HTMLResponse(self.platform.renderer.page("chat.html", **values), headers={"cache-control": "no-store"})

    async def events(self, request: Request) -> Response:
        key = chat_key(_chat_id(request))

        async def stream() -> AsyncIterator[ServerSentEvent]:
            async for html in self.platform.hub.listen(key):
                yield ServerSentEvent(html, event="message")

        return EventSourceResponse(stream(), ping=20)

    async def say(self, request: Request) -> Response:
        """A message or, with a slash in front, a command."""
        chat_id = _chat_id(request)
        form = await request.form()
        text = str(form.get("text", "")).strip()
        message_id = _element_id(str(form.get("id", "")))
        attachments = await self._keep_files(form)
        if text.startswith("/") and not text.startswith("//"):
            return await self._command(chat_id, text, message_id, attachments)
        if not text and not attachments:
            return Response(status_code=204)
        event = Incoming(
            chat=chat_key(chat_id),
            place=PLACE,
            author=PERSON,
            message_id=message_id,
            text=text.removeprefix("/") if text.startswith("//") else text,
            sent_at=datetime.now(UTC),
            addressed=True,
            attachments=attachments,
        )
        if await self.engine.hear(event):
            stage = await self.engine.services.stories.stage(await self.reader.chat(chat_id), PERSON)
            words = event.text or " ".join(f"[{a.name}]" for a in attachments)
            html = self.platform.renderer.line(message_id, "player", stage.persona.name, words)
            self.platform.hub.publish(event.chat, appended(html, "story"))
        return Response(status_code=204)

    async def _command(
        self, chat_id: str, text: str, message_id: str, attachments: tuple[Attachment, ...], target: str | None = None
    ) -> Response:
        responder = PageResponder(self.platform.renderer)
        try:
            command, rest = find(self.engine.catalogue, text.removeprefix("/"))
            arguments = parse(command, rest)
        except UserError as error:
            await responder.answer(Post(error.message, private=True))
            return HTMLResponse(responder.html)
        call = CommandCall(
            chat=chat_key(chat_id),
            place=PLACE,
            author=PERSON,
            name=command.name,
            arguments=arguments,
            call_id=message_id,
            target=target,
            attachments=attachments,
        )
        await self.engine.run(call, responder)
        return HTMLResponse(responder.html)

    async def act(self, request: Request) -> Response:
        """A message action from the message's menu."""
        form = await request.form()
        return await self._command(_chat_id(request), f"/{form.get('action', '')}", fresh_id(), (), str(form.get("target", "")))

    async def press(self, request: Request) -> Response:
        form = await request.form()
        responder = PageResponder(self.platform.renderer)
        press = Press(
            chat=chat_key(_chat_id(request)),
            place=PLACE,
            author=PERSON,
            control=str(form.get("control", "")),
            message_id=str(form.get("message", "")),
            press_id=fresh_id(),
        )
        self.platform.notes.pop(press.message_id, None)
        await self.engine.press(press, responder)
        return HTMLResponse(responder.html)

    async def form(self, request: Request) -> Response:
        form = await request.form()
        responder = PageResponder(self.platform.renderer)
        values = {name.removeprefix("value-"): str(value) for name, value in form.items() if name.startswith("value-")}
        submission = Submission(
            chat=chat_key(_chat_id(request)),
            place=PLACE,
            author=PERSON,
            form=str(form.get("form", "")),
            values=values,
            submission_id=fresh_id(),
        )
        await self.engine.submit(submission, responder)
        return HTMLResponse(responder.html)

    async def import_card(self, request: Request) -> Response:
        attachments = await self._keep_files(await request.form())
        return await self._command(_chat_id(request), "/character import", fresh_id(), attachments)

    async def complete(self, request: Request) -> Response:
        asked = request.query_params
        found = await self.engine.complete(
            chat_key(_chat_id(request)), PLACE, PERSON, asked.get("command", ""), asked.get("option", ""), asked.get("typed", "")[:100]
        )
        return JSONResponse(list(found))

    async def gallery(self, request: Request) -> Response:
        chat_id = _chat_id(request)
        asked = request.query_params.get("page", "1")
        number = max(1, int(asked)) if asked.isdecimal() else 1
        chat = await self.reader.chat(chat_id)
        async with self.engine.services.db.read() as c:
            shown, total = await pictures.gallery(c, chat.id, (number - 1) * GALLERY_PAGE, GALLERY_PAGE)
        pages = max(1, -(-total // GALLERY_PAGE))
        html = self.platform.renderer.page(
            "gallery.html", chat_id=chat_id, shown=shown, total=total, page=number, pages=pages, version=__version__
        )
        return HTMLResponse(html, headers={"cache-control": "no-store"})

    async def parameters(self, request: Request) -> Response:
        """Everything recorded about a take, as a JSON file."""
        async with self.engine.services.db.read() as c:
            take = await pictures.take_by_id(c, int(request.path_params["take"]))
        if take is None:
            raise HTTPException(404)
        return Response(take_parameters(take), media_type="application/json")

    async def asset(self, request: Request) -> Response:
        sha = request.path_params["sha"]
        if not re.fullmatch(r"[0-9a-f]{64}", sha):
            raise HTTPException(404)
        async with self.engine.services.db.read() as c:
            asset = await assets.by_sha(c, sha)
        path: Path = self.engine.services.assets.path(sha)
        if asset is None or not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, media_type=asset.mime, headers={"cache-control": "private, max-age=31536000, immutable"})

    async def _keep_files(self, form: FormData) -> tuple[Attachment, ...]:
        kept: list[Attachment] = []
        limit = self.engine.services.guard.rules.attachment_bytes
        for upload in form.getlist("file"):
            if isinstance(upload, UploadFile) and upload.filename:
                data = await upload.read(limit + 1)
                handle = fresh_id()
                self.platform.files[handle] = data
                kept.append(
                    Attachment(
                        name=upload.filename[:200],
                        mime=upload.content_type or "application/octet-stream",
                        size=upload.size or len(data),
                        handle=handle,
                    )
                )
        while len(self.platform.files) > 20:  # the oldest uploads have been dealt with
            self.platform.files.pop(next(iter(self.platform.files)))
        return tuple(kept)


def _chat_id(request: Request) -> str:
    chat_id = str(request.path_params["chat"])
    if not _CHAT_ID.fullmatch(chat_id):
        raise HTTPException(404)
    return chat_id


def _element_id(given: str) -> str:
    """The page's own id for a message, so that sending twice is noticed; a new one when it gave none."""
    plain = re.sub(r"[^0-9a-zA-Z-]", "", given)[:40]
    return f"w{plain}" if plain else fresh_id()


def _catalogue(engine: Engine) -> list[dict[str, Any]]:
    """The commands as the page's script needs them."""
    return json.loads(  # type: ignore[no-any-return]
        json.dumps(
            [
                {
                    "name": c.name,
                    "aliases": c.aliases,
                    "help": c.help,
                    "options": [
                        {"name": o.name, "help": o.help, "rest": o.rest, "choices": o.choices, "complete": o.complete is not None}
                        for o in c.options
                    ],
                }
                for c in engine.catalogue.commands.values()
            ]
        )
    )
