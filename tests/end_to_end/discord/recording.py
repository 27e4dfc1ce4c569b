"""An engine that records what it is told and answers as a test says; the front end cannot tell it from the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from bot.domain.events import Changed, CommandCall, Incoming, Press, Submission
from bot.domain.places import ChatKey, Person, Place
from bot.domain.platform import Responder
from bot.domain.posts import Form, FormField, Post
from bot.engine.commands.catalogue import Catalogue, Command, Control, FormSpec, Option
from bot.storage.database import Database


async def _unused(_: Any) -> None:
    raise AssertionError("the recording engine runs no catalogue handlers")


async def _no_names(_: Any, __: str) -> Sequence[str]:
    raise AssertionError("the recording engine runs no catalogue handlers")


CATALOGUE = Catalogue(
    commands=(
        Command(
            "imagine",
            "draw a picture",
            _unused,
            (
                Option("prompt", "what to draw", rest=True),
                Option("steps", "sampling steps", "integer", least=1, most=150),
                Option("cfg", "CFG scale", "number", least=0, most=30),
                Option("quiet", "privately", "boolean"),
                Option("shape", "its shape", choices=("wide", "tall")),
                Option("model", "image model", complete=_no_names),
            ),
            aliases=("sd", "img"),
            action=None,
        ),
        Command(
            "style use", "switch to a style", _unused, (Option("name", "its name", rest=True, complete=_no_names),), aliases=("sd-style",)
        ),
        Command("style list", "the styles", _unused),
        Command("character import", "add a card", _unused, (Option("card", "the file", "file", required=True),), who="manager"),
        Command("many", "more options than fit", _unused, tuple(Option(f"o{n}", f"option {n}", advanced=n > 9) for n in range(40))),
        Command("status", "what is going on", _unused, private=True),
        Command("illustrate", "draw a message", _unused, action="Illustrate this"),
        Command(
            "workflow add",
            "add a workflow",
            _unused,
            (
                Option("name", "its name", required=True),
                Option("file", "from words", "file"),
                Option("image_file", "from a picture", "file"),
            ),
        ),
        Command("draw-from", "draw from a picture", _unused, (Option("image", "the picture", "file"),), action="Draw from this picture"),
    ),
    controls=(
        Control("prev", "◀", "before", _unused, {"discord": ("◀️",)}),
        Control("next", "▶", "after", _unused, {"discord": ("▶️", "➡️")}),
        Control("again", "🔁", "again", _unused, {"discord": ("🔁",)}),
        Control("edit", "✏️", "edit", _unused, {}, opens_form=True),
    ),
    forms=(FormSpec("edit", _unused),),
)
EDIT_FORM = Form(
    "edit:k1",
    "Edit the prompt",
    (FormField("prompt", "Prompt", "a lighthouse", long=True), FormField("negative", "Negative", required=False)),
)


class RecordingEngine:
    """Stores first, like the real one: a message known already is not heard twice."""

    def __init__(self, db: Database) -> None:
        self.catalogue = CATALOGUE
        self.services = SimpleNamespace(db=db)
        self.heard: list[Incoming] = []
        self.calls: list[CommandCall] = []
        self.presses: list[Press] = []
        self.submissions: list[Submission] = []
        self.changes: list[Changed] = []
        self.reactions: list[tuple[str, str, str]] = []
        self.on_hear: Callable[[Incoming], Awaitable[None]] | None = None
        self.on_run: Callable[[CommandCall, Responder], Awaitable[None]] = self._say_on_it
        self.on_press: Callable[[Press, Responder], Awaitable[None]] = self._say_nothing
        self.on_submit: Callable[[Submission, Responder], Awaitable[None]] = self._say_nothing
        self.suggestions: Sequence[str] = ("euler", "dpm++ 2m", "x" * 120)
        self.completed: list[tuple[str, str, str, dict[str, Any]]] = []
        self.seen: dict[ChatKey, str] = {}
        self._known: set[tuple[ChatKey, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def _say_on_it(self, call: CommandCall, responder: Responder) -> None:
        await responder.answer(Post(f"On it: {call.name}"))

    async def _say_nothing(self, event: Any, responder: Responder) -> None:
        return None

    async def hear(self, event: Incoming) -> bool:
        if (event.chat, event.message_id) in self._known:
            return False
        self._known.add((event.chat, event.message_id))
        self.seen[event.chat] = max(self.seen.get(event.chat, "0"), event.message_id, key=int)
        self.heard.append(event)
        if self.on_hear is not None:
            task = asyncio.ensure_future(self.on_hear(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return True

    async def run(self, call: CommandCall, responder: Responder) -> None:
        self.calls.append(call)
        await self.on_run(call, responder)

    async def press(self, press: Press, responder: Responder) -> None:
        self.presses.append(press)
        await self.on_press(press, responder)

    async def react(
        self, chat: ChatKey, place: Place, person: Person, *, message_id: str, emoji: str, press_id: str, responder: Responder
    ) -> bool:
        self.reactions.append((person.id, message_id, emoji))
        return True

    async def submit(self, submission: Submission, responder: Responder) -> None:
        self.submissions.append(submission)
        await self.on_submit(submission, responder)

    async def changed(self, change: Changed) -> None:
        self.changes.append(change)

    async def complete(
        self, chat: ChatKey, place: Place, person: Person, command: str, option: str, typed: str, arguments: Mapping[str, Any]
    ) -> Sequence[str]:
        self.completed.append((command, option, typed, dict(arguments)))
        return [s for s in self.suggestions if typed in s]

    async def last_seen(self, platform: str) -> dict[ChatKey, str]:
        return dict(self.seen)


async def until(ready: Callable[[], Any], what: str, seconds: float = 10) -> Any:
    """Wait until ``ready()`` is true; its value."""
    async with asyncio.timeout(seconds):
        while not (value := ready()):
            await asyncio.sleep(0.02)
        return value
    raise AssertionError(what)
