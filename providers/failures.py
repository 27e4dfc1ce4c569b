"""From what a service answered to the kind of failure it is.

One order of tests for every vendor: quota, context, moderation, key, unknown model, rate limit, overload, bad request. Errors that
arrive inside a stream have no status; their code stands in for it.
"""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError

DETAIL_LIMIT = 600
"""Most characters of a provider's words that reach the log."""

QUOTA_CODES = re.compile(
    r"insufficient_quota|billing_hard_limit_reached|spend_limit_exceeded|credit_balance|payment_required|billing_error|insufficient_balance",
    re.IGNORECASE,
)
QUOTA_TEXT = re.compile(r"credit balance is too low|insufficient (?:balance|credits|funds)|exceeded your current quota", re.IGNORECASE)
CONTEXT_CODES = re.compile(r"context_length_exceeded|exceed_context_size|model_context_window_exceeded|^3051$", re.IGNORECASE)
CONTEXT_TEXT = re.compile(
    r"maximum context length|reduce the length of the messages|prompt is too long|input token count|too many tokens"
    r"|available context size|exceeds the context",
    re.IGNORECASE,
)
MODERATION_CODES = re.compile(r"content_policy_violation|content_filter|moderation|^refusal$|image_content_policy", re.IGNORECASE)
KEY_CODES = re.compile(r"invalid_api_key|api_key_invalid|^authentication|permission_denied", re.IGNORECASE)
MODEL_CODES = re.compile(r"model_not_found|^not_found|unknown_model", re.IGNORECASE)
RATE_CODES = re.compile(r"rate_limit|resource_exhausted|too_many_requests", re.IGNORECASE)
BUSY_CODES = re.compile(r"overloaded|unavailable|^timeout$", re.IGNORECASE)
BUSY_TEXT = re.compile(r"loading model|server is busy|overloaded|is currently loading", re.IGNORECASE)
UNABLE_TEXT = re.compile(
    r"image input is not supported|not_supported_error|does not support (?:tools|images?|vision)|payload is too (?:big|large)",
    re.IGNORECASE,
)
WINDOW_TEXT = re.compile(r"(?:maximum context length|context size|context window|context length)\D{0,40}?(\d{3,8})", re.IGNORECASE)

_SECRET_OPTION = re.compile(r"key|token|secret|password|authorization|cookie|headers", re.IGNORECASE)
_SECRET_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 ***"),
    (re.compile(r"\b(?:sk|pk|xai|gsk|hf|r8|key)[-_][\w-]{8,}"), "***"),
    (re.compile(r"(?i)([?&](?:[\w-]*key|[\w-]*token|sig|signature|password)=)[^&\s\"']+"), r"\1***"),
    (re.compile(r"(?i)\b(https?://)[^/\s@]+@"), r"\1***@"),
    (re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]{16,}"), "data:…"),
)


def secrets_of(config: ProviderConfig) -> tuple[str, ...]:
    """Every secret text of a provider's settings: the key, passwords in the address, options that are named like secrets."""
    key = config.api_key.get_secret_value() if config.api_key else ""
    found = [key, key.strip()]  # backends send it without the blanks around it
    password = re.match(r"\w+://[^/@]*?:?([^/@:]+)@", config.base_url)
    if password:
        found.append(password[1])
    for option, value in config.options.items():
        if _SECRET_OPTION.search(option):
            found.extend(_texts(value))
    return tuple(text for text in found if len(text) >= 4)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)


def redact(text: str, secrets: Iterable[str] = (), *, limit: int = DETAIL_LIMIT) -> str:
    """A text fit for logs: known secrets, key-like words, image data and control characters taken out; cut to ``limit``."""
    for secret in secrets:
        text = text.replace(secret, "***")
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Problem:
    """A service's error in one shape, whatever shape it came in."""

    message: str = ""
    code: str = ""
    type: str = ""
    param: str = ""
    window: int | None = None
    retry_after: float | None = None
    moderation: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(word for word in (self.code, self.type) if word)

    def has_code(self, pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(word) for word in self.codes)


def parse_problem(body: Any) -> Problem:
    """Read an error body: OpenAI's object, ``{"error": "text"}``, FastAPI's ``detail``, a list, or plain text and HTML."""
    if isinstance(body, bytes):
        body = body.decode("utf-8", "replace")
    if isinstance(body, str):
        try:
            decoded = json.loads(body)
        except ValueError:
            return Problem(message=_plain(body))
        return parse_problem(decoded) if isinstance(decoded, dict | list) else Problem(message=body)
    if isinstance(body, list):
        return parse_problem(body[0]) if body else Problem()
    if not isinstance(body, Mapping):
        return Problem()
    inner = body.get("error") or body.get("detail") or body.get("errors") or body
    if inner is not body and not isinstance(inner, Mapping):
        return _detail(inner, body)
    return _object(inner)


