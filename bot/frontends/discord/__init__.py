"""Discord: its events into the engine's, the engine's posts into messages, slash commands, buttons and modals.

``bot.frontends.discord.front_end.DiscordFrontEnd`` is what ``bot.app`` builds; importing this package alone does not load discord.py.
"""
