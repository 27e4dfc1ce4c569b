"""What ``vignette explain`` answers for sizes, prompts and intents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.engine.pictures.explain import explain_intent, explain_prompt, explain_size
from bot.explain import plain_backend
from providers.registry import image_rows


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


def dropped(**question: Any) -> dict[str, str]:
    return {item["setting"]: item["why"] for item in explain_prompt(question, plain_backend)["dropped"]}


def test_what_a_backend_leaves_out_of_a_prompt() -> None:
    question = {"prompt": "elf", "negative": "blurry", "backend": "openai", "steps": 30, "width": 1024, "height": 1024, "seed": 7}
    answer = explain_prompt(question, plain_backend)
    assert (answer["positive"], answer["negative"]) == ("elf\nLeave out: blurry.", "")
    assert {item["setting"] for item in answer["dropped"]} == {"negative prompt", "steps", "seed"}
    assert all(item["why"].startswith("openai ") for item in answer["dropped"])
    kept = explain_prompt({**question, "backend": "automatic1111"}, plain_backend)
    assert (kept["negative"], kept["dropped"]) == ("blurry", [])


def test_every_kind_of_loss_is_explained() -> None:
    assert dropped(backend="sketch", references=1) == {"picture to draw from": "sketch cannot draw from a picture"}
    assert dropped(backend="xai", references=5, width=1024, height=1024) == {"reference images": "xai takes 3"}
    assert dropped(backend="automatic1111", denoise=0.5, upscale=2) == {
        "denoise strength": "only used with a picture to draw from, or with hires",
        "upscale": "only used together with hires",
    }
    assert dropped(backend="automatic1111", denoise=0.5, references=1) == {}
    assert dropped(backend="automatic1111", width=641, height=640) == {"size": "641×640 became 640×640 for automatic1111"}
    assert "model" in dropped(backend="sketch", model="another")


@pytest.mark.parametrize("provider", list(image_rows()))
def test_every_provider_can_be_asked_what_it_leaves_out(provider: str) -> None:
    question = {"prompt": "elf", "negative": "blurry", "backend": provider, "sampler": "Euler a", "clip_skip": 2}
    able = plain_backend(provider).capabilities()
    lost = dropped(**question)
    assert ("negative prompt" in lost, "sampler" in lost, "CLIP skip" in lost) == (not able.negative, not able.sampler, not able.clip_skip)


def test_questions_about_backends_that_go_wrong() -> None:
    with pytest.raises(ValueError, match=r"no image provider .dreams.*automatic1111"):
        explain_prompt({"backend": "dreams"}, plain_backend)
    assert "steps" in explain_prompt({"backend": "openai", "steps": "many"}, plain_backend)["error"]
    assert "backend" in explain_prompt({"backend": 3}, plain_backend)["error"]
    plain = {"positive": "elf", "negative": "", "steps": ["prompt: elf"]}
    assert explain_prompt({"prompt": "elf", "steps": "many", "backend": None}, plain_backend) == plain


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