def _detail(inner: Any, outer: Mapping[str, Any]) -> Problem:
    if isinstance(inner, list) and inner and isinstance(inner[0], Mapping):
        place = inner[0].get("loc")
        last = str(place[-1]) if isinstance(place, list | tuple) and place else ""
        return Problem(message=str(inner[0].get("msg", inner[0])), param=last, type=str(inner[0].get("type", "")))
    more = outer.get("errors") or outer.get("message") or ""
    return Problem(message=f"{inner} {more if isinstance(more, str) else ''}".strip())


def _object(error: Mapping[str, Any]) -> Problem:
    metadata = error.get("metadata")
    extra: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    availability = extra.get("availability") or error.get("availability")
    wait = availability.get("retry_after") if isinstance(availability, Mapping) else None
    message = error.get("message") or error.get("msg") or error.get("detail") or ""
    n_ctx = error.get("n_ctx")
    return Problem(
        message=message if isinstance(message, str) else json.dumps(message)[:DETAIL_LIMIT],
        code=_word(error.get("code")),
        type=_word(extra.get("error_type") or error.get("type") or error.get("status")),
        param=_word(error.get("param")),
        window=n_ctx if isinstance(n_ctx, int) else None,
        retry_after=float(wait) if isinstance(wait, int | float) else None,
        moderation="reasons" in extra or "patterns" in extra or "flagged_input" in extra,
    )


def _word(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _plain(text: str) -> str:
    return " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text[:20000], flags=re.DOTALL | re.IGNORECASE).split())


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by ``retry-after-ms`` or ``Retry-After`` (seconds or HTTP date, RFC 9110); None when not said."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(0.0, float(milliseconds) / 1000)
        value = headers.get("retry-after", "")
        if not value:
            return None
        if re.fullmatch(r"\s*\d+(\.\d+)?\s*", value):
            return float(value)
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def kind_of(problem: Problem, status: int) -> ErrorKind:
    """Which kind of failure a status and an error body mean. ``status`` 0 = none (an error inside a stream)."""
    if not status and problem.code.isdigit() and len(problem.code) == 3:
        status = int(problem.code)
    if status == 402 or problem.has_code(QUOTA_CODES) or QUOTA_TEXT.search(problem.message):
        return ErrorKind.NO_CREDIT
    if status in (0, 400, 413, 422, 500) and (problem.has_code(CONTEXT_CODES) or CONTEXT_TEXT.search(problem.message)):
        return ErrorKind.CONTEXT_FULL
    if problem.moderation or problem.has_code(MODERATION_CODES):
        return ErrorKind.REFUSED
    if status in (401, 403) or problem.has_code(KEY_CODES):
        return ErrorKind.UNAUTHORISED
    if status == 429 or problem.has_code(RATE_CODES):
        return ErrorKind.RATE_LIMITED
    if status >= 400 and UNABLE_TEXT.search(f"{problem.type} {problem.message}"):
        return ErrorKind.INVALID
    if status in (502, 503, 504, 520, 521, 522, 523, 524, 529) or problem.has_code(BUSY_CODES) or BUSY_TEXT.search(problem.message):
        return ErrorKind.BUSY
    if status in (404, 405, 407) or problem.has_code(MODEL_CODES):
        return ErrorKind.MISCONFIGURED
    if status == 408:
        return ErrorKind.TIMED_OUT
    if 300 <= status < 400:
        return ErrorKind.MISCONFIGURED
    return ErrorKind.INVALID if 400 <= status < 500 else ErrorKind.BAD_ANSWER


def error_from(
    name: str,
    body: Any,
    *,
    status: int = 0,
    headers: Mapping[str, str] | None = None,
    secrets: Iterable[str] = (),
) -> ProviderError:
    """The ``ProviderError`` for an answered error. ``body`` is what the service sent: parsed JSON, text or bytes."""
    problem = parse_problem(body)
    kind = kind_of(problem, status)
    wait = retry_after(headers or {})
    window = problem.window
    if kind is ErrorKind.CONTEXT_FULL and window is None and (found := WINDOW_TEXT.search(problem.message)):
        window = int(found[1])
    moved = f"to {(headers or {}).get('location', '?')}" if 300 <= status < 400 else ""
    words = [f"HTTP {status}" if status else "", moved, problem.code, problem.type, problem.message]
    return ProviderError(
        kind,
        name,
        retry_after=wait if wait is not None else problem.retry_after,
        window=window,
        host_detail=redact(" ".join(word for word in words if word), secrets),
    )
