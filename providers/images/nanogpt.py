"""NanoGPT: many models behind one OpenAI-like call, references as ``data:`` addresses, steps, guidance and seed where the model has them.

The documentation names no moderation error and no negative prompt, and leaves sizes and counts to each model; what is not certain
can be set in the options.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from providers.contract import (
    Dropped,
    ImageCapabilities,
    ImageModelInfo,
    ProviderConfig,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.errors import ErrorKind
from providers.images.cloud import CloudBackend, bearer
from providers.images.cloud_errors import Meaning
from providers.images.families import family_of, prompt_style_of
from providers.images.references import as_data_uri, at_most, checked
from providers.images.results import first_picture, number_of, size_came
from providers.options import Options, read_options

MODEL = "hidream"


class NanoGptOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    negative_prompt: bool = False
    """Send negative prompts; the field is undocumented and passes through to models that know it."""
    references: int = Field(default=8, ge=0, le=16)
    """Most reference pictures; the limit is each model's own."""
    reference_bytes: int = Field(default=10_000_000, ge=1)
    """Most bytes of one reference picture; the limit is each model's own."""
    most_side: int = Field(default=2048, ge=64)
    """Longest side in pixels; the limit is each model's own."""
    kontext_max_mode: bool | None = None
    """The better and dearer mode of FLUX Kontext."""


class NanoGptImagesBackend(CloudBackend):
    """NanoGPT's OpenAI-like image route."""

    MEANINGS: ClassVar = (
        Meaning(re.compile(r"insufficient balance", re.IGNORECASE), ErrorKind.NO_CREDIT),
        Meaning(
            re.compile(r"moderat|content policy|nsfw|safety|inappropriate", re.IGNORECASE), ErrorKind.REFUSED, statuses=(400, 403, 422)
        ),
    )

    OPEN_LIST = True
    OPTIONS = NanoGptOptions

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config, bearer(config), model=MODEL)
        self._options = read_options(config, NanoGptOptions)
        self._base = self._base.removesuffix("/v1").removesuffix("/api")

    def capabilities(self, model: str = "") -> ImageCapabilities:
        return ImageCapabilities(
            image_to_image=self._options.references > 0,
            references=self._options.references,
            negative=self._options.negative_prompt,
            seed=True,
            steps=True,
            cfg=True,
            denoise=True,
            model_choice=True,
            sizes=SizeRule(least=64, most=self._options.most_side, step=8),
            model_list=True,
            prompt_style=prompt_style_of(model or self.model, "sentences"),
        )

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """``data`` rows; the older list is a map by id. The list needs no key."""
        answer = await self._ask_json("GET", "/api/v1/images/models")
        rows = answer.get("data") or answer.get("models") if isinstance(answer, Mapping) else answer
        if isinstance(rows, Mapping):
            rows = [{"id": model, **(about if isinstance(about, Mapping) else {})} for model, about in rows.items()]
        found = [row for row in rows if isinstance(row, Mapping) and row.get("id")] if isinstance(rows, list) else []
        return tuple(ImageModelInfo(str(row["id"]), str(row.get("name") or row["id"]), family_of(str(row["id"]))) for row in found)

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        model, dropped = spec.model or self.model, list[Dropped]()
        kept = at_most(spec.references, self._options.references, self.name, dropped)
        pictures = [as_data_uri(r) for r in checked(kept, self.name, most_bytes=self._options.reference_bytes)]
        fields = self._fields(spec, model)
        sources: dict[str, Any] = {}
        if pictures:
            sources = {"imageDataUrl": pictures[0]} if len(pictures) == 1 else {"imageDataUrls": pictures}
        answer = await self._ask_json("POST", "/v1/images/generations", seconds=self._seconds, model=model, json={**fields, **sources})
        image = await first_picture(self._config, answer, seed=spec.seed)
        cost, cost_text = _price(answer)
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), fields, cost, cost_text)

    def _fields(self, spec: RenderSpec, model: str) -> dict[str, Any]:
        """The request without its pictures."""
        optional = {
            "negative_prompt": spec.negative if self._options.negative_prompt and spec.negative else None,
            "strength": spec.denoise if spec.references and self._options.references else None,
            "guidance_scale": spec.cfg,
            "num_inference_steps": spec.steps,
            "kontext_max_mode": self._options.kontext_max_mode,
        }
        size = f"{spec.width}x{spec.height}"
        fields = {"model": model, "prompt": spec.prompt, "n": 1, "size": size, "response_format": "b64_json", "seed": spec.seed}
        return {**fields, **{key: value for key, value in optional.items() if value is not None}}


def _price(answer: Mapping[str, Any]) -> tuple[float | None, str]:
    """Dollars when the account pays in them, else the price with the name of its source."""
    cost = number_of(answer.get("cost"))
    if cost is None:
        return None, ""
    source = str(answer.get("paymentSource") or "")
    return (cost, "") if source.upper() == "USD" else (None, f"{cost:g} {source}".strip())
