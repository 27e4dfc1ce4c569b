"""Google's Gemini image models (``generateContent``), on the Gemini API or Vertex; Imagen (``predict``) on Vertex alone.

No negative prompt, steps or guidance. Moderation comes with HTTP 200: a blocked prompt has no candidates, a blocked picture a
``finishReason``. Imagen was shut down in the Gemini API in August 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from providers.contract import (
    Dropped,
    ImageCapabilities,
    ImageModelInfo,
    ProviderConfig,
    Reference,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.errors import ErrorKind, ProviderError
from providers.images.cloud import CloudBackend, bearer, key_of
from providers.images.cloud_errors import Meaning
from providers.images.gemini_answers import WAIT_CODE, imagen_picture, picture_in, plainer, tokens_in
from providers.images.limits import nearest_ratio, ratio_pairs
from providers.images.references import as_base64, at_most, checked
from providers.images.results import size_came
from providers.options import Options, read_options

MODEL = "gemini-2.5-flash-image"
Ratio = Literal["1:1", "1:4", "4:1", "1:8", "8:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
RATIOS: tuple[Ratio, ...] = ("1:1", "1:4", "4:1", "1:8", "8:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
STRIPS = ("1:4", "4:1", "1:8", "8:1")
"""Ratios that came with gemini-3.1-flash-image; older models do not list them."""
IMAGEN_RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9")
HARMS = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
MOST_LIST_PAGES = 10


class GeminiOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    image_size: Literal["512", "1K", "2K", "4K"] | None = None
    """Resolution tier; not every model has every one, and gemini-2.5-flash-image perhaps none."""
    ratios: tuple[Ratio, ...] | None = Field(default=None, min_length=1)
    """Shapes the model can draw; unset takes all of the API's, without 1:4, 4:1, 1:8 and 8:1 for gemini-2.5 and gemini-3-pro."""
    modalities: tuple[Literal["TEXT", "IMAGE"], ...] = Field(default=("TEXT", "IMAGE"), min_length=1)
    """What an answer may hold; some models insist on both."""
    safety: Literal["BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"] | None = None
    """Threshold of the adjustable filters; unset takes ``BLOCK_NONE`` where adult content is allowed and the service's own elsewhere."""
    seed: bool = False
    """Send the seed. The field exists; whether it makes pictures repeatable is not documented."""
    references: int | None = Field(default=None, ge=0, le=14)
    """Most reference pictures; unset takes 3 for gemini-2.5-flash-image and 14 for others, which is said by others than Google."""
    inline_bytes: int = Field(default=14_000_000, ge=1)
    """Most bytes of all references of a request; base64 makes them a third larger and requests are said to be limited to 20 MB."""
    vertex: bool = False
    """The address is Vertex AI's, down to ``…/publishers/google``; the key is an access token."""


