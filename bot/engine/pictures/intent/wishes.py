"""English requests without an order: questions, wishes, bare «selfie please», follow-ups."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.engine.pictures.intent import english, leads
from bot.engine.pictures.intent.fold import Folded
from bot.engine.pictures.intent.outcome import Intent
from bot.engine.pictures.intent.subjects import clean
from bot.engine.pictures.intent.words import english as words
from bot.engine.pictures.intent.words import idioms
from bot.engine.pictures.intent.words.leads import FILLER

_ADVERBS = r"(?: (?:please|possibly|maybe|also|just|perhaps|really|so|still|now|actually|quickly|do|kinda|totally|very much|even|definitely|absolutely|badly))*"
_OPENERS = (
    rf"(?:can|could|may|might) (?:i|we){_ADVERBS} (?:get|have|see|ask for|ask you for|request|beg for|bother you for|trouble you for|order|take a look at)"
    rf"|(?:i|we){_ADVERBS}(?: ?'d| would){_ADVERBS} (?:like|love|kill for|appreciate|welcome|enjoy)(?: to (?:see|have|get))?"
    rf"|(?:i|we){_ADVERBS} (?:want|need|require|demand|request|crave|must have|must see|have to see|got to see)(?: to (?:see|have|get))?"
    rf"|(?:want|need|wanting|needing|requesting|craving)(?: to see| to have)?|(?:is there )?any (?:chance|hope) (?:of|for|i (?:can|could|might) (?:get|have|see))"
    r"|(?:would it be|is it) (?:possible|ok|okay) (?:to|if i) (?:get|have|see)|(?:how|what) about|(?:you )?(?:do )?(?:still )?owe me"
    r"|(?:(?:i'm|i am|we're) )?(?:still )?waiting (?:for|on)|let me (?:see|have|get)|let's (?:have|see|get)|mind if i (?:get|see|have)"
    r"|you (?:said|swore|promised) (?:that )?you(?:'d| would|'ll| will) (?:send|draw|show|make|paint|take|sketch)(?: me| us)?(?: later)?"
    rf"|(?:you )?promised (?:me|us)|(?:i'm|i am) (?:begging|asking|dying|desperate) (?:you )?(?:for|to see)|(?:time for|requesting|requested:?|in need of)|bring on"
    r"|where(?:'s| is| are) (?:my|the|that|our)(?= \w* ?(?:pic|photo|drawing|painting|selfie|sketch|portrait))|i(?:'ll| will) have|hit me with|(?:may|can) i please (?:get|have|see)"
)
_OWED = re.compile(r"(?:\S+ ){0,3}(?:waiting (?:for|on)|owe me|promised (?:me|us)) (?:that|those|this)\b")
_GERUND = re.compile(
    r"(?:would you mind|do you mind|mind|how about(?: you)?|what about(?: you)?|any chance of(?: you)?|fancy|care for|feel like|you mind|(?:would you|how do you feel about)|"
    rf"would you be (?:up|down|ok|okay) (?:for|with)|up for|i'd appreciate you|thoughts on)(?: (?:please|maybe|quickly|also|just))* (?P<verb>{words.MAKING}|illustrating)\b"
)
_LOOKS = re.compile(
    r"(?:(?:show|showing) (?:me|us)|let (?:me|us) see|(?:can|could|may) (?:i|we) (?:please )?see|(?:i|we)(?:'d like| would like|'d love| would love| want| need| really want) to see"
    r"|draw(?: me)?|illustrate|paint(?: me)?|sketch(?: me)?)(?:,? (?:please|exactly|just|already|again|quickly))* (?:what|how) (?P<who>[^,.!?]{1,120}?) (?:might |would |must |actually |currently )*look(?:s|ed|ing)?(?: like)?\b"
)
_MOMENT = re.compile(
    rf"\b(?:this|that|the|our|it|such a)\b(?: [\w']+){{0,4}}? (?:needs|deserves|calls for|begs for|demands|is worth|cries out for)(?: [\w-]+){{0,3}}? {words.NOUN}\b"
)
_PROOF = re.compile(r"\b(?:pics?|photos?|picture) or (?:it|that|this) didn'?t happen\b")
_RAW = re.compile(
    r"\blast (?:message|reply|post|response)\b[^.!?]{0,80}\b(?:word[- ]for[- ]word|verbatim|as[- ]is|exactly|unchanged|as the (?:exact )?prompt|raw|literally|to the letter)\b"
    r"|\b(?:verbatim|word for word|literally|raw)\b[^.!?]{0,60}\blast (?:message|reply|post|response)\b"
)
_ONE = re.compile(
    r"\b(?:make|send|draw|paint|show|give|get|sketch|do|take|snap)(?: me| us)? (?:one|some)\b(?! (?:of (?:your|the|my|these|those) |day|time|more thing|last|thing|moment|sec))"
)
_FOLLOW = re.compile(
    rf"(?:(?>(?:{FILLER})[\s,.!—-]++))*?(?:(?P<more>(?:(?:give|show|send|draw|make|paint|do) (?:me |us )?|(?:can|could|may) (?:i|we|you) (?:get|have|see|do|make|send|draw) (?:me )?)?(?:another(?: one)?|one more|a new one|a different one|a second one|"
    rf"(?:the )?same(?: {words.NOUN}| one| again)?|(?:now|and|then)(?: (?:do|make|draw|paint|sketch|send|show)(?: me| us)?)? one))\b(?: {words.NOUN})?(?P<rest>(?:,? (?:but|of|in|from|with|at|as|where|and|only|except|showing|without)\b|,? (?:please|this time)).*|[\s?!.]*$)"
    r"|again,? (?:but|with|this time|in|from)\b(?P<again>.*))"
)
_PRAISE = re.compile(
    r"(?:\w+[\s,]+){0,2}(?:nice|great|cool|beautiful|gorgeous|amazing|awesome|lovely|perfect|brilliant|cute|sweet|good|fine|love(?:ly)?|thanks for the) [\w -]{0,30}[!.\x01]*$"
)
_REDO = re.compile(
    rf"(?:{words.REDRAW}) (?:it|that|this|them|the (?:last|previous) one|that one|this one|the {words.NOUN}|that {words.NOUN}|last {words.NOUN})\b(?P<rest>.*)"
    r"|(?:draw|paint|sketch|render|generate) (?:it|that|this)(?: one)?(?: again| once more| over)?\b(?P<again>.*)"
)


def wished(sentence: Folded, rules: english.Vocabulary, names: Sequence[str]) -> Intent | None:
    """``can I see a photo of …``, ``I'd like a picture of …``, ``would you mind drawing …``, ``show me what … looks like``."""
    text = sentence.text
    for match in re.finditer(rf"(?<![\w'])(?:{_OPENERS})(?![\w'])", text):
        owed = _OWED.match(text, match.start())
        thing = rules.object.match(text, owed.end() if owed else match.end())
        if thing is None or not leads.asks(sentence, match.start(), strong=True, names=names, polite=False):
            continue
        if idioms.IDIOM.search(text, match.start(), thing.end() + 30):
            continue
        found = english.pictured(sentence, thing, verb="see")
        if found is not None and match[0].startswith("want") and _shows_own(text, found):
            continue
        if found is not None:
            return found
    return _by_gerund(sentence, rules, names) or _looks(sentence, names)


