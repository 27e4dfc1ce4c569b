"""Logging: structlog for our own lines and everybody else's, for people on a terminal and as JSON lines elsewhere.

The finished line passes one redaction, so that a secret cannot slip through a message, a field or a traceback.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.settings import LogSettings

QUIET = (
    "httpx",
    "httpcore",
    "httpx2",
    "httpcore2",
    "discord",
    "telegram",
    "openai",
    "uvicorn",
    "websockets",
    "aiosqlite",
    "alembic",
    "PIL",
)
"""Libraries that are heard from ``warning`` on."""
HIDDEN = "«hidden»"
TOKEN_SHAPES = (
    re.compile(r"(?<=/bot)\d{5,}:[\w-]{20,}"),  # Telegram's Bot API carries the token in the path
    re.compile(r"\b\d{8,10}:[\w-]{35}\b"),  # a bare Telegram token
    re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}\b"),  # a Discord bot token
    re.compile(r"(?<=/webhooks/)\d+/[\w-]{30,}"),  # Discord webhooks and interactions carry theirs in the path
    re.compile(r"(?<=/interactions/)\d+/[\w-]{30,}"),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]{8,}"),
    re.compile(r"\bsk-[\w-]{16,}"),
    re.compile(r"(?i)(?<=[?&](?:key|sig)=)[^&\s\"']+"),
    re.compile(r"(?i)(?<=[?&](?:token)=)[^&\s\"']+"),
    re.compile(r"(?<=://)[^/\s:@\"']+:[^/\s@\"']+(?=@)"),  # user:password in an address
)

Redact = Callable[[str], str]


def redactor(secrets: Iterable[str]) -> Redact:
    """A function that hides the given secrets, in any spelling, and everything shaped like a token."""
    spellings = {form for secret in secrets if len(secret) >= 4 for form in _spellings(secret)}
    ordered = sorted(spellings, key=len, reverse=True)
    known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def redact(text: str) -> str:
        if known is not None:
            text = known.sub(HIDDEN, text)
        for shape in TOKEN_SHAPES:
            text = shape.sub(HIDDEN, text)
        return text

    return redact


def _spellings(secret: str) -> tuple[str, ...]:
    """As it is, as JSON writes it, and as Python shows it."""
    return secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]


def set_up_logs(settings: LogSettings, secrets: Iterable[str] = ()) -> None:
    """Send every log line to standard error, redacted. May be called again when more is known."""
    redact = redactor(secrets)
    people = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if people else "iso", utc=not people),
        structlog.processors.StackInfoRenderer(),
    ]

    def hide(_logger: WrappedLogger, _name: str, line: Any) -> str:
        return redact(str(line))

    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(people), hide],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _renderers(people: bool) -> list[Processor]:
    if people:
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, _event_first, structlog.processors.JSONRenderer(default=str, ensure_ascii=False)]


def _event_first(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    return {"event": event.pop("event", ""), **event}
