"""An engine that writes down what it is told, for tests of the front end alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.domain.events import Changed, CommandCall, Incoming, Press, Submission
from bot.domain.places import ChatKey, Person, Place
from bot.domain.platform import Responder
from bot.domain.posts import Form, FormField, Post
from bot.engine.commands.catalogue import Catalogue, Command, Control, FormSpec, Option


async def _nothing(context: Any) -> None:
    raise AssertionError("the recording engine runs no handlers")


def catalogue() -> Catalogue:
    """A few commands of every shape."""
    imagine = Command(
        "imagine",
        "draw a picture",
        _nothing,
        (
            Option("prompt", "what to draw", rest=True),
            Option("negative", "what not to draw"),
            Option("steps", "sampling steps", type="integer", least=1, most=150),
            Option("hires", "second pass", type="boolean"),
        ),
        aliases=("sd", "img", "image"),
    )
    return Catalogue(
        [
            imagine,
            Command("style use", "take a style", _nothing, (Option("name", "its name", required=True),), aliases=("sd-style",)),
            Command("style list", "list styles", _nothing),
            Command("illustrate", "draw this message", _nothing, action="Illustrate this"),
            Command("character import", "add a card", _nothing, (Option("card", "the file", "file", required=True),), who="manager"),
            Command(
                "workflow add",
                "add a workflow",
                _nothing,
                (
                    Option("name", "its name", required=True),
                    Option("file", "from words", "file"),
                    Option("image_file", "from a picture", "file"),
                ),
            ),
            Command("show-gallery", "all pictures", _nothing, (Option("page", "page", "integer", least=1),)),
        ],
        [Control("next", "▶", "next", _nothing, {"telegram": ("👌",)})],
        [FormSpec("edit", _nothing)],
    )


FORM = Form("edit:abc", "Edit the prompt", (FormField("prompt", "Prompt", "old words", long=True, limit=200),))


class RecordingEngine:
    """Stands in for the façade. ``on_*`` functions may be set to act."""

    def __init__(self) -> None:
        self.catalogue = catalogue()
        self.heard: list[Incoming] = []
        self.ran: list[CommandCall] = []
        self.pressed: list[Press] = []
        self.reacted: list[tuple[str, str]] = []
        self.reacted_in: list[ChatKey] = []
        self.submitted: list[Submission] = []
        self.changes: list[Changed] = []
        self.moves: list[tuple[ChatKey, ChatKey]] = []
        self.failures = 0
        """How many further messages cannot be stored."""
        self.on_run: Callable[[CommandCall, Responder], Awaitable[None]] | None = None
        self.on_press: Callable[[Press, Responder], Awaitable[None]] | None = None
        self._known: dict[tuple[ChatKey, str], int] = {}
        self._news = asyncio.Condition()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def until(self, true: Callable[[], object], timeout: float = 10) -> None:
        """Wait until something has been written down."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: bool(true()))

    async def hear(self, event: Incoming) -> bool:
        if self.failures > 0:
            self.failures -= 1
            raise OSError("disk full")
        if any(e.chat == event.chat and e.message_id == event.message_id for e in self.heard):
            return False
        self.heard.append(event)
        await self._tell()
        return True

    async def greet(self, key: ChatKey, place: Place, person: Person) -> bool:
        return True

    async def accept(self, call: CommandCall) -> int | None:
        if (call.chat, call.call_id) in self._known:
            return None
        self._known[call.chat, call.call_id] = len(self._known) + 1
        return len(self._known)

    async def run_stored(self, inbox_id: int, call: CommandCall, responder: Responder) -> None:
        self.ran.append(call)
        await self._tell()
        if self.on_run:
            await self.on_run(call, responder)

    async def press(self, press: Press, responder: Responder) -> None:
        self.pressed.append(press)
        await self._tell()
        if self.on_press:
            await self.on_press(press, responder)

    async def react(
        self, chat: ChatKey, place: Place, person: Person, *, message_id: str, emoji: str, press_id: str, responder: Responder
    ) -> bool:
        self.reacted.append((message_id, emoji))
        self.reacted_in.append(chat)
        await self._tell()
        return True

    async def submit(self, submission: Submission, responder: Responder) -> None:
        self.submitted.append(submission)
        await responder.answer(Post("changed"))
        await self._tell()

    async def changed(self, change: Changed) -> None:
        self.changes.append(change)
        await self._tell()

    async def moved(self, old: ChatKey, new: ChatKey) -> None:
        self.moves.append((old, new))
        await self._tell()


class MemoryNotes:
    """Notes that live as long as the test, over restarts of the front end."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self.kept.get(name)

    async def put(self, name: str, value: str) -> None:
        assert len(name) <= 120
        self.kept[name] = value

    async def remove(self, name: str) -> None:
        self.kept.pop(name, None)
