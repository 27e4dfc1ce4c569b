"""Rows as the rest of the program sees them: plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.domain.chat_settings import ChatSettings
from bot.domain.pictures import JobState, PictureRequest, RenderPlan
from bot.domain.places import ChatKey, Person, Place

EntryKind = Literal["player", "character", "narrator", "picture", "note"]
InboxState = Literal["received", "working", "delivering", "done", "failed"]
ProposalState = Literal["open", "approved", "dismissed", "expired"]


@dataclass(frozen=True, slots=True)
class Chat:
    """A story in one place."""

    id: int
    key: ChatKey
    place: Place
    character_id: int | None
    settings: ChatSettings
    background: str | None
    """Asset hash of the chat's background picture."""
    head: str | None
    """The frozen stable head of the durable context, macros expanded; None to build it anew."""
    head_mark: str
    """Fingerprint of what the head was built from."""
    first_entry: int
    """Id of the oldest entry inside the context window; older ones are trimmed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, with the text of its chosen variant."""

    id: int
    chat_id: int
    kind: EntryKind
    text: str
    variant_id: int | None
    author_id: str
    author_name: str
    character_id: int | None
    picture_id: int | None
    reply_to: int | None
    """Entry it answers."""
    hidden: bool
    """Not part of what the model reads."""
    created_at: datetime
    extra: dict[str, Any] = field(default_factory=dict)
    """The variant's own record: finish, usage, provider_extra, tool calls."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """An incoming event, stored before work starts."""

    id: int
    kind: Literal["message", "command", "press", "form"]
    payload: str
    """The event's JSON."""
    state: InboxState
    """Of a message: ``working`` once its entry is stored, ``delivering`` once the reply's is."""
    entry_id: int | None
    reply_entry_id: int | None
    posted: tuple[str, ...]
    """Messages of the reply that exist on the platform so far."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One stored image: SHA-256, mime type, size in pixels and in bytes."""

    sha: str
    mime: str
    width: int
    height: int
    size: int


@dataclass(frozen=True, slots=True)
class Take:
    """One rendered image."""

    id: int
    picture_id: int
    position: int
    plan: RenderPlan
    asset: str
    mime: str
    width: int
    height: int
    size: int
    handle: str | None
    backend_words: str
    """What the backend itself reported as used, as JSON text."""
    cost: float | None
    seconds: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture post with its takes in order."""

    id: int
    key: str
    chat_id: int
    chat_key: ChatKey
    entry_id: int | None
    request: PictureRequest
    shown: int
    message_id: str | None
    reply_to: str | None
    spoiler: bool
    deleted: bool
    created_at: datetime
    takes: tuple[Take, ...] = ()

    @property
    def current(self) -> Take | None:
        """The take its post shows; None before the first was drawn."""
        return self.takes[min(self.shown, len(self.takes) - 1)] if self.takes else None


@dataclass(frozen=True, slots=True)
class Job:
    """Durable work: one render for one picture."""

    id: int
    picture_id: int
    state: JobState
    plan: RenderPlan | None
    """None until drafted."""
    requester: Person
    attempts: int
    ref: str | None
    """The backend's own id, remembered for adoption after a crash."""
    take_id: int | None
    error: str
    created_at: datetime

    @property
    def key(self) -> str:
        """The same on every retry: what backends receive as ``job_key``."""
        return f"vignette-{self.picture_id}-{self.id}"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A prompt waiting for approval, or an offer to draw. Valid 24 hours."""

    id: int
    key: str
    chat_id: int
    kind: Literal["approval", "offer"]
    request: PictureRequest
    prompt: str
    """The drafted prompt; empty for an offer that has not been drafted."""
    state: ProposalState
    message_id: str | None
    picture_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Character:
    """A character. ``owner`` is ``builtin``, or the chat key whose people imported it."""

    id: int
    owner: str
    name: str
    card: dict[str, Any]
    """Card fields in V2 ``data`` form, unknown ones kept."""
    avatar: str | None
    prefix: str
    negative: str


@dataclass(frozen=True, slots=True)
class Persona:
    """Who a player is."""

    person_id: str
    name: str
    description: str
    avatar: str | None = None
    """Asset hash of the picture they gave of themselves."""


@dataclass(frozen=True, slots=True)
class Style:
    """A named pair of common prefix and negative prompt of one chat."""

    name: str
    prefix: str
    negative: str
