"""The prompt enhancer: quality tags, tidying, order and subject first, family by family."""

from __future__ import annotations

import sys
from collections import Counter
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pictures import Prompt
from bot.engine.pictures.compose import Parts
from bot.engine.pictures.enhance import SENTENCE_FAMILIES, TAG_FAMILIES, enhanced, finished, quality_tags, tidy, wants_subject_first
from bot.engine.pictures.enhance import groups as tables
from bot.engine.pictures.enhance.groups import BEGINNINGS, ENDINGS, EXACT, QUALITY_WORDS, Group
from bot.engine.pictures.enhance.order import group_of, people
from bot.engine.pictures.enhance.quality import is_quality
from bot.engine.pictures.enhance.tags import names, parts_of
from bot.engine.pictures.explain import explain_prompt
from bot.engine.story.world import World
from providers.images.families import family_of

SENTENCES = ("flux", "flux2", "sd3", "qwen-image", "z-image", "hidream", "gpt-image", "gemini-image", "grok-imagine", "seedream", "imagen")
TIDIED = [
    ("sdxl", "1girl,Red Hair ,  blue   eyes", "1girl, red hair, blue eyes"),
    ("sdxl", "red hair, 1girl, Red_Hair, red hair", "red hair, 1girl"),
    ("sd15", ",, 1girl, ,hat,", "1girl, hat"),
    ("illustrious", "fire forest, (Fire forest:1.2), 1boy", "(fire forest:1.2), 1boy"),
    ("illustrious", "(fire forest:1.2), fire forest", "(fire forest:1.2)"),
    ("sdxl", "(red hair, blue eyes:1.3), Hat", "(red hair, blue eyes:1.3), hat"),
    ("sdxl", "<lora:Ink_Style:0.8>, Fox, <lora:Ink_Style:0.8>", "<lora:Ink_Style:0.8>, fox"),
    ("sdxl", "Fox <lora:Ink,V2:0.8> Den", "fox <lora:Ink,V2:0.8> den"),
    ("pony", "score_9, Fox, score_8_up", "score_9, fox, score_8_up"),
    ("illustrious", "score_9, fox, (score_8_up:1.1)", "fox"),
    ("illustrious", "(score_9, score_8_up:1.1), fox, (score_9, hen:1.1)", "fox, (score_9, hen:1.1)"),
    ("sdxl", "score_9, scoreboard, score_board", "scoreboard, score_board"),
    ("noobai", "Score_9, FOX", "fox"),
    ("sdxl", "Fox BREAK Hen, Fox", "fox BREAK hen, fox"),
    ("sdxl", "Fox, BREAK, Hen,BREAK Fox", "fox, BREAK, hen, BREAK fox"),
    ("sdxl", "BREAK, Fox BREAK BREAK, Hen, BREAK,", "BREAK, fox BREAK BREAK, hen, BREAK"),
    ("sdxl", "Fox, BREAK, score_9, BREAK, Hen", "fox, BREAK BREAK, hen"),
    ("sdxl", "A cat AND a Dog :1.2", "a cat AND a dog :1.2"),
    ("sdxl", "<lora:x:1>BREAK Fox", "<lora:x:1> BREAK fox"),
    ("sdxl", "embedding:EasyNegative, Blurry, __Hair__", "embedding:EasyNegative, blurry, __Hair__"),
    ("sdxl", "{{getvar::Coat}}, Fox", "{{getvar::Coat}}, fox"),
    ("novelai", "{Red Hair}, [Blue, Green], {red hair}", "{red hair}, [blue, green]"),
    ("novelai", "1.2::Rain, night::, Fox, fox", "1.2::rain, night::, fox"),
    ("sdxl", "(fox, Hen, fox", "(fox, hen, fox"),
    ("sdxl", "), Fox, (Fox", "), fox, (fox"),
    ("sdxl", r"Saber \(fate\), Hat", r"saber \(fate\), hat"),
    ("sdxl", ":), Fox, :D, fox", ":), fox, :d"),
    ("sdxl", "", ""),
]


