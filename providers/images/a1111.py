"""AUTOMATIC1111's web UI and its family (Forge, reForge; stable-diffusion.cpp's subset), through ``/sdapi/v1``.

A picture is one long call. The server draws one at a time and keeps the others waiting inside without a sign; ``/progress`` and
``/interrupt`` speak of whatever is being drawn, not of our call. So calls of one backend go one after the other, and both are
used only while the picture being drawn can be ours (see ``a1111_progress``). Hanging up does not stop the server: a picture
cancelled while it waits there is drawn later and thrown away.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from providers.contract import (
    Choice,
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
from providers.hosts import is_private_url
from providers.http import Answer, json_of, request
from providers.images import a1111_request as wire
from providers.images.a1111_answer import result_of
from providers.images.a1111_errors import NO_API, failure, says_error
from providers.images.a1111_lists import ServerLists
from providers.images.a1111_progress import RunningCall, follow_progress
from providers.images.a1111_wishes import WishReader, few
from providers.images.auth import authorization
from providers.images.cloud import QUESTION_SECONDS
from providers.images.families import prompt_style_of
from providers.images.references import base_reference, checked
from providers.images.self_hosted import PICTURE_SECONDS
from providers.options import Options, read_options

RESCAN_SECONDS = 5.0
REFERENCE_BYTES = 20_000_000
LEFT_SECONDS = 15.0
"""So long after our side hung up, a picture of the right shape counts as the one we left."""


class A1111Options(Options):
    """Options of ``[images.<name>]`` for this provider."""

    user: str = ""
    """User of ``--api-auth``; ``api_key = "user:password"`` does the same."""
    password: SecretStr | None = None
    """Password of the server's `--api-auth`."""
    steps: int = Field(default=25, ge=1, le=500)
    """Sampling steps when nobody chose a number."""
    poll_seconds: float = Field(default=0.7, gt=0, le=60)
    """Pause between two questions for progress."""


