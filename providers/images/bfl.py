"""Black Forest Labs: the FLUX models as tasks that are submitted, polled at the address the answer names, and downloaded at once.

One path per model draws and edits; results live for ten minutes. The task's address is remembered before the wait, so that a
restart goes on waiting instead of paying twice. A task cannot be cancelled. Moderation comes as a task status with HTTP 200.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field

from providers.contract import (
    Dropped,
    Health,
    ImageCapabilities,
    ImageModelInfo,
    Progress,
    ProviderConfig,
    Reference,
    RenderedImage,
    RenderResult,
    RenderSpec,
    RenderWatch,
)
from providers.errors import ErrorKind, ProviderError
from providers.images.bfl_models import MODELS, Shape, fields_of
from providers.images.cloud import CloudBackend, key_of
from providers.images.cloud_errors import Meaning, as_object, bad_answer, refused
from providers.images.polling import Pace, belongs_to, or_anew, recalled, wait_for
from providers.images.references import as_base64, at_most, checked
from providers.images.results import fetched, number_of, size_came
from providers.options import Options, read_options

MODEL = "flux-2-pro"
DOMAINS = ("bfl.ai", "bfl.ml")
"""Polling addresses may name another regional host of the vendor; results come from anywhere and without the key."""
UPLOAD_SECONDS = 90.0
NOT_FOUND = "Task not found"
EARLY_MISSES = 3
"""A task may be unknown for so many looks after it was submitted."""
DOLLARS_PER_CREDIT = 0.01


class BflOptions(Options):
    """Options of ``[images.<name>]`` for this provider."""

    poll_seconds: float = Field(default=1.0, gt=0, le=30)
    """First pause between two looks at a task; it grows to five seconds."""
    safety_tolerance: int | None = Field(default=None, ge=0, le=6)
    """0 is strictest, 5 or 6 mildest by model; unset takes the mildest where adult content is allowed and the service's own elsewhere."""
    output_format: Literal["jpeg", "png", "webp"] = "png"
    """File format asked for."""
    prompt_upsampling: bool | None = None
    """Let the service rewrite prompts, on models that can; unset keeps prompts as they are."""
    raw: bool | None = None
    """Less processed look of flux-pro-1.1-ultra."""
    image_prompt_strength: float | None = Field(default=None, ge=0, le=1)
    """How much a reference picture counts in flux-pro-1.1-ultra; unset takes the service's own (0.1)."""
    reference_bytes: int = Field(default=20_000_000, ge=10_000, le=50_000_000)
    """Most bytes of one reference picture."""
    like: str = MODEL
    """Which known model's fields a model takes that is not known here."""


@dataclass(slots=True)
class Task:
    """A task at the service."""

    id: str
    url: str
    cost: float | None = None
    misses: int = EARLY_MISSES


