"""The multi-backend Stable Diffusion service: ``/api/txt2img`` and ``/api/img2img``, drawn by ``sd``, ``flux-local`` or ``flux-api``.

Its documentation is one page and says nothing of answers, errors or keys: raw pictures and the usual JSON shapes are all read, and a
key is sent as Bearer when one is configured. The model of a picture is the name of the service's own backend.
"""

from __future__ import annotations

from typing import Any, Literal, cast

from providers.contract import Dropped, ImageCapabilities, ImageModelInfo, ProviderConfig, RenderResult, RenderSpec, RenderWatch, SizeRule
from providers.errors import ErrorKind, ProviderError
from providers.grid import on_grid
from providers.images.answers import any_picture
from providers.images.limits import in_range
from providers.images.references import as_file, checked, only_base
from providers.images.results import size_came
from providers.images.self_hosted import SelfHostedBackend
from providers.options import Options, read_options

BACKENDS: dict[str, tuple[str, str]] = {
    "sd": ("Stable Diffusion", "sd15"),
    "flux-local": ("FLUX on the server", "flux"),
    "flux-api": ("FLUX through the server", "flux"),
}
"""Name → label and family."""
LEAST, MOST, STEP = 128, 1024, 8
REFERENCE_BYTES = 20_000_000
MOST_ADDRESS = 30_000
"""An image-to-image prompt travels in the address; longer ones are refused before they are sent."""


class MultiBackendOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    backend: Literal["sd", "flux-local", "flux-api"] = "sd"
    """Draws when neither the request nor ``model`` names another."""
    family: Literal["sd15", "sdxl", "sd2"] = "sd15"
    """What ``sd`` has loaded; it says how prompts are written."""
    flux_negative: bool = False
    """Send negative prompts to the FLUX backends too."""


class MultiBackend(SelfHostedBackend):
    """The service of three backends."""

    OPTIONS = MultiBackendOptions

    def __init__(self, config: ProviderConfig) -> None:
        self._options = read_options(config, MultiBackendOptions)
        super().__init__(config, model=self._options.backend)
        if self.model not in BACKENDS:
            detail = f"[images.{config.name}] model = {self.model[:80]!r} is unknown; known are {', '.join(BACKENDS)}."
            raise ProviderError(ErrorKind.MISCONFIGURED, config.name, detail)

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """From a picture only prompt, strength and backend travel; the rest is reported as not honoured then."""
        flux = (model or self.model) != "sd"
        return ImageCapabilities(
            image_to_image=True,
            references=1,
            negative=not flux or self._options.flux_negative,
            seed=True,
            steps=True,
            cfg=True,
            denoise=True,
            model_choice=True,
            sizes=SizeRule(least=LEAST, most=MOST, step=STEP),
            model_list=True,
            free=True,
            local=self.local,
            prompt_style="sentences" if flux else "tags",
        )

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """The documented backends; the service has no list to ask for."""
        return tuple(
            ImageModelInfo(name, label, self._options.family if name == "sd" else family) for name, (label, family) in BACKENDS.items()
        )

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """One call. Nothing can be adopted after a crash."""
        model = spec.model or self.model
        if model not in BACKENDS:
            raise ProviderError(ErrorKind.INVALID, self.name, f"It has no model «{model[:80]}». It has: {', '.join(BACKENDS)}.")
        dropped: list[Dropped] = []
        if spec.references:
            fields, parts = self._from_picture(spec, model, dropped)
        else:
            fields = self._from_text(spec, model, dropped)
            parts = {"json": fields}
        route = "/api/img2img" if spec.references else "/api/txt2img"
        answer = await self._ask("POST", route, seconds=self._seconds, **parts)
        seed = None if spec.references else cast("int", fields["seed"])
        self._no_error(answer)
        image = await any_picture(self._config, answer, seed=seed)
        return RenderResult((image,), model, (*dropped, *size_came(spec, image)), fields)

    def _from_text(self, spec: RenderSpec, model: str, dropped: list[Dropped]) -> dict[str, Any]:
        optional = {
            "negative_prompt": spec.negative if self.capabilities(model).negative else "",
            "num_inference_steps": in_range(spec.steps, 20, 100, "steps", dropped),
            "guidance_scale": in_range(spec.cfg, 1, 30, "CFG scale", dropped),
        }
        return {
            "prompt": spec.prompt,
            "backend": model,
            "width": on_grid(spec.width, STEP, LEAST, MOST),
            "height": on_grid(spec.height, STEP, LEAST, MOST),
            "seed": spec.seed,
            **{key: value for key, value in optional.items() if value},
        }

    def _from_picture(self, spec: RenderSpec, model: str, dropped: list[Dropped]) -> tuple[dict[str, Any], dict[str, Any]]:
        references = checked(spec.references, self.name, most_bytes=REFERENCE_BYTES)
        if len(spec.prompt.encode()) > MOST_ADDRESS:
            raise ProviderError(ErrorKind.INVALID, self.name, "The prompt is too long for it.")
        query: dict[str, Any] = {"prompt": spec.prompt, "backend": model}
        strength = in_range(spec.denoise, 0.0, 1.0, "denoise", dropped)
        if strength is not None:
            query["strength"] = strength
        lost = {"negative prompt": spec.negative, "steps": spec.steps, "CFG scale": spec.cfg, "seed": True}
        dropped += [Dropped(setting, "it takes none when it draws from a picture") for setting, value in lost.items() if value]
        return query, {"params": query, "files": {"image": as_file(only_base(references, dropped), "image")}}
