"""Builds the request of a turn: the durable context from storage, the tail, the tool, the knobs."""

from __future__ import annotations

import structlog

from bot.engine.services import Services
from bot.engine.stage import Stage
from bot.engine.story import context
from bot.engine.story.tools import picture_tool
from bot.storage import chats, entries
from bot.storage.records import Entry
from providers.contract import ChatModel, ChatRequest, message

log = structlog.get_logger(__name__)


class Prompting:
    def __init__(self, services: Services) -> None:
        self._services = services

    def others(self, stage: Stage) -> tuple[str, ...]:
        return (stage.persona.name,)

    async def request(self, stage: Stage, model: ChatModel, *, tools: bool, until: Entry | None = None) -> ChatRequest:
        async with self._services.db.read() as c:
            story = await entries.window(c, stage.chat.id, stage.chat.first_entry)
        msgs = [message("system", f"You are {stage.character.name}. {stage.character.card.get('description','')}")]
        for e in story:
            if until is not None and e.id >= until.id: break
            if e.kind == "player": msgs.append(message("user", e.text))
            elif e.kind == "character": msgs.append(message("assistant", e.text))
        return ChatRequest(tuple(msgs), tools=(picture_tool(),) if tools else (), max_tokens=stage.chat.settings.reply_tokens, cache_key=str(stage.chat.key))
