"""Which hosts are the operator's own, and which addresses a result may be fetched from.

A backend on a private or loopback address may hand out addresses of that kind; a cloud service may not, or a hostile answer could
make us read the operator's own network.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.request import getproxies, proxy_bypass

import httpx

from providers.errors import ErrorKind, ProviderError

PRIVATE_SUFFIXES = (".local", ".localhost", ".lan", ".internal", ".home.arpa")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse_address(host: str) -> Address | None:
    """An IP literal as an address (IPv4-mapped IPv6 unwrapped), or None for a name."""
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


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


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses share scheme, host and port."""
    first, second = httpx.URL(one), httpx.URL(other)
    return (first.scheme, first.host, first.port) == (second.scheme, second.host, second.port)


def goes_through_proxy(url: httpx.URL) -> bool:
    """Whether the environment's proxy settings apply; then the proxy resolves the name, not we."""
    proxies = getproxies()
    return bool(proxies.get(url.scheme) or proxies.get("all")) and not proxy_bypass(url.host)


async def public_address(url: httpx.URL, name: str) -> str:
    """An address of the host that is safe to connect to, so that the check and the connection cannot differ.

    Raises ``ProviderError`` (BAD_ANSWER) when any address of the host is not a global one, UNREACHABLE when it has none.
    """
    literal = parse_address(url.host)
    if literal is not None:
        addresses = [literal]
    else:
        addresses = await _resolve(url, name)
    if any(not address.is_global or address.is_multicast for address in addresses):
        raise ProviderError(ErrorKind.BAD_ANSWER, name, host_detail="the result's address lies in a private network")
    return str(addresses[0])


async def _resolve(url: httpx.URL, name: str) -> list[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ProviderError(ErrorKind.UNREACHABLE, name, host_detail=f"cannot resolve {url.host}") from error
    addresses = [address for item in found if (address := parse_address(str(item[4][0]))) is not None]
    if not addresses:
        raise ProviderError(ErrorKind.UNREACHABLE, name, host_detail=f"cannot resolve {url.host}")
    return addresses
