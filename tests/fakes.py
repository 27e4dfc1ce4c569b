"""Stand-ins for what the engine talks to (a chat model, an image backend, a chat platform), and an engine wired to them.

They do what a test queued and remember what they were asked; anything a test did not queue is answered in the plainest way.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import json
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from PIL import Image

from bot.domain.errors import FileTooLarge, PlatformError
from bot.domain.events import Attachment
from bot.domain.places import ChatKey
from bot.domain.posts import Form, PictureView, Post, Rows, Shown, Speaker
from providers.contract import (
    ChatCapabilities,
    ChatEvent,
    ChatRequest,
    Choice,
    Dropped,
    End,
    Health,
    ImageCapabilities,
    ImageModelInfo,
    Progress,
    RenderedImage,
    RenderResult,
    RenderSpec,
    RenderWatch,
    TextDelta,
    ToolCall,
    Usage,
    WorkflowFacts,
)
from providers.errors import ErrorKind, ProviderError
from providers.images.comfyui_check import read_workflow

SHIPPED = {
    "1": {"class_type": "KSampler", "inputs": {"seed": "%seed%", "positive": ["2", 0]}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "%prompt%"}},
}
"""The workflow every fake backend ships."""
Answer = str | Exception | Sequence[ChatEvent] | Callable[[ChatRequest], Awaitable[Sequence[ChatEvent]]]
ABLE = ImageCapabilities(
    image_to_image=True, references=2,
    negative=True, seed=True, steps=True, cfg=True, sampler=True, scheduler=True, clip_skip=True, hires=True,
    denoise=True, vae=True, model_choice=True, workflows=True, cancel=True, adopts=True,
)  # fmt: skip


def png(width: int = 64, height: int = 48, colour: str | tuple[int, int, int] = "teal") -> bytes:
    """A small picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


def called(prompt: str, name: str = "generate_image", arguments: str | None = None) -> ToolCall:
    """A tool call of a model."""
    return ToolCall(f"call-{prompt[:8]}", name, arguments if arguments is not None else f'{{"prompt": "{prompt}"}}')


class FakeChat:
    """Answers what was queued, one item for each request: a text (in two pieces), an error, events, or a function that makes
    them. With nothing queued it says ``usual``."""

    def __init__(self, name: str = "main", *, usual: str = "The lamp flickers.", **able: object) -> None:
        self.name, self.model, self.usual = name, f"{name}-model", usual
        self.queued: deque[Answer] = deque()
        self.requests: list[ChatRequest] = []
        self.able = replace(ChatCapabilities(window=8192, max_output=1024), **able)  # type: ignore[arg-type]
        self.closed = 0
        """Streams that were ended."""

    def queue(self, *answers: Answer) -> None:
        self.queued.extend(answers)

    def capabilities(self) -> ChatCapabilities:
        return self.able

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        self.requests.append(request)
        answer = self.queued.popleft() if self.queued else self.usual
        if isinstance(answer, Exception):
            if isinstance(answer, ProviderError) and answer.window:
                self.able = replace(self.able, window=answer.window)  # as the real ones remember it
            raise answer
        if callable(answer):
            answer = await answer(request)
        try:
            for event in _events(answer, request):
                yield event
        finally:
            self.closed += 1

    async def check(self) -> Health:
        return Health("there")

    async def close(self) -> None:
        return None


