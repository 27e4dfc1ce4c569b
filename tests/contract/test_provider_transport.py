"""Between the shared HTTP layer and the wire: packed bodies, certificates, proxies, silent addresses, headers that cannot go."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import SecretStr

from providers import http
from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.hosts import is_private_host, proxy_for, public_addresses
from providers.http import client_for, close_clients, download, request, request_json
from providers.images.comfyui_socket import Listener, listening
from providers.transport import PIECE, UnpackedStream
from tests.contract.chatting import serving
from tests.contract.image_parts import Watch
from tests.contract.loopback import Loopback, Reply, json_reply

PEM = Path(__file__).with_name("loopback.pem")
"""A certificate for 127.0.0.1 that nobody signed, with its key; it opens nothing but these tests."""
CLOUD = ProviderConfig(name="cloud", provider="x", base_url="https://api.example.com/v1")
MEGABYTES = b"\0" * (65 * 1024 * 1024)


def own(server: Loopback, **more: Any) -> ProviderConfig:
    return ProviderConfig(name="own", provider="x", base_url=server.url, **more)


async def refused(config: ProviderConfig, url: str, **more: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await request_json(config, "GET", url, timeout=5, **more)
    return caught.value


# --- packed bodies ---


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


LONG = b'{"a": "' + b"x" * 300_000 + b'"}'


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(LONG)),
        ("x-gzip", gzip.compress(LONG)),
        ("deflate", zlib.compress(LONG)),
        ("deflate", raw_deflate(LONG)),
        ("identity", LONG),
        ("GZip, identity", gzip.compress(LONG)),
    ],
)
async def test_packed_answers(encoding: str, body: bytes) -> None:
    async with serving() as server:
        server.on("GET", "/x", Reply(200, headers={"Content-Encoding": encoding}, chunks=(body[:7], body[7:])))
        assert len((await request_json(own(server), "GET", f"{server.url}/x", timeout=5))["a"]) == 300_000
        assert len((await client_for(own(server)).get(f"{server.url}/x")).json()["a"]) == 300_000  # a reader of its own
        assert server.seen[0].headers["Accept-Encoding"] == "gzip, deflate"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(MEGABYTES)),
        ("deflate", zlib.compress(MEGABYTES)),
        ("gzip, gzip", gzip.compress(gzip.compress(MEGABYTES))),
        ("br", b"\x0b\x02\x80{}\x03"),
        ("zstd", b"(\xb5/\xfd"),
        ("gzip", b"no gzip at all"),
        ("gzip", gzip.compress(LONG)[:100]),
        ("deflate", b"\xff\xff\xff"),
    ],
    ids=["bomb", "deflate bomb", "bomb in a bomb", "brotli", "zstandard", "not packed", "cut", "broken"],
)
async def test_packed_answers_that_do_not_fit(encoding: str, body: bytes) -> None:
    async with serving() as server:
        server.on("GET", "/x", Reply(200, body, {"Content-Encoding": encoding, "Content-Type": "image/png"}))
        assert (await refused(own(server), f"{server.url}/x")).kind is ErrorKind.BAD_ANSWER


async def test_a_bomb_is_unpacked_in_small_pieces_and_not_to_its_end() -> None:
    class Wire(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield gzip.compress(MEGABYTES)

    sizes: list[int] = []

    async def read() -> None:
        async for piece in UnpackedStream(Wire(), "gzip", 300_000):
            sizes.append(len(piece))  # noqa: PERF401

    with pytest.raises(httpx.DecodingError, match="larger than 300000"):
        await read()
    assert max(sizes) <= PIECE
    assert sum(sizes) <= 300_000


async def test_a_huge_answer_is_not_begun() -> None:
    async with serving() as server:
        headers = {"Content-Type": "image/png", "Content-Length": str(200 * 1024 * 1024)}
        server.on("GET", "/x", Reply(200, headers=headers, chunks=(b"0", b"0"), hold=asyncio.Event()))
        with pytest.raises(ProviderError) as caught:
            await download(own(server), f"{server.url}/x", timeout=5)
    assert (caught.value.kind, "209715200" in caught.value.host_detail) == (ErrorKind.BAD_ANSWER, True)


async def test_a_store_that_names_no_type() -> None:
    async with serving() as server:

        async def plain(request: web.Request, seen: Any) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"png")
            return response

        server.handle("GET", "/x", plain)
        answer = await download(own(server), f"{server.url}/x", timeout=5, types=("image/", "application/octet-stream"))
    assert answer.content == b"png"


# --- certificates ---


@asynccontextmanager
async def serving_tls() -> AsyncIterator[Loopback]:
    server, context = Loopback(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(PEM)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.dispatch)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    server.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    server.on("GET", "/x", json_reply({"a": 1}))
    try:
        yield server
    finally:
        await close_clients()
        await runner.cleanup()


async def test_a_certificate_of_the_hosts_own() -> None:
    async with serving_tls() as server:
        error = await refused(own(server), f"{server.url}/x")
        assert (error.kind, "certificate is not trusted" in str(error)) == (ErrorKind.MISCONFIGURED, True)
        for trust in ({"ca_file": PEM}, {"allow_invalid_tls": True}):
            assert await request_json(own(server, **trust), "GET", f"{server.url}/x", timeout=5) == {"a": 1}


async def test_invalid_certificates_are_allowed_for_the_own_server_alone() -> None:
    async with serving() as server:
        lax = own(server, allow_invalid_tls=True)
        assert await http._client_to(lax, httpx.URL(server.url)) is client_for(lax)
        assert await http._client_to(lax, httpx.URL("https://cdn.example.com/x.png")) is client_for(own(server))
        assert http.tls_context(own(server)).verify_mode is ssl.CERT_REQUIRED


async def test_an_address_that_speaks_no_tls() -> None:
    async with serving() as server:
        error = await refused(own(server), server.url.replace("http:", "https:"))
    assert (error.kind, "does not speak TLS" in str(error)) == (ErrorKind.MISCONFIGURED, True)


# --- proxies ---

PROXY = "http://proxy.example.com:3128"


@pytest.mark.parametrize(
    ("no_proxy", "host", "proxied"),
    [
        ("", "api.example.com", True), ("", "127.0.0.1", False), ("", "127.8.9.1", False), ("", "localhost", False),
        ("", "a.localhost", False), ("", "::1", False), ("", "0.0.0.0", False), ("", "192.168.0.9", True), ("", "comfy.lan", True),
        ("*", "api.example.com", False), ("example.com", "api.example.com", False), (".example.com", "api.example.com", False),
        ("*.example.com", "api.example.com", False), ("example.com", "notexample.com", True), ("EXAMPLE.com", "Example.COM", False),
        ("a.org, example.com", "example.com", False), ("https://api.example.com", "api.example.com", False),
        ("example.com:443", "example.com", False), ("example.com:8443", "example.com", True),
        ("192.168.0.0/16", "192.168.0.9", False), ("192.168.0.0/16", "10.0.0.9", True), ("192.168.0.9", "192.168.0.9", False),
        ("fd00::/8", "fd12::1", False), ("fd12::1", "fd12::1", False), ("[fd12::1]:443", "fd12::1", False),
        ("nonsense/99,,", "10.0.0.9", True),
    ],
)  # fmt: skip
def test_who_is_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch, no_proxy: str, host: str, proxied: bool) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert proxy_for("https", host, 443) == (PROXY if proxied else None)
    assert proxy_for("http", host, 80) is None


async def test_requests_go_through_the_proxy_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as server:
        server.on("GET", "/x", json_reply({"through": "the proxy"}))
        monkeypatch.setenv("HTTP_PROXY", server.url.removeprefix("http://"))
        assert await request_json(CLOUD, "GET", "http://api.example.com/x", timeout=5) == {"through": "the proxy"}
        assert server.seen[0].headers["Host"] == "api.example.com"
        monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:9")
        assert (await refused(CLOUD, "http://api.example.com/x")).kind is ErrorKind.UNREACHABLE
        monkeypatch.setenv("HTTP_PROXY", "gopher://127.0.0.1:9")
        assert (await refused(CLOUD, "http://api.example.com/x")).kind is ErrorKind.UNREACHABLE
        server.on("GET", "/x", Reply(407))
        monkeypatch.setenv("HTTP_PROXY", server.url)
        assert (await refused(CLOUD, "http://api.example.com/x")).kind is ErrorKind.MISCONFIGURED


async def test_progress_sockets_go_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hold(request: web.Request, seen: Any) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with serving() as server:
        server.handle("GET", "/ws", hold)
        listener = Listener(lambda: "p", {}, Watch(), asyncio.Event())
        async with listening(own(server), f"{server.url.replace('http', 'ws')}/ws", {}, listener, 0.01):
            assert listener.alive, "this machine is not asked for through a proxy"


# --- addresses ---


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.1", True), ("2130706433", True), ("0x7f000001", True), ("0x7f.1", True), ("0177.0.0.1", True), ("64:ff9b::7f00:1", True),
        ("64:ff9b::a00:1", True), ("2002:7f00:1::", True), ("64:ff9b::808:808", False), ("8.8.2056", False), ("1.2.3.4.5", False),
    ],
)  # fmt: skip
def test_other_spellings_of_addresses(host: str, private: bool) -> None:
    assert is_private_host(host) is private


async def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(10, 1, 6, "", ("2606:4700::1", 443, 0, 0)), (2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 17, "", ("93.184.216.34", 443))]

    asked: list[str] = []

    def answer(sent: httpx.Request) -> httpx.Response:
        asked.append(sent.url.host)
        if ":" in sent.url.host:
            raise httpx.ConnectError("no route")
        return httpx.Response(200, content=b"png", headers={"Content-Type": "image/png"})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    monkeypatch.setattr(http, "client_for", lambda _: client)
    monkeypatch.setattr(http, "goes_through_proxy", lambda _: False)
    assert (await download(CLOUD, "https://cdn.example.com/x.png", timeout=2)).content == b"png"
    assert asked == ["2606:4700::1", "93.184.216.34"]
    assert await public_addresses(httpx.URL("https://cdn.example.com/"), "cloud") == tuple(asked)
    await client.aclose()


# --- what cannot be sent, and what has moved ---


@pytest.mark.parametrize("key", ["schlüssel-geheim", "secret-key\r\nX-Other: 1"])
async def test_a_key_that_fits_no_header(key: str) -> None:
    async with serving() as server:
        config = own(server, api_key=SecretStr(key))
        error = await refused(config, f"{server.url}/x", headers={"Authorization": f"Bearer {key}"})
    assert (error.kind, server.seen) == (ErrorKind.MISCONFIGURED, [])
    assert not any(part in f"{error} {error.host_detail}" for part in ("geheim", "secret-key"))


async def test_a_service_that_moved() -> None:
    async with serving() as server:
        server.on("POST", "/x", Reply(308, headers={"Location": "https://new.example.com/x"}))
        answer = await request(own(server), "POST", f"{server.url}/x", timeout=5, headers={"X-Key": "k"})
        assert answer.status == 308  # nothing follows with the key
        server.on("GET", "/x", Reply(308, headers={"Location": "https://new.example.com/x"}))
        error = await refused(own(server), f"{server.url}/x")
    assert (error.kind, "new.example.com" in error.host_detail) == (ErrorKind.MISCONFIGURED, True)
