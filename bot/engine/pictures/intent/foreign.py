"""Requests in other languages: one rule for those that put the verb first, a few patterns for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from bot.domain.pictures import Mode
from bot.engine.pictures.intent.fold import EMOJI, Folded
from bot.engine.pictures.intent.outcome import Intent
from bot.engine.pictures.intent.words.others import LANGUAGES, Language
from bot.engine.pictures.intent.words.verb_last import PATTERNS, SPECIALS, STOPS, VerbLast

_GAP = rf"[\s,.!?¿¡:;…~*_\"'(\[{EMOJI}—-]"
_EDGES = frozenset(" \n,.!?:;…~*_\"'()[]—-。！？～〜、，^ㅠㅜㅋㅎ" + EMOJI)
_CLAUSE = re.compile(
    r"\s*[,;:](?=\s+(?:[\w']+\s+){0,1}(?:ich|wir|du|sie|es|er|damit|weil|bitte|dann|und dann|je|j'\w+|tu|on|il|elle|c'est|ça|ca|et|yo|quiero|que|para|es|está|así|te|"
    r"io|voglio|così|sono|è|poi|e poi|eu|quero|pra|estou|tô|ja|chcę|chce|potem|muszę|jestem|я|мы|это|хочу|а|потом|и потом|мне|так|ми|це|хочу|потім|мені|aku|saya|biar"
    r"|kita|penasaran|ik|zodat|want|dan|we|ben|çok)\b)|;\s|\s+(?:weil|damit|parce que|car|pour que|porque|perch[eé]|bo|żeby|потому|чтобы|бо|щоб|karena|biar|soalnya)\b|[!?]\s|\n"
)
_DRAWN_LAST = re.compile(
    r"\b(?:malen|zeichnen|skizzieren|illustrieren|tekenen|schilderen|schetsen)\b[\s.!?]*(?:bitte|alsjeblieft|aub)?[\s.!?]*$"
)
_SELFIE_ONLY = re.compile(
    rf"(?:(?:ein|un|une|uma|um|een|jakie[sś]|можно|хочу) )?(?:selfies?|селфи|селфі)[\s,]+(?:bitte|stp|svp|s'il te pla[iî]t|por favor|porfa|pfv?|per favore|dai"
    rf"|alsjeblieft|aub|prosz[eę]|пожалуйста|плиз|будь ласка|lütfen|dong|tolong)[\s.!?:){EMOJI}]*"
)
_ASKS_YOU = re.compile(r"\b(?:du|je)\s")


@dataclass(frozen=True)
class _Rules:
    words: Language
    start: re.Pattern[str]
    draw: re.Pattern[str]
    give: re.Pattern[str]
    passed: re.Pattern[str]
    stop: re.Pattern[str]
    tail: re.Pattern[str]
    article: re.Pattern[str]
    modes: tuple[tuple[Mode, re.Pattern[str]], ...]


@cache
def _rules() -> tuple[_Rules, ...]:
    return tuple(_compiled(language) for language in LANGUAGES)


def _compiled(words: Language) -> _Rules:
    near = rf"(?:{_GAP}+(?:{words.dative})(?=\W|$)|{_GAP}+(?!{words.noun})[\w'-]+){{0,4}}?{_GAP}+"
    modes: tuple[tuple[Mode, str], ...] = (
        ("you", words.you), ("face", words.face), ("me", words.me), ("background", words.background), ("scene", words.scene),
        ("last", words.last), ("last", words.moment or r"(?!)"),
    )  # fmt: skip
    return _Rules(
        words,
        re.compile(rf"{_GAP}*+(?:(?:{words.lead})(?={_GAP}|$){_GAP}*+)*+(?:(?:{words.dative})\s+(?=(?:{words.draw}|{words.give})\b))?"),
        re.compile(rf"(?:{words.draw})(?=\W|$)(?:[\s-]+(?:{words.dative})(?=\s))*"),
        re.compile(rf"(?P<verb>{words.give})(?=\W|$)(?P<mods>{near}|[\s-]+)(?P<noun>{words.noun}|{words.selfie})(?P<own>mu)?(?!\w)"),
        re.compile(rf"(?:(?:{words.dative})\s+)*"),
        re.compile(words.stop),
        re.compile(rf"(?<![\w'])(?:{words.tail})[\s,.!?~{EMOJI}:;)]*\Z"),
        re.compile(rf"(?:{words.article})(?:\s+|(?<='))"),
        tuple((mode, re.compile(pattern)) for mode, pattern in modes),
    )


def asked(sentence: Folded) -> Intent | None:
    """A request in one of the other languages; None when there is none."""
    if _SELFIE_ONLY.fullmatch(sentence.text):
        return Intent("request", "face", "", "a selfie, politely")
    return _verb_last(sentence) or next((found for rules in _rules() if (found := _verb_first(sentence, rules)) is not None), None)


def _verb_first(sentence: Folded, rules: _Rules) -> Intent | None:
    text = sentence.text
    if len(text) > 400 or rules.stop.search(text):
        return None
    began = rules.start.match(text)
    at = began.end() if began else 0
    given = rules.give.match(text, at)
    if given is None and at:  # «kannst du mir ein Bild … malen»: the verb stands last, the noun is near the lead
        near = re.compile(rf"(?:[\w'-]+{_GAP}+){{0,4}}?(?P<noun>{rules.words.noun}|{rules.words.selfie})(?!\w)").match(text, at)
        given = near if near and rules.tail.search(text) else None
    if given is not None:
        return _pictured(sentence, rules, given)
    drawn = rules.draw.match(text, at)
    if drawn is None:
        at = rules.passed.match(text, at).end()  # type: ignore[union-attr] # matches the empty string
        return _judged(sentence, rules, at, "") if at and _DRAWN_LAST.search(text) and _ASKS_YOU.search(text[:at]) else None
    of = re.compile(rf"\s*(?:(?:{rules.words.article})\s+)?(?:{rules.words.noun})\s+(?:{rules.words.of})").match(text, drawn.end())
    return _judged(sentence, rules, of.end() if of else drawn.end(), "")


def _pictured(sentence: Folded, rules: _Rules, match: re.Match[str]) -> Intent | None:
    noun = match["noun"]
    of = re.compile(rf"\s*(?:{rules.words.of}|(?=\w))").match(sentence.text, match.end())
    return _judged(sentence, rules, of.end() if of else match.end(), noun)


def _judged(sentence: Folded, rules: _Rules, start: int, noun: str) -> Intent | None:
    text = sentence.text
    clause = _CLAUSE.search(text, start)
    end = clause.start() if clause else len(text)
    selfie = bool(noun and re.fullmatch(rules.words.selfie, noun))
    comma = text.find(",", start, end)
    spans = list(_shorter(text, start, end, rules.tail))
    for place in [*spans, *(_shorter(text, start, comma, rules.tail) if comma > 0 else ())]:
        mode = next((mode for mode, pattern in rules.modes if pattern.fullmatch(text, *place)), None)
        if mode is not None:
            return Intent("request", "face" if selfie and mode == "you" else mode, "", f"{rules.words.code}: special subject")
    start, end = spans[-1]
    if start >= end:
        return Intent("request", "face" if selfie else "you", "", f"{rules.words.code}: a picture, nothing more said") if noun else None
    if selfie:
        return Intent("request", "face", "", f"{rules.words.code}: selfie")
    article = rules.article.match(text, start, end)
    if article is not None and article.end() < end:
        start = article.end()
    return Intent("request", "free", sentence.cut(start, end), f"{rules.words.code}: verb and subject")


def _shorter(text: str, start: int, end: int, tail: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The subject's place, shorter each time a piece of politeness is taken off its end."""
    while True:
        while start < end and text[start] in _EDGES:
            start += 1
        while end > start and text[end - 1] in _EDGES:
            end -= 1
        yield start, end
        found = tail.search(text, start, end)  # sees what stands before ``start``
        if found is None or found.start() >= end:
            return
        end = found.start()


def _verb_last(sentence: Folded) -> Intent | None:
    text = sentence.text.strip()
    if len(text) > 300:
        return None
    for language in PATTERNS:
        if STOPS[language].search(text):
            continue
        for pattern in PATTERNS[language]:
            match = pattern.search(sentence.text)
            if match is not None:
                return _last_judged(sentence, match, language)
    return None


def _last_judged(sentence: Folded, match: re.Match[str], language: VerbLast) -> Intent:
    groups = match.groupdict()
    if groups.get("selfie"):
        return Intent("request", "face", "", f"{language}: selfie")
    words = (groups.get("subject") or "").strip()
    for mode, pattern in SPECIALS[language]:
        if pattern.fullmatch(words):
            return Intent("request", mode, "", f"{language}: special subject")
    if not words:
        return Intent("request", "you", "", f"{language}: a picture, nothing more said")
    start, end = match.span("subject")
    while start < end and sentence.text[start] in f" ,.、，*{EMOJI}":
        start += 1
    while end > start and sentence.text[end - 1] in f" ,.、，吗吧呀嘛{EMOJI}":
        end -= 1
    return Intent("request", "free", sentence.cut(start, end), f"{language}: subject and verb")
