"""Words of people and models as HTML: a handful of tags, everything else escaped, whatever is thrown at it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.frontends.web.markup import to_html

ALLOWED = {"p", "em", "strong", "del", "code", "pre", "br"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "<p>plain</p>"),
        ("*act* **loud** _soft_ ~~gone~~", "<p><em>act</em> <strong>loud</strong> <em>soft</em> <del>gone</del></p>"),
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        ("2 * 3 * 4 and snake_case_name", "<p>2 * 3 * 4 and snake_case_name</p>"),
        ("`a *b*`", "<p><code>a *b*</code></p>"),
        ("```py\nx < 1\n```", "<pre><code>x &lt; 1</code></pre>"),
        ("```\nopen", "<pre><code>open</code></pre>"),
        ("<b>&amp;</b>", "<p>&lt;b&gt;&amp;amp;&lt;/b&gt;</p>"),
        ("[here](javascript:alert(1))", "<p>[here](javascript:alert(1))</p>"),
        ("", ""),
    ],
)  # fmt: skip
def test_examples(text: str, html: str) -> None:
    assert to_html(text) == html


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED or attrs:
            self.wrong.append(tag)


@given(st.text(st.sampled_from("ab *_`~\n<>&\"'\0/1x!-"), max_size=80))
def test_only_our_tags_without_attributes(text: str) -> None:
    html = str(to_html(text))
    tags = _Tags()
    tags.feed(html)
    assert tags.wrong == []
    assert set(re.findall(r"<(?!/?(?:p|em|strong|del|code|pre|br)>)", html)) == set()


@pytest.mark.parametrize("text", ["*" * 20_000, "_a" * 10_000, "`" * 20_001, "**a" * 5_000, "~~ " * 7_000, "\n" * 20_000])
def test_long_nonsense_is_quick(text: str) -> None:
    assert len(to_html(text)) < 20 * len(text) + 100
