"""The child process that draws, seen from the bot: started for the first picture, ended when idle, begun anew after a crash.

The renderer holds the interpreter's lock for as long as it draws, so in a thread it would stop every chat of the bot meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from providers.children import start_child
from providers.errors import ErrorKind, ProviderError

DRAW_SECONDS = 60.0
"""Longest time for one picture, starting the child included; seen 0.1 s, and 1 s for the first one."""
IDLE_SECONDS = 300.0
"""How long the child waits for the next picture before it gives its 45 MB back."""


class Painter:
    """Draws one picture after the other in one child process. Belongs to one event loop; end it with ``close``."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The child's, while there is one."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def draw(self, request: dict[str, Any]) -> tuple[bytes, list[str]]:
        """The PNG and what is in it; ``request`` holds the arguments of ``drawing.draw``. When this is cancelled, the child is
        ended: nothing else stops a renderer. Raises ``ProviderError`` (BAD_ANSWER for a prompt it fails on, UNREACHABLE when the
        child died, TIMED_OUT)."""
        async with self._turn:
            self._stay()
            try:
                async with asyncio.timeout(DRAW_SECONDS):
                    png, names = await self._exchange(request)
            except TimeoutError as error:
                await self._kill()
                raise ProviderError(ErrorKind.TIMED_OUT, self._name, host_detail=f"no picture within {DRAW_SECONDS:.0f} s") from error
            except (OSError, EOFError, ValueError) as error:
                words = await self._kill()
                raise ProviderError(ErrorKind.UNREACHABLE, self._name, host_detail=f"the drawing process ended: {words}"[:600]) from error
            except asyncio.CancelledError:
                await self._kill()
                raise
            self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._leave)
            return png, names

    async def close(self) -> None:
        """End the child; a later ``draw`` starts another."""
        async with self._turn:
            self._stay()
            await self._kill()
        await asyncio.gather(*self._ending)

    async def _exchange(self, request: dict[str, Any]) -> tuple[bytes, list[str]]:
        if self.pid is None:
            await self._kill()  # what is left of one that died
            self._process = await start_child("providers.images.sketch.worker")
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        await self._process.stdin.drain()
        head = json.loads(await self._process.stdout.readline())
        if "error" in head:
            raise ProviderError(ErrorKind.BAD_ANSWER, self._name, host_detail=str(head["error"]))
        return await self._process.stdout.readexactly(int(head["size"])), [str(name) for name in head["names"]]

    async def _kill(self) -> str:
        """End the child at once; the last words it had."""
        process, self._process = self._process, None
        if process is None:
            return ""
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        _, words = await process.communicate()
        return " ".join(words.decode("utf-8", "replace").split())[-500:]

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _leave(self) -> None:
        """Nothing was drawn for long."""
        ending = asyncio.ensure_future(self._left())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _left(self) -> None:
        if not self._turn.locked():
            async with self._turn:
                await self._kill()
