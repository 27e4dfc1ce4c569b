"""Hugging Face's Inference Providers: one token, and for each model the providers that serve it, each with a body of its own.

``through = "auto"`` asks the Hub which provider serves the model. Errors are not described anywhere; what is known of them is in
``MEANINGS``. Answers of hf-inference are the picture's bytes, those of others JSON.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from providers.contract import (
    Dropped,
    Health,
    ImageCapabilities,
    ImageModelInfo,
    ProviderConfig,
    RenderedImage,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.errors import ErrorKind, ProviderError
from providers.images import huggingface_wires as wires
from providers.images.cloud import KEPT_SECONDS, CloudBackend, bearer
from providers.images.cloud_errors import Meaning, bad_answer
from providers.images.families import family_of, prompt_style_of
from providers.images.formats import mime_of, rendered
from providers.images.options import read_options
from providers.images.polling import Pace, wait_for
from providers.images.references import checked
from providers.images.results import fetched, size_came

MODEL = "black-forest-labs/FLUX.1-schnell"
REFERENCE_BYTES = 10_000_000


class HuggingFaceOptions(BaseModel):
    """Options of ``[images.<name>]`` for this provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    through: Literal["auto", "hf-inference", "fal-ai", "together", "nscale", "replicate", "zai-org"] = "auto"
    """Which provider draws; ``auto`` takes the first one the Hub names for the model."""
    bill_to: str = ""
    """Organisation to bill."""
    hub_url: str = "https://huggingface.co"
    list_query: dict[str, str] = {"pipeline_tag": "text-to-image", "inference_provider": "all", "sort": "trendingScore", "limit": "100"}
    """How the Hub is asked for models."""
    poll_seconds: float = Field(default=1.0, gt=0, le=30)


