"""The prompt enhancer: quality tags and tidying, family by family."""

from __future__ import annotations

import pytest

from bot.engine.pictures.enhance import TAG_FAMILIES, quality_tags, tidy
from bot.engine.pictures.explain import explain_prompt

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
    ("sdxl", "score_9, scoreboard, score_board", "scoreboard, score_board"),
    ("noobai", "Score_9, FOX", "fox"),
    ("sdxl", "Fox BREAK Hen, Fox", "fox BREAK hen, fox"),
    ("sdxl", "embedding:EasyNegative, Blurry, __Hair__", "embedding:EasyNegative, blurry, __Hair__"),
    ("sdxl", "{{getvar::Coat}}, Fox", "{{getvar::Coat}}, fox"),
    ("novelai", "{Red Hair}, [Blue, Green], {red hair}", "{red hair}, [blue, green]"),
    ("sdxl", "(fox, Hen, fox", "(fox, hen, fox"),
    ("sdxl", r"Saber \(fate\), Hat", r"saber \(fate\), hat"),
    ("sdxl", "", ""),
]


@pytest.mark.parametrize(("family", "text", "wanted"), TIDIED)
def test_tags_are_tidied(family: str, text: str, wanted: str) -> None:
    assert tidy(text, family) == wanted
    assert tidy(wanted, family) == wanted


@pytest.mark.parametrize("family", [*SENTENCES, "", "nobody-knows"])
def test_sentences_are_left_alone(family: str) -> None:
    text = "A Fox sleeps,  a Fox dreams. score_9"
    assert tidy(text, family) == text
    assert quality_tags(family) == ""


@pytest.mark.parametrize("family", TAG_FAMILIES)
def test_score_tags_are_for_pony_alone(family: str) -> None:
    tags = quality_tags(family)
    assert ("score_" in tags) == (family == "pony")
    assert 3 <= len(tags.split(", ")) <= 7
    assert tidy(tags, family) == tags


def test_explain_shows_what_was_added() -> None:
    answer = explain_prompt({"prompt": "Fox, fox", "prefix": "best quality", "family": "illustrious"})
    assert answer["positive"] == "masterpiece, best quality, amazing quality, very aesthetic, fox"
    assert answer["steps"][0] == "quality tags: masterpiece, best quality, amazing quality, very aesthetic"
    assert answer["steps"][-1] == "tags tidied for illustrious"
    plain = explain_prompt({"prompt": "A Fox, a Fox", "family": "flux"})
    assert (plain["positive"], plain["steps"]) == ("A Fox, a Fox", ["prompt: A Fox, a Fox"])
