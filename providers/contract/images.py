"""Image backends: what a model can do, a request, what comes of it, and the protocol a provider keeps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from providers.contract.config import Health
from providers.grid import on_grid, within_pixels


@dataclass(frozen=True, slots=True)
class SizeRule:
    """Which sizes a model takes, in pixels. With ``fixed`` only those; else sides in range and multiples of ``step``."""

    least: int = 64
    most: int = 2048
    step: int = 8
    fixed: tuple[tuple[int, int], ...] = ()
    ratios: tuple[tuple[int, int], ...] = ()
    """Aspect ratios the service takes instead of pixels; the adapter picks the nearest and reports the size that came."""
    max_pixels: int | None = None
    min_pixels: int = 0
    """Width × height."""

    def nearest(self, width: int, height: int) -> tuple[int, int]:
        """The size to ask for; one that fits already is unchanged. Aspect ratios are the adapter's own business.

        Of a fixed list the nearest shape wins, then the nearest area. Where no size of the shape fits, the shape gives way.
        """
        if self.fixed:
            shape = math.log(width / height)
            return min(self.fixed, key=lambda s: (round(abs(math.log(s[0] / s[1]) - shape), 6), abs(s[0] * s[1] - width * height)))
        scale = max(1.0, math.sqrt(self.min_pixels / (width * height)))
        scale = min(scale, self.most / max(width, height))
        if self.max_pixels:
            scale = min(scale, math.sqrt(self.max_pixels / (width * height)))
        width, height = (on_grid(int(side * scale + 0.5), self.step, self.least, self.most) for side in (width, height))
        while width * height < self.min_pixels and min(width, height) + self.step <= self.most:
            width, height = (width + self.step, height) if width <= height else (width, height + self.step)
        return within_pixels(width, height, self.max_pixels, self.step) if self.max_pixels else (width, height)


@dataclass(frozen=True, slots=True)
class ImageCapabilities:
    """What an image model honours, as data. A False setting is dropped and reported, never passed on in silence."""

    text_to_image: bool = True
    image_to_image: bool = False
    references: int = 0
    """Most reference images at once."""
    negative: bool = False
    negative_in_words: bool = False
    """Has no negative prompt, but follows instructions: what to leave out can be said in the prompt."""
    seed: bool = False
    steps: bool = False
    cfg: bool = False
    sampler: bool = False
    scheduler: bool = False
    clip_skip: bool = False
    denoise: bool = False
    vae: bool = False
    hires: bool = False
    restore_faces: bool = False
    loras: bool = False
    workflows: bool = False
    model_choice: bool = False
    count: int = 1
    """Most pictures in one request."""
    sizes: SizeRule = SizeRule()
    progress: bool = False
    queue_place: bool = False
    cancel: bool = False
    adopts: bool = False
    """A job interrupted by our crash is found again by its job key or remembered reference instead of being paid for twice."""
    model_list: bool = False
    free: bool = False
    local: bool = False
    nsfw: Literal["none", "filter", "refuses", "unknown"] = "unknown"
    """``none``: no filter of its own."""
    prompt_style: Literal["tags", "sentences"] = "tags"


@dataclass(frozen=True, slots=True)
class ImageModelInfo:
    """One model a backend offers. ``family`` such as sd15, sdxl, pony, illustrious, flux, sd3; empty when unknown."""

    id: str
    label: str
    family: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference image by value, in the order the prompt speaks of them."""

    data: bytes
    mime: str
    role: Literal["base", "character", "persona", "background"] = "base"


@dataclass(frozen=True, slots=True)
class RenderSpec:
    """The immutable request to an image backend. None leaves a knob at the model's default.

    ``job_key`` is the same on every retry of one job. ``cfg`` is guidance; ``upscale`` the hires factor. ``clip_skip`` counts
    as people do (1 = none, 2 = last but one). ``seed`` is fixed before a job starts, so that a retry draws the same picture.
    """

    job_key: str
    prompt: str
    negative: str = ""
    width: int = 512
    height: int = 512
    seed: int = 0
    model: str = ""
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    clip_skip: int | None = None
    denoise: float | None = None
    vae: str | None = None
    hires: bool = False
    upscale: float | None = None
    upscaler: str | None = None
    second_pass_steps: int | None = None
    restore_faces: bool = False
    references: tuple[Reference, ...] = ()
    workflow: str | None = None
    """ComfyUI graph in API format with placeholders, as JSON text; None takes the backend's default."""
    adult: bool = False
    """Adult content is allowed where this picture goes; services with a switch of their own are told."""
    placeholders: dict[str, str] = field(default_factory=dict)
    """Custom workflow placeholders, name without percent signs → value, macros already expanded."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a render is. ``fraction`` 0–1; ``place`` 0 = next; ``eta`` in seconds."""

    stage: Literal["queued", "loading", "drawing"]
    fraction: float | None = None
    place: int | None = None
    eta: float | None = None


@dataclass(frozen=True, slots=True)
class RenderedImage:
    """Bytes as the backend sent them, untouched. ``seed`` is the one really used, if it said so."""

    data: bytes
    mime: str
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A setting that was not honoured, and why, for people: «negative prompt: FLUX has none»."""

    setting: str
    why: str


@dataclass(frozen=True, slots=True)
class RenderResult:
    """What came of a render. ``parameters`` is what was really sent, for the take's record; no secrets, no image bytes."""

    images: tuple[RenderedImage, ...]
    model: str = ""
    dropped: tuple[Dropped, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    cost: float | None = None
    """US dollars, if the provider said so."""
    cost_text: str = ""
    """The price in the service's own coin («12 kudos»), if it said so."""
    notes: tuple[str, ...] = ()
    """What else the person should know, one sentence each (a warning of the service)."""


Choice = Literal["sampler", "scheduler", "vae", "upscaler", "lora"]
"""What a service may have a list of names for."""


class RenderWatch(Protocol):
    """The caller's ear while a render runs."""

    ref: str | None
    """What ``remember`` was given in an earlier life of this job; None on a first attempt."""

    def progress(self, progress: Progress) -> None:
        """Report; cheap, never raises, may be called often."""
        ...

    async def remember(self, ref: str) -> None:
        """Store the provider's own id or polling address before waiting for it, so that a restart can go on."""
        ...


class ImageBackend(Protocol):
    """An image service. Raises ``ProviderError`` only (kind ``CANCELLED`` when ``cancel`` ended it).

    A backend receives only settings its capabilities declare; the engine has dropped and reported the rest. What it finds out
    by itself (an unknown sampler replaced by the server) it reports in ``RenderResult.dropped``.
    """

    name: str
    model: str

    def capabilities(self, model: str = "") -> ImageCapabilities:
        """For a model id, or for the configured one."""
        ...

    async def models(self, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        """Models on offer, cached for some minutes; empty where the service has no list."""
        ...

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        """Names the service knows for a setting; empty where it has no list."""
        ...

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        """Draw. Called again with the same ``job_key`` and the remembered ``watch.ref`` after a crash."""
        ...

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        """Stop a running or waiting job of ours and nobody else's; False when the service cannot or did not."""
        ...

    async def check(self) -> Health: ...

    async def close(self) -> None: ...
