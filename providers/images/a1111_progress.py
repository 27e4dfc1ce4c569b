"""Follows ``/progress`` of an AUTOMATIC1111-type server, which speaks of the whole server and never says whose picture it is.

A picture counts as ours when our call is under way, something is being drawn, it is not the picture that was being drawn before
we called, and the number of steps fits. Another client's picture of the same number of steps, started in the same moment, cannot
be told apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from providers.contract import Progress, RenderWatch
from providers.errors import ErrorKind, ProviderError

LOADING_LOOKS = 3
"""So many looks without a first step mean a model is being loaded and not just a prompt being read."""


@dataclass(slots=True)
class RunningCall:
    """One drawing call of ours, from its queue to its answer."""

    task: asyncio.Future[Any] | None = None
    foreign: str = ""
    """Time stamp of the picture that was being drawn when we called."""
    steps: int | None = None
    """Steps we asked for; None where the server's own count differs (hires, image-to-image)."""
    drawing: bool = False
    """The server is at work on our picture."""
    cancelled: bool = False
    interrupted: bool = False
    """Somebody interrupted our picture, here or in the web UI. The server answers 200 with an unfinished one."""

    def check(self, name: str) -> None:
        """Raise ``ProviderError`` (CANCELLED) once the picture was cancelled or interrupted."""
        if self.cancelled or self.interrupted:
            raise ProviderError(ErrorKind.CANCELLED, name)

    def see(self, seen: Mapping[str, Any]) -> bool:
        """Take in one answer of ``/progress``; False when nothing is being drawn."""
        state = seen.get("state")
        if not isinstance(state, dict) or not state.get("job_count"):
            self.drawing = False
            return False
        other = bool(self.foreign) and state.get("job_timestamp") == self.foreign
        # ``sampling_steps`` keeps the last picture's number until the first step of this one.
        fits = not state.get("sampling_step") or self.steps is None or state.get("sampling_steps") in _counts(self.steps)
        self.drawing = fits and not other
        self.interrupted = self.interrupted or (self.drawing and bool(state.get("interrupted")))
        return True


def _counts(steps: int) -> tuple[int, int, int]:
    """How servers count so many steps: as they are, or twice with second-order samplers (Heun, DPM2)."""
    return steps, 2 * steps, 2 * steps - 1


async def follow_progress(ask: Callable[[], Awaitable[dict[str, Any] | None]], call: RunningCall, watch: RenderWatch, pause: float) -> None:
    """Report every ``pause`` seconds until cancelled, or until the server turns out to have no progress."""
    looks = 0
    while True:
        await asyncio.sleep(pause)
        try:
            seen = await ask()
        except ProviderError:
            continue  # the drawing call itself tells what is wrong
        if seen is None:
            return
        if not call.see(seen):
            continue
        if not call.drawing:
            watch.progress(Progress("queued"))
            continue
        looks = 0 if seen["state"].get("sampling_step") else looks + 1
        if report := _report(seen, looks):
            watch.progress(report)


def _report(seen: dict[str, Any], looks: int) -> Progress | None:
    if looks >= LOADING_LOOKS:
        return Progress("loading")
    if looks:
        return None
    fraction, eta = seen.get("progress"), seen.get("eta_relative")
    return Progress(
        "drawing",
        fraction=min(1.0, max(0.0, float(fraction))) if isinstance(fraction, int | float) else None,
        eta=float(eta) if isinstance(eta, int | float) and eta > 0 else None,
    )
