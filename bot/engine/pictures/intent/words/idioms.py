"""English phrases in which draw, paint and picture mean something else, and sentences that are about pictures without asking for one."""

from __future__ import annotations

import re

_THING = (
    r"(?:swords?|blades?|daggers?|guns?|weapons?|bows?|knife|knives|pistols?|revolvers?|steel|rapiers?|katanas?|sabers?|sabres?|cutlass|wands?|axe|arrow"
    r"|baths?|breath|curtains?|blinds?|drapes|cards?|straws?|lots?|blood|water|attention|conclusions?|inspiration|strength|comparisons?|fire|crowds?"
    r"|blanks?|salary|pension|mana|power|energy|parallels?|distinctions?|bead|ire|veil|ace|hand|runes?|circles?|pentagram|sigils?|winner|tickets?"
    r"|raffle|line|lines|first|consequences|poison|ale|pint|beer|milk|drawbridge|deep breath|criticism|enemy|enemies|them|him|fire|aggro|heat)"
)
NOT_DRAWN = re.compile(
    rf"\s*(?:(?:me|us|yourself)\s+(?=a (?:\w+ )?(?:bath|pint|beer|ale|conclusion)))?(?:(?:my|your|his|her|their|our|the|an?|first|some|no|its|this|that|all|more|another"
    rf"|any|from|as much)\s+)?(?:(?:own|short|long|deep|last|hot|next|bright|sharp|top|second|first|magic|silver|warm|quick)\s+)?{_THING}(?=$|[\s,.!?;:—)\"]|'s\b)"
    r"(?!\s+(?:of|that|which|with|lying|on (?:the|a)|in (?:a|the)|fighting|made|leading)\b)"
    r"|\s*(?:near|nearer|closer|close|back|away|from|in|on|out|up|upon|to|into|with|for|by|off|down|over|more|better|things|and|or|but|well|often|nigh"
    r"|even|level|aside|ahead|together|apart|outside|inside|like|faster|slower|slowly|again|anything|nothing|is|are|was|has|board|while|if|when|because)\b"
    r"(?! (?:one|the one|close)\b)"
    r"|\s*(?:first )?blood\b|\s*the (?:line|short straw|curtain)\b(?: (?:at|between|here|there|somewhere)\b)?[\s.!]*$"
)
NOT_PAINTED = re.compile(
    r"\s*(?:me|us|them|him|her|you|yourself)\s+(?:surprised|impressed|shocked|unimpressed|curious|intrigued|confused|green|red|blue|black|white|gold|pink|a liar"
    r"|as|in a bad light|skeptical|sceptical|amazed|happy|jealous|scared|excited|bored|stupid|foolish|a fool|the villain|into|with)\b"
    r"|\s*(?:the|this|that|my|our|your|a) (?:walls?|fence|house|room|barn|shed|ceiling|kitchen|hull|boat|nails|toenails|fingernails|door|target"
    r"|bedroom|face|picture\b(?! of))\b(?! (?:of|by|with|in|on|at|near|that|we)\b)"
    r"|\s*the town\b|\s*(?:over|yourself (?:into|as)|by numbers|it (?:red|blue|black|white|green|yellow))\b"
)
NOT_RENDERED = re.compile(
    r"\s*(?:aid|assistance|help|judg|unto|service|him|her|them|the fat|useless|null|void|verdict|payment|it|a (?:verdict|service|decision)|html|json|markdown"
    r"|text|the (?:page|template|component|list|view|form|button|verdict)|(?:me|us) (?:speechless|useless|helpless))\b"
)
IDIOM = re.compile(
    r"\b(?:(?:get|got|gets) the picture|the big(?:ger)? picture|bigger picture|picture[- ]perfect|picture of (?:health|innocence|elegance|calm|misery|despair|serenity|composure)"
    r"|worth a thousand words|spitting image|mental image|mirror image|self[- ]image|body image|image of (?:perfection|god)|out of the picture|in the picture"
    r"|the whole picture|full picture|photo finish|photo op|drawing board|drawing room|drawing near|take a (?:picture|photo),? (?:it(?:'ll| will)? lasts?|why don't you|you'll)|draw you a (?:picture|map|diagram)"
    r"|take a picture,? why|paint a (?:\w+ )?picture of (?:a (?:bleak|grim|dark|rosy|world)|how|what life|despair|hope|doom|things)|in the shade|moving pictures?|motion picture"
    r"|picture (?:this|that|it)|draw the short|to draw (?:near|close)|clear(?:er)? picture of what|no (?:oil )?painting|quick on the draw|luck of the draw)\b"
)
TECHNICAL = re.compile(
    r"\s*(?:the |my |an? |your |this |entire |whole |old |new )*(?:hard )?(?:disk|disc|drive|ssd|partition|iso|container|docker|sd card|usb|usb stick|server|database|vm|virtual machine"
    r"|system|kernel|boot|filesystem|file system|raspberry|windows|linux|ubuntu|installation|firmware|cd|dvd|type [a-z]+$|qr code|barcode|(?:npm|python|base) )\b"
)
OTHER_ADDRESSEE = re.compile(
    r"\b(?:wrong (?:chat|window|person|group|tab|channel|dm)|that was(?:n't| not) (?:for|meant for) you|wasn't meant for you|not talking to you|(?:sorry|oops),? not you|not you,)"
)
TAKEN_BACK = re.compile(
    r"\b(?:never ?mind|nvm|just kidding|jk\b|not now|not yet|don't actually|but don't|on second thought|wait,? no|no picture|no pics|no image)\b|\bnot!?$"
)
LATER = re.compile(
    r"\b(?:tomorrow|someday|some day|one day|next (?:week|month|time|year|session|summer|winter)|when (?:i|we|he|she|they) (?:die|get|are|am|return)"
    r"|after the (?:war|wedding)|once (?:i|we|you|the)|when you (?:get|arrive|are|come|land|find|reach|wake)|later this)\b"
)
REPORTING = re.compile(
    r"\b(?:said|says|say|told|tells?|asked|asks|wrote|writes|begged|ordered|orders|goes|went|script|lyrics?|line|caption|reads|prompt was|typed|types|titled|called"
    r"|suggested|suggests|sings?|sang|yelled|shouted|dreamt|dreamed|means?|meant|how (?:do|to|can|does|would|i|you)|what (?:do|does|happens|command|if i)"
    r"|when(?:ever)? (?:i|he|she|they|we|someone|people)|every time|used to|should i|could i|shall i|do i|did|would i|might|people|as if|supposed to|instead of"
    r"|i (?:can|could|may|might|will|would|should|did|do|try|tried|used|love to|like to|hate to|want to|have to|need to)|i'll|i'd|they'll|he'll|she'll|we'll|going to"
    r"|where (?:i|he|she|they)|command|button|feature|bug|docs|tutorial|function|api|model|lets you|able to)\b"
)
SUBJECTS = re.compile(r"\b(?:i|we|they|he|she|who|people|everyone|someone|nobody|i'm|we're|they're|i've|\w+s (?:always|often|never))\b")
NEGATED = re.compile(
    r"\b(?:no|not|don't|never|stop|without|enough|instead of|no more|nor|quit|won't|isn't|aren't|cannot|didn't|wasn't|doesn't|hate|refuse|disable|cancel|delete|remove|mute|turn off|tired of|sick of|fewer|less)\b"
)
DOERS = re.compile(
    r"\W*(?:(?:then|once|every \w+|at \w+|slowly|suddenly|later|soon),? )*(?:the|my|his|her|our|their|some|many|most|all|those|these|two|three|four|several|both|a few)\b"
    r"(?!.*\b(?:is|are|was|were|looks?|sounds?|seems?|feels?)\b)"
)
"""A sentence that begins with people or things doing something, so that «and draw» after it goes on telling."""
