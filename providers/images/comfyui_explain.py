"""Shows how a ComfyUI workflow would be filled, without a server: ``vignette explain workflow``.

The same code fills a workflow for a real picture. Where Vignette differs from SillyTavern, on purpose:

- One pass over the parsed graph. There a replaced text is searched again, so a prompt of ``%seed%`` is replaced once more and
  ``$&`` in a value breaks the document; here a value stays what it is.
- A setting without a value is listed in ``unfilled`` and left as its placeholder. There it becomes ``null``, or no valid JSON at all.
- Built-in names always win over custom ones, and a custom placeholder cannot produce another placeholder or an avatar.
- A placeholder inside a longer text is left alone in both; here it is also named in ``problems``.
- Only inputs of nodes are filled. There a node's title is searched as well.
- LettuceAI's capital names are understood as well (``%CFG%`` is ``%scale%``).
- An avatar placeholder without an avatar becomes a 1x1 picture in both.

``values`` are what the placeholders stand for, by name without percent signs. Two are brought into the form ComfyUI takes, as for a
real picture: ``clip_skip`` may be given as people count (2 = last but one) and becomes negative, ``denoise`` is 1.0 unless given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from providers.images import comfyui_graph as graphs


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
    clip_skip = values.get("clip_skip")
    values["clip_skip"] = -abs(clip_skip) if isinstance(clip_skip, int) and clip_skip else -1
    if values.get("denoise") is None:
        values["denoise"] = 1.0
    return values


def _custom(given: Any) -> dict[str, str]:
    if isinstance(given, Mapping):
        return {str(name).strip("%"): str(value) for name, value in given.items()}
    if not isinstance(given, list):
        raise ValueError("custom must be an object, or a list of {find, replace}")
    found: dict[str, str] = {}
    for entry in given:
        if isinstance(entry, Mapping) and isinstance(entry.get("find"), str):
            found.setdefault(entry["find"].strip("%"), str(entry.get("replace", "")))
    return found
