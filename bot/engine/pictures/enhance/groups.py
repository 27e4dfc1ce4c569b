"""Which group a tag belongs to: words of danbooru's tag groups, sorted, tags divided by commas, spaces for underscores.

A whole tag is looked up first (``EXACT``), then its pattern, its first word (``BEGINNINGS``), its last word (``ENDINGS``, which also
holds for the plural in «s»). A last word is a tag of its own as well. Animals are left out on purpose: whether a cat is a pet, a
pattern or the heroine only its neighbours tell.
"""

from __future__ import annotations

import re
from enum import IntEnum


class Group(IntEnum):
    """Groups in the order in which they stand in a prompt."""

    QUALITY = 1
    """Also style, medium, artist and rating."""
    SUBJECT = 2
    """How many of whom, and their names."""
    BODY = 3
    EXPRESSION = 4
    CLOTHING = 5
    """Also what is worn or carried."""
    POSE = 6
    """Also gaze, camera and framing."""
    BACKGROUND = 7
    """Also weather, light, effects and things that stand around."""


def _words(text: str) -> frozenset[str]:
    return frozenset(" ".join(word.split()) for word in text.split(","))


QUALITY_WORDS = _words("""
    16k, 2k, 4k, 8k, absurdres, award winning, award-winning, best detail, best details, detailed, extremely detailed,
    extremely detailed cg unity 8k wallpaper, fhd, finely detailed, full hd, hd, hdr, high detail, high details, high res,
    highly detailed, highres, hyper detailed, hyperdetailed, incredibly absurdres, insanely detailed, intricate, intricate detail,
    intricate details, masterpiece, newest, professional, sharp focus, super detailed, super-detailed, trending on artstation, uhd,
    ultra detailed, ultra high res, ultra-detailed, ultra-high res, very detailed""")
"""These, score tags and what ends like the next line are counted as quality tags."""
QUALITY_ENDINGS = _words("aesthetic, masterpiece, quality, resolution")

