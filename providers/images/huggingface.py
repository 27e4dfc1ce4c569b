"""Hugging Face's Inference Providers: one token, and for each model the providers that serve it, each with a body of its own.

``through = "auto"`` asks the Hub which provider serves the model. Errors are not described anywhere; what is known of them is in
``MEANINGS``. Answers of hf-inference are the picture's bytes, those of others JSON.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from providers.contract import (
    Dropped,
    Health,
    ImageCapabilities,
    ImageModelInfo,
    Progress,
    ProviderConfig,
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
from providers.images.polling import Pace, or_anew, recalled, wait_for
from providers.images.references import at_most, checked
from providers.images.results import fetched, size_came
from providers.options import Options, read_options

MODEL = "black-forest-labs/FLUX.1-schnell"
GATED = "The host's account has to be let in to this model first."


class HuggingFaceOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    through: Literal["auto", "hf-inference", "fal-ai", "together", "nscale", "replicate", "wavespeed", "zai-org"] = "auto"
    """Which provider draws; ``auto`` takes the first one the Hub names for the model."""
    bill_to: str = ""
    """Organisation to bill."""
    hub_url: str = "https://huggingface.co"
    """Where models are looked up."""
    list_query: dict[str, str] = {"pipeline_tag": "text-to-image", "inference_provider": "all", "sort": "trendingScore", "limit": "100"}
    """How the Hub is asked for models."""
    reference_bytes: int = Field(default=10_000_000, ge=1)
    """Most bytes of one reference picture; the limit is each provider's own and not published."""
    poll_seconds: float = Field(default=1.0, gt=0, le=30)
    """Pause between two looks at a picture that is drawn later."""


class HuggingFaceBackend(CloudBackend):
    """Hugging Face's router."""

    MEANINGS: ClassVar = (
        Meaning(re.compile(r"exceeded your (?:monthly )?included credits|pre-?paid credits|payment", re.IGNORECASE), ErrorKind.NO_CREDIT),
        Meaning(
            re.compile(r"nsfw|content_policy|no_media_generated|safety checker|flagged", re.IGNORECASE),
            ErrorKind.REFUSED,
            statuses=(400, 422),
        ),
        Meaning(re.compile(r"is currently loading|estimated_time", re.IGNORECASE), ErrorKind.BUSY),
        Meaning(
            re.compile(r"gated|accept the conditions|agree to share", re.IGNORECASE), ErrorKind.UNAUTHORISED, GATED, statuses=(401, 403)
        ),
    )

    OPTIONS = HuggingFaceOptions

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
            adopts=through in wires.LATER,
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
        warning = "Whether it accepts the token is only seen with the first picture."
        return Health(f"drawing with {self.model} through {served.provider}", (), (warning,))

    async def _hub(self, path: str, query: Mapping[str, str], model: str = "") -> Any:
        return await self._ask_json("GET", self._options.hub_url.rstrip("/") + path, params=dict(query), model=model)

    async def _served(self, model: str, task: str) -> wires.Served:
        """Who draws a model and what it is called there, remembered for ten minutes."""
        self._in_path(model)
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
        """Draw, or go on with a picture that an earlier life asked for at a provider that draws later."""
        model, dropped = spec.model or self.model, list[Dropped]()
        served = await self._served(model, wires.IMAGE if spec.references else wires.TEXT)
        kept = at_most(spec.references, wires.MOST_REFERENCES.get(served.provider, 1), served.provider, dropped)
        sent = wires.request_of(spec, served, checked(kept, self.name, most_bytes=self._options.reference_bytes))
        place = await self._drawn(sent, served, model, watch)
        seed = spec.seed if "seed" in wires.settings_of(spec, served) else None
        image = rendered(place, self.name, seed=seed) if isinstance(place, bytes) else await fetched(self._config, place, seed=seed)
        record = {"provider": served.provider, **sent.shown}
        return RenderResult((image,), model, (*size_came(spec, image), *dropped, *wires.missing(spec, served)), record)

    async def _drawn(self, sent: wires.Request, served: wires.Served, model: str, watch: RenderWatch) -> bytes | str:
        """The picture, or where it is."""
        record = recalled(watch.ref)
        if record.get("provider") == served.provider and record.get("path", "").startswith("/"):
            found = await or_anew(self._polled(record["path"], served, watch))
            if found is not None:
                return wires.place_of(found, served, self.name)
        path = f"/{served.provider}{sent.path}"
        answer = await self._ask("POST", path, seconds=self._seconds, model=model, json=sent.body, headers=sent.headers)
        if mime_of(answer.content) or answer.mime.startswith("image/"):
            return answer.content
        found = self._json(answer, model)
        if follow := wires.follow_up(found, served):
            await watch.remember(json.dumps({"provider": served.provider, "path": follow}))
            found = await self._polled(follow, served, watch)
        return wires.place_of(found, served, self.name)

    async def _polled(self, path: str, served: wires.Served, watch: RenderWatch) -> Any:
        async def look() -> Any:
            answer = await self._ask_json("GET", f"/{served.provider}{path}")
            if not wires.is_over(answer, served, self.name):
                queued = isinstance(answer, Mapping) and answer.get("status") == "IN_QUEUE"
                watch.progress(Progress("queued" if queued else "drawing"))
                return None
            result = path.replace("/status?", "?", 1)
            return await self._ask_json("GET", f"/{served.provider}{result}") if served.provider == "fal-ai" else answer

        pace = Pace(first=self._options.poll_seconds, seconds=self._seconds)
        try:
            found: Any = await wait_for(look, pace, self.name)
        except ProviderError as error:
            if error.kind is ErrorKind.MISCONFIGURED:
                raise bad_answer(self.name, "the request and its result are gone") from error
            raise
        if not isinstance(found, Mapping):
            raise bad_answer(self.name, "the result is no object")
        return found
