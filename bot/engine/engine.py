"""The façade: what front ends call. It knows no platform, no vendor and no SQL.

Every event is stored before work starts. ``hear`` returns once the message is safe; ``run``, ``press`` and ``submit`` return when
the answer is given. Errors never escape: they become one sentence in the chat and one log line with the same short id.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.events import Changed, CommandCall, Incoming, Press, Submission
from bot.domain.places import ChatKey, Person, Place
from bot.domain.platform import Responder
from bot.engine.commands.catalogue import Catalogue
from bot.engine.services import Services


class Engine:
    """One conversation engine for all platforms."""

    def __init__(self, services: Services) -> None:
        self.services = services

    @property
    def catalogue(self) -> Catalogue:
        return self.services.catalogue

    async def start(self) -> None:
        """Take up what an earlier process left: inbox rows, jobs, proposals. Front ends must be registered already."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Let running turns finish for a moment, then leave the rest to the next start."""
        raise NotImplementedError

    async def hear(self, event: Incoming) -> bool:
        """Take in a message. Returns as soon as it is stored; False when it was known already."""
        raise NotImplementedError

    async def run(self, call: CommandCall, responder: Responder) -> None:
        """Run a command. A call seen before (same ``call_id``) does nothing."""
        raise NotImplementedError

    async def press(self, press: Press, responder: Responder) -> None:
        """Use a control."""
        raise NotImplementedError

    async def react(
        self,
        chat: ChatKey,
        place: Place,
        person: Person,
        *,
        message_id: str,
        emoji: str,
        press_id: str,
        responder: Responder,
    ) -> bool:
        """A reaction that may be a control of the picture in that message; False when it is none."""
        raise NotImplementedError

    async def submit(self, submission: Submission, responder: Responder) -> None:
        """Take a filled form."""
        raise NotImplementedError

    async def changed(self, change: Changed) -> None:
        """A person edited or deleted a message."""
        raise NotImplementedError

    async def complete(
        self, chat: ChatKey, place: Place, person: Person, command: str, option: str, typed: str
    ) -> Sequence[str]:
        """Suggestions for a command option, at most 25."""
        raise NotImplementedError

    async def last_seen(self, platform: str) -> dict[ChatKey, str]:
        """Newest message id taken in for each known chat of a platform, for catching up after a gap."""
        raise NotImplementedError
