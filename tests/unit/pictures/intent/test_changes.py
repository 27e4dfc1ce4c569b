"""Words about a picture at hand."""

from __future__ import annotations

import pytest

from bot.engine.pictures.intent.changes import changed, refers


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("turn this into an anime picture", "an anime picture"),
        ("Can you please make this photo into a watercolour?", "a watercolour"),
        ("anime version of this please", "anime"),
        ("an oil painting version of me", "oil painting"),
        ("edit this picture: add a hat", "add a hat"),
        ("make it look like winter", ""),
        ("turn me into a pirate!", "a pirate"),
        ("redraw my cat as a knight, please", "as a knight"),
        ("draw that without the hat", "without the hat"),
        ("Mach daraus ein Aquarell bitte", "ein Aquarell"),
        ("transforme ça en aquarelle", "aquarelle"),
        ("convierte esto en una acuarela", "una acuarela"),
    ],
)
def test_a_plain_wish_is_a_request(text: str, subject: str) -> None:
    found = changed(text)
    if subject:
        assert (found.outcome, found.mode, found.subject) == ("request", "free", subject)
    else:
        assert found.outcome == "offer"


@pytest.mark.parametrize("text", ["add a hat", "make it snow", "please remove the lamp", "without the beard"])
def test_what_may_be_a_wish_is_offered(text: str) -> None:
    assert changed(text).outcome == "offer"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "look at my cat",
        "what do you think of this drawing?",
        "I made this into a lamp",
        "this is my house",
        "she turned it into a party",
        "lol",
    ],
)
def test_talk_about_a_picture_is_none(text: str) -> None:
    assert changed(text).outcome == "none"


@pytest.mark.parametrize(("text", "points"), [("paint this", True), ("the same at night", True), ("send me a photo of the harbour", False)])
def test_words_that_point_at_something(text: str, points: bool) -> None:
    assert refers(text) is points


def test_long_and_repeated_words_do_not_hang() -> None:
    for text in ("please " * 5000, "make this " * 5000, "a " * 5000 + "version of this", "can you " * 5000 + "x"):
        changed(text)