class BlackForestLabsBackend(CloudBackend):
    """Black Forest Labs' API."""

    MEANINGS: ClassVar = (
        Meaning(re.compile(r"insufficient_credits"), ErrorKind.NO_CREDIT),
        Meaning(re.compile(r"validation_error"), ErrorKind.INVALID),
    )
    ERROR_KEYS: ClassVar = CloudBackend.ERROR_KEYS | {"retry_after", "details"}

    OPTIONS = BflOptions

    def __init__(self, config: ProviderConfig) -> None:
        options = self._options = read_options(config, BflOptions)
        super().__init__(config, {"x-key": key_of(config)}, model=MODEL)
        if options.like not in MODELS:
            detail = f"In [images.{config.name}]: «like» must be one of {', '.join(MODELS)}."
            raise ProviderError(ErrorKind.MISCONFIGURED, config.name, detail)
        self._pace = Pace(first=options.poll_seconds, seconds=self._seconds)

    def _shape(self, model: str) -> Shape:
        return MODELS.get(model) or MODELS[self._options.like]

    def capabilities(self, model: str = "") -> ImageCapabilities:
        shape = self._shape(model or self.model)
        return ImageCapabilities(
            image_to_image=True,
            references=shape.references,
            seed=True,
            steps=shape.steps is not None,
            cfg=shape.guidance is not None,
            model_choice=True,
            sizes=shape.sizes,
            progress=True,
            adopts=True,
            nsfw="refuses",
            prompt_style="sentences",
        )

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """The models known here; the service has no list, the model is the path."""
        return tuple(ImageModelInfo(model, model, shape.family) for model, shape in MODELS.items())

    async def check(self) -> Health:
        """Asks for the credits, which needs an accepted key."""
        answer = await self._ask_json("GET", "/v1/credits")
        left = number_of(answer.get("credits")) if isinstance(answer, Mapping) else None
        warnings = () if self.model in MODELS else (f"«{self.model}» is not known here and is asked like {self._options.like}.",)
        if left is not None and left <= 0:
            warnings = (*warnings, "No credits are left.")
        return Health(
            f"{left:g} credits left, drawing with {self.model}" if left is not None else f"drawing with {self.model}", (), warnings
        )

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw, or go on with the task that an earlier life submitted; a task that is lost or failed is submitted anew."""
        model = spec.model or self.model
        dropped: list[Dropped] = []
        fields = self._fields(spec, model, dropped)
        references = at_most(spec.references, self._shape(model).references, model, dropped)
        task = self._remembered(watch)
        image = await or_anew(self._result(task, spec, watch)) if task else None
        if task is None or image is None:
            task = await self._submit(references, model, fields)
            await watch.remember(json.dumps({"id": task.id, "url": task.url, "cost": "" if task.cost is None else str(task.cost)}))
            image = await self._result(task, spec, watch)
        cost = None if task.cost is None else task.cost * DOLLARS_PER_CREDIT
        price = "" if task.cost is None else f"{task.cost:g} credits"
        return RenderResult((image,), model, (*size_came(spec, image), *dropped), {"model": model, **fields}, cost, price)

    def _fields(self, spec: RenderSpec, model: str, dropped: list[Dropped]) -> dict[str, Any]:
        """The request without its pictures."""
        options, shape = self._options, self._shape(model)
        fields = fields_of(spec, shape, dropped)
        fields["output_format"] = options.output_format
        tolerance = options.safety_tolerance if options.safety_tolerance is not None else (shape.tolerance if spec.adult else None)
        if tolerance is not None:
            fields["safety_tolerance"] = min(tolerance, shape.tolerance)
        if shape.upsampling:
            fields["prompt_upsampling"] = bool(options.prompt_upsampling)
        if shape.raw and options.raw is not None:
            fields["raw"] = options.raw
        if shape.strength and spec.references and options.image_prompt_strength is not None:
            fields["image_prompt_strength"] = options.image_prompt_strength
        return fields

    async def _submit(self, references: tuple[Reference, ...], model: str, fields: dict[str, Any]) -> Task:
        sound = checked(references, self.name, most_bytes=self._options.reference_bytes)
        pictures = dict(zip(self._shape(model).reference_fields(), (as_base64(reference) for reference in sound), strict=False))
        answer = await self._ask_json(
            "POST", f"/v1/{self._in_path(model)}", seconds=UPLOAD_SECONDS, model=model, json={**fields, **pictures}
        )
        answer = answer if isinstance(answer, Mapping) else {}
        task_id, url = answer.get("id"), answer.get("polling_url")
        if not isinstance(task_id, str) or not task_id:
            raise bad_answer(self.name, "no task id in the answer")
        if not url:
            url = f"{self._base}/v1/get_result?id={task_id}"
        if not belongs_to(self._config, url, DOMAINS):
            raise bad_answer(self.name, "the polling address is not the vendor's")
        return Task(task_id, str(url), number_of(answer.get("cost")))

    def _remembered(self, watch: RenderWatch) -> Task | None:
        """The task of an earlier life, if its record is whole and its address the vendor's."""
        record = recalled(watch.ref)
        if not record.get("id") or not belongs_to(self._config, record.get("url"), DOMAINS):
            return None
        return Task(record["id"], record["url"], number_of(record.get("cost")), misses=0)

    async def _result(self, task: Task, spec: RenderSpec, watch: RenderWatch) -> RenderedImage:
        watch.progress(Progress("queued"))

        async def look() -> str | ProviderError | None:
            return await self._look(task, watch)

        return await fetched(self._config, await wait_for(look, self._pace, self.name), seed=spec.seed)

    async def _look(self, task: Task, watch: RenderWatch) -> str | ProviderError | None:
        """The picture's address once it is ready, the error of a task that ended without one, None while it is at work."""
        answer = await self._status(task)
        status = str(answer.get("status") or "")
        if status == "Ready":
            result = answer.get("result")
            sample = result.get("sample") if isinstance(result, Mapping) else None
            return (
                sample
                if isinstance(sample, str) and sample
                else bad_answer(self.name, "Ready without a sample", "There was no picture in it.")
            )
        if status.endswith("Moderated"):
            what = "the words or a reference picture" if status.startswith("Request") else "the finished picture"
            return refused(self.name, f"status {status}{_details(answer)}", f"Its filter objected to {what}.")
        if status == NOT_FOUND and task.misses:
            task.misses -= 1
            return None
        if status in ("Error", "Failed", NOT_FOUND):
            return bad_answer(self.name, f"status {status}{_details(answer)}")
        if status != "Pending":
            raise bad_answer(self.name, f"unknown status «{status[:40]}»")
        fraction = number_of(answer.get("progress"))
        watch.progress(Progress("drawing", min(1.0, max(0.0, fraction)) if fraction is not None else None))
        return None

    async def _status(self, task: Task) -> Mapping[str, Any]:
        try:
            answer = await self._ask_json("GET", task.url)
        except ProviderError as error:
            if error.kind is ErrorKind.MISCONFIGURED:  # a 404 says the same in other words
                return {"status": NOT_FOUND}
            raise
        return answer if isinstance(answer, Mapping) else {}

    def _reshape(self, body: Any) -> Any:
        """``{"error": code, "message", "retry_after"?, "details"?}`` of its guide; its description's ``detail`` list stays."""
        return as_object(body)


def _details(answer: Mapping[str, Any]) -> str:
    """What a task that ended badly says of it, for the log."""
    details = answer.get("details")
    return f" {json.dumps(details)[:300]}" if isinstance(details, Mapping) and details else ""
