"""NovelAI Diffusion: one call, a zip archive with the picture in it. An account may have one picture drawn at a time.

What a picture costs is not told; the highest tier draws up to a megapixel and 28 steps free of charge, all else costs Anlas.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from providers.contract import (
    Choice,
    Dropped,
    Health,
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
from providers.http import Answer, json_of
from providers.images import novelai_request as wire
from providers.images.archives import first_picture_in
from providers.images.cloud import CloudBackend, bearer
from providers.images.cloud_errors import Meaning, bad_answer
from providers.images.fitted import fitted
from providers.images.formats import mime_of, rendered
from providers.images.limits import in_range
from providers.images.references import as_base64, base_reference, checked
from providers.images.results import number_of, size_came
from providers.options import read_options

REFERENCE_BYTES = 20_000_000
MOST_VIBES = 32
"""Encoded moods that are remembered: encoding one costs Anlas each time."""
_NO_ANLAS = "It needs an active subscription with enough Anlas."
_BY_STATUS = {
    402: (ErrorKind.NO_CREDIT, _NO_ANLAS),
    409: (ErrorKind.BUSY, ""),
    429: (ErrorKind.RATE_LIMITED, "It draws one picture at a time for each account."),
}


class NovelAiBackend(CloudBackend):
    """NovelAI's image service."""

    MEANINGS: ClassVar = (
        Meaning(re.compile(r"anlas|subscription|not enough", re.IGNORECASE), ErrorKind.NO_CREDIT, _NO_ANLAS, statuses=(402, 403)),
    )

    OPTIONS = wire.NovelAiOptions

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config, bearer(config), model=wire.MODEL)
        self._options = read_options(config, wire.NovelAiOptions)
        self._turn = asyncio.Lock()
        self._vibes: dict[tuple[str, str], str] = {}

    def capabilities(self, model: str = "") -> ImageCapabilities:
        mode = self._reference_mode(model or self.model)
        return ImageCapabilities(
            image_to_image=mode != "none",
            references={"none": 0, "start": 1}.get(mode, self._options.most_references),
            negative=True,
            seed=True,
            steps=True,
            cfg=True,
            sampler=True,
            scheduler=True,
            denoise=mode == "start",
            model_choice=True,
            count=8,
            sizes=SizeRule(least=wire.LEAST, most=self._options.most_side, step=wire.STEP),
            model_list=True,
            nsfw="none",
            prompt_style="tags",
        )

    def _reference_mode(self, model: str) -> str:
        """``none`` where the model does not have what the host chose."""
        mode, generation = self._options.references, wire.generation_of(model)
        missing = (mode == "vibe" and generation >= 5) or (mode == "character" and "4-5" not in model)
        return "none" if missing else mode

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """The known ids; the service has no list to ask for."""
        return tuple(ImageModelInfo(model, model, "novelai") for model in wire.MODELS)

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        return {"sampler": wire.SAMPLERS, "scheduler": wire.schedules_of(self.model)}.get(setting, ())

    async def check(self) -> Health:
        """Asks for the subscription, which needs an accepted key."""
        account = await self._ask_json("GET", "/user/subscription")
        if not isinstance(account, Mapping):
            raise bad_answer(self.name, "the subscription is no object")
        steps = account.get("trainingStepsLeft")
        anlas = sum(number_of(value) or 0 for value in steps.values()) if isinstance(steps, Mapping) else number_of(steps)
        left = "" if anlas is None else f", {anlas:.0f} Anlas left"
        warnings = [] if self.model in wire.MODELS else [f"The model «{self.model}» is not known here; it is asked for as it is."]
        problems = ("It has no active subscription.",) if account.get("active") is False and not anlas else ()
        return Health(f"tier {account.get('tier', 'unknown')}{left}, drawing with {self.model}", problems, tuple(warnings))

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """One call. Nothing can be adopted after a crash: the picture goes to the call that asked for it."""
        model = spec.model or self.model
        dropped: list[Dropped] = []
        if not spec.prompt.strip():
            raise ProviderError(ErrorKind.INVALID, self.name, "It needs a prompt.")
        parameters = wire.parameters_of(spec, model, self._options, dropped, self.name)
        references = checked(spec.references, self.name, most_bytes=REFERENCE_BYTES)
        async with self._turn:
            sources = await self._sources(spec, model, references, parameters, dropped)
            body = {"input": spec.prompt, "model": model, "action": "img2img" if "image" in sources else "generate"}
            sent = {**body, "parameters": {**parameters, **sources}}
            answer = await self._ask("POST", "/ai/generate-image", seconds=self._seconds, model=model, json=sent)
        image = rendered(await self._picture_in(answer, model), self.name, seed=parameters["seed"])
        return RenderResult((image,), model, (*dropped, *size_came(spec, image)), {**body, **parameters})

    def _failure(self, answer: Answer, model: str = "") -> ProviderError:
        error = super()._failure(answer, model)
        kind, detail = _BY_STATUS.get(answer.status, (error.kind, error.detail))
        return ProviderError(kind, self.name, detail, retry_after=error.retry_after, host_detail=error.host_detail)

    def _check_words(self, answer: Answer, model: str) -> None:
        """Raise what an object instead of a file means; an error that came with a good status has its own in it."""
        if answer.content.lstrip()[:1] == b"{":
            status = json_of(answer, self._config).get("statusCode")
            raise self._failure(replace(answer, status=status if isinstance(status, int) and status >= 400 else 500), model)

    async def _picture_in(self, answer: Answer, model: str) -> bytes:
        """Out of the archive, or the picture itself."""
        if mime_of(answer.content):
            return answer.content
        self._check_words(answer, model)
        return await first_picture_in(answer.content, self.name)

    async def _sources(
        self, spec: RenderSpec, model: str, references: Sequence[Reference], parameters: dict[str, Any], dropped: list[Dropped]
    ) -> dict[str, Any]:
        mode = self._reference_mode(model)
        used = references[: self.capabilities(model).references]
        if len(references) > len(used):
            dropped.append(Dropped("reference images", f"{len(used)} of {len(references)} can be used"))
        if spec.denoise is not None and not (used and mode == "start"):
            dropped.append(Dropped("denoise", "only used with a picture to start from"))
        if not used:
            return {}
        if mode == "vibe":
            return await self._moods(used, model)
        if mode == "character":
            return self._characters(used)
        base = await fitted(base_reference(references), parameters["width"], parameters["height"], self.name)
        strength = in_range(spec.denoise, 0.01, 0.99, "denoise", dropped)
        parameters.update(
            strength=wire.IMAGE_DENOISE if strength is None else strength,
            noise=self._options.noise,
            extra_noise_seed=parameters["seed"],
        )
        return {"image": as_base64(base)}

    async def _moods(self, references: Sequence[Reference], model: str) -> dict[str, Any]:
        """Pictures encoded by the service first, unless the host says otherwise; paid for once as long as this process remembers them."""
        raw = not self._options.encode_vibes
        moods = [as_base64(reference) if raw else await self._mood(reference, model) for reference in references]
        return {
            "reference_image_multiple": moods,
            "reference_strength_multiple": [self._options.reference_strength] * len(moods),
            "reference_information_extracted_multiple": [self._options.information_extracted] * len(moods),
        }

    async def _mood(self, reference: Reference, model: str) -> str:
        key = (hashlib.sha256(reference.data).hexdigest(), model)
        if key not in self._vibes:
            question = {"image": as_base64(reference), "information_extracted": self._options.information_extracted, "model": model}
            answer = await self._ask("POST", "/ai/encode-vibe", seconds=self._seconds, model=model, json=question)
            self._check_words(answer, model)
            if not answer.content or answer.mime.startswith(("text/", "application/json")):
                raise bad_answer(self.name, f"an encoded mood of type {answer.mime or 'none'}")
            while len(self._vibes) >= MOST_VIBES:
                del self._vibes[next(iter(self._vibes))]
            self._vibes[key] = base64.b64encode(answer.content).decode()
        return self._vibes[key]

    def _characters(self, references: Sequence[Reference]) -> dict[str, Any]:
        count = len(references)
        return {
            "director_reference_images": [as_base64(reference) for reference in references],
            "director_reference_descriptions": [
                {"caption": {"base_caption": "character", "char_captions": []}, "legacy_uc": False} for _ in references
            ],
            "director_reference_strength_values": [self._options.reference_strength] * count,
            "director_reference_secondary_strength_values": [0.0] * count,
            "director_reference_information_extracted": [self._options.information_extracted] * count,
        }
