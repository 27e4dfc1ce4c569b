"""People with the app in hand, on the stand-in server. Names and shapes are those of a larger simulator's people."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.end_to_end.telegram.standin import StandIn

Json = dict[str, Any]
_STICKER = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": "🌻"}


class Person:
    """Somebody with the app in hand."""

    def __init__(self, server: StandIn, data: Json) -> None:
        self.server, self.data, self.id = server, data, data["id"]
        self.cursor = 0

    async def say(self, text: str, *, chat: int | None = None, reply_to: Json | None = None) -> Json:
        found = [("bot_command", re.match(r"/\S+", text)), *(("mention", m) for m in re.finditer(r"(?<!\S)@\w+", text))]
        entities = [{"type": kind, "offset": m.start(), "length": len(m[0])} for kind, m in found if m]
        return await self._post({"text": text} | ({"entities": entities} if entities else {}), chat, reply_to)

    async def upload(
        self, *files: bytes, caption: str | None = None, kind: str = "photo", chat: int | None = None, names: Sequence[str] = ()
    ) -> list[Json]:
        album = f"album{next(self.server.ids)}"
        sent = []
        for number, data in enumerate(files):
            file_id = f"up{next(self.server.ids)}"
            self.server.files[file_id] = data
            file: Json = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": len(data)}
            shapes: dict[str, Json] = {
                "photo": {"photo": [file | {"width": 8, "height": 8}]},
                "document": {"document": file | {"file_name": names[number] if names else "file0.png"}},
                "sticker": {"sticker": file | _STICKER},
            }
            content = shapes[kind]
            if caption and number == 0:
                content["caption"] = caption
                if command := re.match(r"/\S+", caption):
                    content["caption_entities"] = [{"type": "bot_command", "offset": 0, "length": len(command[0])}]
            if len(files) > 1:
                content["media_group_id"] = album
            sent.append(await self._post(content, chat, None))
        return sent

    async def _post(self, content: Json, chat: int | None, reply_to: Json | None) -> Json:
        self.cursor = len(self.server.journal)
        place = self.server.chat_of(chat) if chat else {"id": self.id, "type": "private", "first_name": self.data["first_name"]}
        message = {"message_id": next(self.server.ids), "date": int(time.time()), "chat": place, "from": self.data, **content}
        if reply_to:
            message["reply_to_message"] = bare(self.server.messages[place["id"], reply_to["message_id"]])
        self.server.messages[place["id"], message["message_id"]] = message
        await self.server.push("message", message)
        return message

    async def edit(self, message: Json, text: str) -> None:
        await self.server.push("edited_message", message | {"text": text, "edit_date": int(time.time())})

    async def delete(self, message: Json) -> None:
        self.server.messages.pop((message["chat"]["id"], message["message_id"]), None)

    async def react(self, message: Json, *emoji: str) -> None:
        self.cursor = len(self.server.journal)
        payload = {"chat": message["chat"], "message_id": message["message_id"], "date": int(time.time()), "user": self.data}
        new = [{"type": "emoji", "emoji": e} for e in emoji]
        await self.server.push("message_reaction", payload | {"old_reaction": [], "new_reaction": new})

    async def block(self) -> None:
        self.server.blocked.add(self.id)

    async def click(self, message: Json, *, text: str, wait: float = 10) -> Json:
        self.cursor = len(self.server.journal)
        current = self.server.messages[message["chat"]["id"], message["message_id"]]
        data = next(b["callback_data"] for row in current["reply_markup"]["inline_keyboard"] for b in row if b["text"] == text)
        query = f"q{next(self.server.ids)}"
        self.server.answers[query] = press = {"chat": message["chat"]["id"], "at": time.monotonic()}
        payload = {"id": query, "from": self.data, "message": bare(current), "chat_instance": "1", "data": data}
        await self.server.push("callback_query", payload)
        async with self.server.news:
            await asyncio.wait_for(self.server.news.wait_for(lambda: "answer" in press), wait)
        return press

    async def expect(
        self, kind: str = "message", *, where: Callable[[Json], bool] | None = None, timeout: float = 10, chat: int | None = None
    ) -> Json:
        """The next event of a kind in the chat; its message where it has one."""
        place = chat or self.id
        async with asyncio.timeout(timeout), self.server.news:
            while True:
                while self.cursor < len(self.server.journal):
                    event = self.server.journal[self.cursor]
                    self.cursor += 1
                    thing: Json = event.get("message") or event
                    if event["kind"] == kind and event["chat"] == place and (where is None or where(thing)):
                        return thing | {"_event": event}
                await self.server.news.wait()

    async def chat(self, chat: int | None = None) -> Json:
        place = chat or self.id
        return {"messages": [message for (where, _), message in sorted(self.server.messages.items()) if where == place]}


def bare(message: Json) -> Json:
    return {key: value for key, value in message.items() if not key.startswith("_") and key != "reply_to_message"}
