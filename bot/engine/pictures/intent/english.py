"""English requests whose verb or noun names a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.engine.pictures.intent import leads
from bot.engine.pictures.intent.fold import Folded
from bot.engine.pictures.intent.outcome import Intent
from bot.engine.pictures.intent.subjects import Subject, clean, special_mode
from bot.engine.pictures.intent.words import english as words
from bot.engine.pictures.intent.words import idioms
from bot.engine.pictures.intent.words.leads import FILLER

_MODS = rf"(?P<mods>(?:\s+(?!{words.MODIFIER_STOP}\b)[\w'&-]+){{0,6}}?)"
_SHOWN = re.compile(r"\s*(?:,\s*)?(?:of|showing|depicting|featuring|about|that shows|which shows)\b\s*|\s*[:=]\s*|\s+[—-]+\s+")
_TWO_NOUNS = rf"(?:\s*(?:and|or|/|\+)\s*(?:an? |some )?(?P<second>{words.NOUN})\b)?"
_AROUND = re.compile(r"\s+(?=(?:with|from|in|where|inside|under|near|next to|on|at|behind|during|as|between)\b)")
_NO_SUBJECT = re.compile(
    r"\s*(?:$|[,.!?;)\"\x01…]|(?:to|so|and|or|but|if|please|because|now|again|then|for|you|i|we|he|she|they|it|too|already|right|thanks|when|while|before|after"
    r"|instead|quickly|asap|today|tonight|lol|that|which|back|around|here|there|together|anyway|via|by|than|this time)\b)"
)
_NOT_ASKING = re.compile(
    r"\s+(?:is|are|was|were|looks?|looked|has|have|had|will|would|can|does|did|bigger|smaller|larger|better|worse|faster|slower|more|less|only|not|everywhere)\b"
)
_ART = re.compile(r"art|concept art|fan ?art|illustrations?|artwork|visuals?|wallpaper")
_DEFINITE = re.compile(r"\s*(?:me |us )?(?:the|that|this|those|these|his|her|their|it)\b")
_LISTED = re.compile(r"\s+(?:me |us )?(?:this|the following|something like this)\s*:(?=\s)")
_SELF = re.compile(r"selfies?|headshots?|close-?ups?|self[- ]portraits?")
_SENDING = re.compile(r"(?:send|mail|show|give|get|take|snap|post|share|drop|text|throw|toss|upload|attach|dm|message|see|have|provide)")
_DOCUMENTED = re.compile(r"send|mail|imagine|generate|make|create|draw|paint|render|show")
_POSSESSED = {"her": "her", "his": "him", "their": "them", "our": "us"}

_SHORT_WORD = (
    rf"(?!(?:{words.MODIFIER_STOP}|the|that|this|these|those|my|i|you|nice|good|great|cool|last|which|every|each|all|both|loved?|like|see|saw|look|looking"
    r"|thanks?|disable|enable|cancel|delete|remove|hide|fix|save|stop)\b)[\w'-]+"
)


@dataclass(frozen=True)
class Vocabulary:
    """The compiled rules for one choice of verbs and nouns."""

    make: re.Pattern[str]
    draw: re.Pattern[str]
    noun: re.Pattern[str]
    object: re.Pattern[str]
    short: re.Pattern[str]


@lru_cache(maxsize=64)
def vocabulary(extra_verbs: tuple[str, ...] = (), extra_nouns: tuple[str, ...] = ()) -> Vocabulary:
    """Rules with the host's or chat's own verbs and nouns added to the built-in ones."""
    verbs = "|".join([words.MAKE, words.DRAW, *(re.escape(verb.lower().strip()) for verb in extra_verbs if verb.strip())])
    own = [re.escape(noun.lower().strip()) + "s?" for noun in extra_nouns if noun.strip()]
    noun = f"(?:{'|'.join([words.NOUN, *own])})"
    thing = rf"{_MODS}\s+(?P<noun>{noun})\b(?![-/']\w){_TWO_NOUNS}"
    return Vocabulary(
        make=re.compile(rf"(?<![\w'-])(?P<verb>{verbs})\b{thing}"),
        draw=re.compile(rf"(?<![\w'-])(?P<verb>{words.DRAW})\b(?!-)"),
        noun=re.compile(rf"(?<![\w'-]){noun}(?![\w-])"),
        object=re.compile(thing),
        short=re.compile(
            rf"(?:(?>(?:{FILLER})[\s,.!\x01—-]++))*(?P<thing>(?P<article>an? |some |one |more |any )?(?P<mods>(?:(?<!\w){_SHORT_WORD} ){{0,3}}?)(?P<noun>{noun}))(?!\w)"
        ),
    )


def made(sentence: Folded, rules: Vocabulary, names: Sequence[str]) -> Intent | None:
    """The documented grammar, bettered: a verb, then a picture noun close by, then what to draw."""
    text = sentence.text
    for match in rules.make.finditer(text):
        strong = bool(re.match(r"\s*(?:me|us|please)\b", match["mods"])) or "please" in text
        if not leads.asks(sentence, match.start(), strong=strong, names=names):
            continue
        if idioms.IDIOM.search(text, max(0, match.start() - 12), match.end() + 30):
            continue
        found = pictured(sentence, match, verb=match["verb"])
        if found is not None:
            return found
    return None


def pictured(sentence: Folded, match: re.Match[str], *, verb: str) -> Intent | None:
    """The request in ``(a nice quick) picture (of …)``; None when the words after the noun make it something else."""
    text = sentence.text
    end = match.end()
    noun = match["second"] or match["noun"]
    if re.match(rf"[\s-]+{words.COMPOUND}\b", text[end : end + 20]):
        return None
    shown = _SHOWN.match(text, end)
    if shown is None and _ART.fullmatch(noun):
        shown = re.compile(r"\s+(?:for|to)\s+(?!me\b|us\b)").match(text, end)
    if shown is not None:
        return _shown(sentence, shown.end(), noun, verb)
    if _NOT_ASKING.match(text, end):
        return None
    around = _AROUND.match(text, end)
    if around is None and not _NO_SUBJECT.match(text, end):
        return _shown(sentence, end, noun, verb) if _names_it(sentence, end, match, verb) else None
    if _DEFINITE.match(match["mods"]) and _whose(match["mods"]) is None:
        return None
    named = _from_modifiers(sentence, match, noun)
    if named is not None:
        return named
    if around is not None and not _SELF.fullmatch(noun):
        place = clean(sentence, around.end(), len(text))
        if place.text:
            return Intent("request", "free", _without_with(place.text), "verb and picture noun, then a place")
    return bare(noun, verb)


def _names_it(sentence: Folded, end: int, match: re.Match[str], verb: str) -> bool:
    """What to draw stands right after the noun, without «of»: as documented, with «me» or «us», or when it begins like a thing or name."""
    if re.match(r"\s*(?:me|us)\b", match["mods"]) or (_DOCUMENTED.fullmatch(verb) and not match["noun"].endswith("s")):
        return True
    following = sentence.cut(end, min(end + 12, len(sentence.text))).lstrip()
    return bool(re.match(r"(?i:your|my|the|an?|this|that|his|her|our|their)\b|[A-Z0-9]|[^\x00-\x7f]", following))


def _shown(sentence: Folded, start: int, noun: str, verb: str) -> Intent | None:
    text = sentence.text
    if idioms.TECHNICAL.match(text, start) or re.match(rf"{words.ABSTRACT}\b[\s.!?]*$", text[start:]):
        return None
    subject = clean(sentence, start, len(text))
    if not subject.text:
        return bare(noun, verb)
    return judged(subject, noun, "verb, picture noun, subject")


def judged(subject: Subject, noun: str, why: str) -> Intent:
    """Mode by the table of special subjects, else free."""
    if subject.special is None:
        return Intent("request", "free", subject.text, why)
    mode = "face" if subject.special == "you" and _SELF.fullmatch(noun) else subject.special
    return Intent("request", mode, "", f"{why}: special subject")


def bare(noun: str, verb: str) -> Intent:
    """A picture without a word of what: a selfie is a face, a sent picture shows the character, a drawn one the moment."""
    if _SELF.fullmatch(noun) or noun.startswith("portrait"):
        return Intent("request", "face", "", "asks for a selfie or portrait")
    if _SENDING.fullmatch(verb):
        return Intent("request", "you", "", "asks to be sent a picture, nothing more said")
    return Intent("request", "last", "", "asks for a picture, nothing more said")


def _whose(mods: str) -> str | None:
    owner = re.search(r"(?:^|\s)(your|my|her|his|their|our)\b", mods)
    return owner[1] if owner else None


def _from_modifiers(sentence: Folded, match: re.Match[str], noun: str) -> Intent | None:
    """``your picture``, ``a cat pic``, ``breakfast pic``: the words before the noun say what."""
    start, end = match.span("mods")
    text = sentence.text
    while True:
        word = re.compile(rf"\s*{words.PLAIN_ADJECTIVE}(?=\s|$)").match(text, start, end)
        if word is None or word.end() == start:
            break
        start = word.end()
    rest = text[start:end].strip()
    if not rest:
        return None
    only = re.sub(rf"\b{words.PLAIN_ADJECTIVE}(?=\s|$)|\bown\b", "", rest).strip()
    if only in ("your", "my"):
        face = _SELF.fullmatch(noun) or noun.startswith("portrait")
        return Intent("request", "me" if only == "my" else "face" if face else "you", "", "whose picture")
    if only in _POSSESSED:
        return Intent("request", "free", _POSSESSED[only], "whose picture")
    if re.fullmatch(r"(?:full[- ]?)?body|your full[- ]?body", only):
        return Intent("request", "you", "", "full body")
    mode = special_mode(rest)
    if mode is not None:
        return Intent("request", mode, "", "picture of what stands before the noun")
    subject = clean(sentence, start, end, keep_cuts=True)
    return Intent("request", "free", subject.text, "picture of what stands before the noun") if subject.text else None


def _without_with(subject: str) -> str:
    return re.sub(r"^(?:with|where)\s+(?:an?\s+|the\s+)?", "", subject, flags=re.I) or subject


def drawn(sentence: Folded, rules: Vocabulary, names: Sequence[str]) -> Intent | None:
    """A drawing verb with what to draw right after it: ``sketch the harbour``, ``draw us``."""
    text = sentence.text
    for match in rules.draw.finditer(text):
        start = match.end()
        if text[start : start + 1] not in (" ", ":", "\n"):
            continue
        listed = _LISTED.match(text, start)
        start = listed.end() if listed else start
        dative = re.compile(
            r"\s+(?:me|us)(?=\s)(?!\s+(?:and|as|in|on|with|like|at|from|or|next|by|under|behind|\w{3,}ing|please|right|now|again|asleep|too|wearing)\b)"
        ).match(text, start)
        strong = dative is not None or "please" in text or bool(re.match(r"\s+(?:me|us|yourself)\b", text[start : start + 12]))
        if _not_a_drawing(match["verb"], text, start, strong=dative is not None):
            continue
        if not leads.asks(sentence, match.start(), strong=strong, names=names):
            continue
        after = dative.end() if dative else start
        subject = clean(sentence, after, len(text))
        if not subject.text or rules.noun.fullmatch(subject.text.lower()):
            continue
        if subject.special == "face" and match["verb"] == "paint" and dative is None and subject.text.lower() != "your portrait":
            continue
        return judged(subject, "", "drawing verb and subject")
    return None


def _not_a_drawing(verb: str, text: str, start: int, *, strong: bool) -> bool:
    if verb in ("draw", "sketch") and idioms.NOT_DRAWN.match(text, start) and not (strong and "bath" not in text):
        return True
    if verb == "paint" and idioms.NOT_PAINTED.match(text, start):
        return True
    if verb == "render" and idioms.NOT_RENDERED.match(text, start):
        return True
    return bool(idioms.IDIOM.search(text, max(0, start - 12), start + 60))
