"""Who may use the page: loopback by address and host name, elsewhere by the access token; changes need the page's own token."""

from __future__ import annotations

import hmac
import ipaddress
import secrets

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

SESSION_COOKIE = "vignette"
SESSION_SECONDS = 30 * 24 * 3600
_OPEN = ("/static/", "/door", "/health")
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


def is_loopback(host: str) -> bool:
    """Whether binding to this host keeps the page on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Access:
    """Middleware in front of every route.

    Without an access token only requests that name this machine are served (a foreign site cannot reach the page by pointing its
    own name at 127.0.0.1). With one, the token is asked for once and kept in a signed cookie. Every POST must carry the page's
    own token, and an ``Origin`` that is the page's.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token
        self._signer = URLSafeTimedSerializer(token or secrets.token_hex(32), salt="vignette-session")
        self.csrf = secrets.token_urlsafe(24)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = self._refusal(request)
        if answer is not None:
            await answer(scope, receive, send)
            return

        async def send_with_headers(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]  # type: ignore[misc]
            await send(message)

        await self._app(scope, receive, send_with_headers)  # type: ignore[arg-type]

    def _refusal(self, request: Request) -> Response | None:
        host = request.url.hostname or ""
        if self._token is None and not is_loopback(host):
            return PlainTextResponse("This page is only for the machine it runs on.", 403)
        if request.method not in ("GET", "HEAD"):
            origin = request.headers.get("origin")
            if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host', '')}":
                return PlainTextResponse("Requests from other sites are not taken.", 403)
            if request.url.path != "/door" and not hmac.compare_digest(request.headers.get("x-csrf-token", ""), self.csrf):
                return PlainTextResponse("The page is out of date. Load it again.", 403)
        if not request.url.path.startswith(_OPEN) and not self.entered(request):
            return RedirectResponse("/door", 303)
        return None

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