@pytest.mark.parametrize(("family", "text", "wanted"), TIDIED)
def test_tags_are_tidied(family: str, text: str, wanted: str) -> None:
    assert tidy(text, family) == wanted
    assert tidy(wanted, family) == wanted


@pytest.mark.parametrize("family", [*SENTENCES, "", "nobody-knows"])
def test_sentences_are_left_alone(family: str) -> None:
    text = "In the forest, A Fox sleeps,  a Fox dreams. 1girl, score_9"
    assert tidy(text, family) == text
    assert quality_tags(family) == ""
    assert enhanced(Prompt(positive=text, negative=text), family) == Prompt(positive=text, negative=text)


@pytest.mark.parametrize("family", TAG_FAMILIES)
def test_score_tags_are_for_pony_alone(family: str) -> None:
    tags = quality_tags(family)
    assert ("score_" in tags) == (family == "pony")
    assert 3 <= len(tags.split(", ")) <= 7
    assert tidy(tags, family) == tags
    assert all(is_quality(name) for tag in tags.split(", ") for name in names(tag))


def test_explain_shows_what_was_added() -> None:
    answer = explain_prompt({"prompt": "Fox, fox", "prefix": "best quality", "family": "illustrious"})
    assert answer["positive"] == "masterpiece, best quality, amazing quality, very aesthetic, fox"
    assert answer["steps"][0] == "quality tags: masterpiece, best quality, amazing quality, very aesthetic"
    assert answer["steps"][-1] == "tags tidied for illustrious"
    moved = explain_prompt({"prompt": "forest, Red Hair, 1girl", "family": "noobai"})
    assert moved["positive"] == "masterpiece, best quality, amazing quality, very aesthetic, 1girl, red hair, forest"
    assert moved["steps"][-2:] == ["tags tidied for noobai", "tags put in order for noobai"]
    plain = explain_prompt({"prompt": "A Fox, a Fox", "family": "flux"})
    assert (plain["positive"], plain["steps"]) == ("A Fox, a Fox", ["prompt: A Fox, a Fox"])


# order

ORDERED = [
    ("night, looking at viewer, hat, smile, red hair, 1girl, masterpiece",
     "masterpiece, 1girl, red hair, smile, hat, looking at viewer, night"),
    ("forest background, standing, 1girl, Mira, long white dress, green eyes, solo",
     "1girl, mira, solo, green eyes, long white dress, standing, forest background"),
    ("score_9, by someone, rating_safe, monochrome, solo", "by someone, rating_safe, monochrome, solo"),
    ("beach, cowboy shot, from above, school uniform, glasses, light smile, closed eyes, fox ears, tail, 2girls",
     "2girls, fox ears, tail, light smile, closed eyes, school uniform, glasses, cowboy shot, from above, beach"),
    # the order within a group is the writer's; unknown tags stay behind their left neighbour, at the start they stay there
    ("red hair, blue eyes, long hair", "red hair, blue eyes, long hair"),
    ("flarn, forest, glimmer, 1girl, zorb, red eyes", "flarn, 1girl, zorb, red eyes, forest, glimmer"),
    # brackets are judged by the first tag in them that is known
    ("(forest, night:1.2), ((red hair)), [smile], (zorb, 1girl:0.9)", "(zorb, 1girl:0.9), ((red hair)), [smile], (forest, night:1.2)"),
    ("{forest}, {{{red hair}}}, [hat|crown], 1.3::smile, tears::", "{{{red hair}}}, 1.3::smile, tears::, [hat|crown], {forest}"),
    (r"rain, bow \(weapon\), saber \(fate\), blue dress \(medium\)", r"blue dress \(medium\), saber \(fate\), bow \(weapon\), rain"),
    # phrases: articles do not count, and a person stays one however much is said about it
    ("a cozy tavern, the hat, an old woman with a cup by the fire", "an old woman with a cup by the fire, the hat, a cozy tavern"),
    # what is never changed goes with its neighbour
    ("forest, <lora:Fog:0.7>, 1girl, __Hair__, embedding:Good, red hair {{random::A}}",
     "1girl, __Hair__, embedding:Good, red hair {{random::A}}, forest, <lora:Fog:0.7>"),
    # every part for itself
    ("forest, red hair BREAK smile, 1girl", "red hair, forest BREAK 1girl, smile"),
    ("forest, red hair, BREAK, smile, 1girl", "red hair, forest, BREAK, 1girl, smile"),
    ("forest, red hair :0.8 AND smile, 1girl :1.1", "red hair, forest :0.8 AND 1girl, smile :1.1"),
    ("forest, 1girl, :0.8 AND smile, 1girl", "1girl, forest, :0.8 AND 1girl, smile"),
    ("forest, (red hair BREAK smile), 1girl", "1girl, (red hair BREAK smile), forest"),
    # left alone: sentences, other languages, several people, brackets that do not match
    ("in a valley, the old knight waits, he sings, forest, 1girl", "in a valley, the old knight waits, he sings, forest, 1girl"),
    ("ein wald, rote haare, regen, smile, ein kleid, 1girl", "ein wald, rote haare, regen, smile, ein kleid, 1girl"),
    ("she sits under the tree, her long red hair, a hat", "she sits under the tree, her long red hair, a hat"),
    ("1girl, red hair, dress, 1boy, black hair, suit", "1girl, red hair, dress, 1boy, black hair, suit"),
    ("a woman in red, blue eyes, a man in black, brown eyes", "a woman in red, blue eyes, a man in black, brown eyes"),
    ("(forest, red hair, 1girl", "(forest, red hair, 1girl"),
    ("forest), red hair, (1girl", "forest), red hair, (1girl"),
    ("1.2::forest, red hair, 1girl", "1.2::forest, red hair, 1girl"),
    # but two people who are described together have one order
    ("forest, 1girl, 1boy, dress, red hair", "1girl, 1boy, red hair, dress, forest"),
    ("", ""), ("zorb", "zorb"), ("<lora:x:1>", "<lora:x:1>"), ("BREAK", "BREAK"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), ORDERED)
