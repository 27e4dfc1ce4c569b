"""OpenRouter: its Image API, and chat completions with image output for models that only draw there.

What a model takes stands in the Image API's model list; the list is asked before the first picture, and settings a model does not
have are left out and reported. Errors may come inside HTTP 200 on the chat route. Failed pictures are not billed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from providers.contract import (
    Dropped,
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
from providers.images import openrouter_chat as chat
from providers.images.cloud import CloudBackend, bearer
from providers.images.families import family_of, prompt_style_of
from providers.images.limits import nearest_ratio, ratio_pairs
from providers.images.openrouter_models import Abilities, abilities_of
from providers.images.options import read_options
from providers.images.references import as_data_uri, checked
from providers.images.results import entries_of, number_of, picture_of, size_came

MODEL = "google/gemini-2.5-flash-image"
RATIOS = (
    *("1:1", "1:2", "1:4", "1:8", "2:1", "2:3", "3:2", "3:4", "4:1", "4:3", "4:5", "5:4", "8:1"),
    *("9:16", "16:9", "9:19.5", "19.5:9", "9:20", "20:9", "9:21", "21:9"),
)
TIERS = {"512": 512, "768": 768, "1K": 1024, "1.5K": 1536, "2K": 2048, "4K": 4096}
"""Resolution names and the side in pixels they stand for at 1:1."""
REFERENCE_BYTES = 20_000_000
MOST_REFERENCES = 16


class OpenRouterImageOptions(BaseModel):
    """Options of ``[images.<name>]`` for this provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    via: Literal["auto", "images", "chat"] = "auto"
    """Which route draws; ``auto`` takes chat completions for models the Image API does not list."""
    modalities: tuple[Literal["image", "text"], ...] = Field(default=("image", "text"), min_length=1)
    """What a model on the chat route puts out; ``["image"]`` for models without words."""
    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"] | None = None
    resolution: Literal["512", "768", "1K", "1.5K", "2K", "4K"] | None = None
    """Unset takes the tier nearest to the wanted size, where the model has tiers."""
    output_format: Literal["png", "jpeg", "webp"] | None = None
    background: Literal["auto", "transparent", "opaque"] | None = None
    routing: dict[str, Any] | None = None
    """The API's ``provider`` object: which providers may draw, and options of theirs such as steps and guidance."""
    title: str = ""
    """Name of the application shown in OpenRouter's lists."""
    referer: str = ""


