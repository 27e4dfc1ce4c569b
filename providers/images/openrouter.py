"""OpenRouter: its Image API, and chat completions with image output for models that only draw there.

What a model takes stands in the Image API's model list; the list is asked before the first picture, and settings a model does not
have are left out and reported. Models that only draw in chat are found in the list of all models with image output. Errors may come
inside HTTP 200 on the chat route. Failed pictures are not billed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

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
from providers.images import openrouter_chat as chat
from providers.images.cloud import CloudBackend, bearer
from providers.images.cloud_errors import Meaning
from providers.images.families import family_of, prompt_style_of
from providers.images.file_options import FileOptions
from providers.images.limits import nearest_ratio, ratio_pairs
from providers.images.openrouter_models import Abilities, abilities_of
from providers.images.references import as_data_uri, at_most, checked
from providers.images.results import entries_of, first_picture, number_of, size_came
from providers.options import read_options

MODEL = "google/gemini-2.5-flash-image"
RATIOS = (
    *("1:1", "1:2", "1:4", "1:8", "2:1", "2:3", "3:2", "3:4", "4:1", "4:3", "4:5", "5:4", "8:1"),
    *("9:16", "16:9", "9:19.5", "19.5:9", "9:20", "20:9", "9:21", "21:9"),
)
TIERS = {"512": 512, "768": 768, "1K": 1024, "1.5K": 1536, "2K": 2048, "4K": 4096}
"""Resolution names and the side in pixels they stand for at 1:1."""
MOST_REFERENCES = 16


class OpenRouterImageOptions(FileOptions):
    """Options of ``[images.<name>]`` for this provider."""

    via: Literal["auto", "images", "chat"] = "auto"
    """Which route draws; ``auto`` takes chat completions for models the Image API does not list."""
    modalities: tuple[Literal["image", "text"], ...] | None = Field(default=None, min_length=1)
    """What a model on the chat route is asked to put out; unset goes by the list of models, and takes both where that does not tell."""
    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"] | None = None
    """Quality asked for, where the model has the choice."""
    resolution: Literal["512", "768", "1K", "1.5K", "2K", "4K"] | None = None
    """Unset takes the tier nearest to the wanted size, where the model has tiers."""
    reference_bytes: int = Field(default=20_000_000, ge=1)
    """Most bytes of one reference picture; the limit is each provider's own and not published."""
    routing: dict[str, Any] | None = None
    """The API's ``provider`` object: which providers may draw, and options of theirs such as steps and guidance."""
    title: str = ""
    """Name of the application shown in OpenRouter's lists."""
    referer: str = ""
    """Address of your own project, shown in OpenRouter's rankings; empty sends none."""


