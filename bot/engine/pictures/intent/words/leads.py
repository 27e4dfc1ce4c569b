"""What may stand before the verb of an English request: greetings, politeness, questions to «you»."""

from __future__ import annotations

_ADVERB = (
    r"(?:please|kindly|just|maybe|perhaps|possibly|also|quickly|at least|ever so kindly|be so kind as to|be so kind and|be able to|go and|go ahead and"
    r"|try to|try and|do me a favou?r and|help me and|like to|love to|actually|then|again|now|finally|really|still|at some point|be a dear and|be a darling and"
    r"|be a sweetheart and|next|first|always|simply|quick|help me|help me to|figure out how to|mind to|be kind enough to|be willing to|care to|use your magic to|"
    r"totally|definitely|probably|sometime|ever|for once|pretty please|today)"
)
POLITE = (
    r"(?:(?:can|could|would|will|won't|can't|couldn't|wouldn't|may|might) (?:you|one of you|someone|somebody|anyone|anybody|y'all|you guys|the bot|the ai|we|i have you)"
    rf"(?:,? {_ADVERB},?)*"
    rf"|(?:i|we)(?: (?:really|just|also|kinda|kind of|still|do))*(?: want| need|'d like| would like|'d love| would love|'d appreciate| beg| demand| wish)"
    rf"(?: for)? (?:you|someone)(?: {_ADVERB})* to(?: {_ADVERB})*"
    r"|(?:i was |i'm |just |was )*(?:wondering|curious) (?:if|whether) you (?:can|could|would|might|can please|could please|could maybe|could possibly)"
    r"|(?:do you think|think|any chance|is there any chance|is there a chance|any way|is there any way|any possibility|what are the odds)(?: that)?"
    rf" you (?:can|could|would|might)(?: {_ADVERB})*"
    r"|(?:would it be|is it|would that be) (?:possible|ok|okay|alright|too much|too much to ask)(?: for you| to ask you)? to"
    rf"|(?:if you (?:can|could|would|don't mind|wouldn't mind|want|like|please|have time|have a moment|get a chance|get a minute)),?(?: {_ADVERB})*"
    rf"|(?:why don't|how about|what if) (?:you|we)(?: {_ADVERB})*"
    r"|let's(?: have you| see you| all| just| now| also| please)*|let us"
    r"|you (?:must|have to|need to|got to|have got to|could|can|should|may|might)(?: (?:totally|definitely|really|just|absolutely|also|please|now))*"
    r"|(?:i'd|i would|it'd be|it would be|that'd be) (?:really |so |very )?(?:appreciate it|nice|great|awesome|cool|lovely|amazing|love it|grateful|happy) if you (?:could|would|can)"
    r"|feel free to|be a (?:dear|darling|sweetheart|pal|good \w+) and|do me a favou?r and|be so kind (?:and|as to)|try (?:to|and)|time to|go ahead and|go on and"
    r"|don't forget to|remember to|i dare you to|i need you to|i'm asking you to|i'd ask you to|permission to|quick,?|your (?:task|job|mission) is to|the task is to"
    r"|want to|fancy|care to|mind)"
)
FILLER = (
    r"(?:ok|okay|k|kk|alright|all right|right|so|well|now|then|and|but|also|or|hey|hi|hello|heya|hiya|yo|oh|ooh|ah|aw|aww|omg|wow|woah|whoa|lol|lmao|ha|haha"
    r"|hahaha|hehe|heh|hmm+|hm|um|uh|er|erm|please|pretty please|kindly|just|maybe|perhaps|possibly|actually|anyway|anyways|btw|by the way|ps|first|next|quickly"
    r"|quick|quick one|real quick|sure|yes|yeah|yep|yup|yay|cool|nice|great|perfect|thanks|thank you|come on|go on|go ahead|again|listen|look|wait|hold on|hang on"
    r"|at least|for fun|just for fun|babe|baby|honey|love|my love|darling|my darling|hun|hon|sweetie|sweetheart|dear|my dear|friend|my friend|mate|dude|bro|man"
    r"|buddy|pal|girl|guys|everyone|bot|dear bot|ai|ooc|sir|please please|one more thing|one last thing|question|also please|good|good morning|morning|good evening"
    r"|evening|fine|seriously|no but|god|gosh|damn|dang|hell|ugh|sorry|excuse me|pardon|in return|instead|finally|later|today|tonight|this time|once more|next up"
    r"|your turn|for me|for us|if possible|quickly now|i beg you|i beg of you|before we (?:start|begin|go on|continue|move on)|while (?:we|you)'re at it"
    r"|while you're there|for reference|for the record|to start|to begin with|good idea|great idea|new idea|idea|request|for the next (?:scene|part|post)|go|cmon|c'mon"
    r"|be a dear|do me a favou?r|do me a solid|hear me out|okay but|beautiful|gorgeous|amazing|awesome|brilliant|lovely|oi|ahem|psst|pst|out of character"
    r"|prompt|image prompt|ready|in that case|lastly|most importantly|not gonna lie|ngl|tbh|from here|hope you're well|i'm curious|i'm bored|surprise me|for once)"
)
ORDERED = (
    r"(?:sergeant|sarge|captain|lieutenant|corporal|private|colonel|general|officer|soldier|soldiers|guard|guards|scribe|page|squire|boy|lad|lads|men|servant"
    r"|servants|maid|painter|court painter|artist|class|children|kids|students|apprentice|mom|mum|dad|mother|father|grandma|grandpa|sis|sister|brother|doctor"
    r"|nurse|waiter|barkeep|barkeeper|bartender|innkeeper|steward|butler|sheriff|deputy|detective|inspector|professor|teacher|recruit|cadet|ensign|private"
    r"|minion|minions|intern|secretary|clerk|cartographer|master [a-z]+|mistress [a-z]+|lady [a-z]+|sir [a-z]+|lord [a-z]+|brother [a-z]+|sister [a-z]+"
    r"|sergeant [a-z]+|captain [a-z]+|private [a-z]+|mr\.? [a-z]+|mrs\.? [a-z]+|ms\.? [a-z]+|uncle [a-z]+|aunt [a-z]+|computer|siri|alexa)"
)
"""Titles and roles whom a player orders about in the story: the bot is not meant, unless a character bears the name."""
