"""xAI's Grok Imagine: pictures and edits in one call, sizes as aspect ratios. No negative prompt, seed or steps exist.

Moderation comes with HTTP 200: a flag on the entry, or no entry at all. The service publishes no description of its REST routes;
names are those of its documentation, and what is not certain there can be set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from providers.contract import Dropped, ImageCapabilities, ImageModelInfo, ProviderConfig, RenderResult, RenderSpec, RenderWatch, SizeRule
from providers.errors import ErrorKind
from providers.images.cloud import CloudBackend, bearer
from providers.images.cloud_errors import Meaning, as_object, refused
from providers.images.limits import nearest_ratio, ratio_pairs
from providers.images.references import as_data_uri, at_most, checked
from providers.images.results import entries_of, number_of, picture_of, size_came
from providers.options import Options, read_options

MODEL = "grok-imagine-image"
RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1")
REFERENCE_BYTES = 10 * 1024 * 1024


class XaiOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    resolution: Literal["1k", "2k"] | None = None
    """Resolution class asked for."""
    quality: Literal["low", "medium", "high"] | None = None
    """Quality asked for."""
    references: int = Field(default=3, ge=0, le=5)
    """Most reference pictures; documented are 3."""
    ticks_per_dollar: float = Field(default=0, ge=0)
    """How many of the answer's cost ticks make one US dollar; 0 shows ticks, since the service does not say."""


class XaiImagesBackend(CloudBackend):
    """xAI's image routes."""

    MEANINGS: ClassVar = (
        Meaning(
            re.compile(r"credits?\b|spending limit|out of funds|billing", re.IGNORECASE), ErrorKind.NO_CREDIT, statuses=(402, 403, 429)
        ),
        Meaning(
            re.compile(r"moderation|content policy|usage guidelines|safety", re.IGNORECASE), ErrorKind.REFUSED, statuses=(400, 403, 422)
        ),
        Meaning(re.compile(r"incorrect api key|invalid api key", re.IGNORECASE), ErrorKind.UNAUTHORISED, statuses=(400,)),
    )

    OPTIONS = XaiOptions

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config, bearer(config), model=MODEL)
        self._options = read_options(config, XaiOptions)

    def capabilities(self, model: str = "") -> ImageCapabilities:
        return ImageCapabilities(
            image_to_image=True,
            references=self._options.references,
            model_choice=True,
            count=10,
            sizes=SizeRule(least=64, most=4096, step=1, ratios=ratio_pairs(RATIOS)),
            model_list=True,
            nsfw="filter",
            prompt_style="sentences",
        )

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """Models and their other names."""
        answer = await self._ask_json("GET", "/image-generation-models")
        rows = answer.get("models") or answer.get("data") if isinstance(answer, Mapping) else None
        found: dict[str, str] = {}
        for row in rows if isinstance(rows, list) else ():
            model = (row.get("id") or row.get("name")) if isinstance(row, Mapping) else None
            if isinstance(model, str) and model:
                aliases = row.get("aliases")
                names = [name for name in aliases if isinstance(name, str)] if isinstance(aliases, list) else []
                found |= {model: model, **{alias: f"{alias} ({model})" for alias in names if alias}}
        return tuple(ImageModelInfo(model, label, "grok-imagine") for model, label in found.items())

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        model = spec.model or self.model
        dropped: list[Dropped] = []
        references = checked(at_most(spec.references, self._options.references, model, dropped), self.name, most_bytes=REFERENCE_BYTES)
        pictures = [{"type": "image_url", "url": as_data_uri(reference)} for reference in references]
        fields = self._fields(spec, model, references=len(pictures))
        sources: dict[str, Any] = {}
        if pictures:
            sources = {"image": pictures[0]} if len(pictures) == 1 else {"images": pictures}
        route = "/images/edits" if pictures else "/images/generations"
        answer = await self._ask_json("POST", route, seconds=self._seconds, model=model, json={**fields, **sources})
        entries = entries_of(answer, self.name)
        if not entries:
            raise refused(self.name, "data is empty: the whole request was filtered")
        if isinstance(entries[0], Mapping) and entries[0].get("respect_moderation") is False:
            raise refused(self.name, "respect_moderation is false")
        image = await picture_of(self._config, entries[0])
        revised = entries[0].get("revised_prompt")
        record = {**fields, "revised_prompt": revised} if isinstance(revised, str) and revised else fields
        cost, cost_text = self._price(answer)
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), record, cost, cost_text)

    def _fields(self, spec: RenderSpec, model: str, *, references: int) -> dict[str, Any]:
        """The request without its pictures. An edit of a single picture keeps that picture's shape, so none is asked for."""
        optional = {
            "aspect_ratio": None if references == 1 else nearest_ratio(spec.width, spec.height, RATIOS),
            "resolution": self._options.resolution,
            "quality": self._options.quality,
        }
        fields = {"model": model, "prompt": spec.prompt, "n": 1, "response_format": "b64_json"}
        return {**fields, **{key: value for key, value in optional.items() if value}}

    def _price(self, answer: Mapping[str, Any]) -> tuple[float | None, str]:
        usage = answer.get("usage")
        ticks = number_of(usage.get("cost_in_usd_ticks")) if isinstance(usage, Mapping) else None
        if ticks is None:
            return None, ""
        if self._options.ticks_per_dollar:
            return ticks / self._options.ticks_per_dollar, ""
        return None, f"{ticks:.0f} ticks"

    def _reshape(self, body: Any) -> Any:
        """``{"code", "error": text}`` and ``{"error": text}`` in the shape of the third, an object."""
        return as_object(body)