class OpenRouterImagesBackend(CloudBackend):
    """OpenRouter's picture routes."""

    def __init__(self, config: ProviderConfig) -> None:
        options = self._options = read_options(config, OpenRouterImageOptions)
        named = {"HTTP-Referer": options.referer, "X-OpenRouter-Title": options.title}
        super().__init__(config, {**bearer(config), **{key: value for key, value in named.items() if value}}, model=MODEL)
        self._abilities: dict[str, Abilities] = {}

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """By the model list once it was asked; before that what the API has at all."""
        known = self._abilities.get(model or self.model, Abilities())
        return ImageCapabilities(
            image_to_image=known.references > 0,
            references=known.references,
            seed=known.has("seed") and not self._in_chat(model or self.model),
            model_choice=True,
            count=10,
            sizes=SizeRule(least=64, most=4096, step=1, ratios=ratio_pairs(known.values("aspect_ratio", RATIOS))),
            model_list=True,
            prompt_style=prompt_style_of(model or self.model, "sentences"),
        )

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        answer = await self._ask_json("GET", "/images/models")
        rows = [row for row in entries_of(answer, self.name) if isinstance(row, Mapping) and row.get("id")]
        self._abilities = {str(row["id"]): abilities_of(row, MOST_REFERENCES) for row in rows}
        return tuple(ImageModelInfo(str(row["id"]), str(row.get("name") or row["id"]), family_of(str(row["id"]))) for row in rows)

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        model = spec.model or self.model
        pictures = [as_data_uri(r) for r in checked(spec.references, self.name, most_bytes=REFERENCE_BYTES)]
        if await self._through_chat(model):
            return await self._draw_in_chat(spec, model, pictures)
        known = self._abilities.get(model, Abilities())
        fields, dropped = self._fields(spec, model, known)
        if len(pictures) > known.references:
            dropped.append(Dropped("reference images", f"{model} takes {known.references or 'none'}"))
        sources = [{"type": "image_url", "image_url": {"url": url}} for url in pictures[: known.references]]
        body = {**fields, "input_references": sources} if sources else fields
        answer = await self._ask_json("POST", "/images", seconds=self._seconds, model=model, json=body)
        entries = entries_of(answer, self.name)
        image = await picture_of(self._config, entries[0] if entries else None, seed=fields.get("seed"))
        return self._result(spec, model, image, answer, fields, dropped)

    async def _through_chat(self, model: str) -> bool:
        try:
            if self._options.via == "auto":
                await self.models()
        except ProviderError as error:
            # The list only chooses the route; what is really wrong the picture's own request tells.
            if error.kind in (ErrorKind.UNAUTHORISED, ErrorKind.NO_CREDIT):
                raise
        return self._in_chat(model)

    def _in_chat(self, model: str) -> bool:
        """Whether a model draws on the chat route, by what is known of the list so far."""
        if self._options.via != "auto":
            return self._options.via == "chat"
        return bool(self._abilities) and model not in self._abilities

    def _fields(self, spec: RenderSpec, model: str, known: Abilities) -> tuple[dict[str, Any], list[Dropped]]:
        """The request without its pictures, and what the model does not take of it."""
        options, dropped = self._options, list[Dropped]()
        wanted: dict[str, Any] = {
            "aspect_ratio": nearest_ratio(spec.width, spec.height, known.values("aspect_ratio", RATIOS)),
            "resolution": options.resolution or self._tier(spec, known),
            "seed": spec.seed,
            "quality": options.quality,
            "output_format": options.output_format,
            "background": options.background,
        }
        fields: dict[str, Any] = {"model": model, "prompt": spec.prompt, "n": 1}
        for name, value in wanted.items():
            if value is None:
                continue
            if known.allows(name, value):
                fields[name] = value
            elif name not in ("aspect_ratio", "seed"):  # a size that differs is reported as such, a missing seed by the engine
                dropped.append(Dropped(name, f"{model} does not take «{value}»"))
        if options.routing:
            fields["provider"] = options.routing
        return fields, dropped

    def _tier(self, spec: RenderSpec, known: Abilities) -> str | None:
        tiers = [tier for tier in known.values("resolution", ()) if tier in TIERS]
        side = (spec.width * spec.height) ** 0.5
        return min(tiers, key=lambda tier: abs(TIERS[tier] - side)) if tiers else None

    async def _draw_in_chat(self, spec: RenderSpec, model: str, pictures: list[str]) -> RenderResult:
        ratio = nearest_ratio(spec.width, spec.height, RATIOS)
        fields: dict[str, Any] = {"model": model, "modalities": list(self._options.modalities), "image_config": {"aspect_ratio": ratio}}
        if self._options.routing:
            fields["provider"] = self._options.routing
        body = {**fields, "messages": [chat.message(spec.prompt, pictures)]}
        answer = await self._ask_json("POST", "/chat/completions", seconds=self._seconds, model=model, json=body)
        image = await chat.picture_in(self._config, answer)
        return self._result(spec, model, image, answer, {**fields, "prompt": spec.prompt}, [])

    def _result(
        self, spec: RenderSpec, model: str, image: RenderedImage, answer: Mapping[str, Any], sent: dict[str, Any], dropped: list[Dropped]
    ) -> RenderResult:
        usage = answer.get("usage")
        cost = number_of(usage.get("cost")) if isinstance(usage, Mapping) else None
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), sent, cost)
