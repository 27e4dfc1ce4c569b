"""Rows of buttons as inline keyboards."""

from __future__ import annotations

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.domain.posts import Rows

ROW = 8
"""Buttons a row may have (documented limit of clients)."""


def keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    """The keyboard of a post. Telegram has no disabled buttons: those do nothing visible, their press is answered by the engine."""
    lines = [
        [InlineKeyboardButton(button.label, callback_data=button.id) for button in row[start : start + ROW] if button.label]
        for row in rows
        for start in range(0, len(row), ROW)
    ]
    lines = [line for line in lines if line]
    return InlineKeyboardMarkup(lines) if lines else None
