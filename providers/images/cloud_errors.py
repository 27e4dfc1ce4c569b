"""What an image service's error answer means, and the sentence that tells a player which value to change."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.failures import Problem, error_from, parse_problem, redact
from providers.http import Answer, secrets_of

_LONG = re.compile(r"too long|too_long|max(?:imum)?[ _]length|at most \d+ characters", re.IGNORECASE)
_DETAILS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"width|height|size|aspect|resolution|dimension|pixel", re.IGNORECASE), "It cannot draw this size."),
    (re.compile(r"image|reference|file", re.IGNORECASE), "It did not accept a reference picture."),
    (re.compile(r"prompt", re.IGNORECASE), "It did not accept the prompt."),
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """Words of one service and the kind of failure they mean. ``statuses`` empty = whatever the status."""

    pattern: re.Pattern[str]
    kind: ErrorKind
    detail: str = ""
    statuses: tuple[int, ...] = ()


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
    if answer.status == 404 and asked and not detail:
        kind = ErrorKind.INVALID if asked != own else ErrorKind.MISCONFIGURED
        detail = f"It has no model «{asked[:80]}»."
    elif kind is ErrorKind.INVALID and not detail:
        detail = _wrong_value(problem)
    return ProviderError(kind, config.name, detail, retry_after=error.retry_after, host_detail=error.host_detail)


def _meant(problem: Problem, status: int, meanings: Sequence[Meaning], otherwise: ErrorKind) -> tuple[ErrorKind, str]:
    words = f"{problem.code} {problem.type} {problem.message}"
    for meaning in meanings:
        if (not meaning.statuses or status in meaning.statuses) and meaning.pattern.search(words):
            return meaning.kind, meaning.detail
    # A picture has no story window; a prompt over a text limit is a wrong value.
    return (ErrorKind.INVALID if otherwise is ErrorKind.CONTEXT_FULL else otherwise), ""


def _wrong_value(problem: Problem) -> str:
    if _LONG.search(f"{problem.code} {problem.type} {problem.message}"):
        return "The prompt is too long for it."
    for words in (problem.param, f"{problem.code} {problem.type}", problem.message):
        for pattern, sentence in _DETAILS:
            if words and pattern.search(words):
                return sentence
    return "It did not accept one of the settings."


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
