"""Is the verb at this place an order or question to the one who can draw? Decided by what stands before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.engine.pictures.intent.fold import EMOJI, Folded
from bot.engine.pictures.intent.words import idioms
from bot.engine.pictures.intent.words.leads import FILLER, ORDERED, POLITE

_GAP = rf"[\s,.!?:…~*_\"'()\[\]/{EMOJI}-]"
_LEAD = re.compile(
    rf"{_GAP}*+(?:(?:{FILLER}|@\w*bot\w*|<@[!&]?\d+>)(?={_GAP}|$){_GAP}*+)*+(?:(?P<polite>{POLITE})(?={_GAP}|$){_GAP}*+)?"
    rf"(?:(?:{FILLER})(?={_GAP}|$){_GAP}*+)*+"
)
_BREAK = re.compile(rf"(?:,|;|:|\?|—|-\s|{EMOJI}|\b(?:and|then|but|so|or|also|please)\b)\s*")
_CALLED = re.compile(
    r"\s*(?:(?:hey|hi|hello|yo|oh|ok|okay|so|please|now|and|well|good morning|dear)[\s,]+)?@?(?P<name>[^\W\d_][\w'-]*(?: [\w'-]+)?)(?P<comma>\s*[,!:]\s*|\s+(?=(?:can|could|would|will|please)\b))"
)
_ORDERED = re.compile(rf"(?:my |the |dear |good )*{ORDERED}")
_MENTION = re.compile(r"@(?P<name>\w+)")
_FILLER = re.compile(FILLER)
_POLITE_START = re.compile(r"(?:i|we|you|if|can|could|would|will|why|how|what|let's|it|this|that|there|the|a|no|not|do|is|any|is there)\b")
_HINT = re.compile(r"you (?:could|can|might|may)\b")
LINKED = 8
"""Words that may stand before a bare «and draw …»; after more of them it is narration."""
WINDOW = 260
"""Characters before the verb that are read."""


def asks(sentence: Folded, verb: int, *, strong: bool, names: Sequence[str], polite: bool = True) -> bool:
    """True when nothing before ``verb`` makes it narration, report, negation or an order to somebody else.

    ``strong``: the words after the verb say that it is asked for («me», «please»), so more may stand before it.
    ``polite``: a question or hint to «you» («can you», «you could») may lead; wishes of one's own («I'd like») have none.
    """
    before = sentence.text[max(0, verb - WINDOW) : verb]
    if mentions_other(before, names):
        return False
    called = _CALLED.match(before)
    if called is not None and not _FILLER.fullmatch(called["name"]) and not _POLITE_START.match(called["name"]):
        if calls_other(sentence, called, names):
            return False
        if len(before) == called.end() or _plain(before[called.end() :], strong=strong, polite=polite):
            return called["comma"].strip() != ":"
    if _plain(before, strong=strong, polite=polite):
        return True
    for cut in reversed(list(_BREAK.finditer(before))):
        lead = _LEAD.fullmatch(before, cut.end())
        if lead is None or (lead["polite"] and not polite):
            continue
        if not strong and cut[0].strip() in ("and", "or", "then") and before.count(" ", 0, cut.start()) > LINKED:
            continue
        return _prior_allows(before[: cut.start()], strong=strong or bool(lead["polite"]) or cut[0].strip() == "please")
    return False


def _plain(before: str, *, strong: bool, polite: bool) -> bool:
    lead = _LEAD.fullmatch(before)
    if lead is None:
        return False
    return lead["polite"] is None or (polite and (strong or _HINT.match(lead["polite"]) is None))


def _prior_allows(prior: str, *, strong: bool) -> bool:
    if idioms.REPORTING.search(prior):
        return False
    if re.match(r"\s*(?:if|unless|though|although) (?!you (?:can|could|want|like|feel|don't|have|are|would))", prior):
        return False
    if re.search(r"\b(?:don't|never|not|no need to|stop|without|won't|can't|cannot|didn't|doesn't) [\w' ]{0,20}$", prior):
        return strong and bool(re.match(r"\s*(?:don't|why not)\b", prior)) and prior.count(" ") < 5
    return strong or not (idioms.SUBJECTS.search(prior) or idioms.DOERS.match(prior))


def mentions_other(before: str, names: Sequence[str]) -> bool:
    """An @mention of somebody who is neither a bot by name nor one of ``names``."""
    mention = _MENTION.search(before)
    if mention is None or before[max(0, mention.start() - 1) : mention.start()] == "<":
        return False
    return "bot" not in mention["name"] and not _is_named(mention["name"], names)


def calls_other(sentence: Folded, called: re.Match[str], names: Sequence[str]) -> bool:
    """The vocative names somebody who cannot be the bot: a title, or a capitalised name that is not among known ``names``."""
    name = called["name"]
    if _is_named(name, names):
        return False
    if _ORDERED.fullmatch(name):
        return True
    typed = sentence.cut(called.start("name"), called.end("name"))
    return bool(names) and typed[:1].isupper() and called["comma"].strip() != ""


def ordered(sentence: Folded, names: Sequence[str]) -> bool:
    """The sentence only calls somebody by title («Sergeant!»), so the next one is said to them."""
    name = sentence.text.strip(" .,!?:;…").removeprefix("hey ").removeprefix("you, ")
    return bool(_ORDERED.fullmatch(name)) and not _is_named(name, names)


def _is_named(name: str, names: Sequence[str]) -> bool:
    return any(name in (known.lower(), *known.lower().split()) for known in names)
