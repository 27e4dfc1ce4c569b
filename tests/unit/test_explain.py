"""``vignette explain``: lines in, lines out, whatever the lines are."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from bot.explain import LINE_LIMIT, answer_lines, backend_lines, registered
from bot.settings_load import load_settings
from providers.registry import Row, chat_rows, image_rows


def echo(question: dict[str, Any]) -> dict[str, Any]:
    if question.get("mode") == "bad":
        raise ValueError("no such\nmode")
    return {"text": question["text"]}


def answers(*lines: bytes) -> list[dict[str, Any]]:
    out = io.BytesIO()
    answer_lines(lines, echo, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_line_is_answered_before_the_next_is_read() -> None:
    out = io.BytesIO()

    def lines() -> Any:
        yield b'{"text": "a"}\n'
        assert out.getvalue() == b'{"text": "a"}\n'
        yield b'{"text": "b"}\n'

    answer_lines(lines(), echo, out)
    assert out.getvalue().count(b"\n") == 2


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"nonsense", "not JSON"),
        (b"[1]", "expected a JSON object"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"t": 1}', "'text' is missing"),
        (b'{"mode": "bad"}', "no such mode"),
        (b'"' + b"x" * LINE_LIMIT + b'"', "a line may have"),
    ],
)
def test_a_bad_line_does_not_end_it(line: bytes, error: str) -> None:
    first, second = answers(line, b'{"text": "fine"}')
    assert error in first["error"]
    assert second == {"text": "fine"}


def test_empty_lines_are_passed_over_and_all_characters_survive() -> None:
    assert answers(b"\n", b"  \r\n", '{"text": "ä«»😀\\ud800"}'.encode()) == [{"text": "ä«»😀\ud800"}]


async def test_every_registered_provider_is_listed_with_capabilities() -> None:
    settings = load_settings(
        None, {"VIGNETTE_IMAGES__LOCAL__PROVIDER": "automatic1111", "VIGNETTE_IMAGES__LOCAL__BASE_URL": "http://127.0.0.1:9"}
    )
    lines = [line async for line in backend_lines(settings)]
    registered = {(line["kind"], line["name"]): line for line in lines if line["configured_as"] is None}
    assert {("chat", "openai"), ("chat", "custom"), ("images", "comfyui"), ("images", "automatic1111")} <= set(registered)
    assert registered["chat", "openai"]["capabilities"]["tools"] is True
    assert registered["images", "comfyui"]["capabilities"]["workflows"] is True
    local = [line for line in lines if line["configured_as"] == "local"]
    assert local[0]["capabilities"]["negative"] is True
    assert local[-1]["error"], "an unreachable server is named"


@pytest.mark.parametrize("row", [*image_rows().values(), *chat_rows().values()], ids=lambda row: row.kind)
def test_every_option_of_a_provider_is_explained(row: Row) -> None:
    line = registered("images" if row.kind in image_rows() and image_rows()[row.kind] is row else "chat", row)
    assert "error" not in line
    assert [name for name, option in line["options"].items() if not option["help"]] == []
