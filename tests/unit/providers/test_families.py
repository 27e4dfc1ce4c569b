"""The family of an image model by its name, and how it wants its prompt."""

from __future__ import annotations

import pytest

from providers.images.families import family_of, prompt_style_of


@pytest.mark.parametrize(
    ("name", "family", "style"),
    [
        ("black-forest-labs/FLUX.2-dev", "flux2", "sentences"),
        ("flux1-schnell-Q4.gguf", "flux", "sentences"),
        ("ponyDiffusionV6XL.safetensors", "pony", "tags"),
        ("noobaiXLNAIXL_vPred", "illustrious", "tags"),
        ("sd_xl_base_1.0.safetensors", "sdxl", "tags"),
        ("v1-5-pruned-emaonly.ckpt", "sd15", "tags"),
        ("sd3.5-large", "sd3", "sentences"),
        ("gpt-image-2", "gpt-image", "sentences"),
        ("google/gemini-2.5-flash-image", "gemini-image", "sentences"),
        ("fal-ai/nano-banana-2/edit", "gemini-image", "sentences"),
        ("grok-imagine-image", "grok-imagine", "sentences"),
        ("bytedance-seed/seedream-4.5", "seedream", "sentences"),
        ("imagen-4.0-generate-001", "imagen", "sentences"),
        ("imagenerator", "", "tags"),
        ("mystery", "", "tags"),
    ],
)
def test_families(name: str, family: str, style: str) -> None:
    assert (family_of(name), prompt_style_of(name)) == (family, style)


def test_what_counts_when_the_name_does_not_tell() -> None:
    assert prompt_style_of("mystery", "sentences") == "sentences"
    assert prompt_style_of("sdxl-base", "sentences") == "tags"
