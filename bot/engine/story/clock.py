"""Dates and times as macros write them: English, independent of the host's locale."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_TOKEN = re.compile(r"\[([^\]]*)\]|YYYY|YY|MMMM|MMM|MM|M|DD|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|A|a|Z")
_OFFSET = re.compile(r"\s*(?:UTC)?\s*([+-]\d{1,2})(?::?(\d{2}))?\s*", re.IGNORECASE)


def time_of(now: datetime) -> str:
    """``3:07 PM``."""
    return f"{now.hour % 12 or 12}:{now:%M} {'AM' if now.hour < 12 else 'PM'}"


def date_of(now: datetime) -> str:
    """``November 3, 2026``."""
    return f"{MONTHS[now.month - 1]} {now.day}, {now.year}"


def weekday_of(now: datetime) -> str:
    return DAYS[now.weekday()]


def at_offset(now: datetime, offset: str) -> datetime | None:
    """The moment at ``UTC+2`` or ``-03:30``; None when that is no offset. A clock without a zone counts as UTC."""
    match = _OFFSET.fullmatch(offset)
    if match is None or abs(int(match.group(1))) > 14:
        return None
    hours = int(match.group(1))
    minutes = int(match.group(2) or 0) * (-1 if match.group(1).startswith("-") else 1)
    aware = now if now.tzinfo else now.replace(tzinfo=UTC)
    return aware.astimezone(timezone(timedelta(hours=hours, minutes=minutes)))


def formatted(now: datetime, form: str) -> str:
    """A date in the token notation of moment.js (``YYYY-MM-DD HH:mm``); text in square brackets is literal."""
    values = {
        "YYYY": f"{now.year:04}", "YY": f"{now.year % 100:02}", "MMMM": MONTHS[now.month - 1], "MMM": MONTHS[now.month - 1][:3],
        "MM": f"{now.month:02}", "M": str(now.month), "DD": f"{now.day:02}", "D": str(now.day), "dddd": weekday_of(now),
        "ddd": weekday_of(now)[:3], "HH": f"{now.hour:02}", "H": str(now.hour), "hh": f"{now.hour % 12 or 12:02}",
        "h": str(now.hour % 12 or 12), "mm": f"{now.minute:02}", "m": str(now.minute), "ss": f"{now.second:02}", "s": str(now.second),
        "A": "AM" if now.hour < 12 else "PM", "a": "am" if now.hour < 12 else "pm", "Z": now.strftime("%z"),
    }  # fmt: skip
    return _TOKEN.sub(lambda m: m.group(1) if m.group(1) is not None else values[m.group(0)], form)


def human(span: timedelta) -> str:
    """A span in words: «just now», «an hour», «3 days»."""
    seconds = abs(span.total_seconds())
    if seconds < 45:
        return "just now"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds / length + 0.5)
        if count >= 1 and seconds >= length * 0.75:
            article = "an" if unit == "hour" else "a"
            return f"{article} {unit}" if count == 1 else f"{count} {unit}s"
    return "a minute"
