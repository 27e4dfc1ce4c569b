"""What the page can be asked for: stories, their live changes, the gallery, pictures and the door."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from markupsafe import Markup
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response

from bot import __version__
from bot.engine.engine import Engine
from bot.engine.pictures.swipes import take_parameters
from bot.frontends.web.access import Access
from bot.frontends.web.palette import filled, listed
from bot.frontends.web.platform import WebPlatform
from bot.frontends.web.story import PLACE, StoryReader
from bot.frontends.web.uploads import MOST_FILES, field, reading
from bot.storage import assets, characters, chats, pictures
from bot.storage.records import Chat

FIRST = "main"  # the story a newcomer starts with
GALLERY_PAGE = 24
FRESH = {"cache-control": "no-store"}
_CHAT_ID = re.compile(r"[a-z0-9-]{1,40}")
SKETCH_TIP = (
    "Pictures here are **sketches** put together from clip art, and the embedded chat model is a very small one: "
    "both need no key and no GPU. A better chat model and a real image backend are one block each in `vignette.toml`; "
    "the README shows them."
)
NO_MODEL_TIP = (
    "**The chat model could not be used at the start**, so nobody may answer here: {problem}\n\n"
    "Any server with OpenAI's interface will do. In `vignette.toml`:\n\n"
    '`[chat.main]`\n`provider = "custom"`\n`base_url = "http://127.0.0.1:8080/v1"`\n`model = "my-model"`\n\n'
    "Then start Vignette again. `vignette doctor` tells more, the README shows services with a key."
)


class Pages:
    """Answers GET requests; they change nothing but the greeting of a story that is opened for the first time."""

    def __init__(self, engine: Engine, platform: WebPlatform, reader: StoryReader) -> None:
        self._engine = engine
        self._platform = platform
        self._reader = reader
        self.access: Access  # set by the server: the middleware is built around the routes

    async def health(self, request: Request) -> Response:
        return JSONResponse({"ok": True, "version": __version__})

    async def home(self, request: Request) -> Response:
        """The newest story, or the first one."""
        services = self._engine.services
        async with services.db.read() as c:
            known = await chats.of_platform(c, "web", services.defaults)
        return RedirectResponse(f"/c/{known[-1].key.channel if known else FIRST}/", 303)

    async def door(self, request: Request) -> Response:
        """Asks for the access token."""
        if self.access.entered(request):
            return RedirectResponse("/", 303)
        address = request.client.host if request.client else ""
        wait = self.access.throttle.wait(address)
        if wait:
            return self._door(f"That was wrong too often. Try again in {wait} seconds.", 429, {"retry-after": str(wait)})
        if request.method == "GET":
            return self._door("Enter the access token that the host has set in the configuration.")
        response = RedirectResponse("/", 303)
        async with reading(request) as form:
            given = field(form, "token")
        if self.access.enter(given, response, secure=request.url.scheme == "https"):
            return response
        self.access.throttle.wrong(address)
        await asyncio.sleep(0.3)
        return self._door("That was not the token.", 403)

    def _door(self, message: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        html = self._platform.renderer.page("door.html", message=message, version=__version__)
        return HTMLResponse(html, status, FRESH | (headers or {}))

    async def story(self, request: Request) -> Response:
        chat_id = story_id(request)
        chat = await self._reader.open(FIRST) if chat_id == FIRST else await self.known(chat_id)
        before = request.query_params.get("before", "")
        if re.fullmatch(r"\d{1,15}", before):
            page = await self._reader.page(chat, int(before))
            return HTMLResponse(self._platform.renderer.story(chat_id, page.html, page.more), headers=FRESH)
        await self._engine.greet(chat.key, PLACE, await self._reader.person())
        return HTMLResponse(self._platform.renderer.page("chat.html", **await self._values(chat)), headers=FRESH)

    async def _values(self, chat: Chat) -> dict[str, Any]:
        services, chat_id = self._engine.services, chat.key.channel
        mark = self._platform.hub.mark(chat.key)  # before the story is read: what happens meanwhile is sent again
        stage = await services.stories.stage(chat, await self._reader.person())
        async with services.db.read() as c:
            cast = await characters.for_chat(c, chat.key)
            known = await chats.of_platform(c, "web", services.defaults)
        names = {character.id: character.name for character in cast}
        stories = [{"id": s.key.channel, "with": names.get(s.character_id or 0, services.default_character)} for s in reversed(known)]
        model = services.stories.model_of(chat)
        problem = services.unusable.get(model.name)
        return {
            "chat_id": chat_id,
            "mark": mark,
            "version": __version__,
            "character": stage.character,
            "cast": cast,
            "stories": stories,
            "masthead": await self.masthead(chat),
            "story": await self.whole(chat),
            "tip": NO_MODEL_TIP.format(problem=problem) if problem else "" if model.capabilities().writer else SKETCH_TIP,
            "actions": self._engine.catalogue.actions(),
            "commands": tuple(self._engine.catalogue.commands.values()),
            "catalogue": listed(self._engine.catalogue),
            "file_bytes": services.guard.rules.attachment_bytes,
            "most_files": MOST_FILES,
        }

    async def known(self, chat_id: str) -> Chat:
        """The chat of a story. Raises ``HTTPException`` 404: only this program names stories."""
        chat = await self._reader.known(chat_id)
        if chat is None:
            raise HTTPException(404, "There is no such story.")
        return chat

    async def whole(self, chat: Chat) -> Markup:
        """The newest page of a story as one element."""
        page = await self._reader.page(chat, None)
        return self._platform.renderer.story(chat.key.channel, page.html, page.more)

    async def masthead(self, chat: Chat) -> tuple[Markup, Markup]:
        """The elements around a story, as they are now."""
        now = await self.known(chat.key.channel)
        character = (await self._engine.services.stories.stage(now, await self._reader.person())).character
        return self._platform.renderer.masthead(character.name, character.avatar, now.background, self.access.csrf)

    async def events(self, request: Request) -> Response:
        """The live changes of a story, as server-sent events; each is a piece of HTML."""
        chat = await self.known(story_id(request))
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return EventSourceResponse(self._changes(chat, after), ping=20, headers=FRESH)

    async def _changes(self, chat: Chat, after: str) -> AsyncIterator[ServerSentEvent]:
        hub, head = self._platform.hub, Markup("")
        async for page in hub.listen(chat.key, after):
            mark, html = hub.mark(chat.key), Markup("")
            if page.stale:
                page.stale = False
                html = await self.whole(chat)
            newest = Markup("").join(await self.masthead(chat))
            if newest != head:
                html, head = html + newest, newest
            if html:
                yield ServerSentEvent(html, id=mark, retry=1000)
            if page.closed:
                return
            changes = await page.changes()
            if changes:
                yield ServerSentEvent(changes, id=hub.mark(chat.key))

    async def complete(self, request: Request) -> Response:
        """Suggestions for an option of a command."""
        asked = request.query_params
        chat = await self.known(story_id(request))
        found = await self._engine.complete(
            chat.key,
            PLACE,
            await self._reader.person(),
            asked.get("command", ""),
            asked.get("option", ""),
            asked.get("typed", "")[:100],
            filled(self._engine.catalogue, asked.get("before", "")[:1000]),
        )
        return JSONResponse(list(found))

    async def gallery(self, request: Request) -> Response:
        chat = await self.known(story_id(request))
        asked = request.query_params.get("page", "1")
        number = max(1, int(asked)) if re.fullmatch(r"\d{1,9}", asked) else 1
        async with self._engine.services.db.read() as c:
            shown, total = await pictures.gallery(c, chat.id, (number - 1) * GALLERY_PAGE, GALLERY_PAGE)
        pages = max(1, -(-total // GALLERY_PAGE))
        values = {"chat_id": chat.key.channel, "shown": shown, "total": total, "page": number, "pages": pages, "version": __version__}
        return HTMLResponse(self._platform.renderer.page("gallery.html", **values), headers=FRESH)

    async def parameters(self, request: Request) -> Response:
        """Everything recorded about a take, as a JSON file."""
        chat = await self.known(story_id(request))
        async with self._engine.services.db.read() as c:
            take = await pictures.take_by_id(c, int(request.path_params["take"]) % 2**63)
            picture = await pictures.by_id(c, take.picture_id) if take else None
        if take is None or picture is None or picture.chat_id != chat.id:
            raise HTTPException(404)
        return Response(take_parameters(take), media_type="application/json")

    async def asset(self, request: Request) -> Response:
        sha = request.path_params["sha"]
        if not re.fullmatch(r"[0-9a-f]{64}", sha):
            raise HTTPException(404)
        async with self._engine.services.db.read() as c:
            asset = await assets.by_sha(c, sha)
        path: Path = self._engine.services.assets.path(sha)
        if asset is None or not await asyncio.to_thread(path.is_file):
            raise HTTPException(404)
        return FileResponse(path, media_type=asset.mime, headers={"cache-control": "private, max-age=31536000, immutable"})


def story_id(request: Request) -> str:
    """The story a request is about. Raises ``HTTPException`` 404."""
    chat_id = str(request.path_params["chat"])
    if not _CHAT_ID.fullmatch(chat_id):
        raise HTTPException(404, "There is no such story.")
    return chat_id
