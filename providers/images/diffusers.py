"""A "Diffusers" server as LettuceAI means it: one route, ``POST /generate``, JSON with base64 pictures in and out.

No such server is published; what is known is what one client sends and reads. So the route and what the server is able to do can
be set, and every shape of answer that client reads is understood.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from providers.contract import Dropped, ImageCapabilities, ProviderConfig, RenderResult, RenderSpec, RenderWatch, SizeRule
from providers.grid import on_grid
from providers.images.answers import any_picture
from providers.images.families import prompt_style_of
from providers.images.limits import in_range
from providers.images.references import as_base64, at_most, checked
from providers.images.results import size_came
from providers.images.self_hosted import SelfHostedBackend
from providers.options import Options, read_options

LEAST = 64
REFERENCE_BYTES = 20_000_000
IMAGE_DENOISE = 0.75


class DiffusersOptions(Options):
    """Options of ``[images.<name>]`` for this provider. The numbers are what that client sends when nobody chose one."""

    path: str = Field(default="/generate", pattern=r"^/[\w./-]*$")
    """Route below ``base_url``."""
    steps: int = Field(default=28, ge=1)
    """Sampling steps when nobody chose a number."""
    cfg: float = Field(default=6.5, ge=0)
    """CFG scale when nobody chose one."""
    sampler: str = "DPM++ 2M Karras"
    """Sampler when nobody chose one."""
    references: int = Field(default=16, ge=0, le=16)
    """Most reference pictures; 0 for a server that draws from text only."""
    negative: bool = True
    """The server takes a negative prompt."""
    step: int = Field(default=8, ge=1)
    """Sides are multiples of so many pixels."""
    most_side: int = Field(default=2048, ge=64)
    """Longest side in pixels."""


class DiffusersBackend(SelfHostedBackend):
    """A server with ``/generate``."""

    OPTIONS = DiffusersOptions

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        self._options = read_options(config, DiffusersOptions)

    def capabilities(self, model: str = "") -> ImageCapabilities:
        options = self._options
        return ImageCapabilities(
            image_to_image=options.references > 0,
            references=options.references,
            negative=options.negative,
            seed=True,
            steps=True,
            cfg=True,
            sampler=True,
            denoise=options.references > 0,
            model_choice=True,
            sizes=SizeRule(least=LEAST, most=options.most_side, step=options.step),
            free=True,
            local=self.local,
            prompt_style=prompt_style_of(model or self.model),
        )

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """One call. Nothing can be adopted after a crash: the picture goes to the call that asked for it."""
        model = spec.model or self.model
        dropped: list[Dropped] = []
        kept = at_most(spec.references, self._options.references, self.name, dropped)
        references = checked(kept, self.name, most_bytes=REFERENCE_BYTES)
        fields, sources = self._fields(spec, model), {}
        if references:
            pictures = [as_base64(reference) for reference in references]
            strength = in_range(spec.denoise, 0.0, 1.0, "denoise", dropped)
            fields["denoising_strength"] = IMAGE_DENOISE if strength is None else strength
            sources = {"init_image": pictures[0], "images": pictures}
        answer = await self._ask("POST", self._options.path, seconds=self._seconds, model=model, json={**fields, **sources})
        self._no_error(answer, model)
        image = await any_picture(self._config, answer, seed=spec.seed)
        return RenderResult((image,), model, (*dropped, *size_came(spec, image)), fields)

    def _fields(self, spec: RenderSpec, model: str) -> dict[str, Any]:
        options = self._options
        fields: dict[str, Any] = {
            "prompt": spec.prompt,
            "model": model,
            "width": on_grid(spec.width, options.step, LEAST, options.most_side),
            "height": on_grid(spec.height, options.step, LEAST, options.most_side),
            "steps": spec.steps or options.steps,
            "cfg_scale": options.cfg if spec.cfg is None else spec.cfg,
            "sampler": spec.sampler or options.sampler,
            "n": 1,
            "seed": spec.seed,
        }
        if spec.negative and options.negative:
            fields["negative_prompt"] = spec.negative
        return fields
