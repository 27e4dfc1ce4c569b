"""Reads the AI Horde's answers: places in the queue, warnings, a worker's remarks about a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from providers.contract import Dropped, Progress
from providers.images.cloud_errors import bad_answer, refused
from providers.images.results import number_of

LOST = {
    "download_failed": "it could not be loaded",
    "parse_failed": "it could not be read",
    "baseline_mismatch": "it does not fit the model",
}
_LABELS = {"lora": "LoRA", "ti": "embedding", "source_image": "reference images", "extra_source_images": "reference images"}


def picture_entry(status: Any, name: str) -> tuple[Mapping[str, Any], str, tuple[Dropped, ...]]:
    """The first picture of a finished request: its entry, its text (base64 or an address), and what the worker could not use.

    Raises ``ProviderError``: REFUSED when a safety filter took it away, BAD_ANSWER when there is none.
    """
    made = status.get("generations") if isinstance(status, Mapping) else None
    entry = made[0] if isinstance(made, list) and made else None
    if not isinstance(entry, Mapping):
        raise bad_answer(name, "no generations in the answer", "There was no picture in it.")
    told = entry.get("gen_metadata")
    remarks = [row for row in told if isinstance(row, Mapping)] if isinstance(told, list) else []
    if entry.get("censored") or any(row.get("type") == "censorship" for row in remarks):
        raise refused(name, f"censored: {[row.get('value') for row in remarks]}", "Its safety filter took the picture away.")
    text = entry.get("img")
    if not isinstance(text, str) or not text:
        raise bad_answer(name, "a generation without a picture", "There was no picture in it.")
    return entry, text, tuple(lost_of(row) for row in remarks if str(row.get("value")) in LOST)


def lost_of(row: Mapping[str, Any]) -> Dropped:
    kind = str(row.get("type") or "")
    return Dropped(_LABELS.get(kind, kind or "setting"), f"the worker said {LOST[str(row['value'])]}")


def finite(value: Any) -> float | None:
    """A number a server wrote; JSON readers take NaN and Infinity for numbers too."""
    number = number_of(value)
    return number if number is not None and math.isfinite(number) else None


def seed_of(entry: Mapping[str, Any], asked: int) -> int:
    """The seed that was really used; the service writes it as text."""
    text = str(entry.get("seed"))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 40 else asked


def notes_of(said: Mapping[str, Any]) -> tuple[str, ...]:
    rows = said.get("warnings")
    texts = [row.get("message") for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return tuple(text[:200] for text in (said.get("message"), *texts) if isinstance(text, str) and text)


def progress_of(seen: Mapping[str, Any]) -> Progress:
    eta, place = finite(seen.get("wait_time")), finite(seen.get("queue_position"))
    if seen.get("processing"):
        return Progress("drawing", eta=eta)
    return Progress("queued", place=max(0, int(place) - 1) if place is not None else None, eta=eta)


def label_of(row: Mapping[str, Any]) -> str:
    count = finite(row.get("count"))
    return f"{row['name']} ({count:.0f} workers)" if count else str(row["name"])
