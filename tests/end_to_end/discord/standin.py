"""A small Discord: the gateway and the REST routes the bot uses, over loopback sockets, with one server, one channel and one person.

It knows what the scenarios need and nothing else: no permissions, rate limits or intents beyond refusing message content. What Discord
does with files in Components V2 messages follows its documentation: a gallery names files by ``attachment://``, a shown file leaves
``attachments`` and comes back with its ``attachment_id``; whether an edit may name kept or new files is a switch, because that is not
documented.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "a.right.token"
BOT = APP = "100000000000000001"
GUILD, CHANNEL, PERSON = "100000000000000002", "100000000000000003", "100000000000000004"
DISCORD_EPOCH = 1420070400000  # milliseconds; ids are times since then, shifted by 22 bits
MESSAGE_CONTENT = 1 << 15
V2 = 1 << 15
JOINED = "2026-01-01T00:00:00+00:00"


def user(number: str, name: str) -> dict[str, Any]:
    return {"id": number, "username": name, "discriminator": "0", "avatar": None, "global_name": None, "bot": number == BOT}


class StandIn:
    """``naming`` and ``uploading`` say what an edit may show in a gallery: kept files, new files."""

    def __init__(self, *, naming: bool = True, uploading: bool = True, content_granted: bool = True) -> None:
        self.naming, self.uploading, self.content_granted = naming, uploading, content_granted
        self.messages: dict[str, dict[str, Any]] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.commands: list[dict[str, Any]] = []
        self.syncs = 0
        self.answers: list[dict[str, Any]] = []
        """First answers to interactions, in order."""
        self.followups: list[dict[str, Any]] = []
        self.reactions: list[tuple[str, str]] = []
        self.identified: list[int] = []
        """Intents of every identify."""
        self.read: list[str] = []
        """Messages asked for one by one."""
        self.drop_answers = 0
        """How many answers to new messages are still to be lost after the message was stored."""
        self._ids = itertools.count((int(time.time() * 1000) - DISCORD_EPOCH) << 22)
        self._nonces: dict[str, dict[str, Any]] = {}
        self._sockets: list[web.WebSocketResponse] = []
        self._sequence = itertools.count(1)
        self.url = ""

    # running

    async def __aenter__(self) -> StandIn:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/gateway", self._gateway)
        app.router.add_get("/files/{file}/{name}", self._file)
        for method, path, handler in self._routes():
            app.router.add_route(method, f"/api/v10{path}", handler)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()
        await self._runner.cleanup()

    async def cut(self, code: int = 1001) -> None:
        """Close every gateway connection."""
        for socket in self._sockets:
            await socket.close(code=code)
        self._sockets.clear()

    def _routes(self) -> list[tuple[str, str, Any]]:
        channel, one = "/channels/{channel}/messages", "/channels/{channel}/messages/{message}"
        original = "/webhooks/{app}/{token}/messages/@original"
        return [
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/gateway/bot", self._gateway_address),
            ("GET", "/applications/{app}/commands", self._get_commands),
            ("PUT", "/applications/{app}/commands", self._put_commands),
            ("POST", "/channels/{channel}/typing", self._nothing),
            ("POST", channel, self._create),
            ("GET", channel, self._history),
            ("GET", one, self._one),
            ("PATCH", one, self._edit),
            ("DELETE", one, self._delete),
            ("PUT", one + "/reactions/{emoji}/@me", self._react),
            ("DELETE", one + "/reactions/{emoji}/{user}", self._nothing),
            ("POST", "/interactions/{id}/{token}/callback", self._callback),
            ("POST", "/webhooks/{app}/{token}", self._followup),
            ("GET", original, self._original),
            ("PATCH", original, self._edit_original),
            ("DELETE", original, self._delete_original),
        ]

    # what a person does

    async def say(self, text: str, **more: Any) -> dict[str, Any]:
        """The person writes into the channel."""
        message = self._message({"content": text}, user(PERSON, "ada")) | more
        await self.dispatch("MESSAGE_CREATE", message | {"member": self._member()})
        return message

    def earlier(self, text: str, **files: bytes) -> dict[str, Any]:
        """Something the person wrote while the bot was not there; ``files`` by name without its ending, which is .png."""
        message = self._message({"content": text}, user(PERSON, "ada"))
        self._attach(message, {}, {f"{name}.png": data for name, data in files.items()})
        return message

    async def react(self, message_id: str, emoji: str) -> None:
        event = {"user_id": PERSON, "channel_id": CHANNEL, "guild_id": GUILD, "message_id": message_id, "message_author_id": BOT, "type": 0}
        await self.dispatch("MESSAGE_REACTION_ADD", event | {"emoji": {"id": None, "name": emoji}, "member": self._member()})

    async def interact(self, kind: int, data: dict[str, Any], message: dict[str, Any] | None = None) -> str:
        """The person uses a command (2), a button (3), types into an option (4) or sends a modal (5); the interaction's id."""
        number = self._id()
        channel = {"id": CHANNEL, "type": 0, "name": "general", "guild_id": GUILD, "position": 0, "permission_overwrites": []}
        event = {
            "id": number, "application_id": APP, "type": kind, "token": f"token-{number}", "version": 1, "data": data, "locale": "en-GB",
            "guild_id": GUILD, "channel_id": CHANNEL, "channel": channel, "member": self._member(), "app_permissions": "0",
            "entitlements": [], "authorizing_integration_owners": {"0": GUILD}, "context": 0, "attachment_size_limit": 10485760,
        }  # fmt: skip
        await self.dispatch("INTERACTION_CREATE", event | ({"message": message} if message else {}))
        return number

    async def dispatch(self, name: str, data: dict[str, Any]) -> None:
        for socket in self._sockets:
            if not socket.closed:
                await socket.send_json({"op": 0, "t": name, "s": next(self._sequence), "d": data})

    # values

    def _id(self) -> str:
        return str(next(self._ids))

    def _member(self) -> dict[str, Any]:
        return {
            "user": user(PERSON, "ada"),
            "roles": [],
            "joined_at": JOINED,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": "32",
        }

    def _message(self, body: dict[str, Any], author: dict[str, Any], number: str | None = None) -> dict[str, Any]:
        message = {
            "id": number or self._id(), "channel_id": CHANNEL, "guild_id": GUILD, "author": author, "timestamp": JOINED, "type": 0,
            "content": body.get("content") or "", "edited_timestamp": None, "tts": False, "mention_everyone": False, "mentions": [],
            "mention_roles": [], "attachments": [], "embeds": [], "pinned": False, "flags": body.get("flags", 0),
            "components": body.get("components", []),
        }  # fmt: skip
        if f"<@{BOT}>" in message["content"]:
            message["mentions"] = [user(BOT, "vignette")]
        self.messages[message["id"]] = message
        return message

    def guild(self) -> dict[str, Any]:
        everyone = {"id": GUILD, "name": "@everyone", "permissions": "0", "position": 0, "color": 0, "hoist": False, "managed": False,
                    "mentionable": False, "flags": 0}  # fmt: skip
        channel = {"id": CHANNEL, "type": 0, "name": "general", "position": 0, "permission_overwrites": [], "nsfw": True}
        empty = ("members", "emojis", "features", "threads", "stickers", "voice_states", "presences", "stage_instances")
        levels = (
            "verification_level",
            "default_message_notifications",
            "explicit_content_filter",
            "mfa_level",
            "premium_tier",
            "nsfw_level",
        )
        return {"id": GUILD, "name": "Home", "owner_id": PERSON, "roles": [everyone], "channels": [channel], "member_count": 2,
                "preferred_locale": "en-GB", "system_channel_flags": 0} | {k: [] for k in empty} | dict.fromkeys(levels, 0)  # fmt: skip

    # gateway

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 20000}})
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            await self._frame(socket, json.loads(frame.data))
        return socket

    async def _frame(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        if frame["op"] == 1:
            await socket.send_json({"op": 11})
        elif frame["op"] == 6:
            await socket.send_json({"op": 9, "d": False})
        elif frame["op"] == 2:
            self.identified.append(frame["d"]["intents"])
            if frame["d"]["intents"] & MESSAGE_CONTENT and not self.content_granted:
                await socket.close(code=4014)
                return
            self._sockets.append(socket)
            ready = {"v": 10, "user": user(BOT, "vignette"), "guilds": [{"id": GUILD, "unavailable": True}], "session_id": "s",
                     "resume_gateway_url": self.url.replace("http", "ws") + "/gateway", "application": {"id": APP, "flags": 0}}  # fmt: skip
            await socket.send_json({"op": 0, "t": "READY", "s": next(self._sequence), "d": ready})
            await socket.send_json({"op": 0, "t": "GUILD_CREATE", "s": next(self._sequence), "d": self.guild()})

    # REST

    async def _me(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return answer({"message": "401: Unauthorized", "code": 0}, 401)
        return answer(user(BOT, "vignette"))

    async def _application(self, _: web.Request) -> web.Response:
        return answer({"id": APP, "name": "vignette", "description": "", "bot_public": True, "bot_require_code_grant": False, "icon": None,
                       "verify_key": "", "flags": 0, "team": None, "owner": user(PERSON, "ada")})  # fmt: skip

    async def _gateway_address(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return answer({"url": self.url.replace("http", "ws") + "/gateway", "shards": 1, "session_start_limit": limit})

    async def _get_commands(self, _: web.Request) -> web.Response:
        return answer(self.commands)

    async def _put_commands(self, request: web.Request) -> web.Response:
        self.commands, self.syncs = await request.json(), self.syncs + 1
        return answer(self.commands)

    async def _nothing(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _create(self, request: web.Request) -> web.Response:
        body, uploads = await read(request)
        if not (body.get("content") or body.get("components") or uploads):
            return answer({"message": "Cannot send an empty message", "code": 50006}, 400)
        message = self._nonces.get(body["nonce"])
        if message is None:
            message = self._nonces[body["nonce"]] = self._message(body, user(BOT, "vignette"))
            self._attach(message, body, uploads)
        if self.drop_answers:
            self.drop_answers -= 1
            assert request.transport is not None
            request.transport.abort()
        return answer(message)

    async def _history(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        found = [m for m in self.messages.values() if int(m["id"]) > after]
        return answer(sorted(found, key=lambda m: int(m["id"]), reverse=True)[: int(request.query["limit"])])

    async def _one(self, request: web.Request) -> web.Response:
        self.read.append(request.match_info["message"])
        message = self.messages.get(self.read[-1])
        return answer(message) if message else answer({"message": "Unknown Message", "code": 10008}, 404)

    async def _edit(self, request: web.Request) -> web.Response:
        message = self.messages.get(request.match_info["message"])
        if message is None:
            return answer({"message": "Unknown Message", "code": 10008}, 404)
        body, uploads = await read(request)
        if not self._may_show(body, uploads):
            return answer({"message": "Invalid Form Body", "code": 50035}, 400)
        message |= {k: body[k] for k in ("content", "components", "flags") if k in body}
        self._attach(message, body, uploads)
        return answer(message)

    def _may_show(self, body: dict[str, Any], uploads: dict[str, bytes]) -> bool:
        for component in body.get("components") or []:
            for item in component.get("items", []):
                new = item["media"]["url"].removeprefix("attachment://") in uploads
                if not (self.uploading if new else self.naming):
                    return False
        return True

    def _attach(self, message: dict[str, Any], body: dict[str, Any], uploads: dict[str, bytes]) -> None:
        """Keep what is listed, store what is new, and resolve what the gallery names."""
        if "attachments" not in body and not uploads:
            return
        kept = [str(a["id"]) for a in body.get("attachments", []) if str(a["id"]) in self.files]
        for name, data in uploads.items():
            kept.append(self._id())
            self.files[kept[-1]] = (name, data)
        by_name = {self.files[number][0]: number for number in kept}
        shown: set[str] = set()
        for component in message["components"]:
            for item in component.get("items", []):
                number = by_name[item["media"]["url"].removeprefix("attachment://")]
                item["media"] |= {"attachment_id": number, "url": self._address(number)}
                shown.add(number)
        message["attachments"] = [
            {"id": n, "filename": self.files[n][0], "size": len(self.files[n][1]), "url": self._address(n), "proxy_url": self._address(n)}
            for n in kept
            if n not in shown
        ]

    def _address(self, number: str) -> str:
        return f"{self.url}/files/{number}/{self.files[number][0]}"

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["file"]][1])

    async def _delete(self, request: web.Request) -> web.Response:
        if self.messages.pop(request.match_info["message"], None) is None:
            return answer({"message": "Unknown Message", "code": 10008}, 404)
        return web.Response(status=204)

    async def _react(self, request: web.Request) -> web.Response:
        self.reactions.append((request.match_info["message"], request.match_info["emoji"]))
        return web.Response(status=204)

    async def _callback(self, request: web.Request) -> web.Response:
        body, _ = await read(request)
        self.answers.append(body | {"interaction": request.match_info["id"]})
        number = request.match_info["token"]
        resource: dict[str, Any] = {"type": body["type"]}
        if body["type"] in (4, 5):
            resource["message"] = self._message(body.get("data", {}), user(BOT, "vignette"), number=number.removeprefix("token-"))
        shaped = {"id": request.match_info["id"], "type": 2, "response_message_ephemeral": bool(body.get("data", {}).get("flags", 0) & 64)}
        return answer({"interaction": shaped, "resource": resource})

    async def _followup(self, request: web.Request) -> web.Response:
        body, uploads = await read(request)
        message = self._message(body, user(BOT, "vignette"))
        self._attach(message, body, uploads)
        self.followups.append(message)
        return answer(message)

    def _of_interaction(self, request: web.Request) -> dict[str, Any] | None:
        return self.messages.get(request.match_info["token"].removeprefix("token-"))

    async def _original(self, request: web.Request) -> web.Response:
        message = self._of_interaction(request)
        return answer(message) if message else answer({"message": "Unknown Message", "code": 10008}, 404)

    async def _edit_original(self, request: web.Request) -> web.Response:
        message = self._of_interaction(request)
        assert message is not None
        body, uploads = await read(request)
        message |= {"content": body.get("content") or "", "components": body.get("components") or []}
        self._attach(message, body, uploads)
        return answer(message)

    async def _delete_original(self, request: web.Request) -> web.Response:
        self.messages.pop(request.match_info["token"].removeprefix("token-"), None)
        return web.Response(status=204)


def answer(body: Any, status: int = 200) -> web.Response:
    """JSON as discord.py recognises it: only with the exact content type."""
    return web.Response(body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json", "Via": "1.1 stand-in"})


async def read(request: web.Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The JSON body and the uploaded files by name."""
    if not request.content_type.startswith("multipart/"):
        text = await request.text()
        return (json.loads(text) if text else {}), {}
    body: dict[str, Any] = {}
    uploads: dict[str, bytes] = {}
    form = await request.post()
    for name, value in form.items():
        if name == "payload_json":
            body = json.loads(value.file.read() if isinstance(value, web.FileField) else value)
        elif isinstance(value, web.FileField):
            uploads[value.filename] = await asyncio.to_thread(value.file.read)
    return body, uploads