_EXACT = {
    Group.QUALITY: """
        2d, 3d, abstract, anime, art deco, art nouveau, black and white, cartoon, chibi, cinematic, disney, early, explicit, flat color,
        flat colors, flat colour, flat colours, general, grayscale, greyscale, hyperrealistic, ink, jpeg artifacts, key visual, low poly,
        mid, monochrome, muted color, nsfw, oil on canvas, oldest, parody, pastel colors, photo, photorealism, photorealistic,
        questionable, raw photo, realism, realistic, recent, safe, semi-realistic, semirealistic, sensitive, sepia, sfw, sketch,
        spot color, surreal, traditional media, ukiyo-e, unreal engine, vibrant colors, vivid colors, watercolor, watercolour""",
    Group.SUBJECT: """
        crowd, duo, everyone, female, female focus, group, hetero, ladies, male, male focus, multiple others, no humans, original,
        original character, siblings, sisters, solo, solo focus, trio, yaoi, yuri""",
    Group.BODY: """
        adult, afro, aged up, ahoge, albino, android, angel, anthro, athletic, chubby, cleavage, cornrows, curvy, cyborg, dark elf, demon,
        dreadlocks, dwarf, elf, eyeliner, eyeshadow, facepaint, fairy, fat, furry, ghost, goblin, hair down, hair flaps, hair intakes,
        hair pulled back, hair slicked back, hair spread out, hair up, half-elf, harpy, heterochromia, kemonomimi, kitsune, lamia,
        lipstick, makeup, mature, mature female, mature male, merfolk, mermaid, middle-aged, mohawk, mole under mouth, monster girl,
        muscular, muscular female, muscular male, naga, nail polish, old, one side up, orc, pale, petite, plump, short, skinny, slender,
        slim, stubble, succubus, tall, tall female, tall male, tan, tanlines, tanned, thick, thin, toned, twin drills, two side up,
        undercut, vampire, werewolf, young adult, zombie""",
    Group.EXPRESSION: """
        + +, :(, :), :/, :3, :<, :>, :d, :o, :p, :q, :t, ;), ;d, ;o, ;p, =), > <, >:(, >:), @ @, ^ ^, angry, annoyed, anxious, bite lip,
        biting lip, blank eyes, bored, calm, cheerful, clenched teeth, closed eyes, confident, confused, constricted pupils, content,
        crazy eyes, cry, crying, crying with eyes open, depressed, determined, disappointed, disgust, disgusted, drooling, embarrassed,
        empty eyes, excited, expressionless, eyes closed, fang out, fear, flushed, flustered, furrowed brow, furrowed brows,
        furrowed eyebrows, half closed eyes, half-closed eyes, happy, jitome, joy, joyful, laughing, lip biting, lonely, looking bored,
        melancholy, mischievous, narrowed eyes, naughty face, nervous, nervous sweating, o o, one eye closed, panicking, parted lips,
        pensive, playful, pouting, proud, puckered lips, raised eyebrow, raised eyebrows, relaxed, relieved, rolling eyes, sad, scared,
        screaming, serious, shaded face, shocked, shouting, shy, sleepy, smug, streaming tears, surprised, sweat, sweatdrop, tearing up,
        tears, teary eyes, thinking, thoughtful, tired, tongue out, unhappy, upset, v-shaped eyebrows, wide eyes, wide-eyed, worried, x x,
        yawning""",
    Group.CLOTHING: """
        armored, bare shoulders, barefoot, casual, cosplay, detached sleeves, enmaided, fashion, formal, fur-trimmed, gothic lolita,
        habit, hair flower, hand fan, handwear, hood, hood down, hood up, jewelry, long sleeves, maid, midriff, miko, off shoulder,
        off-shoulder, pinstripe, plaid, pleated, polka dot, puffy sleeves, see-through, short sleeves, side slit, sleeveless,
        sleeves past fingers, sleeves past wrists, sleeves rolled up, strapless, striped, tabard, tucked in, turtleneck, unbuttoned,
        wide sleeves""",
    Group.POSE: """
        action, all fours, asymmetrical, back, back turned, back-to-back, battle, body facing viewer, close up, close-up, closeup,
        contrapposto, cropped legs, crossed arms, crossed legs, double v, dynamic, extreme close-up, eye contact, eye level, face,
        faceless, feet out of frame, fetal position, fisheye, foreshortening, full body, full-body, half body, head out of frame,
        head rest, head tilt, heads together, indian style, knees to chest, knees up, lower body, on back, on bed, on side, on stomach,
        over shoulder, own hands together, parted legs, peace sign, perspective, profile, seiza, selfie, silhouette, straight-on,
        thumbs up, turnaround, turned head, upper body, upside-down, v, wariza""",
    Group.BACKGROUND: """
        ambient occlusion, backlight, backlighting, backlit, bloom, blurry, bokeh, bright, caustics, chiaroscuro, chromatic aberration,
        cloudy, cold, colorful, contrast, cyberpunk, dark, dim, dramatic, dusty, dystopian, empty, fantasy, film grain, floral, foggy,
        futuristic, gloomy, glowing, golden hour, halftone, high contrast, horizon, indoors, lens flare, letterboxed, magic, magic circle,
        medieval, misty, motion lines, nature, neon, outdoors, outside, overcast, post-apocalyptic, rainy, ray tracing, raytracing,
        running water, sci-fi, snowing, snowy, soft focus, space, speed lines, starry, steam, steampunk, still life, stormy, sunny,
        tilt shift, underwater, vignetting, windy""",
}
EXACT: dict[str, Group] = {word: group for group, text in _EXACT.items() for word in _words(text)}

PATTERNS: tuple[tuple[re.Pattern[str], Group], ...] = (
    (re.compile(r"artist: ?\w|(?:art |drawn )?by (?!(?:an?|her|his|my|our|the|their|your)\b)\w|(?:in the )?style of \w"), Group.QUALITY),
    (re.compile(r"(?:rating[: ]|source |year \d{4}\Z|(?:19|20)\d0s \(style\)\Z)"), Group.QUALITY),
    (re.compile(r"against (?:wall|fence|railing|glass|window|tree)\Z"), Group.POSE),
    (
        re.compile(
            r"(?:in|on|at|inside|near|under|behind|beside) (?:an? |the )?"
            r"(?:beach|city|dark|dawn|day|dusk|forest|night|rain|room|sea|snow|street|woods)\Z"
        ),
        Group.BACKGROUND,
    ),
)