class OpenRouterImagesBackend(CloudBackend):
    """OpenRouter's picture routes."""

    MEANINGS: ClassVar = (Meaning(re.compile(r"key limit exceeded", re.IGNORECASE), ErrorKind.NO_CREDIT, statuses=(403,)),)

    OPTIONS = OpenRouterImageOptions

    def __init__(self, config: ProviderConfig) -> None:
        options = self._options = read_options(config, OpenRouterImageOptions)
        named = {"HTTP-Referer": options.referer, "X-OpenRouter-Title": options.title}
        super().__init__(config, {**bearer(config), **{key: value for key, value in named.items() if value}}, model=MODEL)
        self._abilities: dict[str, Abilities] = {}
        self._talking: dict[str, Abilities] = {}
        """Models with image output on the chat route."""

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """By the model list once it was asked; before that what the API has at all."""
        known = self._known(model or self.model)
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

    def _known(self, model: str) -> Abilities:
        return self._abilities.get(model) or self._talking.get(model) or Abilities()

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        rows = await self._rows("/images/models") if self._options.via != "chat" else {}
        self._abilities = {model: abilities_of(row, MOST_REFERENCES) for model, row in rows.items()}
        if self._options.via != "images":
            talking = await self._talking_rows(needed=self._options.via == "chat")
            # Their ``supported_parameters`` are those of chats.
            self._talking = {model: abilities_of({**row, "supported_parameters": {}}, MOST_REFERENCES) for model, row in talking.items()}
            rows = {**talking, **rows}
        return tuple(ImageModelInfo(model, str(row.get("name") or model), family_of(model)) for model, row in rows.items())

    async def _rows(self, path: str, **query: str) -> dict[str, Mapping[str, Any]]:
        answer = await self._ask_json("GET", path, params=query)
        return {str(row["id"]): row for row in entries_of(answer, self.name) if isinstance(row, Mapping) and row.get("id")}

    async def _talking_rows(self, *, needed: bool) -> dict[str, Mapping[str, Any]]:
        try:
            return await self._rows("/models", output_modalities="image")
        except ProviderError:
            if needed:
                raise
            return {}  # only adds to the list of the Image API

    async def check(self) -> Health:
        """The lists are open to everybody, so the key is asked about too."""
        found = await super().check()
        try:
            answer = await self._ask_json("GET", "/key")
        except ProviderError as error:
            if error.kind in (ErrorKind.UNAUTHORISED, ErrorKind.NO_CREDIT):
                raise
            return Health(found.summary, found.problems, ("It did not tell whether it accepts the key.",))
        about = answer.get("data") if isinstance(answer, Mapping) else None
        left = number_of(about.get("limit_remaining")) if isinstance(about, Mapping) else None
        spent = ("The limit of its key is used up.",) if left is not None and left <= 0 else ()
        return Health(found.summary, (*found.problems, *spent))

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        model, dropped = spec.model or self.model, list[Dropped]()
        in_chat = await self._through_chat(model)
        known = self._known(model)
        references = at_most(spec.references, known.references, model, dropped)
        pictures = [as_data_uri(r) for r in checked(references, self.name, most_bytes=self._options.reference_bytes)]
        if in_chat:
            return await self._draw_in_chat(spec, model, pictures, dropped)
        fields = self._fields(spec, model, known, dropped)
        sources = [{"type": "image_url", "image_url": {"url": url}} for url in pictures]
        body = {**fields, "input_references": sources} if sources else fields
        answer = await self._ask_json("POST", "/images", seconds=self._seconds, model=model, json=body)
        image = await first_picture(self._config, answer, seed=fields.get("seed"))
        return self._result(spec, model, image, answer, fields, dropped)

    async def _through_chat(self, model: str) -> bool:
        try:
            await self.models()
        except ProviderError as error:
            # The list only tells the route and what a model takes; what is really wrong the picture's own request tells.
            if error.kind in (ErrorKind.UNAUTHORISED, ErrorKind.NO_CREDIT):
                raise
        return self._in_chat(model)

    def _in_chat(self, model: str) -> bool:
        """Whether a model draws on the chat route, by what is known of the list so far."""
        if self._options.via != "auto":
            return self._options.via == "chat"
        return bool(self._abilities) and model not in self._abilities

    def _fields(self, spec: RenderSpec, model: str, known: Abilities, dropped: list[Dropped]) -> dict[str, Any]:
        """The request without its pictures; what the model does not take of it goes to ``dropped``."""
        options = self._options
        wanted: dict[str, Any] = {
            "aspect_ratio": nearest_ratio(spec.width, spec.height, known.values("aspect_ratio", RATIOS)),
            "resolution": options.resolution or self._tier(spec, known),
            "seed": known.seed(spec.seed),
            "quality": options.quality,
            "output_format": options.output_format,
            "output_compression": options.output_compression,
            "background": options.background,
        }
        fields: dict[str, Any] = {"model": model, "prompt": spec.prompt, "n": 1}
        for name, value in wanted.items():
            if value is None:
                continue
            if known.allows(name, value):
                fields[name] = value
            elif name not in ("aspect_ratio", "seed"):  # a size that differs is reported as such, a missing seed by the engine
                dropped.append(Dropped(name.replace("_", " "), f"{model} does not take «{value}»"))
        if options.routing:
            fields["provider"] = options.routing
        return fields

    def _tier(self, spec: RenderSpec, known: Abilities) -> str | None:
        tiers = [tier for tier in known.values("resolution", ()) if tier in TIERS]
        side = (spec.width * spec.height) ** 0.5
        return min(tiers, key=lambda tier: abs(TIERS[tier] - side)) if tiers else None

    async def _draw_in_chat(self, spec: RenderSpec, model: str, pictures: list[str], dropped: list[Dropped]) -> RenderResult:
        fields: dict[str, Any] = {"model": model, "modalities": self._modalities(model), "image_config": self._image_config(spec)}
        routing = {key: value for key, value in (self._options.routing or {}).items() if key != "options"}
        if routing:
            fields["provider"] = routing
        if self._options.routing and routing != self._options.routing:
            dropped.append(Dropped("provider options", "only the Image API takes them"))
        body = {**fields, "messages": [chat.message(spec.prompt, pictures)]}
        answer = await self._ask_json("POST", "/chat/completions", seconds=self._seconds, model=model, json=body)
        image = await chat.picture_in(self._config, answer)
        return self._result(spec, model, image, answer, {**fields, "prompt": spec.prompt}, dropped)

    def _modalities(self, model: str) -> list[str]:
        if self._options.modalities:
            return list(self._options.modalities)
        outputs = self._known(model).outputs
        return ["image"] if outputs and "text" not in outputs else ["image", "text"]

    def _image_config(self, spec: RenderSpec) -> dict[str, Any]:
        """Keys vary by provider, so only the shape is sent beside what the host set."""
        options = self._options
        wanted = {
            "image_size": options.resolution,
            "quality": options.quality,
            "output_format": options.output_format,
            "output_compression": options.output_compression,
            "background": options.background,
        }
        ratio = nearest_ratio(spec.width, spec.height, RATIOS)
        return {"aspect_ratio": ratio, **{key: value for key, value in wanted.items() if value is not None}}

    def _result(
        self, spec: RenderSpec, model: str, image: RenderedImage, answer: Mapping[str, Any], sent: dict[str, Any], dropped: list[Dropped]
    ) -> RenderResult:
        usage = answer.get("usage")
        cost = number_of(usage.get("cost")) if isinstance(usage, Mapping) else None
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), sent, cost)
