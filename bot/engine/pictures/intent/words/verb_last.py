"""Turkish, Japanese, Korean and Chinese: patterns, each with a ``subject`` (or ``selfie``) group."""

from __future__ import annotations

import re
from typing import Literal

from bot.domain.pictures import Mode

VerbLast = Literal["tr", "ja", "ko", "zh"]

_TR_LEAD = r"(?:lütfen|bana|bize|hadi|hey|selam|peki|bir de|şimdi)\s+"
_TR_NOUN = (
    r"(?:resim|resmi(?:ni)?|fotoğraf(?:ı|ını)?|foto(?:su|sunu)?|fotonu|görsel(?:i|ini)?|çizim(?:i|ini)?|portre(?:si|sini)?|tablosu(?:nu)?)"
)
_TR_VERB = r"(?:çiz|çizer misin|çizebilir misin|çizsene|at|atar mısın|atabilir misin|atsana|gönder|gönderir misin|gönderebilir misin|göndersene|yolla|yollar mısın|yap|yapar mısın|oluştur|oluşturur musun|oluşturabilir misin|göster|gösterir misin|paylaş)"
_TR_TAIL = r"(?:\s*(?:lütfen|hadi|ya|bakalım|sana zahmet))*[\s.!?\x01:)]*$"
_JA_NOUN = r"(?:絵|写真|画像|イラスト|スケッチ|ピクチャー|似顔絵)"
_JA_DO = r"(?:描いて|かいて|送って|おくって|見せて|みせて|作って|生成して|撮って|ください|ちょうだい|頂戴|くれ|欲しい|ほしい|お願い|おねがい|描け|描いてみて)"
_KO_NOUN = r"(?:그림|사진|이미지|일러스트|셀카|초상화)"
_KO_DO = r"(?:그려|보내|보여|만들어|생성해|찍어|올려)\s*(?:줘|주세요|줄래|주라|줄 수|주실|주겠|봐|달라|다오|라)"
_ZH_NOUN = r"(?:照片|图片|图|画|相片|插画|画像|自画像|素描)"
_ZH_LEAD = r"(?:请|麻烦|帮我|给我|你?能不能|你?能|可以|可不可以|快|再|来)*\s*(?:给我|帮我|为我)?"

PATTERNS: dict[VerbLast, tuple[re.Pattern[str], ...]] = {
    "tr": (
        re.compile(rf"^(?:{_TR_LEAD})*(?:kendi |senin )?(?P<subject>)(?:fotoğrafını|fotonu|resmini)\s+{_TR_VERB}{_TR_TAIL}"),
        re.compile(rf"^(?:{_TR_LEAD})*(?P<selfie>selfie(?:ni)?)\s+{_TR_VERB}{_TR_TAIL}"),
        re.compile(rf"^(?:{_TR_LEAD})*(?P<subject>.{{1,160}}?)\s+(?:bir\s+)?{_TR_NOUN}\s+(?:bana\s+)?{_TR_VERB}{_TR_TAIL}"),
        re.compile(
            rf"^(?:{_TR_LEAD})*(?:bir (?=\w+\s+çiz))?(?P<subject>.{{2,160}}?)\s+(?:bana\s+)?(?:çiz|çizer misin|çizebilir misin|çizsene|resmet){_TR_TAIL}"
        ),
    ),
    "ja": (
        re.compile(rf"(?P<selfie>自撮り|セルフィー)(?:写真)?(?:を|、)?\s*{_JA_DO}"),
        re.compile(rf"(?P<subject>[^。！？!?\n*]{{1,120}}?)の{_JA_NOUN}(?:を|も|、)?(?:一枚|１枚|1枚)?\s*{_JA_DO}"),
        re.compile(
            r"(?P<subject>[^。！？!?\n*]{1,120}?)を(?:絵に|イラストに)?(?:描いて|かいて|スケッチして|描け)(?!いた|いる|ました|いて(?:いた|いる))"
        ),
    ),
    "ko": (
        re.compile(r"(?P<selfie>셀카|셀피)\s*(?:한\s*장|하나|좀)?(?:만)?\s*(?:보내|보여|찍어|올려)\s*(?:줘|주|봐|라|달)"),
        re.compile(rf"(?P<subject>[^.!?\n*]{{1,120}}?)\s*(?:의\s*)?{_KO_NOUN}(?:을|를)?\s*(?:한\s*장|하나|좀)?(?:만)?\s*{_KO_DO}"),
        re.compile(r"(?P<subject>[^.!?\n*]{1,120}?)(?:을|를)?\s*(?:좀\s*)?그려\s*(?:줘|주|줄래|봐|달라|라)"),
    ),
    "zh": (
        re.compile(rf"{_ZH_LEAD}(?:发|拍|来|传)(?:一?[张个下])?(?:你的)?(?P<selfie>自拍)"),
        re.compile(
            rf"{_ZH_LEAD}(?:发|拍|传|看看?|生成|画|做|来|制作)(?:一?[张幅个下点]|几张)?(?P<subject>[^。！？!?\n*，,]{{1,80}}?)的{_ZH_NOUN}"
        ),
        re.compile(rf"(?:^|[，,。！？\s]){_ZH_LEAD}(?:画|绘制|画出|描绘)(?:一下|一?[张幅个])?(?P<subject>[^。！？!?\n*，,]{{1,80}})"),
    ),
}
STOPS: dict[VerbLast, re.Pattern[str]] = {
    "tr": re.compile(r"gerek yok|\bdün\b|\byarın\b|\w+(?:ma|me)(?:yın|yin)?\b(?= lütfen| artık|$)|çizdi|attı|gönderdi|bakıyor|nasıl "),
    "ja": re.compile(r"ないで|なくて|しないで|やめて|いらない|絵に描いた餅|昨日|さっき|ことがある|描けるの|ました|だった"),
    "ko": re.compile(r"그만|지\s*마|말고|안\s*(?:그려|보내)|필요\s*없|그림의 떡|어제|아까|었어|았어|바라보"),
    "zh": re.compile(r"不用|不要|别(?!的)|刚才|昨天|画饼|不需要|画蛇添足|会画画吗|是谁|过了?(?:一|[。！]|$)"),
}


