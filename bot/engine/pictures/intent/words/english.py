"""English words of the request rules. Alternatives of regular expressions, longest first where one begins another."""

from __future__ import annotations

CHAT_SPELLING = {
    **dict.fromkeys(["pls", "plz", "plss", "plis", "plox", "plx", "pleas", "plese", "pleaze", "plees", "pretty-please"], "please"),
    **dict.fromkeys(["u", "ya", "yu", "yah"], "you"),
    **dict.fromkeys(["ur", "yer", "yr", "youre"], "your"),
    **dict.fromkeys(["urself", "yourselves", "yoself", "ursel", "yourselfs", "urselves"], "yourself"),
    **dict.fromkeys(["teh", "da"], "the"),
    **dict.fromkeys(["pix", "piccies", "pixs", "picz"], "pics"),
    **dict.fromkeys(["pik", "piccy", "picc", "pict", "piccie"], "pic"),
    **dict.fromkeys(["selfi", "selfy", "selfee"], "selfie"),
    **dict.fromkeys(["foto", "fotograph", "photograf", "photie", "fhoto"], "photo"),
    **dict.fromkeys(["fotos", "photoes"], "photos"),
    **dict.fromkeys(["img", "imgae", "imag"], "image"),
    **dict.fromkeys(["imgs"], "images"),
    **dict.fromkeys(["snd", "sed"], "send"),
    **dict.fromkeys(["drw", "darw"], "draw"),
    **dict.fromkeys(["drawin", "drawning"], "drawing"),
    **dict.fromkeys(["paintin"], "painting"),
    **dict.fromkeys(["cna", "cn"], "can"),
    **dict.fromkeys(["coudl", "cud", "cld"], "could"),
    **dict.fromkeys(["wud", "wld"], "would"),
    "dont": "don't",
    "didnt": "didn't",
    "doesnt": "doesn't",
    "cant": "can't",
    "wont": "won't",
    "lets": "let's",
    "im": "i'm",
    "ive": "i've",
    "id": "i'd",
    "c": "see",
    "r": "are",
    "y": "why",
    "b4": "before",
    "wanna": "want to",
    "gonna": "going to",
    "gotta": "got to",
    "gimme": "give me",
    "gimmie": "give me",
    "lemme": "let me",
    "lemmie": "let me",
    "shoulda": "should have",
    "tho": "though",
    "bc": "because",
    "cuz": "because",
    "coz": "because",
    "rn": "right now",
    "rq": "real quick",
    "thx": "thanks",
    "thnx": "thanks",
    "thanx": "thanks",
    "tysm": "thanks",
    "tyvm": "thanks",
    "ty": "thanks",
    "ta": "thanks",
    "mek": "make",
    "mak": "make",
    "giv": "give",
    "lil": "little",
    "wat": "what",
    "wut": "what",
    "wht": "what",
    "luk": "look",
    "visualize": "visualise",
    "anotha": "another",
    "nother": "another",
    "smth": "something",
    "sum": "some",
}
STRETCHABLE = {"please", "send", "show", "draw", "me", "you", "pic", "pics", "selfie", "so", "hey", "yes", "no"}
REAL_WORDS = {
    "sent",
    "sand",
    "mage",
    "mages",
    "paint",
    "pant",
    "pint",
    "pains",
    "pain",
    "sows",
    "shot",
    "shoe",
    "how",
    "sketch",
    "crate",
    "crates",
    "rate",
    "generate",
    "imagine",
    "pictured",
    "pained",
    "ending",
    "phonograph",
    "piano",
    "wold",
    "cold",
    "cloud",
    "panting",
    "pining",
    "photos",
    "drawings",
    "dawning",
    "raw",
    "ward",
    "gown",
    "sedan",
    "snow",
    "seen",
    "apse",
    "please",
    "plese",
}

