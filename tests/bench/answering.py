"""A process that answers at once: an OpenAI-compatible chat endpoint and an AUTOMATIC1111-family image endpoint.

It runs apart so that its CPU is not counted as the bot's. Answers are made beforehand; ``python -m tests.bench.answering`` prints
the port and ends when its standard input is closed. ``GET /last`` tells when the last byte of the last picture was handed over, in
seconds of the machine's monotonic clock, which all its processes share.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from PIL import Image

REPLY = "The lamp flickers. *She looks up from the logbook* and smiles. «You are late again. Sit down, the tea is still warm.»"
SIDE = 1024  # pixels
_ROOT = Path(__file__).resolve().parents[2]


def _stream() -> bytes:
    words = [word + " " for word in REPLY.split()]
    pieces = [
        {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]} for word in words
    ]
    last = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {
        "object": "chat.completion.chunk",
        "choices": [],
        "usage": {"prompt_tokens": 300, "completion_tokens": 30, "total_tokens": 330},
    }
    return b"".join(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in (*pieces, last, usage)) + b"data: [DONE]\n\n"


def noisy_png(side: int = SIDE) -> bytes:
    """A PNG of about the size that diffusion models give: smooth areas with noise on them."""
    noise = Image.frombytes("RGB", (side // 4, side // 4), random.Random(7).randbytes(side * side * 3 // 16))
    file = io.BytesIO()
    noise.resize((side, side), Image.Resampling.BICUBIC).save(file, "PNG", compress_level=1)
    return file.getvalue()


class Server:
    """HTTP/1.1 with connections kept open, as small as it can be."""

    def __init__(self) -> None:
        self.chat = _stream()
        picture = base64.b64encode(noisy_png()).decode()
        self.image = json.dumps({"images": [picture], "parameters": {}, "info": json.dumps({"seed": 1, "all_seeds": [1]})}).encode()
        self.last = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0)
                await reader.readexactly(length)
                path = head.split(" ", 2)[1]
                kind, body = self._answer(path)
                writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
                if path.endswith("txt2img"):
                    self.last = time.monotonic()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, path: str) -> tuple[str, bytes]:
        if path.endswith("/chat/completions"):
            return "text/event-stream", self.chat
        if path.endswith("txt2img"):
            return "application/json", self.image
        if path == "/last":
            return "application/json", json.dumps(self.last).encode()
        return "application/json", b"{}" if "progress" in path or "options" in path else b"[]"


async def _main() -> None:
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0, limit=2**24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def answering() -> AsyncIterator[str]:
    """The server's address while it runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.answering", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        cwd=str(_ROOT),
    )  # fmt: skip
    assert process.stdout is not None and process.stdin is not None  # noqa: PT018
    try:
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(_main())
