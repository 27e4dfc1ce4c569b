"""What the AUTOMATIC1111 API's errors mean.

Shapes seen: ``{"detail": [...]}`` (wrong types, 422), ``{"detail": "text"}`` (unknown script, sampler, route), ``{"error": class,
"errors" or "message": text}`` with 500 for everything that went wrong inside, HTML or plain text from a proxy.
"""

from __future__ import annotations

import re
from typing import Any

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.failures import error_from, parse_problem, redact
from providers.http import Answer, json_of
from providers.images.auth import secrets_in

_MEMORY = re.compile(r"out of memory|OutOfMemory|not enough memory|can't allocate memory", re.I)
_SIZE = re.compile(
    r"kernel size can't be greater|padded input size|size of tensor|must match the size|invalid.*shape|negative dimension", re.I
)
_NAMES = {"cfg_scale": "CFG scale", "sampler_name": "sampler", "steps": "steps", "width": "width", "height": "height", "seed": "seed"}


def failure(config: ProviderConfig, answer: Answer) -> ProviderError:
    """The ``ProviderError`` for an answer with an error status; the detail names the setting to change."""
    secrets = secrets_in(config)
    body = _body(config, answer)
    text = redact(_words(body, answer), secrets)
    host = f"HTTP {answer.status} {text}"
    if answer.status == 401:
        detail = "The server wants the user and password of its --api-auth."
        return ProviderError(ErrorKind.UNAUTHORISED, config.name, detail, host_detail=host)
    if answer.status in (400, 404) and "sampler" in text.lower():
        return ProviderError(ErrorKind.INVALID, config.name, "It does not know this sampler.", host_detail=host)
    if answer.status in (404, 405):
        detail = "There is no such service at its base_url; the WebUI must be started with --api."
        return ProviderError(ErrorKind.MISCONFIGURED, config.name, detail, host_detail=host)
    if answer.status == 422:
        return ProviderError(ErrorKind.INVALID, config.name, _fields(body), host_detail=host)
    if _MEMORY.search(text):
        return ProviderError(ErrorKind.INVALID, config.name, "It ran out of memory; a smaller size may work.", host_detail=host)
    if answer.status in (400, 500) and _SIZE.search(text):
        return ProviderError(ErrorKind.INVALID, config.name, "The model cannot draw this size.", host_detail=host)
    return error_from(config.name, answer.content, status=answer.status, headers=answer.headers, secrets=secrets)


def _body(config: ProviderConfig, answer: Answer) -> Any:
    try:
        return json_of(answer, config)
    except ProviderError:
        return None


def _words(body: Any, answer: Answer) -> str:
    if not isinstance(body, dict):
        return parse_problem(answer.content).message
    parts = [body.get(key) for key in ("error", "detail", "errors", "message")]
    return " ".join(part if isinstance(part, str) else repr(part) for part in parts if part)


def _fields(body: Any) -> str:
    detail = body.get("detail") if isinstance(body, dict) else None
    if not isinstance(detail, list):
        return "It did not accept one of the settings."
    places = [item.get("loc") for item in detail if isinstance(item, dict)]
    names = [str(place[-1]) for place in places if isinstance(place, list) and place]
    shown = ", ".join(_NAMES.get(name, name) for name in names[:5])
    return f"It did not accept: {shown}." if shown else "It did not accept one of the settings."
