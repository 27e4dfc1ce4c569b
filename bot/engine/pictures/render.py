"""Runs one picture job: draft, approval, queue, render, delivery. Every step is stored, so that a killed process goes on where it was."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from bot.domain.errors import BackendError, PlatformError
from bot.domain.pictures import JobState, Lost, RenderPlan
from bot.engine.failure import failure_of
from bot.engine.pictures.drafting import Drafter
from bot.engine.pictures.fallbacks import next_plan
from bot.engine.pictures.presenter import Presenter, ProgressLine
from bot.engine.pictures.spec import judged_words, spec_of
from bot.engine.pictures.telling import mark_asked, tell_once, worth_telling
from bot.engine.pictures.view import DRAFTING, DRAWING, proposal_text
from bot.engine.services import Services
from bot.storage import chats, jobs, pictures
from bot.storage.records import Chat, Job, Picture
from bot.work.jobs import JobCancelled
from bot.work.queues import BackendQueue, CircuitBreaker, CircuitOpen
from bot.work.retry import Decision, RetryPolicy
from providers.contract import ImageBackend, Progress, RenderResult
from providers.errors import ErrorKind, ProviderError

log = structlog.get_logger(__name__)

DELIVERY_PAUSES = (1.0, 5.0, 20.0, 60.0, 300.0, 900.0)  # seconds; the last one repeats
DELIVERY_LIMIT = 24 * 3600.0  # seconds a finished picture is offered to a platform that does not take it


class _Watch:
    """Turns a backend's reports into progress lines and stores its own job id."""

    def __init__(self, services: Services, job: Job, line: ProgressLine) -> None:
        self.ref = job.ref
        self._services = services
        self._job_id = job.id
        self._line = line

    def progress(self, progress: Progress) -> None:
        self._line.update("drawing", _progress_text(progress), progress.fraction)

    def say(self, text: str) -> None:
        """Show a sentence of our own."""
        self._line.update("drawing", text)

    async def remember(self, ref: str) -> None:
        self.ref = ref
        async with self._services.db.write() as c:
            await jobs.set_ref(c, self._job_id, ref)


def _progress_text(progress: Progress) -> str:
    if progress.stage == "loading":
        return "🖌️ Loading the model… the first picture takes longer."
    if progress.stage == "queued":
        place = "" if progress.place is None else f" — {progress.place + 1}. in the backend's line"
        return f"🖌️ Waiting{place}…"
    done = "" if progress.fraction is None else f" {round(progress.fraction * 100)} %"
    eta = "" if not progress.eta or progress.eta < 2 else f", about {round(progress.eta)} s to go"
    return f"{DRAWING}{done}{eta}"


