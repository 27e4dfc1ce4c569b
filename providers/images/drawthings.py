"""Draw Things' HTTP server (macOS, iOS): two of AUTOMATIC1111's routes with a closed list of keys; one unknown key refuses the picture.

So the request is built here and nowhere else. What is left out takes the values now set in the app, therefore counts are always sent.
The server draws one picture at a time in one long call; there are no lists, no progress and no cancel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from providers.contract import (
    Choice,
    Dropped,
    Health,
    ImageCapabilities,
    ProviderConfig,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.errors import ErrorKind
from providers.grid import on_grid
from providers.http import json_of
from providers.images import samplers
from providers.images.answers import picture_in
from providers.images.cloud_errors import Meaning
from providers.images.families import prompt_style_of
from providers.images.fitted import fitted
from providers.images.limits import in_range
from providers.images.references import as_base64, checked, only_base
from providers.images.results import size_came
from providers.images.self_hosted import USUAL, SelfHostedBackend
from providers.options import Options, read_options

SAMPLERS = (
    *("DPM++ 2M Karras", "Euler a", "DDIM", "UniPC", "DPM++ SDE Karras", "PLMS", "LCM", "Euler A Substep", "DPM++ SDE Substep"),
    *("TCD", "TCD Trailing", "Euler A Trailing", "DPM++ SDE Trailing", "DPM++ 2M AYS", "Euler A AYS", "DPM++ SDE AYS"),
    *("DPM++ 2M Trailing", "DDIM Trailing", "UniPC Trailing", "UniPC AYS"),
)
LEAST, MOST, STEP = 128, 8192, 64
MOST_FIRST_PASS = 2048
MOST_SEED = 2**32 - 1
REFERENCE_BYTES = 20_000_000
IMAGE_DENOISE = 0.75
HIRES_FACTOR = 2.0
ALIASES = {
    "cfg_scale": "guidance_scale",
    "n_iter": "batch_count",
    "sampler_name": "sampler",
    "sampler_index": "sampler",
    "denoising_strength": "strength",
    "enable_hr": "hires_fix",
    "firstphase_width": "hires_fix_width",
    "firstphase_height": "hires_fix_height",
    "upscaler_scale_factor": "upscaler_scale",
}
"""Second names of the app's keys; a request with both names of one is refused."""


class DrawThingsOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    settings: dict[str, Any] = {}
    """More of the app's own keys for every picture, such as ``shift``, ``loras`` or ``refiner_model``; the server refuses unknown ones."""
    least: int = Field(default=LEAST, ge=LEAST, le=MOST)
    """Smallest side in pixels."""


