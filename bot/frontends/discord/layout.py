"""What messages are made of: action rows for text posts, Components V2 for pictures.

A picture's post is a V2 message from its placeholder on, because Discord lets the flag be set but never taken back, and only a V2
message can carry files that it does not show. Views are sent and then dropped: presses are recognised by their custom id alone.
"""

from __future__ import annotations

import discord
from discord import ui

from bot.domain.posts import Button, PictureView, Rows
from bot.frontends.discord.files import ALT_LIMIT

TEXT_LIMIT = 2000  # characters of a bot's message content (Discord: message resource)
LAYOUT_TEXT_LIMIT = 3900  # characters; a V2 message holds 4000 over all its texts
ROWS, ROW_BUTTONS, LABEL_LIMIT = 5, 5, 80
BAR = 12  # cells of the progress bar
STYLES = {"plain": discord.ButtonStyle.secondary, "primary": discord.ButtonStyle.primary, "danger": discord.ButtonStyle.danger}


def buttons_view(rows: Rows) -> ui.View | None:
    """The buttons of a text post; None when there are none."""
    if not rows:
        return None
    view = ui.View(timeout=None)
    for number, row in enumerate(_bounded(rows)):
        for button in row:
            view.add_item(_button(button, number))
    view.stop()  # a finished view is not kept in memory by discord.py
    return view


def picture_layout(view: PictureView, file: str | None) -> ui.LayoutView:
    """The whole post of a picture; ``file`` is the attached file to show, None for a placeholder."""
    layout = ui.LayoutView(timeout=None)
    text = _status(view)
    if file is not None:
        alt = (view.alt or view.text or "picture")[:ALT_LIMIT]
        layout.add_item(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{file}", description=alt, spoiler=view.spoiler)))
        if text:
            layout.add_item(ui.TextDisplay(text))
    else:
        layout.add_item(ui.Container(ui.TextDisplay(text or "…")))
    for row in _bounded(view.rows):
        layout.add_item(ui.ActionRow(*(_button(button) for button in row)))
    layout.stop()
    return layout


def _status(view: PictureView) -> str:
    text = view.text if len(view.text) <= LAYOUT_TEXT_LIMIT else view.text[: LAYOUT_TEXT_LIMIT - 1] + "…"
    if view.progress is None:
        return text
    share = min(max(view.progress, 0.0), 1.0)
    done = round(share * BAR)
    return f"{text}\n`{'▰' * done}{'▱' * (BAR - done)}` {share:.0%}"


def _bounded(rows: Rows) -> Rows:
    return tuple(row[:ROW_BUTTONS] for row in rows[:ROWS] if row)


def _button(button: Button, row: int | None = None) -> ui.Button[ui.View]:
    label = button.label[:LABEL_LIMIT] or "…"
    return ui.Button(style=STYLES[button.style], label=label, custom_id=button.id, disabled=button.disabled, row=row)


def custom_ids(message: discord.Message) -> list[str]:
    """The ids of all buttons of a message, at whatever depth."""
    found: list[str] = []
    waiting: list[object] = list(message.components)
    while waiting:
        component = waiting.pop()
        custom_id = getattr(component, "custom_id", None)
        if isinstance(custom_id, str):
            found.append(custom_id)
        waiting.extend(getattr(component, "children", ()))
    return found
