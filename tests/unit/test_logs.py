"""The log: one redaction for everything, our lines and everybody else's."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot.logs import HIDDEN, redactor, set_up_logs
from bot.settings import LogSettings

SECRET = 'se"cret\\token-äö'


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = before, level
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(captured: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.splitlines()]


@pytest.mark.parametrize(
    "text",
    [
        "https://api.telegram.org/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0/getMe",
        "Authorization: Bearer abcdefghijklmnop",
        "https://discord.com/api/v10/webhooks/123456789012345678/" + "aB3-_" * 13,
        "key sk-abcdefghijklmnopqrstuv",
        "https://x.example/v1?key=abcdef123",
        "postgresql://user:pass@db/vignette",
        "MTAwMDAwMDAwMDAwMDAwMDAw.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB",
    ],
)
def test_token_shapes_are_hidden(text: str) -> None:
    assert HIDDEN in redactor(())(text)


@pytest.mark.parametrize("text", ["a cat on the moon, 512x768", "discord:123456789012345678", "https://example.org/a?b=c", "12:30:45"])
def test_plain_words_are_left_alone(text: str) -> None:
    assert redactor(["unrelated"])(text) == text


def test_a_secret_is_hidden_in_message_field_and_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(LogSettings(format="json"), [SECRET])
    log = structlog.get_logger("test")
    try:
        raise ValueError(f"refused {SECRET}")
    except ValueError:
        log.exception("failed with %s", SECRET, url=f"https://x/{SECRET}", deep={"list": [SECRET]})
    told = capsys.readouterr().err
    (line,) = lines(told)
    assert "token-" not in told
    assert HIDDEN in line["event"]
    assert HIDDEN in line["exception"]
    assert line["deep"] == {"list": [HIDDEN]}
    assert line["level"] == "error"


def test_other_libraries_are_redacted_and_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(LogSettings(format="json"), ["hunter2-hunter2"])
    logging.getLogger("httpx").info("GET https://example.org")
    logging.getLogger("httpx").warning("password %s", "hunter2-hunter2")
    logging.getLogger("somebody").info("hello %s", "there")
    assert [line["event"] for line in lines(capsys.readouterr().err)] == [f"password {HIDDEN}", "hello there"]


def test_the_level_holds(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(LogSettings(format="console", level="warning"))
    structlog.get_logger("test").info("quiet")
    structlog.get_logger("test").warning("loud", number=3)
    told = capsys.readouterr().err
    assert "quiet" not in told
    assert "loud" in told
    assert "number=3" in told
