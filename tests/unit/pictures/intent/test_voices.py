"""Who speaks and to whom: narration, others' words, other addressees, what is shown and not said; and prose that asks for nothing."""

from __future__ import annotations

import itertools

import pytest

from bot.domain.pictures import Mode
from bot.engine.pictures.intent import detect


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("*kneels by the altar* Look at that. Please draw the relic for me before it crumbles.", "relic"),
        ("((can you draw the tavern?))", "tavern"),
        ("*nods to the smith*\n(OOC: could you make a picture of the forge?)", "forge"),
        ("[ooc] draw the villain pls", "villain"),
        ('I take your hand. "Let me see a drawing of the scar."', "scar"),
        ("Hi!\nhow was your day?\nsend me a picture of the bakery", "bakery"),
        ("Draw this:\ntwo moons, desert, lone rider", "two moons, desert, lone rider"),
        ("draw a picture of the castle (seen from above)", "castle (seen from above)"),
        ("Paint the moon, then paint the sea.", "moon"),
        ("draw a picture of a man", "man"),
        ("Don't be shy, draw me the moon", "moon"),
        ("you said you'd send me a picture of the sunset, where is it?", "sunset"),
        ("**Send a picture of the harbour bell**", "harbour bell"),
        ("send a picture\nof a cat", "cat"),
        ("draw a picture of Dr. Moreau's island", "Dr. Moreau's island"),
    ],
)
def test_the_player_asks(text: str, subject: str) -> None:
    found = detect(text)
    assert (found.outcome, found.mode, found.subject) == ("request", "free", subject)


@pytest.mark.parametrize(
    "text",
    [
        '"Take a picture of this," he told her.',
        '"Draw the gate," I whispered to the painter.',
        'My kid goes "draw me a dinosaur" every five minutes',
        "The poster says 'send us a photo of your pet and win'",
        "*whispers to the maid* Send a picture of the letter to my brother.",
        "*sings off-key* paint me a picture of the sea, oh oh",
        "🎵 send me a picture of you 🎵",
        "Corporal, take a photo of that wreck!",
        "Sergeant! Make a drawing of these tracks.",
        "can you send me the picture of grandma? oh, wrong chat",
        "I tell the boy to draw me a picture of the house.",
        '{"prompt": "draw a picture of a dog", "n": 1}',
        'print("draw a picture of a cat")',
        "anna: draw me a picture of a fox\nbob: no, you draw one\nanna: fine",
        "wanna see a picture of my cat?",
        "can I send you a picture?",
        "do pictures cost extra?",
        "can you not send pictures all the time?",
        "disable pictures please",
        "Draw, you coward!",
        "send photo paper to the office",
        "nice selfie!",
        "one more beer please",
        "I sit down and draw a picture of the bird.",
        "I take the chalk, draw a picture of the moon, and wait.",
        "You draw a picture of the river on the napkin and push it over to me.",
    ],
)
def test_nobody_asks(text: str) -> None:
    assert not detect(text).match


def test_long_pasted_text_does_not_speak() -> None:
    article = "The museum has bought the canvas. Please send a photo of your own bridge. The river was painted twice that year. " * 6
    assert not detect(f"look at this article:\n\n{article}").match
    found = detect(f"look at this article:\n\n{article}\n\nok. please draw the bridge!")
    assert (found.mode, found.subject) == ("free", "bridge")


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("Mira, draw a picture of Mira", "you"),
        ("hey Mira, can you draw a picture of me?", "me"),
        ("send me a photo of you and your sister", "free"),
        ("paint what just happened", "last"),
        ("selfie bitte", "face"),
        ("tu peux m'envoyer une photo de toi ?", "you"),
        ("bana fotoğrafını gönder", "you"),
    ],
)
def test_names_and_modes(text: str, mode: Mode) -> None:
    assert detect(text, names=("Mira",)).mode == mode


def test_an_order_to_another_name_is_not_for_us() -> None:
    assert not detect("Bob, draw me a picture of a cat", names=("Mira",)).match
    assert detect("Bob, draw me a picture of a cat", names=("Mira", "Bob")).match


def test_narrative_prose_does_not_trigger() -> None:
    people = ("I", "We", "They", "The children", "Nobody", "Two old painters")
    things = ("a picture of the harbour", "an image of fire", "photos of the wedding", "a portrait of her mother", "a picture of me")
    frames = (
        "{who} paint {what} and walk away.", "{who} used to draw {what}.", "Once {who} would send {what}.", "{who} never show {what}.",
        "{who} make {what} while the rain falls.", "If {who} create {what}, the bells ring.", "*{who} render {what}*",
        "Tomorrow {who} will take {what}.", "When {who} drew {what}, the room went quiet.", "To pass the time {who} sketch {what}.",
        "{who} sit down and draw {what}.", "{who} climb up, paint {what} and climb down.",
    )  # fmt: skip
    lines = [frame.format(who=who, what=what) for who, what, frame in itertools.product(people, things, frames)]
    assert [line for line in lines if detect(line).match] == []


@pytest.mark.parametrize(
    "piece",
    [
        "please ",
        "hey, ",
        "can you ",
        "this is ",
        "another one but ",
        "a:\n\n",
        "a(",
        '{"',
        "<a ",
        "a'",
        "♪\n",
        "la la ",
        "의 그림 ",
        "のを",
        "_a_ ",
    ],
)
def test_hostile_repetition_ends(piece: str) -> None:
    """A backtracking pattern would not come back from these at all."""
    detect((piece * 4096)[:8192])
    detect("draw" + " " * 8000 + "a cat")
