"""Listens to ComfyUI's WebSocket for one prompt: progress for people, and a nudge when it is over.

The socket only ever speeds things up. What became of a prompt is read from history and queue, so a refused or broken socket costs
nothing but freshness. ``execution_success`` may come before the history is written; ``executing`` with node null is the last word.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from providers.contract import Progress, ProviderConfig, RenderWatch
from providers.hosts import port_of, proxy_for
from providers.http import tls_context

log = logging.getLogger(__name__)

OPEN_SECONDS = 5.0
LARGEST_FRAME = 32 * 1024 * 1024
"""Bytes; previews come as binary frames."""
MOST_BREAKS = 5
OVER = {"execution_success", "execution_error", "execution_interrupted"}


class Listener:
    """Turns the frames of one client id into progress of one prompt."""

    def __init__(self, prompt_id: Callable[[], str], graph: Mapping[str, Any], watch: RenderWatch, over: asyncio.Event) -> None:
        self.alive = False
        """Frames are arriving; polling may be slow."""
        self.opened = asyncio.Event()
        """Set once the socket is open, or given up."""
        self._prompt_id = prompt_id
        self._classes = {key: str(node.get("class_type", "")) for key, node in graph.items() if isinstance(node, dict)}
        self._watch = watch
        self._over = over
        self._best = 0.0
        self._steppers: list[str] = []

    def hear(self, frame: str | bytes) -> None:
        """Take in one frame. Binary ones are previews and are not used."""
        if isinstance(frame, bytes):
            return
        try:
            message = json.loads(frame)
        except ValueError:
            return
        data = message.get("data") if isinstance(message, dict) else None
        # After a reconnect ``executing`` lacks the prompt_id; the client id is this job's alone, so it is ours.
        if not isinstance(data, dict) or data.get("prompt_id", self._prompt_id()) != self._prompt_id():
            return
        kind = message.get("type")
        if kind in OVER or (kind == "executing" and data.get("node") is None):
            self._over.set()
        elif kind == "executing":
            self._node(str(data["node"]))
        elif kind == "progress":
            self._steps(str(data.get("node")), data.get("value"), data.get("max"))

    def _node(self, node_id: str) -> None:
        if "Loader" in self._classes.get(node_id, ""):
            self._watch.progress(Progress("loading"))
        else:
            self._watch.progress(Progress("drawing", self._best or None))

    def _steps(self, node_id: str, value: Any, most: Any) -> None:
        if not isinstance(value, int | float) or not isinstance(most, int | float) or most <= 0:
            return
        if node_id not in self._steppers:
            self._steppers.append(node_id)
        expected = max(len(self._steppers), sum("Sampler" in name for name in self._classes.values()))
        done = (len(self._steppers) - 1 + min(1.0, value / most)) / expected
        self._best = max(self._best, done)
        self._watch.progress(Progress("drawing", self._best))


@asynccontextmanager
async def listening(config: ProviderConfig, url: str, headers: Mapping[str, str], listener: Listener, pause: float) -> AsyncIterator[None]:
    """Keep the socket open for the length of the block; ``pause`` seconds between attempts, at most five breaks."""
    task = asyncio.ensure_future(_listen(config, url, headers, listener, pause))
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(listener.opened.wait(), OPEN_SECONDS)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _listen(config: ProviderConfig, url: str, headers: Mapping[str, str], listener: Listener, pause: float) -> None:
    tls = tls_context(config) if url.startswith("wss:") else None
    target = httpx.URL(url.replace("ws", "http", 1))
    for _ in range(MOST_BREAKS):
        try:
            # No pings: a server at work on a picture may answer them late, and the queue is looked at anyway.
            async with connect(
                url,
                additional_headers=dict(headers),
                max_size=LARGEST_FRAME,
                open_timeout=OPEN_SECONDS,
                close_timeout=1,
                ping_interval=None,
                ssl=tls,
                proxy=proxy_for(target.scheme, target.host, port_of(target)),
            ) as socket:
                await _hear_all(socket, listener)
        except (OSError, WebSocketException) as error:
            log.debug("progress socket broke: %s", type(error).__name__)
        finally:
            listener.alive = False
            listener.opened.set()
        await asyncio.sleep(pause)


async def _hear_all(socket: ClientConnection, listener: Listener) -> None:
    flags = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
    await socket.send(json.dumps(flags))
    listener.alive = True
    listener.opened.set()
    async for frame in socket:
        listener.hear(frame)
