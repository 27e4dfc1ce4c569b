"""Advice on picture settings: nothing to say about settings that work, a sentence for each value that leaves its range."""

from __future__ import annotations

from typing import Any

import pytest

from bot.engine.pictures.advice import HELP, LIMITS, advice_for
from bot.engine.pictures.enhance import SENTENCE_FAMILIES, TAG_FAMILIES

FINE: list[dict[str, Any]] = [
    {},
    {"steps": 20, "cfg": 3.0, "sampler": "Euler a", "width": 512, "height": 512, "denoise": 0.5, "clip_skip": 1, "family": "sd15"},
    {"steps": 40, "cfg": 10.0, "sampler": "DPM++ 2M SDE Karras", "family": "pony"},
    {"width": 832, "height": 1216, "denoise": 0.8, "clip_skip": 2, "family": "pony"},
    {"steps": 100, "cfg": 15.0, "width": 128, "height": 1024, "family": "sd15", "prompt": "1girl, solo, red hair"},
    {"steps": 4, "cfg": 1.0, "family": "flux", "width": 512, "height": 512},
    {"steps": 4, "sampler": "LCM Karras", "family": "sdxl", "width": 1024, "height": 1024},
    {"steps": 10, "sampler": "UniPC"},
    {"steps": 4, "sampler": "DPM++ SDE Turbo"},
    {"width": 1536, "height": 640, "family": "illustrious"},
    {"width": 2048, "height": 2048, "family": "gpt-image"},
    {"width": 1025, "height": 1025, "family": "flux"},
    {"width": 304},
    {"prompt": "A girl and a boy", "family": "flux"},
    {"prompt": "2girls", "family": "flux"},
]  # fmt: skip


@pytest.mark.parametrize("values", FINE)
def test_settings_that_work_need_no_advice(values: dict[str, Any]) -> None:
    assert advice_for(**values) == ()


WARNED: list[tuple[dict[str, Any], str]] = [
    ({"steps": 19}, "Fewer than 20 steps"),
    ({"steps": 1, "family": "pony"}, "Fewer than 20 steps"),
    ({"steps": 3, "sampler": "lcm"}, "Fewer than 4 steps"),
    ({"steps": 101, "family": "sd15"}, "More than 100 steps"),
    ({"steps": 101, "sampler": "lcm"}, "More than 100 steps"),
    ({"cfg": 15.5}, "CFG above 15"),
    ({"cfg": 16, "family": "flux"}, "CFG above 15"),
    ({"clip_skip": 3}, "CLIP skip above 2"),
    ({"width": 120, "height": 512, "family": "sd15"}, "Sides below 128"),
    ({"width": 512, "height": 1032, "family": "SD1.5"}, "Sides above 1024"),
    ({"width": 512, "height": 516, "family": "sd15"}, "multiples of 8"),
    ({"height": 1020}, "multiples of 8"),
    ({"width": 512, "height": 512, "family": "sdxl"}, "about 1024×1024; smaller"),
    ({"width": 512, "height": 768, "family": "noobai"}, "about 1024×1024; smaller"),
    ({"width": 2048, "height": 2048, "family": "pony"}, "about 1024×1024; larger"),
    ({"denoise": 0.4}, "hardly changes the base image"),
    ({"denoise": 1.0, "family": "flux"}, "next to nothing of the base image"),
    ({"prompt": "2girls, hat"}, "Several characters"),
    ({"prompt": "1girl, (1boy:1.2)", "family": "sdxl", "width": 1024, "height": 1024}, "Several characters"),
]


@pytest.mark.parametrize(("values", "words"), WARNED)
def test_a_value_out_of_range_is_named(values: dict[str, Any], words: str) -> None:
    said = advice_for(**values)
    assert len(said) == 1
    assert words in said[0]
    assert "{" not in said[0]
    assert said[0].endswith(".")


def test_every_value_is_told_and_none_twice() -> None:
    values: dict[str, Any] = {"steps": 5, "cfg": 20, "width": 1030, "height": 1030, "denoise": 0.1, "clip_skip": 5, "prompt": "3girls"}
    assert len(advice_for(**values, family="sd15")) == 7


def test_limits_name_families_that_exist() -> None:
    known = {*TAG_FAMILIES, *SENTENCE_FAMILIES, ""}
    assert all(limit.families <= known for limit in LIMITS)
    assert all(limit.below or limit.above for limit in LIMITS)


@pytest.mark.parametrize("setting", HELP)
def test_help_fits_an_options_description(setting: str) -> None:
    assert 0 < len(HELP[setting]) <= 100
    assert HELP[setting].endswith(".")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("steps", "20 to 40"), ("cfg", "above 15"), ("sampler", "Euler a and DPM++ 2M SDE Karras"), ("width", "128 to 1024 by 8"),
        ("height", "512"), ("denoise", "0.5 to 0.8"), ("clip_skip", "abstract"), ("seed", "not the same person"), ("base", "aspect ratio"),
        ("characters", "One character"),
    ],
)  # fmt: skip
def test_help_carries_the_advice(setting: str, words: str) -> None:
    assert words in HELP[setting]


@pytest.mark.parametrize("prompt", ["1girl, " * 600, "(" * 4000, "9" * 4000, "999girls, " * 400])
def test_hostile_prompts_are_counted(prompt: str) -> None:
    assert len(advice_for(prompt=prompt)) <= 1
