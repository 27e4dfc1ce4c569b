"""English words that follow a subject without belonging to it."""

from __future__ import annotations

import re

_NAMES = r"(?:babe|baby|honey|hun|love|darling|dear|sweetie|sweetheart|mate|dude|bro|man|friend|buddy|sir|girl|my love|my dear|my friend)"
_PIECES = (
    r"please|pretty please|thanks(?: (?:a lot|so much|a ton|a bunch|in advance|again|very much))?|thank you(?: (?:so|very) much| in advance)?"
    r"|cheers|lol|lmao|lmfao|rofl|haha+|hehe+|hihi|heh|xd|xx+|xo(?:xo)*|right now|now|asap|immediately|at once|quickly|quick|real quick|fast"
    r"|for me|for us|will you|would you|could you|can you|won't you|would ya|if you (?:can|could|would|please|want|like|don't mind|wouldn't mind|have time)"
    r"|if (?:that's|it's) (?:ok|okay|possible|not too much(?: trouble)?|alright|fine)|if possible|would you mind|when you (?:can|get a chance|have time)"
    r"|ok|okay|k|alright|again|already|instead|too|also|as well|then|next|first|maybe|or something|today|tonight|kindly|anyway|yeah|yes|go|omg|idk"
    r"|just for (?:me|fun)|for fun|real fast|sometime|this time|once more|one more time|and thank you|and thanks|mwah|ta|much appreciated|appreciated"
    r"|all of it|the whole thing|every (?:bit|detail) of it|i beg (?:of )?you|i'm begging(?: you)?|be quick|hurry|separately|before we (?:start|begin|go on|continue|move on)|with love"
)
POLITE_TAIL = re.compile(rf"(?:(?<=[\s,.!?~:;—\x01*\"'()-])(?:and |or )?(?:{_PIECES})|(?<=[,.!?~\x01])\s*{_NAMES})\Z")
ONLY_POLITE = re.compile(rf"(?:(?:{_PIECES}|{_NAMES})[\s,.!?]*)+")
LAST_NAME = re.compile(rf"\s+{_NAMES}\Z")

_NEXT = (
    r"(?:i|i'm|i'll|i've|i'd|i can|we|we'll|we're|you|you're|you'll|it's|it|that's|he|she|they|so|because|since|before|but|then|after|while|when|if|where is|where are|where"
    r"|quickly|hurry|please|thanks|just|also|will you|would you|could you|can you|or else|or i|not|no|yes|something|anything|whatever|nothing fancy|go on|let's|don't|my|make it|make sure|ok|okay"
    r"|and (?:then|also|after|send|draw|make|show|tell|give|i|i'll|we|let|please|maybe|one|another|hurry|be|don't|continue|go|put|use))"
)
_BARE = (
    r"so (?:i|we|that|you|they|my)\b|because\b|before (?:i|we|you|they)\b|and (?:then|also|after that|afterwards)\b"
    r"|and (?:one of|another|send|draw|make|paint|show|tell|give|post|continue|hang|put|use|let|please|maybe|i'll|i'd|we'll|describe)\b"
    r"|(?:pretty )?please\b|for (?:me|us|my (?:blog|wall|phone|notes|campaign|players|friend)|reference)\b|please\b|then (?:continue|go on|draw|send|make|one of|we)\b"
    r"|to (?:pin|show|hang|put|use|send|compare|remember|print|frame|keep|set|get|help|go with)\b|if you (?:can|could|don't|want|have|would|like|please)\b"
    r"|while (?:i|we|you)\b|when you (?:can|get|have|are|arrive)\b|or (?:i|i'll|else)\b|but (?:make|with|in|not)\b(?=.{0,4}\bit\b)|since (?:i|we|you)\b"
    r"|(?:i|we) (?:want to|need to|wanna|would|just|can't|really)\b(?! (?:cross|visit|reach|find|fight|kill|meet|take|climb|enter|open|go))|that would be\b|would be (?:great|nice|awesome|cool|lovely|perfect|amazing)\b"
    r"|as (?:a|my) (?:wallpaper|profile|reference)\b|will you\b|would you mind\b|you promised\b"
)
CUTS = re.compile(rf"\s*[,;—]\s*(?={_NEXT}\b)|\s+-+\s+(?={_NEXT}\b)|[\s,]+(?={_BARE})|[?!]+\s|\x01+\s*(?={_NEXT}\b)")
