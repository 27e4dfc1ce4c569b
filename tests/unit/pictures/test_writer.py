"""The writer's requests, its answers, and drafting without it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.errors import NothingToDo
from bot.domain.pictures import MODES, Mode
from bot.engine.pictures.cleaning import clean_reply
from bot.engine.pictures.modes import MODE_TABLE, classify, needs_writer
from bot.engine.pictures.writer import DRAFT_LIMIT, draft_request, fallback, read_draft, repair_request, verbatim
from bot.engine.story.world import World
from bot.storage.records import Entry

WORLD = World(
    char="Mira", user="Ann", description="{{char}} is a tall elf with red hair. She says \"hello\" to all.", scenario="A wet inn.",
    persona="a {{char}} fan in a green coat",
)  # fmt: skip
RECENT = [("Ann", "I open the\ndoor."), ("Mira", '*waves* "Come in!"')]


def entry(number: int, text: str, *, hidden: bool = False) -> Entry:
    return Entry(number, 1, "player", text, 1, "1", "Ann", None, None, None, hidden, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "raw_last"])
def test_every_mode_has_a_request(mode: Mode) -> None:
    request = draft_request(mode, "a fox" if mode == "free" else "", WORLD, RECENT)
    system, user = (m.text for m in request.messages)
    assert "{{" not in system
    assert "About Mira: Mira is a tall elf" in user
    assert "a {{char}} fan" in user  # the player's words are no template
    assert ("Ann: I open the door.\nMira: *waves*" in user) is (mode != "me")
    assert request.response_schema is None
    assert ("a fox" in user) is (mode == "free")


def test_last_is_about_the_chosen_message() -> None:
    assert "Come in!" in draft_request("last", "", WORLD, RECENT).messages[1].text.partition("Your task")[2]
    assert "A ship." in draft_request("last", "A ship.", WORLD, RECENT).messages[1].text.partition("Your task")[2]


def test_structure_extra_instructions_and_own_templates() -> None:
    request = draft_request("you", "", WORLD, [], extra="oil {{paint}}", structured=True, overrides={"mode_you": "Only {{char}}!"})
    assert request.response_schema is not None
    assert "JSON" in request.messages[0].text
    assert "oil {{paint}}" in request.messages[0].text
    assert request.messages[1].text.endswith("Your task: Only Mira!")
    assert "JSON" not in draft_request("you", "", WORLD, []).messages[0].text


def test_the_story_the_writer_reads_is_bounded() -> None:
    request = draft_request("scene", "", WORLD, [("Ann", "x" * 5000)] * 50)
    assert len(request.messages[1].text) < 10_000


def test_repair_shows_the_answer_without_thoughts() -> None:
    asked = draft_request("you", "", WORLD, RECENT, structured=True)
    again = repair_request(asked, "<think>x</think>I'm sorry")
    assert [m.role for m in again.messages] == ["system", "user", "assistant", "user"]
    assert again.messages[2].text == "I'm sorry"
    assert "JSON" in again.messages[3].text
    assert repair_request(asked, "").messages[2].text


ANSWERS: list[tuple[str, str | None]] = [
    ('{"prompt": "red hair, inn"}', "red hair, inn"),
    ('```json\n{"prompt": "red hair, inn"}\n```', "red hair, inn"),
    ('Sure! {"prompt": "red hair,\\ninn", "x": 1} Enjoy.', "red hair, inn"),
    ('{"prompt": "red \\"hair\\", in', "red hair, in"),
    ('{"prompt": ""}', None),
    ('{"text": "red hair"}', None),
    ('{"prompt": "I\'m sorry, I cannot do that."}', None),
    ("red hair, inn", "red hair, inn"),
    ("<think>The user wants</think>red hair, inn", "red hair, inn"),
    ("The user wants a prompt</think>\nred hair, inn", "red hair, inn"),
    ("Prompt: red hair, inn", "red hair, inn"),
    ("**Image Prompt:** red hair, inn", "red hair, inn"),
    ("Here is the prompt:\n\nred hair, inn", "red hair, inn"),
    ("Sure, here you go:\nred hair, inn", "red hair, inn"),
    ("Analysis: she is sad.\n\nFinal prompt: red hair, inn\n\nLet me know!", "red hair, inn"),
    ("red hair, inn\n\nThis prompt captures the mood of the scene.", "red hair, inn"),
    ("- red hair\n- inn\n- rain", "red hair, inn, rain"),
    ("1. red hair\n2. inn", "red hair, inn"),
    ("```\nred hair, inn\n```", "red hair, inn"),
    ('"red hair, inn"', "red hair, inn"),
    ("red hair, inn\nNegative prompt: blurry", "red hair, inn"),
    ("<img>red hair, inn</img>", "red hair, inn"),
    ("狐, 赤い髪", "狐, 赤い髪"),
    ("I'm sorry, but I can't help with that.", None),
    ("As an AI, I cannot draw.", None),
    ("Unfortunately this is not possible.", None),
    ("Okay, the user wants a picture of Mira. First I look at the story", None),
    ("", None),
    ("...", None),
    ("<think>never closed", None),
    ("{" * 5000, None),
]


@pytest.mark.parametrize(("answer", "prompt"), ANSWERS)
def test_answers(answer: str, prompt: str | None) -> None:
    assert read_draft(answer) == prompt


def test_a_long_answer_is_cut_at_a_phrase() -> None:
    prompt = read_draft("red hair, " * 400)
    assert prompt is not None
    assert len(prompt) <= DRAFT_LIMIT
    assert prompt.endswith("red hair")


def test_verbatim() -> None:
    story = [entry(1, "one"), entry(2, "*two*"), entry(3, "x", hidden=True)]
    assert verbatim("raw_last", "", story) == "*two*"
    assert verbatim("raw_last", " this one ", story) == "this one"
    assert verbatim("free", "a fox", []) == "a fox"
    with pytest.raises(NothingToDo):
        verbatim("raw_last", "", [])
    with pytest.raises(NothingToDo):
        verbatim("free", "  ", story)


FALLBACKS: list[tuple[Mode, str, str]] = [
    ("you", "", "full body portrait, solo, Mira is a tall elf with red hair. She says to all"),
    ("face", "", "close-up portrait, solo, looking at the viewer, Mira is a tall elf with red hair. She says to all"),
    ("me", "", "full body portrait, solo, a {{char}} fan in a green coat"),
    ("scene", "", "waves, A wet inn, Mira is a tall elf with red hair. She says to all"),
    ("last", "", "waves, Mira is a tall elf with red hair. She says to all"),
    ("background", "", "background, scenery, no people, A wet inn"),
    ("free", "a fox", "a fox"),
]


@pytest.mark.parametrize(("mode", "subject", "draft"), FALLBACKS)
def test_fallback(mode: Mode, subject: str, draft: str) -> None:
    texts = [text for _, text in RECENT]
    assert fallback(mode, subject, WORLD, texts) == draft
    assert fallback(mode, subject, WORLD, texts) == fallback(mode, subject, WORLD, texts)


@pytest.mark.parametrize("mode", MODES)
def test_fallback_always_says_something(mode: Mode) -> None:
    assert fallback(mode, "", World(), []).strip()


def test_fallback_leaves_looks_to_the_character_prefix() -> None:
    assert fallback("you", "", World(char="Mira", description="tall", char_prefix="red hair"), []).endswith("looking at the viewer")


@pytest.mark.parametrize(
    ("reply", "cleaned"),
    [
        ('full body portrait, "Mira", elf.', "full body portrait, Mira, elf."),
        ("A, B,, C ,\n D", "A, B, C, D"),
        ("“quoted” and ”closing”", "quoted and closing"),
        ("café, naïve", "café, naïve"),
        ("狐, fox", "狐, fox"),
        ("e\u0301", "é"),
        ("(fox:1.2), [cat], {dog}, <lora:x:0.5>", "(fox:1.2), [cat], {dog}, <lora:x:0.5>"),
        ("one|two #3 a/b", "one|two #3 a/b"),
        ("it's * _bold_ ~x~ = + & % $ @ ! ?", "it's _bold_ x"),
        ("it’s", "it's"),
        ("1. red\n2. blue", "1. red, 2. blue"),
        ("a - b — c", "a - b c"),
        ("!!!", ""), ("...", ""), (",,,", ""), ("", ""), ("🦊", ""),
    ],
)  # fmt: skip
def test_cleaning(reply: str, cleaned: str) -> None:
    assert clean_reply(reply) == cleaned


@pytest.mark.parametrize(
    ("trigger", "mode", "subject"),
    [("you", "you", ""), (" FACE ", "face", ""), ("Raw_Last", "raw_last", ""), ("free", "free", "free"), ("your face", "free", "your face"),
     (" apple Tree ", "free", "apple Tree"), ("", "free", "")],
)  # fmt: skip
def test_classify(trigger: str, mode: Mode, subject: str) -> None:
    assert classify(trigger) == (mode, subject)


def test_modes_that_need_a_writer() -> None:
    assert {mode for mode in MODES if needs_writer(mode)} == {"you", "face", "me", "scene", "last", "background"}
    assert needs_writer("free", extend=True)
    assert not needs_writer("raw_last", extend=True)
    assert set(MODE_TABLE) == set(MODES)
