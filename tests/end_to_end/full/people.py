"""People on either platform, seen alike: they talk, use commands, press buttons and look at their chat.

A scenario written once runs on both platforms. What is seen is the chat's state, asked for again until it fits: nothing depends
on the order in which notices arrive.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.commands.all import build_catalogue

Json = dict[str, Any]
File = tuple[str, bytes]
CATALOGUE = build_catalogue()
LOOK_EVERY = 0.1  # seconds
PATIENCE = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message of the bot as a person sees it now."""

    id: str
    text: str
    buttons: tuple[str, ...]
    picture: str
    """What identifies the shown image; empty when there is none."""
    file: str
    private: bool
    raw: Json

    def __str__(self) -> str:
        return f"[{self.text!r} {self.buttons} picture={self.picture}]"


class Someone(ABC):
    """A person in one chat with the bot."""

    platform: str
    id: str

    @abstractmethod
    async def say(self, text: str, *, reply_to: Bubble | Json | None = None) -> Json: ...

    @abstractmethod
    async def run(self, command: str, /, *, file: File | None = None, on: Any = None, **options: Any) -> None:
        """Use a command with typed options; ``on`` is the message it is used on."""

    @abstractmethod
    async def press(self, bubble: Bubble, label: str) -> None: ...

    @abstractmethod
    async def fill(self, bubble: Bubble, label: str, text: str) -> None:
        """Press a button that opens a form and fill in its first field."""

    @abstractmethod
    async def react(self, bubble: Bubble, emoji: str) -> None: ...

    @abstractmethod
    async def bubbles(self) -> list[Bubble]:
        """Everything the bot shows this person in the chat, oldest first."""

    async def sees(self, fits: str | Callable[[Bubble], Any], patience: float = PATIENCE) -> Bubble:
        """The newest message of the bot that fits, waiting for it."""
        wanted = (lambda b: fits in b.text) if isinstance(fits, str) else fits
        end = time.monotonic() + patience
        while True:
            all_of_them = await self.bubbles()
            for bubble in reversed(all_of_them):
                if wanted(bubble):
                    return bubble
            if time.monotonic() > end:
                shown = "\n".join(map(str, all_of_them))
                raise AssertionError(f"{self.platform}: nothing like {fits!r} in {patience} s. The chat holds:\n{shown}")
            await asyncio.sleep(LOOK_EVERY)

    async def picture(self, *, count: str = "1/1", patience: float = PATIENCE) -> Bubble:
        """The newest finished picture whose counter reads so."""
        return await self.sees(lambda b: b.picture and count in b.buttons, patience)

    async def said(self, text: str) -> int:
        """How many messages of the bot hold these words."""
        return sum(text in bubble.text for bubble in await self.bubbles())

    async def pictures(self) -> list[Bubble]:
        return [bubble for bubble in await self.bubbles() if bubble.picture]


class TelegramPerson(Someone):
    """A person of the Telegram simulator."""

    platform = "telegram"

    def __init__(self, human: Any, chat: int | None = None, thread: int | None = None) -> None:
        self.human, self.chat, self.thread = human, chat, thread
        self.id = str(human.id)
        self.notices: list[str] = []
        """Pop-ups that answered a press."""

    async def say(self, text: str, *, reply_to: Bubble | Json | None = None) -> Json:
        target = reply_to.raw if isinstance(reply_to, Bubble) else reply_to
        sent: Json = await self.human.say(text, chat=self.chat, reply_to=target, thread=self.thread)
        return sent

    async def run(self, command: str, /, *, file: File | None = None, on: Any = None, **options: Any) -> None:
        line = typed(command, options)
        if file is None:
            await self.say(line, reply_to=on)
        else:
            await self.human.upload(file[1], kind="document", caption=line, names=[file[0]], chat=self.chat)

    async def press(self, bubble: Bubble, label: str) -> None:
        answer = (await self.human.click(bubble.raw, text=label)).get("answer") or {}
        if answer.get("text"):
            self.notices.append(answer["text"])

    async def fill(self, bubble: Bubble, label: str, text: str) -> None:
        known = {b.id for b in await self.bubbles()}
        await self.press(bubble, label)
        question = await self.sees(lambda b: b.id not in known and "Reply to this message" in b.text)
        await self.say(text, reply_to=question)

    async def react(self, bubble: Bubble, emoji: str) -> None:
        await self.human.react(bubble.raw, emoji)

    async def bubbles(self) -> list[Bubble]:
        seen = await self.human.chat(self.chat)
        shown = [self._bubble(m) for m in seen["messages"] if m.get("from", {}).get("is_bot")]
        return shown + [Bubble(f"notice{n}", text, (), "", "", True, {}) for n, text in enumerate(self.notices)]

    def _bubble(self, message: Json) -> Bubble:
        rows = (message.get("reply_markup") or {}).get("inline_keyboard") or []
        photo = message.get("photo") or ([message["document"]] if "document" in message else [])
        return Bubble(
            id=str(message["message_id"]),
            text=message.get("text") or message.get("caption") or "",
            buttons=tuple(b["text"] for row in rows for b in row),
            picture=photo[-1]["file_unique_id"] if message.get("photo") else "",
            file=message["document"].get("file_name", "file") if "document" in message else "",
            private=False,
            raw=message,
        )


