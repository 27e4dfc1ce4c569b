"""Wishes, hints and questions that a picture could answer as well as words."""

from __future__ import annotations

import re

from bot.engine.pictures.intent.fold import Folded
from bot.engine.pictures.intent.outcome import Intent
from bot.engine.pictures.intent.subjects import clean
from bot.engine.pictures.intent.words import english as words

_ABILITY = re.compile(
    rf"\b(?:(?:can|could|do) you (?:even |actually |also |really )?(?:draw|paint|sketch|illustrate|(?:send|make|take|generate|create|do|show)(?: me)? {words.NOUN})s?"
    rf"|(?:are you able to|do you know how to|know how to) (?:draw|paint|sketch|send|make|generate|create)|you(?: really)? should (?:draw|paint|sketch)"
    rf"|are you (?:any )?good at (?:drawing|painting)|have you ever (?:drawn|painted|sketched)|do you (?:like|draw|paint)(?: to)? ?(?:draw|paint|often|much|pictures|a lot)?"
    rf"|do you have (?:any |some |an? )?(?:\w+ )?{words.NOUN})\b"
)
_LOOK = re.compile(
    r"\b(?:what|how) (?:do|does|did|would) (?P<who>[^,.!?]{1,60}?) look(?: like)?\b|\bwhat(?:'s| is) (?P<view>the view[^,.!?]{0,60}|your room|it) like\b|\bwhat are you wearing\b"
    r"|\bhow do you (?:picture|imagine|see)\b|\bdescribe (?:yourself|what you)\b"
)
_SHOW = re.compile(
    r"(?:^|[,;]\s*|\b(?:please|and|so|or) )(?:show me|let me see|(?:can|could|may) i (?:please )?see)\s+(?P<who>[^,.!?]{1,80})"
)
_WISH = re.compile(
    r"\bi(?:'d| would) (?:really |so )?(?:love|like|kill) to see (?P<who>[^,.!?]{1,80})|\bi wish i could see (?P<wish>[^,.!?]{1,80})|\bi wish (?:i|we) had (?:a|an|some)\b"
    rf"|\bwould (?:look|make) (?:so |such )?(?:good|great|amazing|nice|lovely|beautiful|awesome|a (?:great|nice|lovely|beautiful|good|perfect|wonderful|cool))\b.{{0,30}}{words.NOUN}?"
    rf"|\b(?:a|some|any) (?:\w+ )?{words.NOUN} (?:would|might|could) (?:help|be)\b|\bfeel like drawing\b|\bi bet you look\b|\bif only i could see\b|\bwonder what .{{1,60}} looks? like\b"
    r"|\bcan't (?:really |quite )?(?:picture|imagine)\b|\bwish you could see\b"
)
_IMAGINE = re.compile(
    r"(?:imagine|picture|envision) (?!that\b|this\b|if\b|being\b|how\b|my\b|what\b|the look\b)(?P<who>(?:an?|the) [^.!?]{6,200})"
)
_ELSEWHERE = re.compile(
    r"wie siehst du|kannst du (?:auch |überhaupt )?(?:zeichnen|malen)|ich würde gerne? .{1,60} sehen|tu sais dessiner|à quoi (?:tu )?ressembles?"
    r"|j'aimerais (?:tant )?voir|ojal[aá] pudiera ver|sabes dibujar|cómo eres|queria (?:tanto )?(?:ver|conhecer)|sabe desenhar|sai (?:anche )?disegnare"
    r"|vorrei (?:tanto )?vedere|come sei fatt|chciał(?:a)?bym .{0,30}zobaczyć|umiesz rysować|как ты выглядишь|умеешь рисовать|хотела? бы .{0,20}увидеть"
    r"|як ти виглядаєш|вмієш малювати|nasıl (?:biri gibi )?görünüyorsun|çizebiliyor musun|bisa (?:kirim|gambar)|描けるの|どんな(?:顔|見た目|姿)"
    r"|그릴 수 있어|어떻게 생겼|好想看|长什么样|会画画吗|什么样子"
)


def offered(sentence: Folded) -> Intent | None:
    """An offer with mode and subject where the words name them; None when the sentence gives no occasion."""
    text = sentence.text
    if _ABILITY.search(text):
        return Intent("offer", None, "", "asks or hints whether pictures are possible")
    for pattern, why in ((_LOOK, "asks how something looks"), (_SHOW, "wants to be shown something"), (_WISH, "wishes to see something")):
        match = pattern.search(text)
        if match is not None:
            return _about(sentence, match, why)
    match = _IMAGINE.match(text)
    if match is not None:
        return _about(sentence, match, "imagines a sight")
    return Intent("offer", None, "", "wishes to see, in another language") if _ELSEWHERE.search(text) else None


def _about(sentence: Folded, match: re.Match[str], why: str) -> Intent:
    group = next((name for name, value in match.groupdict().items() if value), None)
    if group is None:
        return Intent("offer", None, "", why)
    subject = clean(sentence, match.start(group), match.end(group))
    if subject.special is not None:
        return Intent("offer", subject.special, "", why)
    return Intent("offer", "free", subject.text, why)
