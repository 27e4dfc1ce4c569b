"""What goes out to a platform. The engine builds these; front ends translate them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bot.domain.places import ChatKey

ButtonStyle = Literal["plain", "primary", "danger"]
PictureState = Literal["proposed", "waiting", "drawing", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Button:
    """One control. ``id`` stays valid for ever and is at most 64 bytes (Bot API: callback_data 1-64 bytes)."""

    id: str
    label: str
    style: ButtonStyle = "plain"
    disabled: bool = False


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose face and name a post carries. ``avatar`` is an asset on disk, if there is one."""

    name: str
    avatar: Path | None = None


@dataclass(frozen=True, slots=True)
class FileOut:
    """A file to hand over, already on disk or in memory."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Post:
    """A text the bot says, in the light Markdown that chat models write (``*act*``, ``**bold**``, code)."""

    text: str
    rows: Rows = ()
    private: bool = False
    """Only the person who asked should see it, where the platform can do that."""
    passing: bool = False
    """A mere acknowledgement: the result shows by itself, so say it only where the platform insists on an answer, and briefly."""
    reply_to: str | None = None
    file: FileOut | None = None
    picture: Path | None = None
    """An image asset to show with the text (an avatar, a picture of the gallery)."""
    spoiler: bool = False
    """Cover that image until tapped."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One text field of a form; ``limit`` is in characters (Discord modals take up to 4000)."""

    name: str
    label: str
    value: str = ""
    long: bool = False
    required: bool = True
    limit: int = 4000


@dataclass(frozen=True, slots=True)
class Form:
    """Questions to one person. At most five fields (Discord's modal limit). Telegram asks for the first ``required`` field only
    unless ``fields`` has one entry per line in the answer; see the Telegram front end."""

    id: str
    title: str
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class TakeView:
    """One rendered image as a front end needs it. ``handle`` re-posts it without upload where the platform can."""

    id: int
    path: Path
    name: str
    """A plain ASCII file name, unique in its message for ever."""
    mime: str
    width: int
    height: int
    size: int
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class PictureView:
    """Everything a front end needs to bring a picture's post to the wanted state; showing it twice changes nothing."""

    key: str
    chat: ChatKey
    state: PictureState
    text: str
    """The status line, or the caption under a finished picture."""
    alt: str
    """Description for people who cannot see it; at most 1024 characters (Discord)."""
    takes: tuple[TakeView, ...] = ()
    index: int = 0
    """Which take is shown, from 0."""
    progress: float | None = None
    rows: Rows = ()
    reactions: tuple[str, ...] = ()
    """Control reactions to put under the post, in the platform-neutral names of the control catalogue."""
    spoiler: bool = False
    speaker: Speaker | None = None
    reply_to: str | None = None
    message_id: str | None = None
    """The post to edit; None posts a new one."""

    @property
    def shown(self) -> TakeView | None:
        return self.takes[self.index] if self.takes else None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the platform holds after a picture's post was brought up to date."""

    message_id: str
    handles: dict[int, str] = field(default_factory=dict)
    """Take id → handle, complete: a take left out has no valid handle any more."""
    uploaded: int = 0
    """Image bytes sent for it."""
