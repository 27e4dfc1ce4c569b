"""What the Discord front end makes of handles, addresses, forms and texts, without a connection."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain.errors import PlatformError
from bot.frontends.discord.calls import attempt
from bot.frontends.discord.files import Fetcher, Held, shrink
from bot.frontends.discord.forms import submitted
from bot.frontends.discord.pictures import picture_nonce
from bot.frontends.discord.words import addressed, readable


@pytest.mark.parametrize("handle", [None, "", "{}", "nonsense", "[]", '{"message": "1", "file": "x", "name": "a"}', "12"])
def test_strange_handles_are_no_handles(handle: str | None) -> None:
    assert Held.read(handle) is None


def test_handles_come_back() -> None:
    held = Held("123", 456, "take-01.png")
    assert Held.read(held.handle()) == held


def test_nonces_fit_and_differ_by_replaced_post() -> None:
    assert picture_nonce("k1", None) == picture_nonce("k1", None)
    assert len({picture_nonce("k1", None), picture_nonce("k1", "5"), picture_nonce("k2", None)}) == 3
    assert len(picture_nonce("k" * 60, "9" * 20)) <= 25


async def test_only_discords_files_are_fetched() -> None:
    official, local = Fetcher("https://discord.com/api/v10"), Fetcher("http://127.0.0.1:8790/api/v10")
    good = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=1"
    assert official.allowed(good)
    assert local.allowed(good)
    assert local.allowed("http://127.0.0.1:8790/attachments/1/2/a.png")
    for bad in (
        "http://cdn.discordapp.com/a",
        "https://cdn.discordapp.com:8443/a",
        "https://discord.com/a",
        "http://127.0.0.1:8790/a",
        "ftp://x",
    ):
        assert not official.allowed(bad)
    for bad in ("http://127.0.0.1:1/a", "https://127.0.0.1:8790/a", "http://127.0.0.1@evil.example:8790/a", "not an address"):
        assert not local.allowed(bad)
    await official.close()
    await local.close()


def test_modal_values_in_labels_and_rows() -> None:
    label = {"type": 18, "component": {"type": 4, "custom_id": "a", "value": "1"}}
    row = {"type": 1, "components": [{"type": 4, "custom_id": "b", "value": None}]}
    assert submitted({"components": [label, row, {"type": 10, "content": "text"}]}) == {"a": "1", "b": ""}


def test_what_is_no_image_cannot_be_shrunk() -> None:
    with pytest.raises(PlatformError):
        shrink(b"\x89PNG not really", 10)


ME = SimpleNamespace(id=100000000000000001, name="vignette", display_name="Vignette")


def message(text: str, *mentions: Any) -> Any:
    return SimpleNamespace(content=text, mentions=mentions, guild=None, reference=None)


def test_mentions_become_names() -> None:
    ada = SimpleNamespace(id=100000000000000002, display_name="Ada")
    text = f"<@{ME.id}> tell <@!{ada.id}> and <@100000000000000009> in <#100000000000000003> <a:wave:100000000000000004>"
    assert readable(message(text, ME, ada), text, ME.id) == "tell Ada and somebody in #channel :wave:"


@pytest.mark.parametrize(
    ("text", "called"), [("hey Vignette!", True), ("VIGNETTE?", True), ("vignettes are nice", False), ("hello", False)]
)
def test_called_by_name(text: str, called: bool) -> None:
    assert addressed(message(text), ME) is called  # type: ignore[arg-type]


async def test_only_lost_answers_are_tried_again() -> None:
    calls = 0

    async def lost() -> None:
        nonlocal calls
        calls += 1
        raise ConnectionResetError(104, "reset")

    with pytest.raises(PlatformError) as caught:
        await attempt(lost, tries=3, pause=0)
    assert caught.value.uncertain
    assert calls == 3

    async def closed() -> None:
        nonlocal calls
        calls += 1
        raise RuntimeError("Session is closed")

    with pytest.raises(PlatformError, match="not connected"):
        await attempt(closed, tries=3, pause=0)
    assert calls == 4