def _shows_own(text: str, found: Intent) -> bool:
    """«wanna see a picture of my cat?» offers the player's own picture, unless it is one of «you»."""
    return text.rstrip(" \x01").endswith("?") and found.mode not in ("you", "face") and not found.subject.lower().startswith("your ")


def _by_gerund(sentence: Folded, rules: english.Vocabulary, names: Sequence[str]) -> Intent | None:
    text = sentence.text
    match = _GERUND.search(text)
    if match is None or not leads.asks(sentence, match.start(), strong=True, names=names):
        return None
    thing = rules.object.match(text, match.end())
    if thing is not None:
        return english.pictured(sentence, thing, verb="send" if match["verb"].startswith(("send", "show", "tak", "shar")) else "draw")
    if re.match(r"draw|paint|sketch|illustrat|visuali", match["verb"]) and not idioms.NOT_DRAWN.match(text, match.end()):
        dative = re.compile(r"\s+(?:me|us)(?=\s+(?:an?|the|your|my|that|this)\b)").match(text, match.end())
        subject = clean(sentence, dative.end() if dative else match.end(), len(text))
        return english.judged(subject, "", "polite drawing verb and subject") if subject.text else None
    return None


def _looks(sentence: Folded, names: Sequence[str]) -> Intent | None:
    text = sentence.text
    match = _LOOKS.search(text)
    if match is None:
        return None
    if not match[0].startswith("showing") and not leads.asks(sentence, match.start(), strong=True, names=names):
        return None
    subject = clean(sentence, match.start("who"), match.end("who"), keep_cuts=True)
    if subject.special is None:
        return Intent("request", "free", subject.text, "wants to see what something looks like")
    return Intent("request", subject.special, "", "wants to see what somebody looks like")


