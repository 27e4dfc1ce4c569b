"""What the AUTOMATIC1111 API's errors mean.

Shapes seen: ``{"detail": [...]}`` (wrong types, 422), ``{"detail": "text"}`` (unknown script, sampler, route, unreadable picture),
``{"error": class, "errors" or "message": text}`` with 500 for everything that went wrong inside, HTML or plain text from a proxy.
"""

from __future__ import annotations

import re
from typing import Any

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.failures import error_from, parse_problem, redact
from providers.http import Answer, json_of
from providers.images.auth import secrets_in
from providers.images.cloud_errors import OUT_OF_MEMORY, Meaning

NO_API = "There is no such service at its base_url; the WebUI must be started with --api."
_MEANINGS = (
    OUT_OF_MEMORY,
    Meaning(
        re.compile(r"init image|invalid encoded image|cannot identify image|local resource", re.I),
        ErrorKind.INVALID,
        "It could not read the reference picture.",
    ),
    Meaning(
        re.compile(r"sampler[^.]*(?:not found|unknown|invalid)|(?:unknown|invalid|no such) sampler", re.I),
        ErrorKind.INVALID,
        "It does not know this sampler.",
    ),
    Meaning(re.compile(r"could not find upscaler|upscaler[^.]*not found", re.I), ErrorKind.INVALID, "It does not know this upscaler."),
    Meaning(re.compile(r"no checkpoints? found", re.I), ErrorKind.MISCONFIGURED, "It has no checkpoint."),
    Meaning(re.compile(r"(?:model|checkpoint) '?[^']*'? ?not found", re.I), ErrorKind.INVALID, "It does not have this model."),
    Meaning(
        re.compile(r"NansException|all NaNs", re.I),
        ErrorKind.INVALID,
        "The model made no picture of it (only NaNs); another VAE, or the server's --no-half-vae, may help.",
    ),
    Meaning(
        re.compile(
            r"kernel size can't be greater|padded input size|size of tensor|must match the size|invalid.*shape|negative dimension", re.I
        ),
        ErrorKind.INVALID,
        "The model cannot draw this size.",
    ),
    Meaning(re.compile(r"returned no results", re.I), ErrorKind.INVALID, "It made no picture of it; a smaller size may work."),
    Meaning(re.compile(r"width and height must be", re.I), ErrorKind.INVALID, "The model cannot draw this size."),
)
_NAMES = {"cfg_scale": "CFG scale", "sampler_name": "sampler", "steps": "steps", "width": "width", "height": "height", "seed": "seed"}


def failure(config: ProviderConfig, answer: Answer, *, worked: bool = False) -> ProviderError:
    """The ``ProviderError`` for an answered error; the detail names the setting to change.

    ``worked`` says that the server has drawn before: it answers 404 for a while each time it starts, until its API is there.
    """
    secrets = secrets_in(config)
    body = _body(config, answer)
    text = redact(_words(body, answer), secrets)
    host = f"HTTP {answer.status} {text}"
    if answer.status == 401:
        detail = "The server wants the user and password of its --api-auth."
        return ProviderError(ErrorKind.UNAUTHORISED, config.name, detail, host_detail=host)
    if answer.status == 422:
        return ProviderError(ErrorKind.INVALID, config.name, _fields(body), host_detail=host)
    if answer.status in (0, 400, 404, 500):
        for meaning in _MEANINGS:
            if meaning.pattern.search(text):
                return ProviderError(meaning.kind, config.name, meaning.detail, host_detail=host)
    if answer.status in (404, 405):
        kind, detail = (ErrorKind.BUSY, "It seems to be starting.") if worked else (ErrorKind.MISCONFIGURED, NO_API)
        return ProviderError(kind, config.name, detail, host_detail=host)
    if answer.status == 413:
        return ProviderError(ErrorKind.INVALID, config.name, "What was sent is too big for it.", host_detail=host)
    return error_from(config.name, answer.content, status=answer.status, headers=answer.headers, secrets=secrets)


def says_error(answer: Any) -> bool:
    """Whether an answer of a good status is an error all the same: it names one and holds no picture."""
    return isinstance(answer, dict) and not answer.get("images") and bool(answer.get("error") or answer.get("detail"))


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
