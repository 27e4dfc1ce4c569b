"""Together AI: FLUX and others in one call, references as data addresses, negative prompt, steps and guidance where the model has them.

The service publishes no ranges; limits are each model's own, and it says when one is passed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from providers.contract import Dropped, ImageCapabilities, ImageModelInfo, ProviderConfig, RenderResult, RenderSpec, RenderWatch, SizeRule
from providers.errors import ErrorKind
from providers.images.cloud import CloudBackend, bearer
from providers.images.cloud_errors import Meaning
from providers.images.families import family_of, prompt_style_of
from providers.images.references import as_data_uri, at_most, checked
from providers.images.results import first_picture, size_came
from providers.options import Options, read_options

MODEL = "black-forest-labs/FLUX.1-schnell"
_ONE_IMAGE = re.compile(r"kontext", re.IGNORECASE)
"""Models that take one picture as ``image_url``; the others take ``reference_images``."""


class Lora(BaseModel):
    """One LoRA by its address at the service or a model hub."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    scale: float = 1.0


class TogetherOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    output_format: Literal["jpeg", "png"] = "png"
    """File format asked for."""
    disable_safety_checker: bool | None = None
    """Unset switches the filter off only where adult content is allowed."""
    image_loras: tuple[Lora, ...] = ()
    """LoRAs for every picture."""
    references: int = Field(default=8, ge=0, le=16)
    """Most reference pictures a model with ``reference_images`` is given; the service states no number."""
    reference_bytes: int = Field(default=10_000_000, ge=10_000, le=50_000_000)
    """Most bytes of one reference picture; the service states no number."""
    most_side: int = Field(default=2048, ge=64)
    """Longest side in pixels; the service states no number."""


class TogetherImagesBackend(CloudBackend):
    """Together AI's image route."""

    MEANINGS: ClassVar = (
        Meaning(re.compile(r"nsfw|safety|moderat", re.IGNORECASE), ErrorKind.REFUSED, statuses=(400, 422)),
        Meaning(re.compile(r"credit|balance|billing", re.IGNORECASE), ErrorKind.NO_CREDIT, statuses=(402, 403, 429)),
    )

    OPTIONS = TogetherOptions

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config, bearer(config), model=MODEL)
        self._options = read_options(config, TogetherOptions)

    def capabilities(self, model: str = "") -> ImageCapabilities:
        model = model or self.model
        return ImageCapabilities(
            image_to_image=True,
            references=self._most_references(model),
            negative=True,
            seed=True,
            steps=True,
            cfg=True,
            model_choice=True,
            sizes=self._sizes(),
            model_list=True,
            nsfw="filter",
            prompt_style=prompt_style_of(model, "sentences"),
        )

    def _sizes(self) -> SizeRule:
        return SizeRule(least=64, most=self._options.most_side, step=16)

    def _most_references(self, model: str) -> int:
        return 1 if _ONE_IMAGE.search(model) else self._options.references

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """The list is a bare array of every kind of model."""
        rows = await self._ask_json("GET", "/models")
        rows = rows.get("data") if isinstance(rows, Mapping) else rows  # some gateways in front of it wrap the list
        images = [row for row in rows if isinstance(row, Mapping) and row.get("type") == "image"] if isinstance(rows, list) else []
        return tuple(
            ImageModelInfo(str(row["id"]), str(row.get("display_name") or row["id"]), family_of(str(row["id"])))
            for row in images
            if row.get("id")
        )

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        model = spec.model or self.model
        fields = self._fields(spec, model)
        dropped: list[Dropped] = []
        references = at_most(spec.references, self._most_references(model), model, dropped)
        pictures = [as_data_uri(r) for r in checked(references, self.name, most_bytes=self._options.reference_bytes)]
        sources: dict[str, Any] = {}
        if pictures:
            sources = {"image_url": pictures[0]} if _ONE_IMAGE.search(model) else {"reference_images": pictures}
        answer = await self._ask_json("POST", "/images/generations", seconds=self._seconds, model=model, json={**fields, **sources})
        image = await first_picture(self._config, answer, seed=spec.seed)
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), fields)

    def _fields(self, spec: RenderSpec, model: str) -> dict[str, Any]:
        """The request without its pictures."""
        safety_off = spec.adult if self._options.disable_safety_checker is None else self._options.disable_safety_checker
        optional = {
            "negative_prompt": spec.negative or None,
            "steps": spec.steps,
            "guidance_scale": spec.cfg,
            "disable_safety_checker": safety_off or None,
            "image_loras": [lora.model_dump() for lora in self._options.image_loras] or None,
        }
        width, height = self._sizes().nearest(spec.width, spec.height)
        fields = {
            "model": model,
            "prompt": spec.prompt,
            "width": width,
            "height": height,
            "seed": spec.seed,
            "n": 1,
            "response_format": "base64",
            "output_format": self._options.output_format,
        }
        return {**fields, **{key: value for key, value in optional.items() if value is not None}}
