"""``vignette doctor``: each part asked for real, over loopback; nothing broken passes, no secret is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.doctor import examine
from bot.doctor_platforms import check_discord, check_telegram
from bot.settings import DiscordSettings, TelegramSettings
from bot.settings_load import load_settings

TOKEN = "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"


class Server:
    """Answers what the test wants, by path, and notes what came."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str]] = {}
        self.seen: list[tuple[str, str]] = []
        self.base = ""

    def on(self, path: str, body: object, status: int = 200) -> None:
        self.answers[path] = (status, body if isinstance(body, str) else json.dumps(body))

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, request.headers.get("Authorization", "")))
        status, body = self.answers.get(request.path, (404, "{}"))
        return web.Response(status=status, text=body, content_type="application/json")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", server.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.base = f"http://{host}:{port}"
    yield server
    await runner.cleanup()


def discord(base: str) -> DiscordSettings:
    return DiscordSettings.model_validate({"token": TOKEN, "api_base": f"{base}/api/v10/"})


def telegram(base: str) -> TelegramSettings:
    return TelegramSettings.model_validate({"token": TOKEN, "api_base": base})


async def test_discord_with_everything_switched_on(server: Server) -> None:
    server.on("/api/v10/users/@me", {"id": "1", "username": "mina"})
    server.on("/api/v10/applications/@me", {"flags": 1 << 19})
    health = await check_discord(discord(server.base))
    assert (health.problems, health.warnings) == ((), ())
    assert "mina" in health.summary
    assert server.seen[0] == ("/api/v10/users/@me", f"Bot {TOKEN}")


async def test_discord_without_message_content_is_warned_about(server: Server) -> None:
    server.on("/api/v10/users/@me", {"id": "1", "username": "mina"})
    server.on("/api/v10/applications/@me", {"flags": 0})
    (warning,) = (await check_discord(discord(server.base))).warnings
    assert "message content intent" in warning


@pytest.mark.parametrize(("status", "body"), [(401, {"message": "401: Unauthorized"}), (500, {}), (200, []), (200, "<html>")])
async def test_a_discord_that_does_not_know_us_is_broken(server: Server, status: int, body: object) -> None:
    server.on("/api/v10/users/@me", body, status)
    (problem,) = (await check_discord(discord(server.base))).problems
    assert TOKEN not in problem


async def test_telegram(server: Server) -> None:
    server.on(f"/bot{TOKEN}/getMe", {"ok": True, "result": {"username": "mina_bot", "can_read_all_group_messages": False}})
    health = await check_telegram(telegram(server.base))
    assert "@mina_bot" in health.summary
    assert "privacy mode" in health.warnings[0]


@pytest.mark.parametrize(("status", "body"), [(401, {"ok": False}), (404, {"ok": False}), (502, "<html>"), (200, {"ok": True})])
async def test_a_telegram_that_does_not_know_us_is_broken(server: Server, status: int, body: object) -> None:
    server.on(f"/bot{TOKEN}/getMe", body, status)
    (problem,) = (await check_telegram(telegram(server.base))).problems
    assert TOKEN not in problem


async def test_nobody_there_is_broken_without_telling_the_address() -> None:
    for health in (await check_discord(discord("http://127.0.0.1:9")), await check_telegram(telegram("http://127.0.0.1:9"))):
        assert "cannot be reached" in health.problems[0]
        assert TOKEN not in health.problems[0]


async def report(**environment: str) -> tuple[bool, str]:
    lines: list[str] = []
    fine = await examine(load_settings(None, environment), lines.append)
    return fine, "\n".join(lines)


async def test_examine_reports_every_part_and_hides_secrets(server: Server) -> None:
    server.on("/v1/models", {"error": {"message": "bad key hidden-key-123"}}, 401)
    fine, told = await report(
        DISCORD_TOKEN=TOKEN,
        VIGNETTE_DISCORD__API_BASE=f"{server.base}/api/v10",
        VIGNETTE_CHAT__MAIN__PROVIDER="custom",
        VIGNETTE_CHAT__MAIN__BASE_URL=f"{server.base}/v1",
        VIGNETTE_CHAT__MAIN__MODEL="m",
        VIGNETTE_CHAT__MAIN__API_KEY="hidden-key-123",
        VIGNETTE_IMAGES__LOCAL__PROVIDER="automatic1111",
        VIGNETTE_IMAGES__LOCAL__BASE_URL="http://127.0.0.1:9",
    )
    assert not fine
    assert "ok      storage" in told
    for part in ("chat.main", "images.local", "discord"):
        assert f"BROKEN  {part}" in told
    assert "telegram" not in told
    assert "hidden-key-123" not in told
    assert TOKEN not in told


async def test_examine_names_the_capability_a_writer_lacks() -> None:
    _, told = await report(VIGNETTE_CHAT__TOY__PROVIDER="embedded")
    assert "missing capability: writer" in told
    assert "missing capability: an image backend" in told


async def test_storage_that_cannot_be_written_is_broken(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    fine, told = await report(VIGNETTE_STORAGE__ASSETS=str(tmp_path / "file" / "assets"))
    assert not fine
    assert "BROKEN  storage" in told


HOST_GRAPH = {"1": {"class_type": "KSampler", "inputs": {"seed": "%seed%", "mood": "%mood%", "note": "x %vae% y"}}}


async def test_workflows_are_read_and_names_of_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(HOST_GRAPH))
    (tmp_path / "editor.json").write_text('{"nodes": [], "links": []}')
    fine, told = await report(
        VIGNETTE_IMAGES__PLAIN__PROVIDER="sketch",
        VIGNETTE_IMAGES__COMFY__PROVIDER="comfyui",
        VIGNETTE_IMAGES__COMFY__BASE_URL="http://127.0.0.1:9",
        VIGNETTE_WORKFLOWS__GOOD="good.json",
        VIGNETTE_WORKFLOWS__EDITOR__TEXT="good.json",
        VIGNETTE_WORKFLOWS__EDITOR__IMAGE="editor.json",
        VIGNETTE_DEFAULTS__WORKFLOW="Text-to-Image",
        VIGNETTE_MODELS__ANIME__WORKFLOW="ghost",
    )
    assert not fine
    assert "warning workflows.good: graph of 1 nodes with seed" in told
    assert 'graph: The workflow has no "%prompt%"' in told
    assert "graph: Node 1 (KSampler), input note: %vae% inside a longer text" in told
    assert '"%mood%" has no value here' in told
    assert "BROKEN  workflows.editor" in told
    assert "Export (API)" in told
    assert "defaults.workflow" not in told
    assert "warning models.anime.workflow: ghost" in told


async def test_workflows_nobody_can_draw_by_are_told(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(HOST_GRAPH))
    _, told = await report(VIGNETTE_WORKFLOWS__GOOD="good.json")
    assert "no image backend here draws by workflows" in told
