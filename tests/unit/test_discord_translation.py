"""What the Discord front end makes of the catalogue, of forms and of texts, without a connection."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain.errors import PlatformError
from bot.engine.commands.all import build_catalogue
from bot.frontends.discord.calls import attempt
from bot.frontends.discord.commands import command_table, direct_options
from bot.frontends.discord.files import Fetcher, Held, shrink
from bot.frontends.discord.forms import submitted
from bot.frontends.discord.pictures import picture_nonce
from bot.frontends.discord.words import addressed, readable

NAME = re.compile(r"^[-_\w]{1,32}$")


def texts(command: dict[str, Any]) -> int:
    """Characters that count towards Discord's 8000 per command."""
    size = len(command["name"]) + len(command.get("description", ""))
    size += sum(len(c["name"]) + len(c["value"]) for c in command.get("choices", ()))
    return size + sum(texts(option) for option in command.get("options", ()))


def test_the_catalogue_keeps_discords_limits() -> None:
    table = command_table(build_catalogue())
    slash = [c for c in table.payload if c["type"] == 1]
    assert len(slash) <= 100
    assert len(table.payload) - len(slash) <= 15
    assert table.left_out == []
    assert len({(c["name"], c["type"]) for c in table.payload}) == len(table.payload)
    for command in slash:
        assert texts(command) <= 8000
        waiting = [command]
        while waiting:
            one = waiting.pop()
            assert NAME.match(one["name"])
            assert one["name"] == one["name"].lower()
            assert 1 <= len(one["description"]) <= 100
            assert len(one.get("options", ())) <= 25
            required = [o.get("required", False) for o in one.get("options", ())]
            assert required == sorted(required, reverse=True)
            assert len(one.get("choices", ())) <= 25
            waiting.extend(one.get("options", ()))


def test_every_command_alias_and_action_is_reachable() -> None:
    catalogue = build_catalogue()
    table = command_table(catalogue)
    reached = {command.name for command in table.paths.values()}
    assert reached == set(catalogue.commands)
    for alias in ("sd", "img", "image"):
        assert table.paths[alias].name == "imagine"
    assert {c.name for c in table.actions.values()} == {c.name for c in catalogue.actions()}
    for command in catalogue.commands.values():
        missing = set(command.options) - set(direct_options(command))
        assert all(o.advanced for o in missing)


def test_the_fingerprint_follows_the_payload() -> None:
    one, other = command_table(build_catalogue()), command_table(build_catalogue())
    assert one.fingerprint == other.fingerprint
    other.payload[0]["description"] = "something else"
    assert one.fingerprint != other.fingerprint


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
