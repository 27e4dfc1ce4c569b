"""The child process: llama.cpp's server on loopback, for the parent alone.

Run as ``python -m providers.embedded.server``. One JSON line on standard input configures it, one JSON line on standard output says
where it listens; then it lives until standard input closes, which happens even when the parent is killed.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

NICENESS = 5
"""The bot's event loop goes before the model's arithmetic."""
PROMPT_CACHE_MIB = 64


def parameters(settings: dict[str, Any]) -> Any:
    """llama.cpp's parameters. ``key`` guards the port: without one, any web page could talk to it."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [settings["key"]]
    params.n_ctx = settings["window"]
    params.n_parallel = 1
    params.cpuparams.n_threads = settings["threads"]
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 0
    if settings.get("chat_template"):
        params.chat_template = settings["chat_template"]
    return params


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the library prints must not be taken for our answer
    settings = json.loads(sys.stdin.readline())
    os.nice(NICENESS)
    import xllamacpp

    server = xllamacpp.Server(parameters(settings))
    answers.write(json.dumps({"url": server.listening_address}) + "\n")
    answers.flush()
    while sys.stdin.read(4096):
        pass
    # The library's threads do not end in an orderly way; nothing here needs saving.
    os._exit(0)


if __name__ == "__main__":
    main()
