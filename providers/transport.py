"""What stands between the shared HTTP clients and the wire: the way to a host, and bodies unpacked within a limit."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import AsyncIterator, Iterator

import httpx

from providers.hosts import port_of, proxy_for

LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=40, keepalive_expiry=30)
ENCODINGS = "gzip, deflate"
"""What we ask for. Answers in other or in several encodings at once are refused: they can unpack to a thousand times a thousand times
their size before anybody counts."""
PIECE = 64 * 1024
"""Most bytes that are unpacked at once."""


class RoutedTransport(httpx.AsyncBaseTransport):
    """Sends each request straight or through the proxy that the environment names for its host, read anew for each one.

    A request to a checked address carries the name it was checked for as ``sni_hostname``; that name decides.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._ways: dict[str | None, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = str(request.extensions.get("sni_hostname") or request.url.host)
        proxy = proxy_for(request.url.scheme, host, port_of(request.url))
        if proxy not in self._ways:
            self._ways[proxy] = self._way(proxy)
        return await self._ways[proxy].handle_async_request(request)

    def _way(self, proxy: str | None) -> httpx.AsyncHTTPTransport:
        try:
            return httpx.AsyncHTTPTransport(verify=self._context, limits=LIMITS, proxy=proxy, trust_env=False)
        except (ImportError, ValueError, httpx.InvalidURL) as error:  # SOCKS without its package, an address that is none
            raise httpx.ProxyError(f"the environment's proxy cannot be used: {type(error).__name__}") from error

    async def aclose(self) -> None:
        for way in self._ways.values():
            await way.aclose()


class UnpackedStream(httpx.AsyncByteStream):
    """A body, unpacked piece by piece, that ends in an error as soon as it grows over ``limit`` bytes.

    For every reader: ours, and the vendor SDK's, which knows no limit.
    """

    def __init__(self, stream: httpx.AsyncByteStream, encoding: str, limit: int) -> None:
        self._stream = stream
        self._encoding = encoding
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        inflater = _Inflater(self._encoding) if self._encoding else None
        async for chunk in self._stream:
            for piece in inflater.pieces(chunk) if inflater else (chunk,):
                seen += len(piece)
                if seen > self._limit:
                    raise httpx.DecodingError(f"answer larger than {self._limit} bytes")
                yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Inflater:
    def __init__(self, encoding: str) -> None:
        # 32 + MAX_WBITS recognises gzip and zlib by their beginnings; some servers say deflate and mean it without either.
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._may_be_raw = encoding == "deflate"

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What ``data`` unpacks to. Raises ``httpx.DecodingError``."""
        while not self._inflate.eof:
            try:
                piece = self._inflate.decompress(data, PIECE)
            except zlib.error as error:
                if not self._may_be_raw:
                    raise httpx.DecodingError(f"broken compression: {error}") from error
                self._inflate, self._may_be_raw = zlib.decompressobj(-zlib.MAX_WBITS), False
                continue
            self._may_be_raw = False
            data = self._inflate.unconsumed_tail
            if piece:
                yield piece
            if not data and len(piece) < PIECE:
                return


def encoding_of(headers: httpx.Headers) -> str:
    """The one encoding of a body, empty for none. Raises ``httpx.DecodingError`` for others than we asked for."""
    named = [part.strip().lower().removeprefix("x-") for part in headers.get("content-encoding", "").split(",")]
    codings = [part for part in named if part not in ("", "identity")]
    if len(codings) > 1 or not set(codings) <= {"gzip", "deflate"}:
        raise httpx.DecodingError(f"an answer packed as {', '.join(codings)[:80]}")
    return codings[0] if codings else ""
