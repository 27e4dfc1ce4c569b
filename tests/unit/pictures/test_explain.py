"""What ``vignette explain`` answers for sizes, prompts and intents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.engine.pictures.explain import explain_intent, explain_prompt, explain_size


def test_size() -> None:
    assert explain_size({"width": 640, "height": 640, "mode": "face", "snap": True}) == {"width": 512, "height": 768}
    assert explain_size({"width": 640, "height": 640, "mode": "face"}) == {"width": 640, "height": 960}
    assert explain_size({}) == {"width": 512, "height": 512}


def test_prompt() -> None:
    asked = {
        "mode": "you", "prompt": "elf", "prefix": "best quality,", "negative": "blurry", "character_prefix": "red hair",
        "character_negative": "hat", "extra_negative": "salt", "group": False,
    }  # fmt: skip
    answer = explain_prompt(asked)
    assert (answer["positive"], answer["negative"]) == ("best quality, red hair, elf", "salt, blurry, hat")
    assert all(isinstance(step, str) for step in answer["steps"])
    assert explain_prompt({"prompt": "{{char}} and {{nope}}"})["positive"] == "{{char}} and {{nope}}"
    assert explain_prompt({"prompt": "{{char}}", "char": "Mira"})["positive"] == "Mira"
    assert explain_prompt({}) == {"positive": "", "negative": "", "steps": []}


@pytest.mark.parametrize(
    ("question", "size"),
    [
        ({"width": "640", "height": 640.0, "mode": "FACE"}, (640, 960)),
        ({"width": 640, "height": 640, "mode": " face_multimodal ", "snap": None}, (640, 960)),
        ({"width": 640, "height": 640, "mode": "background", "snap": "true"}, (768, 512)),
        ({"width": None, "height": None, "mode": None, "colour": {"red": 1}}, (512, 512)),
    ],
)  # fmt: skip
def test_sizes_however_they_are_written(question: dict[str, Any], size: tuple[int, int]) -> None:
    assert tuple(explain_size(question).values()) == size


def test_prompts_however_they_are_asked_for() -> None:
    asked: dict[str, Any] = {
        "prompt": "char x",
        "prefix": None,
        "character_prefix": "red hair",
        "extra_negative": None,
        "group": 0,
        "lorem": [],
    }
    positives = {mode: explain_prompt({**asked, "mode": mode})["positive"] for mode in ("You", "me_multimodal", "free_extended", None)}
    assert positives == {"You": "red hair, char x", "me_multimodal": "char x", "free_extended": "red hair,x", None: "red hair,x"}
    assert explain_prompt({"prompt": "elf", "mode": "me", "family": "pony"})["positive"].startswith("score_9")


def test_intent() -> None:
    answer = explain_intent({"text": "Send me a picture of a red fox"})
    assert set(answer) == {"match", "mode", "subject", "outcome", "why"}
    assert (answer["match"], answer["mode"], answer["outcome"]) == (True, "free", "request")
    assert "red fox" in answer["subject"]
    assert explain_intent({})["match"] is False


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (explain_size({"width": "wide"}), "width"), (explain_size({"width": 0}), "width"), (explain_size({"snap": [1]}), "snap"),
        (explain_size({"width": 640.5}), "width"), (explain_size({"height": "1e9"}), "height"), (explain_size({"mode": ["you"]}), "mode"),
        (explain_prompt({"mode": "sideways"}), "mode"), (explain_prompt({"prefix": ["a"]}), "prefix"),
        (explain_size({"height": True}), "height"), (explain_size({"mode": "x"}), "mode"), (explain_prompt({"prompt": 3}), "prompt"),
        (explain_prompt({"group": "some"}), "group"), (explain_intent({"text": ["a"]}), "text"), (explain_size([]), "input"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_wrong_types_are_named(answer: dict[str, Any], key: str) -> None:
    assert set(answer) == {"error"}
    assert key in answer["error"]
    json.dumps(answer)
