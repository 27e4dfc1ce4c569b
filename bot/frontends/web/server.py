"""Serves the page: binds the port, runs uvicorn inside the program's own loop, stops without waiting for open pages."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import structlog
import uvicorn

from bot.domain.errors import ConfigurationError
from bot.engine.engine import Engine
from bot.frontends.web.access import is_loopback
from bot.frontends.web.hub import Hub
from bot.frontends.web.platform import WebPlatform
from bot.frontends.web.render import Renderer
from bot.frontends.web.routes import build_page
from bot.settings import WebSettings

log = structlog.get_logger(__name__)


class _Server(uvicorn.Server):
    """Leaves signals to the program."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebFrontEnd(WebPlatform):
    """The local page as a front end."""

    def __init__(self, settings: WebSettings, engine: Engine) -> None:
        super().__init__(Hub(), Renderer())
        self._settings = settings
        token = settings.access_token.get_secret_value() if settings.access_token else None
        if token is None and not is_loopback(settings.host):
            raise ConfigurationError(f"web.host is {settings.host!r}: outside this machine the page needs web.access_token.")
        self.app = build_page(engine, self, token)
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Where the page is, for people."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"http://{host}:{self.port}"

    port = 0

    async def start(self) -> None:
        """Bind and serve. Raises ``ConfigurationError`` naming the port when it is taken."""
        listening = self._bind()
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self.app, log_config=None, lifespan="off", timeout_graceful_shutdown=1, server_header=False, access_log=False
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        while not self._server.started and not self._task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # uvicorn has no event for it

    async def stop(self) -> None:
        self.hub.close()
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.gather(self._task, return_exceptions=True)

    def _bind(self) -> socket.socket:
        host, port = self._settings.host, self._settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            listening.close()
            raise ConfigurationError(
                f"web.port {port} on {host} cannot be used ({error.strerror}). "
                "Another Vignette may be running; choose another port with VIGNETTE_WEB__PORT."
            ) from error
        listening.setblocking(False)
        return listening
