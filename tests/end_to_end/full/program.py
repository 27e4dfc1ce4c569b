"""The whole program as a host runs it: ``python -m bot run --config …`` in its own process, started, killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

READY = "Vignette is ready"
START_SECONDS = 60

CONFIG = """
[discord]
token = "{discord_token}"
api_base = "{discord_url}/api/v10"
[telegram]
token = "{telegram_token}"
api_base = "{telegram_url}"
[web]
enabled = false
[storage]
database = "v.db"
assets = "assets"
[chat.main]
provider = "custom"
base_url = "{chat_url}"
model = "story"
tools = true
[chat.plain]
provider = "custom"
base_url = "{chat_url}"
model = "plain"
tools = false
[chat.author]
provider = "custom"
base_url = "{chat_url}"
model = "writer"
tools = false
[writer]
chat = "author"
[images.local]
provider = "automatic1111"
base_url = "{pictures_url}"
poll_seconds = 0.1
[images.pencil]
provider = "sketch"
{more}
"""


class Program:
    """One installation in a folder. ``log`` is everything it wrote to standard error in all its lives."""

    def __init__(self, folder: Path, **values: str) -> None:
        self._folder = folder
        self._config = folder / "vignette.toml"
        self._config.write_text(CONFIG.format(**{"more": "", **values}), encoding="utf-8")
        self._log = folder / "log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    async def start(self) -> None:
        """Start and wait until it says that it is ready."""
        before = self.log.count(READY)
        root = Path(__file__).parents[3]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", "--config", str(self._config),
                cwd=self._folder, env={**os.environ, "PYTHONPATH": str(root)}, stdout=log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(START_SECONDS):
            while self.log.count(READY) == before:
                assert self._process.returncode is None, self.log
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """``kill -9``."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to stop, as a service manager does; its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(how)
        return await asyncio.wait_for(self._process.wait(), 30)
