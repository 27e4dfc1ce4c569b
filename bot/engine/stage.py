"""Who is on stage in a chat: its character, the player's persona, its variables; and the world their macros see."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.places import Person
from bot.engine.services import Services
from bot.engine.story.macros import World
from bot.storage import cast, characters
from bot.storage.database import Transaction
from bot.storage.records import Character, Chat, Persona


@dataclass(frozen=True, slots=True)
class Stage:
    """A chat with its cast, as one turn sees it."""

    chat: Chat
    character: Character
    persona: Persona
    variables: dict[str, str]
    personas: dict[str, Persona]
    """What people on stage have told of themselves, by person id; ``persona`` may be no more than the platform's name."""

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
    found = await cast.read(c, chat, person.id, services.default_character)
    character = found.character or await characters.by_name(c, chat.key, services.default_character)
    if character is None:
        raise LookupError(f"the default character {services.default_character!r} is missing")
    persona = found.personas.get(person.id) or Persona(person.id, person.name, "")
    return Stage(chat, character, persona, found.variables, found.personas)