class GeminiImagesBackend(CloudBackend):
    """Gemini's image output."""

    MEANINGS: ClassVar = (
        Meaning(re.compile(r"limit: 0\b"), ErrorKind.NO_CREDIT, statuses=(429,)),
        Meaning(re.compile(rf"^{WAIT_CODE}\b"), ErrorKind.RATE_LIMITED, statuses=(429,)),
        Meaning(
            re.compile(r"failed_precondition|requires billing", re.IGNORECASE),
            ErrorKind.MISCONFIGURED,
            "It is not open to the host's region or account.",
            statuses=(400, 403),
        ),
        Meaning(re.compile(r"payload size exceeds", re.IGNORECASE), ErrorKind.INVALID, "What was sent is too big for it.", statuses=(400,)),
        Meaning(
            re.compile(r"token count .{0,40}exceeds", re.IGNORECASE), ErrorKind.INVALID, "The prompt is too long for it.", statuses=(400,)
        ),
    )

    OPTIONS = GeminiOptions

    def __init__(self, config: ProviderConfig) -> None:
        options = self._options = read_options(config, GeminiOptions)
        super().__init__(config, bearer(config) if options.vertex else {"x-goog-api-key": key_of(config)}, model=MODEL)
        self.model = self.model.removeprefix("models/")

    def capabilities(self, model: str = "") -> ImageCapabilities:
        imagen = _is_imagen(model or self.model)
        most = self._most_references(model or self.model)
        return ImageCapabilities(
            negative_in_words=not imagen,
            image_to_image=most > 0,
            references=most,
            seed=self._options.seed and not imagen,
            model_choice=True,
            sizes=SizeRule(least=64, most=4096, step=1, ratios=ratio_pairs(self._ratios(model or self.model))),
            model_list=not self._options.vertex,
            nsfw="refuses",
            prompt_style="sentences",
        )

    def _ratios(self, model: str) -> tuple[str, ...]:
        if _is_imagen(model):
            return IMAGEN_RATIOS
        if self._options.ratios:
            return self._options.ratios
        older = model.startswith(("gemini-2.5", "gemini-3-pro", "nano-banana-pro"))
        return tuple(ratio for ratio in RATIOS if ratio not in STRIPS) if older else RATIOS

    def _most_references(self, model: str) -> int:
        if _is_imagen(model):
            return 0
        if self._options.references is not None:
            return self._options.references
        return 3 if model.startswith("gemini-2.5") else 14

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """The list has no mark for image models; their names hold «image» or «banana»."""
        if self._options.vertex:
            return ()
        found: list[ImageModelInfo] = []
        token = ""
        for _ in range(MOST_LIST_PAGES):
            query = {"pageSize": "1000", **({"pageToken": token} if token else {})}
            answer = await self._ask_json("GET", "/models", params=query)
            rows = answer.get("models") if isinstance(answer, Mapping) else None
            found.extend(model for row in (rows if isinstance(rows, list) else ()) if (model := _image_model(row)))
            token = str(answer.get("nextPageToken") or "") if isinstance(answer, Mapping) else ""
            if not token:
                break
        return tuple(found)

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        model = (spec.model or self.model).removeprefix("models/")
        dropped: list[Dropped] = []
        kept = at_most(spec.references, self._most_references(model), model, dropped)
        if _is_imagen(model):
            return await self._draw_with_imagen(spec, model, dropped)
        references = checked(kept, self.name, most_bytes=self._options.inline_bytes)
        if sum(len(reference.data) for reference in references) > self._options.inline_bytes:
            detail = f"The reference pictures together are too big for it (limit {self._options.inline_bytes // 1_000_000} MB)."
            raise ProviderError(ErrorKind.INVALID, self.name, detail)
        settings = self._settings(spec, model)
        body = {"contents": [{"role": "user", "parts": _parts(spec.prompt, references)}], **settings}
        answer = await self._ask_json(
            "POST", f"/models/{self._in_path(model)}:generateContent", seconds=self._seconds, model=model, json=body
        )
        image = picture_in(self._config, answer)
        record = {"model": model, "prompt": spec.prompt, **settings}
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), record, cost_text=tokens_in(answer))

    def _settings(self, spec: RenderSpec, model: str) -> dict[str, Any]:
        """The request without its words and pictures. Without a ratio the picture would take the shape of its reference."""
        image = {"aspectRatio": nearest_ratio(spec.width, spec.height, self._ratios(model))}
        if self._options.image_size:
            image["imageSize"] = self._options.image_size
        config: dict[str, Any] = {"responseModalities": list(self._options.modalities), "imageConfig": image}
        if self._options.seed:
            config["seed"] = spec.seed & 0x7FFFFFFF
        threshold = self._options.safety or ("BLOCK_NONE" if spec.adult else None)
        safety = [{"category": f"HARM_CATEGORY_{harm}", "threshold": threshold} for harm in HARMS]
        return {"generationConfig": config, **({"safetySettings": safety} if threshold else {})}

    async def _draw_with_imagen(self, spec: RenderSpec, model: str, dropped: list[Dropped]) -> RenderResult:
        if not self._options.vertex:
            detail = "Imagen is no longer part of the Gemini API; it needs Vertex AI (vertex = true)."
            raise ProviderError(ErrorKind.INVALID if spec.model else ErrorKind.MISCONFIGURED, self.name, detail)
        settings = {"sampleCount": 1, "aspectRatio": nearest_ratio(spec.width, spec.height, IMAGEN_RATIOS)}
        body = {"instances": [{"prompt": spec.prompt}], "parameters": settings}
        answer = await self._ask_json("POST", f"/models/{self._in_path(model)}:predict", seconds=self._seconds, model=model, json=body)
        image = imagen_picture(self._config, answer)
        record = {"model": model, "prompt": spec.prompt, **settings}
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), record)

    def _reshape(self, body: Any) -> Any:
        return plainer(body)


def _image_model(row: Any) -> ImageModelInfo | None:
    """A row of the list, if its model draws."""
    if not isinstance(row, Mapping):
        return None
    name, methods = str(row.get("name") or "").removeprefix("models/"), row.get("supportedGenerationMethods")
    draws = ("image" in name or "banana" in name) and isinstance(methods, list) and "generateContent" in methods
    return ImageModelInfo(name, str(row.get("displayName") or name), "gemini-image") if draws else None


def _is_imagen(model: str) -> bool:
    return model.startswith("imagen")


def _parts(prompt: str, references: tuple[Reference, ...]) -> list[dict[str, Any]]:
    """Words first, then the pictures in the order the words speak of them."""
    pictures = [{"inlineData": {"mimeType": reference.mime, "data": as_base64(reference)}} for reference in references]
    return [{"text": prompt}, *pictures]
