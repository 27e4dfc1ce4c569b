"""Words about a picture at hand: what should become of one that came with the message, or that the message answers.

Read only where there is such a picture; elsewhere «turn this into a party» is part of the story. English, with the commonest phrases of
German, French, Spanish, Italian and Portuguese.
"""

from __future__ import annotations

import re

from bot.engine.pictures.intent.outcome import Intent, nothing

READ = 600
"""Characters that are read; a wish about a picture is short."""
_ASK = r"(?:(?:hey|ok|okay|so|and|now|please|pls|but|then)[,!]?\s+)*(?:(?:can|could|would|will)\s+(?:you|u)\s+)?(?:please\s+)?"
_PICTURE = r"(?:picture|photo|photograph|pic|image|drawing|painting|sketch|portrait|selfie|character|scene)"
_THIS = rf"(?:this|that|it|these|him|her|them|me|us|my\s+\w+|(?:the|this|that|my)\s+{_PICTURE})(?:\s+(?:one|{_PICTURE}))?"
_MAKE = r"(?:make|turn|change|convert|transform|edit|modify|redo|restyle|redraw|repaint|recolou?r|reimagine|render|draw|paint|sketch|show)"
_INTO = re.compile(rf"\A{_ASK}{_MAKE}\s+{_THIS}\s+(?:in)?to\s+(?P<what>.+)", re.IGNORECASE)
_AS = re.compile(rf"\A{_ASK}{_MAKE}\s+{_THIS}\s+(?P<what>(?:as|in|at|like|with|without|but)\s+.+)", re.IGNORECASE)
_COLON = re.compile(rf"\A{_ASK}(?:edit|change|modify|redo)\s+{_THIS}\s*[:,-]\s*(?P<what>.+)", re.IGNORECASE)
_VERSION = re.compile(
    r"\A(?:.{0,40}?\b(?:an?|the)\s+)?(?P<what>[\w' -]{2,60}?)\s+version\s+of\s+(?:this|that|it|me|him|her|them|my)\b", re.IGNORECASE
)
_FOREIGN = re.compile(
    r"\A(?:mach\w*|verwandel\w*|zeichne|mal\w*)\s+(?:das|dies\w*|mich|daraus|es)\s*(?:\w+\s+)?(?:zu|in|als|daraus|wie)?\s+(?P<de>.+)"
    r"|\A(?:transforme|fais|dessine|change)[\w-]*\s+(?:ça|cela|ceci|cette?\s+\w+|en)\s*(?:en|comme)?\s+(?P<fr>.+)"
    r"|\A(?:convierte|transforma|haz|dibuja|pinta)\w*\s+(?:esto|esta?\s+\w+|la\s+foto)?\s*(?:en|como)\s+(?P<es>.+)"
    r"|\A(?:trasforma|disegna|dipingi|transforme|desenhe)\w*\s+(?:questo|questa\s+\w+|isto|isso|esta\s+\w+)\s*(?:in|come|em|como)\s+(?P<it>.+)",
    re.IGNORECASE,
)
_LIKELY = re.compile(
    rf"\A{_ASK}(?P<what>(?:add|remove|replace|give|put)\s+.+|(?:with|without)\s+.+)|\A{_ASK}{_MAKE}\s+{_THIS}\s+(?P<more>\S.*)",
    re.IGNORECASE,
)
_REFERS = re.compile(
    rf"\b(?:this|that|it|these|same|like\s+(?:him|her|them)|{_PICTURE}\s+above|das|dies\w*|daraus|ça|ceci|cette|esto|esta|este|questo|questa|isto)\b",
    re.IGNORECASE,
)
_END = re.compile(r"[\s.!?…,;]*(?:\b(?:please|pls|thanks|thank you|bitte|por favor|s'il te pla[iî]t)\b[\s.!?…]*)*\Z", re.IGNORECASE)


def refers(text: str) -> bool:
    """Whether the words point at something at hand («this», «it», «the same»)."""
    return _REFERS.search(text[:READ]) is not None


def changed(text: str) -> Intent:
    """What should become of the picture at hand: a request where the words say so plainly, an offer where they may mean it."""
    words = " ".join(text[:READ].split())
    for pattern in (_INTO, _VERSION, _COLON, _AS, _FOREIGN):
        if found := pattern.match(words):
            return Intent("request", "free", _subject(found), "a change of the picture at hand")
    if found := _LIKELY.match(words):
        return Intent("offer", "free", _subject(found), "perhaps a change of the picture at hand")
    return nothing("nothing about the picture at hand")


def _subject(found: re.Match[str]) -> str:
    what = next(text for text in found.groupdict().values() if text)
    return _END.sub("", what).strip()
