"""Sentences for what ComfyUI refuses or fails at. Its tracebacks and exception texts show the server's paths: none of them is passed on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.failures import redact
from providers.images.auth import secrets_in
from providers.images.cloud_errors import OUT_OF_MEMORY
from providers.images.comfyui_nodes import circle, link_of, one_line, where

_PATH = re.compile(r"""(?:[A-Za-z]:)?[\\/]?(?:[\w.+-]+[\\/])+[\w.+-]*""")
_HOST_INPUTS = {"ckpt_name", "unet_name", "vae_name", "clip_name", "clip_name1", "clip_name2", "lora_name", "control_net_name"}
"""Inputs that name files: when one is missing, the host has to act."""
MOST_PROBLEMS = 4


def rejection(config: ProviderConfig, body: Any, graph: Mapping[str, Any] | None = None) -> ProviderError:
    """The ``ProviderError`` for a graph that ``POST /prompt`` refused with 400. ``graph`` is what was sent, for the nodes' titles."""
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {"message": str(error or "")}
    node_errors = body.get("node_errors") if isinstance(body, dict) else None
    found = list(node_problems(node_errors, graph))
    sentences = [sentence for _, sentence in found[:MOST_PROBLEMS]] or [_top(error, graph or {})]
    kind = ErrorKind.MISCONFIGURED if any(hosts for hosts, _ in found) or not found else ErrorKind.INVALID
    host = f"{error.get('type', '')}: {error.get('message', '')} {' | '.join(s for _, s in found)}"
    return ProviderError(kind, config.name, " ".join(sentences), host_detail=redact(host, secrets_in(config)))


def node_problems(node_errors: Any, graph: Mapping[str, Any] | None = None) -> Iterator[tuple[bool, str]]:
    """(whether the host has to act, sentence) for each error of each node."""
    for node_id, entry in node_errors.items() if isinstance(node_errors, dict) else ():
        if not isinstance(entry, dict):
            continue
        known = _told(graph, str(node_id), entry.get("class_type"))
        for error in entry.get("errors") or ():
            if isinstance(error, dict):
                extra = error.get("extra_info")
                yield _problem(known, str(node_id), error, extra if isinstance(extra, dict) else {})


def _problem(graph: Mapping[str, Any], node_id: str, error: Mapping[str, Any], extra: Mapping[str, Any]) -> tuple[bool, str]:
    name, kind = str(extra.get("input_name") or ""), str(error.get("type") or "")
    at = where(graph, node_id, name)
    value = _short(extra.get("received_value"))
    match kind:
        case "value_not_in_list":
            return name in _HOST_INPUTS, f"{at}: the server has no «{value}».{available(choices_in(extra.get('input_config')))}"
        case "value_smaller_than_min" | "value_bigger_than_max":
            word = "small" if kind == "value_smaller_than_min" else "big"
            return False, f"{at}: {value} is too {word}{_limit(extra.get('input_config'), kind)}."
        case "required_input_missing":
            return True, f"{at} is missing."
        case "invalid_input_type":
            return False, f"{at}: «{value}» is of the wrong kind."
        case "custom_validation_failed":
            return False, f"{at} was not accepted.{_file_reason(error)}"
        case "return_type_mismatch":
            return True, f"{at} is connected wrongly{_mismatch(graph, extra)}."
        case "bad_linked_input" | "dependency_cycle":
            return True, f"{at} is connected wrongly."
        case "exception_during_inner_validation" | "exception_during_validation":
            # The input named here is the next node's, the one that led the server to this node.
            return True, next(missing_sources(graph, node_id), f"{where(graph, node_id)} is connected wrongly.")
    return True, f"{at} was not accepted ({_short(kind)})."


def _file_reason(error: Mapping[str, Any]) -> str:
    """LoadImage and its like name the file they miss; other nodes' words are not passed on."""
    found = re.search(r"Invalid (?:image|mask|video|audio) file: (.+)", str(error.get("details") or ""))
    return f" The server has no file «{_short(found[1])}»." if found else ""


