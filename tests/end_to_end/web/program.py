"""The real program as a child process, with a chat server and an image server on loopback, and a page that is read over HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from aiohttp import web

from tests.contract.loopback import Loopback, Seen, loopback
from tests.fakes import png

ROOT = Path(__file__).parents[3]
REPLY = "The lamp turns once, and the sea answers."
PROMPT = "a keeper at the lamp, oil painting"
PATIENCE = 40  # seconds until a test gives up; nothing is asserted about time

CONFIG = """
[web]
port = {port}
[chat.main]
provider = "custom"
base_url = "{url}/v1"
model = "test"
[images.easel]
provider = "automatic1111"
base_url = "{url}"
[defaults]
character_pictures = "off"
approve_words = "{approve}"
"""


class Servers:
    """What the program talks to. ``hold`` keeps back the end of a reply, ``easel`` a picture, until set."""

    def __init__(self, server: Loopback) -> None:
        self.server = server
        self.hold = asyncio.Event()
        self.easel = asyncio.Event()
        self.hold.set()
        self.easel.set()
        self.talking = asyncio.Event()
        self.drawing = asyncio.Event()
        server.handle("POST", "/v1/chat/completions", self._chat)
        server.handle("POST", "/sdapi/v1/txt2img", self._draw)

    async def _chat(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        drafting = "response_format" in seen.json or "prompt" in json.dumps(seen.json["messages"][-1]).lower()
        words = [json.dumps({"prompt": PROMPT})] if drafting else [REPLY[:20], REPLY[20:]]
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, piece in enumerate(words):
            if number:
                self.talking.set()
                await self.hold.wait()
            chunk = {"id": "1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": piece}}]}
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        end = {"id": "1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        await response.write(f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode())
        return response

    async def _draw(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        self.drawing.set()
        await self.easel.wait()
        picture = base64.b64encode(png(64, 64, (len(self.server.seen) % 256, 90, 90))).decode()
        info = json.dumps({"seed": seen.json.get("seed", 1), "infotexts": []})
        return web.json_response({"images": [picture], "parameters": {}, "info": info})


class Program:
    """One installation: a folder, a port, and the process that runs there now."""

    def __init__(self, folder: Path, servers: Servers, approve: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: asyncio.subprocess.Process | None = None
        (folder / "vignette.toml").write_text(CONFIG.format(port=self.port, url=servers.server.url, approve=approve))

    async def start(self, point: str = "-") -> None:
        """Start, with the place where it is to die; returns when the page answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.end_to_end.web.dying", point, "run", "--config", str(self.folder / "vignette.toml"),
                cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        async with httpx.AsyncClient(trust_env=False) as client:
            while not await self._answers(client):
                assert self.process.returncode is None, (self.folder / "log").read_text()
                await asyncio.sleep(0.05)

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.url}/health")).is_success
        except httpx.TransportError:
            return False

    async def died(self) -> None:
        """Wait until the process has killed itself."""
        assert self.process is not None
        assert await asyncio.wait_for(self.process.wait(), PATIENCE) == -9

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


class Page:
    """The page as a person's browser sees it, read over HTTP."""

    def __init__(self, program: Program) -> None:
        self._client = httpx.AsyncClient(base_url=program.url, follow_redirects=True, trust_env=False, timeout=PATIENCE)
        self.html = ""

    async def load(self) -> str:
        self.html = (await self._client.get("/")).text
        return self.html

    async def post(self, action: str, **values: str) -> bool:
        """Do something; False when the program went away over it."""
        found = re.search(r'data-token="([^"]+)"', self.html)
        assert found
        try:
            answer = await self._client.post(f"/c/main/{action}", data=values, headers={"X-CSRF-Token": found[1]})
        except httpx.TransportError:
            return False
        assert answer.is_success, answer.text
        return True

    async def press(self, verb: str) -> None:
        found = re.search(rf'data-control="({verb}:[^"]+)" data-message="([^"]+)"', self.html)
        assert found, self.html
        assert await self.post("press", control=found[1], message=found[2])

    async def until(self, wanted: Callable[[Page], bool]) -> None:
        """Load again until the page shows what is wanted."""
        end = time.monotonic() + PATIENCE
        while not wanted(self):
            assert time.monotonic() < end, self.html[self.html.find("<main") :]
            await asyncio.sleep(0.1)
            await self.load()

    def lines(self, kind: str) -> list[str]:
        """Texts of the story's messages of a kind, growing ones left out."""
        found = re.findall(rf'class="line {kind}" .*?<div class="text">(.*?)</div>', self.html, re.DOTALL)
        return [re.sub(r"<[^>]+>", "", text).strip() for text in found]

    def pictures(self, state: str = r"\w+") -> list[str]:
        return re.findall(rf'<article id="(p-\w+)" class="picture {state}"', self.html)

    @property
    def count(self) -> str:
        """What stands between the arrows."""
        found = re.search(r">(\d+/\d+)<", self.html)
        return found[1] if found else ""

    async def close(self) -> None:
        await self._client.aclose()


@asynccontextmanager
async def installed(folder: Path, approve: str = "automatic") -> AsyncIterator[tuple[Program, Servers]]:
    """An installation with its servers; whatever still runs at the end is stopped."""
    async with loopback() as server:
        servers = Servers(server)
        program = Program(folder, servers, approve)
        try:
            yield program, servers
        finally:
            servers.hold.set()
            servers.easel.set()
            await program.kill()