def test_tags_are_put_in_order(text: str, wanted: str) -> None:
    assert enhanced(Prompt(positive=text, negative=""), "sdxl").positive == wanted
    assert enhanced(Prompt(positive=wanted, negative=""), "sdxl").positive == wanted


def test_a_negative_prompt_is_tidied_but_not_reordered() -> None:
    assert enhanced(Prompt(positive="", negative="Forest, red hair,1girl, forest"), "pony").negative == "forest, red hair, 1girl"


GROUPS = [
    (Group.QUALITY, "very aesthetic, absurdres, score 7 up, artist:zorb, drawn by zorb, oil painting, rating: safe, source anime"),
    (Group.SUBJECT, "1girl, 2boys, 6+girls, 1other, multiple girls, no humans, cat girl, queen, the king, 1girl sitting on a bench"),
    (Group.SUBJECT, "a young woman with red hair, portrait of a tired knight, photo of old men in coats, another girl"),
    (Group.BODY, "long hair, hair over one eye, red eyes, pointy ears, dark skin, ponytail, wings, muscular, elf, tall, scars"),
    (Group.EXPRESSION, "evil smile, open mouth, closed eyes, half-closed eyes, :d, ^ ^, blush, crying, angry expression, tears"),
    (Group.CLOTHING, "white dress, hair ribbon, school uniform, thighhighs, red t-shirt, witch hat, katana, barefoot, wearing a coat"),
    (Group.POSE, "standing, looking back, hand on own hip, arms up, holding sword, cowboy shot, from below, upper body, pov"),
    (Group.BACKGROUND, "simple background, blue sky, night, rain, in the rain, lens flare, indoors, flowers, god rays, by the window"),
]  # fmt: skip


@pytest.mark.parametrize(("group", "name"), [(group, name) for group, text in GROUPS for name in text.split(", ")])
def test_groups(group: Group, name: str) -> None:
    assert group_of(name) == group


@pytest.mark.parametrize(
    "name",
    [
        "",
        "fox",
        "bystander",
        "her red hat",
        "the",
        "the old knight waits",
        "portrait of",
        "with a woman",
        "he wore a very old red hat",
        "1000girl",
        "x" * 4000,
        "mira",
    ],
)
def test_unknown_tags(name: str) -> None:
    assert group_of(name) is None


