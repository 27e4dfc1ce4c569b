"""The templates in ``prompts``."""

from __future__ import annotations

from pathlib import Path

import pytest

import prompts
from prompts import BadTemplate


@pytest.mark.parametrize("name", prompts.REQUIRED)
def test_every_template_is_there_and_holds_what_it_must(name: str) -> None:
    text = prompts.load(name)
    prompts.check(name, text)
    assert text == text.strip()


def test_there_is_no_file_without_a_name() -> None:
    files = {path.stem for path in Path(prompts.__file__).parent.glob("*.txt")}
    assert files == set(prompts.REQUIRED)


def test_unknown_names() -> None:
    with pytest.raises(BadTemplate, match="nonsense"):
        prompts.load("nonsense")
    with pytest.raises(BadTemplate, match="known"):
        prompts.load("../pyproject")


def test_the_hosts_template_replaces_the_builtin_one_and_goes_again() -> None:
    assert prompts.load("mode_you", {"mode_you": " Only {{ CHAR }}. "}) == "Only {{ CHAR }}."
    assert prompts.load("mode_you", {"mode_me": "x {{user}}"}) == prompts.load("mode_you")


@pytest.mark.parametrize("text", ["", "no variable", "{char}", "{{characters}}"])
def test_a_template_without_its_variables_is_refused(text: str) -> None:
    with pytest.raises(BadTemplate, match="mode_you"):
        prompts.load("mode_you", {"mode_you": text})


def test_overrides_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "mode_me.txt").write_text("Draw {{#if user}}{{user}}{{/if}} ü\n", encoding="utf-8")
    (tmp_path / "notes.md").write_text("ignored", encoding="utf-8")
    assert prompts.overrides_from(tmp_path) == {"mode_me": "Draw {{#if user}}{{user}}{{/if}} ü"}


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("mode_mee.txt", b"x", "no template"),
        ("mode_me.txt", b"x", "user"),
        ("mode_me.txt", b"\xff", "UTF-8"),
        ("mode_me.txt", b"x" * 70_000, "larger"),
    ],
)
def test_bad_overrides_are_named(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadTemplate, match=reason):
        prompts.overrides_from(tmp_path)
