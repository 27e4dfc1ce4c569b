"""Composition: one order for every mode; the examples are those of the browser original."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pictures import Mode
from bot.engine.pictures.compose import Parts, compose, join
from bot.engine.story.world import World

BASE: dict[str, Any] = {"prefix": "best quality,", "negative": "blurry", "character_prefix": "red hair", "character_negative": "hat"}
ROWS: list[tuple[Mode, str, dict[str, Any], str, str]] = [
    ("you", "elf", {}, "best quality, red hair, elf", "blurry, hat"),
    ("face", "elf", {}, "best quality, red hair, elf", "blurry, hat"),
    ("last", "elf", {}, "best quality, red hair, elf", "blurry, hat"),
    ("raw_last", "elf", {}, "best quality, red hair, elf", "blurry, hat"),
    ("me", "man", {}, "best quality, man", "blurry"),
    ("scene", "inn", {}, "best quality, red hair, inn", "blurry, hat"),
    ("background", "inn", {}, "best quality, inn", "blurry"),
    ("free", "apple tree", {}, "best quality, apple tree", "blurry"),
    ("you", "elf", {"group": True}, "best quality, elf", "blurry"),
    ("free", "{{charPrefix}}, riding a bike", {}, "best quality, red hair, riding a bike", "hat, blurry"),
    ("free", "char riding a bike", {}, "best quality, red hair,riding a bike", "hat, blurry"),
    ("free", "char, riding a bike", {}, "best quality, red hair, riding a bike", "hat, blurry"),
    ("free", "CHAR riding", {}, "best quality, red hair,riding", "hat, blurry"),
    ("free", "char", {}, "best quality, char", "blurry"),
    ("free", "Charming prince", {}, "best quality, Charming prince", "blurry"),
    ("free", "a char here", {}, "best quality, a char here", "blurry"),
    ("free", "{{charPrefix}} and {{CHARPREFIX}}", {}, "best quality, red hair and red hair", "hat, hat, blurry"),
    # asked for by name, the prefix comes along in a group as well
    ("free", "{{charPrefix}} x", {"group": True}, "best quality, red hair x", "hat, blurry"),
    ("free", "char x", {"group": True}, "best quality, red hair,x", "hat, blurry"),
    ("free", "x", {"group": True}, "best quality, x", "blurry"),
    # prefix and negative are trimmed before they take a call's place
    ("free", "{{charPrefix}} x", {"character_prefix": " red hair,\n", "character_negative": " \n"}, "best quality, red hair, x", "blurry"),
    ("free", "{{charPrefix}}", {"character_prefix": " ", "prefix": " oil "}, " oil ", "hat, blurry"),
    ("free", "char, x", {"character_prefix": "red hair,"}, "best quality, red hair, x", "hat, blurry"),
    ("free", "char\u00a0x", {}, "best quality, red hair,x", "hat, blurry"),
    ("free", "{{charPref\u0131x}} x", {}, "best quality, {{charPref\u0131x}} x", "blurry"),
    ("free", "\n char x", {}, "best quality, red hair,x", "hat, blurry"),
    ("free", "{{charPrefix}} x", {"character_prefix": ""}, "best quality, x", "hat, blurry"),
    ("free", "fries", {"extra_negative": "salt,"}, "best quality, fries", "salt, blurry"),
    ("free", "{{charPrefix}} x", {"extra_negative": "salt"}, "best quality, red hair x", "salt, hat, blurry"),
    ("you", "elf", {"extra_negative": "salt"}, "best quality, red hair, elf", "salt, blurry, hat"),
    ("you", "elf", {"prefix": "oil, {prompt}, hd"}, "oil, elf, hd, red hair", "blurry, hat"),
    ("free", "elf", {"prefix": "oil, {prompt}, hd"}, "oil, elf, hd", "blurry"),
    ("free", "elf", {"prefix": "oil, {prompt}, hd, {prompt}"}, "oil, elf, hd, {prompt}", "blurry"),
    ("free", "elf", {"prefix": "oil, {Prompt}"}, "oil, {Prompt}, elf", "blurry"),
    ("free", "elf", {"prefix": "oil, {{prompt}}, hd"}, "oil, elf, hd", "blurry"),
    ("you", "elf", {"character_prefix": "a {prompt} b"}, "best quality, a elf b", "blurry, hat"),
    ("you", "", {}, "best quality, red hair", "blurry, hat"),
    # commas: one goes at each edge, at the seam and at the ends; what else there is stays
    ("you", "elf,,", {}, "best quality, red hair, elf,", "blurry, hat"),
    ("me", ",", {}, "best quality,", "blurry"),
    ("me", "elf", {"prefix": ",,best,,"}, "best,, elf", "blurry"),
    ("me", "elf", {"prefix": ", ,", "negative": ","}, "elf", ""),
    ("me", "elf", {"prefix": "{prompt},"}, "elf", "blurry"),
    ("me", ",elf,", {"prefix": " ({prompt}:1.2), "}, "(elf:1.2)", "blurry"),
    ("me", "", {"prefix": "oil, {prompt}"}, "oil, {prompt}", "blurry"),
    ("me", "elf", {"negative": "", "extra_negative": ""}, "best quality, elf", ""),
    ("you", "elf", {"negative": "", "character_negative": ", hat,"}, "best quality, red hair, elf", "hat"),
    ("free", "", {}, "best quality,", "blurry"),
    ("free", "elf", {"prefix": ""}, "elf", "blurry"),
    ("free", "elf", {"negative": ""}, "best quality, elf", ""),
    ("free", "elf", {"negative": "", "extra_negative": "salt,"}, "best quality, elf", "salt,"),
    ("free", "$& $$ $` \\1 \\g<0>", {"prefix": "a {prompt} b"}, "a $& $$ $` \\1 \\g<0> b", "blurry"),
    ("free", "<lora:x:0.5>, (fox:1.2)", {}, "best quality, <lora:x:0.5>, (fox:1.2)", "blurry"),
    ("you", "elf", {"model_prompt": "score_9", "quality_tags": "masterpiece,", "model_negative": "score_4"},
     "score_9, masterpiece, best quality, red hair, elf", "blurry, hat, score_4"),
    ("you", "{{char}} by {{user}}", {}, "best quality, red hair, Mira by Ann", "blurry, hat"),
    ("me", "x", {"prefix": "{{charPrefix}}"}, "red hair, x", "blurry"),
    ("me", "x", {"prefix": "{{charPrefix}}", "group": True}, "x", "blurry"),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "prompt", "more", "positive", "negative"), ROWS)
def test_rows(mode: Mode, prompt: str, more: dict[str, Any], positive: str, negative: str) -> None:
    result = compose(Parts(mode=mode, prompt=prompt, **{**BASE, **more}, world=World(char="Mira", user="Ann"))).prompt
    assert (result.positive.removeprefix(", "), result.negative) == (positive, negative)


def test_without_a_world_macros_stay() -> None:
    assert compose(Parts("free", "{{char}}")).prompt.positive == "{{char}}"


def test_steps_tell_the_order() -> None:
    steps = compose(Parts("you", "elf", **BASE)).prompt.steps
    assert [step.partition(":")[0] for step in steps] == ["prefix", "character prefix", "prompt", "negative", "character negative"]


def test_variables_set_in_prompts_are_returned_and_hold_for_the_negative() -> None:
    result = compose(Parts("free", "{{setvar::x::1}}a", negative="n{{getvar::x}}", world=World()))
    assert result.variables == {"x": "1"}
    assert result.prompt.negative == "n1"


def test_composing_a_draft_again_gives_the_same() -> None:
    parts = Parts("free", "{{charPrefix}} x", **BASE)
    assert compose(parts) == compose(parts)


@pytest.mark.parametrize(
    ("base", "extra", "joined"),
    [("a", "", "a"), (" a, ", "", " a, "), (" a, ", " ,b, ", "a, b"), ("", "b,", "b"), ("", " ", ""), ("a", " ", "a,"),
     ("a,,", "b", "a,, b"),
     ("\ufeffa\u00a0", "b\u2028", "a, b")],
)  # fmt: skip
def test_join(base: str, extra: str, joined: str) -> None:
    assert join(base, extra) == joined


@given(st.text(alphabet="ab, {}prompt$\\", max_size=30), st.text(alphabet="ab, {}prompt$\\", max_size=30))
def test_nothing_fails(prefix: str, prompt: str) -> None:
    compose(Parts("you", prompt, prefix=prefix, character_prefix=prompt, world=World()))


# subject first

FIRST: list[tuple[dict[str, Any], str]] = [
    ({}, "elf, red hair, best quality"),
    ({"prompt": "An elf waits."}, "An elf waits. red hair, best quality"),
    ({"prompt": "An elf waits", "prefix": "Painted in oil."}, "An elf waits, red hair. Painted in oil."),
    ({"prompt": "An elf waits!", "prefix": "Painted in oil.", "character_prefix": "She has red hair."},
     "An elf waits! She has red hair. Painted in oil."),
    ({"prompt": "Who is there?", "prefix": "oil,,"}, "Who is there? red hair, oil"),
    ({"prompt": "一位骑士。", "prefix": "油画"}, "一位骑士。 red hair, 油画"),
    ({"prompt": " elf, ", "prefix": ",oil,", "character_prefix": ", red hair ,"}, "elf, red hair, oil"),
    ({"prompt": "A sign:", "character_prefix": "red letters;", "prefix": "oil"}, "A sign: red letters; oil"),
    ({"model_prompt": "ink style", "quality_tags": "sharp"}, "elf, red hair, ink style, sharp, best quality"),
    ({"prefix": "", "character_prefix": ""}, "elf"),
    ({"prefix": ", ,"}, "elf, red hair"),
    ({"group": True}, "elf, best quality"),
    ({"mode": "me"}, "elf, best quality"),
    ({"mode": "free", "prompt": "{{charPrefix}}, riding"}, "red hair, riding, best quality"),
    # the player's marker says where the prompt goes, and without a prompt there is nothing to lead with
    ({"prefix": "oil, {prompt}, hd"}, "oil, elf, hd, red hair"),
    ({"prefix": "oil, {{prompt}}, hd"}, "oil, elf, hd, red hair"),
    ({"character_prefix": "a {prompt} b"}, "best quality, a elf b"),
    ({"prompt": ""}, "best quality, red hair"),
    ({"prompt": "{{char}} and {{user}}"}, "Mira and Ann, red hair, best quality"),
    ({"prompt": "a {prompt} b"}, "a {prompt} b, red hair, best quality"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "positive"), FIRST)
def test_subject_first(more: dict[str, Any], positive: str) -> None:
    given_parts: dict[str, Any] = {"mode": "you", "prompt": "elf", **BASE, **more}
    world = World(char="Mira", user="Ann")
    result = compose(Parts(**given_parts, subject_first=True, world=world)).prompt
    assert result.positive == positive
    assert result.negative == compose(Parts(**given_parts, world=world)).prompt.negative


def test_steps_tell_that_the_subject_leads() -> None:
    steps = compose(Parts("you", "elf", **BASE, subject_first=True)).prompt.steps
    assert [step.partition(":")[0] for step in steps] == ["prompt", "character prefix", "prefix", "negative", "character negative"]


WORDS = st.text(alphabet="Aab,. ", max_size=12)


@given(WORDS, WORDS, WORDS)
def test_subject_first_is_well_formed_and_loses_no_letter(prompt: str, described: str, prefix: str) -> None:
    positive = compose(Parts("you", prompt, prefix=prefix, character_prefix=described, subject_first=True)).prompt.positive
    usual = compose(Parts("you", prompt, prefix=prefix, character_prefix=described)).prompt.positive
    assert sorted(positive.replace(",", "").replace(".", "").replace(" ", "")) == sorted(
        usual.replace(",", "").replace(".", "").replace(" ", "")
    )
    if not any(",," in "".join(text.split()) for text in (prompt, described, prefix)):
        assert ",," not in "".join(positive.split())


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u2005", "\ufeff"])
def test_trimming_takes_time_in_proportion(space: str) -> None:
    """With time that grows with the square, this would outlast the suite's time limit."""
    inner = f"a{space * 100_000}b"
    assert join(f"{space}{inner}{space}", "c") == f"{inner}, c"