class DiscordPerson(Someone):
    """A person of the Discord simulator."""

    platform = "discord"

    def __init__(self, human: Any, app: Any, channel: str) -> None:
        self.human, self.app, self.channel = human, app, channel
        self.id = str(human.id)
        self.interactions: list[Any] = []

    async def say(self, text: str, *, reply_to: Bubble | Json | None = None) -> Json:
        target = reply_to.raw if isinstance(reply_to, Bubble) else reply_to
        sent: Json = await self.human.send(self.channel, text, reply_to=target)
        return sent

    async def run(self, command: str, /, *, file: File | None = None, on: Any = None, **options: Any) -> None:
        known = CATALOGUE.command(command)
        if on is not None:
            assert known is not None
            assert known.action is not None
            target = on.raw if isinstance(on, Bubble) else on
            self.interactions.append(await self.human.context_menu(self.app, self.channel, known.action, target))
            return
        advanced = {o.name for o in known.options if o.advanced and len(known.options) > 25} if known else set()
        more = " ".join(f"{name}={_quoted(value)}" for name, value in options.items() if name in advanced)
        direct = {name: value for name, value in options.items() if name not in advanced}
        if more:
            direct["options"] = more
        if file is not None:
            assert known is not None
            direct[next(o.name for o in known.options if o.type == "file")] = file
        self.interactions.append(await self.human.slash(self.app, self.channel, command, **direct))

    async def press(self, bubble: Bubble, label: str) -> None:
        interaction = await self.human.click(bubble.raw, label)
        self.interactions.append(interaction)
        await interaction.acknowledged()

    async def fill(self, bubble: Bubble, label: str, text: str) -> None:
        opened = await self.human.click(bubble.raw, label)
        modal = await opened.modal()
        first = _inputs(modal)[0]
        self.interactions.append(await opened.submit(**{first["custom_id"]: text}))

    async def react(self, bubble: Bubble, emoji: str) -> None:
        await self.human.react(bubble.raw, emoji)

    async def bubbles(self) -> list[Bubble]:
        history = await self.human.history(self.channel)
        found = {m["id"]: m for m in history if m["author"]["id"] == self.app.bot_id or m.get("webhook_id")}
        for interaction in self.interactions:
            raw = (await interaction.refresh()).raw
            for message in [raw.get("original"), *raw.get("followups", ())]:
                if message and message["flags"] & 64:
                    found[message["id"]] = message
        return [self._bubble(found[i]) for i in sorted(found, key=int) if not found[i]["flags"] & 128]

    def _bubble(self, message: Json) -> Bubble:
        from discord_sim.human import components, media  # type: ignore[import-not-found,unused-ignore]

        parts = components(message)
        texts = [message["content"], *(c["content"] for c in parts if c["type"] == 10)]
        shown = [*media(message), *(a for a in message["attachments"] if a["filename"].endswith((".png", ".jpg", ".webp")))]
        address = (shown[0].get("media") or shown[0]).get("url", "").partition("?")[0] if shown else ""
        files = [a["filename"] for a in message["attachments"]]
        return Bubble(
            id=message["id"],
            text="\n".join(t for t in texts if t),
            buttons=tuple(str(c.get("label") or "") for c in parts if c["type"] == 2),
            picture=hashlib.md5(address.encode(), usedforsecurity=False).hexdigest()[:8] if address else "",
            file=files[0] if files else "",
            private=bool(message["flags"] & 64),
            raw=message,
        )


def typed(command: str, options: Json) -> str:
    """A command line in the grammar of typed commands."""
    known = CATALOGUE.command(command)
    rest = next((o.name for o in known.options if o.rest), None) if known else None
    named = [f"{name}={_quoted(value)}" for name, value in options.items() if name != rest]
    head, _, sub = command.partition(" ")
    words = [f"/{head.replace('-', '_')}", sub, *named, str(options.get(rest or "", ""))]
    return " ".join(word for word in words if word)


def _quoted(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if " " in text or '"' in text or not text else text


def _inputs(modal: Json) -> Sequence[Json]:
    found: list[Json] = []
    for row in modal["components"]:
        found += [row["component"]] if isinstance(row.get("component"), dict) else row.get("components") or []
    return [c for c in found if c["type"] == 4]
