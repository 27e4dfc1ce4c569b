"""Styles as files."""

from __future__ import annotations

import json

import pytest

from bot.domain.errors import BadFile
from bot.engine.pictures.style_files import read_styles, write_styles
from bot.storage.records import Style

INK = Style("Ink & Gold", "ink drawing, {prompt}, {{getvar::mood}}", "colour")


def test_what_is_written_is_read() -> None:
    file = write_styles(INK.name, [INK, Style("Bare", "", "")])
    assert (file.name, file.mime) == ("Ink-Gold.style.json", "application/json")
    assert read_styles(file.data) == [INK, Style("Bare", "", "")]


@pytest.mark.parametrize("wrapped", [False, True])
def test_sillytaverns_styles_are_read(wrapped: bool) -> None:
    style = {"name": "Ink", "prefix": "ink", "negative": "colour", "unknown": 1}
    assert read_styles(json.dumps([style] if wrapped else style).encode("utf-8-sig")) == [Style("Ink", "ink", "colour")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no styles"),
        (b"3", "no styles"),
        (b"{}", "no name"),
        (b'[{"name": " "}]', "no name"),
        (b'[{"name": "a", "prefix": 3}]', "prefix is no text"),
        (json.dumps([{"name": "a", "negative": "x" * 2001}]).encode(), "at most 2000"),
        (json.dumps([{"name": "a"}] * 51).encode(), "at most 50"),
    ],
)
def test_other_files_are_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        read_styles(data)