def short(sentence: Folded, rules: english.Vocabulary, *, alone: bool) -> Intent | None:
    """A picture noun and politeness, nothing else: ``breakfast pic, please``, ``pix of ur outfit??``, ``selfie!``."""
    text = sentence.text
    if len(text) > 200 or idioms.IDIOM.search(text):
        return None
    if _PRAISE.match(text):
        return None
    asked = "please" in text or text.rstrip(" \x01").endswith("?")
    match = rules.short.match(text)
    if match is None or re.match(rf"[\s-]+{words.COMPOUND}\b", text[match.end() : match.end() + 20]):
        return None
    rest = text[match.end() :]
    shown = re.match(r"\s*(?:of\b|:)\s*", rest)
    bare_selfie = re.fullmatch(r"selfies?", match["noun"])
    if shown is not None:
        if not (asked or (alone and match["article"] is None and not match["mods"].strip() and len(text) < 90)):
            return None
        subject = clean(sentence, match.end() + shown.end(), len(text))
        if not subject.text or re.search(r"\b(?:is|was|are|were|has|had|hangs?|hung|falls|lies|stands)\b", subject.text.lower()):
            return None
        return english.judged(subject, match["noun"], "a picture noun and what of")
    if not re.fullmatch(r"(?:[\s,.!?~\x01:;)(<3-]|\b(?:please|now|right now|thanks|asap|time|for me|babe|love|baby|dear|honey)\b)*", rest):
        return None
    if not (("please" in text or bare_selfie) or (asked and match["mods"].strip())):
        return None
    if match["mods"].strip():
        whole = re.match(r"(?P<mods>.*?)\s*(?P<noun>\S+)$", " " + match["thing"])
        subject = clean(sentence, match.start("mods"), match.end("mods"), keep_cuts=True)
        if whole is not None and not re.fullmatch(rf"(?:{words.PLAIN_ADJECTIVE}\s*)+", match["mods"].strip() + " ") and not bare_selfie:
            if subject.text.lower() == "your":
                return Intent("request", "face" if match["noun"].startswith("portrait") else "you", "", "your picture")
            return Intent("request", "free", subject.text, "a picture noun and what of")
    return english.bare(match["noun"], "send")


def verbatim(sentence: Folded) -> Intent | None:
    """The last message word for word as the prompt."""
    text = sentence.text
    if idioms.NEGATED.search(text) or not _RAW.search(text):
        return None
    if re.search(rf"\b(?:{words.DRAW}|prompt|picture|image|generate)\b", text):
        return Intent("request", "raw_last", "", "the last message itself as the prompt")
    return None