_BEGINNINGS = {
    Group.CLOTHING: "clad, dressed, wearing",
    Group.POSE: """
        adjusting, arm, arms, bending, bent, carrying, clenched, covering, crouching, dancing, drinking, eating, facing, fighting, finger,
        fingers, flying, from, grabbing, hand, hands, holding, hugging, jumping, kissing, kneeling, leaning, leg, legs, lifting, looking,
        lying, outstretched, playing, pointing, posing, pulling, raised, reaching, reading, reclining, riding, running, sitting, sleeping,
        spread, squatting, standing, stretching, swimming, touching, turning, walking, waving, wielding""",
}
BEGINNINGS: dict[str, Group] = {word: group for group, text in _BEGINNINGS.items() for word in _words(text)}

_ENDINGS = {
    Group.QUALITY: """
        art, artstyle, artwork, cg, coloring, colouring, comic, drawing, illustration, lineart, medium, painting, palette, photograph,
        photography, rendering, screencap, screenshot, shading, style""",
    Group.SUBJECT: """
        alien, archer, assassin, bartender, boy, bride, butler, child, cleric, couple, dancer, detective, doctor, druid, emperor, empress,
        farmer, father, gentleman, girl, goddess, guard, guy, heroine, hunter, idol, king, knight, lady, mage, magician, man, men,
        mercenary, merchant, mother, ninja, nun, nurse, officer, paladin, people, person, pirate, policeman, priest, priestess, prince,
        princess, queen, ranger, rogue, samurai, scientist, soldier, sorceress, student, teacher, thief, twins, waiter, waitress, warrior,
        witch, wizard, woman, women""",
    Group.BODY: """
        abs, antler, bangs, beard, belly, biceps, bob, body, braid, breast, brow, build, bun, chest, claw, collarbone, complexion, cut,
        ear, eye, eyebrow, eyelash, eyelashes, fang, feather, figure, fingernail, forehead, freckle, fur, goatee, hair, hairstyle, halo,
        height, hip, hooves, horn, iris, lips, marking, mole, moustache, muscle, mustache, nail, navel, neck, nose, paw, physique,
        piercing, ponytail, pupil, scale, scar, sclera, shoulder, sideburns, sidelock, skin, stature, tail, tattoo, thigh, twintail,
        waist, whisker, wing, wrinkle""",
    Group.EXPRESSION: """
        blush, blushing, emotion, expression, frown, frowning, glare, glaring, grimace, grin, grinning, laugh, mouth, pout, scowl,
        scowling, smile, smiling, smirk, smirking, sneer, teeth, tongue, wink, winking""",
    Group.CLOTHING: """
        accessory, amulet, anklet, apron, armband, armor, armour, attire, axe, backpack, badge, bag, bandage, bandaid, bandana, basket,
        beanie, belt, beret, bikini, blazer, blindfold, blouse, bodysuit, bonnet, boot, bottle, bow, bowtie, bra, bracelet, briefcase,
        brooch, buckle, button, cane, cap, cape, capelet, cardigan, charm, choker, circlet, cloak, clothes, clothing, coat, collar,
        corset, costume, crown, cup, cutout, dagger, dress, dresses, earmuffs, earphones, earring, epaulettes, eyepatch, eyewear,
        footwear, frills, gakuran, garter, gauntlet, gem, glasses, glove, gloves, goggles, gown, greaves, gun, hairband, hairclip,
        hairpin, hakama, handbag, hanfu, harness, hat, headband, headdress, headphones, headset, headwear, heels, helmet, hoodie, jacket,
        jeans, jewel, jumpsuit, katana, kimono, knife, lace, leggings, legwear, leotard, lingerie, loafers, mask, microphone, miniskirt,
        mittens, neckerchief, necklace, necktie, neckwear, obi, ornament, outfit, overalls, overcoat, pajamas, panties, pants, pantyhose,
        parasol, pauldrons, pendant, phone, pistol, pocket, poncho, print, qipao, quiver, raincoat, ribbon, rifle, ring, robe, sandals,
        sarong, sash, satchel, scarf, serafuku, shawl, sheath, shield, shirt, shoe, shorts, skirt, slippers, sneakers, sock, spear, staff,
        stockings, strap, suit, sundress, sunglasses, suspenders, sweater, sweatshirt, swimsuit, sword, t-shirt, tassel, thighhighs,
        tiara, tie, top, trenchcoat, trim, trousers, tunic, tuxedo, umbrella, underwear, uniform, veil, vest, waistcoat, wand, wardrobe,
        watch, weapon, wreath, wristband, yukata, zipper""",
    Group.POSE: """
        angle, crouching, dancing, facing, fighting, floating, flying, focus, gaze, gesture, handshake, headshot, hug, hugging, jumping,
        kiss, kissing, kneeling, leaning, lying, mugshot, pointing, portrait, pose, posing, pov, pushing, reading, reclining, riding,
        running, salute, shot, singing, sitting, sleeping, squatting, stance, standing, stare, staring, stretch, stretching, swimming,
        view, viewpoint, walking, waving""",
    Group.BACKGROUND: """
        alley, apartment, architecture, aura, autumn, backdrop, background, balcony, bar, bath, bathroom, beach, bed, bedroom, bench,
        blossom, blur, border, bridge, bubble, building, bush, cafe, campfire, candle, carpet, castle, cathedral, cave, cemetery, chair,
        church, city, cityscape, clearing, cliff, cloud, coast, confetti, corridor, couch, crystal, curtain, dawn, desert, desk, door,
        doorway, dungeon, dusk, effect, ember, evening, explosion, farm, fence, field, fire, fireplace, flame, floor, flower, fog, forest,
        fountain, frame, garden, gate, glow, grass, hallway, hill, house, hut, ice, inn, interior, island, jungle, kitchen, lake, lamp,
        lamppost, landscape, lantern, leaf, leaves, library, light, lighthouse, lighting, lightning, market, meadow, mirror, mist, moon,
        moonlight, morning, mountain, mushroom, night, ocean, office, palace, park, particle, path, petal, pillar, pillow, planet, plant,
        pond, pool, rain, rainbow, ray, reflection, restaurant, river, road, rock, rocks, roof, rooftop, room, rose, ruins, sand, scene,
        scenery, school, sea, shadow, shadows, shelf, ship, shop, shore, shrine, sky, skyline, skyscraper, smoke, snow, snowflake, sofa,
        spark, sparkle, splash, spring, stage, stairs, star, starfield, station, storm, street, summer, sun, sunbeam, sunlight, sunrise,
        sunset, swamp, table, tavern, temple, tent, throne, torch, tower, town, train, tree, twilight, valley, village, wall, water,
        waterfall, wave, weather, wind, window, winter, woods""",
}
ENDINGS: dict[str, Group] = {word: group for group, text in _ENDINGS.items() for word in _words(text)}

