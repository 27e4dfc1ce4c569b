"""What a model honours, and what becomes of a negative prompt where there is none."""

from __future__ import annotations

import pytest

from bot.engine.pictures.honoured import Wanted, honoured, in_words
from providers.contract import ImageCapabilities, ProviderConfig
from providers.registry import build_images


@pytest.mark.parametrize(
    ("negative", "words"),
    [
        ("blurry, (watermark:1.3), [text]", "Leave out: blurry, watermark, text."),
        ("nsfw, nude, fog", "Leave out: fog."),
        ("child, nude", ""),
        (" , ,", ""),
        ("fog, fog", "Leave out: fog."),
    ],
)
def test_a_negative_prompt_in_words(negative: str, words: str) -> None:
    assert in_words(negative) == words


@pytest.mark.parametrize(("folds", "words"), [(True, "Leave out: fog."), (False, "")])
def test_it_is_folded_only_where_that_helps_and_always_told(folds: bool, words: str) -> None:
    able = ImageCapabilities(negative_in_words=folds)
    found = honoured(able, "easel", Wanted((512, 512), negative="fog"))
    assert (found.negative, found.words) == ("", words)
    assert [lost.setting for lost in found.lost] == ["negative prompt"]


@pytest.mark.parametrize(
    ("provider", "model", "folds"),
    [
        ("openai", "gpt-image-1", True),
        ("openai", "dall-e-3", False),
        ("gemini", "gemini-2.5-flash-image", True),
        ("gemini", "imagen-4.0-generate-001", False),
    ],
)
def test_models_that_follow_instructions(provider: str, model: str, folds: bool) -> None:
    config = ProviderConfig.model_validate({"name": "main", "provider": provider, "model": model, "api_key": "none"})
    assert build_images(config).capabilities().negative_in_words is folds
