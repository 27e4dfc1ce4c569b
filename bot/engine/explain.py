"""What a chat's next turn would send: the same code the turn uses, nothing sent."""

from __future__ import annotations

import dataclasses
from typing import Any

from bot.domain.errors import NotFound
from bot.domain.places import ChatKey, Person
from bot.engine.engine import Engine
from bot.storage import chats, entries


async def explain_context(engine: Engine, key: ChatKey) -> dict[str, Any]:
    """The exact request the next turn of this chat would send, with why its durable part is what it is. Raises ``NotFound``."""
    services = engine.services
    async with services.db.read() as c:
        chat = await chats.by_key(c, key, services.defaults)
        newest = await entries.latest(c, chat.id, ("player",), 1) if chat else []
    if chat is None:
        raise NotFound(f"There is no chat {key}.")
    person = Person(id=newest[0].author_id, name=newest[0].author_name) if newest else Person(id="local", name="You")
    stage = await services.stories.stage(chat, person)
    model = services.stories.model_of(chat)
    replier = services.turns.replier
    prompted = await replier.prompting.request(stage, model, tools=replier.tool_usable(chat, model))
    return {
        "chat": str(key),
        "model": {"name": model.name, "model": model.model},
        "estimated_tokens": prompted.assembled.tokens,
        "durable_messages": len(prompted.assembled.durable),
        "request": dataclasses.asdict(prompted.request),
    }
