"""The one HTTP layer of all providers: shared connections, bounded time and size, trust per provider, no walks into private networks.

Clients are pooled by their TLS setting and belong to the running event loop. They follow no redirects, keep no cookies, honour the
environment's proxies and count what a packed answer unpacks to. ``close_clients`` ends them when the process stops.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.failures import error_from, redact, secrets_of
from providers.hosts import goes_through_proxy, host_of, is_private_host, is_private_url, parse_address, public_addresses, same_origin
from providers.transport import ENCODINGS, RoutedTransport, UnpackedStream, encoding_of

__all__ = ["Answer", "client_for", "close_clients", "download", "redact", "request", "request_json", "secrets_of", "transport_error"]

JSON_LIMIT = 64 * 1024 * 1024
"""Most bytes of a JSON answer; pictures may be inside it in base64."""
RESULT_LIMIT = 64 * 1024 * 1024
"""Most bytes of one downloaded result."""
BREATH = 256 * 1024
"""Bytes after which a reader lets the event loop see to others; what a near server sent lies ready, so nothing else would."""
CONNECT_SECONDS = 10.0
MOST_REDIRECTS = 3
MOST_ADDRESSES = 3
"""So many of a host's addresses are tried: many machines have no working IPv6."""
_NO_TLS = re.compile(r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|UNKNOWN_PROTOCOL")

_TlsKey = tuple[bool, str]
_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_TlsKey, httpx.AsyncClient]] = WeakKeyDictionary()
_contexts: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_TlsKey, ssl.SSLContext]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, read within its size limit."""

    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def mime(self) -> str:
        """Content type without parameters, lower case."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()


def client_for(config: ProviderConfig) -> httpx.AsyncClient:
    """The shared client with this provider's trust settings; call it inside the running loop and never close it.

    Timeouts go with each request. Raises ``ProviderError`` (MISCONFIGURED) for ``allow_invalid_tls`` on a cloud host and for a
    CA file that cannot be read.
    """
    loop, key = asyncio.get_running_loop(), _tls_key(config)
    pool = _pools.setdefault(loop, {})
    check_tls(config)
    client = pool.get(key)
    if client is None or client.is_closed:
        context = _contexts.get(loop, {}).get(key) or tls_context(config)
        client = pool[key] = httpx.AsyncClient(
            transport=RoutedTransport(context),
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(120, connect=CONNECT_SECONDS),
            headers={"User-Agent": "Vignette", "Accept-Encoding": ENCODINGS},
            event_hooks={"response": [_unpack_within_limit]},
        )
    return client


def _tls_key(config: ProviderConfig) -> _TlsKey:
    return config.allow_invalid_tls, str(config.ca_file or "")


async def read_certificates(config: ProviderConfig) -> None:
    """Do what takes long in the first ``client_for`` in a thread: some 20 ms, in which the loop would serve nobody. Raises as it does."""
    check_tls(config)
    known = _contexts.setdefault(asyncio.get_running_loop(), {})
    if _tls_key(config) not in known:
        known[_tls_key(config)] = await asyncio.to_thread(tls_context, config)


async def _unpack_within_limit(response: httpx.Response) -> None:
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = UnpackedStream(response.stream, encoding_of(response.headers), RESULT_LIMIT)
        response.headers.pop("content-encoding", None)  # or the client would unpack it once more


async def _client_to(config: ProviderConfig, url: httpx.URL) -> httpx.AsyncClient:
    """The client for an address: certificates of the world outside are checked, whatever is allowed for the host's own server."""
    if config.allow_invalid_tls and not is_private_host(url.host):
        config = config.model_copy(update={"allow_invalid_tls": False})
    await read_certificates(config)
    return client_for(config)


async def close_clients() -> None:
    """Close every shared client of the running loop."""
    _contexts.pop(asyncio.get_running_loop(), None)
    for client in _pools.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()


def check_tls(config: ProviderConfig) -> None:
    """Refuse to switch off certificate checks for anything but the host's own machines."""
    if config.allow_invalid_tls and not is_private_url(config.base_url):
        detail = "allow_invalid_tls is only for a server on a private or local address; give its CA with ca_file."
        raise ProviderError(ErrorKind.MISCONFIGURED, config.name, detail)


