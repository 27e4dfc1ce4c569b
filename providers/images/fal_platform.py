"""fal's platform API beside its queue: which endpoints there are, what one of them takes, what it costs."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from providers.contract import ImageModelInfo
from providers.errors import ErrorKind, ProviderError
from providers.images.cloud import KEPT_SECONDS
from providers.images.fal_models import ENDPOINTS, Endpoint, learnt
from providers.images.families import family_of
from providers.images.results import number_of

MOST_LIST_PAGES = 10
CATEGORIES = ("text-to-image", "image-to-image")
Ask = Callable[[str, Mapping[str, str]], Awaitable[Any]]
"""Asks one route of the platform with a query."""


class FalPlatform:
    """What the platform says, remembered. Endpoints are learnt once, prices for ten minutes."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._learnt: dict[str, Endpoint] = {}
        self._prices: dict[str, tuple[float, str]] = {}

    def endpoint(self, path: str) -> Endpoint | None:
        """What is known of an endpoint without asking."""
        return ENDPOINTS.get(path) or self._learnt.get(path)

    async def models(self) -> tuple[ImageModelInfo, ...]:
        """Active endpoints that draw from words or from pictures."""
        found: dict[str, ImageModelInfo] = {}
        for category in CATEGORIES:
            cursor = ""
            for _ in range(MOST_LIST_PAGES):
                query = {"category": category, "status": "active", "limit": "100", **({"cursor": cursor} if cursor else {})}
                answer = await self._ask("/models", query)
                for row in _rows(answer, "models"):
                    if model := str(row.get("endpoint_id") or ""):
                        found[model] = ImageModelInfo(model, str(_about(row).get("display_name") or model), family_of(model))
                cursor = str(answer.get("next_cursor") or "") if isinstance(answer, Mapping) else ""
                if not cursor or answer.get("has_more") is False:
                    break
        return tuple(found.values())

    async def status(self, path: str) -> str:
        """``active`` or ``deprecated``; empty when there is no such endpoint."""
        rows = _rows(await self._ask("/models", {"endpoint_id": path}), "models")
        return str(_about(rows[0]).get("status") or "active") if rows else ""

    async def learn(self, path: str) -> None:
        """Read an endpoint's own description, unless it is known; one without leaves nothing but the prompt to be sent."""
        if self.endpoint(path) is not None:
            return
        try:
            rows = _rows(await self._ask("/models", {"endpoint_id": path, "expand": "openapi-3.0"}), "models")
        except ProviderError as error:
            if error.kind is ErrorKind.UNAUTHORISED:
                raise
            return
        if rows and (found := learnt(rows[0].get("openapi"), path)):
            self._learnt[path] = found

    async def price(self, path: str) -> str:
        """The list price («0.025 USD per image»), which larger pictures may multiply; empty when it cannot be had."""
        kept = self._prices.get(path)
        if kept is None or time.monotonic() - kept[0] > KEPT_SECONDS:
            kept = self._prices[path] = (time.monotonic(), await self._asked_price(path))
        return kept[1]

    async def _asked_price(self, path: str) -> str:
        try:
            rows = _rows(await self._ask("/models/pricing", {"endpoint_id": path}), "prices")
        except ProviderError:
            return ""  # a picture is not lost for want of its price
        price = number_of(rows[0].get("unit_price")) if rows else None
        return "" if price is None else f"{price:g} {rows[0].get('currency') or ''} per {rows[0].get('unit') or 'unit'}"


def _rows(answer: Any, key: str) -> list[Mapping[str, Any]]:
    rows = answer.get(key) if isinstance(answer, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _about(row: Mapping[str, Any]) -> Mapping[str, Any]:
    about = row.get("metadata")
    return about if isinstance(about, Mapping) else {}