QUALIFIERS: dict[str, Group] = {
    "artist": Group.QUALITY, "clothes": Group.CLOTHING, "cosplay": Group.CLOTHING, "flower": Group.BACKGROUND, "food": Group.BACKGROUND,
    "gem": Group.CLOTHING, "instrument": Group.CLOTHING, "medium": Group.QUALITY, "object": Group.BACKGROUND, "plant": Group.BACKGROUND,
    "planet": Group.BACKGROUND, "style": Group.QUALITY, "symbol": Group.BACKGROUND, "weapon": Group.CLOTHING,
}  # fmt: skip
"""What stands in escaped brackets behind a tag: ``bow \\(weapon\\)``. Any other is the story that a character comes from."""

ARTICLES = _words("a, an, another, one, the")
"""Left out before a tag is judged."""
PROSE = _words("""
    after, and, as, at, because, but, he, her, his, i, in, is, it, its, my, of, our, she, so, that, their, there, they, this, to, we, when,
    where, which, while, who, with, you, your""")
"""A tag that begins like this is part of a sentence, and is not judged by its beginning or ending."""
PICTURES = _words("close-up, drawing, illustration, image, painting, photo, photograph, picture, portrait, shot, sketch")
"""``portrait of a knight`` is a knight."""
CUTS = _words("at, behind, beside, by, from, in, inside, near, next, on, over, under, who, whose, with") | BEGINNINGS.keys()
"""Where what is said about a person begins: ``old woman with white hair`` is a woman."""
