"""The content policy for pictures: what is refused before any provider sees it.

Two rules, both about the words a picture is made of:

* Sexual content about minors is refused always and everywhere. Any word, age or sign that points to a minor together with any
  sexual or suggestive word anywhere in the same text is enough; saying "adult" or "18" as well changes nothing.
* Adult content is refused where it is not allowed (see ``Guard.adult_allowed``).

The text is judged in several spellings at once: without accents and invisible characters, with look-alike letters and digits
read as letters ("l0li", "nud3"), with s p a c e d or doubled letters put together. The terms cover English well, the larger
languages in their basics.

Limits: words are read, not understood. A line that says nothing openly passes; an innocent line that has a word of each kind is
refused (a lullaby in a strip club). What a model makes of harmless words is not seen here. This is the first gate, not the only
one: providers moderate as well, and the host stays answerable.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import regex

from bot.domain.errors import ContentRefused
from bot.guard import terms

_INVISIBLE = regex.compile(r"[\p{Cf}\p{Cc}\p{Mn}\p{Me}--[\n\t]]", regex.V1)
_NO_WORD = regex.compile(r"[^\p{L}\p{N}\p{Mc}]+")
_SPACED = regex.compile(r"(?<!\w)(?:\w ){2,}\w(?!\w)")
_RUNS = regex.compile(r"(\p{L})\1{2,}")
_MIXED = regex.compile(r"(?=\w*[a-z])(?=\w*[\p{Greek}\p{Cyrillic}])\w+")
_HAS_LETTER_AND_SIGN = regex.compile(r"(?=\S*\p{L})(?=\S*[0-9@$!|€+])\S+")
_LOOKALIKES = str.maketrans("авсеікмнорѕтхуѵԁјһԛԝαβεικνορτυχ", "abceikmhopstxyvdjhqwabeikvoptux")
_LEET = str.maketrans("0134578@$!|€+", "oieastbasiiet")
_LEET_L = str.maketrans("0134578@$!|€+", "oleastbaslLet".lower())

MINOR_SENTENCE = "I don't draw sexual content that involves minors. This holds everywhere and for everybody."
ADULT_SENTENCE = "Adult content is not allowed in this chat, so this cannot be drawn here."


def check_picture(text: str, *, adult_allowed: bool, negative: str = "") -> None:
    """Refuse what may not be drawn. ``text`` is everything that asks for something (subject, prompt, prefixes); ``negative`` is a
    negative prompt, where naming a thing means keeping it out. Raises ``ContentRefused`` with a plain sentence."""
    if is_about_minors(text) or (is_sexual(text) and _asks_for_youth(negative)):
        raise ContentRefused(MINOR_SENTENCE)
    if not adult_allowed and is_adult(text):
        raise ContentRefused(ADULT_SENTENCE)


def is_about_minors(text: str) -> bool:
    """Whether a text joins minors and sexual content."""
    return is_sexual(text) and has_minor(text)


def is_adult(text: str) -> bool:
    """Whether a text asks for nudity or sexual acts; what it says is *not* there does not count."""
    return any(_EXPLICIT.search(_HARMLESS.sub(" ", _NEGATED.sub(" ", view))) for view in spellings(text)) or _found(
        text, terms.EXPLICIT_ANYWHERE
    )


def is_sexual(text: str) -> bool:
    """Whether a text has anything sexual or suggestive in it."""
    if _found(text, (*terms.EXPLICIT_ANYWHERE, *terms.SUGGESTIVE_ANYWHERE)):
        return True
    return any(_EXPLICIT.search(view) or _SUGGESTIVE.search(view) for view in map(_without_harmless, spellings(text)))


def has_minor(text: str) -> bool:
    """Whether a text names a minor: by a word, an age, a school, a sign."""
    if _found(text, terms.MINORS_ANYWHERE) or _AGE_SAID.search(_readable(text)):
        return True
    views = [_INNOCENT.sub(" ", view) for view in spellings(text)]
    return any(_MINORS.search(view) or _YOUNG.search(view) or _AGE.search(view) for view in views)


def spellings(text: str) -> tuple[str, ...]:
    """The text as plain words in the ways it may be meant; see the module's description."""
    return _spellings(text[:_LONGEST])


_LONGEST = 20_000
"""Characters judged: more than the longest prompt that any border lets in."""


@lru_cache(maxsize=256)
def _spellings(text: str) -> tuple[str, ...]:
    accented = _words(unicodedata.normalize("NFC", _without_format(unicodedata.normalize("NFKC", text).casefold())))
    folded = _fold(text)
    plain = _words(folded)
    found = {accented: None, plain: None}
    for table in (_LEET, _LEET_L):
        read = _HAS_LETTER_AND_SIGN.sub(lambda m, t=table: m[0].translate(t), folded)  # type: ignore[misc]
        found[_words(read)] = None
    for view in list(found):
        found[_MIXED.sub(lambda m: m[0].translate(_LOOKALIKES), view)] = None
    for view in list(found):
        found[_SPACED.sub(lambda m: m[0].replace(" ", ""), view)] = None
    for view in list(found):
        found[_RUNS.sub(r"\1", view)] = None
        found[_RUNS.sub(r"\1\1", view)] = None
    return tuple(found)