@pytest.mark.parametrize("table", ["_EXACT", "_BEGINNINGS", "_ENDINGS"])
def test_the_tables_are_sorted_and_no_word_stands_in_two_groups(table: str) -> None:
    blocks: dict[Group, str] = getattr(tables, table)
    listed = {group: [" ".join(word.split()) for word in text.split(",")] for group, text in blocks.items()}
    assert all(words == sorted(set(words)) for words in listed.values())
    assert [word for word, count in Counter(word for words in listed.values() for word in words).items() if count > 1] == []
    assert list(listed) == sorted(listed)


def test_the_tables_hold_what_a_tag_can_be() -> None:
    assert len(EXACT) + len(BEGINNINGS) + len(ENDINGS) > 900
    for name in (*EXACT, *BEGINNINGS, *ENDINGS, *QUALITY_WORDS):
        assert names(name) == [name], name
    assert all(" " not in word for word in (*BEGINNINGS, *ENDINGS))


def test_no_exact_entry_says_what_its_ending_says_already(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, group in list(EXACT.items()):
        with monkeypatch.context() as patch:
            patch.delitem(EXACT, name)
            assert group_of(name) != group, name


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("1girl, solo", 1),
        ("(1girl:1.2), 2boys BREAK 1girl", 4),
        ("multiple girls", 2),
        ("a girl and a boy", 0),
        ("couple, hat", 2),
        ("", 0),
    ],
)
def test_people_are_counted(prompt: str, count: int) -> None:
    assert people(prompt) == count


# quality tags

MANY = "8k, absurdres, highres, newest, intricate, uhd, hdr"
BROUGHT = [
    ("sdxl", "", "masterpiece, best quality, highly detailed"),
    ("sdxl", "red hair, oil painting", "masterpiece, best quality, highly detailed"),
    ("sdxl", MANY, ""),
    ("sdxl", MANY.removesuffix(", uhd, hdr"), "masterpiece, best quality"),
    ("sdxl", f"{MANY}, Best_Quality", "best quality"),
    ("sdxl", f"{MANY}, (best quality:1.3)", "best quality"),
    ("sdxl", "(masterpiece, 8k:1.2)", "best quality, highly detailed"),
    ("novelai", "{best quality}", "amazing quality, very aesthetic"),
    ("sdxl", "score_9, score_8_up, score_7_up, score_6_up, score_5_up", "masterpiece, best quality, highly detailed"),
    ("pony", "score_6_up, score_5_up, score_4_up, masterpiece, best quality", "score_9, score_8_up"),
    ("pony", "score_9", "score_9, score_8_up, score_7_up"),
    ("flux", "masterpiece", ""),
]


@pytest.mark.parametrize(("family", "brought", "wanted"), BROUGHT)
def test_quality_tags_fill_up_what_the_player_brings(family: str, brought: str, wanted: str) -> None:
    assert quality_tags(family, brought) == wanted


@pytest.mark.parametrize("field", ["model_prompt", "prefix", "character_prefix", "prompt"])
@pytest.mark.parametrize("family", TAG_FAMILIES)
@pytest.mark.parametrize("number", range(8))
def test_a_prompt_has_three_to_seven_quality_tags_and_none_twice(family: str, number: int, field: str) -> None:
    brought = ", ".join(["best_quality", "Masterpiece", "(highres:1.1)", "absurdres", "8k", "newest", "hdr"][:number])
    parts: dict[str, Any] = {"prompt": "1girl", field: f"{brought}, 1girl"}
    positive = finished(Parts(mode="you", **parts), family).prompt.positive
    found = [name for part in parts_of(positive) for tag in part.tags for name in names(tag) if is_quality(name)]
    assert 3 <= len(found) <= 7
    assert len(set(found)) == len(found)


def test_quality_tags_in_a_macro_are_counted_too() -> None:
    world = World(variables={"look": MANY})
    assert finished(Parts("free", "fox", prefix="{{getvar::look}}", world=world), "sdxl").prompt.positive == f"{MANY}, fox"


