"""The light Markdown of chat models as safe HTML. Everything is escaped first; only a handful of tags is ever produced."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_CODE_BLOCK = re.compile(r"```[^\n`]{0,20}\n?(.*?)(?:```|\Z)", re.DOTALL)
_RULES = (
    (re.compile(r"`([^`\n]{1,500})`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(?=\S)([^\n]{1,1000}?)(?<=\S)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^\n*]{1,2000}?)(?<=\S)\*(?![\w*])"), r"<em>\1</em>"),
    (re.compile(r"(?<![\w_])_(?=[^\s_])([^\n_]{1,2000}?)(?<=\S)_(?![\w_])"), r"<em>\1</em>"),
    (re.compile(r"~~(?=\S)([^\n]{1,1000}?)(?<=\S)~~"), r"<del>\1</del>"),
)


def to_html(text: str) -> Markup:
    """Paragraphs, emphasis and code; anything else stays as typed."""
    pieces: list[str] = []
    last = 0
    for block in _CODE_BLOCK.finditer(text):
        pieces.append(_prose(text[last : block.start()]))
        pieces.append(f"<pre><code>{escape(block[1].strip())}</code></pre>")
        last = block.end()
    pieces.append(_prose(text[last:]))
    return Markup("".join(pieces))  # noqa: S704 - every piece was escaped above


def _prose(text: str) -> str:
    paragraphs = (p.strip("\n") for p in re.split(r"\n[ \t]*\n", text))
    return "".join(f"<p>{_inline(p)}</p>" for p in paragraphs if p.strip())


def _inline(text: str) -> str:
    html = str(escape(text))
    codes: list[str] = []

    def keep(match: re.Match[str]) -> str:
        codes.append(f"<code>{match[1]}</code>")
        return f"\0{len(codes) - 1}\0"

    html = _RULES[0][0].sub(keep, html.replace("\0", ""))
    for pattern, replacement in _RULES[1:]:
        html = pattern.sub(replacement, html)
    html = re.sub("\0(\\d+)\0", lambda m: codes[int(m[1])], html)
    return html.replace("\n", "<br>")
