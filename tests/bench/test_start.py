"""From the start of the program to both platforms listening, without the embedded model."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from tests.bench.figures import Figure, Table, resident
from tests.end_to_end.discord.standin import TOKEN as DISCORD_TOKEN
from tests.end_to_end.discord.standin import StandIn as Discord
from tests.end_to_end.telegram.conftest import TOKEN as TELEGRAM_TOKEN
from tests.end_to_end.telegram.standin import StandIn as Telegram

ROOT = Path(__file__).resolve().parents[2]
SECONDS, MEGABYTES = 2.0, 180
CONFIG = """
[discord]
token = "{discord_token}"
api_base = "{discord}/api/v10"
[telegram]
token = "{telegram_token}"
api_base = "{telegram}"
[web]
port = 0
[chat.main]
provider = "custom"
base_url = "{answers}/v1"
model = "quick"
[images.forge]
provider = "automatic1111"
base_url = "{answers}"
"""


async def test_start(tmp_path: Path, answers: str, table: Table) -> None:
    seconds, memory = [], 0.0
    for _ in range(2):  # the first one makes the database, and byte code where there is none
        async with Discord() as discord, Telegram() as telegram:
            values = {"discord_token": DISCORD_TOKEN, "telegram_token": TELEGRAM_TOKEN, "answers": answers}
            config = tmp_path / "vignette.toml"
            config.write_text(CONFIG.format(discord=discord.url, telegram=telegram.url, **values), encoding="utf-8")
            began = time.perf_counter()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", "--config", str(config), cwd=tmp_path,
                env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin"},
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                async with asyncio.timeout(60):
                    while not (discord.commands and any(call["method"] == "getUpdates" for call in telegram.log)):
                        assert process.returncode is None, "the program ended"
                        await asyncio.sleep(0.005)
                seconds.append(time.perf_counter() - began)
                await asyncio.sleep(0.5)
                memory = resident(process.pid)
            finally:
                process.terminate()
                await process.wait()
    floor = await _import_time()
    table.add(
        Figure(
            "start to both platforms listening",
            f"{seconds[-1]:.2f} s",
            f"{floor:.2f} s (importing both libraries)",
            f"≤ {SECONDS:.0f} s",
            f"{seconds[-1] / floor:.1f}",
            seconds[-1] <= SECONDS,
            f"the page is served as well; the very first start, which makes the database, took {seconds[0]:.2f} s.",
        )
    )
    table.add(Figure("resident memory then", f"{memory:.0f} MB", "–", f"≤ {MEGABYTES} MB", "–", memory <= MEGABYTES))


async def _import_time() -> float:
    began = time.perf_counter()
    command = "import discord, telegram.ext, openai, sqlalchemy.ext.asyncio"
    process = await asyncio.create_subprocess_exec(sys.executable, "-W", "ignore", "-c", command)
    await process.wait()
    return time.perf_counter() - began
