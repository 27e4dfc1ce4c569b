"""What an image service's error answer means, and the sentence that tells a player which value to change."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.failures import MODEL_CODES, Problem, error_from, parse_problem, redact
from providers.http import Answer, secrets_of

_NO_MODEL = re.compile(
    r"model_not_available|unable to access model"
    r"|model\b.{0,80}?(?:not found|does not exist|is not available|not supported by|no longer supported)",
    re.IGNORECASE,
)
_PLAIN_NAME = re.compile(r"[A-Za-z][\w.]{0,39}")
_LONG = re.compile(r"too long|too_long|max(?:imum)?[ _]length|at most \d+ characters", re.IGNORECASE)
_DETAILS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"width|height|size|aspect|resolution|dimension|pixel", re.IGNORECASE), "It cannot draw this size."),
    (re.compile(r"image|reference|file", re.IGNORECASE), "It did not accept a reference picture."),
    (re.compile(r"prompt", re.IGNORECASE), "It did not accept the prompt."),
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """Words of one service and the kind of failure they mean.

    ``statuses`` empty = whatever the status; an error inside a good answer has none, and its words alone decide.
    """

    pattern: re.Pattern[str]
    kind: ErrorKind
    detail: str = ""
    statuses: tuple[int, ...] = ()


OUT_OF_MEMORY = Meaning(
    re.compile(r"out ?of ?memory|not enough memory|can't allocate memory|failed to allocate", re.IGNORECASE),
    ErrorKind.INVALID,
    "It ran out of memory; a smaller size may work.",
)
"""What servers of every kind say when the graphics card, or the machine, was too small for a picture."""


def failure_of(
    config: ProviderConfig,
    answer: Answer,
    meanings: Sequence[Meaning] = (),
    *,
    reshape: Callable[[Any], Any] = lambda body: body,
    asked: str = "",
    own: str = "",
) -> ProviderError:
    """The ``ProviderError`` for an answered error. ``asked`` is the model asked for, ``own`` the configured one."""
    try:
        body = reshape(json.loads(answer.content))
    except (ValueError, RecursionError):
        body = answer.content
    error = error_from(config.name, body, status=answer.status, headers=answer.headers, secrets=secrets_of(config))
    problem = parse_problem(body)
    kind, detail = _meant(problem, answer.status, meanings, error.kind)
    if asked and not detail and _names_no_model(problem, answer.status, kind):
        kind = ErrorKind.INVALID if asked != own else ErrorKind.MISCONFIGURED
        detail = f"It has no model «{asked[:80]}»."
    elif kind is ErrorKind.INVALID and not detail:
        detail = "What was sent is too big for it." if answer.status == 413 else _wrong_value(problem)
    return ProviderError(kind, config.name, detail, retry_after=error.retry_after, host_detail=error.host_detail)


def _names_no_model(problem: Problem, status: int, kind: ErrorKind) -> bool:
    """Whether the model asked for is what is wrong: most answer 404, some 400 or 403 that names the parameter."""
    if status == 404:
        return True
    coded = any(MODEL_CODES.search(code) or code == "model_not_supported" for code in problem.codes)
    named = problem.param == "model" or coded or _NO_MODEL.search(_words(problem)) is not None
    return named and kind in (ErrorKind.INVALID, ErrorKind.MISCONFIGURED, ErrorKind.UNAUTHORISED)


def _words(problem: Problem) -> str:
    return f"{problem.code} {problem.type} {problem.message}"


def _meant(problem: Problem, status: int, meanings: Sequence[Meaning], otherwise: ErrorKind) -> tuple[ErrorKind, str]:
    words = _words(problem)
    for meaning in meanings:
        if (not meaning.statuses or not status or status in meaning.statuses) and meaning.pattern.search(words):
            return meaning.kind, meaning.detail
    # A picture has no story window; a prompt over a text limit is a wrong value.
    return (ErrorKind.INVALID if otherwise is ErrorKind.CONTEXT_FULL else otherwise), ""


def _wrong_value(problem: Problem) -> str:
    if _LONG.search(_words(problem)):
        return "The prompt is too long for it."
    for words in (problem.param, f"{problem.code} {problem.type}", problem.message):
        for pattern, sentence in _DETAILS:
            if words and pattern.search(words):
                return sentence
    named = _PLAIN_NAME.fullmatch(problem.param)
    return f"It did not accept the setting «{problem.param}»." if named else "It did not accept one of the settings."


def as_object(body: Any) -> Any:
    """``{"error": text, "code" or "message"?, "retry_after"?}`` as an error object; anything else as it is.

    Of the two texts the one under ``code`` is the code; where ``message`` is there instead, ``error`` is.
    """
    if not isinstance(body, Mapping) or not isinstance(error := body.get("error"), str):
        return body
    code, message, wait = body.get("code"), body.get("message"), body.get("retry_after")
    wait = wait if isinstance(wait, int | float) and 0 <= wait < 1_000_000 else None
    parts = {"code": code or error, "message": message} if isinstance(message, str) and message else {"code": code, "message": error}
    return {"error": {**parts, "availability": {"retry_after": wait}}}


def refused(name: str, host_detail: str, detail: str = "") -> ProviderError:
    """A refusal that came with HTTP 200."""
    return ProviderError(ErrorKind.REFUSED, name, detail, host_detail=host_detail)


def wordy_refusal(config: ProviderConfig, words: str) -> ProviderError:
    """A refusal in the model's own words, cut short; addresses and mentions are taken out, for people will read them."""
    short = redact(words, secrets_of(config), limit=160)
    shown = re.sub(r"\w+://\S+", "…", short).replace("@", "(at)")
    return refused(config.name, f"words instead of a picture: {short}", f"It answered in words: «{shown}»")


def bad_answer(name: str, host_detail: str, detail: str = "") -> ProviderError:
    """An answer of the right status and the wrong content."""
    return ProviderError(ErrorKind.BAD_ANSWER, name, detail, host_detail=host_detail)