def test_the_players_weight_is_kept_at_the_familys_place() -> None:
    positive = finished(Parts("free", "fox, (masterpiece:1.3)"), "sdxl").prompt.positive
    assert positive == "(masterpiece:1.3), best quality, highly detailed, fox"


# subject first


@pytest.mark.parametrize("family", SENTENCES)
def test_families_of_sentences_want_the_subject_first(family: str) -> None:
    assert wants_subject_first(family)
    assert wants_subject_first(f" {family.upper()} ")
    parts = Parts("you", "A knight waits.", prefix="oil painting", character_prefix="red hair")
    assert finished(parts, family).prompt.positive == "A knight waits. red hair, oil painting"


@pytest.mark.parametrize("family", [*TAG_FAMILIES, "", "nobody-knows"])
def test_other_families_do_not(family: str) -> None:
    assert not wants_subject_first(family)


def test_no_family_is_in_both_tables() -> None:
    assert not SENTENCE_FAMILIES & set(TAG_FAMILIES)
    guessed = {family_of(name) for name in ("flux2-dev", "flux1-dev", "sd3.5", "qwen-image", "gpt-image-2", "nano-banana", "imagen-4")}
    assert guessed <= SENTENCE_FAMILIES


@pytest.mark.parametrize("family", ["", "flux", "pony"])
def test_without_a_family_only_what_was_written_is_joined(family: str) -> None:
    parts = Parts("you", "A Knight", prefix="Oil,", character_prefix="Red Hair")
    expected = {"": "Oil, Red Hair, A Knight", "flux": "A Knight, Red Hair, Oil"}
    positive = finished(parts, family).prompt.positive
    assert positive == expected.get(family, "score_9, score_8_up, score_7_up, oil, a knight, red hair")


# hostile input

ALPHABET = "abBREAKND, (){}[]<>:_\\.|1 \n"
HOSTILE = [
    "(", ")", "((a:1.2", "[{(", ",", ", ", " ", "\t,", ":", ":1", "1", "1.", "1::", "1::a:", "-1", "score_1 ", "(score_9:", "<", "<a:",
    "<lora:a", "{", "{{", "{{a", "}}", "_", "__", "__a", "embedding:", "BREAK", "BREAK ", "AND, ", "a:1 AND ", "\\", "\\(", ":) ", ":)",
    "a ", "hair ", "hair, ", "1girl, hair, ", "1girl", "|", "in the ", "by ", "masterpiece, ", "\0",
]  # fmt: skip


@given(st.text(alphabet=ALPHABET, max_size=60))
def test_nothing_is_lost_and_a_second_pass_changes_nothing(text: str) -> None:
    once = enhanced(Prompt(positive=text, negative=text), "pony")
    again = enhanced(once, "pony")
    assert (again.positive, again.negative) == (once.positive, once.negative)
    assert Counter(tag for part in parts_of(once.positive) for tag in part.tags) == Counter(
        tag for part in parts_of(once.negative) for tag in part.tags
    )


def _calls(text: str) -> int:
    """Python and C calls that finishing a prompt takes: a measure of its work that no clock disturbs."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        finished(Parts("free", text, prefix=text), "pony")
    finally:
        sys.setprofile(before)
    return counted


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_with_the_length_of_the_prompt(piece: str) -> None:
    short, long = (piece * (size // len(piece)) for size in (1000, 4000))
    assert _calls(long) <= 5 * _calls(short) + 200


@pytest.mark.parametrize(
    "piece", [" ", "\u2005", "1", "1.", "1::", "-1", "<", "<a:", "_", "__", "{{a", "embedding:", "\\", "a ", "score_1 ", "in the "]
)
def test_very_long_prompts_are_finished(piece: str) -> None:
    """Patterns are at work here, whose steps no call counts: work that grew with the square would outlast the suite's time limit."""
    text = f"a{piece * (100_000 // len(piece))}x"
    assert finished(Parts("free", text), "pony").prompt.positive
    assert finished(Parts("you", text, prefix=text, character_prefix=text), "flux").prompt.positive
