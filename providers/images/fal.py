"""fal.ai: hundreds of model endpoints behind one queue with places, logs and cancel.

The addresses of a request are taken as the service names them (they drop the endpoint's sub-path), if they are the vendor's, and
remembered before the wait. A picture that its safety checker blacked out counts as refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import httpx

from providers.contract import (
    Choice,
    Dropped,
    Health,
    ImageCapabilities,
    ImageModelInfo,
    Progress,
    ProviderConfig,
    RenderedImage,
    RenderResult,
    RenderSpec,
    RenderWatch,
)
from providers.errors import ErrorKind, ProviderError
from providers.http import Answer, json_of
from providers.images.cloud import CloudBackend, key_of
from providers.images.cloud_errors import bad_answer, refused
from providers.images.fal_capabilities import capabilities_of
from providers.images.fal_errors import MEANINGS, final, reshaped, typed
from providers.images.fal_models import Endpoint, editors_of
from providers.images.fal_platform import FalPlatform
from providers.images.fal_request import FalOptions, body_of
from providers.images.polling import Pace, belongs_to, or_anew, recalled, wait_for
from providers.images.references import as_data_uri, at_most, checked
from providers.images.results import fetched, number_of, size_came
from providers.options import read_options

MODEL = "fal-ai/flux/dev"
DOMAINS = ("fal.run", "fal.ai")
RESULT_TRIES = 3
"""How often a result that is ready is asked for, where nothing said that the request had failed."""


@dataclass(slots=True)
class Request:
    """One request in the queue."""

    status: str
    response: str
    cancel: str
    cancelled: bool = False
    error: tuple[str, str] = ("", "")
    """(words, type) of a request that failed, as its status told."""
    over: bool = False
    """It came to its end, well or badly: asking for it again brings the same."""

    def record(self) -> str:
        return json.dumps({"status": self.status, "response": self.response, "cancel": self.cancel})


class FalBackend(CloudBackend):
    """fal.ai's queue."""

    SECONDS = 300.0
    MEANINGS: ClassVar = MEANINGS
    ERROR_KEYS: ClassVar = CloudBackend.ERROR_KEYS | {"error_type"}

    OPTIONS = FalOptions

    def __init__(self, config: ProviderConfig) -> None:
        options = self._options = read_options(config, FalOptions)
        super().__init__(config, {"Authorization": f"Key {key_of(config)}"}, model=MODEL)
        self._pace = Pace(first=options.poll_seconds, seconds=self._seconds)
        self._platform = FalPlatform(self._ask_platform)
        self._running: dict[str, Request] = {}

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """By the endpoint's fields; an endpoint that is not known yet only takes a prompt until its description was read."""
        model = model or self.model
        able = self._platform.endpoint(model) or Endpoint(frozenset())
        editors = [known for path in self._editors(model) if (known := self._platform.endpoint(path))]
        return capabilities_of(model, able, editors, self._options.references)

    def _editors(self, model: str) -> tuple[str, ...]:
        if self._options.image_to_image and model == self.model:
            return (self._options.image_to_image,)
        known = self._platform.endpoint(model)
        return editors_of(model) or ((model,) if known and known.takes_pictures else ())

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        return await self._platform.models()

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        known = self._platform.endpoint(self.model)
        return known.schedulers if setting == "scheduler" and known else ()

    async def check(self) -> Health:
        """Asks the platform whether the model exists and is active; a key is only tested by drawing."""
        status = await self._platform.status(self.model)
        problems = () if status else (f"fal has no endpoint «{self.model}».",)
        warnings = (f"«{self.model}» is deprecated there.",) if status == "deprecated" else ()
        return Health(f"drawing with {self.model}", problems, warnings)

    async def _ask_platform(self, path: str, query: Mapping[str, str]) -> Any:
        return await self._ask_json("GET", self._options.platform_url.rstrip("/") + path, params=dict(query))

    # --- one picture ---

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw, or go on with the request that an earlier life put into the queue."""
        model = spec.model or self.model
        dropped: list[Dropped] = []
        path, endpoint = await self._endpoint(model, 0 if self._options.references == 0 else len(spec.references))
        kept = at_most(spec.references, endpoint.most_references(self._options.references), path, dropped)
        pictures = [as_data_uri(r) for r in checked(kept, self.name, most_bytes=self._options.reference_bytes)]
        body, sources = body_of(spec, endpoint, self._options, pictures, dropped)
        request = self._remembered(watch.ref)
        image = await or_anew(self._awaited(request, spec, watch)) if request else None
        if image is None:
            request = await self._submit(path, {**body, **sources}, model)
            await watch.remember(request.record())
            image = await self._awaited(request, spec, watch)
        price = await self._platform.price(path)
        return RenderResult((image,), path, (*size_came(spec, image), *dropped), body, cost_text=price)

    async def _awaited(self, request: Request, spec: RenderSpec, watch: RenderWatch) -> RenderedImage:
        """The request's picture. One that ended badly but may do better is forgotten, so that the next try submits it anew."""
        try:
            return await self._result(request, spec, watch)
        except ProviderError as error:
            if request.over and error.retryable:
                await watch.remember("")
            raise

    async def _endpoint(self, model: str, pictures: int) -> tuple[str, Endpoint]:
        """Where to ask and what may be sent there. Raises ``ProviderError`` (INVALID) when references cannot be used."""
        path = self._in_path(model)
        await self._platform.learn(path)
        if pictures:
            editors = self._editors(model)
            if not editors:
                raise ProviderError(ErrorKind.INVALID, self.name, f"«{model}» cannot draw from a picture.")
            path = editors[-1] if pictures > 1 else editors[0]
            await self._platform.learn(path)
        return path, self._platform.endpoint(path) or Endpoint(frozenset())

    async def _submit(self, path: str, body: dict[str, Any], model: str) -> Request:
        wish = {"X-Fal-Queue-Priority": self._options.priority} if self._options.priority else {}
        answer = await self._ask_json("POST", f"/{path}", seconds=60, model=model, json=body, headers=wish)
        request = self._request(answer, "status_url", "response_url", "cancel_url")
        if request is None:
            raise bad_answer(self.name, "the request's addresses are missing or not the vendor's")
        return request

    def _remembered(self, ref: str | None) -> Request | None:
        return self._request(recalled(ref), "status", "response", "cancel")

    def _request(self, record: Any, *keys: str) -> Request | None:
        """The request whose three addresses stand under ``keys``; None unless all of them are the vendor's."""
        status, response, cancel = (record.get(key) if isinstance(record, Mapping) else None for key in keys)
        if not all(belongs_to(self._config, address, DOMAINS) for address in (status, response, cancel)):
            return None
        return Request(str(status), str(response), str(cancel))

    async def _result(self, request: Request, spec: RenderSpec, watch: RenderWatch) -> RenderedImage:
        self._running[spec.job_key] = request

        async def look() -> bool | None:
            return await self._look(request, watch)

        try:
            await wait_for(look, self._pace, self.name)
            answer = await self._answer(request)
        finally:
            self._running.pop(spec.job_key, None)
        return await self._picture(answer, spec)

    async def _answer(self, request: Request) -> Any:
        """What a finished request came to. A passing failure of the way to it is forgiven, the request's own is not asked about twice."""
        words, kind = request.error
        pace = replace(self._pace, failures=0 if words or kind else RESULT_TRIES - 1)

        async def ask() -> Any:
            found = await self._ask_json("GET", request.response, seconds=60)
            return {} if found is None else found

        try:
            answer = await wait_for(ask, pace, self.name)
        except ProviderError as error:
            request.over = error.kind not in (ErrorKind.UNREACHABLE, ErrorKind.RATE_LIMITED)
            if error.kind is ErrorKind.MISCONFIGURED:
                raise bad_answer(self.name, "the request and its result are gone") from error
            raise
        pictures = isinstance(answer, Mapping) and (answer.get("images") or answer.get("image"))
        if not pictures and (words or kind):
            request.over = True
            body = json.dumps({"detail": words, "error_type": kind}).encode()
            raise self._failure(Answer(0, httpx.Headers(), body))
        return answer

    async def _look(self, request: Request, watch: RenderWatch) -> bool | None:
        """True once the request is over, well or badly: its result's own status tells which."""
        if request.cancelled:
            raise ProviderError(ErrorKind.CANCELLED, self.name)
        try:
            answer = json_of(await self._ask("GET", request.status), self._config)
        except ProviderError as error:
            if error.kind is ErrorKind.MISCONFIGURED:  # 404: the request is gone; so will be its result
                return True
            raise
        status = answer.get("status") if isinstance(answer, Mapping) else None
        if status == "COMPLETED":
            request.error = (str(answer.get("error") or ""), str(answer.get("error_type") or ""))
            return True
        if status not in ("IN_QUEUE", "IN_PROGRESS"):
            raise bad_answer(self.name, f"unknown status «{str(status)[:40]}»")
        place = answer.get("queue_position")
        queued = status == "IN_QUEUE"
        watch.progress(Progress("queued", place=place if isinstance(place, int) else None) if queued else Progress("drawing"))
        return None

    async def _picture(self, answer: Any, spec: RenderSpec) -> RenderedImage:
        found = answer if isinstance(answer, Mapping) else {}
        images = found.get("images") or ([found["image"]] if found.get("image") else [])
        flagged = found.get("has_nsfw_concepts")
        if isinstance(flagged, list) and flagged and flagged[0] is True:
            raise refused(self.name, "has_nsfw_concepts is true", "It blacked the picture out.")
        first = images[0] if isinstance(images, list) and images else None
        url = first.get("url") if isinstance(first, Mapping) else first
        if not isinstance(url, str) or not url:
            raise bad_answer(self.name, f"no picture; {str(found.get('error') or '')[:80]}", "There was no picture in it.")
        seed = number_of(found.get("seed"))
        return await fetched(self._config, url, seed=spec.seed if seed is None else int(seed))

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        """Take the request out of the queue, or stop it where the endpoint can be stopped. False when it was over already."""
        request = self._running.get(job_key) or self._remembered(ref)
        if request is None:
            return False
        try:
            await self._ask("PUT", request.cancel)
        except ProviderError as error:
            if error.kind in (ErrorKind.INVALID, ErrorKind.MISCONFIGURED):
                return False
            raise
        request.cancelled = True
        return True

    def _failure(self, answer: Answer, model: str = "") -> ProviderError:
        answer = typed(answer)
        return final(answer, super()._failure(answer, model))

    def _reshape(self, body: Any) -> Any:
        return reshaped(body)
