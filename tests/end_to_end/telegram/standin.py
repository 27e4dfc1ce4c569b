"""A small Bot API server on loopback and the people who use it: what the front end needs, checked as strictly as it matters.

The people's side has the names and shapes of a larger simulator, so that the same scenarios run on both.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import re
import time
from html.parser import HTMLParser
from typing import Any

from aiohttp import web
from PIL import Image

from tests.end_to_end.telegram.people import Json, Person, bare

BOT = {"id": 4242, "is_bot": True, "first_name": "Vigne", "username": "vignette_test_bot"}
TAGS = {"b", "i", "s", "code", "pre", "tg-spoiler", "blockquote"}


class ApiError(Exception):
    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


class _Balanced(HTMLParser):
    """Reads Telegram's HTML as strictly as Telegram: known tags, properly nested."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in TAGS:
            raise ApiError(400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ApiError(400, "Bad Request: can't parse entities: Unmatched end tag")

    def handle_data(self, data: str) -> None:
        self.text += data


def read_html(text: str) -> str:
    """What people see of a formatted text; raises as Telegram refuses."""
    if re.search(r"<(?![a-z/])|&(?!(?:lt|gt|amp|quot|#\d+);)", text):
        raise ApiError(400, "Bad Request: can't parse entities: unescaped character")
    reader = _Balanced()
    reader.feed(text)
    reader.close()
    if reader.open:
        raise ApiError(400, "Bad Request: can't parse entities: unclosed start tag")
    return reader.text.strip()


class StandIn:
    """The server. ``faults`` and the people's methods are the driver's side."""

    def __init__(self) -> None:
        self.messages: dict[tuple[int, int], Json] = {}
        self.updates: list[Json] = []
        self.journal: list[Json] = []
        self.log: list[Json] = []
        self.faults: list[Json] = []
        self.files: dict[str, bytes] = {}
        self.profiles: dict[int, list[list[Json]]] = {}
        """Person → profile photos, each in several sizes; empty where privacy settings hide them."""
        self.groups: dict[int, Json] = {}
        self.answers: dict[str, Json] = {}
        self.blocked: set[int] = set()
        self.news = asyncio.Condition()
        self.ids = itertools.count(100)
        self._update_ids = itertools.count(7000)
        self._user_ids = itertools.count(900)
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.refused_token = ""

    async def __aenter__(self) -> StandIn:
        app = web.Application(client_max_size=60 * 1024 * 1024)
        app.router.add_post("/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    # the Bot API

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if self.refused_token and request.match_info["token"] == self.refused_token:
            return web.json_response({"ok": False, "error_code": 401, "description": "Unauthorized"}, status=401)
        fields: Json = {}
        uploads: dict[str, bytes] = {}
        names: dict[str, str] = {}
        if request.content_type.startswith("multipart"):
            reader = await request.multipart()
            async for part in reader:
                name = str(getattr(part, "name", ""))
                data = bytes(await part.read())  # type: ignore[union-attr]
                if getattr(part, "filename", None):
                    uploads[name], names[name] = data, str(part.filename)  # type: ignore[union-attr]
                else:
                    fields[name] = _plain(data.decode())
        else:
            fields = {key: _plain(str(value)) for key, value in (await request.post()).items()}
        self.log.append({"method": method, "params": fields, "files": uploads, "names": names})
        try:
            fault = self._fault(method)
            if fault and not fault.get("after") and not fault.get("drop"):
                parameters = {name: fault.get(name) for name in ("retry_after", "migrate_to_chat_id")}
                raise ApiError(fault["code"], fault.get("description") or "made to fail", **parameters)
            result = await getattr(self, f"_m_{method}")(fields, uploads)
            if fault:
                assert request.transport is not None
                request.transport.abort()
        except ApiError as error:
            parameters = {key: value for key, value in error.parameters.items() if value is not None}
            body = {"ok": False, "error_code": error.code, "description": error.description}
            return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=error.code)
        return web.json_response({"ok": True, "result": result})

    def _fault(self, method: str) -> Json | None:
        for fault in self.faults:
            if fault["method"] in (method, "*") and fault["times"] > 0 and method != "getUpdates":
                fault["times"] -= 1
                return fault
        return None

    async def _m_getMe(self, p: Json, files: Json) -> Json:
        return {**BOT, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    async def _m_deleteWebhook(self, p: Json, files: Json) -> bool:
        return True

    async def _m_setMyCommands(self, p: Json, files: Json) -> bool:
        for command in p["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]) or not 1 <= len(command["description"]) <= 256:
                raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        self.menu = p["commands"]
        return True

    async def _m_getUpdates(self, p: Json, files: Json) -> list[Json]:
        offset = int(p.get("offset") or 0)
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        if not self.updates:
            async with self.news:
                try:
                    await asyncio.wait_for(self.news.wait_for(lambda: bool(self.updates)), min(float(p.get("timeout") or 0), 20) or 0.01)
                except TimeoutError:
                    return []
        return list(self.updates)

    async def _m_sendChatAction(self, p: Json, files: Json) -> bool:
        await self._note("action", int(p["chat_id"]), action=p["action"])
        return True

    async def _m_getChatMember(self, p: Json, files: Json) -> Json:
        group = self.groups[int(p["chat_id"])]
        user = next(u for u in group["users"] if u["id"] == int(p["user_id"]))
        if user["id"] == group["owner"]:
            return {"status": "creator", "user": user, "is_anonymous": False}
        return {"status": "member", "user": user}

    async def _m_sendMessage(self, p: Json, files: Json) -> Json:
        return await self._create(p, {"text": self._words(p, "text", 4096)})

    async def _m_sendPhoto(self, p: Json, files: Json) -> Json:
        return await self._create(p, self._photo(str(p.get("photo") or "attach://photo"), files) | self._caption(p) | _spoiler(p))

    async def _m_sendDocument(self, p: Json, files: Json) -> Json:
        return await self._create(p, self._document(str(p.get("document") or "attach://document"), files) | self._caption(p))

    async def _m_editMessageText(self, p: Json, files: Json) -> Json:
        content = {"text": self._words(p, "text", 4096)}
        message = self._editable(p)
        if "text" not in message:
            raise ApiError(400, "Bad Request: there is no text in the message to edit")
        return await self._change(message, p, content, ())

    async def _m_editMessageCaption(self, p: Json, files: Json) -> Json:
        message = self._editable(p)
        if "text" in message:
            raise ApiError(400, "Bad Request: there is no caption in the message to edit")
        return await self._change(message, p, self._caption(p), ("caption",))

    async def _m_editMessageMedia(self, p: Json, files: Json) -> Json:
        item = p["media"]
        message = self._editable(p)
        content = self._photo(item["media"], files) if item["type"] == "photo" else self._document(item["media"], files)
        gone = ("text", "caption", "photo", "document", "has_media_spoiler")
        return await self._change(message, p, content | self._caption(item) | _spoiler(item), gone)

    async def _m_deleteMessages(self, p: Json, files: Json) -> bool:
        for message_id in p["message_ids"]:
            if self.messages.pop((int(p["chat_id"]), int(message_id)), None):
                await self._note("delete", int(p["chat_id"]), message_id=message_id)
        return True

    async def _m_answerCallbackQuery(self, p: Json, files: Json) -> bool:
        query = self.answers[str(p["callback_query_id"])]
        query["answer"] = {"text": p.get("text"), "after": time.monotonic() - query["at"]}
        await self._note("answer", query["chat"], text=p.get("text"))
        return True

    async def _m_getUserProfilePhotos(self, p: Json, files: Json) -> Json:
        photos = self.profiles.get(int(p["user_id"]))
        if photos is None:
            raise ApiError(400, "Bad Request: user not found")
        return {"total_count": len(photos), "photos": [photos[0]] if photos else []}

    async def _m_getFile(self, p: Json, files: Json) -> Json:
        if p["file_id"] not in self.files:
            raise ApiError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        return {"file_id": p["file_id"], "file_unique_id": "u", "file_size": len(self.files[p["file_id"]]), "file_path": p["file_id"]}

    async def _download(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["path"]])

    # content

    def _words(self, p: Json, name: str, limit: int) -> str:
        text = str(p.get(name) or "")
        shown = read_html(text) if p.get("parse_mode") == "HTML" else text.strip()
        if name == "text" and not shown:
            raise ApiError(400, "Bad Request: message text is empty")
        if len(shown) > limit:
            raise ApiError(400, f"Bad Request: message {name} is too long")
        return shown

    def _caption(self, p: Json) -> Json:
        caption = self._words(p, "caption", 1024)
        return {"caption": caption} if caption else {}

    def _file(self, reference: str, uploads: dict[str, bytes]) -> tuple[str, int]:
        if not reference.startswith("attach://"):
            if reference not in self.files:
                raise ApiError(400, "Bad Request: wrong file identifier/HTTP URL specified")
            return reference, 0
        data = uploads[reference.removeprefix("attach://")]
        file_id = f"file{next(self.ids)}"
        self.files[file_id] = data
        return file_id, len(data)

    def _photo(self, reference: str, uploads: dict[str, bytes]) -> Json:
        file_id, size = self._file(reference, uploads)
        with Image.open(io.BytesIO(self.files[file_id])) as image:
            width, height = image.size
        if size > 10 * 1024 * 1024 or width + height > 10000 or max(width, height) > 20 * min(width, height):
            raise ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        sizes = [{"file_id": file_id, "file_unique_id": f"u{file_id}", "width": width, "height": height, "file_size": size}]
        return {"photo": sizes, "_uploaded": size}

    def _document(self, reference: str, uploads: dict[str, bytes]) -> Json:
        file_id, size = self._file(reference, uploads)
        return {"document": {"file_id": file_id, "file_unique_id": f"u{file_id}"}, "_uploaded": size}

    def chat_of(self, chat_id: int) -> Json:
        if chat_id in self.groups:
            return {"id": chat_id, "type": "supergroup", "title": self.groups[chat_id]["title"]}
        return {"id": chat_id, "type": "private", "first_name": "somebody"}

    async def _create(self, p: Json, content: Json) -> Json:
        chat_id = int(p["chat_id"])
        if chat_id in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        message = {"message_id": next(self.ids), "date": int(time.time()), "chat": self.chat_of(chat_id), "from": BOT, **content}
        answers = (p.get("reply_parameters") or {}).get("message_id")
        if answers and (chat_id, answers) in self.messages:
            message["reply_to_message"] = bare(self.messages[chat_id, answers])
        return await self._keep(message, p, "message")

    def _editable(self, p: Json) -> Json:
        message = self.messages.get((int(p["chat_id"]), int(p["message_id"])))
        if message is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        return message

    async def _change(self, message: Json, p: Json, content: Json, gone: tuple[str, ...]) -> Json:
        fresh = {key: value for key, value in message.items() if key not in (*gone, "reply_markup", "_uploaded")} | content
        markup = p.get("reply_markup")
        same = {**bare(fresh), "reply_markup": markup} == {**bare(message), "reply_markup": message.get("reply_markup")}
        if same and not content.get("_uploaded"):
            raise ApiError(400, "Bad Request: message is not modified")
        return await self._keep(fresh, p, "edit")

    async def _keep(self, message: Json, p: Json, kind: str) -> Json:
        markup = p.get("reply_markup")
        if markup and "inline_keyboard" in markup:
            if any(len(b["callback_data"].encode()) > 64 for row in markup["inline_keyboard"] for b in row):
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
            message["reply_markup"] = markup
        chat_id = message["chat"]["id"]
        self.messages[chat_id, message["message_id"]] = message
        media = {"media": {"uploaded": bool(message["_uploaded"])}} if "_uploaded" in message else {}
        await self._note(kind, chat_id, message=bare(message), **media)
        return bare(message)

    async def _note(self, kind: str, chat: int, **more: Any) -> None:
        async with self.news:
            self.journal.append({"kind": kind, "chat": chat, "at": time.monotonic(), **more})
            self.news.notify_all()

    async def push(self, kind: str, payload: Json) -> None:
        async with self.news:
            self.updates.append({"update_id": next(self._update_ids), kind: payload})
            self.news.notify_all()

    # the driver's side

    async def user(self, first_name: str, **_: Any) -> Person:
        return Person(self, {"id": next(self._user_ids), "is_bot": False, "first_name": first_name})

    async def group(self, title: str, owner: Person, members: tuple[Person, ...] = (), **_: Any) -> int:
        chat_id = -1001000000000 - next(self.ids)
        self.groups[chat_id] = {"title": title, "owner": owner.id, "users": [owner.data, *(m.data for m in members)]}
        return chat_id

    async def fault(self, method: str, code: int = 0, *, times: int = 1, **values: Any) -> None:
        self.faults.append({"method": method, "code": code, "times": times, **values})

    async def calls(self, method: str | None = None) -> list[Json]:
        return [call for call in self.log if method in (None, call["method"])]

    async def violations(self, *_: str) -> list[Json]:
        return []


def _plain(value: str) -> Any:
    """Values that are JSON come as JSON; ids and texts as they are."""
    if value[:1] in "[{" or value in ("true", "false"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _spoiler(p: Json) -> Json:
    return {"has_media_spoiler": True} if p.get("has_spoiler") in (True, "true") else {}
