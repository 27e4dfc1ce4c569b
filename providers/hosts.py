"""Which hosts are the operator's own, which way leads to a host, and which addresses a result may be fetched from.

A backend on a private or loopback address may hand out addresses of that kind; a cloud service may not, or a hostile answer could
make us read the operator's own network.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from urllib.request import getproxies

import httpx

from providers.errors import ErrorKind, ProviderError

PRIVATE_SUFFIXES = (".local", ".localhost", ".lan", ".internal", ".home.arpa")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_OLD_SPELLING = re.compile(r"(?:0[xX][0-9a-fA-F]+|\d+)(?:\.(?:0[xX][0-9a-fA-F]+|\d+)){0,3}")


def parse_address(host: str) -> Address | None:
    """An IP literal as an address, or None for a name.

    An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) is unwrapped, and spellings such as ``127.1`` or ``0x7f000001``, which
    resolvers take, are read as they do.
    """
    text = host.strip("[]").partition("%")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return _old_spelling(text)
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _old_spelling(text: str) -> Address | None:
    if not _OLD_SPELLING.fullmatch(text):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except OSError:
        return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its look."""
    address = parse_address(host)
    if address is not None:
        return address.is_loopback or address.is_unspecified
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def is_private_host(host: str) -> bool:
    """Whether a host is self-hosted by its look: loopback or private address, ``.local`` and the like, or a single label.

    Names are not resolved here: a public name that points into the private network counts as a cloud host.
    """
    address = parse_address(host)
    if address is not None:
        return not address.is_global
    name = host.lower().rstrip(".")
    return bool(name) and ("." not in name or name.endswith(PRIVATE_SUFFIXES))


def host_of(url: str) -> str:
    """The host of an address, lower case; empty when there is none."""
    try:
        return httpx.URL(url).host.lower()
    except httpx.InvalidURL:
        return ""


def is_private_url(url: str) -> bool:
    """Whether the host of an address is self-hosted by its look."""
    return is_private_host(host_of(url))


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses share scheme, host and port."""
    first, second = httpx.URL(one), httpx.URL(other)
    return (first.scheme, first.host, first.port) == (second.scheme, second.host, second.port)


def proxy_for(scheme: str, host: str, port: int | None = None) -> str | None:
    """The proxy that the environment names for a host, or None to go straight there; this machine is never asked for through one.

    ``HTTP_PROXY``, ``HTTPS_PROXY`` and ``ALL_PROXY`` hold addresses; ``NO_PROXY`` lists names (their subdomains are meant too),
    addresses, networks such as ``192.168.0.0/16``, each with a port if need be, or ``*`` for all. Lower case works as well.
    """
    if is_loopback(host):
        return None
    settings = getproxies()
    proxy = settings.get(scheme) or settings.get("all")
    if not proxy or any(_stands_for(entry.strip(), host, port) for entry in settings.get("no", "").split(",")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _stands_for(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry of ``NO_PROXY`` names a host."""
    entry, host = entry.rpartition("://")[2].lower(), host.lower().rstrip(".")
    address = parse_address(host)
    if address is not None and "/" in entry:
        try:
            return address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit() and ("]" in name or ":" not in name):
        if int(number) != port:
            return False
        entry = name
    if address is not None:
        return parse_address(entry) == address
    name = entry.lstrip("*").strip(".")
    return entry == "*" or (bool(name) and (host == name or host.endswith(f".{name}")))


def goes_through_proxy(url: httpx.URL) -> bool:
    """Whether the environment's proxy settings apply; then the proxy resolves the name, not we."""
    return proxy_for(url.scheme, url.host, port_of(url)) is not None


def port_of(url: httpx.URL) -> int:
    """The port a request goes to, the scheme's own included."""
    return url.port or (443 if url.scheme == "https" else 80)


async def public_addresses(url: httpx.URL, name: str) -> tuple[str, ...]:
    """The addresses of the host, safe to connect to, so that the check and the connection cannot differ.

    Raises ``ProviderError`` (BAD_ANSWER) when any address of the host is not a global one, UNREACHABLE when it has none.
    """
    found = [url.host.strip("[]")] if parse_address(url.host) is not None else await _resolve(url, name)
    for text in found:
        address = parse_address(text)
        if address is None or not address.is_global or address.is_multicast:
            raise ProviderError(ErrorKind.BAD_ANSWER, name, host_detail="the result's address lies in a private network")
    return tuple(dict.fromkeys(found))


async def _resolve(url: httpx.URL, name: str) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port_of(url), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ProviderError(ErrorKind.UNREACHABLE, name, host_detail=f"cannot resolve {url.host}") from error
    if not found:
        raise ProviderError(ErrorKind.UNREACHABLE, name, host_detail=f"cannot resolve {url.host}")
    return [str(item[4][0]) for item in found]