def _special(**modes: str) -> tuple[tuple[Mode, re.Pattern[str]], ...]:
    return tuple((mode, re.compile(pattern)) for mode, pattern in modes.items())  # type: ignore[misc]


SPECIALS: dict[VerbLast, tuple[tuple[Mode, re.Pattern[str]], ...]] = {
    "tr": _special(
        you=r"(?:kendi|kendin(?:i|in)?|senin|seni|kendini)(?:\s+bir)?", face=r"yüzün(?:ü|ün)?|senin yüzün(?:ün)?", me=r"beni|benim|kendimi",
        scene=r"(?:tüm |bütün )?hik[aâ]ye(?:yi|nin)?", last=r"son mesaj(?:ı|ın|ını)?|bu sahne(?:yi|nin)?|bu an[ıi]?", background=r"(?:bu )?(?:etrafı(?:mızı|mızın)?|çevre(?:yi|mizi)?|arka plan[ıi]?|ortamı?)",
    ),
    "ja": _special(
        you=r"(?:あなた|君|きみ|お前|自分)", face=r"(?:あなた|君|きみ|お前)?の?顔", me=r"(?:私|僕|俺|わたし|ぼく|おれ)",
        scene=r"(?:今までの|これまでの)?(?:物語|ストーリー)(?:全体)?", last=r"(?:最後|さっき)のメッセージ|このシーン|この場面|今のシーン", background=r"(?:今の|この)?(?:背景|周り|まわり|風景|景色|場所)",
    ),
    "ko": _special(
        you=r"(?:네|니|너|너의|당신|당신의|네 모습|본인)", face=r"(?:네|니|너의|당신의?)?\s*얼굴", me=r"(?:나|내|나를|저|제)",
        scene=r"(?:지금까지의?\s*)?(?:전체\s*)?(?:이야기|스토리)", last=r"마지막\s*(?:메시지|메세지)|이\s*장면", background=r"(?:지금\s*)?(?:배경|주변|주위|풍경)(?:을|를)?",
    ),
    "zh": _special(
        you=r"(?:你|你自己|妳|您|一?张?你(?:自己)?)", face=r"你的脸|你脸", me=r"我|我自己",
        scene=r"(?:整个|全部)?(?:的)?故事|到目前为止的故事", last=r"(?:你)?(?:的)?(?:上|最后)(?:一)?条(?:消息|信息)|这一幕|这个场景", background=r"(?:我们)?(?:周围|四周|身边)(?:的环境|的景色|环境)?|背景|这里的环境|环境",
    ),
}  # fmt: skip
