"""Requests in plain words: the documented form, what people really type, and what must not trigger."""

from __future__ import annotations

import pytest

from bot.domain.pictures import Mode
from bot.engine.pictures.intent import detect

VERBS = ("send", "mail", "imagine", "generate", "make", "create", "draw", "paint", "render", "show")
NOUNS = ("pic", "picture", "image", "drawing", "painting", "photo", "photograph")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("noun", NOUNS)
def test_documented_form(verb: str, noun: str) -> None:
    found = detect(f"Can you please {verb} me a {noun} of the Eiffel tower")
    assert (found.match, found.mode, found.subject) == (True, "free", "Eiffel tower")


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Can you please send me a picture of a cat", "cat"),
        ("Generate a picture of the Eiffel tower", "Eiffel tower"),
        ("Let's draw a painting of Mona Lisa", "Mona Lisa"),
        ("SEND A PICTURE OF A CAT", "CAT"),
        ("draw me a picture of an umbrella, please!", "umbrella"),
        ("create an image of a CAFÉ by night 😊", "CAFÉ by night"),
        ("sketch the old harbour", "old harbour"),
        ("could you draw a three-legged dog for me?", "three-legged dog"),
        ("I'd love a photo of the north window", "north window"),
        ("plz snd me a pik of ur garden", "ur garden"),
        ("Mal mir bitte ein Bild von einem roten Drachen", "roten Drachen"),
        ("dibuja un castillo en la niebla", "castillo en la niebla"),
        ("нарисуй старый маяк", "старый маяк"),
        ("青い鳥の絵を描いてください", "青い鳥"),
    ],
)
def test_free_subjects(text: str, subject: str) -> None:
    found = detect(text)
    assert (found.outcome, found.mode, found.subject) == ("request", "free", subject)


@pytest.mark.parametrize("ending", ["", "!", ".", ", please!", " please", " pls 🙏", "?", " right now", ", thanks"])
@pytest.mark.parametrize(
    ("words", "mode"),
    [
        ("you", "you"), ("yourself", "you"), ("your face", "face"), ("your portrait", "face"), ("your selfie", "face"), ("me", "me"),
        ("myself", "me"), ("the story", "scene"), ("the scenario", "scene"), ("the whole story", "scene"), ("the last message", "last"),
        ("the background", "background"), ("the scene background", "background"), ("the scene", "background"),
        ("the scenery", "background"),
        ("the surroundings", "background"), ("the environment", "background"),
    ],
)  # fmt: skip
def test_special_subjects(words: str, mode: Mode, ending: str) -> None:
    found = detect(f"Send me a picture of {words}{ending}")
    assert (found.match, found.mode) == (True, mode)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("send me a selfie", "face"),
        ("selfie please?", "face"),
        ("show me what you look like", "you"),
        ("schick mir ein Foto von dir", "you"),
        ("envoie-moi un selfie stp", "face"),
        ("给我发一张你的照片", "you"),
        ("draw your last message word for word", "raw_last"),
    ],
)
def test_modes(text: str, mode: Mode) -> None:
    assert detect(text).mode == mode


@pytest.mark.parametrize(
    "text",
    [
        "don't send me a picture of your cat",
        "Please do not draw anything.",
        "He sent me a picture of the house yesterday.",
        "She was painting a picture of the bay when the ship came in.",
        "I drew a picture of you last night.",
        "I'll send you a photo of it tomorrow.",
        "You paint a grim picture of the future.",
        "I draw my sword and step between them.",
        "Draw the curtains, the neighbours are staring.",
        'He said: "send me a picture of the crown" and hung up.',
        "> send me a picture of a dog",
        "`draw a picture of a cat`",
        "```\ngenerate a picture of x\n```",
        "how do I make a picture with this bot?",
        "Which model do you use to draw pictures?",
        "The photo on the wall is crooked.",
        "What a picture-perfect evening.",
        "https://example.com/send-me-a-picture-of-a-cat",
        "/imagine a cat",
        "stop sending pictures",
        "Gestern habe ich ein Bild von meinem Hund gemalt.",
        "no me mandes fotos",
        "The king had a painting made of his daughter, and everyone admired it.",
        "They make a scene in front of the whole court.",
        "",
        "   ",
        "😂😂😂",
    ],
)
def test_not_requests(text: str) -> None:
    assert detect(text).outcome != "request"


@pytest.mark.parametrize("text", ["I wish I could see your garden", "What does the castle look like?", "can you draw?"])
def test_offers(text: str) -> None:
    assert detect(text).outcome == "offer"


def test_own_words() -> None:
    assert not detect("conjure me a fresco of the abbey").match
    found = detect("conjure me a fresco of the abbey", extra_verbs=("conjure",), extra_nouns=("fresco",))
    assert (found.mode, found.subject) == ("free", "abbey")


def test_speech_inside_a_post_is_the_players() -> None:
    found = detect('*leans on the rail* "Send me a picture of the harbour, will you?"')
    assert (found.match, found.subject) == (True, "harbour")


@pytest.mark.parametrize(
    "piece", ["draw ", "send me a picture of ", "(", "*", '"', "“", "bitte ", "画", "please, ", "\n", "x", "very ", "( draw", "🎨"]
)
def test_hostile_length_is_read_in_bounded_steps(piece: str) -> None:
    detect((piece * 4000)[:4000])
