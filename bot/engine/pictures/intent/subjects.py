"""From the words after «picture of» to a mode and a clean subject."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.pictures import Mode
from bot.engine.pictures.intent.fold import EMOJI, Folded
from bot.engine.pictures.intent.words.tails import CUTS, LAST_NAME, ONLY_POLITE, POLITE_TAIL

SPECIAL: tuple[tuple[Mode, str], ...] = (
    ("raw_last", r"raw[_ ]last(?: message)?|(?:your |the )?last (?:message|reply|post) (?:verbatim|as[- ]is|word for word)"),
    (
        "you",
        r"you|yourself|you yourself|your ?self|your (?:character|body|whole body|full body|oc|persona|whole self|appearance|look|looks)",
    ),
    ("face", r"(?:your |ur )?(?:own )?(?:pretty |cute |lovely |beautiful |handsome )?(?:face|portrait|selfie|headshot|close-?up)|selfies"),
    ("me", r"me|myself|my ?self|me myself|my (?:character|persona|oc|face|portrait|avatar|selfie)|(?:a )?selfie of me"),
    (
        "scene",
        r"(?:(?:our|your) )?(?:(?:whole|entire|full|complete) )?(?:story|scenario|adventure|chat|rp|roleplay)(?: so far| until now| up to now)?"
        r"|everything (?:so far|that happened(?: so far)?|until now)|what(?:'s| has) happened so far",
    ),
    (
        "last",
        r"last|(?:your |my |our )?(?:last|latest|previous) (?:message|reply|post|response|answer|turn|msg)|what you just (?:said|wrote|described|posted)"
        r"|(?:this|that|the) message|what (?:just )?happened|message above|moment|this|that|it|current moment",
    ),
    (
        "background",
        r"(?:our |your |my )?(?:current )?(?:(?:scene )?background|scene|scenery|surroundings?|environments?|setting|backdrop|location|place)"
        r"(?: around (?:us|you|me)| we(?:'re| are) in| behind (?:us|you|me))?|where (?:we|you) are(?: right now| now)?"
        r"|(?:place|everything|area|world) around (?:us|you|me)|here",
    ),
)
_SPECIAL = tuple((mode, re.compile(rf"(?:{pattern})")) for mode, pattern in SPECIAL)
_ARTICLE = re.compile(r"(?:an?|the|this|that|those|these)\s+(?=\S)")
_STYLE = re.compile(r"(?<=character) in (?:[\w']+ ){1,4}style\Z")
_OPENING = re.compile(rf"[\s\"'*_~,:;.—({EMOJI}\[<{{=>-]+")
_CLOSING = frozenset(" \n\"'*_~,:;.!?…—-" + EMOJI)
_EMOTICON = re.compile(r"\s*(?:[:;=x8]['-]?[()dpo3*/\\|]+|<3+|\^[_.]?\^|[(:]:?|xd+|\){1,4})$")
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}


@dataclass(frozen=True)
class Subject:
    """What is to be drawn; ``special`` is set when the words name one of the modes."""

    text: str
    special: Mode | None


def clean(sentence: Folded, start: int, end: int, *, keep_cuts: bool = False) -> Subject:
    """Cut the subject between ``start`` and ``end`` free of politeness, closing marks, a following clause and the leading article."""
    text = sentence.text
    if not keep_cuts:
        end = _first_clause(text, start, end)
    start, end = _trimmed(text, start, end)
    words = text[start:end]
    article = _ARTICLE.match(words)
    if article is not None:
        start += article.end()
    start, end = _trimmed(text, start, end)
    bare = " ".join(text[start:end].replace('"', "").replace("*", "").split())
    if article is None and ONLY_POLITE.fullmatch(bare):
        return Subject("", None)
    typed = re.sub(r"\*\*|__|~~", "", sentence.cut(start, end)).strip()
    return Subject(" ".join(typed.split()), special_mode(bare))


def special_mode(words: str) -> Mode | None:
    """The mode that these lower-case words name, or None. A pet name or a wish for a style after them changes nothing."""
    words = _STYLE.sub("", LAST_NAME.sub("", words))
    for mode, pattern in _SPECIAL:
        if pattern.fullmatch(words):
            return mode
    return None


def _first_clause(text: str, start: int, end: int) -> int:
    cut = CUTS.search(text, start, end)
    while cut is not None and not text[start : cut.start()].strip():
        cut = CUTS.search(text, cut.end(), end)
    return cut.start() if cut is not None else end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    opening = _OPENING.match(text, start, end)
    if opening is not None:
        start = opening.end()
    while True:
        before = end
        end = _marks_off(text, start, end)
        tail = POLITE_TAIL.search(text, max(start, end - 60), end)
        if tail is not None and tail.start() > start:
            end = tail.start()
        smile = _EMOTICON.search(text, max(start, end - 8), end)
        if smile is not None and smile.start() > start and not (smile[0].strip() == ")" and "(" in text[start:end]):
            end = smile.start()
        if end == before:
            return start, end


def _marks_off(text: str, start: int, end: int) -> int:
    while end > start:
        last = text[end - 1]
        unpaired = last in _BRACKETS and _BRACKETS[last] not in text[start:end]
        if not (last in _CLOSING or unpaired):
            break
        end -= 1
    return end