class DrawThingsBackend(SelfHostedBackend):
    """One Draw Things app with its API server switched on."""

    ERROR_STATUS: ClassVar[int] = 422
    MEANINGS: ClassVar = (
        *USUAL,
        Meaning(re.compile(r"unrecognized keys", re.IGNORECASE), ErrorKind.MISCONFIGURED, "It does not know one of the keys in settings."),
        Meaning(re.compile(r"more than one key", re.IGNORECASE), ErrorKind.MISCONFIGURED, "It refuses one of the keys in settings."),
        Meaning(re.compile(r"model", re.IGNORECASE), ErrorKind.INVALID, "It does not have this model.", (422,)),
    )

    OPTIONS = DrawThingsOptions

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        self._options = read_options(config, DrawThingsOptions)
        self._settings = {ALIASES.get(key, key): value for key, value in self._options.settings.items()}
        self._base = self._base.removesuffix("/sdapi/v1")

    def capabilities(self, model: str = "") -> ImageCapabilities:
        return ImageCapabilities(
            image_to_image=True,
            references=1,
            negative=True,
            seed=True,
            steps=True,
            cfg=True,
            sampler=True,
            scheduler=True,
            clip_skip=True,
            denoise=True,
            hires=True,
            restore_faces=True,
            model_choice=True,
            sizes=SizeRule(least=self._options.least, most=MOST, step=STEP),
            free=True,
            local=self.local,
            nsfw="none",
            prompt_style=prompt_style_of(model or self.model),
        )

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        """Samplers the app's server accepts; a scheduler is the ending of some of their names."""
        endings = ("Karras", "AYS", "Trailing", "Substep")
        return {"sampler": SAMPLERS, "scheduler": endings}.get(setting, ())

    async def check(self) -> Health:
        settings = await self._ask_json("GET", "/sdapi/v1/options")
        current = str(settings.get("model") or "") if isinstance(settings, Mapping) else ""
        using = self.model or current or "the model chosen in the app"
        return Health(f"Draw Things, drawing with {using}", () if isinstance(settings, Mapping) else ("Its settings cannot be read.",))

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """One call. Nothing can be adopted after a crash."""
        dropped: list[Dropped] = []
        model = spec.model or self.model
        fields = self._fields(spec, model, dropped)
        sources: dict[str, Any] = {}
        if spec.references:
            references = checked(spec.references, self.name, most_bytes=REFERENCE_BYTES)
            base = await fitted(only_base(references, dropped), fields["width"], fields["height"], self.name)
            strength = in_range(spec.denoise, 0.0, 1.0, "denoise", dropped)
            fields["strength"] = IMAGE_DENOISE if strength is None else strength
            sources = {"init_images": [as_base64(base)]}
            if spec.hires:
                dropped.append(Dropped("hires", "from a picture it draws in one pass"))
        route = "/sdapi/v1/img2img" if sources else "/sdapi/v1/txt2img"
        answer = await self._ask("POST", route, seconds=self._seconds, json={**fields, **sources})
        self._no_error(answer, model)
        image = await picture_in(self._config, json_of(answer, self._config), seed=fields["seed"])
        return RenderResult((image,), model, (*dropped, *self._size(spec, fields, image)), fields)

    def _size(self, spec: RenderSpec, fields: dict[str, Any], image: Any) -> tuple[Dropped, ...]:
        return () if "hires_fix" in fields else size_came(spec, image)

    def _fields(self, spec: RenderSpec, model: str, dropped: list[Dropped]) -> dict[str, Any]:
        optional = {
            "model": model or None,
            "steps": in_range(spec.steps, 1, 150, "steps", dropped),
            "guidance_scale": in_range(spec.cfg, 0, 50, "CFG scale", dropped),
            "clip_skip": in_range(spec.clip_skip, 1, 23, "clip skip", dropped),
            "sampler": self._sampler(spec, dropped),
            "restore_faces": True if spec.restore_faces else None,
        }
        return {
            **self._settings,
            "prompt": spec.prompt,
            "negative_prompt": spec.negative,
            "width": on_grid(spec.width, STEP, self._options.least, MOST),
            "height": on_grid(spec.height, STEP, self._options.least, MOST),
            "seed": spec.seed & MOST_SEED,
            "batch_count": 1,
            "batch_size": 1,
            **{key: value for key, value in optional.items() if value is not None},
            **(self._hires(spec, dropped) if spec.hires and not spec.references else {}),
        }

    def _sampler(self, spec: RenderSpec, dropped: list[Dropped]) -> str | None:
        found = samplers.choose(spec.sampler, SAMPLERS, spec.scheduler).sampler
        if spec.sampler and not found:
            dropped.append(samplers.unknown("sampler", spec.sampler, self.name))
        if spec.scheduler and (not found or samplers.split(found)[1] != samplers.plain(spec.scheduler)):
            dropped.append(samplers.unknown("scheduler", spec.scheduler, self.name))
        return found

    def _hires(self, spec: RenderSpec, dropped: list[Dropped]) -> dict[str, Any]:
        """The app counts the other way round: ``width`` is the finished picture's, the first pass is named beside it."""
        factor = spec.upscale or HIRES_FACTOR
        first = {f"hires_fix_{side}": on_grid(value, STEP, LEAST, MOST_FIRST_PASS) for side, value in _sides(spec)}
        whole = {side: on_grid(int(value * factor), STEP, LEAST, MOST) for side, value in _sides(spec)}
        if spec.second_pass_steps:
            dropped.append(Dropped("second pass steps", "the app has none"))
        if spec.upscaler:
            dropped.append(Dropped("upscaler", "the app's second pass uses none"))
        strength = in_range(spec.denoise, 0.0, 1.0, "denoise", dropped)
        return {"hires_fix": True, **first, **whole, **({} if strength is None else {"hires_fix_strength": strength})}

    def _reshape(self, body: Any) -> Any:
        """``{"error": "HTTPException", "detail": text}``: the text is in ``detail``."""
        return {"detail": body["detail"]} if isinstance(body, Mapping) and body.get("detail") else body


def _sides(spec: RenderSpec) -> tuple[tuple[str, int], ...]:
    return (("width", spec.width), ("height", spec.height))
