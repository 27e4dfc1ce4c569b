"""Words the sketch renderer understands besides the clip art index: times, weathers, places, colours, people."""

from __future__ import annotations

TIMES: dict[str, str] = {
    **dict.fromkeys(("night", "midnight", "moonlight", "moonlit", "starry", "stars", "starlight", "nighttime", "moon"), "night"),
    **dict.fromkeys(("dusk", "sunset", "evening", "twilight", "golden hour"), "dusk"),
    **dict.fromkeys(("dawn", "sunrise", "morning", "daybreak"), "dawn"),
    **dict.fromkeys(("noon", "day", "daytime", "afternoon", "daylight", "midday"), "day"),
}
WEATHERS: dict[str, str] = {
    **dict.fromkeys(("rain", "rainy", "raining", "drizzle", "downpour"), "rain"),
    **dict.fromkeys(("storm", "stormy", "thunder", "thunderstorm", "lightning", "tempest", "gale"), "storm"),
    **dict.fromkeys(("snow", "snowy", "snowing", "blizzard", "winter", "frost", "snowfall"), "snow"),
    **dict.fromkeys(("fog", "foggy", "mist", "misty", "haze", "hazy"), "fog"),
    **dict.fromkeys(("cloudy", "overcast", "clouds", "grey sky", "gray sky"), "clouds"),
    **dict.fromkeys(("sunny", "clear sky", "sunshine", "summer", "sunlight"), "sun"),
}
PLACES: dict[str, str] = {
    **dict.fromkeys(("sea", "ocean", "harbour", "harbor", "coast", "shore", "bay", "port", "waves", "cove", "reef", "at sea", "pier", "gull", "seagull"), "sea"),
    **dict.fromkeys(("beach", "island", "sand", "tropical"), "beach"),
    **dict.fromkeys(("lake", "river", "pond", "stream", "waterfall"), "lake"),
    **dict.fromkeys(("forest", "woods", "wood", "jungle", "grove", "woodland"), "forest"),
    **dict.fromkeys(("mountain", "mountains", "cliff", "peak", "hills", "valley", "ridge", "alps"), "mountains"),
    **dict.fromkeys(("desert", "dunes", "dune", "canyon", "savanna"), "desert"),
    **dict.fromkeys(("city", "street", "town", "skyline", "alley", "downtown", "metropolis", "rooftop", "market", "village", "square"), "city"),
    **dict.fromkeys(("room", "indoors", "interior", "inside", "tavern", "inn", "library", "kitchen", "bedroom", "office", "hall", "cafe", "bar", "cabin", "study", "shop", "classroom", "restaurant", "throne room", "living room"), "room"),
    **dict.fromkeys(("space", "galaxy", "orbit", "cosmos", "nebula", "outer space"), "space"),
    **dict.fromkeys(("underwater", "seabed", "deep sea"), "underwater"),
    **dict.fromkeys(("cave", "cavern", "dungeon", "mine", "tunnel"), "cave"),
    **dict.fromkeys(("garden", "meadow", "field", "park", "farm", "grass", "prairie", "countryside", "orchard", "spud-field"), "meadow"),
}  # fmt: skip
COLOURS: dict[str, str] = {
    "red": "#d1372c", "crimson": "#a6192e", "scarlet": "#d7263d", "orange": "#ee8434", "yellow": "#f2c230", "golden": "#d9a520", "gold": "#d9a520",
    "green": "#3f9c4f", "emerald": "#1f9e6e", "blue": "#3a6fd8", "teal": "#1f8a8a", "turquoise": "#2ab7b0", "purple": "#7c3fb0", "violet": "#7f4fc9",
    "pink": "#e87fb1", "brown": "#7a4b2a", "black": "#23232b", "white": "#f3f3f0", "grey": "#8c9199", "gray": "#8c9199", "silver": "#bfc5cc",
    "navy": "#22335f", "cyan": "#34b8d6", "magenta": "#c8388f", "beige": "#d8c5a0", "auburn": "#8b3a1e", "ginger": "#c65a1e", "blonde": "#e3c16f",
    "blond": "#e3c16f", "chestnut": "#6b3a22", "amber": "#d98e1f", "ivory": "#efe9d8", "copper": "#b05f33", "dark": "#3a2a22",
}  # fmt: skip
FEMALE = {"woman", "girl", "lady", "female", "she", "her", "queen", "princess", "1girl", "mother", "sister", "daughter", "grandmother", "goddess", "witch", "maid", "wife", "waitress", "heroine"}  # fmt: skip
MALE = {"man", "boy", "gentleman", "male", "he", "him", "his", "king", "prince", "1boy", "father", "brother", "son", "grandfather", "guy", "wizard", "husband", "knight", "waiter", "hero"}  # fmt: skip
PEOPLE = FEMALE | MALE | {
    "person", "portrait", "selfie", "face", "close-up", "closeup", "full-body", "full body", "human", "elf", "character", "keeper", "captain", "sailor",
    "soldier", "farmer", "baker", "teacher", "doctor", "merchant", "traveller", "traveler", "warrior", "bartender", "innkeeper", "student", "scientist",
    "engineer", "detective", "pirate", "nurse", "chef", "guard", "hunter", "player", "someone", "couple", "people", "friends", "crowd", "looking at viewer",
}  # fmt: skip
SEVERAL = {"couple": 2, "two people": 2, "friends": 2, "duo": 2, "2girls": 2, "2boys": 2, "people": 3, "crowd": 3, "group": 3, "family": 3}
HAIR_STYLES: dict[str, tuple[str, ...]] = {
    "long": ("long", "longCurly", "longBangs"), "braid": ("long", "longBangs"), "short": ("short1", "short2", "short4"), "curly": ("longCurly", "afro"), "afro": ("afro", "longAfro"),
    "bun": ("bun", "bun2"), "buns": ("buns",), "bald": ("noHair1", "noHair2"), "shaved": ("shaved1", "shaved2"), "mohawk": ("mohawk", "mohawk2"),
    "bangs": ("bangs", "longBangs"), "braids": ("cornrows", "cornrows2"), "dreadlocks": ("dreads1", "dreads2"), "ponytail": ("bun2",),
    "hijab": ("hijab",), "turban": ("turban",), "beanie": ("hatBeanie",), "cap": ("hatBeanie",), "hat": ("hatHip",), "messy": ("short5", "mediumBangs3"), "wavy": ("longCurly", "medium2"),
}  # fmt: skip
EXPRESSIONS: dict[str, str] = {
    **dict.fromkeys(("smile", "smiling", "happy", "cheerful", "joyful", "warm"), "smile"),
    **dict.fromkeys(("laughing", "laugh", "grin", "grinning"), "smileBig"),
    **dict.fromkeys(("sad", "crying", "tears", "melancholy"), "concerned"),
    **dict.fromkeys(("angry", "furious", "rage"), "veryAngry"),
    **dict.fromkeys(("scared", "afraid", "fear", "frightened"), "fear"),
    **dict.fromkeys(("surprised", "awe", "amazed"), "awe"),
    **dict.fromkeys(("sleepy", "tired", "exhausted"), "tired"),
    **dict.fromkeys(("sleeping", "asleep", "eyes closed"), "eyesClosed"),
    **dict.fromkeys(("serious", "stern", "determined", "grim"), "serious"),
    **dict.fromkeys(("elderly", "aged", "wrinkled"), "old"),
}
SKINS: dict[str, str] = {
    "pale": "#ffdbb4", "fair": "#ffdbb4", "light": "#ffdbb4", "freckled": "#ffdbb4", "tan": "#d08b5b", "tanned": "#d08b5b", "olive": "#d08b5b", "bronze": "#ae5d29",
    "brown": "#ae5d29", "dark": "#694d3d", "black": "#694d3d", "ebony": "#694d3d",
}  # fmt: skip
CLOTHES = {"shirt", "dress", "coat", "jacket", "sweater", "jumper", "robe", "cloak", "blouse", "uniform", "hoodie", "tunic", "scarf", "vest", "gown", "raincoat", "oilskin", "pullover"}  # fmt: skip
ALIASES: dict[str, str] = {
    "tree": "deciduous-tree", "trees": "deciduous-tree", "boat": "sailboat", "boats": "sailboat", "apple tree": "deciduous-tree", "tower": "castle",
    "spaceship": "rocket", "starship": "rocket", "letter": "envelope", "pine": "evergreen-tree", "pines": "evergreen-tree", "mug": "hot-beverage",
    "tea": "teacup-without-handle", "coffee": "hot-beverage", "beer": "beer-mug", "ale": "beer-mug", "cheese": "cheese-wedge", "lantern": "red-paper-lantern",
    "sword": "dagger", "swords": "crossed-swords", "crown": "crown", "book": "closed-book",
    "books": "books", "gull": "bird", "seagull": "bird", "gulls": "bird", "kitten": "cat", "puppy": "dog", "pony": "horse", "stallion": "horse", "cottage": "house",
    "cabin": "hut", "inn": "house-with-garden", "cake": "shortcake", "chest": "toolbox", "potion": "alembic", "magic": "crystal-ball", "hearth": "fire",
    "fireplace": "fire", "campfire": "fire", "flames": "fire", "music": "musical-notes", "church": "church", "temple": "classical-building", "city": "cityscape", "eiffel": "tokyo-tower",
}  # fmt: skip
IGNORED = {
    "picture", "photo", "photograph", "image", "drawing", "painting", "quality", "best", "masterpiece", "detailed", "high", "resolution", "style", "art", "lineart",
    "anime", "view", "scene", "background", "light", "lights", "eyes", "eye", "hair", "skin", "hand", "hands", "arm", "body", "head", "face", "front", "side", "back",
    "top", "middle", "shot", "angle", "camera", "film", "portrait", "selfie", "wearing", "standing", "sitting", "holding", "looking", "lower", "upper", "age", "years",
    "very", "close", "full", "name", "score", "ultra", "realistic", "cinematic", "digital", "ink", "brush", "watercolor", "watercolour", "sketch", "fantasy", "medieval",
    "the", "and", "with", "her", "his", "their", "from", "into", "over", "under", "near", "this", "that", "there", "here", "what", "like", "looks",
}  # fmt: skip
UNDRAWN = (
    IGNORED
    | set(COLOURS)
    | set(WEATHERS)
    | set(TIMES)
    | (set(PLACES) - {"mountain", "pier", "gull", "seagull"})
    | set(HAIR_STYLES) - {"bun", "buns"}
)
"""Words that set the stage or describe a person instead of naming a thing to draw."""
WORN = PEOPLE | CLOTHES | {"glasses", "spectacles", "bun", "buns", "crown", "hat", "cap", "key", "cord", "knot", "ring", "boots", "belt", "gloves", "rope"}  # fmt: skip
"""Words that describe the person when there is one."""
