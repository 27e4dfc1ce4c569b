"""A picture on its way: request → draft → prompt → plan → take (design: the way of a picture)."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from bot.domain.places import ChatKey, Frozen, Person, Place

Mode = Literal["you", "face", "me", "scene", "last", "raw_last", "background", "free"]
MODES: tuple[Mode, ...] = get_args(Mode)
Origin = Literal["words", "tool", "tag", "command", "action", "swipe"]
"""Who asked: the player's words, the character's tool call or scene tag, a command, a message action, a control."""
JobState = Literal["waiting", "drafting", "proposed", "queued", "drawing", "delivering", "done", "failed", "cancelled"]


class Overrides(Frozen):
    """What one call changes for itself; None keeps the chat's setting. Ranges are checked where the call is parsed."""

    negative: str | None = None
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg: float | None = None
    clip_skip: int | None = None
    model: str | None = None
    backend: str | None = None
    style: str | None = None
    sampler: str | None = None
    scheduler: str | None = None
    vae: str | None = None
    hires: bool | None = None
    upscale: float | None = None
    upscaler: str | None = None
    denoise: float | None = None
    second_pass_steps: int | None = None
    restore_faces: bool | None = None
    workflow: str | None = None
    snap: bool | None = None
    extend: bool | None = None
    edit: bool | None = None
    enhance: bool | None = None
    quiet: bool = False


class PictureRequest(Frozen):
    """Somebody wants a picture."""

    chat: ChatKey
    place: Place
    requester: Person
    origin: Origin
    mode: Mode
    subject: str = ""
    """What to draw in mode ``free``; the prompt itself for ``raw_last`` of a chosen message."""
    overrides: Overrides = Overrides()
    reply_to: str | None = None
    """Platform message the picture answers."""
    target_entry: int | None = None
    """The story entry a message action was used on."""
    base: str | None = None
    """Asset hash of the picture to draw from (img2img)."""


class Draft(Frozen):
    """A scene prompt before prefixes."""

    prompt: str
    how: Literal["writer", "verbatim", "fallback", "edited"]
    problem: str = ""
    """Why the writer was not used, for the info card; empty when it was."""


class Prompt(Frozen):
    """The finished pair; ``steps`` says, for people, what was added in which order."""

    positive: str
    negative: str
    steps: tuple[str, ...] = ()


class Lost(Frozen):
    """A wish that the chosen backend cannot honour."""

    setting: str
    why: str
    asked: bool = False
    """Somebody asked for it in this very call, rather than a setting of the chat or the host."""


class RenderPlan(Frozen):
    """Everything needed to draw, without bytes: what a job stores and a take records. Sizes in pixels; ``clip_skip`` as people count."""

    backend: str
    model: str = ""
    mode: Mode = "free"
    draft: str = ""
    """The scene prompt before prefixes, for rewrite and edit."""
    prompt: str
    negative: str = ""
    width: int
    height: int
    seed: int
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
    references: tuple[str, ...] = ()
    """``role:sha256`` in order; roles as in ``providers.contract.Reference``."""
    workflow: str | None = None
    """Name of the ComfyUI workflow, for people."""
    graph: str | None = None
    """Hash of the graph itself, kept for the chat: another take is drawn with the same one."""
    placeholders: dict[str, str] = Field(default_factory=dict)
    lost: tuple[Lost, ...] = ()
    advice: tuple[str, ...] = ()
    """Sentences about settings that leave the range that works."""

    @property
    def from_picture(self) -> bool:
        """Somebody gave a picture to draw from; other references only help."""
        return any(reference.startswith("base:") for reference in self.references)

    @property
    def reference_hashes(self) -> tuple[str, ...]:
        """Asset hashes of the references, in order."""
        return tuple(reference.rpartition(":")[2] for reference in self.references)
