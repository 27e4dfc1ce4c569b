"""What is tidied away while the program runs: old events, offers past their day, image files nobody refers to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from bot.engine.services import Services
from bot.storage import inbox, proposals

log = structlog.get_logger(__name__)

EVERY = 6 * 3600.0  # seconds
EVENTS_KEPT = timedelta(days=3)  # platforms may deliver an event again for a day (Telegram)
OFFER_LASTS = timedelta(hours=24)


async def tidy(services: Services) -> None:
    """One round."""
    now = datetime.now(UTC)
    async with services.db.write() as c:
        events = await inbox.prune(c, now - EVENTS_KEPT)
        offers = await proposals.expire(c, now - OFFER_LASTS)
    files = await services.assets.sweep()
    if events or offers or files:
        log.info("tidied", events=events, offers=len(offers), files=files)


async def keep_tidy(services: Services) -> None:
    """Tidy now and every six hours, until cancelled. A round that fails is logged; the next one tries again."""
    while True:
        try:
            await tidy(services)
        except Exception as error:
            log.error("tidying failed", exc_info=error)
        await asyncio.sleep(EVERY)