class PictureWorker:
    """The handler behind ``JobRunner``: one call of ``run`` brings a job as far as it can go."""

    def __init__(
        self, services: Services, presenter: Presenter, drafter: Drafter, queues: Mapping[str, BackendQueue], retry: RetryPolicy
    ) -> None:
        self._services = services
        self._presenter = presenter
        self._drafter = drafter
        self._queues = queues
        self._breakers = {name: CircuitBreaker(name) for name in queues}
        self._retry = retry

    async def run(self, job: Job) -> None:
        """Bring the job to its end, or to a proposal that waits for a person. Errors are shown by ``failed``."""
        chat, picture = await self._load(job)
        if job.state in ("waiting", "drafting"):
            plan = await self._draft(chat, picture, job)
            if plan is None:
                return
        elif job.plan is None:
            raise BackendError("The job lost its plan.")
        else:
            plan = job.plan
        if job.take_id is None:
            # whatever way the plan came about, and whatever was allowed then: nothing is sent unjudged
            self._services.guard.check_picture(chat, *await judged_words(self._services, picture.chat_id, plan), negative=plan.negative)
            await self._draw(picture, job, plan, adult=self._services.guard.adult_allowed(chat))
        await self._deliver(picture, job)

    async def _draft(self, chat: Chat, picture: Picture, job: Job) -> RenderPlan | None:
        """Write the prompt; None when it now waits for approval."""
        await self._state(job, "drafting")
        line = ProgressLine(self._presenter, picture.id)
        line.update("waiting", DRAFTING)
        try:
            plan = await self._drafter.plan(chat, picture.request, redraft=bool(picture.takes))
        finally:
            await line.close()
        self._services.guard.check_picture(chat, *await judged_words(self._services, picture.chat_id, plan), negative=plan.negative)
        ask = not picture.takes and self._services.flow.approval(chat, picture.request.origin, picture.request.overrides.edit) == "ask"
        async with self._services.db.write() as c:
            await jobs.set_plan(c, job.id, plan, "proposed" if ask else "queued")
        # only now: a platform may take its time, and until the plan is stored nothing holds on to its graph and pictures
        await tell_once(self._services, picture, worth_telling(plan, picture.request.overrides))
        if ask:
            await self._insist(picture, lambda: self._propose_once(job, plan))
            return None
        return plan

    async def show_proposal(self, job: Job) -> None:
        """Bring the post of a waiting proposal up to date. Raises ``PlatformError``."""
        if job.plan is not None:
            await self._propose(job.picture_id, job.plan, search=True)

    async def _propose_once(self, job: Job, plan: RenderPlan) -> None:
        """Show a proposal that still waits for an answer."""
        async with self._services.db.read() as c:
            current = await jobs.by_id(c, job.id)
        if current is not None and current.state == "proposed":
            await self._propose(job.picture_id, current.plan or plan, search=True)

    async def _propose(self, picture_id: int, plan: RenderPlan, *, search: bool) -> None:
        await self._presenter.show(picture_id, "proposed", proposal_text(plan), search=search)

    async def _draw(self, picture: Picture, job: Job, plan: RenderPlan, *, adult: bool) -> None:
        """Draw with the plan's backend, or with the fallbacks the host listed for it, each asked once."""
        tried = {plan.backend}
        while True:
            try:
                await self._draw_with(picture, job, plan, adult=adult)
                return
            except (ProviderError, CircuitOpen) as error:
                other = next_plan(self._services, plan, error, tried)
                if other is None:
                    raise
                log.warning("another backend takes over", job=job.id, backend=other.backend, instead_of=plan.backend, why=str(error))
                await self._take_over(picture, job, other, f"⚠️ {error} {other.backend} draws this picture instead.")
                plan, job = other, replace(job, plan=other, ref=None)
                tried.add(other.backend)

    async def _take_over(self, picture: Picture, job: Job, plan: RenderPlan, text: str) -> None:
        """Store who draws now and tell the chat, once a day; a restart goes on with the new backend."""
        async with self._services.db.write() as c:
            await jobs.set_plan(c, job.id, plan)
            await jobs.set_ref(c, job.id, None)
        await tell_once(self._services, picture, {f"fallback {plan.backend} {datetime.now(UTC).date()}": text})

    async def _draw_with(self, picture: Picture, job: Job, plan: RenderPlan, *, adult: bool) -> None:
        backend = self._services.backends.get(plan.backend)
        if backend is None:
            raise BackendError(f"The image backend «{plan.backend}» is no longer configured.")
        line = ProgressLine(self._presenter, picture.id)
        started = time.monotonic()
        try:
            async with self._queues[plan.backend].turn(lambda place: line.update("waiting", _place_text(place))):
                await self._state(job, "drawing")
                started = time.monotonic()
                line.update("drawing", DRAWING)
                result = await self._render(backend, picture.chat_id, job, plan, _Watch(self._services, job, line), adult=adult)
        finally:
            await line.close()
        await self._keep(picture, job, plan, result, time.monotonic() - started)

    async def _render(self, backend: ImageBackend, chat_id: int, job: Job, plan: RenderPlan, watch: _Watch, *, adult: bool) -> RenderResult:
        """Ask the backend; try again where the retry policy says that helps."""
        spec = await spec_of(self._services, chat_id, job, plan, adult=adult)

        async def once() -> RenderResult:
            with self._breakers[backend.name].passing(job.picture_id):
                result = await backend.render(spec, watch)
            if not result.images:
                raise ProviderError(ErrorKind.BAD_ANSWER, backend.name, "There was no picture in it.")
            return result

        def waiting(error: ProviderError, decision: Decision) -> None:
            log.info("render tried again", job=job.id, backend=backend.name, why=decision.why, wait=decision.wait)
            watch.say(f"🖌️ {error} Trying again…")

        try:
            return await self._retry.run(once, on_wait=waiting)
        except asyncio.CancelledError:
            if self._services.jobs.was_cancelled(job.id):
                await self._stop_backend(backend, job, watch.ref)
            raise

    async def _keep(self, picture: Picture, job: Job, plan: RenderPlan, result: RenderResult, seconds: float) -> None:
        """Store the bytes untouched and the take with what was really used."""
        image = result.images[0]
        asset = await self._services.assets.put(image.data)
        request = picture.request
        found = [Lost(setting=d.setting, why=d.why) for d in result.dropped]
        lost = mark_asked(found, request.overrides, from_picture=request.base is not None)
        changes = {
            "seed": image.seed if image.seed is not None else plan.seed,
            "model": result.model or plan.model,
            "lost": tuple(dict.fromkeys((*plan.lost, *lost))),  # a plan drawn before brings what was found then
        }
        used = plan.model_copy(update=changes)
        async with self._services.db.write() as c:
            take = await pictures.add_take(c, picture.id, used, asset.sha, backend_words=_words(result), cost=result.cost, seconds=seconds)
            await jobs.set_take(c, job.id, take.id)
            if request.mode == "background" and not request.overrides.quiet:
                await chats.set_background(c, picture.chat_id, asset.sha)
        await tell_once(self._services, picture, worth_telling(plan.model_copy(update={"lost": lost, "advice": ()}), request.overrides))

    async def _deliver(self, picture: Picture, job: Job) -> None:
        """Show the finished take."""

        async def show() -> None:
            await self._presenter.show(picture.id, "done", await self._drafter.caption(picture.id), search=True)

        await self._insist(picture, show)
        await self._state(job, "done")

    async def _insist(self, picture: Picture, show: Callable[[], Awaitable[object]]) -> None:
        """Show something that must not be lost. A platform that is away is asked again for a day; one that shut us out is not."""
        began, tries = time.monotonic(), 0
        while True:
            try:
                await show()
                return
            except PlatformError as error:
                if error.gone or time.monotonic() - began > DELIVERY_LIMIT:
                    log.warning("picture could not be shown", picture=picture.key, chat=str(picture.chat_key), reason=error.message)
                    return
                pause = DELIVERY_PAUSES[min(tries, len(DELIVERY_PAUSES) - 1)]
                tries += 1
                log.info("delivery tried again", picture=picture.key, pause=pause, reason=error.message)
                await asyncio.sleep(pause)

    async def failed(self, job: Job, error: BaseException) -> None:
        """Tell the chat why there is no picture; keeps the takes that exist."""
        cancelled = isinstance(error, JobCancelled) or (isinstance(error, ProviderError) and error.kind is ErrorKind.CANCELLED)
        try:
            _, picture = await self._load(job)
        except BackendError:
            return
        if cancelled:
            text, retry = "Cancelled.", True
        else:
            failure = failure_of(error, doing="drawing", chat=str(picture.chat_key))
            text, retry = f"⚠️ {failure.sentence}", failure.retry
        async with self._services.db.write() as c:
            await jobs.finish(c, job.id, "cancelled" if cancelled else "failed", text)
        try:
            await self._presenter.show(picture.id, "cancelled" if cancelled else "failed", text, retry=retry, search=True)
        except PlatformError as shut:
            log.warning("end of a job could not be shown", picture=picture.key, text=text, reason=shut.message)

    async def _stop_backend(self, backend: ImageBackend, job: Job, ref: str | None) -> None:
        """A person cancelled: the backend must stop as well."""
        try:
            await backend.cancel(job.key, ref)
        except ProviderError as error:
            log.info("backend could not cancel", job=job.id, kind=str(error.kind))

    async def _state(self, job: Job, state: JobState) -> None:
        async with self._services.db.write() as c:
            await jobs.set_state(c, job.id, state)

    async def _load(self, job: Job) -> tuple[Chat, Picture]:
        async with self._services.db.read() as c:
            picture = await pictures.by_id(c, job.picture_id)
            chat = await chats.by_id(c, picture.chat_id, self._services.defaults) if picture else None
        if picture is None or chat is None:
            raise BackendError("The chat was forgotten meanwhile.")
        return chat, picture


def _words(result: RenderResult) -> str:
    """What the backend said for itself, as the take keeps it."""
    said = {"parameters": result.parameters, "notes": result.notes, "cost": result.cost_text}
    return json.dumps({name: value for name, value in said.items() if value}, default=str)


def _place_text(place: int) -> str:
    return "🖌️ Next in line…" if place == 0 else f"🖌️ Waiting — {place + 1}. in line"
