"""What the child processes of providers have in common: how they are started."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")
"""Environment a child gets: nothing that could hold a secret."""
_ROOT = Path(__file__).resolve().parents[1]


async def start_child(module: str) -> asyncio.subprocess.Process:
    """Run a module of this project in a Python of its own, with pipes for its input and output. A child is to end when its input
    does, which happens even when this process is killed. It has a session of its own, so that Ctrl-C in a terminal is for the parent,
    which ends its children in order."""
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment["PYTHONPATH"] = str(_ROOT)
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", module)
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True)
