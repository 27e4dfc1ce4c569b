"""Shows how a ComfyUI workflow would be filled, without a server: ``vignette explain workflow``.

The same code fills a workflow for a real picture. Where Vignette differs from SillyTavern, on purpose:

- One pass over the parsed graph. There a replaced text is searched again, so a prompt of ``%seed%`` is replaced once more and
  ``$&`` in a value breaks the document; here a value stays what it is.
- A setting without a value is listed in ``unfilled`` and left as its placeholder. There it becomes ``null``, or no valid JSON at all.
- Built-in names win over custom ones, the avatars' too, and a custom placeholder cannot produce another placeholder or an avatar.
- A placeholder inside a longer text is left alone in both; here it is also named in ``problems``.
- A placeholder for a number as the name of something stays a name, because JSON's names are texts. There the document breaks.
- A whole request body (``{"prompt": graph}``) is unwrapped.
- LettuceAI's capital names are understood as well (``%CFG%`` is ``%scale%``).
- An avatar placeholder without an avatar becomes a 1x1 picture in both.

``values`` are what the placeholders stand for, by name without percent signs. Three are brought into the form ComfyUI takes, as for a
real picture: ``clip_skip`` may be given as people count (2 = last but one) and becomes negative, ``denoise`` is 1.0 unless given, and a
``seed`` below 0 or none at all becomes one random number, the same wherever it stands.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from providers.images import comfyui_graph as graphs

MOST_RANDOM_SEED = 2**53


def explain_workflow(question: dict[str, Any]) -> dict[str, Any]:
    """Answer ``{"workflow", "values", "custom"}`` with ``{"workflow", "unfilled", "problems"}``.

    ``workflow`` is a graph in API format, as an object or as JSON text; ``custom`` an object of texts by name, or a list of
    ``{"find", "replace"}`` of which the first of a name counts. An object that is no graph is filled too, and ``problems`` begins with
    the reason why it cannot be used. Raises ``KeyError`` without a workflow and ``ValueError`` for one that is no JSON object, or for
    values of a wrong shape.
    """
    given = question["workflow"]
    values = question.get("values") or {}
    if not isinstance(values, Mapping):
        raise ValueError("values must be an object")
    known, custom = _values(values), _custom(question.get("custom") or {})
    try:
        graph = graphs.parse(given if isinstance(given, str) else json.dumps(given))
    except graphs.WorkflowError as error:
        return _shown_all_the_same(given, known, custom, error)
    filled = graphs.fill(graph, known, custom)
    return {"workflow": filled.workflow, "unfilled": list(filled.unfilled), "problems": list(filled.problems)}


def _shown_all_the_same(given: Any, values: Mapping[str, Any], custom: Mapping[str, str], error: graphs.WorkflowError) -> dict[str, Any]:
    """An object that is no graph is filled for the eye, with the reason why no server would take it. Raises ``error`` for anything else."""
    try:
        found = json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        raise error from None
    if not isinstance(found, dict) or not found:
        raise error
    filled = graphs.fill({"": {"inputs": found}}, values, custom)
    return {"workflow": filled.workflow[""]["inputs"], "unfilled": list(filled.unfilled), "problems": [str(error), *filled.problems]}


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    plain = {str(name).strip("%"): value for name, value in given.items()}
    values = {graphs.OTHER_NAMES.get(name, name): value for name, value in plain.items()}
    values["clip_skip"] = -abs(_whole(values.get("clip_skip")) or 1)
    seed = values.get("seed")
    if seed is None or (_whole(seed) or 0) < 0:
        values["seed"] = secrets.randbelow(MOST_RANDOM_SEED)
    if values.get("denoise") is None:
        values["denoise"] = 1.0
    return values


def _whole(value: Any) -> int | None:
    """A whole number, also one written as a text; None for anything else."""
    try:
        return None if isinstance(value, bool) else int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _custom(given: Any) -> dict[str, str]:
    if isinstance(given, Mapping):
        pairs = [(str(name), value) for name, value in given.items()]
    elif isinstance(given, list):
        rows = [entry for entry in given if isinstance(entry, Mapping) and isinstance(entry.get("find"), str)]
        pairs = [(row["find"], row.get("replace")) for row in rows]
    else:
        raise ValueError("custom must be an object, or a list of {find, replace}")
    found: dict[str, str] = {}
    for name, value in pairs:
        for spelling in (name, name.strip("%")):
            found.setdefault(spelling, _text(value))
    return found


def _text(value: Any) -> str:
    """One's own placeholders are always texts, whatever was given for them."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