def continued(sentence: Folded, rules: english.Vocabulary, *, talked_of: bool, first: bool) -> Intent | None:
    """Follow-ups on a picture («another one, but in winter») and requests that point at the moment."""
    text = sentence.text
    if _PROOF.search(text):
        return Intent("request", "last", "", "asks for proof in pictures")
    if idioms.NEGATED.search(text):
        return None
    if _MOMENT.search(text) and not re.search(r"\b(?:frame|wall|hung|hang|restor|clean|i|my|he|she)\b", text):
        return Intent("request", "last", "", "this moment needs a picture")
    one = _ONE.search(text)
    if (
        one is not None
        and (talked_of or rules.noun.search(text))
        and not re.search(r"\b(?:he|she|they|i) (?:\w+ )?(?:will |would |did )?$", text[: one.start()])
    ):
        noun = rules.noun.search(text)
        return _of_earlier(sentence, noun) if noun is not None and noun.end() < one.start() else _of_one(sentence, one)
    follow = _FOLLOW.match(text)
    if follow is not None and len(text) < 120:
        return _followed(sentence, follow, pictures=talked_of or bool(rules.noun.search(text)), first=first)
    redo = re.match(rf"(?:(?>(?:{FILLER})[\s,.!—-]++))*", text)
    again = _REDO.match(text, redo.end() if redo else 0) if len(text) < 160 else None
    if again is None:
        polite = re.search(r"\b(?:can|could|would|will) you (?:please |maybe |just )?", text)
        again = _REDO.match(text, polite.end()) if polite is not None and len(text) < 160 else None
    if again is None:
        return None
    group = "rest" if again["rest"] is not None else "again"
    change = clean(sentence, again.start(group), again.end(group), keep_cuts=True)
    return (
        Intent("request", "free", change.text, "follow-up: again with a change", follows=True)
        if change.text
        else Intent("request", "last", "", "follow-up: again", follows=True)
    )


def _of_earlier(sentence: Folded, noun: re.Match[str]) -> Intent:
    shown = re.match(r"\s*of\s+", sentence.text[noun.end() :])
    if shown is None:
        return english.bare(noun[0], "send")
    end = re.compile(r"\b(?:would|is|might|could|sounds|will|that'd|may|,)\b|,").search(sentence.text, noun.end() + shown.end())
    subject = clean(sentence, noun.end() + shown.end(), end.start() if end else len(sentence.text))
    return english.judged(subject, noun[0], "speaks of a picture and asks for one") if subject.text else english.bare(noun[0], "send")


def _of_one(sentence: Folded, one: re.Match[str]) -> Intent:
    shown = re.match(r"\s*of\s+", sentence.text[one.end() :])
    subject = clean(sentence, one.end() + shown.end(), len(sentence.text)) if shown is not None else None
    if subject is not None and subject.text:
        return english.judged(subject, "", "one of what was spoken of")
    return Intent("request", "face", "", "asks for one")


def _followed(sentence: Folded, follow: re.Match[str], *, pictures: bool, first: bool) -> Intent | None:
    group = "rest" if follow["more"] is not None else "again"
    rest = (follow[group] or "").strip()
    of = re.match(r"\s*,?\s*of\s+", follow[group] or "")
    if of is not None:
        subject = clean(sentence, follow.start(group) + of.end(), len(sentence.text))
        bare_one = re.search(r"\b(?:one|it|more)$", (follow["more"] or "").strip()) is not None
        if subject.text and (pictures or (bare_one and not re.match(r"(?:them|us|those|these|you|many|my)\b", subject.text.lower()))):
            return english.judged(subject, "", "follow-up: one of")
        return None
    changed = bool(re.match(r",?\s*(?:please\b[\s,]*)?(?:but\b|this time|except|only)", rest)) or group == "again"
    if not (pictures or (changed and first)):
        return None
    if not rest.strip(" ?!.\x01") and not pictures:
        return None
    change = clean(sentence, follow.start(group), follow.end(group), keep_cuts=True)
    text = re.sub(r"^(?:but|please|this time)\b[\s,]*(?:make it\s+|it's\s+)?", "", change.text, flags=re.I)
    return (
        Intent("request", "free", text, "follow-up: another with a change", follows=True)
        if text
        else Intent("request", "last", "", "follow-up: another", follows=True)
    )
