"""Pollinations: a picture is the answer to one GET with the prompt in its address.

The same address again gives the stored picture, free of charge; another seed gives another one. Negative prompt, steps and sampler do
not exist. References are taken as public addresses only on that route, so they travel as files on the OpenAI-like route, which the
host has to switch on: its fields are not documented.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal
from urllib.parse import quote

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
from providers.errors import ErrorKind, ProviderError
from providers.images.cloud import CloudBackend, bearer
from providers.images.cloud_errors import Meaning
from providers.images.families import family_of
from providers.images.formats import rendered
from providers.images.openai import OpenAIImagesBackend
from providers.images.references import at_most
from providers.images.results import size_came
from providers.options import Options, read_options

MOST_SEED = 2**31 - 1
MOST_ADDRESS = 16_000
"""Bytes of an encoded prompt; longer ones are refused before they are sent, since servers cut or refuse such addresses."""
_VIDEO = re.compile(r"video", re.IGNORECASE)
_GPT_IMAGE = ("gptimage", "gpt-image")
"""Beginnings of the models that know ``quality`` and ``transparent``."""
_MEANINGS = (
    Meaning(re.compile(r"safety", re.IGNORECASE), ErrorKind.REFUSED, statuses=(400, 403, 422)),
    Meaning(re.compile(r"payment_required|pollen|balance", re.IGNORECASE), ErrorKind.NO_CREDIT, statuses=(402, 403, 429)),
)


class PollinationsOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    safe: str | None = Field(default=None, pattern=r"^[a-z,]*$")
    """Filters, as the service names them: true, or a list of privacy, secrets, sexual, violence, shield, nsfw; empty for none. Unset
    filters ``sexual`` wherever adult content is not allowed."""
    enhance: bool = False
    """The service rewrites the prompt before drawing."""
    quality: Literal["low", "medium", "high", "hd"] | None = None
    """For the gptimage models only."""
    transparent: bool = False
    """For the gptimage models only."""
    edits: bool = False
    """Send reference pictures to the OpenAI-like route ``/v1/images/edits``; its exact fields are not documented."""
    references: int = Field(default=4, ge=1, le=16)
    """Most reference pictures with ``edits``."""
    most_side: int = Field(default=2048, ge=64)
    """Longest side in pixels; models differ."""


class _Edits(OpenAIImagesBackend):
    """The OpenAI-like route, with Pollinations' errors."""

    MEANINGS: ClassVar = _MEANINGS


class PollinationsBackend(CloudBackend):
    """Pollinations' image routes."""

    MEANINGS: ClassVar = _MEANINGS

    OPEN_LIST = True
    OPTIONS = PollinationsOptions

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config, bearer(config))
        self._options = read_options(config, PollinationsOptions)
        edits = {"base_url": f"{self._base}/v1", "options": {"compatible": True}}
        self._edits = _Edits(config.model_copy(update=edits))

    def capabilities(self, model: str = "") -> ImageCapabilities:
        return ImageCapabilities(
            image_to_image=self._options.edits,
            references=self._options.references if self._options.edits else 0,
            seed=True,
            model_choice=True,
            sizes=SizeRule(least=64, most=self._options.most_side, step=1),
            model_list=True,
            nsfw="filter",
            prompt_style="sentences",
        )

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """Image models; the list also holds video models, told by what they put out."""
        rows = await self._ask_json("GET", "/image/models")
        found = []
        for row in rows if isinstance(rows, list) else ():
            entry = row if isinstance(row, Mapping) else {"name": row}
            name = entry.get("name") or entry.get("id")
            outputs = str(entry.get("output_modalities") or entry.get("outputModalities") or entry.get("type") or "image")
            if isinstance(name, str) and not (_VIDEO.search(outputs) and "image" not in outputs):
                found.append(ImageModelInfo(name, str(entry.get("title") or name), family_of(name)))
        return tuple(found)

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """One call. After a crash the same question is answered from the service's store, if it was finished."""
        model, dropped = spec.model or self.model, list[Dropped]()
        references = at_most(spec.references, self.capabilities(model).references, model or self.name, dropped)
        if references:
            return await self._edited(replace(spec, references=references), watch, dropped)
        prompt = quote(spec.prompt, safe="").replace(".", "%2E")
        if len(prompt) > MOST_ADDRESS:
            raise ProviderError(ErrorKind.INVALID, self.name, f"The prompt is too long for it (limit {MOST_ADDRESS} bytes as an address).")
        query = self._query(spec, model, dropped)
        answer = await self._ask("GET", f"/image/{prompt}", seconds=self._seconds, model=model, params=query)
        if answer.mime == "application/json":
            self._json(answer, model)  # an error inside a good answer is told as what it means
        image = rendered(answer.content, self.name, seed=query["seed"])
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), {"prompt": spec.prompt, **query})

    async def _edited(self, spec: RenderSpec, watch: RenderWatch, dropped: list[Dropped]) -> RenderResult:
        """A picture from references. Of that route only prompt, model, size and pictures are known."""
        wanted = {**self._extras(spec), "seed": spec.seed}
        unsent = [Dropped(name, "not known to be taken where references are") for name, value in wanted.items() if value not in (None, "")]
        result = await self._edits.render(spec, watch)
        return replace(result, dropped=(*result.dropped, *dropped, *unsent))

    def _query(self, spec: RenderSpec, model: str, dropped: list[Dropped]) -> dict[str, Any]:
        extras = self._extras(spec)
        for name in ("quality", "transparent"):
            if extras[name] and not model.startswith(_GPT_IMAGE):
                dropped.append(Dropped(name, f"{model or 'the default model'} takes none, only gptimage models do"))
                extras[name] = ""
        query: dict[str, Any] = {"width": spec.width, "height": spec.height, "seed": spec.seed & MOST_SEED}
        return {**query, **{key: value for key, value in {"model": model, **extras}.items() if value}}

    def _extras(self, spec: RenderSpec) -> dict[str, str | None]:
        """The host's wishes; empty ones are not sent."""
        return {
            "safe": self._options.safe if self._options.safe is not None else "" if spec.adult else "sexual",
            "enhance": "true" if self._options.enhance else "",
            "quality": self._options.quality,
            "transparent": "true" if self._options.transparent else "",
        }