NOUN = (
    r"(?:self[- ]portraits?|concept[- ]arts?|fan[- ]?arts?|art ?works?|pic(?:ture)?s?|images?|drawings?|paintings?|photo(?:graph)?s?"
    r"|selfies?|portraits?|sketch(?:es)?|snapshots?|illustrations?|wallpapers?|visuals?|doodles?|headshots?|watercolou?rs?|polaroids?"
    r"|close-?ups?|renderings?|renders?|caricatures?|cartoons?|depictions?|visuali[sz]ations?|mugshots?|art)"
)
MAKE = (
    r"(?:send|mail|imagine|generate|make|create|draw|paint|render|show|give|get|take|snap|shoot|post|share|drop|upload|sketch|illustrate"
    r"|produce|design|doodle|do(?=\s+(?:me|us|an?|another|some|one|more)\b)|throw|toss|text|bring|grab|compose|craft|whip up|cook up|conjure up|knock up|attach|message|dm|email"
    r"|e-mail|forward|provide|display|deliver)"
)
MAKING = (
    r"(?:sending|mailing|imagining|generating|making|creating|drawing|painting|rendering|showing|giving|getting|taking|snapping|posting"
    r"|sharing|dropping|sketching|illustrating|doing|whipping up|producing|designing|visuali[sz]ing)"
)
DRAW = r"(?:draw|sketch|paint|illustrate|visuali[sz]e|depict|doodle|render)"
REDRAW = r"(?:redraw|re-draw|repaint|re-render|rerender|regenerate|redo|re-do|remake|reroll|re-roll)"

MODIFIER_STOP = (
    r"(?:of|in|on|to|from|into|under|over|at|with|by|as|about|through|across|behind|like|than|and|or|but|if|when|while|that|who|what|where"
    r"|why|how|which|is|are|was|were|be|been|has|have|had|do|does|did|not|no|never|i|you|he|she|it|they|we|remember|for|so|because|until|out|up|off"
    r"|down|there|here|this's|then|without|any|don't|i'm|i've|i'll|i'd|it's|that's|you're|want|need)"
)
PLAIN_ADJECTIVE = (
    r"(?:a|an|the|some|one|two|three|few|couple|more|another|new|nice|quick|little|small|tiny|big|large|good|great|cool|cute|lovely"
    r"|beautiful|pretty|gorgeous|better|proper|decent|real|detailed|simple|rough|random|funny|fun|high-?res|high|quality|hd|4k|fresh"
    r"|recent|current|single|other|actual|me|us|please|just|this|that|these|those|really|very|super|fast|short|full|amazing|awesome"
    r"|stunning|different|second|next|color|colour|coloured|colored|black-and-white|b&w|digital|realistic|photorealistic|also|maybe"
    r"|quickly|damn|fucking|freaking|silly|bunch|it|now|yet|extra|candid|hot|sexy|clear|visual|mental)"
)
COMPOUND = (
    r"(?:album|albums|book|books|frame|frames|framed|perfect|file|files|room|rooms|app|apps|board|boards|layer|layers|size|sizes|booth|shoot"
    r"|shoots|finish|editor|viewer|gallery|gallerie|postcard|day|format|url|link|links|tag|tags|id|ids|element|class|upload|uploads"
    r"|processing|recognition|generator|generation|generators|model|models|api|prompt|prompts|quality|resolution|op|ops|contest|store"
    r"|hanging|studio|lessons?|supplies|brush|manager|credits?|bombs?|caption|captions|search|data|database|dataset|classifier|hosting"
    r"|compression|conversion|converter|backup|roll|house|rail|pane|tablet|tablets|paper|papers|pad|pads|pens?|pencils?|tables?|course|equipment|kit|software|tools?|program|website|site|blog|service|journal|exhibition"
    r"|exhibit|museum|magazine|archives?|collection|session|report|reviews?|shop|plates?|thing|feature|command|button|hook|show|theory|wall|stick|card|cards)"
)
"""Nouns after a picture word that make it something else: a photo album, a drawing room."""

ABSTRACT = (
    r"(?:health|misery|innocence|hope|despair|doom|gloom|elegance|calm|joy|sin|success|failure|how bad|how things|what life|what it's like"
    r"|what happened|the situation|the future|things to come|our chances|our situation|his (?:motives|character)|society)"
)
