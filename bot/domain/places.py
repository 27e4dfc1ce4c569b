"""Where things happen and who takes part."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True, order=True)
class ChatKey:
    """The identity of one story in one place.

    ``place`` is the server (Discord guild) or empty, ``channel`` the channel or chat, ``topic`` the thread or forum topic or
    empty. All are the platform's own ids as text.
    """

    platform: str
    place: str
    channel: str
    topic: str = ""

    def __str__(self) -> str:
        return f"{self.platform}:{self.place}:{self.channel}:{self.topic}"

    @classmethod
    def parse(cls, text: str) -> ChatKey:
        """Read the text form back; missing trailing parts are empty. Raises ``ValueError`` on anything else."""
        parts = text.split(":")
        if not 3 <= len(parts) <= 4 or not parts[0] or not parts[2]:
            raise ValueError(f"not a chat key: {text!r} (expected platform:place:channel[:topic])")
        return cls(*parts)


class Frozen(BaseModel):
    """Base of the values that are stored or cross a border: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(Frozen):
    """Somebody on a platform. ``id`` is the platform's id; ``manager`` is what the platform says about this place."""

    id: str
    name: str
    manager: bool = False
    """May change this place's settings by the platform's own rights (server manager, chat administrator)."""


class Place(Frozen):
    """What the platform says about the place of a chat."""

    private: bool = False
    """A conversation with one person."""
    age_restricted: bool = False
    """The platform itself marks it as adults only (Discord's flag). Telegram has none: see the chat setting ``adult``."""
    title: str = ""
