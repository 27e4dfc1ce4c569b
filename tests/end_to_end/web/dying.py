"""Runs the real program and kills it with SIGKILL at one point: ``python -m tests.end_to_end.web.dying POINT ARGUMENTS…``.

``POINT`` is ``module:Class.method``, then ``<`` (die before the call) or ``>`` (die after it), then which call; ``-`` for never.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any


def mine(point: str) -> None:
    """Lay the mine."""
    found = re.fullmatch(r"([\w.]+):(\w+)\.(\w+)([<>])(\d+)", point)
    assert found, point
    owner = getattr(importlib.import_module(found[1]), found[2])
    original: Callable[..., Awaitable[Any]] = getattr(owner, found[3])
    calls = 0

    @functools.wraps(original)
    async def deadly(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        now = calls == int(found[5])
        if now and found[4] == "<":
            os.kill(os.getpid(), signal.SIGKILL)
        result = await original(*args, **more)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, found[3], deadly)


if __name__ == "__main__":
    where, sys.argv = sys.argv[1], ["vignette", *sys.argv[2:]]
    if where != "-":
        mine(where)
    from bot.cli import main

    main()
