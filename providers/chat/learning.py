"""Parameters a server refuses by name: dropped for the life of the connection, and the request sent once more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from providers.failures import parse_problem

NEEDED = frozenset({"model", "messages", "input", "stream", "tools", "instructions", "store", "include"})
"""Fields whose refusal cannot be healed by leaving them out."""
RENAMES = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
MOST_DROPS = 4
"""Most parameters learnt in one request."""
_NAMED = re.compile(
    r"(?:unsupported|unknown|unrecognized|unexpected|invalid|extra)\b[^'\"`:]{0,60}[:'\"`\s]+['\"`]?([a-z_][\w.]{1,40})"
    r"|['\"`]([a-z_][\w.]{1,40})['\"`][^.]{0,40}(?:not supported|unsupported|not permitted|not allowed|does not support)"
    r"|([a-z_]\w{1,40}) (?:is|are) not supported",
    re.IGNORECASE,
)
_ABOUT_PARAMETERS = re.compile(
    r"unsupported|unknown|unrecogni[sz]ed|unexpected|not permitted|not supported|not allowed|extra", re.IGNORECASE
)


class LearnedDrops:
    """What one endpoint was found to refuse."""

    def __init__(self) -> None:
        self.dropped: set[str] = set()
        self.renamed: dict[str, str] = {}

    def apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body without what was refused before."""
        kept = {name: value for name, value in body.items() if name not in self.dropped}
        return {self.renamed.get(name, name): value for name, value in kept.items()}

    def learn(self, body: Mapping[str, Any], status: int, answer: Any) -> bool:
        """Read a refusal of ``body``; True when it named an optional parameter and another try makes sense."""
        name = refused_parameter(status, answer, body)
        if name is None:
            return False
        if name in RENAMES and RENAMES[name] not in (*self.renamed, *self.dropped):
            self.renamed[name] = RENAMES[name]
        else:
            self.renamed = {old: new for old, new in self.renamed.items() if new != name}
            self.dropped.update({name, *(old for old, new in RENAMES.items() if new == name and name in RENAMES)})
        return True


def refused_parameter(status: int, answer: Any, body: Mapping[str, Any]) -> str | None:
    """The optional field of ``body`` that an error of status 400 or 422 complains of; None when it is about something else."""
    if status not in (400, 422):
        return None
    problem = parse_problem(answer)
    words = f"{problem.code} {problem.type} {problem.message}"
    if not _ABOUT_PARAMETERS.search(words):
        return None
    named = [part for match in _NAMED.finditer(problem.message) for part in match.groups() if part]
    for name in (problem.param, *named):
        field = name.partition(".")[0].partition("[")[0]
        if field in body and field not in NEEDED:
            return field
    return None
