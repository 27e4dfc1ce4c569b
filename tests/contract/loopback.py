"""A small HTTP server on loopback that answers what a test tells it to and remembers what it was asked.

Replies of one route are used up in order; the last one stays. Nothing here knows any vendor.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request, "Seen"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived. Header names are found in any case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. ``chunks`` are sent one by one; with ``cut`` the connection is then torn down without an ending.

    ``pause`` is awaited before the first byte, ``hold`` before the last chunk.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: tuple[bytes, ...] | None = None
    cut: bool = False
    pause: asyncio.Event | None = None
    hold: asyncio.Event | None = None


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON answer; underscores in header names become dashes."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


def text_reply(text: str, status: int = 200, content_type: str = "text/html") -> Reply:
    return Reply(status, text.encode(), {"Content-Type": content_type})


def sse_reply(events: Iterable[Any], *, done: bool = True, cut: bool = False, hold: asyncio.Event | None = None) -> Reply:
    """Server-sent events. Text items are sent as raw lines, anything else as ``data: {json}``."""
    texts = [item if isinstance(item, str) else f"data: {json.dumps(item)}" for item in events]
    if done:
        texts.append("data: [DONE]")
    chunks = tuple(f"{text}\n\n".encode() for text in texts)
    return Reply(200, headers={"Content-Type": "text/event-stream"}, chunks=chunks, cut=cut, hold=hold)


class Loopback:
    """The running server. ``url`` has no trailing slash; ``seen`` holds every request in order."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.hung_up = asyncio.Event()
        """Set when a client closed its connection while a reply was being held."""
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self._handlers: dict[tuple[str, str], Handler] = {}

    def on(self, method: str, path: str, *replies: Reply) -> None:
        """Answer a route with these replies, in order."""
        self._replies[method, path] = list(replies)

    def handle(self, method: str, path: str, handler: Handler) -> None:
        """Answer a route with a function (WebSockets, state)."""
        self._handlers[method, path] = handler

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(request.method, request.path, dict(request.query), request.headers, await request.read())
        self.seen.append(seen)
        key = (request.method, request.path)
        if key in self._handlers:
            return await self._handlers[key](request, seen)
        replies = self._replies.get(key)
        if not replies:
            return web.json_response({"error": {"message": "no such route"}}, status=404)
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if reply.pause is not None:
            await reply.pause.wait()
        if reply.chunks is None and not reply.cut:
            return web.Response(status=reply.status, body=reply.body, headers=reply.headers)
        return await self._send_chunks(request, reply)

    async def _send_chunks(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        chunks = reply.chunks if reply.chunks is not None else (reply.body,)
        await response.prepare(request)
        try:
            for number, chunk in enumerate(chunks, 1):
                if reply.hold is not None and number == len(chunks):
                    await reply.hold.wait()
                await response.write(chunk)
        except (ConnectionError, asyncio.CancelledError):
            self.hung_up.set()
            raise
        if reply.cut and request.transport is not None:
            request.transport.close()
        return response


@asynccontextmanager
async def loopback() -> AsyncIterator[Loopback]:
    """A server on a free loopback port for the length of the block."""
    server = Loopback()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", server.dispatch)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
