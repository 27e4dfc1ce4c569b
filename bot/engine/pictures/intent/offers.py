"""Lines that words answer as well as a picture: wishes to see, questions about looks, questions whether one can draw."""

from __future__ import annotations

import re

from bot.engine.pictures.intent.fold import Folded
from bot.engine.pictures.intent.outcome import Intent
from bot.engine.pictures.intent.subjects import clean

_WHAT = r"(?P<what>[^.!?\n]{1,160})"
_PATTERNS = (
    (re.compile(rf"\bwhat (?:do|does|did|would) {_WHAT}? (?:actually |really |even |exactly )?look(?:ing)? like\b"), "asks how something looks"),
    (re.compile(rf"\b(?:i )?wonder(?:ing)? (?:what|how) {_WHAT}? looks?(?: like)?\b"), "wonders how something looks"),
    (re.compile(rf"\b(?:i )?(?:wish|if only) (?:i|we) could see {_WHAT}"), "wishes to see"),
    (re.compile(rf"\b(?:i(?:'d| would) (?:love|like|give anything)|i want|i'm dying|can't wait) to see {_WHAT}"), "wants to see"),
    (re.compile(rf"\b(?:let me|show me|can i|could i|may i) (?:have a look at|take a look at|see|look at)? ?{_WHAT}"), "wants to be shown"),
    (re.compile(rf"\b(?:i )?(?:can't|cannot|can't really|can hardly) (?:really |quite )?(?:picture|imagine) {_WHAT}"), "cannot picture it"),
    (re.compile(rf"^\W*(?:just )?imagine {_WHAT}"), "imagines"),
    (re.compile(r"\b(?:can|could|do) you (?:even |also |actually |know how to )?(?:draw|paint|sketch|make (?:pictures|images|art)|send (?:pics|pictures|photos))\s*\?"), "asks whether one can draw"),
)  # fmt: skip
_OTHERS = re.compile(
    r"wie siehst du|kannst du (?:auch )?(?:zeichnen|malen)|ich w[uü]rde gern(?:e)? .{1,60} sehen|tu sais dessiner|[aà] quoi (?:tu )?ressembles?|j'aimerais (?:tant )?voir"
    r"|ojal[aá] pudiera ver|sabes dibujar|c[oó]mo eres|queria (?:tanto )?(?:ver|conhecer)|sabe desenhar|sai (?:anche )?disegnare|vorrei (?:tanto )?vedere|come sei fatt"
    r"|chcia[lł](?:a)?bym .{0,30}zobaczy[cć]|umiesz rysowa[cć]|как ты выглядишь|умеешь рисовать|хотела? бы .{0,20}увидеть|як ти виглядаєш|вмієш малювати"
    r"|nas[iı]l (?:biri gibi )?g[oö]r[uü]n[uü]yorsun|çizebiliyor musun|bisa (?:kamu )?(?:gambar|kirim foto)|描けるの|どんな(?:顔|見た目|姿)|그릴 수 있어|어떻게 생겼|好想看|长什么样|会画画吗|什么样子"
)


def offered(sentence: Folded) -> Intent | None:
    """What a picture may be offered for; None when nothing is."""
    text = sentence.text
    if len(text) > 300:
        return None
    for pattern, why in _PATTERNS:
        match = pattern.search(text)
        if match is None:
            continue
        if "what" not in match.groupdict():
            return Intent("offer", None, "", why)
        subject = clean(sentence, *match.span("what"))
        if subject.text:
            return Intent("offer", subject.special or "free", "" if subject.special else subject.text, why)
    return Intent("offer", None, "", "wishes to see, in another language") if _OTHERS.search(text) else None
