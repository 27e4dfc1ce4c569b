"""Words for how a picture looks: styles, light, weather, colour and framing. What somebody wants made of a picture is among them."""

from __future__ import annotations

STYLES = (
    r"anime|manga|cartoon\w*|comics?|comic[- ]book|chibi|pixel[- ]?art|8[- ]?bit|16[- ]?bit|voxel|lego|clay(?:mation)?|plush\w*|origami|"
    r"water[- ]?colou?rs?|oil|oils|acrylics?|gouache|pastels?|ink|charcoal|crayons?|pencil|chalk|etching|engraving|woodcut|linocut|fresco|"
    r"mosaic|stained[- ]glass|graffiti|tattoo|collage|line[- ]?art|sketch|drawing|painting|portrait|illustration|photo(?:graph)?s?|"
    r"picture|image|poster|sticker|icon|logo|wallpaper|postcard|selfie|statue|sculpture|figurine|"
    r"(?:photo-?|hyper-?|sur)?realis\w+|realistic|impressionis\w+|expressionis\w+|cubis\w+|minimalis\w+|abstract|baroque|renaissance|"
    r"rococo|gothic|medieval|victorian|art (?:deco|nouveau)|ukiyo-e|pop art|noir|cyberpunk|steampunk|vaporwave|synthwave|futuristic|"
    r"vintage|retro|sepia|monochrome|gr[ae]y-?scale|black[- ]and[- ]white|b&w|3-?d|low[- ]poly|ghibli|pixar|disney|simpsons?|"
    r"van gogh|picasso|monet|rembrandt|klimt|hokusai|banksy|mucha|warhol|vermeer|[\w' ]{0,24}\bstyles?"
)
LIGHT = (
    r"night(?:time|fall)?|day(?:time|light)?|dawn|dusk|twilight|sun(?:set|rise|ny|light)|moonl\w+|noon|midnight|golden hour|"
    r"dark(?:er)?|light(?:er)?|bright(?:er)?|dim(?:mer)?|glow\w*|neon|candle-?l\w+|backlit"
)
WEATHER = (
    r"winter\w*|summer\w*|autumn\w*|spring(?:time)?|fall colou?rs|snow\w*|rain\w*|storm\w*|fog\w*|mist\w*|cloud\w*|wind(?:y|ier)|"
    r"christmas\w*|halloween"
)
COLOURS = (
    r"red(?:der)?|orange|yellow|green(?:er)?|blue(?:r)?|purple|pink|violet|turquoise|teal|cyan|magenta|brown|black|white|gr[ae]y|gold(?:en)?|"
    r"silver|blonde?|colou?r(?:s|ed|ful)?|black[- ]and[- ]white|rainbow|pale|saturated|vivid"
)
FRAMING = (
    r"closer|wider|taller|bigger|smaller|larger|sharper|blurr\w+|detail(?:s|ed)?|close-?up|full[- ]body|zoom\w*|landscape|vertical|"
    r"horizontal|square|portrait|widescreen|cinematic|dramatic|younger|older|cuter|scarier|prettier|creepier|spook\w+|fluff\w+|transparent"
)
LOOK = rf"(?:{STYLES}|{LIGHT}|{WEATHER}|{COLOURS}|{FRAMING})"
"""One word (or fixed phrase) about looks, for use between word boundaries."""

THINGS = (
    r"hats?|caps?|helmets?|crowns?|tiaras?|hair(?:cut|style)?|beards?|mou?stach\w+|glasses|sunglasses|mask|scarf|coat|jacket|dress|skirt|"
    r"shirt|sweater|jumper|uniform|armou?r|cloak|cape|hood|boots|shoes|gloves|wings|horns?|tails?|ears|eyes|eyebrows|lips|teeth|smile|face|"
    r"skin|freckles|scars?|tattoos?|make-?up|earrings?|necklace|jewel\w+|bows?|ribbons?|swords?|shield|staff|wand|umbrella|flowers?|trees?|"
    r"grass|leaves|mountains?|sea|ocean|beach|forest|sky|clouds?|moon|sun|stars?|snow|rain|fog|mist|lightning|fire|flames|smoke|"
    r"fireworks|candles?|lanterns?|lights?|lamps?|shadows?|reflections?|birds?|cats?|dogs?|dragons?|ships?|boats?|castles?|buildings?|"
    r"walls?|windows?|background|foreground|border|frame|text|caption|watermark|logo|people|person|crowd|clothes|outfit|costume|lighting|"
    r"colou?rs?|pose|expression"
)
"""Things that are put into pictures and taken out of them."""