def tls_context(config: ProviderConfig) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    if config.ca_file is not None:
        try:
            context.load_verify_locations(cafile=config.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ProviderError(ErrorKind.MISCONFIGURED, config.name, "ca_file cannot be read.", host_detail=str(error)) from error
    if config.allow_invalid_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def timeouts(total: float) -> httpx.Timeout:
    """Limits of the single steps of a request that may take ``total`` seconds in all."""
    return httpx.Timeout(total, connect=min(CONNECT_SECONDS, total))


def transport_error(error: BaseException, name: str, secrets: tuple[str, ...] = ()) -> ProviderError:
    """The ``ProviderError`` for a connection that failed: no route, time-out, certificate, broken protocol, broken address."""
    detail = redact(f"{type(error).__name__}: {error}", secrets)
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return ProviderError(ErrorKind.TIMED_OUT, name, host_detail=detail)
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return ProviderError(ErrorKind.MISCONFIGURED, name, "Its base_url is not a usable address.", host_detail=detail)
    if isinstance(error, httpx.LocalProtocolError | UnicodeError):
        told = "A key or header has a character that cannot be sent."
        return ProviderError(ErrorKind.MISCONFIGURED, name, told, host_detail=type(error).__name__)  # its words hold the key
    if isinstance(error, httpx.ConnectError) and "CERTIFICATE" in str(error).upper():
        return ProviderError(ErrorKind.MISCONFIGURED, name, "Its TLS certificate is not trusted.", host_detail=detail)
    if isinstance(error, httpx.ConnectError) and _NO_TLS.search(str(error)):
        return ProviderError(ErrorKind.MISCONFIGURED, name, "It does not speak TLS there; base_url says https.", host_detail=detail)
    if isinstance(error, httpx.DecodingError):
        return ProviderError(ErrorKind.BAD_ANSWER, name, host_detail=detail)
    return ProviderError(ErrorKind.UNREACHABLE, name, host_detail=detail)


async def read_limited(response: httpx.Response, limit: int, name: str = "") -> bytes:
    """The body of a streamed response; BAD_ANSWER as soon as it grows over ``limit`` bytes."""
    declared = response.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise ProviderError(ErrorKind.BAD_ANSWER, name, host_detail=f"answer of {declared} bytes, limit {limit}")
    chunks: list[bytes] = []
    size = rested = 0
    async for chunk in response.aiter_bytes():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise ProviderError(ErrorKind.BAD_ANSWER, name, host_detail=f"answer larger than {limit} bytes")
        if size - rested >= BREATH:
            rested = size
            await asyncio.sleep(0)
    return b"".join(chunks)


async def request(config: ProviderConfig, method: str, url: str, *, timeout: float, limit: int = JSON_LIMIT, **parts: Any) -> Answer:  # noqa: ASYNC109
    """Send a request and read the whole answer, whatever its status, in at most ``timeout`` seconds and ``limit`` bytes.

    ``parts`` are httpx's: json, content, data, files, params, headers. A GET that lost a kept-alive connection is sent once
    more. Raises ``ProviderError`` for transport failures only.
    """
    attempts = 2 if method in ("GET", "HEAD") else 1
    try:
        client = await _client_to(config, httpx.URL(url))
        async with asyncio.timeout(timeout):
            while True:
                attempts -= 1
                try:
                    return await _exchange(client, config, method, url, timeouts(timeout), limit, parts)
                except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                    if not attempts:
                        raise
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise transport_error(error, config.name, secrets_of(config)) from error


async def _exchange(
    client: httpx.AsyncClient,
    config: ProviderConfig,
    method: str,
    url: str | httpx.URL,
    timeout: httpx.Timeout,  # noqa: ASYNC109
    limit: int,
    parts: Mapping[str, Any],
) -> Answer:
    async with client.stream(method, url, timeout=timeout, **parts) as response:
        body = await read_limited(response, limit, config.name)
        return Answer(response.status_code, response.headers, body)


def json_of(answer: Answer, config: ProviderConfig) -> Any:
    """The JSON of an answer; BAD_ANSWER for HTML, emptiness or a truncated text."""
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        seen = redact(answer.content[:200].decode("utf-8", "replace"), secrets_of(config), limit=120)
        detail = f"HTTP {answer.status}, {answer.mime or 'no content type'}, not JSON: {seen or 'empty'}"
        raise ProviderError(ErrorKind.BAD_ANSWER, config.name, host_detail=detail) from error


async def request_json(config: ProviderConfig, method: str, url: str, *, timeout: float, limit: int = JSON_LIMIT, **parts: Any) -> Any:  # noqa: ASYNC109
    """Send a request and read JSON. Raises ``ProviderError`` for transport failures, statuses from 300 on and answers that are no JSON."""
    answer = await request(config, method, url, timeout=timeout, limit=limit, **parts)
    if answer.status >= 300:
        raise error_from(config.name, answer.content, status=answer.status, headers=answer.headers, secrets=secrets_of(config))
    return json_of(answer, config)


async def download(
    config: ProviderConfig,
    url: str,
    *,
    timeout: float,  # noqa: ASYNC109
    limit: int = RESULT_LIMIT,
    types: tuple[str, ...] = ("image/",),
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Fetch a result the service named in its answer. ``types`` are accepted beginnings of the content type; stores may name none.

    For a cloud service only https to global addresses is followed, the checked address is the one connected to, and at most three
    redirects are followed, each checked again. A backend on a private address may name private addresses,
    link-local ones excepted. ``headers`` (a key) go to the backend's own origin only. Raises ``ProviderError`` (BAD_ANSWER) for
    anything that does not fit.
    """
    own = is_private_url(config.base_url)
    try:
        async with asyncio.timeout(timeout):
            for _ in range(MOST_REDIRECTS + 1):
                answer = await _fetch_result(config, url, own, timeout, limit, dict(headers or {}))
                target = answer.headers.get("location")
                if answer.status not in (301, 302, 303, 307, 308) or not target:
                    break
                url = str(httpx.URL(url).join(target))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise transport_error(error, config.name, secrets_of(config)) from error
    if answer.status != 200:
        detail = f"the result's address answered HTTP {answer.status}"
        raise ProviderError(ErrorKind.BAD_ANSWER, config.name, host_detail=detail)
    if not answer.content or (answer.mime and not answer.mime.startswith(types)):
        raise ProviderError(ErrorKind.BAD_ANSWER, config.name, host_detail=f"the result is {answer.mime if answer.content else 'empty'}")
    return answer


async def _fetch_result(config: ProviderConfig, url: str, own: bool, timeout: float, limit: int, headers: dict[str, str]) -> Answer:  # noqa: ASYNC109
    target = httpx.URL(url)
    if target.scheme not in (("http", "https") if own else ("https",)) or not target.host or target.userinfo:
        raise ProviderError(ErrorKind.BAD_ANSWER, config.name, host_detail="the result's address is not acceptable")
    if not (config.base_url and same_origin(url, config.base_url)):
        headers = {}
    if (literal := parse_address(target.host)) and literal.is_link_local and target.host != host_of(config.base_url):
        # Machines rented from a cloud find their own secrets there.
        raise ProviderError(ErrorKind.BAD_ANSWER, config.name, host_detail="the result's address is link-local")
    client, limits = await _client_to(config, target), timeouts(timeout)
    if own or goes_through_proxy(target):
        if not own and is_private_host(target.host):
            raise ProviderError(ErrorKind.BAD_ANSWER, config.name, host_detail="the result's address lies in a private network")
        return await _exchange(client, config, "GET", target, limits, limit, {"headers": headers})
    addresses = (await public_addresses(target, config.name))[:MOST_ADDRESSES]
    # A kept connection would be shared by every name at that address, so this one is not kept.
    headers = {**headers, "Host": target.netloc.decode(), "Connection": "close"}
    parts = {"headers": headers, "extensions": {"sni_hostname": target.host}}
    for address in addresses[:-1]:
        with suppress(httpx.ConnectError, httpx.ConnectTimeout):
            return await _exchange(client, config, "GET", target.copy_with(host=address), limits, limit, parts)
    return await _exchange(client, config, "GET", target.copy_with(host=addresses[-1]), limits, limit, parts)
