"""Chat-model Markdown to Telegram's HTML.

Bot API, formatting options: only a few tags exist, ``& < >`` must be escaped, tags must be balanced, and newlines are newlines.
Everything a model may write becomes valid HTML; what is not understood stays as the characters that were written.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from bot.frontends.text import FENCE

TEXT_LIMIT = 4096
"""Characters of a message after its formatting was read (Bot API: sendMessage)."""
CAPTION_LIMIT = 1024
"""Characters of a caption after its formatting was read (Bot API: sendPhoto)."""
_RAW_LIMIT = 32 * 1024
"""Bytes a text may have before its formatting is read (source of the official server)."""
_DEPTH = 6
_SPANS = (("***", "<b><i>", "</i></b>"), ("**", "<b>", "</b>"), ("__", "<b>", "</b>"), ("~~", "<s>", "</s>"),
          ("||", "<tg-spoiler>", "</tg-spoiler>"), ("*", "<i>", "</i>"), ("_", "<i>", "</i>"))  # fmt: skip
_SPECIAL = re.compile(r"[\\`*_~|]|!?\[")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\(\s*<?([^()\s<>]{1,2000})>?\s*\)")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*$")
_QUOTE = re.compile(r"^ {0,3}>[ \t]?(.*)$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TAG = re.compile(r"<[^<>]*>")


def clean(text: str) -> str:
    """``text`` without what cannot be sent: control characters and halves of surrogate pairs."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).encode("utf-8", "replace").decode()


def to_html(text: str) -> str:
    """Balanced Telegram HTML of a text in chat-model Markdown. Not longer than the text once its formatting was read."""
    rendered = "\n".join(_blocks(clean(text)))
    return rendered if visible(rendered).strip() else escape(clean(text))


def escape(text: str) -> str:
    """``text`` as HTML that shows exactly it."""
    return html.escape(text, quote=False)


def visible(rendered: str) -> str:
    """What people read of HTML made here."""
    return html.unescape(_TAG.sub("", rendered))


