"""The table that ``make bench`` prints: each figure beside what was measured as its floor in the same run."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One line. ``bound`` is the project's own limit in words; ``kept`` None means that there is none to keep."""

    name: str
    measured: str
    floor: str = "–"
    bound: str = "–"
    ratio: str = "–"
    kept: bool | None = None
    note: str = ""


@dataclass(slots=True)
class Table:
    """All lines of a run. Timings never fail a run: other work on the machine moves them."""

    figures: list[Figure] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)

    def lines(self) -> list[str]:
        heads = ("figure", "measured", "floor", "bound", "ratio", "kept")
        words = {True: "yes", False: "NO", None: ""}
        rows = [heads, *((f.name, f.measured, f.floor, f.bound, f.ratio, words[f.kept]) for f in self.figures)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        table.insert(1, "  ".join("─" * width for width in widths))
        return [*table, *(f"· {f.name}: {f.note}" for f in self.figures if f.note)]


@dataclass(slots=True)
class Spent:
    """CPU and wall time of a block, in seconds; every thread of this process counts, other processes do not."""

    cpu: float = 0
    wall: float = 0


@contextmanager
def spending() -> Iterator[Spent]:
    """Measure a block."""
    spent, cpu, wall = Spent(), time.process_time(), time.perf_counter()
    yield spent
    spent.cpu, spent.wall = time.process_time() - cpu, time.perf_counter() - wall


class LoopWatch:
    """The longest time the event loop did not come back to us, in seconds, and the CPU this thread used in it: on a busy machine
    another process may have had the core."""

    def __init__(self, every: float = 0.001) -> None:
        self._every = every
        self.longest = 0.0
        self.longest_cpu = 0.0

    async def __aenter__(self) -> LoopWatch:
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0.02)
        self.longest = self.longest_cpu = 0.0
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            wall, cpu = time.perf_counter(), time.thread_time()
            await asyncio.sleep(self._every)
            self.longest = max(self.longest, time.perf_counter() - wall - self._every)
            self.longest_cpu = max(self.longest_cpu, time.thread_time() - cpu)


def percentile(values: list[float], share: float) -> float:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def resident(pid: int | None = None) -> float:
    """Resident memory in MB (Linux; 0 elsewhere)."""
    try:
        words = Path(f"/proc/{pid or os.getpid()}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def load() -> str:
    """How busy the machine is, for judging the timings."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
