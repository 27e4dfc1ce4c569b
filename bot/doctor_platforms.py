"""Doctor's questions to Discord and Telegram: is the token good, and may the bot hear what it needs to hear?"""

from __future__ import annotations

from typing import Any

import httpx

from bot.settings import DiscordSettings, TelegramSettings
from providers.contract import Health

DISCORD_API = "https://discord.com/api/v10"
TELEGRAM_API = "https://api.telegram.org"
SECONDS = 20.0
MESSAGE_CONTENT = (1 << 18) | (1 << 19)
"""Discord's application flags for the message content intent, verified and unverified bots."""
NO_CONTENT = (
    "the message content intent is off: the bot hears only mentions and direct messages. Switch it on under «Bot» in the developer portal."
)


async def check_discord(settings: DiscordSettings) -> Health:
    """Ask who the token belongs to, and whether the message content intent is switched on."""
    assert settings.token is not None
    base = (settings.api_base or DISCORD_API).rstrip("/")
    headers = {"Authorization": f"Bot {settings.token.get_secret_value()}", "User-Agent": "DiscordBot (vignette, 0)"}
    async with httpx.AsyncClient(timeout=SECONDS, headers=headers) as client:
        try:
            status, me = await _get(client, f"{base}/users/@me")
            if status == httpx.codes.UNAUTHORIZED:
                return Health("", ("Discord did not accept the token.",))
            if status != httpx.codes.OK or "username" not in me:
                return Health("", (f"Discord answered {status}.",))
            app_status, application = await _get(client, f"{base}/applications/@me")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Health("", (f"Discord cannot be reached: {type(error).__name__}.",))
    warnings: tuple[str, ...] = ()
    if app_status == httpx.codes.OK and "flags" in application and not int(application["flags"]) & MESSAGE_CONTENT:
        warnings = (NO_CONTENT,)
    return Health(f"connected as {me['username']}", warnings=warnings)


async def check_telegram(settings: TelegramSettings) -> Health:
    """Ask who the token belongs to, and whether groups are heard."""
    assert settings.token is not None
    base = (settings.api_base or TELEGRAM_API).rstrip("/")
    async with httpx.AsyncClient(timeout=SECONDS) as client:
        try:
            status, answer = await _get(client, f"{base}/bot{settings.token.get_secret_value()}/getMe")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Health("", (f"Telegram cannot be reached: {type(error).__name__}.",))
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.NOT_FOUND):
        return Health("", ("Telegram did not accept the token.",))
    me = answer.get("result")
    if status != httpx.codes.OK or not isinstance(me, dict):
        return Health("", (f"Telegram answered {status}.",))
    warnings: tuple[str, ...] = ()
    if not me.get("can_read_all_group_messages"):
        warnings = ("privacy mode is on: in groups the bot hears commands and replies only (@BotFather, /setprivacy).",)
    return Health(f"connected as @{me.get('username', '?')}", warnings=warnings)


async def _get(client: httpx.AsyncClient, url: str) -> tuple[int, dict[str, Any]]:
    answer = await client.get(url)
    try:
        body = answer.json()
    except ValueError:
        body = None
    return answer.status_code, body if isinstance(body, dict) else {}