def measure(text: str) -> int:
    """How much of a message's limit a Markdown text takes: its visible characters, or its bytes where markup is very dense."""
    rendered = to_html(text)
    return max(len(visible(rendered)), -(-len(rendered.encode()) * TEXT_LIMIT // _RAW_LIMIT))


def _blocks(text: str) -> list[str]:
    """Lines of HTML: code blocks, quotes, headings and paragraphs."""
    out: list[str] = []
    lines = text.split("\n")
    position = 0
    while position < len(lines):
        line = lines[position]
        if fence := FENCE.match(line):
            block, position = _code(lines, position + 1, fence[1], fence[2].strip())
            out.append(block)
        elif _QUOTE.match(line):
            start = position
            while position < len(lines) and _QUOTE.match(lines[position]):
                position += 1
            inside = "\n".join(_QUOTE.sub(r"\1", quoted) for quoted in lines[start:position])
            out.append(f"<blockquote>{_inline(inside)}</blockquote>" if inside.strip() else escape("\n".join(lines[start:position])))
        elif heading := _HEADING.match(line):
            out.append(f"<b>{_inline(heading[1])}</b>" if heading[1].strip() else escape(line))
            position += 1
        else:
            start = position
            while position < len(lines) and not _starts_block(lines[position], position == start):
                position += 1
            out.append(_inline("\n".join(lines[start:position])))
    return out


def _starts_block(line: str, first: bool) -> bool:
    """Whether a paragraph ends before this line. A blank line is a paragraph of its own, so that no span reaches across it."""
    return not first and (not line.strip() or bool(FENCE.match(line) or _QUOTE.match(line) or _HEADING.match(line)))


def _code(lines: list[str], start: int, ticks: str, language: str) -> tuple[str, int]:
    """A code block from its first line on; an unclosed one reaches to the end."""
    end = start
    while end < len(lines):
        closing = FENCE.match(lines[end])
        if closing and not closing[2].strip() and len(closing[1]) >= len(ticks):
            break
        end += 1
    body = escape("\n".join(lines[start:end]))
    if not body.strip():
        return escape("\n".join(lines[start - 1 : end + 1])), end + 1
    if re.fullmatch(r"[\w+#.-]{1,20}", language):
        return f'<pre><code class="language-{html.escape(language)}">{body}</code></pre>', end + 1
    return f"<pre>{body}</pre>", end + 1


@dataclass(slots=True)
class _Inline:
    """One run over a paragraph. ``barren`` notes which delimiters have no closing one ahead, so that hostile text stays cheap."""

    text: str
    depth: int
    barren: set[str] = field(default_factory=set)
    out: list[str] = field(default_factory=list)

    def run(self) -> str:
        position = 0
        while found := _SPECIAL.search(self.text, position):
            self.out.append(escape(self.text[position : found.start()]))
            position = self._at(found.start())
        self.out.append(escape(self.text[position:]))
        return "".join(self.out)

    def _at(self, start: int) -> int:
        """Handle the special character at ``start``; where to go on."""
        character = self.text[start]
        if character == "\\":
            return self._escaped(start)
        if character == "`":
            return self._code(start)
        if character in "[!":
            return self._link(start)
        for delimiter, opening, closing in _SPANS:
            if self.text.startswith(delimiter, start) and self._opens(delimiter, start):
                end = self._end(delimiter, start + len(delimiter))
                if end is not None:
                    inner = _inline(self.text[start + len(delimiter) : end], self.depth + 1)
                    self.out.append(f"{opening}{inner}{closing}")
                    return end + len(delimiter)
        run = re.compile(re.escape(character) + "+").match(self.text, start)
        assert run is not None  # the character itself matches
        self.out.append(escape(run[0]))
        return run.end()

    def _escaped(self, start: int) -> int:
        following = self.text[start + 1 : start + 2]
        if following and following in "\\`*_~|[]()#>":
            self.out.append(escape(following))
            return start + 2
        self.out.append("\\")
        return start + 1

    def _code(self, start: int) -> int:
        ticks = re.compile("`+").match(self.text, start)
        assert ticks is not None  # there is one
        mark = ticks[0]
        end = -1 if mark in self.barren else self._lone(mark, ticks.end())
        body = self.text[ticks.end() : end].strip("\n")
        if end < 0 or not body.strip():
            if end < 0:
                self.barren.add(mark)
            self.out.append(escape(mark))
            return ticks.end()
        self.out.append(f"<code>{escape(body)}</code>")
        return end + len(mark)

    def _lone(self, mark: str, start: int) -> int:
        """The next row of exactly these backticks, or -1."""
        found = re.compile(rf"(?<!`){mark}(?!`)").search(self.text, start)
        return found.start() if found else -1

    def _link(self, start: int) -> int:
        found = _LINK.match(self.text, start)
        if found is None:
            self.out.append(self.text[start])
            return start + 1
        words, address = found[1].strip(), found[2]
        shown = address if not words or words == address else f"{words} ({address})"
        self.out.append(escape(shown))
        return found.end()

    def _opens(self, delimiter: str, start: int) -> bool:
        if self.depth >= _DEPTH or delimiter in self.barren:
            return False
        following = self.text[start + len(delimiter) : start + len(delimiter) + 1]
        if not following or following.isspace() or (delimiter in ("*", "_") and following == delimiter):
            return False
        return not (delimiter[0] == "_" and start and _is_word(self.text[start - 1]))

    def _end(self, delimiter: str, start: int) -> int | None:
        """Where the span that began before ``start`` is closed."""
        end = self.text.find(delimiter, start + 1)
        while end >= 0:
            after = self.text[end + len(delimiter) : end + len(delimiter) + 1]
            longer = len(delimiter) < 3 and delimiter[0] in "*_" and (after == delimiter[0] or self.text[end - 1] == delimiter[0])
            if longer and len(delimiter) == 2 and after == delimiter[0] and self.text[end + 3 : end + 4] != delimiter[0]:
                end += 1  # **bold *and italic***: the outer mark is the last two
                longer = False
            word = delimiter[0] == "_" and bool(after) and _is_word(after)
            if not longer and not self.text[end - 1].isspace() and not word:
                return end
            skip = end + 1
            while skip < len(self.text) and longer and self.text[skip] == delimiter[0]:
                skip += 1
            end = self.text.find(delimiter, skip)
        self.barren.add(delimiter)
        return None


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _inline(text: str, depth: int = 0) -> str:
    return _Inline(text, depth).run()
