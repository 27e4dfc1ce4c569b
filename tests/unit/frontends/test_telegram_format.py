"""Markdown to Telegram's HTML: always balanced, never longer, nothing a reader would miss."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.frontends.telegram.format import TEXT_LIMIT, clean, measure, to_html, visible
from bot.frontends.text import split
from tests.end_to_end.telegram.standin import read_html
from tests.unit.frontends.markdown import MARKDOWN

SIMULATOR = Path(os.environ.get("VIGNETTE_SHARED") or "/nonexistent") / "sim" / "telegram"


@settings(max_examples=300, deadline=None)
@given(MARKDOWN | st.text(max_size=400))
def test_any_text_becomes_html_that_is_taken(text: str) -> None:
    rendered = to_html(text)
    assert read_html(rendered) == visible(rendered).strip()
    assert len(visible(rendered)) <= len(clean(text))
    assert bool(visible(rendered).strip()) == bool(clean(text).strip())


@settings(max_examples=300, deadline=None)
@given(MARKDOWN)
def test_letters_and_digits_are_never_lost(text: str) -> None:
    shown = visible(to_html(text))
    fences = ("```py", "```")
    kept = "\n".join(line for line in clean(text).split("\n") if not line.strip().startswith(fences))
    assert {c for c in kept if c.isalnum()} - {c for c in shown if c.isalnum()} == set()


@settings(max_examples=40, deadline=None)
@given(st.lists(MARKDOWN, min_size=5, max_size=25).map(" ".join))
def test_pieces_fit_into_messages(text: str) -> None:
    for piece in split(text, 500, measure):
        assert measure(piece) <= 500
        assert len(to_html(piece).encode()) <= 32 * 1024


@settings(max_examples=200, deadline=None)
@given(MARKDOWN | st.text(max_size=300))
def test_the_simulator_takes_it(text: str) -> None:
    if not SIMULATOR.is_dir():
        pytest.skip("VIGNETTE_SHARED has no Telegram simulator")
    if str(SIMULATOR) not in sys.path:
        sys.path.insert(0, str(SIMULATOR))
    from tgsim.text import parse  # type: ignore[import-not-found,unused-ignore]

    rendered = to_html(text)
    shown, _ = parse(rendered, "HTML")
    assert "".join(shown.split()) == "".join(visible(rendered).split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*She smiles.* Hi", "<i>She smiles.</i> Hi"),
        ("**bold *and italic***", "<b>bold <i>and italic</i></b>"),
        ("***both***", "<b><i>both</i></b>"),
        ("_act_ snake_case_name", "<i>act</i> snake_case_name"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("~~no~~ ||secret||", "<s>no</s> <tg-spoiler>secret</tg-spoiler>"),
        ("`a<b` and ``x`y``", "<code>a&lt;b</code> and <code>x`y</code>"),
        ("```py\nif x < 1:\n    pass\n```", '<pre><code class="language-py">if x &lt; 1:\n    pass</code></pre>'),
        ("```\nopen", "<pre>open</pre>"),
        ("> said *she*\n> twice\nme", "<blockquote>said <i>she</i>\ntwice</blockquote>\nme"),
        ("# Chapter", "<b>Chapter</b>"),
        ("[here](https://x.y/z)", "here (https://x.y/z)"),
        ("![mill](https://x.y/z.png)", "mill (https://x.y/z.png)"),
        ("\\*no\\* R&D <b>", "*no* R&amp;D &lt;b&gt;"),
        ("*open\n\nnext*", "*open\n\nnext*"),
        ("**unclosed", "**unclosed"),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert to_html(text) == expected


@pytest.mark.parametrize("unit", ["*a ", "**", "_a", "`", "[", "[a](", "> ", "~~a", "||a", "*_~~", "a**b*", "***"])
def test_hostile_repetition_is_cheap(unit: str) -> None:
    began = time.process_time()
    rendered = to_html(unit * (4 * TEXT_LIMIT // len(unit)))
    assert visible(rendered).strip()
    assert time.process_time() - began < 5  # quadratic work would take minutes
