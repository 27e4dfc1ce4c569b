"""Waits for a picture that a service draws on its own: looks again with growing pauses, forgives passing failures, gives up in time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.hosts import is_private_url

Found = TypeVar("Found")
_PASSING = {ErrorKind.UNREACHABLE, ErrorKind.TIMED_OUT, ErrorKind.BUSY, ErrorKind.BAD_ANSWER, ErrorKind.RATE_LIMITED}


@dataclass(frozen=True, slots=True)
class Pace:
    """How to wait: ``first`` pause in seconds, growing by ``factor`` up to ``most``; ``seconds`` limit the whole.

    So many looks in a row may fail in passing as ``failures`` says.
    """

    first: float
    seconds: float
    factor: float = 1.3
    most: float = 5.0
    failures: int = 5


async def wait_for(look: Callable[[], Awaitable[Found | ProviderError | None]], pace: Pace, name: str) -> Found:
    """Look until there is something. A look raises what may pass by itself and returns the error of a picture that will never come.

    Raises ``ProviderError``: TIMED_OUT after ``pace.seconds``, what a look returned, or what looks raised too often.
    """
    pause, failed, deadline = pace.first, 0, time.monotonic() + pace.seconds
    while True:
        wanted = 0.0
        try:
            found = await look()
        except ProviderError as error:
            failed += 1
            if error.kind not in _PASSING or failed > pace.failures:
                raise
            wanted = error.retry_after or 0.0
        else:
            if isinstance(found, ProviderError):
                raise found
            if found is not None:
                return found
            failed = 0
        rest = deadline - time.monotonic()
        if max(pause, wanted) >= rest:
            raise ProviderError(ErrorKind.TIMED_OUT, name, host_detail=f"no picture after {pace.seconds:.0f} s")
        await asyncio.sleep(max(pause, wanted))
        pause = min(pause * pace.factor, max(pace.most, pace.first))


async def or_anew(waiting: Awaitable[Found]) -> Found | None:
    """What a remembered task came to; None when it is lost or broken and has to be submitted anew. A refusal stays a refusal."""
    try:
        return await waiting
    except ProviderError as error:
        if error.kind is ErrorKind.BAD_ANSWER:
            return None
        raise


def recalled(ref: str | None) -> dict[str, str]:
    """The texts of a JSON object that was remembered; empty for anything else, so that a broken record only means starting anew."""
    try:
        record = json.loads(ref or "")
    except ValueError:
        return {}
    return {str(k): v for k, v in record.items() if isinstance(v, str)} if isinstance(record, dict) else {}


def belongs_to(config: ProviderConfig, url: object, domains: tuple[str, ...] = ()) -> bool:
    """Whether an address that a service or our own records named may be asked with the service's key.

    It may when it is on the configured host or, over https, on one of the vendor's ``domains`` or below; a key travels nowhere else.
    """
    if not isinstance(url, str):
        return False
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    own = httpx.URL(config.base_url)
    if target.userinfo or target.scheme not in ("http", "https"):
        return False
    if (target.host, target.port) == (own.host, own.port):
        return target.scheme == own.scheme
    host = target.host.lower()
    ours = any(host == domain or host.endswith(f".{domain}") for domain in domains)
    return ours and target.scheme == "https" and not is_private_url(config.base_url)
