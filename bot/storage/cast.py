"""Who and what is on stage in a chat, in one statement: the character, the personas of those who play, the variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, and_, bindparam, literal, null, or_, select, union, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.characters import BUILTIN, owner_of
from bot.storage.records import Character, Chat, Persona
from bot.storage.schema import characters, entries, personas, variables


@dataclass(frozen=True, slots=True)
class Cast:
    """What ``read`` found. ``character`` is None when neither the chat's own nor the default one is there by this very name."""

    character: Character | None
    personas: dict[str, Persona]
    """By person id; people without one are left out."""
    variables: dict[str, str]


def _characters() -> Select[Any]:
    own = characters.c
    named = and_(own.owner.in_([bindparam("builtin"), bindparam("server"), bindparam("place")]), own.name == bindparam("default"))
    chosen = or_(own.id == bindparam("character"), named)
    return select(literal("character"), own.id, own.owner, own.name, own.card, own.avatar, own.prefix, own.negative).where(chosen)


def _personas() -> Select[Any]:
    own = personas.c
    story = entries.c.chat_id == bindparam("chat"), entries.c.id >= bindparam("first"), entries.c.kind == "player"
    people = union(select(bindparam("person", type_=String)), select(entries.c.author_id).where(*story))
    on_stage = own.platform == bindparam("platform"), own.person_id.in_(people)
    return select(literal("persona"), null(), own.person_id, own.name, null(), own.avatar, own.description, null()).where(*on_stage)


def _variables() -> Select[Any]:
    own = variables.c
    here = own.chat_id == bindparam("chat")
    return select(literal("variable"), null(), null(), own.name, null(), null(), own.value, null()).where(here)


_cast = union_all(_characters(), _personas(), _variables())
_NOWHERE = 2**31 - 1
"""An entry id that no story reaches."""


async def read(c: AsyncConnection, chat: Chat, person_id: str, default: str) -> Cast:
    """The cast of a chat for somebody's turn. In a private chat that is this person; elsewhere everybody whose words are in the
    window plays too. ``default`` is the name of the character of chats that have chosen none, or one that is gone."""
    asked = {
        "character": chat.character_id,
        "builtin": BUILTIN,
        "server": owner_of(chat.key),
        "place": str(chat.key),
        "default": default,
        "platform": chat.key.platform,
        "person": person_id,
        "chat": chat.id,
        "first": _NOWHERE if chat.place.private else chat.first_entry,
    }
    found: list[Character] = []
    people: dict[str, Persona] = {}
    values: dict[str, str] = {}
    for what, number, first, name, card, avatar, text, more in await c.execute(_cast, asked):
        if what == "character":
            found.append(Character(number, first, name, card, avatar, text, more))
        elif what == "persona":
            people[first] = Persona(first, name, text, avatar)
        else:
            values[name] = text
    # the chosen one; else the default one, of which the chat's own goes before the built-in
    found.sort(key=lambda character: (character.id != chat.character_id, character.owner == BUILTIN))
    return Cast(found[0] if found else None, people, values)
