"""What the detector of picture requests answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.domain.pictures import Mode

Outcome = Literal["request", "offer", "none"]


@dataclass(frozen=True)
class Intent:
    """One message read for a picture request.

    ``request``: the player expects a picture now. ``offer``: a picture may be offered, words answer as well. ``none``: drawing would annoy.
    ``mode`` is set on requests (and on offers where it is plain); ``subject`` says what to draw in mode ``free``, cut from the message as
    typed, without leading article, politeness and closing marks. ``why`` names the rule for people who ask why.
    """

    outcome: Outcome
    mode: Mode | None = None
    subject: str = ""
    why: str = ""
    follows: bool = False
    """It goes on from the picture before («another one, but in winter»): ``subject`` is only the change, empty for none."""

    @property
    def match(self) -> bool:
        """True exactly when a picture should be drawn."""
        return self.outcome == "request"


def nothing(why: str) -> Intent:
    """No picture is asked for."""
    return Intent("none", why=why)
