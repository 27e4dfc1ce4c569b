"""Forms as modals. Their submit is read from the raw interaction, so that a modal left open over a restart still counts."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.domain.posts import Form, FormField

FORM_BUTTON = "ask|"
"""Prefix of the button that opens a form, where a modal could not be the first answer (``ask|`` and the form's id)."""
FIELDS, TITLE_LIMIT, LABEL_LIMIT, INPUT_LIMIT = 5, 45, 45, 4000
SHELF = 500  # forms waiting for their button


def modal_of(form: Form) -> ui.Modal:
    """The form as a modal; its id is the form's."""
    modal = ui.Modal(title=form.title[:TITLE_LIMIT], custom_id=form.id)
    for field in form.fields[:FIELDS]:
        modal.add_item(ui.Label(text=field.label[:LABEL_LIMIT], component=_input(field)))
    modal.stop()  # a finished modal is not kept in memory by discord.py
    return modal


def _input(field: FormField) -> ui.TextInput[ui.Modal]:
    limit = min(field.limit, INPUT_LIMIT)
    return ui.TextInput(
        custom_id=field.name,
        style=discord.TextStyle.paragraph if field.long else discord.TextStyle.short,
        default=field.value[:limit] or None,
        required=field.required,
        max_length=limit,
    )


def submitted(data: dict[str, Any]) -> dict[str, str]:
    """The text fields of a modal's submit by custom id, in labels as well as in the older action rows."""
    values: dict[str, str] = {}
    waiting: list[Any] = list(data.get("components", ()))
    while waiting:
        component = waiting.pop()
        if "value" in component and "custom_id" in component:
            values[component["custom_id"]] = str(component["value"] or "")
        waiting.extend(component.get("components", ()))
        if isinstance(component.get("component"), dict):
            waiting.append(component["component"])
    return values


class FormShelf:
    """Forms that wait for somebody to press their button. Kept in memory, the newest ``SHELF``; the dispatcher asks the control of the
    same verb for the form again when it is no longer here."""

    def __init__(self) -> None:
        self._forms: dict[str, Form] = {}

    def put(self, form: Form) -> None:
        self._forms.pop(form.id, None)
        self._forms[form.id] = form
        while len(self._forms) > SHELF:
            del self._forms[next(iter(self._forms))]

    def get(self, form_id: str) -> Form | None:
        return self._forms.get(form_id)
