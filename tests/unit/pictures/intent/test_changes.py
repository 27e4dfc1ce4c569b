"""Words about a picture at hand: wishes to change it, and talk that goes on beside it."""

from __future__ import annotations

import pytest

from bot.engine.pictures.intent import detect
from bot.engine.pictures.intent.changes import changed, points
from tests.unit.pictures.intent.picture_talk import PERHAPS, TALK, WISHES


def lines(block: str) -> list[str]:
    return block.strip().splitlines()


@pytest.mark.parametrize("text", lines(WISHES))
def test_a_plain_wish_is_a_request(text: str) -> None:
    found = changed(text)
    assert (found.outcome, found.mode) == ("request", "free")
    assert found.subject


@pytest.mark.parametrize("text", lines(PERHAPS))
def test_what_may_be_a_wish_is_offered(text: str) -> None:
    assert changed(text).outcome == "offer"


@pytest.mark.parametrize("text", ["", *lines(TALK)])
def test_talk_beside_a_picture_is_none(text: str) -> None:
    assert changed(text).outcome == "none"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Can you please make this photo into a watercolour?", "a watercolour"),
        ("anime version of this please", "anime"),
        ("edit this picture: add a hat", "add a hat"),
        ("turn me into a pirate!", "a pirate"),
        ("redraw my cat as a knight, please", "as a knight"),
        ("make it look like winter", "look like winter"),
        ("Mach daraus ein Aquarell bitte", "ein Aquarell"),
        ("transforme ça en aquarelle", "aquarelle"),
        ("the same picture, but as anime", "as anime"),
        ("Mirren, make it darker", "darker"),
        ("what would this look like as a painting?", "as a painting"),
        ("<@1234> turn this into a woodcut", "a woodcut"),
        ("@bot hey, turn this into a woodcut", "a woodcut"),
        ("Old Tom: make it black and white", "black and white"),
        ("I love it! Now make it look like winter.", "look like winter"),
        ("That's my cat.\nTurn this into a lion.", "a lion"),
        ("replace the lamp with a candle, thanks", "replace the lamp with a candle"),
    ],
)
def test_what_it_becomes(text: str, subject: str) -> None:
    assert changed(text, names=("Old Tom",)).subject == subject


def test_a_sentence_of_a_longer_story_is_no_wish() -> None:
    story = "We came in late. The fire was low. Make it brighter. She laughed. I sat down."
    assert changed(story).outcome == "none"


@pytest.mark.parametrize(
    ("text", "attached", "answered"),
    [
        ("paint this", True, True),
        ("draw this as a watercolour", True, True),
        ("draw her with a hat", True, True),
        ("another one but in winter", True, True),
        ("draw yourself in this style", True, True),
        ("send me a selfie like this", True, True),
        ("send me a picture of this in winter", True, True),
        ("draw a pirate", True, False),
        ("draw me", True, False),
        ("this is my cat! Now send me a selfie", False, False),
        ("Here's my cat. Send me a picture of your garden", False, False),
        ("It's beautiful! Now send me a picture of your garden", False, False),
        ("send me a photo of the harbour", False, False),
    ],
)
def test_whether_a_request_means_the_picture_at_hand(text: str, attached: bool, answered: bool) -> None:
    found = detect(text)
    assert found.match
    assert points(text, found, attached=True) is attached
    assert points(text, found, attached=False) is answered


def test_long_and_repeated_words_do_not_hang() -> None:
    starts = (
        "please ",
        "make this ",
        "can you ",
        "make it the ",
        "add a ",
        "make the hat ",
        "turn this to x ",
        "same in the ",
        "replace the - ",
    )
    for text in (
        *(start * 5000 for start in starts),
        "a " * 5000 + "version of this",
        "make it " + "a " * 290,
        "give me " + "a " * 285 + "version of thi",
    ):
        changed(text)


@pytest.mark.parametrize("text", ["turn this into a night scene", "turn it into a snowy scene", "turn this into a beach scene"])
def test_a_scene_of_some_kind_is_a_picture_and_a_scene_is_trouble(text: str) -> None:
    assert changed(text).outcome == "request"
    assert changed("turn this into a scene").outcome == "none"
