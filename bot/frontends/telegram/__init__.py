"""Telegram: updates of the Bot API into the engine's events, the engine's posts into Bot API calls."""
