"""A scripted chat server (OpenAI chat completions) and a scripted AUTOMATIC1111 server, on loopback, over real sockets.

Both say what a test tells them to, remember everything they were asked, and can be held at any point until the test lets go.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from PIL import Image

Json = dict[str, Any]


@dataclass(slots=True)
class Say:
    """One answer of the chat model. ``before`` is awaited before the first byte, ``middle`` after half of the text."""

    text: str = ""
    call: tuple[str, Json] | None = None
    """A function call: name and arguments."""
    before: asyncio.Event | None = None
    middle: asyncio.Event | None = None
    cut: bool = False
    """Drop the connection after half of the text."""
    status: int = 200
    retry_after: int | None = None


class ChatServer:
    """Answers ``/v1/chat/completions``. Answers are queued by model name; without one, a numbered sentence is said."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Json] = []
        self._next: dict[str, deque[Say]] = {}
        self._count = 0

    def say(self, *answers: Say | str, model: str = "story") -> None:
        """Queue answers of a model."""
        self._next.setdefault(model, deque()).extend(Say(a) if isinstance(a, str) else a for a in answers)

    def reset(self) -> None:
        """Forget what was asked and queued."""
        self.asked.clear()
        self._next.clear()

    def asked_of(self, model: str = "story", containing: str = "") -> list[Json]:
        """Requests to a model whose messages hold some words."""
        return [a for a in self.asked if a["model"] == model and containing in json.dumps(a["messages"], ensure_ascii=False)]

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in ("story", "plain", "writer")]})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        waiting = self._next.get(body["model"])
        self._count += 1
        answer = waiting.popleft() if waiting else Say(f"Answer number {self._count} of {body['model']}.")
        if answer.before is not None:
            await answer.before.wait()
        if answer.status != 200:
            headers = {} if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
            return web.json_response({"error": {"message": "scripted fault", "type": "fault"}}, status=answer.status, headers=headers)
        if not body.get("stream"):
            return web.json_response(self._whole(body, answer))
        return await self._stream(request, body, answer)

    def _whole(self, body: Json, answer: Say) -> Json:
        choice = {"index": 0, "message": {"role": "assistant", "content": answer.text}, "finish_reason": "stop"}
        return {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice], "usage": _USAGE}

    async def _stream(self, request: web.Request, body: Json, answer: Say) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)

        async def chunk(delta: Json, finish: str | None = None, **more: Any) -> None:
            part = {"index": 0, "delta": delta, "finish_reason": finish}
            data = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": [part], **more}
            await response.write(f"data: {json.dumps(data)}\n\n".encode())

        pieces = [answer.text[i : i + 24] for i in range(0, len(answer.text), 24)]
        await chunk({"role": "assistant", "content": ""})
        for number, piece in enumerate(pieces):
            if number == len(pieces) // 2:
                if answer.middle is not None:
                    await answer.middle.wait()
                if answer.cut:
                    assert request.transport is not None
                    request.transport.abort()
                    return response
            await chunk({"content": piece})
        if answer.call is not None:
            name, arguments = answer.call
            function = {"name": name, "arguments": json.dumps(arguments)}
            await chunk({"tool_calls": [{"index": 0, "id": f"call_{self._count}", "type": "function", "function": function}]})
        await chunk({}, "tool_calls" if answer.call else "stop", usage=_USAGE)
        await response.write(b"data: [DONE]\n\n")
        return response


_USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


@dataclass(slots=True)
class PictureServer:
    """Answers the part of ``/sdapi/v1`` that a drawing needs. One picture at a time, as the original; each seed has its own colour."""

    url: str = ""
    asked: list[Json] = field(default_factory=list)
    """Bodies of the pictures asked for."""
    interrupts: int = 0
    hold: asyncio.Event | None = None
    """While set to an unset event, pictures wait for it (or for an interrupt)."""
    faults: deque[int] = field(default_factory=deque)
    """Statuses of the next calls, instead of a picture."""
    _drawing: Json | None = None
    _looks: int = 0
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def reset(self) -> None:
        """Forget what was asked and let everything go."""
        self.asked.clear()
        self.faults.clear()
        self.interrupts = 0
        if self.hold is not None:
            self.hold.set()
        self.hold = None

    def prompts(self) -> list[str]:
        return [body["prompt"] for body in self.asked]

    async def draw(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        if self.faults:
            return web.json_response({"error": "RuntimeError", "detail": "", "errors": "scripted fault"}, status=self.faults.popleft())
        await asyncio.shield(asyncio.ensure_future(self._one_at_a_time(body)))  # who hangs up does not stop the server
        info = {"seed": body["seed"], "sampler_name": "Euler a", "sd_model_name": "tiny", "index_of_first_image": 0}
        image = base64.b64encode(_png(int(body["seed"]))).decode()
        return web.json_response({"images": [image], "parameters": {}, "info": json.dumps(info)})

    async def _one_at_a_time(self, body: Json) -> None:
        async with self._turn:
            self._stop.clear()
            self._drawing = body
            try:
                await self._held()
            finally:
                self._drawing = None

    async def _held(self) -> None:
        if self.hold is None:
            return
        waits = [asyncio.ensure_future(self.hold.wait()), asyncio.ensure_future(self._stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def progress(self, request: web.Request) -> web.Response:
        busy = self._drawing is not None
        self._looks += 1
        state = {"job_count": int(busy), "job_timestamp": f"2026{len(self.asked):010}", "sampling_step": 5 if busy else 0}
        state |= {"sampling_steps": (self._drawing or {}).get("steps", 0), "interrupted": self._stop.is_set()}
        return web.json_response(
            {"progress": self._looks % 100 / 100 if busy else 0.0, "eta_relative": 3.0, "state": state, "current_image": None}
        )

    async def interrupt(self, request: web.Request) -> web.Response:
        self.interrupts += 1
        self._stop.set()
        return web.json_response({})

    async def listed(self, request: web.Request) -> web.Response:
        rows: Any = {
            "sd-models": [{"title": "tiny.safetensors [abc]", "model_name": "tiny"}],
            "samplers": [{"name": "Euler a", "aliases": ["k_euler_a"]}, {"name": "DPM++ 2M", "aliases": []}],
            "schedulers": [{"name": "karras", "label": "Karras"}],
            "sd-vae": [{"model_name": "ae.pt"}],
            "upscalers": [{"name": "Lanczos"}],
            "latent-upscale-modes": [{"name": "Latent"}],
            "options": {"sd_model_checkpoint": "tiny.safetensors", "CLIP_stop_at_last_layers": 1, "sd_vae": "Automatic"},
        }.get(request.match_info["what"])
        return web.json_response({"detail": "Not Found"}, status=404) if rows is None else web.json_response(rows)


def _png(seed: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (seed % 256, seed // 256 % 256, seed // 65536 % 256)).save(out, "PNG")
    return out.getvalue()


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[ChatServer, PictureServer]]:
    """Both servers on one free loopback port."""
    chat, pictures = ChatServer(), PictureServer()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_get("/v1/models", chat.models)
    app.router.add_post("/v1/chat/completions", chat.complete)
    app.router.add_post("/sdapi/v1/txt2img", pictures.draw)
    app.router.add_post("/sdapi/v1/img2img", pictures.draw)
    app.router.add_post("/sdapi/v1/interrupt", pictures.interrupt)
    app.router.add_get("/sdapi/v1/progress", pictures.progress)
    app.router.add_get("/sdapi/v1/{what}", pictures.listed)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    chat.url, pictures.url = f"http://{host}:{port}/v1", f"http://{host}:{port}"
    try:
        yield chat, pictures
    finally:
        await runner.cleanup()