class HuggingFaceBackend(CloudBackend):
    """Hugging Face's router."""

    MEANINGS: ClassVar = (
        Meaning(re.compile(r"exceeded your (?:monthly )?included credits|pre-?paid credits|payment", re.IGNORECASE), ErrorKind.NO_CREDIT),
        Meaning(re.compile(r"nsfw|content_policy|safety checker|flagged", re.IGNORECASE), ErrorKind.REFUSED, statuses=(400, 422)),
        Meaning(re.compile(r"is currently loading|estimated_time", re.IGNORECASE), ErrorKind.BUSY),
        Meaning(re.compile(r"gated|accept the conditions|agree to share", re.IGNORECASE), ErrorKind.UNAUTHORISED, statuses=(401, 403)),
    )

    def __init__(self, config: ProviderConfig) -> None:
        options = self._options = read_options(config, HuggingFaceOptions)
        bill = {"X-HF-Bill-To": options.bill_to} if options.bill_to else {}
        super().__init__(config, {**bearer(config), **bill}, model=MODEL)
        self._serving: dict[tuple[str, str], tuple[float, wires.Served]] = {}

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """By the provider that draws; while ``auto`` has not asked the Hub yet, what hf-inference takes."""
        model = model or self.model
        kept = self._serving.get((model, wires.TEXT)) or self._serving.get((model, wires.IMAGE))
        through = kept[1].provider if kept else self._options.through
        takes = wires.SETTINGS.get(through, wires.SETTINGS["hf-inference"])
        most = wires.MOST_REFERENCES.get(through, 1)
        return ImageCapabilities(
            image_to_image=most > 0,
            references=most,
            negative="negative" in takes,
            seed="seed" in takes,
            steps="steps" in takes,
            cfg="cfg" in takes,
            scheduler="scheduler" in takes,
            model_choice=True,
            sizes=SizeRule(least=64, most=2048, step=8),
            model_list=True,
            prompt_style=prompt_style_of(model, "sentences"),
        )

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        rows = await self._hub("/api/models", self._options.list_query)
        ids = [str(row["id"]) for row in rows if isinstance(row, Mapping) and row.get("id")] if isinstance(rows, list) else []
        return tuple(ImageModelInfo(model, model, family_of(model)) for model in ids)

    async def check(self) -> Health:
        """Asks the Hub which providers serve the model; the token is only tested by drawing."""
        try:
            served = await self._served(self.model, wires.TEXT)
        except ProviderError as error:
            if error.kind not in (ErrorKind.INVALID, ErrorKind.MISCONFIGURED):
                raise
            return Health(f"drawing with {self.model}", (error.detail or str(error),))
        return Health(f"drawing with {self.model} through {served.provider}")

    async def _hub(self, path: str, query: Mapping[str, str], model: str = "") -> Any:
        return await self._ask_json("GET", self._options.hub_url.rstrip("/") + path, params=dict(query), model=model)

    async def _served(self, model: str, task: str) -> wires.Served:
        """Who draws a model and what it is called there, remembered for ten minutes."""
        through = self._options.through
        if through == "hf-inference":
            return wires.Served(through, model)
        kept = self._serving.get((model, task))
        if kept is None or time.monotonic() - kept[0] > KEPT_SECONDS:
            answer = await self._hub(f"/api/models/{model}", {"expand[]": "inferenceProviderMapping"}, model)
            kept = self._serving[model, task] = (time.monotonic(), self._choose(answer, model, task))
        return kept[1]

    def _choose(self, answer: Any, model: str, task: str) -> wires.Served:
        served = wires.providers_in(answer)
        fitting = [s for s in served if s.task in ("", task) and s.provider in wires.SETTINGS]
        if task == wires.IMAGE:
            fitting = [s for s in fitting if wires.MOST_REFERENCES.get(s.provider, 1)]
        wanted = [s for s in fitting if self._options.through in ("auto", s.provider)]
        if wanted:
            return wanted[0]
        known = ", ".join(sorted({s.provider for s in served})) or "nobody"
        kind = ErrorKind.INVALID if model != self.model else ErrorKind.MISCONFIGURED
        raise ProviderError(kind, self.name, f"«{model[:80]}» is served for {task} by: {known}; none of them can be used here.")

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        model = spec.model or self.model
        references = checked(spec.references, self.name, most_bytes=REFERENCE_BYTES)
        served = await self._served(model, wires.IMAGE if references else wires.TEXT)
        most = wires.MOST_REFERENCES.get(served.provider, 1)
        dropped = [Dropped("reference images", f"{served.provider} takes {most}")] if len(references) > most else []
        sent = wires.request_of(spec, served, references[:most])
        image = await self._drawn(sent, spec, model, served)
        record = {"provider": served.provider, **sent.shown}
        return RenderResult((image,), model, (*size_came(spec, image), *dropped, *wires.missing(spec, served)), record)

    async def _drawn(self, sent: wires.Request, spec: RenderSpec, model: str, served: wires.Served) -> RenderedImage:
        path = f"/{served.provider}{sent.path}"
        answer = await self._ask("POST", path, seconds=self._seconds, model=model, json=sent.body, headers=sent.headers)
        if mime_of(answer.content) or answer.mime.startswith("image/"):
            return rendered(answer.content, self.name, seed=spec.seed if "seed" in wires.SETTINGS[served.provider] else None)
        found = self._json(answer, model)
        if follow := wires.follow_up(found, served):
            found = await self._polled(f"/{served.provider}{follow}", served)
        place = wires.place_of(found, served, self.name)
        return await fetched(self._config, place, seed=spec.seed if "seed" in wires.SETTINGS[served.provider] else None)

    async def _polled(self, path: str, served: wires.Served) -> Any:
        async def look() -> Any:
            answer = await self._ask_json("GET", path)
            if not wires.is_over(answer, served, self.name):
                return None
            return await self._ask_json("GET", path.replace("/status", "", 1)) if served.provider == "fal-ai" else answer

        pace = Pace(first=self._options.poll_seconds, seconds=self._seconds)
        found: Any = await wait_for(look, pace, self.name)
        if not isinstance(found, Mapping):
            raise bad_answer(self.name, "the result is no object")
        return found
