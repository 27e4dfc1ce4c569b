"""The shared HTTP layer: limits, trust, private networks, secrets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import SecretStr

from providers import http
from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.failures import redact, secrets_of
from providers.hosts import is_private_host, public_addresses
from providers.http import client_for, close_clients, download, request, request_json, transport_error
from tests.contract.chatting import serving
from tests.contract.loopback import Loopback, Reply, json_reply, text_reply

CLOUD = ProviderConfig(name="cloud", provider="x", base_url="https://api.example.com/v1")


def own(server: Loopback, **more: Any) -> ProviderConfig:
    return ProviderConfig(name="own", provider="x", base_url=server.url, **more)


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True), ("localhost", True), ("10.1.2.3", True), ("192.168.0.9", True), ("::1", True), ("[fe80::1]", True),
        ("::ffff:127.0.0.1", True),
        ("100.64.0.1", True), ("169.254.169.254", True), ("comfy", True), ("box.local", True), ("0.0.0.0", True),
        ("example.com", False), ("8.8.8.8", False), ("localhost.example.com", False), ("127.0.0.1.nip.io", False), ("", False),
    ],
)  # fmt: skip
def test_private_hosts(host: str, private: bool) -> None:
    assert is_private_host(host) is private


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x.png", "https://localhost/x.png", "https://[::1]/x.png",
        "https://[::ffff:10.0.0.1]/x.png", "https://10.0.0.1/x.png",
        "https://169.254.169.254/latest", "http://93.184.216.34/x.png",
        "file:///etc/passwd", "https://user:pw@example.com/x.png", "not a url",
    ],
)  # fmt: skip
async def test_a_cloud_service_cannot_send_us_home(url: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await download(CLOUD, url, timeout=2)
    await close_clients()
    assert caught.value.kind in (ErrorKind.BAD_ANSWER, ErrorKind.MISCONFIGURED)


async def test_a_public_name_with_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("192.168.1.1", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    with pytest.raises(ProviderError, match="could not be used"):
        await public_addresses(httpx.URL("https://rebind.example.com/x"), "cloud")


async def test_the_checked_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(2, 1, 6, "", ("93.184.216.34", 443))]

    asked: list[httpx.Request] = []

    def answer(sent: httpx.Request) -> httpx.Response:
        asked.append(sent)
        return httpx.Response(200, content=b"png", headers={"Content-Type": "image/png"})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    monkeypatch.setattr(http, "client_for", lambda _: client)
    monkeypatch.setattr(http, "goes_through_proxy", lambda _: False)
    assert (await download(CLOUD, "https://cdn.example.com/x.png", timeout=2, headers={"Authorization": "Bearer s"})).content == b"png"
    await client.aclose()
    (sent,) = asked
    assert (sent.url.host, sent.headers["host"], sent.extensions["sni_hostname"]) == ("93.184.216.34", "cdn.example.com", "cdn.example.com")
    assert "authorization" not in sent.headers, "the key goes to the service's own origin only"


async def test_an_own_server_may_name_private_addresses() -> None:
    async with serving() as server:
        server.on("GET", "/view", Reply(200, b"png", {"Content-Type": "image/png"}))
        server.on("GET", "/moved", Reply(302, b"", {"Location": "/view"}))
        assert (await download(own(server), f"{server.url}/moved", timeout=5, headers={"X-Key": "k"})).content == b"png"
    assert [seen.headers["X-Key"] for seen in server.seen] == ["k", "k"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"0" * 2000, {"Content-Type": "image/png"}),
        Reply(200, headers={"Content-Type": "image/png"}, chunks=(b"0" * 600, b"0" * 600)),
        Reply(200, b"", {"Content-Type": "image/png"}),
        text_reply("<html>login</html>"),
        Reply(404, b"gone", {"Content-Type": "image/png"}),
        Reply(302, b"", {"Location": "/x"}),
    ],
    ids=["large", "large without a length", "empty", "html", "gone", "redirect loop"],
)
async def test_results_that_do_not_fit(reply: Reply) -> None:
    async with serving() as server:
        server.on("GET", "/x", reply)
        with pytest.raises(ProviderError) as caught:
            await download(own(server), f"{server.url}/x", timeout=5, limit=1000)
    assert caught.value.kind is ErrorKind.BAD_ANSWER


async def test_json_and_what_pretends_to_be() -> None:
    async with serving() as server:
        server.on("GET", "/ok", json_reply({"a": 1}))
        assert await request_json(own(server), "GET", f"{server.url}/ok", timeout=5) == {"a": 1}
        for reply in (text_reply("<html>"), Reply(200, b'{"a": ', {}), Reply(200, b"", {}), Reply(200, b"[" * 100_000, {})):
            server.on("GET", "/bad", reply)
            with pytest.raises(ProviderError) as caught:
                await request_json(own(server), "GET", f"{server.url}/bad", timeout=5)
            assert caught.value.kind is ErrorKind.BAD_ANSWER
        server.on("GET", "/down", json_reply({"detail": "no"}, 503, retry_after="3"))
        with pytest.raises(ProviderError) as busy:
            await request_json(own(server), "GET", f"{server.url}/down", timeout=5)
    assert (busy.value.kind, busy.value.retry_after) == (ErrorKind.BUSY, 3)


async def test_limits_of_time_and_size() -> None:
    async with serving() as server:
        server.on("GET", "/slow", Reply(pause=asyncio.Event()))
        with pytest.raises(ProviderError) as slow:
            await request(own(server), "GET", f"{server.url}/slow", timeout=0.2)

        async def drip(request: web.Request, seen: Any) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "image/png"})
            await response.prepare(request)
            while True:
                await response.write(b"0")
                await asyncio.sleep(0.01)

        server.handle("GET", "/drip", drip)
        for fetch in (
            request(own(server), "GET", f"{server.url}/drip", timeout=0.2),
            download(own(server), f"{server.url}/drip", timeout=0.2),
        ):
            with pytest.raises(ProviderError) as dripping:
                await fetch
            assert dripping.value.kind is ErrorKind.TIMED_OUT, "bytes that never end do not keep it waiting"
        server.on("POST", "/large", Reply(200, b"0" * 2000, {}))
        with pytest.raises(ProviderError) as large:
            await request(own(server), "POST", f"{server.url}/large", timeout=5, limit=1000)
    assert (slow.value.kind, large.value.kind) == (ErrorKind.TIMED_OUT, ErrorKind.BAD_ANSWER)


async def test_readers_without_a_limit_are_limited_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "RESULT_LIMIT", 1000)
    async with serving() as server:
        server.on("GET", "/large", Reply(200, b"0" * 2000, {}))
        with pytest.raises(httpx.DecodingError):
            await client_for(own(server)).get(f"{server.url}/large")


async def test_a_lost_connection_is_tried_again_for_reading_only() -> None:
    async with serving() as server:
        server.on("GET", "/x", Reply(200, b'{"a": ', {"Content-Length": "50"}, cut=True), json_reply({"a": 1}))
        assert await request_json(own(server), "GET", f"{server.url}/x", timeout=5) == {"a": 1}
        server.on("POST", "/x", Reply(200, b'{"a": ', {"Content-Length": "50"}, cut=True), json_reply({"a": 1}))
        with pytest.raises(ProviderError) as caught:
            await request_json(own(server), "POST", f"{server.url}/x", timeout=5)
    assert caught.value.kind is ErrorKind.UNREACHABLE


async def test_clients_are_shared_by_trust_and_forget_cookies(tmp_path: Path) -> None:
    async with serving() as server:
        server.on("GET", "/x", json_reply({}, Set_Cookie="session=1; Path=/"))
        await request_json(own(server), "GET", f"{server.url}/x", timeout=5)
        await request_json(own(server), "GET", f"{server.url}/x", timeout=5)
        assert client_for(own(server)) is client_for(own(server))
        assert client_for(own(server)) is not client_for(own(server, allow_invalid_tls=True))
        with pytest.raises(ProviderError, match="ca_file"):
            client_for(own(server, ca_file=tmp_path / "none.pem"))
    assert "Cookie" not in server.seen[1].headers


async def test_certificate_checks_stay_on_for_cloud_hosts() -> None:
    with pytest.raises(ProviderError, match="allow_invalid_tls") as caught:
        client_for(CLOUD.model_copy(update={"allow_invalid_tls": True}))
    await close_clients()
    assert caught.value.kind is ErrorKind.MISCONFIGURED


async def test_proxies_of_the_environment_are_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with serving() as server:
        server.on("GET", "/x", json_reply({"a": 1}))
        assert await request_json(own(server), "GET", f"{server.url}/x", timeout=5) == {"a": 1}
        with pytest.raises(ProviderError) as caught:
            await request_json(CLOUD, "GET", "http://api.example.com/x", timeout=5)
    assert caught.value.kind is ErrorKind.UNREACHABLE, "other hosts do go through it"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ReadTimeout("x"), ErrorKind.TIMED_OUT),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self signed"), ErrorKind.MISCONFIGURED),
        (httpx.ConnectError("refused"), ErrorKind.UNREACHABLE),
        (httpx.UnsupportedProtocol("ftp"), ErrorKind.MISCONFIGURED),
        (TimeoutError(), ErrorKind.TIMED_OUT),
    ],
)
def test_transport_errors(error: Exception, kind: ErrorKind) -> None:
    assert transport_error(error, "own").kind is kind


def test_secrets_are_found_and_taken_out() -> None:
    config = ProviderConfig(
        name="x",
        provider="x",
        base_url="https://ann:pass1234@host/x",
        api_key=SecretStr("key-of-the-host"),
        options={"headers": {"X-Auth": "header-secret"}, "auth_token": "token-secret", "window": 5},
    )
    text = "key-of-the-host pass1234 header-secret token-secret sk-abcdefghijk Bearer abcdefghijk https://a:b@c/d?token=qqq"
    shown = redact(f"{text} data:image/png;base64,{'A' * 900}", secrets_of(config))
    assert not any(secret in shown for secret in ("key-of", "pass1234", "-secret", "abcdef", "a:b@", "qqq", "AAAA"))
    assert len(redact("word " * 1000)) <= 600
