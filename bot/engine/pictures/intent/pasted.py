"""Pasted text: articles, letters, manuals and notes which a player shows, not says."""

from __future__ import annotations

import re

from bot.engine.pictures.intent.fold import MASK

LONG = 420
"""A paragraph with more spoken characters than this is shown, not said; its first and last sentence may still speak when it stands alone."""
SHOWN_AFTER_INTRODUCTION = 120
LAST_WORD = 220
"""A closing paragraph up to this long speaks for the player even after pasted text."""

_PARAGRAPH = re.compile(r"[^\n](?:[^\n]|\n(?![ \t]*\n))*")
_INTRODUCTION = re.compile(
    r":[ \t)(]*$|\b(?:pasting|pasted|paste|copied|excerpt|from the (?:blog|wiki|manual|article|book|site|docs?)|saw this|found this|here's my"
    r"|article|press release|patch notes|opening|transcript|forum|translate|proofread|feedback|thoughts on|summari[sz]e)\b"
)
_SENTENCE_END = re.compile(r"[.!?…](?:[\"')\]]{0,2})\s+")
_CLOSING = re.compile(r"\s*(?:yours|love|regards|sincerely|best|your \w+\b.{0,20}$|notes?\.|see also|p\.s\.)")


def without_pasted(text: str) -> str:
    """Blot what was pasted. Actions are blotted already and do not count towards a paragraph's length."""
    spans = [match.span() for match in _PARAGRAPH.finditer(text)]
    sizes = [_spoken_size(text[start:end]) for start, end in spans]
    if not spans or max(sizes) == 0:
        return text
    if len(spans) == 1:
        return _ends_of(text, spans[0]) if sizes[0] > LONG else text
    shown = _shown(text, spans, sizes)
    for number in shown:
        start, end = spans[number]
        text = text[:start] + MASK * (end - start) + text[end:]
    return text


def _shown(text: str, spans: list[tuple[int, int]], sizes: list[int]) -> set[int]:
    """Numbers of the paragraphs which are shown. Between a pasted paragraph and the closing word everything is shown."""
    shown = {number for number, size in enumerate(sizes) if size > LONG}
    for number in range(1, len(spans)):
        introduction = text[slice(*spans[number - 1])].strip()
        if len(introduction) < 200 and sum(sizes[number:]) >= SHOWN_AFTER_INTRODUCTION and _INTRODUCTION.search(introduction):
            shown.add(number)
            break
    if not shown:
        return shown
    last = len(spans) - 1
    shown |= set(range(min(shown), last))
    start, end = spans[last]
    if sizes[last] > LAST_WORD or _CLOSING.match(text[start:end]):
        shown.add(last)
    if min(shown) == last and sizes[last] <= LONG and sizes[last] < SHOWN_AFTER_INTRODUCTION:
        shown.discard(last)
    return shown


def _ends_of(text: str, span: tuple[int, int]) -> str:
    """Keep only the first and the last sentence of one long paragraph; several lines are shown as a whole after the first."""
    start, end = span
    body = text[start:end]
    if body.count("\n") >= 4:
        first = start + body.index("\n")
        return text[:first] + MASK * (end - first) + text[end:]
    breaks = [match.end() for match in _SENTENCE_END.finditer(body.rstrip())]
    if len(breaks) < 2:
        return text
    first, last = start + breaks[0], start + breaks[-1]
    return text[:first] + MASK * (last - first) + text[last:]


def _spoken_size(paragraph: str) -> int:
    return sum(1 for character in paragraph if character != MASK)
