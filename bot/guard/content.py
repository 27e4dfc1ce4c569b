"""The content policy: what is refused before any provider sees it.

Two rules about the words a picture is made of; the first, for explicit words, holds for what players write in a story as well
(``check_words``), one message at a time:

* Sexual content about minors is refused always and everywhere. Any word, age or sign that points to a minor together with any
  sexual or suggestive word anywhere in the same text is enough; saying "adult" or "18" as well changes nothing.
* Adult content is refused where it is not allowed (see ``Guard.adult_allowed``).

The text is judged in several spellings at once (``bot.guard.spelling``). The terms cover English well and the larger languages
in their basics.

Limits: words are read, not understood. What is only hinted at passes, and so does a new code word; an innocent line with a word
of each kind is refused (a toddler's drawing on a strip club's wall). What a model makes of harmless words is not seen here. This
is the first gate, not the only one: providers moderate as well, and the host stays answerable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from bot.domain.errors import ContentRefused
from bot.guard import ages, terms
from bot.guard.lexicon import Lexicon
from bot.guard.spelling import folded, pieces, put_together, spellings

MINOR_SENTENCE = "I don't draw sexual content that involves minors. This holds everywhere and for everybody."
TOLD_SENTENCE = "I don't take part in sexual content that involves minors. This holds everywhere and for everybody."
LONG_SENTENCE = "This has more words than I can judge, so it is not drawn. Please make the prompt or the workflow's texts shorter."
MOST_JUDGED = 120_000
"""Characters of one picture; judging that many takes about a second."""
ADULT_SENTENCE = "Adult content is not allowed in this chat, so this cannot be drawn here."


def check_picture(text: str, *, adult_allowed: bool, negative: str = "") -> None:
    """Refuse what may not be drawn. ``text`` is everything that asks for something (subject, prompt, prefixes); ``negative`` is a
    negative prompt, where naming a thing keeps it out, so that only asking for youth by it counts ("adult" as a negative). Raises
    ``ContentRefused`` with a plain sentence."""
    if len(text) > MOST_JUDGED:
        raise ContentRefused(LONG_SENTENCE)
    if is_about_minors(text) or (negative and is_sexual(text) and _keeps_out_grown_people(negative)):
        raise ContentRefused(MINOR_SENTENCE)
    if not adult_allowed and is_adult(text):
        raise ContentRefused(ADULT_SENTENCE)


def check_words(text: str) -> None:
    """Refuse what may not be told either: explicit words together with a minor. Merely suggestive ones pass here, for a story has
    many words. Raises ``ContentRefused``."""
    if is_adult(text) and has_minor(text):
        raise ContentRefused(TOLD_SENTENCE)


def is_about_minors(text: str) -> bool:
    """Whether a text joins minors and sexual content."""
    return is_sexual(text) and has_minor(text)


def is_adult(text: str) -> bool:
    """Whether a text asks for nudity or sexual acts; what it says is *not* there does not count."""
    return any(map(_adult, pieces(text)))


def is_sexual(text: str) -> bool:
    """Whether a text has anything sexual or suggestive in it, denied or not: image models overhear a "not"."""
    return any(map(_sexual, pieces(text)))


def has_minor(text: str) -> bool:
    """Whether a text names a minor: by a word, an age, a school, a sign."""
    return any(map(_minor, pieces(text)))


@lru_cache(maxsize=32)
def _adult(text: str) -> bool:
    if _contains(text, _EXPLICIT_ANYWHERE) or any(_EXPLICIT.inside(run) for run in put_together(text)):
        return True
    return any(_asks_for_explicit(_HARMLESS.without(view.split())) for view in spellings(text))


@lru_cache(maxsize=32)
def _sexual(text: str) -> bool:
    if _contains(text, _EXPLICIT_ANYWHERE) or _contains(text, _SUGGESTIVE_ANYWHERE):
        return True
    if any(_EXPLICIT.inside(run) for run in put_together(text)):
        return True
    views = (_HARMLESS.without(view.split()) for view in spellings(text))
    return any(_EXPLICIT.found(words) or _SUGGESTIVE.found(words) for words in views)


@lru_cache(maxsize=32)
def _minor(text: str) -> bool:
    if _contains(text, _MINORS_ANYWHERE) or ages.said(text) or any(_MINORS.inside(run) for run in put_together(text)):
        return True
    for view in spellings(text):
        words = _INNOCENT.without(view.split())
        if _MINORS.found(words):
            return True
        left = " ".join(words)
        if _YOUNG.search(left) or ages.counted(left):
            return True
    return False


def _asks_for_explicit(words: Sequence[str]) -> bool:
    """Whether an explicit term stands without a "no" before it; "no nudity or sex" denies both."""
    denied_until = -1
    for start, end in sorted(_EXPLICIT.spans(words)):
        before = " ".join(words[max(0, start - 2) : start])
        joined = start - 1 == denied_until and words[start - 1] in ("or", "and", "nor")
        if not (joined or start == denied_until or _DENIED.search(before)):
            return True
        denied_until = max(denied_until, end)
    return False


def _contains(text: str, anywhere: Iterable[str]) -> bool:
    plain = folded(text)
    return any(term in plain for term in anywhere)


def _keeps_out_grown_people(negative: str) -> bool:
    return any(_GROWN.found(view.split()) for piece in pieces(negative) for view in spellings(piece))


def _any_of(words: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_MINORS = Lexicon(*terms.MINORS.values())
_INNOCENT = Lexicon(terms.INNOCENT)
_EXPLICIT = Lexicon(*terms.EXPLICIT.values())
_SUGGESTIVE = Lexicon(terms.SUGGESTIVE)
_HARMLESS = Lexicon(terms.HARMLESS)
_GROWN = Lexicon(terms.GROWN)
_MINORS_ANYWHERE = tuple(map(folded, terms.MINORS_ANYWHERE))
_EXPLICIT_ANYWHERE = tuple(map(folded, terms.EXPLICIT_ANYWHERE))
_SUGGESTIVE_ANYWHERE = tuple(map(folded, terms.SUGGESTIVE_ANYWHERE))
_DENIED = re.compile(rf"(?<!\w){_any_of(terms.NEGATIONS)}$")
_BARE = "(?:naked|nude|undressed|unclothed|topless|bottomless|shirtless sexy)"
_YOUNG = re.compile(
    rf"(?<!\w)(?:{_any_of(terms.YOUNG)} (?:\w+ )?{_any_of(terms.YOUNG_WHAT)}"
    rf"|{_BARE} (?:\w+ ){{0,2}}(?:boys?|baby|babies)|(?:boys?|baby|babies) (?:\w+ ){{0,2}}{_BARE}"
    r"|(?:a|an|the|this|little|tiny|newborn|cute|sleeping) (?:\w+ )?baby(?: boy| girl)?"
    r"|(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|1?\d(?:st|nd|rd|th)) grade(?:rs?)?"
    r"|grade (?:1[0-2]|[1-9]))(?!\w)"
)
"""Minors told by two words together."""
