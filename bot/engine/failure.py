"""The one place that turns errors into answers: a sentence for the chat, a log line for the host, the same short id in both."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import structlog

from bot.domain.errors import UserError, VignetteError
from providers.errors import ErrorKind, ProviderError

log = structlog.get_logger(__name__)

_HOST_ONLY = {ErrorKind.MISCONFIGURED, ErrorKind.UNAUTHORISED, ErrorKind.NO_CREDIT}


@dataclass(frozen=True, slots=True)
class Failure:
    """What to tell the person. ``retry`` says whether offering to try again makes sense."""

    sentence: str
    retry: bool
    id: str


def failure_of(error: BaseException, *, doing: str, chat: str = "") -> Failure:
    """Log ``error`` and give the sentence to show. People's own mistakes are not logged as errors and carry no id."""
    if isinstance(error, UserError):
        log.info("refused", doing=doing, chat=chat, reason=error.message)
        return Failure(error.message, error.retry, "")
    failure_id = secrets.token_hex(3)
    if isinstance(error, ProviderError):
        log.warning(
            "provider failed", id=failure_id, doing=doing, chat=chat, kind=str(error.kind), provider=error.name, detail=error.host_detail
        )
        return Failure(f"{_provider_sentence(error)} (`{failure_id}`)", error.retryable or error.kind in _HOST_ONLY, failure_id)
    if isinstance(error, VignetteError):
        log.warning("failed", id=failure_id, doing=doing, chat=chat, error=error.message, detail=error.host_detail)
        return Failure(f"{error.message} (`{failure_id}`)", error.retry, failure_id)
    log.error("unexpected error", id=failure_id, doing=doing, chat=chat, exc_info=error)
    return Failure(f"Something went wrong on my side. The host finds it in the log under `{failure_id}`.", True, failure_id)


def _provider_sentence(error: ProviderError) -> str:
    if error.kind is ErrorKind.RATE_LIMITED and error.retry_after:
        return f"{error} Try again in {max(1, round(error.retry_after))} seconds."
    return str(error)