def _mismatch(graph: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    """«: node 4 (…) gives MODEL, and LATENT belongs here»."""
    source, config, given = extra.get("linked_node"), extra.get("input_config"), extra.get("received_type")
    if not isinstance(source, list) or not source or not given:
        return ""
    wanted = config[0] if isinstance(config, list) and config and isinstance(config[0], str) else ""
    return f": node{where(graph, str(source[0]))[4:]} gives {_short(given)}" + (f", and {_short(wanted)} belongs here" if wanted else "")


def missing_sources(graph: Mapping[str, Any], node_id: str) -> Iterator[str]:
    """A sentence for each input of a node that is connected to a node the graph does not have."""
    for name, value in (graph[node_id].get("inputs") or {}).items():
        source = link_of(value)
        if source is not None and source[0] not in graph:
            at = where(graph, node_id, name)
            yield f"{at}: it is connected to node {one_line(source[0], 20)}, which is not in the workflow."


def available(names: list[str]) -> str:
    """A few of the names there are, as a sentence; long lists come as null from the server."""
    if not names:
        return ""
    return f" It has: {', '.join(_short(name) for name in names[:5])}{' …' if len(names) > 5 else ''}."


def choices_in(config: Any) -> list[str]:
    """Choices of an input in both notations: ``[[names], {…}]`` and ``["COMBO", {"options": [names]}]``."""
    if not isinstance(config, list) or not config:
        return []
    if isinstance(config[0], list):
        return [name for name in config[0] if isinstance(name, str)]
    options = config[1].get("options") if len(config) > 1 and isinstance(config[1], dict) else None
    return [name for name in options if isinstance(name, str)] if isinstance(options, list) else []


def _limit(config: Any, kind: str) -> str:
    limits = config[1] if isinstance(config, list) and len(config) > 1 and isinstance(config[1], dict) else {}
    edge = limits.get("min" if kind == "value_smaller_than_min" else "max")
    return f" (limit {edge})" if isinstance(edge, int | float) else ""


def _top(error: Mapping[str, Any], graph: Mapping[str, Any]) -> str:
    """A sentence for errors that come without ``node_errors``; the node is named in ``details`` or, lately, in ``extra_info``."""
    message, kind = str(error.get("message") or ""), str(error.get("type") or "")
    extra = error.get("extra_info")
    extra = extra if isinstance(extra, dict) else {}
    named = re.search(r"#(.+)'", str(error.get("details") or ""))
    node_id = str(extra.get("node_id") or (named[1] if named else ""))
    at = f"{where(graph, node_id)}: the" if node_id in graph else "The"
    if found := re.search(r"node (\S+) does not exist", message):
        return f"{at} workflow needs the node type «{_short(found[1])}», which the server does not have installed."
    if kind == "missing_node_type":
        return f"{at} workflow needs the node type «{_short(extra.get('class_type') or '')}», which the server does not have installed."
    if kind == "prompt_no_outputs":
        return "The workflow has no output node such as SaveImage."
    if "class_type" in message:
        return f"{at} workflow is not in API format."
    if found_circle := circle(graph):  # it is refused without a word about where
        return f"{where(graph, found_circle)}: its inputs lead back to itself."
    return f"{at} server did not accept the workflow."


def execution_failure(config: ProviderConfig, data: Mapping[str, Any], graph: Mapping[str, Any] | None = None) -> ProviderError:
    """The ``ProviderError`` for an ``execution_error`` message: node, type of the exception, nothing of the server's inside."""
    exception = str(data.get("exception_type") or "")
    message = str(data.get("exception_message") or "")
    node_id = str(data.get("node_id") or "")
    at = where(_told(graph, node_id, data.get("node_type")), node_id)
    host = redact(f"{at}: {exception}: {_PATH.sub('…', message)}", secrets_in(config))
    if OUT_OF_MEMORY.pattern.search(f"{exception} {message}"):
        return ProviderError(ErrorKind.INVALID, config.name, OUT_OF_MEMORY.detail, host_detail=host)
    reason = exception.rpartition(".")[2]
    detail = f"{at} failed{f' with {_short(reason)}' if reason else ''}."
    return ProviderError(ErrorKind.INVALID, config.name, detail, host_detail=host)


def _told(graph: Mapping[str, Any] | None, node_id: str, class_type: Any) -> dict[str, Any]:
    """The graph, with the class the server named; a node inside an expanded one is not in what was sent."""
    known = dict(graph or {})
    return {**known, node_id: {**known.get(node_id, {}), "class_type": str(class_type)}} if class_type else known


def _short(value: Any, most: int = 60) -> str:
    """A value for a sentence: one line, no more than a few words, absolute paths taken out."""
    text = " ".join(str(value).split())
    if text.startswith(("/", "\\")) or re.match(r"[A-Za-z]:[\\/]", text):
        text = text.replace("\\", "/").rpartition("/")[2]
    return one_line(text, most)
