"""Spoken text cut into sentences."""

from __future__ import annotations

import re

from bot.engine.pictures.intent.fold import EMOJI, MASK, Folded

LONGEST = 900
"""Characters of one sentence that are read; a longer one is cut (a prompt of that length is still a prompt)."""

_BOUNDARY = re.compile(
    rf"(?P<mark>[.!?…;]+[\"')\]*]*)(?=[\s{EMOJI}{MASK}]|$)|[。！？；]+|(?<!:)(?<!: )\n(?!\s*of\b)|\n[ \t]*\n|{MASK}+|\(\(|\)\)|"
    r"(?:[(\[{]{1,3}|(?<!\S)//+)\s*(?=ooc\b|оос\b|ооc\b)|—{1,3}\s+|\s--+\s"
)
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:mr|mrs|ms|dr|st|prof|sgt|capt|lt|col|gen|jr|sr|vs|no|[a-z])$")


def sentences(folded: Folded) -> list[Folded]:
    """Sentences in order, closing marks included, each able to find its way back to the message."""
    text = folded.text
    found: list[Folded] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        if match["mark"] == "." and _ABBREVIATION.search(text[max(start, match.start() - 6) : match.start()]):
            continue
        _add(found, folded, start, match.end("mark") if match["mark"] else match.start())
        start = match.end()
    _add(found, folded, start, len(text))
    return found


def _add(found: list[Folded], folded: Folded, start: int, end: int) -> None:
    text = folded.text
    while start < end and (text[start].isspace() or text[start] in ")]}>*|~" + EMOJI):
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end:
        found.append(folded.part(start, min(end, start + LONGEST)))
