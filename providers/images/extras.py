"""SillyTavern Extras' picture module (``sd``). The project ended in 2024: it works here, and says so each time.

One call draws one picture; there is no seed, image-to-image, progress or cancel. A value of the wrong type is silently replaced by
the server's own, and ``prompt_prefix`` has to be sent empty, or the server puts words of its own before the prompt.
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
    ImageModelInfo,
    ProviderConfig,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.errors import ErrorKind, ProviderError
from providers.grid import on_grid
from providers.http import json_of
from providers.images import samplers
from providers.images.answers import picture_in
from providers.images.cloud_errors import Meaning
from providers.images.families import family_of, prompt_style_of
from providers.images.results import size_came
from providers.images.self_hosted import USUAL, SelfHostedBackend
from providers.options import Options, read_options

LEAST, MOST, STEP = 64, 2048, 8
"""Sides in pixels: the server checks none, its pipeline fails at others."""
ENDED = "SillyTavern Extras is no longer developed; another backend such as AUTOMATIC1111's web UI is advised."


class ExtrasOptions(Options):
    """Options of ``[images.<name>]`` for this provider; the numbers are the server's own defaults."""

    steps: int = Field(default=30, ge=1, le=500)
    """Sampling steps when nobody chose a number."""
    cfg: float = Field(default=6.0, ge=0)
    """CFG scale when nobody chose one."""
    prompt_prefix: str = ""
    """Words before every prompt, in the server's own field."""


class ExtrasBackend(SelfHostedBackend):
    """A SillyTavern Extras server."""

    MEANINGS: ClassVar = (*USUAL, Meaning(re.compile(""), ErrorKind.MISCONFIGURED, "Its module sd is not enabled.", (403,)))

    OPTIONS = ExtrasOptions

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        self._options = read_options(config, ExtrasOptions)
        self._samplers: tuple[str, ...] = ()

    def capabilities(self, model: str = "") -> ImageCapabilities:
        return ImageCapabilities(
            negative=True,
            steps=True,
            cfg=True,
            sampler=True,
            hires=True,
            restore_faces=True,
            model_choice=True,
            sizes=SizeRule(least=LEAST, most=MOST, step=STEP),
            model_list=True,
            free=True,
            local=self.local,
            nsfw="none",
            prompt_style=prompt_style_of(model or self.model),
        )

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        return tuple(ImageModelInfo(name, name, family_of(name)) for name in await self._names("/api/image/models", "models"))

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        if setting != "sampler":
            return ()
        if not self._samplers:
            self._samplers = await self._names("/api/image/samplers", "samplers")
        return self._samplers

    async def _names(self, path: str, key: str) -> tuple[str, ...]:
        answer = await self._ask_json("GET", path)
        rows = answer.get(key) if isinstance(answer, Mapping) else None
        return tuple(row for row in rows if isinstance(row, str)) if isinstance(rows, list) else ()

    async def check(self) -> Health:
        modules = await self._names("/api/modules", "modules")
        if "sd" not in modules:
            return Health("answers", ("Its module sd is not enabled: start it with --enable-modules=sd.",), (ENDED,))
        found = await super(SelfHostedBackend, self).check()
        return Health(found.summary, found.problems, (ENDED,))

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """One call. Nothing can be adopted after a crash."""
        dropped: list[Dropped] = []
        model = await self._switch(spec.model or self.model, dropped)
        fields = await self._fields(spec, dropped)
        answer = await self._ask("POST", "/api/image", seconds=self._seconds, json=fields)
        self._no_error(answer)
        image = await picture_in(self._config, json_of(answer, self._config))
        return RenderResult((image,), model, (*dropped, *size_came(spec, image)), fields, notes=(ENDED,))

    async def _switch(self, wanted: str, dropped: list[Dropped]) -> str:
        """The model that will draw. Only a server with a remote backend can change it; any other keeps its own, which is reported."""
        if not wanted:
            return ""
        current = ""
        try:
            answer = await self._ask_json("GET", "/api/image/model")
            current = str(answer.get("model") or "") if isinstance(answer, Mapping) else ""
            if current == wanted:
                return wanted
            changed = await self._ask_json("POST", "/api/image/model", seconds=self._seconds, json={"model": wanted})
            current = str(changed.get("current_model") or "") if isinstance(changed, Mapping) else ""
        except ProviderError as error:
            if error.kind in (ErrorKind.UNREACHABLE, ErrorKind.TIMED_OUT, ErrorKind.UNAUTHORISED):
                raise
        if current != wanted:
            dropped.append(Dropped("model", f"the server drew with «{current[:80] or 'its own'}» instead of «{wanted[:80]}»"))
        return current

    async def _fields(self, spec: RenderSpec, dropped: list[Dropped]) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "prompt": spec.prompt,
            "negative_prompt": spec.negative,
            "prompt_prefix": self._options.prompt_prefix,
            "width": on_grid(spec.width, STEP, LEAST, MOST),
            "height": on_grid(spec.height, STEP, LEAST, MOST),
            "steps": spec.steps or self._options.steps,
            "scale": self._options.cfg if spec.cfg is None else spec.cfg,
            "restore_faces": spec.restore_faces,
            "enable_hr": spec.hires,
        }
        if spec.sampler:
            known = await self.choices("sampler")
            sampler = samplers.choose(spec.sampler, known).sampler
            if known and not sampler:
                dropped.append(samplers.unknown("sampler", spec.sampler, self.name))
            elif sampler or not known:
                fields["sampler"] = sampler or spec.sampler
        if spec.hires and (spec.upscale or spec.upscaler or spec.second_pass_steps or spec.denoise is not None):
            dropped.append(Dropped("upscale", "the server chooses the second pass itself"))
        return fields