def _fold(text: str) -> str:
    """Lower case without accents, invisible characters and width variants."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold()))


def _without_format(text: str) -> str:
    return "".join(letter for letter in text if unicodedata.category(letter) not in ("Cf", "Cc") or letter in "\n\t")


def _words(text: str) -> str:
    return " ".join(_NO_WORD.sub(" ", text).split())


def _readable(text: str) -> str:
    """Folded, with punctuation left in place."""
    return " ".join(_fold(text[:_LONGEST]).split())


def _without_harmless(view: str) -> str:
    return _HARMLESS.sub(" ", view)


def _found(text: str, anywhere: Iterable[str]) -> bool:
    plain = _fold(text[:_LONGEST])
    return any(_fold(term) in plain for term in anywhere)


def _asks_for_youth(negative: str) -> bool:
    """Whether a negative prompt keeps out grown people."""
    return any(_GROWN.search(view) for view in spellings(negative)) if negative else False


def _alternatives(*tables: Iterable[str]) -> str:
    """A pattern for any of the terms as whole words."""
    kinds: dict[str, None] = {}
    for table in tables:
        for term in table:
            for spelling in (term, _fold_term(term)) if _plain_enough(term) else (term,):
                body = regex.escape(spelling.rstrip("*"), special_only=True)
                kinds[body + (r"\w*" if spelling.endswith("*") else "")] = None
    return "(?:" + "|".join(sorted(kinds, key=len, reverse=True)) + ")"


def _fold_term(term: str) -> str:
    return _fold(term)


def _plain_enough(term: str) -> bool:
    """Whether a term may be found without its accents, too. Latin terms written with accents may not: another word would be meant
    (Spanish ``niña``, the name Nina)."""
    return not any(letter > "\u007f" and "LATIN" in unicodedata.name(letter, "") for letter in term)


def _whole(pattern: str) -> regex.Pattern[str]:
    return regex.compile(rf"(?<!\w){pattern}(?!\w)")


def _ages() -> str:
    """Below eighteen: digits, or words, with the unit that makes an age of them (``14 yo``, ``fourteen year old``, ``14歳``)."""
    units = "|".join(
        _fold(unit).replace("?", "").replace("*", r"\w*") if "?" not in unit else _fold(unit).replace("s?", "s?").replace("*", r"\w*")
        for unit in terms.AGE_UNITS
    )
    numbers = "|".join(terms.NUMBERS)
    return rf"(?:(?:(?<!\d)(?:0?[1-9]|1[0-7])|(?<!\w)(?:{numbers})) ?(?: and a half | ?and a half )?(?:{units})(?![a-z]))"


_MINORS = _whole(_alternatives(*terms.MINORS.values()))
_EXPLICIT = _whole(_alternatives(*terms.EXPLICIT.values()))
_SUGGESTIVE = _whole(_alternatives(terms.SUGGESTIVE))
_HARMLESS = _whole(_alternatives(terms.HARMLESS))
_INNOCENT = _whole(_alternatives(terms.INNOCENT))
_NEGATED = _whole(
    rf"(?:{'|'.join(terms.NEGATED)}) (?:{_alternatives(*terms.EXPLICIT.values())})(?: (?:or|and|nor) {_alternatives(*terms.EXPLICIT.values())})*"
)
_BARE = r"(?:naked|nude|undressed|unclothed|topless|bottomless)"
_YOUNG = _whole(
    rf"(?:(?:{'|'.join(terms.YOUNG)}) (?:\w+ )?(?:{'|'.join(terms.YOUNG_WHAT)})"
    rf"|{_BARE} (?:\w+ ){{0,2}}(?:boys?|bab(?:y|ies))|(?:boys?|baby|babies) (?:\w+ ){{0,2}}{_BARE}"
    r"|(?:a|an|the|this|little|tiny|newborn|cute|sleeping) (?:\w+ )?baby(?: boy| girl)?"
    r"|(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\d{1,2}(?:st|nd|rd|th)) grade(?:rs?)?"
    r"|grade (?:1[0-2]|[1-9])|k 12)"
)
_AGE = regex.compile(_ages())
_NUMBER = rf"(?:0?[1-9]|1[0-7]|{'|'.join(name for name, value in terms.NUMBERS.items() if value > 2)})"
_AGE_SAID = regex.compile(
    rf"(?<!\w)(?:(?:she|he|girl|boy|character|who|i|they|you|it)(?:['’ ]?s| is| was|['’ ]?m| am| are| were|['’]re)?(?: only| just| about| around| barely| still| not yet)? "
    rf"{_NUMBER}(?=\s*(?:$|[.,;:!?)(\]]|and |but |with |years?|yrs?|yo\b))"
    rf"|(?:age|aged|ages|turned|turning|turns|looks|looking|looks like|appears|apparent age)(?: of| is| like| only| just| about| around|:|=|-)*\s*\(?{_NUMBER}(?!\s*(?:inch|cm|feet|foot|ft|met|mm|th\b|st\b|nd\b|rd\b|%|\d|cent|hundred|thousand|mil|[:.]\d))(?!\w)"
    rf"|(?:girl|boy|female|male|daughter|son|sister|brother|student|niece|nephew|she|he)\s*[,(/\[-]\s*{_NUMBER}(?=\s*(?:$|[.,;!?)/\]]))"
    rf"|(?:0?[1-9]|1[0-7])\s*/?\s*[fm](?=\s*(?:$|[.,;!?)/\]]))"
    rf"|[fm]\s*/?\s*1[0-7](?=\s*(?:$|[.,;!?)/\]]))"
    rf"|[<≤]\s*1[0-8])(?!\w)"
)
_GROWN = _whole(r"(?:adults?|grown ?ups?|grown|mature|of age|legal age|over 18|18 years old|elder(?:ly)? looking|older)")
