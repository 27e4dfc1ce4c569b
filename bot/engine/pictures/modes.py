"""The picture modes: what each is called, what it needs, which shape it forces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.domain.pictures import Mode

Shape = Literal["portrait", "landscape"]


@dataclass(frozen=True, slots=True)
class ModeInfo:
    """One mode. ``keyword`` is what people type after the command; ``label`` is what menus show."""

    keyword: Mode
    label: str
    needs_writer: bool
    """The prompt is drafted by the writer model from the story."""
    character_prefix: bool
    """The character's prefix and negative prompt belong to it (in a story with one character)."""
    shape: Shape | None = None
    looks: tuple[Literal["character", "persona", "background"], ...] = ()
    """Whose pictures help to draw it, where a model takes reference images."""


MODE_TABLE: dict[Mode, ModeInfo] = {
    "you": ModeInfo("you", "The character", True, True, looks=("character",)),
    "face": ModeInfo("face", "The character's face", True, True, "portrait", ("character",)),
    "me": ModeInfo("me", "Me", True, False, looks=("persona",)),
    "scene": ModeInfo("scene", "The whole story", True, True, looks=("character", "persona", "background")),
    "last": ModeInfo("last", "The last message", True, True, looks=("character", "persona", "background")),
    "raw_last": ModeInfo("raw_last", "The last message as written", False, True, looks=("character", "persona", "background")),
    "background": ModeInfo("background", "Background", True, False, "landscape"),
    "free": ModeInfo("free", "Anything", False, False),
}


def classify(trigger: str) -> tuple[Mode, str]:
    """The mode a typed trigger selects and what is left to draw: a keyword alone, in any case, else everything is ``free``."""
    text = trigger.strip()
    for mode in MODE_TABLE:
        if mode != "free" and text.lower() == mode:
            return mode, ""
    return "free", text


def needs_writer(mode: Mode, extend: bool = False) -> bool:
    """Whether a draft comes from the writer model; ``extend`` is the free-mode extension."""
    return MODE_TABLE[mode].needs_writer or (mode == "free" and extend)
