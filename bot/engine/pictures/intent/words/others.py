"""Picture requests in other languages, as word lists. Patterns are read against folded (lower-case) text.

Verb-first languages share one rule: an order or polite lead, a drawing verb with what to draw, or a giving verb close to a picture noun.
Languages that put the verb last, or write without spaces, have their own few patterns. A language is covered where that stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """Word lists of one verb-first language."""

    code: str
    lead: str
    """Polite or introducing words that may stand before the verb."""
    draw: str
    """Order or request forms of drawing verbs."""
    give: str
    """Order or request forms of making, sending and showing verbs."""
    noun: str
    selfie: str
    of: str
    """Words between the noun and what it shows."""
    dative: str
    article: str
    tail: str
    """Politeness and infinitives after the subject."""
    you: str
    face: str
    me: str
    background: str
    scene: str
    last: str
    stop: str
    """Words that make it a negation, a report or a question about something else."""
    moment: str = ""
    """«this scene»: a picture of now, whose mode is left open (drawn as the last message)."""


LANGUAGES: tuple[Language, ...] = (
    Language(
        "de",
        r"bitte|komm|hey|hi|los|ok(?:ay)?|also|und|dann|jetzt|na|ach|kannst du|k[oö]nntest du|w[uü]rdest du|magst du|willst du|kann ich|k[oö]nnte ich|darf ich|ich h[aä]tte gern[e]?|ich will|ich m[oö]chte|ich brauche|lass uns",
        r"zeichne|zeichnest du|mal(?:e|st du)?(?! (?:sehen|schauen|n\b|ne\b|ein(?:e|en)?\b|eben|kurz|wieder|so|was))|male|skizzier(?:e)?|illustrier(?:e)?|pinsel(?:e)?",
        r"schick(?:e|st du)?|sende|zeig(?:e|st du)?|mach(?:e|st du)?|erstell(?:e|st du)?|generier(?:e|st du)?|gib|mal(?:e|st du)?|zeichne|haben|bekommen|sehen|poste?|lade?",
        r"bild(?:er|chen)?|fotos?|photos?|zeichnung(?:en)?|gem[aä]lde|skizze|portr[aä]t|porträt|illustration|pics?",
        r"selfies?",
        r"von (?:de[mnr] |eine[mnr]? )?|vom |mit |wie |des |der |über |zum |zur |aus ",
        r"mir|uns|mal|bitte|doch|noch|schnell|jetzt|gleich|eben|n|nen|ne",
        r"ein(?:e[nmrs]?)?|de[rnms]|das|die|den|dem|diese[nmrs]?|so ein(?:e[nmrs]?)?",
        r"bitte(?: sch[oö]n)?|danke|ja|mal|ok(?:ay)?|jetzt|schnell|malen|zeichnen|machen|schicken|senden|zeigen|erstellen|generieren|(?<!t )haben|sehen|bekommen|geben|lg|pls|f[uü]r mich|f[uü]r uns",
        r"(?:von )?dir(?: selbst)?|dich(?: selbst)?|deinem? foto|dein foto",
        r"dein(?:em|en)? (?:gesicht|portr[aä]t|selfie)|dein gesicht",
        r"mich|mir|(?:von )?mir selbst",
        r"(?:de[mnr] |unsere[rnm]? |die )?(?:umgebung|hintergrund|szenerie|ort|landschaft um uns(?: herum)?)(?: um uns(?: herum)?| hier)?|wo wir (?:gerade )?sind",
        r"(?:die |der |unsere[r]? )?(?:ganze[n]? )?geschichte(?: bisher)?",
        r"(?:deine[rnm]? |die |der )?letzte[nr]? nachricht",
        r"\b(?:nicht|kein(?:e[nmrs]?)?|nie(?:mals)?|hatte|gestern|wurde|musst?|brauchst|h[oö]r auf|selbst ein bild|morgen)\b",
        r"(?:diese|die|den|diesen) (?:szene|moment|augenblick)",
    ),
    Language(
        "fr",
        r"s'il te pla[iî]t|stp|svp|allez|hey|ok|alors|et|oui|tu (?:peux|pourrais|veux bien|voudrais)|peux[- ]tu|pourrais[- ]tu|tu m'(?=enverr|envoi|en)|je (?:peux|pourrais|voudrais|veux|veux bien|puis)|j'aimerais|on peut|est[- ]ce que (?:tu peux|je peux)|tu",
        r"dessines?(?:[- ]moi|r)?|peins|peindre|illustres?r?|esquisses?r?|croque|croquer",
        r"envoi(?:e|es|er)|envoie[- ]moi|(?:m'|me |nous )?(?:envoyer|montrer|dessiner)|enverrais|m'enverrais|montre(?:r|s)?(?:[- ]moi|[- ]nous)?|fais(?:[- ]moi)?|faire|cr[eé]e(?:r|[- ]moi)?|g[eé]n[eè]re(?:[- ]moi)?|g[eé]n[eé]rer|donne(?:[- ]moi|r)?|avoir|voir|balance(?:[- ]moi)?|partage|poste",
        r"images?|photos?|dessins?|peintures?|tableau(?:x)?|portraits?|croquis|illustrations?|pics?",
        r"selfies?",
        r"de la |de l'|des |du |d'une? |d'|de |avec |repr[eé]sentant |montrant ",
        r"moi|nous|me|m'|un peu|vite|encore|aussi|s'il te pla[iî]t|stp|petite?|une?|belle|jolie?",
        r"une?|le|la|les|l'|ce(?:tte|t|s)?|mon|ma",
        r"s'il te pla[iî]t|s'il vous pla[iî]t|stp|svp|merci(?: d'avance| beaucoup)?|please|pls|d'accord|maintenant|vite|pour moi|pour nous",
        r"toi(?:[- ]m[eê]me)?|ta t[eê]te de tous les jours",
        r"ton visage|ta t[eê]te|ta bouille|ton portrait|ton selfie",
        r"moi(?:[- ]m[eê]me)?",
        r"(?:le |l'|les |notre |du )?(?:d[eé]cor|environnement|alentours|arri[eè]re[- ]plan|paysage autour de nous)(?: autour de nous)?|o[uù] (?:nous sommes|on est)",
        r"(?:toute )?(?:l'|notre )?histoire(?: jusqu'ici| compl[eè]te)?",
        r"(?:ton |le )?dernier message",
        r"\b(?:ne|n'|pas|jamais|arr[eê]te|hier|j'ai|a dit|il a|elle a|avait|demain|sais dessiner|ta photo d')\b|\bt'inqui",
        r"(?:cette|la) sc[eè]ne|ce moment",
    ),
    Language(
        "es",
        r"por favor|porfa|porfis|xfa|pls|oye|hola|venga|anda|ok|y|bueno|puedes|podr[ií]as|me puedes|me podr[ií]as|quieres|quiero|quisiera|me gustar[ií]a|necesito|puedo|podr[ií]a",
        r"dib[uú]ja(?:me|nos|r|rme)?|pinta(?:me|r|rme)?|p[ií]ntame|dib[uú]jame|esboza|ilustra(?:r)?",
        r"(?:env[ií]a|manda|m[aá]nda|m[uú]estra|ense[nñ]a|ens[eé]ña|haz|genera|crea|p[aá]sa|pasa|da|s[aá]ca|saca|sube|comparte)(?:me|nos|le)?|enviar(?:me)?|mandar(?:me)?|mostrar(?:me)?|ense[nñ]ar(?:me)?|hacer(?:me)?|generar|crear|ver|tener|pasar(?:me)?|env[ií]es|mandes|hazme|ens[eé][nñ]ame|mu[eé]strame",
        r"im[aá]gen(?:es)?|fotos?|fotograf[ií]as?|dibujos?|pinturas?|cuadros?|retratos?|ilustraci[oó]n|fotito|pics?",
        r"selfies?",
        r"de la |de los |de las |del |de una? |de |con |donde ",
        r"me|nos|un|una|por favor|porfa|otra|otro|alguna|la|el|unas?|bonit[ao]|r[aá]pido",
        r"a (?:la|el|los|las|un|una)|al|un[oa]?|el|la|los|las|est[ea]|es[ea]|mi",
        r"por favor|porfa(?:vor)?|porfis|xfa|plis|pls|please|gracias|ok|ya|ahora|para m[ií]|anda|venga|va",
        r"ti(?: mism[oa])?|tuya|tuyo|su[ay]a?|vos|tu foto",
        r"tu (?:cara|rostro|retrato|selfie)",
        r"m[ií](?: mism[oa])?",
        r"(?:el |los |nuestro )?(?:fondo|entorno|alrededores|escenario|paisaje alrededor)|d[oó]nde estamos",
        r"(?:toda )?(?:la |nuestra )?historia(?: (?:hasta ahora|completa|entera))?",
        r"(?:tu |el )?[uú]ltimo mensaje",
        r"\bno\b(?! s[eé])|\b(?:nunca|ayer|saco|envi[eé]|mand[eé]|pint[oó]|dibuj[oó]|ma[nñ]ana|comando|ni en pintura|deja de|dijo|dicen)\b",
        r"(?:esta|la) escena|este momento",
    ),
    Language(
        "pt",
        r"por favor|pf|pfv|ei|oi|a[ií]|e|ok|vai|voc[eê] (?:pode|poderia|consegue)|vc (?:pode|consegue)|pode(?:s|ria)?|consegue|quero|queria|gostaria de|me|posso|tu podes",
        r"desenh[ae](?:r|s)?(?:[- ]me)?|pint[ae](?:r)?(?:[- ]me)?|esbo[cç]a|ilustra(?:r)?|rabisca",
        r"(?:envi[ae]|mand[ae]|mostr[ae]|fa[cçz]a?|ger[ae]|cri[ae]|d[aáe]|tir[ae]|post[ae]|solta)(?:[- ]me|[- ]nos)?|enviar|mandar|mostrar|fazer|gerar|criar|ver|ter|faz|manda",
        r"imagem|imagens|fotos?|fotinha|fotografias?|desenhos?|pinturas?|quadros?|retratos?|ilustra[cç][aã]o|pics?",
        r"selfies?",
        r"do |da |dos |das |de uma? |de um |de |com |num |numa ",
        r"me|nos|um|uma|a|o|por favor|outra|outro|a[ií]|pra mim|mais",
        r"um|uma|o|a|os|as|ess[ea]|est[ea]|aquel[ea]",
        r"por favor|pf[v]?|obrigad[oa]|valeu|pra mim|para mim|pra gente|a[ií]|vai|please|pls|ok|agora|j[aá]|n[eé]",
        r"voc[eê](?: mesm[oa])?|vc|ti|si mesm[oa]|sua|tua",
        r"(?:seu|teu|o seu|o teu) (?:rosto|retrato|selfie)|sua cara|tua cara",
        r"mim(?: mesm[oa])?|eu",
        r"(?:o |os |nosso )?(?:fundo|ambiente|cen[aá]rio|arredores|paisagem em volta)(?: em volta| ao redor)?|onde estamos",
        r"(?:toda )?(?:a |nossa )?hist[oó]ria(?: (?:toda|inteira|at[eé] agora))?",
        r"(?:a |sua |tua )?[uú]ltima mensagem",
        r"\b(?:n[aã]o|nunca|ontem|j[aá] me mandou|mandou|pintaram|desenhou|digo|disse|amanh[aã]|pare de|que desenhe)\b",
        r"(?:esta|essa|a) cena|este momento",
    ),
    Language(
        "it",
        r"per favore|per piacere|dai|ehi|ciao|ok|e|allora|puoi|potresti|mi puoi|mi potresti|vorrei|voglio|posso|potrei|ti va di|ti prego",
        r"disegna(?:mi|ci|re|rmi)?|dipingi(?:mi|ci)?|dipingere|dipingermi|illustra(?:re)?|schizza",
        r"(?:manda|invia|mostra|fa[i']?|crea|genera|d[aà]|fammi|scatta|posta|passa)(?:mi|ci)?|fammi|mandare|mandarmi|inviare|inviarmi|mostrare|mostrarmi|fare|farmi|creare|generare|vedere|avere",
        r"immagin[ei]|foto|fotografi[ae]|disegn[oi]|dipint[oi]|quadr[oi]|ritratt[oi]|schizz[oi]|illustrazion[ei]|pics?",
        r"selfies?",
        r"di una? |di un'|del |della |dell'|dello |dei |delle |degli |di |con |d'",
        r"mi|ci|un|una|un'|la|il|per favore|bella|bel|altra|altro|subito",
        r"un[oa]?|un'|il|lo|la|l'|i|gli|le|quest[oa]|quell[oa]",
        r"per favore|per piacere|grazie(?: mille)?|dai|ok|pls|please|ora|adesso|per me|ti prego",
        r"te(?: stess[oa])?|tua|tuo",
        r"(?:il )?tuo (?:viso|volto|ritratto|selfie)|la tua faccia",
        r"me(?: stess[oa])?",
        r"(?:lo |il |l')?(?:sfondo|ambiente|dintorni|paesaggio intorno a noi)|dove siamo",
        r"(?:tutta )?(?:la |nostra )?storia(?: finora)?",
        r"(?:il )?(?:tuo )?ultimo messaggio",
        r"\b(?:non|mai|ieri|no no|smetti|ha mandato|ho mandato|domani|peggio di|chi [eè]|ha detto)\b",
        r"(?:questa|la|quella) scena|questo momento",
    ),
    Language(
        "nl",
        r"alsjeblieft|aub|graag|hey|hoi|ok|en|kun je|kan je|zou je|wil je|mag ik|ik wil|ik zou graag",
        r"teken|schilder|schets|illustreer",
        r"stuur|zend|toon|laat|maak|geef|genereer|cre[eë]er|deel",
        r"foto's|foto|plaatje|afbeelding|tekening|schilderij|portret|schets|pics?",
        r"selfies?",
        r"van (?:de |het |een )?|met ",
        r"me|mij|ons|eens|even|een|zien|nog",
        r"een|de|het|deze|dit|die|dat",
        r"alsjeblieft|aub|graag|dank je(?: wel)?|bedankt|sturen|tekenen|maken|zien|laten zien|nu|even|voor mij|pls",
        r"jou(?:zelf)?|jezelf|je(?:zelf)?",
        r"je (?:gezicht|portret|selfie)",
        r"mij(?:zelf)?|me(?:zelf)?",
        r"(?:de |het )?(?:omgeving|achtergrond)|waar we zijn",
        r"(?:het )?(?:hele )?verhaal(?: tot nu toe)?",
        r"(?:je |het )?laatste bericht",
        r"\b(?:niet|geen|nooit|gisteren|heb|had|hoef|stop|morgen)\b",
        r"(?:deze|dit) (?:sc[eè]ne|moment)",
    ),
    Language(
        "pl",
        r"prosz[eę]|hej|cze[sś][cć]|ok|i|no|czy mo[zż]esz(?: mi)?|mo[zż]esz(?: mi)?|m[oó]g[lł]by[sś]|mog[lł]aby[sś]|mog[eę]|chc[eę]|chcia[lł](?:bym|abym)|dawaj|poka[zż] no",
        r"narysuj|rysuj|namaluj|maluj|naszkicuj|zilustruj|narysowa[cć]|namalowa[cć]",
        r"wy[sś]lij|wys[lł]a[cć]|poka[zż]|pokaza[cć]|zr[oó]b|zrobi[cć]|stw[oó]rz|stworzy[cć]|wygeneruj|wygenerowa[cć]|daj|podeślij|podrzu[cć]|przy[sś]lij|wrzu[cć]|zobaczy[cć]|dosta[cć]",
        r"zdj[eę]ci[ae]|fotk[aęi]|fot[oęa]|obraz(?:ek|ka|y|u)?|rysun(?:ek|ku|ki)|portret|szkic|ilustracj[eę]|grafik[eę]|pics?",
        r"selfie(?:k|ka|czka)?|selfi",
        r"z |ze |jak |przedstawiaj[aą]c[ey] ",
        r"mi|nam|prosz[eę]|jaki[eś]{1,2}|swoj[eą]|jeszcze|teraz|szybko",
        r"ten|ta|to|t[eę]|jak[iąa][sś]",
        r"prosz[eę]|pls+|plis|dzi[eę]ki|dzi[eę]kuj[eę]|ok|teraz|dla mnie|co",
        r"siebie|swoje|ciebie",
        r"(?:swojej |twojej )?twarzy|twoj[aą] twarz|twój portret",
        r"mnie|siebie samego",
        r"(?:nasze )?otoczeni[ea]|t[lł][ao]|okolic[aeęy]|gdzie jeste[sś]my",
        r"(?:ca[lł](?:ą|a|ej) )?histori[aęi](?: do tej pory)?",
        r"(?:twoj[aą] )?ostatni[aą] wiadomo[sś][cć]",
        r"\b(?:nie|nigdy|wczoraj|jutro|wys[lł]a[lł](?:em|am)?|przesta[nń]|powiedzia[lł]|bez)\b",
        r"(?:t[eę]|ta) scen[eęa]|ten moment|t[eę] chwil[eę]",
    ),
    Language(
        "ru",
        r"пожалуйста|пож|плиз|эй|привет|ок|ну|а|и|давай|можешь(?: мне)?|можешь ли|могла? бы ты|ты (?:можешь|мог бы|могла бы)|хочу|хотелось бы|можно(?: мне)?|мне",
        r"нарисуй(?:те|-ка)?|рисуй|изобрази(?:те)?|набросай|нарисуешь|нарисовать|проиллюстрируй",
        r"пришли(?:те)?|отправь(?:те)?|скинь(?:те)?|кинь|покажи(?:те)?|сделай(?:те)?|создай(?:те)?|сгенерируй(?:те)?|дай|вышли|прислать|скинуть|показать|сделать|сгенерировать|увидеть|сфоткай|нарисуй",
        r"картинк[уиаой]{1,2}|картин[уаы]|рисун(?:ок|ки|ка)|фото(?:чк[уи]|графи[юи])?|фотк[уиа]|изображени[еяй]|портрет|скетч|набросок|иллюстраци[юи]|пик(?:чу)?",
        r"селфи(?:шку)?",
        r"с |со |где ",
        r"мне|нам|пожалуйста|плиз|пж|еще|ещё|свою|свое|своё|какую-нибудь|быстро|себя",
        r"эт(?:от|у|о)|как(?:ой|ую)-нибудь",
        r"пожалуйста|плиз+|пж|пжл?ст?а?|спасибо|ладно|ок|сейчас|для меня|давай|а",
        r"себя|свою|свое|своё|тебя|себя самого|себя саму",
        r"(?:своего |твоего )?лица|сво[её] лицо|тво[её] лицо|твой портрет",
        r"меня|мой персонаж",
        r"(?:наше )?(?:окружение|фон|место вокруг(?: нас)?|окрестности)|где мы(?: сейчас)?",
        r"(?:вс[юе] )?(?:наш[уа] )?истори[юя](?: целиком)?",
        r"(?:твое |твоё |последнее )+сообщение",
        r"(?<!\w)(?:не|нет|никогда|вчера|завтра|прислал[аи]?|рисовал[аи]?|хватит|перестань|обещал|сколько|сказал[аи]?)(?!\w)",
        r"(?:эту|эта) сцен[уа]|этот момент",
    ),
    Language(
        "uk",
        r"будь ласка|прошу|плз|гей|привіт|ок|ну|а|і|давай|можеш(?: мені)?|чи можеш(?: ти)?|міг би ти|могла б ти|хочу|можна(?: мені)?|мені",
        r"намалюй(?:те)?|малюй|зобрази|накидай|намалювати|проілюструй",
        r"надішли|відправ|скинь|кинь|покажи|зроби|створи|згенеруй|дай|пришли|надіслати|скинути|показати|зробити|згенерувати|побачити|намалюй",
        r"картинк[уиа]|картин[уаи]|малюн(?:ок|ки|ка)|фото(?:чк[уи]|графі[юї])?|фотк[уиа]|зображення|портрет|ескіз|ілюстраці[юї]",
        r"селфі",
        r"з |зі |із |де ",
        r"мені|нам|будь ласка|плз|ще|свою|своє|якусь|швидко|себе",
        r"це[йю]?|ц[юе]",
        r"будь ласка|плз|дякую|ок|зараз|для мене|га",
        r"себе|свою|своє|тебе",
        r"(?:свого |твого )?обличчя|своє обличчя|твій портрет",
        r"мене|мій персонаж",
        r"(?:наше )?(?:оточення|тло|фон|місце навколо(?: нас)?)|де ми(?: зараз)?",
        r"(?:всю )?(?:нашу )?історію(?: цілком)?",
        r"(?:твоє |останнє )+повідомлення",
        r"(?<!\w)(?:не|ні|ніколи|вчора|завтра|надіслав|надіслала|малювала?|досить|годі|хто|сказав|сказала)(?!\w)",
        r"(?:цю|ця) сцен[уа]|цей момент",
    ),
    Language(
        "id",
        r"tolong|mohon|hei|hai|ok(?:e)?|dan|coba|bisa(?:kah)?(?: kamu| kau)?|boleh(?: minta)?|minta|aku mau|pengen|mau|ayo",
        r"gambar(?:kan|in)|lukis(?:kan|in)?|sketsa(?:kan)?|gambar(?= (?:se|aku|kamu|naga|kucing|anjing|pemandangan))",
        r"kirim(?:kan|in)?|tunjuk(?:kan|in)?|buat(?:kan|in)?|bikin(?:kan|in)?|kasih|lihat(?:kan|in)?|minta|perlihatkan|share",
        r"gambar|foto(?:mu|nya)?|lukisan|sketsa|potret|ilustrasi|pic",
        r"selfie(?:mu)?",
        r"dari |tentang |dengan |yang ",
        r"aku|saya|kami|dong|ya|sebuah|satu|lagi|ke aku",
        r"sebuah|seekor|seorang|satu|si",
        r"dong|ya|ya\?|pls|please|tolong|makasih|terima kasih|deh|sih|untukku|buat aku|nih",
        r"kamu|dirimu|mu|kau",
        r"wajahmu|muka(?:mu)?",
        r"aku|saya|diriku",
        r"(?:latar(?: belakang)?|sekitar(?: kita)?|lingkungan(?: sekitar)?|tempat ini|pemandangan sekitar(?: kita)?)",
        r"(?:seluruh )?cerita(?:nya)?(?: sejauh ini)?",
        r"pesan (?:terakhir|terakhirmu)",
        r"\b(?:jangan|tidak|nggak|gak|ga|belum|kemarin|tadi|besok|gambaran|bisa kirim foto\?|menggambar|usah)\b",
        r"adegan ini|momen ini",
    ),
)
