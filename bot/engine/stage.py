"""Who is on stage in a chat: its character, the player's persona, its variables; and the world their macros see."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.places import Person
from bot.engine.services import Services
from bot.engine.story.macros import World
from bot.storage import characters, personas, variables
from bot.storage.database import Transaction
from bot.storage.records import Character, Chat, Persona


@dataclass(frozen=True, slots=True)
class Stage:
    """A chat with its cast, as one turn sees it."""

    chat: Chat
    character: Character
    persona: Persona
    variables: dict[str, str]
    persona_stored: bool = True
    """False when the persona is no more than the platform's name of the person."""

    def world(self, **more: object) -> World:
        """What macros in this chat expand to; keyword arguments override fields of ``World``."""
        card = self.character.card
        fields: dict[str, object] = {
            "char": self.character.name,
            "user": self.persona.name,
            "persona": self.persona.description,
            "description": card.get("description", ""),
            "personality": card.get("personality", ""),
            "scenario": card.get("scenario", ""),
            "char_prefix": self.character.prefix,
            "char_negative": self.character.negative,
            "variables": dict(self.variables),
        }
        return World(**{**fields, **more})  # type: ignore[arg-type]


async def set_stage(services: Services, chat: Chat, person: Person) -> Stage:
    """Load the cast of a chat for a turn of ``person``. A chat whose character was deleted gets the default one."""
    async with services.db.read() as c:
        return await read_stage(c, services, chat, person)


async def read_stage(c: Transaction, services: Services, chat: Chat, person: Person) -> Stage:
    """``set_stage`` within a transaction."""
    character = await characters.by_id(c, chat.character_id) if chat.character_id is not None else None
    if character is None:
        character = await characters.by_name(c, chat.key, services.default_character)
    persona = await personas.get(c, chat.key.platform, person.id)
    values = await variables.of_chat(c, chat.id)
    if character is None:
        raise LookupError(f"the default character {services.default_character!r} is missing")
    return Stage(chat, character, persona or Persona(person.id, person.name, ""), values, persona is not None)
