"""What of a message speaks for the player now: everything else is blotted out before any rule reads it.

Blotted: code, links, quoted blocks, chat logs, lyrics, pasted text, narrated actions, quoted speech of others. Out-of-character brackets
speak; so does the player's own dialogue in quotes.
"""

from __future__ import annotations

import re

from bot.engine.pictures.intent.fold import MASK, NOTE, Folded, mask
from bot.engine.pictures.intent.pasted import without_pasted
from bot.engine.pictures.intent.quotes import without_reported

COMMAND = re.compile(r"\s*(?:/(?!/)|!)[a-z]")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.S)
_INLINE = re.compile(r"(`{1,2})(?!`)[^`\n]{1,2000}\1")
_LINK = re.compile(
    r"(?:https?://|ftp://|www\.)\S+|\b[\w.+-]{1,64}@[\w-]{1,64}\.\w+|\b[\w-]{1,64}\.(?:com|org|net|io|dev|app)/\S*"
    r"|\b[\w/\\.-]{1,128}\.(?:png|jpe?g|webp|gif|py|js|html?|pdf|txt|json|zip)\b"
)
_BLOCK_LINE = re.compile(r"^[ \t]*>.*$", re.M)
_BLOCK_REST = re.compile(r"^[ \t]*>>> .*\Z", re.M | re.S)
_JSON = re.compile(r"[{\[][^{}\[\]\n]{0,400}\"\s{0,3}:[^{}\[\]\n]{0,600}[}\]]?")
_TAG = re.compile(r"<[a-z/!][^<>\n]{0,300}>(?:[^<>\n]{1,200}</[a-z]{1,12}>)?")
_CALL = re.compile(r"\b(?!ooc\b)[a-z_][\w.]{1,60}\([^()\n]{0,300}\)")
_CODE_LINE = re.compile(
    r"^[ \t]*(?:[$#] \S.*|(?:def|class|import|from|var|let|const|return|curl|git|sudo|docker|python3?|npm|pip) [^\n]*[=(){};:/<>-][^\n]*"
    r"|[^\n]*;[ \t]*|[\w.]{1,40} ?(?:=|:=|\+=) ?[^\n]*|#include[^\n]*|--[^\n]*|\[?\d{1,4}[-:]\d\d[^\n]{0,12}\]? ?(?:info|warn|error|debug)[^\n]*"
    r"|(?:info|warn(?:ing)?|error|debug|traceback|usage)\b ?[:\[(][^\n]*)$",
    re.M,
)
_LOG_LINE = re.compile(r"^[ \t]*(?:\[[^\]\n]{1,24}\] ?)?[\w.@-]{1,24}(?: \([^)\n]{1,20}\))?: \S[^\n]*$", re.M)
_NOT_A_SPEAKER = re.compile(
    r"\s*(?:ooc|ps|p\.s\.|btw|edit|note|prompt|image|picture|pic|photo|draw|sketch|paint|drawing|request|subject|scene|also|next|now|style|idea"
    r"|please|so|anyway|ok|okay|question|me|selfie|portrait|generate|render|make|create)\b"
)
_MUSIC = re.compile(rf"(?:^|(?<=\n)){NOTE}[^{NOTE}]*(?:{NOTE}|\Z)|[^\n]*{NOTE}[^\n]*")
_LA_LA = re.compile(r"^[^\n]*\b(?:la[ ,-]+la|na[ ,-]+na na|tra[ -]la|doo[ -]doo)\b[^\n]*$", re.M)
_BOLD = re.compile(r"\*\*|__|~~|\|\|")
_ACTION = re.compile(r"(?<!\*)\*(?![\s*])[^*]{1,3000}?(?:\n\n|\*)|(?<![\w_])_(?![\s_])[^_\n]{1,2000}_(?!\w)")
_SINGS = re.compile(
    r"\b(?:hum|hums|humming|sing|sings|singing|chants?|chanting|recites?|reciting|croons?|reads? (?:\w+ ){0,4}(?:aloud|out))\b"
)
_TURNS = re.compile(
    r"\b(?:turns?|turning|says?|calls?|calling|whispers?|shouts?|shouting|speaks?|nods?|points?|texts?|texting|types?|yells?|barks?|barking"
    r"|mutters?|waves?|beckons?|writes?|talks?|talking|looks?|addresses|orders?|tells?|asks?|snaps?|hisses)\b(?: \w+){0,2}? (?:to|at|for|over to|"
    r"towards?)? ?(?!you\b|u\b|to\b)(?:the|a|an|my|his|her|their|one of|another|some|our)\b (?!camera|floor|ground|sky|wall|table|door|window"
    r"|ceiling|phone|screen|sea|map|chrome|mess|view|stars?|moon|horizon|paper|picture|painting|distance)\w"
)
_AWAY_ENDS = re.compile(r"\n|\(\(|[(\[]\s*ooc\b")
_TO_YOU = re.compile(r"\b(?:you|u|your)\b")


def spoken(folded: Folded) -> Folded:
    """The folded message with all that does not speak for the player blotted out, character for character."""
    text = folded.text
    for pattern in (_FENCE, _INLINE, _LINK, _BLOCK_REST, _BLOCK_LINE, _MUSIC, _LA_LA):
        text = mask(text, pattern)
    text = mask(text, _JSON)
    text = mask(text, _TAG)
    text = mask(text, _CALL)
    text = mask(text, _CODE_LINE)
    text = _without_chat_log(text)
    text = _BOLD.sub("  ", text)
    text, acted = _without_actions(text)
    text = without_pasted(text)
    return folded.masked(without_reported(text, acted))


def _without_chat_log(text: str) -> str:
    """Lines of the form ``name: words`` are other people's: several of them are a pasted log."""
    lines = [match for match in _LOG_LINE.finditer(text) if not _NOT_A_SPEAKER.match(match[0])]
    if len(lines) < 2:
        return text
    for match in lines:
        text = text[: match.start()] + MASK * len(match[0]) + text[match.end() :]
    return text


def _without_actions(text: str) -> tuple[str, bool]:
    """Blot ``*actions*``; what is spoken after an action that turns to somebody else, or after humming, goes with it."""
    pieces: list[str] = []
    done = 0
    away = False
    acted = False
    for match in _ACTION.finditer(text):
        between = text[done : match.start()]
        pieces.append(MASK * len(between) if away else between)
        pieces.append(MASK * len(match[0]))
        acted = acted or len(match[0]) > 2
        away = _speaks_elsewhere(match[0])
        done = match.end()
    rest = text[done:]
    if away:
        until = _AWAY_ENDS.search(rest)
        end = until.start() if until else len(rest)
        rest = MASK * end + rest[end:]
    pieces.append(rest)
    return "".join(pieces), acted


def _speaks_elsewhere(action: str) -> bool:
    if _SINGS.search(action):
        return True
    return bool(_TURNS.search(action)) and not _TO_YOU.search(action)
