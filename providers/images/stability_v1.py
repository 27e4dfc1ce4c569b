"""The legacy v1 API of Stability AI: weighted prompts, samplers, steps; sizes in pixels; a list of artifacts as answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from providers.contract import Dropped, ImageCapabilities, RenderedImage, RenderSpec, SizeRule
from providers.errors import ErrorKind, ProviderError
from providers.images.cloud_errors import bad_answer, refused
from providers.images.formats import from_base64, rendered
from providers.images.limits import in_range
from providers.images.results import number_of

SAMPLERS = (
    *("DDIM", "DDPM", "K_DPMPP_2M", "K_DPMPP_2S_ANCESTRAL", "K_DPM_2", "K_DPM_2_ANCESTRAL", "K_EULER", "K_EULER_ANCESTRAL", "K_HEUN"),
    "K_LMS",
)
MOST_PIXELS = 1_048_576
LEAST_PIXELS, LEAST_PIXELS_768 = 262_144, 589_824
"""The second is that of engines with 768 in their name."""
XL_SIZES = ((1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216), (1344, 768), (768, 1344), (1536, 640), (640, 1536))
"""The only ones of the SDXL 1.0 engines."""
MOST_PROMPT = 2000
Guidance = Literal["", "FAST_BLUE", "FAST_GREEN", "NONE", "SIMPLE", "SLOW", "SLOWER", "SLOWEST"]
MOST_SEED = 4_294_967_295
DENOISE = 0.65
_CAPABILITIES = ImageCapabilities(
    image_to_image=True,
    references=1,
    negative=True,
    seed=True,
    steps=True,
    cfg=True,
    sampler=True,
    denoise=True,
    model_choice=True,
    count=10,
    model_list=True,
    nsfw="refuses",
    prompt_style="tags",
)


def sizes_of(engine: str) -> SizeRule:
    fixed = XL_SIZES if "xl-1024" in engine else ()
    return SizeRule(least=128, most=2048, step=64, max_pixels=MOST_PIXELS, fixed=fixed)


def capabilities_of(engine: str) -> ImageCapabilities:
    return replace(_CAPABILITIES, sizes=sizes_of(engine))


def fields_of(spec: RenderSpec, dropped: list[Dropped], *, preset: str | None, guidance: str) -> dict[str, Any]:
    """The request without size and picture. A negative prompt is a text of weight -1; a seed of 0 would mean a random one."""
    texts = [{"text": spec.prompt, "weight": 1}]
    if spec.negative:
        texts.append({"text": spec.negative, "weight": -1})
    sampler = _sampler(spec.sampler)
    if spec.sampler and not sampler:
        dropped.append(Dropped("sampler", f"it does not know «{spec.sampler[:80]}»"))
    optional = {
        "steps": in_range(spec.steps, 10, 150, "steps", dropped),
        "cfg_scale": in_range(spec.cfg, 0.0, 35.0, "CFG scale", dropped),
        "sampler": sampler,
        "style_preset": preset,
        "clip_guidance_preset": guidance or None,
    }
    fields = {"text_prompts": texts, "samples": 1, "seed": in_range(spec.seed, 1, MOST_SEED, "seed", dropped)}
    return {**fields, **{key: value for key, value in optional.items() if value is not None}}


def _sampler(wanted: str | None) -> str | None:
    """The service's spelling of a sampler; case, spaces and dashes do not matter, ``++`` is PP and a final ``a`` means ancestral."""
    if not wanted:
        return None
    plain = wanted.upper().replace("++", "PP").replace(" ", "_").replace("-", "_")
    plain = f"{plain.removesuffix('_A')}_ANCESTRAL" if plain.endswith("_A") else plain
    return next((name for name in SAMPLERS if plain in (name, name.removeprefix("K_"))), None)


def size_of_engine(spec: RenderSpec, engine: str) -> dict[str, int]:
    """Sides in steps of 64, enlarged in proportion where there would be too few pixels."""
    least = LEAST_PIXELS_768 if "768" in engine else LEAST_PIXELS
    width, height = replace(sizes_of(engine), min_pixels=least).nearest(spec.width, spec.height)
    return {"width": width, "height": height}


def form_of(fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields as a form: each prompt under its number."""
    form = {key: str(value) for key, value in fields.items() if key != "text_prompts"}
    for number, prompt in enumerate(fields["text_prompts"]):
        form |= {f"text_prompts[{number}][{key}]": str(value) for key, value in prompt.items()}
    return form


def picture_in(answer: Any, name: str, seed: int) -> RenderedImage:
    """The first artifact, from ``{"artifacts": […]}`` or a bare list. Raises ``ProviderError``: REFUSED when it was filtered."""
    rows = answer.get("artifacts") if isinstance(answer, Mapping) else answer
    first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], Mapping) else None
    if first is None:
        raise bad_answer(name, "no artifacts in the answer", "There was no picture in it.")
    reason = str(first.get("finishReason") or "")
    if reason == "CONTENT_FILTERED":
        raise refused(name, "finishReason CONTENT_FILTERED", "It blurred the picture.")
    if reason == "ERROR":
        raise ProviderError(ErrorKind.BAD_ANSWER, name, host_detail="finishReason ERROR")
    said = number_of(first.get("seed"))
    return rendered(from_base64(str(first.get("base64") or ""), name), name, seed=seed if said is None else int(said))
