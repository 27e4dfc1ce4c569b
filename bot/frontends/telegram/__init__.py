"""Telegram: updates of the Bot API into the engine's events, the engine's posts into Bot API calls."""

import os

# python-telegram-bot's announced way to get waiting times as timedelta now; without it every flood limit is a deprecation warning.
os.environ.setdefault("PTB_TIMEDELTA", "1")
