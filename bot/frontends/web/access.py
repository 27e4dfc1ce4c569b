"""Who may use the page: loopback by address and host name, elsewhere by the access token; changes need the page's own token."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SESSION_COOKIE = "vignette"
SESSION_SECONDS = 30 * 24 * 3600
_OPEN = ("/static/", "/door", "/health")
_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def is_loopback(host: str) -> bool:
    """Whether binding to this host keeps the page on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Throttle:
    """Slows guessing of the access token: ``tries`` wrong ones from one address within ``seconds``, then nothing but a refusal."""

    def __init__(self, tries: int = 5, seconds: float = 300, most: int = 1000, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries = tries
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Seconds until this address may try again; 0 for now."""
        wrong = self._wrong.get(_network(address))
        if wrong is None or len(wrong) < self._tries:
            return 0
        return max(0, -int(-(wrong[0] + self._seconds - self._clock()) // 1))

    def wrong(self, address: str) -> None:
        """Note a wrong token."""
        network = _network(address)
        self._wrong.setdefault(network, deque(maxlen=self._tries)).append(self._clock())
        self._wrong.move_to_end(network)
        while len(self._wrong) > self._most:
            self._wrong.popitem(last=False)


def _network(address: str) -> str:
    """An IPv4 address, or the /64 that one subscriber has of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


class Access:
    """Middleware in front of every route.

    Without an access token only requests that name this machine are served (a foreign site cannot reach the page by pointing its
    own name at 127.0.0.1). With one, the token is asked for once and kept in a signed cookie. Every POST must carry the page's
    own token, and an ``Origin``, where the browser sent one, that is the page's.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token
        self._signer = URLSafeTimedSerializer(token or secrets.token_hex(32), salt="vignette-session")
        self.csrf = secrets.token_urlsafe(24)
        self.throttle = Throttle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(Request(scope, receive))
        await (answer or self._app)(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        path = request.url.path
        if self._token is None and not is_loopback(request.url.hostname or ""):
            return PlainTextResponse("This page is only for the machine it runs on.", 403)
        if request.method not in ("GET", "HEAD"):
            origin = request.headers.get("origin")
            if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
                return PlainTextResponse("Requests from other sites are not taken.", 403)
            given = request.headers.get("x-csrf-token", "").encode()
            if path != "/door" and not hmac.compare_digest(given, self.csrf.encode()):
                return PlainTextResponse("The page is out of date. Load it again.", 403)
        if path.startswith(_OPEN) or self.entered(request):
            return None
        if request.method == "GET" and "text/html" in request.headers.get("accept", "text/html"):
            return RedirectResponse("/door", 303)
        return PlainTextResponse("The access token is needed. Load the page again.", 401)

    def entered(self, connection: HTTPConnection) -> bool:
        """Whether this browser has shown the access token, where one is needed."""
        if self._token is None:
            return True
        try:
            return bool(self._signer.loads(connection.cookies.get(SESSION_COOKIE, ""), max_age=SESSION_SECONDS) == "in")
        except BadSignature:
            return False

    def enter(self, given: str, response: Response, *, secure: bool) -> bool:
        """Let a browser in that knows the token; False when it does not."""
        if self._token is None or not hmac.compare_digest(given.encode(), self._token.encode()):
            return False
        response.set_cookie(
            SESSION_COOKIE, self._signer.dumps("in"), max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=secure
        )
        return True