def _events(answer: str | Sequence[ChatEvent], request: ChatRequest) -> Sequence[ChatEvent]:
    if not isinstance(answer, str):
        return (*answer, *(() if any(isinstance(e, End) for e in answer) else (End("stop"),)))
    middle = len(answer) // 2
    return (
        TextDelta(answer[:middle]),
        TextDelta(answer[middle:]),
        Usage(prompt=sum(len(m.text) for m in request.messages) // 4, completion=9),
        End("stop"),
    )


class FakeBackend:
    """Draws small pictures, each of another colour. ``queued`` holds errors, results or bytes for the next requests; ``gate``
    keeps a request waiting until it is set."""

    def __init__(self, name: str = "easel", *, model: str = "plain", able: ImageCapabilities = ABLE) -> None:
        self.name, self.model, self.able = name, model, able
        self.queued: deque[Exception | bytes | RenderResult] = deque()
        self.gate: asyncio.Event | None = None
        self.entered = asyncio.Event()
        """Set when a request has arrived."""
        self.specs: list[RenderSpec] = []
        self.refs: list[str | None] = []
        """What each request remembered from an earlier life."""
        self.cancelled: list[tuple[str, str | None]] = []
        self.lists: dict[Choice, tuple[str, ...]] = {"sampler": ("Euler a", "DPM++ 2M")}
        self.workflow_problems: tuple[str, ...] = ()
        """What checking a workflow finds besides its text."""
        self.remembers: str | None = None
        """The backend's own id, told to the watch before drawing."""
        self.dropped: tuple[Dropped, ...] = ()

    def capabilities(self, model: str = "") -> ImageCapabilities:
        return self.able

    async def models(self, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        return (ImageModelInfo("plain", "Plain"), ImageModelInfo("oil", "Oil paint"))

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        return self.lists.get(setting, ())

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        self.specs.append(spec)
        self.refs.append(watch.ref)
        if self.remembers:
            await watch.remember(self.remembers)
        self.entered.set()
        if self.gate is not None:
            watch.progress(Progress("drawing", 0.5))
            await self.gate.wait()
        outcome = self.queued.popleft() if self.queued else png(colour=(len(self.specs) * 37 % 256, spec.seed % 256, 90))
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, RenderResult):
            return outcome
        return RenderResult((RenderedImage(outcome, "image/png", spec.seed),), model=spec.model or self.model, dropped=self.dropped)

    def read_workflow(self, text: str) -> WorkflowFacts:
        return read_workflow(self.name, text)

    async def check_workflow(self, text: str) -> tuple[str, ...]:
        return (*self.read_workflow(text).problems, *self.workflow_problems)

    def shipped_workflows(self) -> Mapping[str, str]:
        return {"shipped": json.dumps(SHIPPED)}

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        self.cancelled.append((job_key, ref))
        return True

    async def check(self) -> Health:
        return Health("there")

    async def close(self) -> None:
        return None


def provider_error(kind: ErrorKind, **more: object) -> ProviderError:
    """An error of a provider called main."""
    return ProviderError(kind, "main", **more)  # type: ignore[arg-type]


@dataclass(slots=True)
class FakeReply:
    """A reply in the making, as the platform saw it."""

    platform: FakePlatform
    chat: ChatKey
    speaker: Speaker
    reply_to: str | None
    existing: tuple[str, ...]
    posted: Callable[[str], Awaitable[None]]
    shown: list[str] = field(default_factory=list)
    text: str | None = None
    """The final text; None until it was finished."""
    discarded: bool = False

    def show(self, text: str) -> None:
        self.shown.append(text)

    async def finish(self, text: str, rows: Rows = ()) -> tuple[str, ...]:
        self.platform.fail("finish")
        ids = self.existing[:1] or (self.platform.new_id(),)
        if not self.existing:
            await self.posted(ids[0])
        self.text = text
        return ids

    async def discard(self) -> None:
        self.discarded = True


class FakePlatform:
    """Remembers everything it was told. ``faults`` names what fails next: («post» | «show» | «finish» | «delete», error)."""

    name: str

    def __init__(self, name: str = "telegram") -> None:
        self.name = name
        self.posts: list[tuple[ChatKey, Post]] = []
        self.shows: list[PictureView] = []
        self.replies: list[FakeReply] = []
        self.deleted: list[str] = []
        self.searched: list[str] = []
        self.findable: dict[str, str] = {}
        """Picture key → message, for posts whose confirmation was lost."""
        self.files: dict[str, bytes] = {}
        self.avatars: dict[str, bytes] = {}
        """Person → the picture they show of themselves."""
        self.faults: deque[tuple[str, Exception]] = deque()
        self.uploads: list[int] = []
        self.handles = True
        self.news = asyncio.Event()
        self._ids = itertools.count(5000)

    def new_id(self) -> str:
        return str(next(self._ids))

    def fail(self, call: str) -> None:
        """Raise the next fault if it is meant for this call."""
        if self.faults and self.faults[0][0] == call:
            raise self.faults.popleft()[1]

    async def open_reply(
        self,
        chat: ChatKey,
        *,
        speaker: Speaker,
        reply_to: str | None,
        existing: tuple[str, ...],
        posted: Callable[[str], Awaitable[None]],
    ) -> FakeReply:
        reply = FakeReply(self, chat, speaker, reply_to, existing, posted)
        self.replies.append(reply)
        return reply

    async def post(self, chat: ChatKey, post: Post) -> str:
        self.fail("post")
        self.posts.append((chat, post))
        return self.new_id()

    async def edit(self, chat: ChatKey, message_id: str, post: Post) -> None:
        self.fail("edit")
        self.posts.append((chat, post))

    async def show(self, view: PictureView) -> Shown:
        self.fail("show")
        self.shows.append(view)
        take = view.shown
        uploaded = take.size if take is not None and view.state == "done" and take.handle is None else 0
        self.uploads.append(uploaded)
        handles = {t.id: t.handle for t in view.takes if t.handle}
        if take is not None and view.state == "done" and self.handles:
            handles.setdefault(take.id, f"file-{take.id}")
        self.news.set()
        return Shown(view.message_id or self.new_id(), handles, uploaded)

    async def find(self, chat: ChatKey, key: str) -> str | None:
        self.searched.append(key)
        return self.findable.get(key)

    async def delete(self, chat: ChatKey, message_ids: tuple[str, ...]) -> None:
        self.fail("delete")
        self.deleted.extend(message_ids)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        self.fail("fetch")
        if attachment.handle not in self.files:
            raise PlatformError("The file is gone.")
        data = self.files[attachment.handle]
        if len(data) > limit:
            raise FileTooLarge()
        return data

    async def avatar(self, chat: ChatKey, person_id: str, limit: int) -> bytes | None:
        self.fail("avatar")
        return self.avatars.get(person_id)

    # for assertions

    @property
    def said(self) -> list[str]:
        """Final texts of replies, in order."""
        return [reply.text for reply in self.replies if reply.text is not None]

    @property
    def notices(self) -> list[str]:
        """Texts of posts."""
        return [post.text for _, post in self.posts]

    @property
    def buttons(self) -> list[str]:
        """Control ids of the newest post."""
        return [button.id for row in self.posts[-1][1].rows for button in row] if self.posts else []

    @property
    def states(self) -> list[str]:
        """The states pictures were shown in, repetitions left out."""
        return [state for state, _ in itertools.groupby(view.state for view in self.shows)]


class FakeResponder:
    """The way back to a person who used a command or a control."""

    def __init__(self) -> None:
        self.answers: list[Post] = []
        self.forms: list[Form] = []

    async def answer(self, post: Post) -> str | None:
        self.answers.append(post)
        return None if post.private else f"answer-{len(self.answers)}"

    async def ask(self, form: Form) -> None:
        self.forms.append(form)

    @property
    def text(self) -> str:
        """The newest answer."""
        return self.answers[-1].text if self.answers else ""
