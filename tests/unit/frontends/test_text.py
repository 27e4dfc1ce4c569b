"""Cutting texts: nothing lost, nothing too long, code blocks whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.frontends.text import open_fence, split
from tests.unit.frontends.markdown import MARKDOWN


def words(text: str) -> str:
    return "".join(text.split())


@given(st.text(max_size=600), st.integers(1, 120))
def test_nothing_is_lost_and_nothing_too_long(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert words("".join(pieces)) == words(text)


@settings(max_examples=60)
@given(MARKDOWN, st.integers(128, 400))
def test_with_code_blocks_only_fences_are_added(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(len(piece) <= limit for piece in pieces)
    fence = re.compile(r"^ {0,3}`{3,8}[^`\n]*$", re.MULTILINE)
    assert words(fence.sub("", "\n".join(pieces))) == words(fence.sub("", text))
    assert all(open_fence(piece) is None for piece in pieces[:-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One two.\n\nThree four five.", ["One two.", "Three four five."]),
        ("One two three\nfour five six", ["One two three", "four five six"]),
        ("One two three. Four five six", ["One two three.", "Four five six"]),
        ("One two three four five six", ["One two three four", "five six"]),
        ("x" * 25, ["x" * 20, "x" * 5]),
        (" \n ", []),
        ("short", ["short"]),
    ],
)
def test_the_best_place_is_chosen(text: str, expected: list[str]) -> None:
    assert split(text, 20) == expected


def test_a_code_block_is_closed_and_opened_again_with_its_language() -> None:
    text = "Look:\n```python\n" + "\n".join(f"    x = {n}" for n in range(60)) + "\n```\nDone."
    pieces = split(text, 300)
    assert len(pieces) > 2
    assert all(piece.startswith("```python\n    x = ") and piece.count("```") == 2 for piece in pieces[1:-1])
    code = "\n".join(line for piece in pieces for line in piece.splitlines() if line.startswith("    x"))
    assert code == "\n".join(f"    x = {n}" for n in range(60))


def test_joined_characters_stay_together() -> None:
    family = "👨‍👩‍👧"
    pieces = split("x" * 17 + family + "y" * 10, 20)
    assert pieces[1].startswith(family)


def test_another_measure_counts() -> None:
    pieces = split("🙂" * 30, 20, lambda text: len(text.encode("utf-16-le")) // 2)
    assert [len(piece) for piece in pieces] == [10, 10, 10]


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="limit"):
        split("x", 0)
