"""Waits until a ComfyUI prompt is over and says what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.contract import Progress, ProviderConfig, RenderWatch
from providers.errors import ErrorKind, ProviderError
from providers.images.comfyui_api import ComfyApi
from providers.images.comfyui_errors import execution_failure
from providers.images.comfyui_socket import Listener

SOCKET_PAUSE_FACTOR = 4
"""While the socket tells the news, queue and history are looked at this much less often."""
MOST_FAILED_LOOKS = 30
"""So many looks in a row may fail: a restarting server needs half a minute."""
MISSES = 4
"""So often a prompt may be in neither list before it counts as lost; it is in neither for a moment when it ends."""
MISS_SECONDS = 0.2
_PASSING = {ErrorKind.UNREACHABLE, ErrorKind.TIMED_OUT, ErrorKind.BUSY, ErrorKind.BAD_ANSWER}


class PromptLost(Exception):
    """The server knows nothing of the prompt: it was restarted, or somebody deleted the prompt."""


@dataclass(slots=True)
class Run:
    """One prompt of ours on the server."""

    client_id: str
    prompt_id: str
    """The server's id of it, once it is submitted."""
    cancelled: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Look now: the socket says it is over, or it was cancelled."""

    def check(self, name: str) -> None:
        if self.cancelled:
            raise ProviderError(ErrorKind.CANCELLED, name)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How one backend waits. ``seconds`` limits loading and drawing; waiting in the server's queue does not count."""

    config: ProviderConfig
    api: ComfyApi
    pause: float
    seconds: float

    async def until_over(self, run: Run, listener: Listener, watch: RenderWatch) -> dict[str, Any]:
        """The history entry. Raises ``PromptLost``, or ``ProviderError`` when it was cancelled or takes too long."""
        misses = failed = 0
        deadline = time.monotonic() + self.seconds
        while True:
            try:
                entry = await self.api.history(run.prompt_id)
                if entry is not None:
                    return entry
                queue = await self.api.queue()
                failed = 0
            except ProviderError as error:
                failed += 1
                if error.kind not in _PASSING or failed > MOST_FAILED_LOOKS:
                    raise
                await self._rest(run, self.pause)
                continue
            misses = 0 if run.prompt_id in queue else misses + 1
            if run.cancelled and not misses:  # it was being submitted when it was cancelled
                await self.api.stop(run.prompt_id, queue)
            if run.prompt_id in queue.pending:
                deadline = time.monotonic() + self.seconds
                watch.progress(Progress("queued", place=queue.pending.index(run.prompt_id)))
            elif misses >= MISSES:
                run.check(self.config.name)
                raise PromptLost
            elif not misses and not listener.alive:
                watch.progress(Progress("drawing"))
            if time.monotonic() > deadline:
                await self._give_up(run)
            await self._rest(run, self._pause_after(misses, listener, run))

    def _pause_after(self, misses: int, listener: Listener, run: Run) -> float:
        if misses or run.cancelled:
            return min(self.pause, MISS_SECONDS)
        return self.pause * (SOCKET_PAUSE_FACTOR if listener.alive else 1)

    async def _rest(self, run: Run, seconds: float) -> None:
        if run.over.is_set():
            # The news is out, the history may be a moment behind.
            run.over.clear()
            seconds = min(seconds, MISS_SECONDS)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(run.over.wait(), seconds)

    async def _give_up(self, run: Run) -> None:
        await self.api.interrupt(run.prompt_id)
        raise ProviderError(ErrorKind.TIMED_OUT, self.config.name, host_detail=f"no picture after {self.seconds:.0f} s of drawing")


def check_outcome(config: ProviderConfig, entry: Mapping[str, Any], graph: Mapping[str, Any] | None = None) -> None:
    """Raise ``ProviderError`` unless a history entry is a success. An interrupted prompt has status «error» too; its messages tell."""
    status = entry.get("status")
    if not isinstance(status, dict) or status.get("status_str") != "error":
        return
    messages = status.get("messages")
    events = [m for m in messages if isinstance(m, list) and len(m) == 2] if isinstance(messages, list) else []
    for event, data in reversed(events):
        if event == "execution_interrupted":
            raise ProviderError(ErrorKind.CANCELLED, config.name)
        if event == "execution_error" and isinstance(data, dict):
            raise execution_failure(config, data, graph)
    raise ProviderError(ErrorKind.BAD_ANSWER, config.name, host_detail="the history says error and not why")


def _animations(output: Mapping[str, Any]) -> list[Any]:
    """What nodes that combine videos call «gifs», as far as they are pictures that move."""
    found = output.get("gifs")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return [row for row in rows if str(row.get("filename") or "").lower().endswith((".gif", ".webp", ".png", ".avif"))]


def outputs_of(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pictures of the node that counts: saved before temporary, SaveImage before others before PreviewImage, then node order."""
    prompt = entry.get("prompt")
    graph = prompt[2] if isinstance(prompt, list) and len(prompt) > 2 and isinstance(prompt[2], dict) else {}
    outputs = entry.get("outputs")
    found = []
    for node_id, output in outputs.items() if isinstance(outputs, dict) else ():
        images = (output.get("images") or _animations(output)) if isinstance(output, dict) else None
        images = [image for image in images if isinstance(image, dict) and image.get("filename")] if isinstance(images, list) else []
        if images:
            class_type = str(graph.get(node_id, {}).get("class_type", ""))
            rank = {"SaveImage": 0, "PreviewImage": 2}.get(class_type, 1)
            number = int(node_id) if node_id.isdigit() else len(graph)
            found.append(((images[0].get("type") != "output", rank, number, node_id), images))
    return min(found, key=lambda item: item[0])[1] if found else []
