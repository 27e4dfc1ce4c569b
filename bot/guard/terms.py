"""Words the content policy looks for. Data only; ``bot.guard.content`` says how they are used and where the limits lie.

Terms stand between commas, in lower case with single spaces; ``*`` at the end stands for any ending. Accents may be left out
in the text that is judged, except where a Latin term is written with them here: without, it would be another word (Spanish
``niña`` and the name Nina). Terms of scripts that put no spaces between words are listed apart and found anywhere.
"""

from __future__ import annotations


def _words(table: str) -> tuple[str, ...]:
    return tuple(" ".join(term.split()) for term in table.split(",") if term.strip())


MINORS: dict[str, tuple[str, ...]] = {
    "english": _words(
        """
        child, children, childs, childlike, child like, kid, kids, kiddo, kiddie*, kiddy, toddler*, infant*, newborn*,
        babies, schoolgirl*, schoolboy*, school girl*, school boy*, schoolkid*, school kid*, schoolchild*, school child*,
        school aged, school age, school uniform*, schooluniform*, preteen*, pre teen*, tween, tweens, teen, teens, teenage*,
        teenie*, adolescent*, juvenile*, a minor, minors, underage*, under age, under aged, jailbait*, jail bait, loli,
        lolis, lolita*, lolicon*, lolicore, shota*, shotacon*, toddlercon*, kodocon*, pedo, pedos, pedophil*, paedo*,
        pedobear, csam, cub porn, kindergart*, preschool*, pre school*, kindergarden*, nursery school, daycare,
        elementary school*, elementary student*, elementary aged, primary school*, middle school*, middleschool*,
        junior high*, high school*, highschool*, grade school*, gradeschool*, secondary school*, grader, graders,
        girl scout*, boy scout*, prepubescent*, pre pubescent*, prepubert*, pubescent*, pre puberty, not yet 18,
        not yet eighteen, not 18 yet, almost 18, nearly 18, almost eighteen, nearly eighteen, under 18, under eighteen,
        below 18, below eighteen, younger than 18, younger than eighteen, less than 18, not of age, age regress*, aged down,
        de aged, deaged, age down, youngster*, boychild, girlchild, girl child, boy child, little lolita, younger sister,
        younger brother, little sister*, little brother*, lil sis, lil bro, lil girl*, lil boy*, imouto, otouto, child porn*,
        kid porn, cp, cunny, cunnies
        """
    ),
    "german": _words(
        """
        ein kind, das kind, dem kind, kleines kind, nacktes kind, kind nackt, kinder, kindes, kindlich*, kleinkind*,
        saugling*, schulmadchen, schuljunge*, schulkind*, schulerin*, schuler, schüler, minderjahrig*, kleines madchen,
        kleinen madchen, kleiner junge, kleinen jungen, junges madchen, teenagerin*, jugendliche*, grundschul*,
        kindergarten*, unter 18, unter achtzehn
        """
    ),
    "french": _words(
        """
        enfant, enfants, enfantin*, gamin, gamins, gosse, gosses, fillette*, garconnet*, petite fille, petites filles,
        petit garcon, petits garcons, jeune fille, ecoliere*, ecolier*, lyceenne*, lyceen*, collegienne*, collegien*,
        mineure, mineurs, mineures, adolescente*, nourrisson*, bambin*, moins de 18
        """
    ),
    "spanish": _words(
        """
        niño, niños, niña, niñas, nina desnuda, nino desnudo, una nina, un nino, ninita*, ninito*, nene, nena pequena,
        chiquilla*, chiquillo*, colegiala*, colegial, menor de edad, menores, menores de edad, infantil*, bebe, bebes,
        adolescente*, muchachita*, preadolescente*, menos de 18
        """
    ),
    "portuguese": _words(
        """
        crianca*, menina, meninas, menininha*, menino, meninos, menininho*, garotinha*, garotinho*, menor de idade, novinha*,
        novinho*, colegial, adolescente*
        """
    ),
    "italian": _words(
        """
        bambina, bambine, bambino, bambini, bimba, bimbe, bimbo piccolo, ragazzina, ragazzine, ragazzino, ragazzini,
        minorenne*, minorenni, scolaretta*, liceale*, adolescente*, neonato, neonata
        """
    ),
    "dutch": _words(
        """
        een kind, het kind, naakt kind, kinderen, kindje*, kleuter*, peuter*, klein meisje, kleine meisjes, jong meisje,
        jongetje*, schoolmeisje*, minderjarig*, tiener*
        """
    ),
    "polish": _words(
        """
        dziecko, dzieci, dziecka, dziewczynka, dziewczynki, dziewczynke, chłopiec, chlopiec, chłopczyk, chlopczyk, nieletni*,
        małoletni*, maloletni*, nastolat*, uczennic*
        """
    ),
    "russian": _words(
        """
        ребенок, ребенка, дети, детей, детск*, девочк*, мальчик*, школьниц*, школьник*, несовершеннолетн*, малолетн*,
        малолетк*, подросток, подростк*, лоли, шота, младен*, малыш*
        """
    ),
    "ukrainian": _words("дитина, дитини, діти, дитяч*, дівчинк*, хлопчик*, школярк*, школяр*, неповнолітн*, підліт*"),
    "turkish": _words("cocuk, cocuklar, cocugu, kucuk kız*, kucuk kiz*, kucuk erkek, liseli*, ergen, ergenler, resit olmayan"),
    "indonesian": _words("anak kecil, anak anak, anak perempuan, anak laki, bocah*, di bawah umur, anak sd, anak smp, anak sma, balita"),
    "scandinavian": _words(
        """
        ett barn, et barn, barnet, nakna barn, naket barn, naken barn, liten flicka, lilla flickan, lille pige, lille dreng,
        liten jente, liten gutt, pojke, pojkar, mindreårig*, minderårig*, underårig*, skolflick*, skolepige*
        """
    ),
    "czech": _words("dite, deti, holcicka, holcicky, chlapec, nezletil*, skolack*"),
    "romanian": _words("copil, copii, copila, fetita, fetite, baietel*, minora, minori"),
    "hungarian": _words("gyerek, gyermek*, kislany*, kisfiu*, kiskoru*, iskolaslany*"),
    "finnish": _words("lapsi, lapset, lapsen, pikkutytto*, pikkupoika*, alaikai*, koulutytto*"),
    "greek": _words("παιδι, παιδια, κοριτσακι*, αγορακι*, ανηλικ*, μαθητρια, μαθητης"),
    "vietnamese": _words("tre em, tre con, be gai, be trai, tre vi thanh nien, nu sinh"),
    "arabic": _words("طفل, طفلة, اطفال, الطفل, الطفلة, الاطفال, قاصر, قاصرة, قاصرات, مراهقة, مراهق"),
    "hebrew": _words("ילד, ילדה, ילדים, ילדות, קטין, קטינה, נערה, תינוק"),
    "hindi": _words("बच्च*, छोटी लड़की, नाबालिग*, किशोरी, किशोर"),
}
MINORS_ANYWHERE = _words(
    """
    子供, 子ども, こども, 幼女, 幼児, 幼い, 少女, 少年, 小学生, 中学生, 高校生, 女子高生, 園児, ロリコン,
    ロリータ, ロリっ, ロリ系, 合法ロリ, ショタ, 児童, 未成年, 赤ちゃん, 女児, 男児, 儿童, 兒童, 孩子, 小孩,
    小女孩, 小男孩, 幼童, 萝莉, 蘿莉, 正太, 小學生, 初中生, 高中生, 婴儿, 嬰兒, 女童, 男童, 未成年, 어린이,
    아이들, 소녀, 소년, 초등학생, 중학생, 고등학생, 여고생, 여중생, 미성년, 로리콘, 로리타, 쇼타, 아동, 유아,
    เด็ก, ผู้เยาว์, 👧, 👦, 👶, 🧒, 🚸
    """
)
YOUNG = _words("young, younger, little, small, tiny, wee, immature, underdeveloped, undeveloped, prepubertal, barely pubescent")
"""Before one of ``YOUNG_WHAT`` these make a minor of it."""
YOUNG_WHAT = _words("girl, girls, boy, boys, daughter, daughters, son, sons, sister, sisters, brother, brothers, girlie, gal")
INNOCENT = _words(
    """
    inner child, child of the night, baby oil, baby blue, baby bump, baby doll, babydoll, billy the kid, kid leather,
    kid gloves, minor key, a minor key, a minor scar, no children, no child, no kids, no minors, adults only no minors
    """
)
"""Left out before looking for minors: sayings, and promises that there are none."""
EXPLICIT: dict[str, tuple[str, ...]] = {
    "english": _words(
        """
        nsfw, nude, nudes, nudity, nudist*, naked, nakedness, topless, bottomless, unclothed, undressed, undressing,
        disrobed, without clothes, without any clothes, without clothing, no clothes, no clothing, wearing nothing,
        clothes off, naked body, bare breast*, bare breasted, bare ass, bare butt, bare bottom, exposed breast*,
        exposed genital*, porn*, x rated, hentai, rule34, rule 34, sex, sexx*, sexual act*, sexual intercourse,
        sexual position*, sexually explicit, sexual content, oral sex, anal, blowjob*, blow job*, handjob*, hand job*,
        footjob*, titjob*, paizuri, fellatio, cunnilingus, deepthroat*, creampie*, cream pie sex, gangbang*, gang bang,
        threesome, orgy, orgies, bukkake, cumshot*, cum, cumming, semen, sperm covered, ejaculat*, orgasm*, masturbat*,
        fingering herself, fingering himself, fingering her, fingering him, jerking off, intercourse, making love, penis*,
        his cock, my cock, your cock, big cock, huge cock, hard cock, suck cock, sucking cock, his dick, my dick, your dick,
        big dick, huge dick, hard dick, suck dick, sucking dick, dick pic*, phallus, erection, erections, vagina*, vulva*,
        pussy, pussies, cunt, cunts, clit, clitoris, genital*, genitalia, pubic hair, labia, areola*, nipple*, boobs,
        boobies, tits, titties, dildo*, vibrator*, buttplug*, butt plug*, futa, futanari, ahegao, doggystyle, doggy style,
        cowgirl position, missionary position, spread legs, legs spread, spread pussy, cameltoe, camel toe, upskirt*,
        nip slip, uncensored, erotica, bdsm, bondage sex, fuck me, fucks, fucked, fucking her, fucking him, fucking me,
        fucking you, getting fucked, being fucked, rape, raped, raping, rapes, rapist*, molest*, incest*, strip naked,
        strips naked, stripped naked, striptease*, bestiality, zoophil*,
        jailbait*, lolicon*, shotacon*, toddlercon*, kodocon*, csam, cunny, cunnies
        """
    ),
    "german": _words(
        """
        nackt*, sex, porno*, ficken, fickt, gefickt, titten, muschi, schwanz lutsch*, penis, vagina, brustwarze*, oben ohne,
        unbekleidet*, entkleidet, ohne kleidung, geschlechtsverkehr, wichsen, masturbier*
        """
    ),
    "french": _words(
        """
        nue, nues, toute nue, tout nu, denude*, seins nus, sexe, porno*, baise, une bite, sa bite, grosse bite, chatte nue,
        fellation*, penis, vagin, sans vetements, deshabille*, masturb*
        """
    ),
    "spanish": _words(
        """
        desnuda, desnudas, desnudo, desnudos, desnudez, en cueros, sexo, porno*, follar, follando, follada, coger sexo,
        tetas, coño, polla, pene, vagina, sin ropa, mamada, masturb*, pezones
        """
    ),
    "portuguese": _words(
        "nua, nuas, pelada, peladas, pelado, sexo, porno*, foder, fodendo, buceta, peitos nus, sem roupa*, boquete, mamilos"
    ),
    "italian": _words("nuda, nudo, nudi, nudita, sesso, porno*, scopare, scopata, tette, cazzo, figa, senza vestiti, pompino, capezzoli"),
    "dutch": _words("naakt*, seks, porno*, neuken, geneukt, tieten, zonder kleren, blote borsten"),
    "polish": _words(
        """
        naga kobieta, naga dziewczyna, naga dziewczynka, nagi mezczyzna, nagi chlopiec, nago, nagie, seks, porno*, cycki,
        cipka, kutas, bez ubrania, ruchanie, rozebran*
        """
    ),
    "russian": _words(
        """
        голая, голый, голые, голую, голой, голого, обнаженн*, обнажен*, секс, секса, порно*, сиськ*, трах*, хентай, пенис*,
        вагин*, минет*, без одежды, раздет*, эротика
        """
    ),
    "ukrainian": _words("гола, голий, голі, оголен*, секс, порно*, без одягу, роздягнен*"),
    "turkish": _words("cıplak, ciplak, cıplaklık, ciplaklik, seks, porno*, sikis*, memeler, kıyafetsiz, kiyafetsiz"),
    "indonesian": _words("telanjang, bugil, seks, porno*, bokep, ngentot, tanpa busana, tanpa baju"),
    "scandinavian": _words("naken, nakna, naket, nøgen, nøgne, sex, porr, porno*, knulla*, utan klader, nakna brost"),
    "czech": _words("nahý, nahá, nahé, nahota, sex, porno*, bez satu"),
    "romanian": _words("goala, gol pusca, nuda, sex, porno*, fara haine"),
    "hungarian": _words("meztelen*, szex*, porno*, ruha nelkul"),
    "finnish": _words("alasti, alaston*, seksi, porno*, ilman vaatteita"),
    "greek": _words("γυμνη, γυμνο, γυμνος, γυμνα, σεξ, πορνο*"),
    "vietnamese": _words("khoa than, lam tinh, khieu dam, khong mac quan ao"),
    "arabic": _words("عارية, عاري, عاريات, جنس, جنسي, جنسية, اباحي, اباحية, بدون ملابس, سكس"),
    "hebrew": _words("עירום, עירומה, ערום, ערומה, סקס, פורנו"),
    "hindi": _words("नग्न, नंगी, नंगा, सेक्स, अश्लील*, पोर्न*"),
}
"""Nudity and sexual acts."""
EXPLICIT_ANYWHERE = _words(
    """
    全裸, 半裸, 裸体, 裸の, 裸身, 裸女, 真っ裸, 丸裸, ヌード, セックス, エロい, エロティック, エロ画像, ポルノ,
    乳首, おっぱい, まんこ, ちんこ, フェラチオ, 性交, 性行為, ハメ撮り, 裸體, 裸照, 赤裸, 色情, 做爱, 做愛, 性爱,
    性愛, 乳头, 乳頭, 阴道, 陰道, 阴茎, 陰莖, 强奸, 強姦, 나체, 누드, 알몸, 섹스, 포르노, 벌거벗, 젖꼭지,
    เปลือย, โป๊, เซ็กซ์, แก้ผ้า, 🔞
    """
)
SUGGESTIVE = _words(
    """
    sexy, sexi*, sexual*, sexuali*, erotic*, sensual*, seductive*, seducing, lewd*, lingerie, panties, panty, thong,
    thongs, g string, micro bikini*, see through dress*, see through shirt*, see through top*, see through cloth*,
    see through underwear, see through skirt*, see through blouse*, see through nightgown*, provocative*, horny, aroused,
    arousal, moaning, kinky, fetish*, ecchi, hot body, bondage, stripper*, stripping, strip tease, cleavage, fuck*,
    groping, groped, fondl*, spank*, virginity, virgin girl, virgin boy, deflower*, breasts, big ass, her ass, his ass,
    nice ass, big butt, booty shorts, thicc, slut*, whore*, prostitut*, onlyfans, french kiss*, tongue kiss*, making out,
    bedroom eyes, cock, dick, dicks, xxx, r34, fingering, adult content, undress*, bathing nude, erotisch*, erotique*,
    sexuell*, sexuel*, dessous, reizwäsche, sinnlich*, verführerisch*, сексуальн*, эротич*, возбужд*, seksowna,
    seksi kız*
    """
)
"""Enough beside a minor; alone they are not refused anywhere."""
SUGGESTIVE_ANYWHERE = _words(
    """
    セクシー, エッチ, 変態, エロ, 下着, パンツ, パンチラ, 官能, 性的, 性感, 内衣, 內衣, 섹시, 속옷, 야동, 야한,
    자위, เซ็กซี่
    """
)
HARMLESS = _words(
    """
    naked mole rat*, naked eye*, nude lipstick*, nude heels, nude color*, nude colour*, nude tone*, nude shade*,
    nude beige, opposite sex, same sex, sex education, sex of the, fair sex, weaker sex, sex chromosome*,
    summa cum laude, magna cum laude, cum laude, moby dick, dick tracy, dick van dyke, philip k dick, dick grayson,
    uncle dick, pussy willow*, pussy cat*, pussy riot, puss in boots, cock a doodle*, weather cock*, cock crow*,
    cock and bull, the cock crows, rooster cock, blue tits, great tits, coal tits, blue tit, great tit, coal tit,
    chicken breast*, turkey breast*, duck breast*, breast cancer, breast stroke, breast pocket*, breast feed*,
    breast fed, breast milk, breast plate*, red breast*, robin breast, bottle nipple*, grease nipple*, rape seed*,
    rape field*, rape oil, fields of rape, sex pistols, kinky hair, kinky curl*, horny toad*, horny lizard*, horned,
    nacktschnecke*, nacktmull*, anal retentive, naked truth, naked flame*, naked bulb*, naked tree*, naked branch*,
    naked blade*, naked sword*, xxx large, size xxx, making out the, making out a, stripping paint, stripping the paint,
    stripping wallpaper
    """
)
"""Left out before looking for sexual words: the word means something else here."""
GROWN = _words("adult, adults, grown up, grown ups, grown woman, grown man, mature, of age, legal age, over 18, 18 years old")
"""As a *negative* prompt these ask for youth."""
NEGATIONS = _words(
    """
    no, not, non, without, without any, never, zero, avoid, free of, kein, keine, nicht, ohne, pas de, sans, sin, senza,
    bez, без
    """
)
"""Before an explicit word these take it back, for the question whether something is adult; never where minors are concerned."""
NUMBERS: dict[int, tuple[str, ...]] = {
    1: ("one",),
    2: ("two",),
    3: ("three",),
    4: ("four",),
    5: ("five",),
    6: (
        "six",
        "sechs",
    ),
    7: (
        "seven",
        "sieben",
    ),
    8: (
        "eight",
        "acht",
    ),
    9: (
        "nine",
        "neun",
    ),
    10: (
        "ten",
        "zehn",
        "dix",
        "diez",
        "dieci",
    ),
    11: (
        "eleven",
        "elf",
        "onze",
        "once",
        "undici",
    ),
    12: (
        "twelve",
        "zwolf",
        "douze",
        "doce",
        "dodici",
    ),
    13: (
        "thirteen",
        "dreizehn",
        "treize",
        "trece",
        "tredici",
    ),
    14: (
        "fourteen",
        "vierzehn",
        "quatorze",
        "catorce",
        "quattordici",
    ),
    15: (
        "fifteen",
        "funfzehn",
        "quinze",
        "quince",
        "quindici",
    ),
    16: (
        "sixteen",
        "sechzehn",
        "seize",
        "dieciseis",
        "sedici",
    ),
    17: (
        "seventeen",
        "siebzehn",
        "diecisiete",
        "diciassette",
    ),
}
"""Ages below eighteen in words."""
AGE_UNITS = _words(
    """
    yo, y o, yr old, yrs old, yr, yrs, yearold, year old, years old, year olds, year of age, years of age, year young,
    years young, yrold, year girl, year boy, summers, winters, springs, moons old, month old, months old, month olds,
    week old, weeks old, day old, days old, mo old, jahre alt, jahre jung, jahrig*, ans, anos, anios, anni, jaar, lat,
    rokov, let, letni*, letnia, лет, летн*, года, рок*, річн*, yas*, tahun, år gammal, år gammel, eves, vuotias*, ετων,
    χρονων, tuoi, سنة, عاما, سنوات, साल, बरस, 歳, 才, 岁, 歲, 살, 세
    """
)
"""What follows a number when it is an age."""
