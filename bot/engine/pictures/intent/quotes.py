"""Speech in quotes: the player's own lines in a role-play post speak, reported words of others do not."""

from __future__ import annotations

import re

from bot.engine.pictures.intent.fold import MASK

_QUOTED = re.compile(r'"([^"\n]{1,1500}?)"|"([^"]{1,1500}?)"|(?<!\w)\'((?:[^\'\n]|(?<=\w)\'(?=\w)){8,600})\'(?!\w)')
SHORT = 3
"""Quotes of up to this many words name a thing (a picture of "the old mill") and stay."""

_OTHER = (
    r"(?:he|she|they|it|who|\w+[a-z]|the \w+(?: \w+)?|my \w+|his \w+|her \w+|someone|somebody|everyone|people|one of them|a voice|another|"
    r"some \w+)"
)
_SAY = (
    r"(?:says?|said|asks?|asked|tells?|told|snaps?|snapped|barks?|barked|shouts?|shouted|whispers?|whispered|yells?|yelled|cries|cried|replies"
    r"|replied|answers?|answered|mutters?|muttered|writes?|wrote|texts?|texted|goes|went|begs?|begged|orders?|ordered|demands?|demanded"
    r"|screams?|screamed|calls?|called|reads?|murmurs?|murmured|laughs?|laughed|growls?|growled|sighs?|sighed|teases?|teased|types?|typed"
    r"|insists?|insisted|commands?|commanded|pleads?|pleaded|hisses|hissed|mumbles?|mumbled|repeats?|repeated|adds?|added|messages?|messaged"
    r"|announces?|announced|posts?|posted|commented|sings?|sang|hums?|hummed|quips?|quipped|squeaks?|squeaked|bellows?|bellowed|jokes?|joked)"
)
_OTHER_AFTER = re.compile(
    rf"\s*[,.—-]?\s*(?:(?!i\b|you\b|we\b|and\b|then\b|so\b|but\b)(?:{_OTHER})(?: \w+ly)? {_SAY}\b"
    rf"|{_SAY} (?!you\b|i\b|at you\b|to you\b)(?:the|a|an|my|his|her|our|their|one|he|she|they|it|\w+)\b"
    r"|is (?:what|all|how|the)|was (?:what|all|how|the)|that's what|lol|haha|as if|like,|a (?:dit|répondu)|dijo|sagte|disse|сказал|powiedział)"
)
_FIRST_AFTER = re.compile(rf"\s*[,.—-]?\s*(?:i|we) (?:\w+ly )?{_SAY}\b(?!(?: to)? (?:him|her|them|the|my|his|a|an)\b)")
_FIRST_TO_OTHER = re.compile(
    rf"\s*[,.—-]?\s*(?:i|we) (?:\w+ly )?{_SAY}\b(?: \w+ly)?(?: (?:to|at))? (?:him|her|them|the|my|his|a|an)\b(?! (?:smile|grin|laugh|whisper|low|soft|quiet))"
)
_OTHER_BEFORE = re.compile(
    rf"(?:\b(?:{_SAY}|saying|asking|yelling|reading|titled|called|named|like|be like|lyrics?|line|verse|chorus|song|quote|motto|slogan|caption|"
    r"sign|poster|prompt|phrase|words?|sentence|message|text|note|letter|email|label|button|goes|is|was|were|says|typing|type|typed|write|about|"
    r"heard|hear|dit|dijo|sagte|disse|сказал|сказала|крикнул)\b(?: \w+){0,4}?|weak imo)\s*[:,—-]?\s*$"
)
_FIRST_BEFORE = re.compile(
    r"\b(?:i|we) (?:\w+ly )?(?:say|said|ask|asked|whisper|whispered|mutter|murmur|type|text|tell you|ask you|reply|answer|add|shout|call|grin|"
    r"laugh|smile|beg|mumble|tease|sigh)(?: (?:to you|you|at you|back|quietly|softly|again|with a \w+|\w+ly|and \w+))?\s*[:,.—-]?\s*$"
)
_NARRATES = re.compile(r"\b(?:i|my|me)\b")
_MEANS_PICTURE = re.compile(
    r"pic|image|draw|paint|photo|sketch|portrait|selfie|illustrat|render|generat|look like|show|бра|рису|малю|фото|карти|dessin|dibuj|zeich|desen|"
    r"diseg|bild|foto|rysuj|画|描|写真|照|图|絵|그려|사진|그림|çiz|resim|gambar"
)


def without_reported(text: str, acted: bool) -> str:
    """Blot quoted speech that is not the player's own. ``acted``: the post has *actions*, so plain quotes are the player's dialogue."""
    if '"' not in text and "'" not in text:
        return text
    spans = [match.span() for match in _QUOTED.finditer(text)]
    outside = _outside(text, spans)
    own_dialogue = acted or not outside.strip(" \n.,!?…\x01\x02") or bool(_NARRATES.search(outside))
    for start, end in spans:
        quoted = text[start + 1 : end - 1]
        if len(quoted.split()) <= SHORT and not _MEANS_PICTURE.search(quoted):
            continue
        if _names_a_subject(text[:start]):
            continue
        if own_dialogue and not _is_reported(text, start, end):
            text = text[:start] + "\n" + quoted + "\n" + text[end:]
        else:
            text = text[:start] + MASK * (end - start) + text[end:]
    return text


def _outside(text: str, spans: list[tuple[int, int]]) -> str:
    pieces = []
    done = 0
    for start, end in spans:
        pieces.append(text[done:start])
        done = end
    pieces.append(text[done:])
    return " ".join(pieces)


def _names_a_subject(before: str) -> bool:
    """``a picture of "…"``, ``draw "…"``: the quotes hold what to draw."""
    return bool(re.search(r"\b(?:of|draw|paint|sketch|titled|generate)(?: me| us)?(?: an?| the)?:?\s*$", before[-40:]))


def _is_reported(text: str, start: int, end: int) -> bool:
    after = text[end : end + 80]
    before = text[max(0, start - 60) : start]
    if _FIRST_TO_OTHER.match(after):
        return True
    if _FIRST_AFTER.match(after) or _FIRST_BEFORE.search(before):
        return False
    return bool(_OTHER_AFTER.match(after) or _OTHER_BEFORE.search(before))
