"""The AI Horde: volunteers' machines behind one queue, free of charge; an account's kudos buy a better place.

A picture is asked for, looked after and fetched in three calls. Its id is remembered before the waiting begins, so a restart goes on
waiting instead of asking again. What the picture is expected to cost is told with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from providers.contract import (
    Choice,
    Dropped,
    Health,
    ImageCapabilities,
    ImageModelInfo,
    ProviderConfig,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.errors import ErrorKind, ProviderError
from providers.http import Answer, json_of, request
from providers.images import horde_answers as answers
from providers.images import horde_errors
from providers.images import horde_request as wire
from providers.images.answers import picture_from
from providers.images.cloud import QUESTION_SECONDS, CloudBackend, key_of
from providers.images.cloud_errors import bad_answer
from providers.images.families import family_of, prompt_style_of
from providers.images.polling import Pace, wait_for
from providers.images.references import at_most, base_reference, checked
from providers.images.remote_jobs import RemoteJob, RemoteJobs, safe_id
from providers.images.results import size_came
from providers.options import read_options

ANONYMOUS = "0000000000"
REFERENCE_BYTES = 10_000_000
MOST_EXTRA = 5
SUBMIT_SECONDS = 60.0


class HordeBackend(CloudBackend):
    """The AI Horde, or another server of its software."""

    SECONDS = 1200.0
    """The service forgets a request after twenty minutes."""
    MEANINGS: ClassVar = horde_errors.MEANINGS

    OPTIONS = wire.HordeOptions

    def __init__(self, config: ProviderConfig) -> None:
        self._options = read_options(config, wire.HordeOptions)
        super().__init__(config, {"apikey": key_of(config) or ANONYMOUS, "Client-Agent": self._options.client_agent})
        if not re.search(r"/v\d+$", self._base):
            self._base = f"{self._base.removesuffix('/api')}/api/v2"
        self._jobs = RemoteJobs(config.name)

    def capabilities(self, model: str = "") -> ImageCapabilities:
        return ImageCapabilities(
            image_to_image=True,
            references=1 + MOST_EXTRA if self._options.remix else 1,
            negative=True,
            seed=True,
            steps=True,
            cfg=True,
            sampler=True,
            scheduler=True,
            clip_skip=True,
            denoise=True,
            hires=True,
            restore_faces=True,
            model_choice=True,
            count=20,
            sizes=SizeRule(least=wire.LEAST, most=wire.MOST, step=wire.STEP),
            progress=True,
            queue_place=True,
            cancel=True,
            adopts=True,
            model_list=True,
            free=True,
            nsfw="filter",
            prompt_style=prompt_style_of(model or self.model),
        )

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        """Models that workers offer right now, the most offered first."""
        rows = await self._ask_json("GET", "/status/models", params={"type": "image", "model_state": "known"})
        found = [row for row in rows if isinstance(row, Mapping) and row.get("name")] if isinstance(rows, list) else []
        found.sort(key=lambda row: -(answers.finite(row.get("count")) or 0))
        return tuple(ImageModelInfo(str(row["name"]), answers.label_of(row), family_of(str(row["name"]))) for row in found)

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        return {"sampler": wire.SAMPLERS, "scheduler": wire.SCHEDULERS, "upscaler": wire.POST_PROCESSORS}.get(setting, ())

    async def check(self) -> Health:
        """Asks whose key it is; an unknown key is a problem, none a warning."""
        account = await self._ask_json("GET", "/find_user")
        name, kudos = (account.get("username"), account.get("kudos")) if isinstance(account, Mapping) else (None, None)
        models = await super().check()
        warnings = [] if key_of(self._config) else ["No account: pictures wait at the end of the queue and may be shared publicly."]
        who = f"{name or 'unknown account'} with {answers.finite(kudos) or 0:.0f} kudos"
        return Health(f"{who}, {models.summary}", models.problems, tuple(warnings))

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw, or go on waiting for the picture that ``watch.ref`` names when the service still knows it."""
        dropped: list[Dropped] = []
        model = spec.model or self.model
        body = self._body(spec, model, dropped)
        with self._jobs.waiting(spec.job_key) as job:
            said: Mapping[str, Any] = {}
            if watch.ref and await self._knows(watch.ref):
                job.id = watch.ref
            else:
                said = await self._submit(body, job, model)
                await watch.remember(job.id)
            await self._wait(job, watch)
            status = await self._ask_json("GET", f"/generate/status/{job.id}")
        return await self._result(spec, body, status, said, dropped)

    def _body(self, spec: RenderSpec, model: str, dropped: list[Dropped]) -> dict[str, Any]:
        references = checked(spec.references, self.name, most_bytes=REFERENCE_BYTES)
        if references:
            first = base_reference(references)
            ordered = (first, *(r for r in references if r is not first))
            references = at_most(ordered, self.capabilities().references, self.name, dropped)
        body = wire.body_of(spec, self._options, model, references, dropped, self.name)
        if not spec.prompt.strip():
            raise ProviderError(ErrorKind.INVALID, self.name, "It needs a prompt.")
        if len(body["prompt"]) >= wire.MOST_PROMPT:
            raise ProviderError(ErrorKind.INVALID, self.name, "The prompt is too long for it.")
        return body

    async def _knows(self, ref: str) -> bool:
        """Whether a remembered picture is still with the service; one that failed there is asked for anew."""
        if not safe_id(ref):
            return False
        url = f"{self._base}/generate/check/{ref}"
        answer = await request(self._config, "GET", url, timeout=QUESTION_SECONDS, headers=self._headers)
        if answer.status == 404:
            return False
        if answer.status >= 300:
            raise self._failure(answer)
        seen = json_of(answer, self._config)
        return isinstance(seen, Mapping) and not seen.get("faulted")

    async def _submit(self, body: dict[str, Any], job: RemoteJob, model: str) -> Mapping[str, Any]:
        said = await self._ask_json("POST", "/generate/async", seconds=min(self._seconds, SUBMIT_SECONDS), model=model, json=body)
        if not isinstance(said, Mapping) or not safe_id(said.get("id")):
            raise bad_answer(self.name, "no id in the answer")
        job.id = str(said["id"])
        if job.cancelled:
            await self._delete(job.id)
        job.check()
        return said

    async def _wait(self, job: RemoteJob, watch: RenderWatch) -> None:
        pace = Pace(self._options.poll_seconds, self._seconds, factor=1.2, most=6.0)
        try:
            seen = await wait_for(lambda: self._look(job, watch), pace, self.name)
            if seen.get("faulted"):
                raise bad_answer(self.name, "faulted", "Its worker could not draw it.")
            if not seen.get("done"):
                raise ProviderError(ErrorKind.INVALID, self.name, horde_errors.NOBODY)
        except ProviderError as error:
            if error.kind in (ErrorKind.TIMED_OUT, ErrorKind.INVALID):
                await self._delete(job.id)
            raise

    async def _look(self, job: RemoteJob, watch: RenderWatch) -> Mapping[str, Any] | None:
        """The state once nothing is to be waited for any more: done, faulted, or impossible for every machine there is."""
        job.check()
        seen = await self._ask_json("GET", f"/generate/check/{job.id}")
        job.check()
        if not isinstance(seen, Mapping):
            raise bad_answer(self.name, "the state is no object")
        if seen.get("faulted") or seen.get("done") or seen.get("is_possible") is False:
            return seen
        watch.progress(answers.progress_of(seen))
        return None

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        """Withdraw a picture, also one that an earlier life of this process asked for."""
        job = self._jobs.find(job_key)
        if job is not None:
            job.cancelled = True
        known = (job.id if job is not None else "") or ref or ""
        if not known:
            return job is not None
        return await self._delete(known)

    async def _delete(self, ref: str) -> bool:
        if not safe_id(ref):
            return False
        try:
            await self._ask("DELETE", f"/generate/status/{ref}")
        except ProviderError:
            return False
        return True

    async def _result(
        self, spec: RenderSpec, body: dict[str, Any], status: Any, said: Mapping[str, Any], dropped: list[Dropped]
    ) -> RenderResult:
        entry, text, lost = answers.picture_entry(status, self.name)
        image = await picture_from(self._config, text, seed=answers.seed_of(entry, spec.seed))
        kudos = answers.finite(status.get("kudos")) or answers.finite(said.get("kudos"))
        sent = {key: value for key, value in body.items() if key not in ("source_image", "extra_source_images")}
        sent["worker"] = str(entry.get("worker_name") or "")
        price = f"{kudos:g} kudos" if kudos else ""
        reports = (*dropped, *lost, *size_came(spec, image))
        return RenderResult((image,), str(entry.get("model") or ""), reports, sent, cost_text=price, notes=answers.notes_of(said))

    def _json(self, answer: Answer, model: str = "") -> Any:
        """An error code and nothing else is an error, whatever its status."""
        found = super()._json(answer, model)
        if isinstance(found, Mapping) and isinstance(found.get("rc"), str) and set(found) <= {"rc", "message", "errors"}:
            raise self._failure(replace(answer, status=0), model)
        return found

    def _failure(self, answer: Answer, model: str = "") -> ProviderError:
        return horde_errors.with_pause(super()._failure(answer, model))

    def _reshape(self, body: Any) -> Any:
        return horde_errors.reshaped(body)
