"""What macros can see."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class World:
    """Everything macros can see. Card fields are templates; every other value is plain text."""

    char: str = ""
    user: str = ""
    description: str = ""
    personality: str = ""
    scenario: str = ""
    mes_example: str = ""
    system_prompt: str = ""
    post_history: str = ""
    creator_notes: str = ""
    char_version: str = ""
    char_prefix: str = ""
    char_negative: str = ""
    persona: str = ""
    group: tuple[str, ...] = ()
    """Everybody who takes part, when there is more than one character."""
    model: str = ""
    original: str | None = None
    """The text an override replaces; given out once."""
    prompt: str = ""
    prefixed_prompt: str = ""
    last_message: str = ""
    last_user_message: str = ""
    last_char_message: str = ""
    idle: timedelta | None = None
    """Time since the player's last words."""
    variables: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    """More names for one template (``recent``, ``subject`` …); they come after the built-in ones."""
    rng: random.Random = field(default_factory=random.Random)
    now: datetime | None = None
    """The clock; None takes the host's local time at the moment of expansion."""
    pick_seed: str = ""
    """What ``pick`` is fixed by, beside the text and its place in it: the chat's key."""


class Trim:
    """Stands where ``{{trim}}`` was until the text is joined."""


TRIM = Trim()
Piece = str | Trim
