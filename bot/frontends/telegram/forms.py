"""Forms as questions: Telegram has no modals, so the next reply to the bot's question is the answer.

A form with one field takes the whole reply. One with several takes a line ``name: value`` for each field to change; what is not
named keeps the value it has, and a reply without any such line fills the first required field. An open question survives a restart.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from telegram import ForceReply

from bot.domain.errors import UserError
from bot.domain.places import Person
from bot.domain.posts import Form, FormField
from bot.frontends.telegram.calls import Target
from bot.frontends.telegram.messages import Texts
from bot.frontends.telegram.notes import Notes

CANCEL = ("cancel", "/cancel")
_PREFILLED = 2500
"""Characters of present values shown in a question; one message has to hold it."""


@dataclass(frozen=True, slots=True)
class Question:
    """An open question and who is to answer it."""

    form: str
    person: str
    fields: tuple[FormField, ...]

    def values(self, reply: str) -> dict[str, str]:
        """The values in a reply. Raises ``UserError`` naming the field that does not fit."""
        given = self._whole(reply) if len(self.fields) == 1 else self._lines(reply)
        values = {field.name: given.get(field.name, field.value) for field in self.fields}
        for field in self.fields:
            value = values[field.name]
            if len(value) > field.limit:
                raise UserError(f"«{field.label}» takes at most {field.limit} characters; these are {len(value)}.")
            if field.required and not value.strip():
                raise UserError(f"«{field.label}» must not be empty.")
        return values

    def _whole(self, reply: str) -> dict[str, str]:
        return {self.fields[0].name: reply.strip()}

    def _lines(self, reply: str) -> dict[str, str]:
        given: dict[str, str] = {}
        current: str | None = None
        for line in reply.splitlines():
            name, colon, value = line.partition(":")
            field = self._field(name) if colon else None
            if field is not None:
                current = field.name
                given[current] = value.strip()
            elif current is not None:
                given[current] = f"{given[current]}\n{line}".strip()
            elif line.strip():
                current = next((f.name for f in self.fields if f.required), self.fields[0].name)
                given[current] = line.strip()
        return given

    def _field(self, name: str) -> FormField | None:
        plain = re.sub(r"[\W_]+", " ", name).strip().lower()
        for field in self.fields:
            if plain in (field.name.replace("_", " ").lower(), re.sub(r"[\W_]+", " ", field.label).strip().lower()):
                return field
        return None


class Forms:
    """Asks questions and finds them again when they are answered."""

    def __init__(self, texts: Texts, notes: Notes) -> None:
        self._texts = texts
        self._notes = notes

    async def ask(self, target: Target, person: Person, form: Form) -> None:
        """Put the question; in groups it names the person, whose reply alone counts."""
        text = _question_text(form)
        if not target.private:
            text = f"{person.name}: {text}"
        buttons = ForceReply(selective=False, input_field_placeholder=form.fields[0].label[:64] or None)
        message_id = await self._texts.send(target, text, buttons=buttons)
        fields = [[f.name, f.label, f.value, f.long, f.required, f.limit] for f in form.fields]
        await self._notes.put(_name(target.chat_id, message_id), json.dumps({"form": form.id, "person": person.id, "fields": fields}))

    async def question(self, chat_id: int, message_id: str) -> Question | None:
        """The question that a message puts, if it is one and still open."""
        stored = await self._notes.get(_name(chat_id, message_id))
        if not stored:
            return None
        data = json.loads(stored)
        return Question(data["form"], data["person"], tuple(FormField(*field) for field in data["fields"]))

    async def close(self, chat_id: int, message_id: str) -> None:
        """The question has been answered or given up."""
        await self._notes.remove(_name(chat_id, message_id))


def _name(chat_id: int, message_id: str) -> str:
    return f"telegram:ask:{chat_id}:{message_id}"


def _question_text(form: Form) -> str:
    lines = [f"**{form.title}**"]
    if len(form.fields) == 1:
        field = form.fields[0]
        lines.append(field.label)
        if field.value:
            lines.append(_code(field.value[:_PREFILLED]))
        lines.append("Reply to this message with the new text, or with /cancel.")
        return "\n".join(lines)
    room = _PREFILLED // len(form.fields)
    lines.append(_code("\n".join(f"{field.label}: {field.value[:room]}" for field in form.fields)))
    lines.append("Reply to this message with the lines you want to change, or with /cancel.")
    return "\n".join(lines)


def _code(text: str) -> str:
    return "```\n" + text.replace("```", "'''") + "\n```"
