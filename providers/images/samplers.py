"""Finds a service's spelling of a sampler: people say «DPM++ 2M Karras», services ``k_dpmpp_2m``, ``dpm++2m`` or «DPM++ 2M Karras»."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from providers.contract import Dropped

SCHEDULES = ("karras", "polyexponential", "exponential", "ays", "trailing", "substep", "simple", "beta", "uniform")


@dataclass(frozen=True, slots=True)
class Choice:
    """A sampler in the service's spelling, and the noise schedule that was part of the wish («Karras»), lower case or empty."""

    sampler: str | None
    schedule: str = ""


def plain(name: str) -> str:
    """One spelling for all: ``k_euler_ancestral``, «Euler a» and ``euler_a`` become ``eulera``."""
    lower = name.lower().removeprefix("k_").replace("++", "pp").replace("ancestral", "a")
    return re.sub(r"[^a-z0-9]+", "", lower)


def split(name: str) -> tuple[str, str]:
    """The plain sampler and the schedule at its end: «DPM++ 2M Karras» is ``dpmpp2m`` and ``karras``."""
    text = plain(name)
    for schedule in SCHEDULES:
        if text.endswith(schedule) and len(text) > len(schedule):
            return text.removesuffix(schedule), schedule
    return text, ""


def choose(wanted: str | None, known: Iterable[str], schedule: str | None = None) -> Choice:
    """The service's name for a wish; ``sampler`` is None when nothing was wished or the service has nothing like it.

    ``schedule`` is a wish of its own and counts more than one at the end of the sampler's name. Where the service's names carry
    schedules, the one with the wished schedule is taken, else the first of that sampler.
    """
    if not wanted:
        return Choice(None, plain(schedule or ""))
    names = list(known)
    base, said = split(wanted)
    wish = plain(schedule or "") or said
    exact = {plain(name): name for name in reversed(names)}
    found = exact.get(base + wish) or exact.get(base) or next((name for name in names if split(name)[0] == base), None)
    return Choice(found or exact.get(plain(wanted)), wish)


def unknown(setting: str, wanted: str, name: str) -> Dropped:
    """The report that a service does not know a sampler or scheduler and uses its own."""
    return Dropped(setting, f"{name} does not know «{wanted[:80]}»")
