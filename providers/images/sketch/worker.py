"""The child process that draws.

Run as ``python -m providers.images.sketch.worker``. Each line on standard input is a JSON object with the arguments of ``draw``; the
answer is a JSON line with ``names`` and ``size``, and that many bytes of PNG, or a JSON line with ``error``. It lives until standard
input closes, which happens even when the parent is killed.
"""

from __future__ import annotations

import json
import os
import sys
from typing import BinaryIO

NICENESS = 5
"""The bot's event loop goes before drawing."""


def answer(request: dict[str, object], out: BinaryIO) -> None:
    """Draw one picture. Whatever goes wrong with it is told, for the next one may go well."""
    from providers.images.sketch.drawing import draw

    try:
        png, names = draw(**request)  # type: ignore[arg-type]
    except Exception as error:
        out.write(json.dumps({"error": f"{type(error).__name__}: {error}"[:300]}).encode() + b"\n")
    else:
        out.write(json.dumps({"names": names, "size": len(png)}).encode() + b"\n")
        out.write(png)
    out.flush()


def main() -> None:
    """Draw until standard input ends."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not be taken for our answer
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    for line in sys.stdin.buffer:
        answer(json.loads(line), out)


if __name__ == "__main__":
    main()
