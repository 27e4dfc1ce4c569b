"""Ages below eighteen, in digits and in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.guard import terms
from bot.guard.spelling import accented, folded, words_of

_DIGITS = "(?:0?[1-9]|1[0-7])"


def counted(words: str) -> bool:
    """A number with a unit of age, in text that is words only: ``14 yo``, ``fourteen year old``, ``14歳``."""
    return _COUNTED.search(words) is not None


def said(text: str) -> bool:
    """An age without a unit, told by what stands around it: "she is fourteen", "aged 12", "girl, 15", "16f", "<18"."""
    return _SAID.search(" ".join(folded(text).split())) is not None


def _any_of(words: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(set(words), key=len, reverse=True)) + ")"


def _units() -> str:
    units = {spelling(unit) for unit in terms.AGE_UNITS for spelling in (folded, accented)}
    return _any_of(words_of(unit) + (r"\w*" if unit.endswith("*") else "") for unit in units)


_WORDS = _any_of(name for names in terms.NUMBERS.values() for name in names)
_COUNTED = re.compile(rf"(?<!\w)(?<!\d )(?:{_DIGITS}|{_WORDS}) ?(?:and a half )?{_units()}(?![a-z])")
_NUMBER = rf"(?:{_DIGITS}|{_any_of(name for value, names in terms.NUMBERS.items() if value > 2 for name in names)})"
_END = r"(?=\s*(?:$|[.,;:!?)(\]/]|(?:and|but|with|now|again) ))"
_NO_MEASURE = r"(?!\s*(?:inch|cm|feet|foot|ft|met|mm|th\b|st\b|nd\b|rd\b|%|x\b|\d|cent|hundred|thousand|mil|o'clock|[:.]\d))"
_WHO = "(?:she|he|girl|boy|character|who|i|they|you)"
_IS = r"(?:['’ ]?s| is| was|['’ ]?m| am| are| were|['’ ]re)?(?: only| just| about| around| barely| still| not yet)*"
_LOOKS = r"(?:ages?|aged|turned|turning|turns|looks?|looking|appears?|acts?)(?: (?:of|is|like|only|just|about|around|a|barely)|\s?[:=-])*"
_SAID = re.compile(
    rf"(?<!\w)(?:{_WHO}{_IS} {_NUMBER}{_END}"
    rf"|{_LOOKS}\s*\(?{_NUMBER}(?!\w){_NO_MEASURE}"
    rf"|(?:girl|boy|female|male|daughter|son|sister|brother|student|niece|nephew|she|he)\s*[,(/\[-]\s*{_NUMBER}{_END}"
    rf"|{_DIGITS}\s?/?\s?[fm](?=\s*(?:$|[.,;!?)/\]]))"
    rf"|[fm]\s?/?\s?1[0-7](?=\s*(?:$|[.,;!?)/\]]))"
    rf"|under\s?1[0-8])(?!\w)|[<≤]\s*1[0-8](?!\w)"
)
