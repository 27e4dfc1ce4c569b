"""What an endpoint of fal can do, read from its fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from providers.contract import ImageCapabilities
from providers.images.fal_models import PIXELS, Endpoint
from providers.images.families import prompt_style_of
from providers.images.limits import ratio_pairs


def capabilities_of(model: str, able: Endpoint, editors: Sequence[Endpoint], wished: int | None) -> ImageCapabilities:
    """``able`` draws from words; ``editors`` draw from pictures for it, at most ``wished`` where they take a list."""
    fixed = tuple((int(w), int(h)) for size in able.sizes if size not in PIXELS for w, _, h in [size.partition("x")])
    most = max((editor.most_references(wished) for editor in editors), default=0)
    return ImageCapabilities(
        text_to_image=not able.needs_picture,
        image_to_image=most > 0,
        references=most,
        negative="negative_prompt" in able.fields,
        seed="seed" in able.fields,
        steps="num_inference_steps" in able.fields,
        cfg="guidance_scale" in able.fields,
        scheduler="scheduler" in able.fields,
        clip_skip="clip_skip" in able.fields,
        denoise=any({"strength", "noise_strength"} & editor.fields for editor in editors),
        model_choice=True,
        count=4 if "num_images" in able.fields else 1,
        sizes=replace(able.rule, step=able.rule.step if able.sizes else 1, fixed=fixed, ratios=ratio_pairs(able.ratios)),
        progress=True,
        queue_place=True,
        cancel=True,
        adopts=True,
        model_list=True,
        nsfw="filter",
        prompt_style=prompt_style_of(model, "sentences"),
    )
