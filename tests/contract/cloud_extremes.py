"""Pictures nobody sensible asks for, handed to a cloud backend without the engine's care: what it sends must be right all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from providers.contract import ImageBackend, Reference, RenderResult, RenderSpec
from tests.contract.cloud_parts import drawn
from tests.contract.image_parts import png, spec

LARGE = Reference(png(96, 64, "green"), "image/png", "character")
SMALL = Reference(png(9, 7, "blue"), "image/png", "persona")
ODD_SIZES = ((1, 1), (64, 64), (513, 777), (1999, 333), (9000, 9000), (7680, 64), (100, 5000))
EVERYTHING: dict[str, Any] = {
    "negative": "blurry",
    "sampler": "Euler a",
    "scheduler": "karras",
    "vae": "ae",
    "hires": True,
    "upscale": 1.5,
    "restore_faces": True,
    "placeholders": {"a": "b"},
}
_LOW: dict[str, Any] = {**EVERYTHING, "steps": 0, "cfg": -1.0, "denoise": -0.5, "clip_skip": 0, "seed": 0}
_HIGH: dict[str, Any] = {**EVERYTHING, "steps": 9999, "cfg": 500.0, "denoise": 7.0, "clip_skip": 99, "seed": 2**32 - 1, "adult": True}


def extremes(model: str = "") -> Iterator[RenderSpec]:
    """Every odd size without references, and every setting out of range at both ends with none, one, two and a dozen of them."""
    for width, height in ODD_SIZES:
        yield spec(negative="", model=model, width=width, height=height)
    for settings in (_LOW, _HIGH):
        for references in ((), (LARGE,), (LARGE, SMALL), (SMALL, LARGE) * 6):
            yield spec(model=model, width=777, height=513, references=references, **settings)


async def draw_extremes(backend: ImageBackend, model: str = "", *, ranges: bool = True) -> list[tuple[RenderSpec, RenderResult]]:
    """Draw them all; the test's server holds every request against the description. Returns what was asked and what came.

    ``ranges`` says whether the service has any: then every number out of them must be told.
    """
    able = backend.capabilities(model)
    wanted = [asked for asked in extremes(model) if able.text_to_image or asked.references]
    made = [(asked, await drawn(backend, asked)) for asked in wanted]
    for asked, result in made:
        most = backend.capabilities(model).references
        told = [dropped.setting for dropped in result.dropped]
        assert len(asked.references) <= most or "reference images" in told
        if ranges and asked.steps is not None:
            clamped = {name for name, label in (("steps", "steps"), ("cfg", "CFG scale")) if getattr(able, name) and label not in told}
            assert not clamped, f"{clamped} out of range and not told"
    return made
