"""Retries as decisions: after which error, how often, how long to wait."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from providers.errors import ErrorKind, ProviderError

Result = TypeVar("Result")

TRIES: Mapping[ErrorKind, int] = {
    ErrorKind.RATE_LIMITED: 4,
    ErrorKind.BUSY: 5,
    ErrorKind.UNREACHABLE: 3,
    ErrorKind.TIMED_OUT: 2,
    ErrorKind.BAD_ANSWER: 2,
}
"""Attempts in all, the first included. Kinds left out are never tried again: the same request would fail the same way."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do after a failed attempt: ``wait`` seconds and try again, or (None) give up; ``why`` is for the log."""

    wait: float | None
    why: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to try again. Waits double from ``first_wait`` to ``longest_wait`` seconds, with up to a quarter more at random so
    that many jobs do not come back in the same moment; a provider's own ``retry_after`` is obeyed up to ``patience``."""

    tries: Mapping[ErrorKind, int] = field(default_factory=lambda: TRIES)
    first_wait: float = 1
    longest_wait: float = 30
    patience: float = 120
    jitter: Callable[[], float] = random.random

    def decide(self, error: ProviderError, attempt: int) -> Decision:
        """After attempt number ``attempt`` (from 1) failed with ``error``."""
        allowed = self.tries.get(error.kind, 1)
        if allowed == 1:
            return Decision(None, f"{error.kind} does not pass by itself")
        if attempt >= allowed:
            return Decision(None, f"{error.kind} after {attempt} attempts")
        if error.retry_after is not None and error.retry_after > self.patience:
            return Decision(None, f"asked to wait {error.retry_after:.0f} seconds, more than {self.patience:.0f}")
        grown = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        wait = grown * (1 + self.jitter() / 4)
        if error.retry_after is not None:
            wait = max(0.0, error.retry_after) + self.jitter()
        return Decision(wait, f"{error.kind}, attempt {attempt} of {allowed}")

    async def run(
        self,
        call: Callable[[], Awaitable[Result]],
        *,
        on_wait: Callable[[ProviderError, Decision], None] = lambda error, decision: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> Result:
        """Call until it succeeds or the decision is to give up; then the last error is raised. ``on_wait`` hears of each wait."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return await call()
            except ProviderError as error:
                decision = self.decide(error, attempt)
                if decision.wait is None:
                    raise
                on_wait(error, decision)
                await sleep(decision.wait)
