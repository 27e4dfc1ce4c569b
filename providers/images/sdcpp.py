"""stable-diffusion.cpp's server: its own job API where it has one, else the AUTOMATIC1111 routes it also speaks.

A job is remembered before the waiting begins, so a restart goes on waiting; ten minutes after it is finished the server forgets it. A
waiting job can be cancelled, one that is being drawn cannot. The server has the one model it was started with.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from providers.contract import (
    Choice,
    Dropped,
    Health,
    ImageCapabilities,
    ImageModelInfo,
    ProviderConfig,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.errors import ErrorKind
from providers.http import Answer, json_of, request
from providers.images import sdcpp_request as wire
from providers.images.a1111_request import IMAGE_DENOISE
from providers.images.cloud import KEPT_SECONDS, QUESTION_SECONDS
from providers.images.cloud_errors import OUT_OF_MEMORY, Meaning
from providers.images.families import family_of, prompt_style_of
from providers.images.fitted import fitted
from providers.images.limits import in_range
from providers.images.references import as_base64, at_most, checked, only_base
from providers.images.results import first_picture, size_came
from providers.images.sdcpp_compatible import CompatibleBackend
from providers.images.sdcpp_jobs import SdCppJobs
from providers.images.self_hosted import USUAL, SelfHostedBackend
from providers.options import Options, read_options

REFERENCE_BYTES = 20_000_000
MOST_REFERENCES = 16
_EDITING = re.compile(r"kontext|edit|flux[\W_]*2", re.IGNORECASE)


class SdCppOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    references: Literal["model", "start", "edit"] = "model"
    """Whether a reference is the picture to start from, or all of them are looked at while drawing; ``model`` goes by the name of
    ``model``, which then has to be set to what the server has loaded."""
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    """Pause between two looks at a picture under way."""


class SdCppBackend(SelfHostedBackend):
    """One stable-diffusion.cpp server."""

    MEANINGS: ClassVar = (
        *USUAL,
        Meaning(re.compile(r"queue is full", re.IGNORECASE), ErrorKind.BUSY),
        Meaning(re.compile(r"alloc", re.IGNORECASE), ErrorKind.INVALID, OUT_OF_MEMORY.detail),
        Meaning(re.compile(r"does not support img_gen", re.IGNORECASE), ErrorKind.MISCONFIGURED, "Its model draws no pictures."),
    )

    OPTIONS = SdCppOptions

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        self._options = read_options(config, SdCppOptions)
        self._jobs = SdCppJobs(config, self._send, first=self._options.poll_seconds, seconds=self._seconds)
        self._compatible = CompatibleBackend(config.model_copy(update={"options": {}, "model": ""}))
        self._able: tuple[float, wire.ServerAble] | None = None

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """Those of the job API. An older server without it reports what it could not honour."""
        editing = self._edits()
        return ImageCapabilities(
            image_to_image=True,
            references=MOST_REFERENCES if editing else 1,
            negative=True,
            seed=True,
            steps=True,
            cfg=True,
            sampler=True,
            scheduler=True,
            clip_skip=True,
            denoise=not editing,
            hires=True,
            loras=True,
            count=8,
            sizes=SizeRule(least=wire.LEAST, most=wire.MOST, step=wire.STEP),
            progress=True,
            queue_place=True,
            cancel=True,
            adopts=True,
            model_list=True,
            free=True,
            local=self.local,
            nsfw="none",
            prompt_style=prompt_style_of(model or self.model),
        )

    def _edits(self) -> bool:
        return self._options.references == "edit" or (self._options.references == "model" and bool(_EDITING.search(self.model)))

    async def _server(self, *, refresh: bool = False) -> wire.ServerAble | None:
        """What the server is able to do, remembered for ten minutes; None for one without the job API."""
        if self._able is None or refresh or time.monotonic() - self._able[0] > KEPT_SECONDS:
            answer = await self._send("GET", "/sdcpp/v1/capabilities", missing=True)
            known = None
            if answer.status != 404:
                value = json_of(answer, self._config)
                known = wire.able_of(value if isinstance(value, Mapping) else {})
            if known is None:  # not remembered: a proxy answers 404 too while the server starts
                self._able = None
                return None
            self._able = (time.monotonic(), known)
        return self._able[1]

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        able = await self._server(refresh=True)
        if able is None:
            return await self._compatible.models(refresh=True)
        return (ImageModelInfo(able.model, able.model, family_of(able.model)),) if able.model else ()

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        able = await self._server()
        if able is None:
            return await self._compatible.choices(setting)
        named = {"sampler": able.samplers, "scheduler": able.schedulers, "upscaler": able.upscalers, "lora": tuple(able.loras)}
        return named.get(setting, ())

    async def check(self) -> Health:
        able = await self._server(refresh=True)
        if able is None:
            return await self._compatible.check()
        if not able.draws:
            return Health("stable-diffusion.cpp server", ("Its model draws no pictures.",))
        warnings: tuple[str, ...] = ()
        if self.model and self.model != able.model:
            warnings = (f"It has loaded «{able.model}», not «{self.model}»; only a restart of the server changes that.",)
        return Health(f"stable-diffusion.cpp server, drawing with {able.model or 'an unnamed model'}", warnings=warnings)

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw, or go on waiting for the job that ``watch.ref`` names when the server still knows it."""
        able = await self._server(refresh="<lora:" in spec.prompt)  # it finds new files for itself
        if able is None:
            return await self._render_compatible(spec, watch)
        dropped: list[Dropped] = []
        if spec.model and able.model and not wire.same_name(spec.model, able.model):
            dropped.append(Dropped("model", f"the server drew with «{able.model}»; it has no other"))
        body = wire.body_of(spec, able, dropped, self.name)
        sources = await self._sources(spec, body, dropped)
        made = await self._jobs.run(spec.job_key, {**body, **sources}, watch)
        image = await first_picture(self._config, {"data": made.get("images")}, seed=spec.seed)
        return RenderResult((image,), able.model, (*dropped, *size_came(spec, image)), body)

    async def _render_compatible(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        dropped: list[Dropped] = []
        prompt, _ = wire.without_loras(spec.prompt, wire.ServerAble(), dropped, self.name)
        fit = dataclasses.replace(spec, prompt=prompt, model="", steps=in_range(spec.steps, 1, wire.MOST_STEPS, "steps", dropped))
        result = await self._compatible.render(fit, watch)
        return dataclasses.replace(result, dropped=(*dropped, *result.dropped))

    async def _sources(self, spec: RenderSpec, body: dict[str, Any], dropped: list[Dropped]) -> dict[str, Any]:
        """Whole pictures of the right size only: the server would draw on without one it cannot read."""
        references = checked(spec.references, self.name, most_bytes=REFERENCE_BYTES)
        if not references:
            return {}
        if self._edits():
            return {"ref_images": [as_base64(reference) for reference in at_most(references, MOST_REFERENCES, self.name, dropped)]}
        base = await fitted(only_base(references, dropped), body["width"], body["height"], self.name)
        strength = in_range(spec.denoise, 0.0, 1.0, "denoise", dropped)
        body["strength"] = IMAGE_DENOISE if strength is None else strength
        return {"init_image": as_base64(base)}

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        """Withdraw a waiting job, also one of an earlier life of this process. One that is being drawn cannot be stopped."""
        return await self._jobs.cancel(job_key, ref) or await self._compatible.cancel(job_key, None)

    async def close(self) -> None:
        await self._compatible.close()

    async def _send(self, method: str, path: str, *, seconds: float = QUESTION_SECONDS, missing: bool = False, **parts: Any) -> Answer:
        """One request; with ``missing`` the statuses 404 and 410 are answers like any other."""
        answer = await request(self._config, method, self._base + path, timeout=seconds, headers=self._headers, **parts)
        if answer.status >= 300 and not (missing and answer.status in (404, 410)):
            raise self._failure(answer)
        return answer
