"""What every test gets: a private folder, a clean environment, and no network beyond this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

KEPT = {"VIGNETTE_SHARED"}
_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


class NetworkBlocked(RuntimeError):
    """A test tried to reach another machine."""


def _refuse_strangers(own: socket.socket, address: Any) -> None:
    if own.family not in (socket.AF_INET, socket.AF_INET6):
        return
    host = str(address[0])
    try:
        allowed = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        allowed = host == "localhost"
    if not allowed:
        raise NetworkBlocked(f"tests may only reach this machine, not {host}")


def _guarded_connect(own: socket.socket, address: Any) -> None:
    _refuse_strangers(own, address)
    _connect(own, address)


def _guarded_connect_ex(own: socket.socket, address: Any) -> int:
    _refuse_strangers(own, address)
    return _connect_ex(own, address)


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign,assignment]
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]
    socket.socket.connect_ex = _connect_ex  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _private_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's settings, keys, proxies or data can be touched."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        ours = name.startswith("VIGNETTE_") and name not in KEPT
        if ours or name.upper().endswith(("_API_KEY", "_TOKEN", "_PROXY")) or name.startswith("OPENAI_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Simulators, specifications and recorded exchanges; tests that need them skip where VIGNETTE_SHARED does not lead to them."""
    named = os.environ.get("VIGNETTE_SHARED", "")
    if not named:
        pytest.skip("VIGNETTE_SHARED is not set: simulators, specifications and fixtures are missing")
    folder = Path(named)
    if not folder.is_dir():
        pytest.skip(f"VIGNETTE_SHARED leads to no folder: {named}")
    return folder
