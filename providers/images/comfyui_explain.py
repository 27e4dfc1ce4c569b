"""Shows how a ComfyUI workflow would be filled, without a server: ``vignette explain workflow``.

The same code fills a workflow for a real picture. Where Vignette differs from SillyTavern, on purpose:

- One pass over the parsed graph. There a replaced text is searched again, so a prompt of ``%seed%`` is replaced once more and
  ``$&`` in a value breaks the document; here a value stays what it is.
- A setting without a value is listed in ``unfilled`` and left as its placeholder. There it becomes ``null``, or no valid JSON at all.
- Built-in names win over custom ones, the avatars' too, because a variable of the chat may be a custom placeholder; and a custom
  placeholder cannot produce another placeholder or an avatar. A custom name may be given with its percent signs.
- A placeholder inside a longer text is left alone in both; here it is also named in ``problems``.
- A placeholder for a number as the name of something stays a name, because JSON's names are texts. There the document breaks.
- A whole request body (``{"prompt": graph}``) is unwrapped.
- LettuceAI's capital names are understood as well (``%CFG%`` is ``%scale%``), inside longer texts too, as there. Unlike there the text
  around them needs its quotes, for numbers too.
- An avatar placeholder without an avatar becomes a 1x1 picture in both; an avatar is plain base64 in both, so a data URI loses its head.

``values`` are what the placeholders stand for, by name without percent signs. Three are brought into the form ComfyUI takes, as for a
real picture: ``clip_skip`` may be given as people count (2 = last but one; none, 0 or no number = 1) and becomes negative, ``denoise`` is 1
unless given, and a ``seed`` below 0, none at all or no number becomes one random number, the same wherever it stands.
"""

from __future__ import annotations

import json
import math
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
    if not isinstance(found, dict | list) or not found:
        raise error
    filled = graphs.fill({"": {"inputs": found}}, values, custom)
    return {"workflow": filled.workflow[""]["inputs"], "unfilled": list(filled.unfilled), "problems": [str(error), *filled.problems]}


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    plain = {str(name).strip("%"): _as_written(value) for name, value in given.items()}
    values = {graphs.OTHER_NAMES.get(name.upper(), name): value for name, value in plain.items()} | plain
    values["clip_skip"] = -abs(int(_number(values.get("clip_skip")) or 0)) or -1
    seed = _number(values.get("seed"))
    if seed is None or seed < 0:
        values["seed"] = secrets.randbelow(MOST_RANDOM_SEED)
    if values.get("denoise") is None:
        values["denoise"] = 1
    for name in ("user_avatar", "char_avatar"):
        values[name] = _picture(values.get(name))
    return values


def _as_written(value: Any) -> Any:
    """7.0 as 7, which is how JavaScript writes it."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < MOST_RANDOM_SEED else value


def _number(value: Any) -> float | None:
    """A finite number, also one written as a text; None for anything else."""
    try:
        number = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and math.isfinite(number) else None


def _picture(value: Any) -> Any:
    """A picture as plain base64; None when there is none."""
    if isinstance(value, str) and value.startswith("data:"):
        value = value.partition(",")[2]
    return value or None


def _custom(given: Any) -> dict[str, str]:
    if isinstance(given, Mapping):
        pairs = [(str(name), value) for name, value in given.items()]
    elif isinstance(given, list):
        rows = [entry for entry in given if isinstance(entry, Mapping) and isinstance(entry.get("find"), str)]
        pairs = [(row["find"], row.get("replace")) for row in rows]
    else:
        raise ValueError("custom must be an object, or a list of {find, replace}")
    found: dict[str, str] = {}
    for name, value in [*pairs, *((name.strip("%"), value) for name, value in pairs)]:
        found.setdefault(name, _text(value))
    return found


def _text(value: Any) -> str:
    """One's own placeholders are always texts, whatever was given for them."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