class Automatic1111Backend:
    """One AUTOMATIC1111-type server."""

    OPTIONS: ClassVar[type[A1111Options]] = A1111Options
    SCHEDULERS: ClassVar[bool] = True
    """A scheduler is a setting apart from the sampler."""

    def __init__(self, config: ProviderConfig) -> None:
        self.name = config.name
        self.model = config.model
        self._config = config
        self._options = read_options(config, self.OPTIONS)
        self._headers = authorization(config, self._options.user, self._options.password)
        self._base = config.base_url.rstrip("/").removesuffix("/sdapi/v1").rstrip("/") + "/sdapi/v1/"
        self._lists = ServerLists(self._get_or_none)
        self._wishes = WishReader(config, self._lists, self._options.steps, schedulers=self.SCHEDULERS)
        self._turn = asyncio.Lock()
        self._calls: dict[str, RunningCall] = {}
        self._left: tuple[str, RunningCall, float] | None = None
        self._has_progress = True
        self._connection_suspect = False
        self._worked = False

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """One reference picture as the start of image-to-image. A server without ``/progress`` can neither report nor cancel."""
        return ImageCapabilities(
            image_to_image=True,
            references=1,
            negative=True,
            seed=True,
            steps=True,
            cfg=True,
            sampler=True,
            scheduler=True,
            clip_skip=True,
            denoise=True,
            vae=True,
            hires=True,
            restore_faces=True,
            loras=True,
            model_choice=True,
            sizes=SizeRule(least=wire.LEAST, most=wire.MOST, step=wire.STEP),
            progress=self._has_progress,
            cancel=self._has_progress,
            model_list=True,
            free=True,
            local=is_private_url(self._config.base_url),
            nsfw="none",
            prompt_style=prompt_style_of(model or self.model),
        )

    async def models(self, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        """Checkpoints by title; ``refresh`` has the server look through its folders again."""
        if refresh:
            try:
                await self._ask("POST", "refresh-checkpoints", seconds=RESCAN_SECONDS)
            except ProviderError as error:
                if error.kind is not ErrorKind.TIMED_OUT:  # it waits for the picture being drawn
                    raise
        return await self._lists.models(refresh=refresh)

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        return await self._lists.names(setting)

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw. Nothing can be adopted after a crash: the server hands a picture to the call that asked for it and to nobody else."""
        references = checked(spec.references, self.name, most_bytes=REFERENCE_BYTES)
        base = base_reference(references) if references else None
        call = RunningCall()
        self._calls[spec.job_key] = call
        try:
            async with self._turn:
                call.check(self.name)
                wishes, dropped = await self._wishes.of(spec)
                route, body = await self._request(spec, wishes, base)
                answer = await self._draw(route, body, call, watch)
            # decoding megabytes of base64 is no work for the event loop
            return await asyncio.to_thread(result_of, self.name, spec, answer, body, wishes, dropped)
        except asyncio.CancelledError:
            # Our side ended first; the server draws on, and ``cancel`` may still be told to stop it.
            if call.task is not None:
                self._left = (spec.job_key, call, time.monotonic())
            raise
        finally:
            if self._calls.get(spec.job_key) is call:
                del self._calls[spec.job_key]

    async def _request(self, spec: RenderSpec, wishes: wire.Wishes, base: Reference | None) -> tuple[str, dict[str, Any]]:
        """The route and the body of one picture."""
        return wire.route_of(base, wishes, wire.body_of(spec, wishes))

    async def _draw(self, route: str, body: dict[str, Any], call: RunningCall, watch: RenderWatch) -> dict[str, Any]:
        call.steps = body["steps"] if route == "txt2img" and not body.get("enable_hr") else None
        call.foreign = await self._foreign_job()
        call.task = asyncio.ensure_future(self._post(route, body))
        ears = asyncio.ensure_future(follow_progress(self._progress, call, watch, self._options.poll_seconds))
        try:
            await asyncio.wait({call.task})
            call.check(self.name)
            answer = call.task.result()
            if not isinstance(answer, dict):
                raise ProviderError(ErrorKind.BAD_ANSWER, self.name, host_detail="the answer is no object")
            return answer
        except ProviderError as error:
            if error.kind is ErrorKind.TIMED_OUT:
                await self._stop(call)  # or the next try would wait behind a picture nobody wants
            raise
        finally:
            call.task.cancel()
            ears.cancel()
            await asyncio.gather(call.task, ears, return_exceptions=True)

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        """Interrupt our picture while it is being drawn; while it only waits inside the server, hang up.

        Also right after ``render`` itself was cancelled: hanging up does not stop the server.
        """
        call = self._calls.get(job_key) or self._just_left(job_key)
        if call is None or call.cancelled:
            return False
        call.cancelled = True
        return await self._stop(call)

    async def _stop(self, call: RunningCall) -> bool:
        """Interrupt our picture when the server is at work on it; hang up otherwise, or when it cannot be asked."""
        if call.task is None:
            return True
        try:
            call.see(await self._progress() or {})
            if call.drawing and (await self._ask("POST", "interrupt")).status < 300:
                return True
        except ProviderError as error:
            if error.kind is ErrorKind.UNAUTHORISED:
                raise
        call.task.cancel()
        return True

    def _just_left(self, job_key: str) -> RunningCall | None:
        if self._left is None or self._left[0] != job_key:
            return None
        (_, call, when), self._left = self._left, None
        return call if time.monotonic() - when < LEFT_SECONDS else None

    async def check(self) -> Health:
        models = await self._lists.models(refresh=True)
        saved = await self._lists.saved()
        if not models and not saved:
            raise ProviderError(ErrorKind.MISCONFIGURED, self.name, NO_API)
        kind = await self._server_kind()
        current = str(saved.get("sd_model_checkpoint") or "")
        problems = [] if models else ["It has no checkpoint: put a model into models/Stable-diffusion."]
        warnings = []
        if self.model and models and not any(wire.same_model(self.model, m.id) for m in models):
            problems.append(f"The configured model «{self.model}» is not there. It has: {few([m.label for m in models])}.")
        if not self._has_progress:
            warnings.append("It reports no progress and cannot be interrupted.")
        using = self.model or current
        summary = f"{kind}, {len(models)} model{'' if len(models) == 1 else 's'}" + (f", drawing with {using}" if using else "")
        return Health(summary, tuple(problems), tuple(warnings))

    async def close(self) -> None:
        for call in self._calls.values():
            if call.task is not None:
                call.task.cancel()

    # --- the wire ---

    async def _ask(self, method: str, route: str, *, seconds: float = QUESTION_SECONDS, **parts: Any) -> Answer:
        return await request(self._config, method, self._base + route, timeout=seconds, headers=self._headers, **parts)

    async def _get_or_none(self, route: str) -> Any:
        answer = await self._ask("GET", route)
        if answer.status == 404:
            return None
        if answer.status >= 300:
            raise failure(self._config, answer)
        return json_of(answer, self._config)

    async def _post(self, route: str, body: dict[str, Any]) -> Any:
        seconds = self._config.timeout or PICTURE_SECONDS
        try:
            answer = await self._ask("POST", route, seconds=seconds, json=body)
        except ProviderError as error:
            # After an unhandled 500 the server drops the kept connection, and the next call on it is reset before it is read.
            if not self._connection_suspect or error.kind is not ErrorKind.UNREACHABLE:
                raise
            self._connection_suspect = False
            answer = await self._ask("POST", route, seconds=seconds, json=body)
        self._connection_suspect = answer.status >= 500
        if answer.status >= 300:
            raise failure(self._config, answer, worked=self._worked)
        said = await asyncio.to_thread(json_of, answer, self._config)
        if says_error(said):
            raise failure(self._config, dataclasses.replace(answer, status=500))
        self._worked = True
        return said

    async def _progress(self) -> dict[str, Any] | None:
        """The server's progress, or None where it has none (stable-diffusion.cpp)."""
        found = await self._get_or_none("progress?skip_current_image=true")
        self._has_progress = found is not None
        return found if isinstance(found, dict) else None

    async def _foreign_job(self) -> str:
        """The time stamp of a picture that somebody else is having drawn right now; empty when the server is idle."""
        try:
            state = (await self._progress() or {}).get("state")
        except ProviderError as error:
            if error.kind is not ErrorKind.BAD_ANSWER:
                raise
            return ""
        if not isinstance(state, dict) or not state.get("job_count"):
            return ""
        return str(state.get("job_timestamp") or "")

    async def _server_kind(self) -> str:
        if await self._progress() is None:
            return "stable-diffusion.cpp server"
        return "Forge" if await self._lists.is_forge() else "AUTOMATIC1111-type server"
