"""Words about a picture at hand: what should become of one that came with the message, or that the message answers.

Read only where there is such a picture; elsewhere «turn this into a party» is part of the story. Even in an answer to a picture most lines
go on with the talk («give me a minute», «make it quick»): a wish is only what speaks of looks, of a picture, or of something that can be
seen. English, with the commonest phrases of German, French, Spanish, Italian and Portuguese.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.engine.pictures.intent.outcome import Intent, nothing
from bot.engine.pictures.intent.words.looks import COLOURS, LOOK, STYLES, THINGS

READ = 600
"""Characters that are read; a wish about a picture is short."""
MOST_SENTENCES = 3
"""A wish about a picture stands in a short message; longer ones tell a story."""
_SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n+")
_ADDRESS = re.compile(r"\A(?:(?:<@!?\d+>[,:]?|@\w+[,:]?|[\w'-]{1,32}[,:!])\s+){1,2}")
_ASK = (
    r"(?:(?:hey|ok|okay|so|and|now|please|pls|but|then|nice|great|lovely|perfect|cool|haha|lol)[,!.]?\s+){0,4}"
    r"(?:(?:can|could|would|will)\s+(?:you|u)\s+|let's\s+|i(?:'d| would)\s+like\s+(?:you\s+)?to\s+)?(?:please\s+|maybe\s+|just\s+)?"
)
_PICTURE = r"(?:pictures?|photos?|photographs?|pics?|images?|drawings?|paintings?|sketch(?:es)?|portraits?|selfies?)"
_THIS = rf"(?:this|that|it|these|him|her|them|me|us|my\s+\w+|(?:the|this|that|my)\s+{_PICTURE})(?:\s+(?:one|{_PICTURE}))?"
_THE_PICTURE = rf"(?:the|this|that|my)\s+{_PICTURE}"
_DRAW = r"(?:draw|paint|sketch|redraw|repaint|restyle|recolou?r|reimagine|render)"
_EDIT = r"(?:edit|modify|redo|change|alter|retouch)"
_BECOME = r"(?:make|turn|change|convert|transform|render|reimagine|redraw|repaint|redo|edit|restyle)"
_MAKE = rf"(?:{_DRAW}|{_EDIT}|{_BECOME})"
_ABSTRACT = (
    r"(?:an?\s+scene|(?:an?\s+|the\s+|some\s+|our\s+|my\s+|your\s+)?(?:\w+\s+){0,2}?(?:games?|jokes?|fights?|part(?:y|ies)|arguments?|competitions?|contests?|"
    r"habits?|routine|tradition|reasons?|problems?|issue|date|mess|thing|story|stories|big deal|deal|plan|advantage|lesson|lecture|debate|"
    r"discussion|interrogation|rule|question|song|secret|promise|excuse|challenge|disaster|nightmare|dream come true|win|money|gold|"
    r"cash|words|action|practice|holiday|day|evening|week|bet|war|business|career|living|success|failure|positive|negative|something|nothing|dinner|meal|feast|supper|all(?:y|ies)|adventure|friends?|enem\w+|weapon|home|family|conversation|"
    r"relationship|opportunity|profession|hobby|show))\b"
)
_PLACE = r"make\s+\w+\s+into\s+(?:the|my|your|our|town|bed)\b"
_INTO = re.compile(rf"\A{_ASK}(?!{_PLACE}){_BECOME}\s+{_THIS}\s+into\s+(?!(?:your|our)\s|{_ABSTRACT})(?P<what>\S.*)", re.IGNORECASE)
_TO = re.compile(rf"\A{_ASK}(?:change|convert|transform|turn)\s+{_THIS}\s+to\s+(?P<what>(?:\S+\s+){{0,4}}?{LOOK}\b.*)", re.IGNORECASE)
_AS = re.compile(rf"\A{_ASK}{_DRAW}\s+{_THIS}\s+(?P<what>(?:as|like|with|without|wearing|but)\s+.+)", re.IGNORECASE)
_NOT_LOOKS = r"(?:enough|off|out|down|up|in\s+here|with\s+envy|hot|bulbs?|money|to\s+remember|together|to\s+me|is|are|was)\b"
_LOOKING = re.compile(
    rf"\A{_ASK}(?!(?:draw|paint|sketch)\s+(?:me|us)\s+an?\s)"
    rf"(?:{_MAKE}\s+{_THIS}|(?:show|do|try|imagine|i\s+want|how\s+about)\s+{_THIS}(?=\s+(?:as|like|in)\s))\s+"
    r"(?!at\s+(?:noon|midnight)|an?\s+(?:night|day|summer|winter|spring|autumn)\b)"
    rf"(?P<what>(?:look\s+)?(?:(?:as|in|at|like|with|a|an|more|less|the|to|much|a\s+bit|a\s+little|style|of)\s+){{0,6}}"
    rf"{LOOK}\b(?!\s+{_NOT_LOOKS})(?:,?\s+(?!and\s+(?:you|then|lock|bring|come|go)\b)[\w'-]+){{0,6}}[\s.!?…]*)\Z",
    re.IGNORECASE,
)
_SAME = re.compile(
    rf"\A{_ASK}(?:the\s+)?same(?:\s+(?:one|thing|{_PICTURE}))?,?\s+(?:but\s+)?(?P<what>(?:(?:in|at|as|with|without|like|an?|the|more|less)\s+){{0,3}}"
    rf"{LOOK}\b(?:,?\s+[\w'-]+){{0,5}}[\s.!?…]*)\Z",
    re.IGNORECASE,
)
_COLON = re.compile(
    rf"\A{_ASK}{_EDIT}\s+{_THIS}\s*:\s*(?P<what>\S.*)|\A{_ASK}{_EDIT}\s+{_THE_PICTURE}\s*[,-]\s*(?P<rest>\S.*)", re.IGNORECASE
)
_VERSION = re.compile(
    rf"\A{_ASK}(?:(?:{_MAKE}|do|give|get|show|send|i\s+want|i'd\s+like|can\s+(?:i|we)\s+(?:have|get|see))\s+(?:me\s+|us\s+)?)?(?:an?\s+|the\s+)?"
    r"(?P<what>[\w'-]+(?:\s+[\w'-]+){0,4}?)\s+version(?P<of>\s+of\s+(?:this|that|it|me|him|her|them|my\s+\w+)\b|(?=[\s.!?,]*(?:please\b.*)?\Z))",
    re.IGNORECASE,
)
_PLAIN_VERSION = re.compile(
    r"\b(?:my|your|his|her|its|our|their|this|that|which|what|whose|whole|better|best|worse|worst|short\w*|long\w*|abridged|other|another|"
    r"different|new|true|real|right|wrong|honest|official|final|full|complete|last|latest|first|second|third|next|previous|earlier|old|"
    r"original|is|are|was|were|prefer|like|love|hate|favou?rite|tell\w*|told|hear\w*|know|believe|polite|clean|kind|sober|any|no|one|some)\b",
    re.IGNORECASE,
)
_LOOKS = re.compile(rf"\b{LOOK}\b", re.IGNORECASE)
_VERB = re.compile(
    rf"\A{_ASK}(?P<what>colou?ri[sz]e|cartoonify|brighten|darken|sharpen|blur)\s+{_THIS}(?:\s+up)?[\s.!?…]*(?:please\b.*)?\Z", re.IGNORECASE
)
_FOREIGN = re.compile(
    r"\A(?:bitte\s+)?(?:mach|verwandel|verwandle|wandel|wandle)\w*\s+(?:bitte\s+)?(?:(?:das|dies\w*|mich|es)(?:\s+(?:bild|foto))?\s+(?:bitte\s+)?(?:in|zu)|daraus)\s+"
    r"(?P<de>(?:ein\w*|als)\s+.+)"
    r"|\A(?:bitte\s+)?(?:zeichne|male?)\s+(?:bitte\s+)?(?:das|dies\w*|mich|es)(?:\s+(?:bild|foto))?\s+(?:als|im\s+stil)\s+(?P<drawn>.+)"
    r"|\A(?:transforme|change|dessine|peins)[\w-]*\s+(?:(?:ça|cela|ceci|cette?\s+\w+)\s+)?(?:en|comme)\s+(?P<fr>(?!colère|silence|retard|paix|fait)\S.*)"
    r"|\A(?:convierte|transforma|dibuja|pinta)\w*\s+(?:(?:esto|esta?\s+\w+|la\s+foto)\s+)?(?:en|como)\s+(?P<es>una?\s+.+)"
    r"|\A(?:trasforma|disegna|dipingi|transforme|desenhe)\w*\s+(?:(?:questo|questa\s+\w+|isto|isso|esta\s+\w+)\s+)?(?:in|come|em|como)\s+"
    r"(?P<it>u[mn]\w*[\s']\s*.+)",
    re.IGNORECASE,
)
_WHAT_IF = re.compile(
    rf"\A(?:i\s+wonder\s+)?(?:what|how)\s+(?:would|might|could)\s+{_THIS}\s+look(?:\s+like)?\s+(?P<what>(?:as|in|at|with|without)\s+\S.*)"
    rf"|\A(?:i\s+wonder\s+)?(?:what|how)\s+{_THIS}\s+(?:would|might|could)\s+look(?:\s+like)?\s+(?P<then>(?:as|in|at|with|without)\s+\S.*)"
    rf"|\A(?:i'd|i\s+would)\s+(?:love|like)\s+to\s+see\s+{_THIS}\s+(?P<seen>(?:as|in|at|with|without)\s+\S.*)",
    re.IGNORECASE,
)
_DET = r"(?:an?|the|that|this|some|more|two|three|his|her|its|their)"
_NEW = r"(?:an?|some|more|two|three)"
_SEEN = rf"(?:\w+\s+){{0,2}}?(?:{THINGS})\b"
_LIKELY = re.compile(
    rf"\A(?!.*\b(?:yours|mine|tomorrow|tonight|later|yourself|myself|to\s+(?:carry|hold|wear|keep))\b){_ASK}(?:"
    rf"(?:add|remove|erase|delete)\s+{_DET}\s+{_SEEN}(?!\s+to\s+(?:the|my|your|our)\s+(?:list|cart|story|bill|plan))"
    rf"|(?:get\s+rid\s+of|take\s+(?:away|out))\s+{_DET}\s+(?:\w+\s+)?(?:{THINGS})\b"
    rf"|replace\s+{_DET}\s+[\w' -]{{2,40}}\s+(?:with|by)\s+\S+"
    rf"|give\s+(?:him|her|it|them)\s+{_NEW}\s+{_SEEN}|put\s+{_NEW}\s+{_SEEN}\s+on\s+(?:him|her|it|them|(?:his|her|its)\s+\w+)"
    rf"|(?:make|change|paint|colou?r)\s+(?:the|his|her|its|their|my)\s+(?:\w+\s+)?(?:{THINGS})\s+(?:(?:in)?to\s+\S+|(?:\w+\s+)?{LOOK}\b)"
    rf"|turn\s+(?:his|her|its|their|the|my)\s+(?:hair|eyes|sky|dress|skin|background|sea|leaves)\s+(?:\w+\s+)?(?:{COLOURS})\b"
    r"|make\s+the\s+background\s+\S+"
    r"|put\s+(?:him|her|them|me)\s+in(?:to)?\s+an?\s+\S+"
    rf"|make\s+{_THIS}\s+look\s+like\s+an?\s+(?!accident|fool|idiot|liar|coward|game|joke|miracle|mistake|child\b|choice)\S+"
    rf"|(?:as|in)\s+(?:(?:an?|the)\s+)?(?:\w+\s+)?(?:{STYLES})(?=(?:\s+style)?[\s.!…]*(?:(?:please|instead|this time)[\s.!…]*)?\Z)"
    rf"|(?:{STYLES})(?:\s+style)?,?\s+please"
    rf"|(?:with\s+an?|without\s+(?:an?|the|that|his|her))\s+(?:\w+\s+)?(?:{THINGS})(?=[\s.!…]*(?:(?:please|instead|this time)[\s.!…]*)?\Z)"
    r")(?:,?\s+[\w'-]+){0,7}[\s.!?…,]*\Z",
    re.IGNORECASE,
)
_REFERS = re.compile(
    rf"\b(?:this|that|it|these|same|like\s+(?:him|her|them)|{_PICTURE}\s+above|das|dies\w*|daraus|ça|ceci|cette|esto|esta|este|questo|questa|isto)\b",
    re.IGNORECASE,
)
_LIKE = re.compile(
    rf"\b(?:from|like|in|as\s+in|after|based\s+on|using|use|of)\s+(?:this|that|these|it|the\s+(?:same|{_PICTURE})|my\s+{_PICTURE})\b|\bthe\s+same\b",
    re.IGNORECASE,
)
_FROM = re.compile(
    rf"\b(?:use|using|based\s+on|starting\s+from|from)\s+(?:this|that|{_THE_PICTURE})\b|\b(?:das|dies\w*)\s+(?:bild|foto)\b", re.IGNORECASE
)
_END = re.compile(r"[\s.!?…,;]*(?:\b(?:please|pls|thanks|thank you|bitte|por favor|s'il te pla[iî]t)\b[\s.!?…]*)*\Z", re.IGNORECASE)
_HANGING = re.compile(r"\A(?:as|in|at|like|with|without|but|wearing)\b", re.IGNORECASE)
"""The rest of a request whose object was cut off: «as a watercolour» of «draw this as a watercolour»."""
_SENT = re.compile(r"\b(?:send|show|see|have|get)\b", re.IGNORECASE)
_OWN_WORDS = ("you", "face", "background", "raw_last")
"""Modes that say themselves what is drawn: a picture at hand matters only where the words name it."""


def points(text: str, wish: Intent, *, attached: bool) -> bool:
    """Whether a request for a picture, found in ``text``, means the picture at hand: one that came along (unless the request is for
    something else plainly, «my cat! Now send me a selfie»), or the answered one where the request points at it («it», «the same»)."""
    if wish.follows or _FROM.search(text[:READ]):
        return True
    if wish.mode in _OWN_WORDS or (wish.mode == "me" and not attached):
        return _LIKE.search(text[:READ]) is not None
    if attached and not (wish.subject and _SENT.search(text[:READ])):
        return True
    if wish.subject and not _HANGING.match(wish.subject):
        return _REFERS.search(wish.subject) is not None or re.match(r"(?:him|her|them)\b", wish.subject, re.IGNORECASE) is not None
    return _REFERS.search(text[:READ]) is not None


def changed(text: str, *, names: Sequence[str] = ()) -> Intent:
    """What should become of the picture at hand: a request where the words say so plainly, an offer where they may mean it. ``names``
    are those the words may be addressed to («Mirren, make it darker»)."""
    lines = [_unaddressed(line, names) for line in _SENTENCES.split(text[:READ].strip())[: MOST_SENTENCES + 1]]
    whole = _unaddressed(" ".join(text[:READ].split()), names)
    read = (whole, *lines) if 1 < len(lines) <= MOST_SENTENCES else (whole,)
    found = [_in_words(words) for words in read]
    return next((f for wanted in ("request", "offer") for f in found if f.outcome == wanted), nothing("nothing about the picture at hand"))


def _unaddressed(line: str, names: Sequence[str]) -> str:
    words = " ".join(line.split())
    for name in names:
        if name and words.casefold().startswith(name.casefold()):
            words = words[len(name) :].lstrip(" ,:!-")
    return _ADDRESS.sub("", words)


def _in_words(words: str) -> Intent:
    for pattern in (_INTO, _TO, _COLON, _AS, _LOOKING, _SAME, _VERB, _FOREIGN):
        if (found := pattern.match(words)) and (subject := _subject(found)):
            return Intent("request", "free", subject, "a change of the picture at hand")
    if (found := _VERSION.match(words)) and not _PLAIN_VERSION.search(found["what"]) and (found["of"] or _LOOKS.search(found["what"])):
        return Intent("request", "free", _subject(found), "a version of the picture at hand")
    if found := _WHAT_IF.match(words):
        return Intent("offer", "free", _subject(found), "wonders what the picture at hand would look like")
    if _LIKELY.match(words):
        return Intent("offer", "free", _wish(words), "perhaps a change of the picture at hand")
    return nothing("nothing about the picture at hand")


def _subject(found: re.Match[str]) -> str:
    return _wish(next(text for name, text in found.groupdict().items() if text and name != "of"))


def _wish(text: str) -> str:
    return _END.sub("", text).strip()
