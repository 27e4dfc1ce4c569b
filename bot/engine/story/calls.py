"""Reading function calls that a model printed as text instead of making them."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

LIMIT = 20_000  # characters of one printed call that are looked at
_NAME_KEYS = ("name", "tool", "tool_name", "function", "action")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input", "action_input")
_FUNCTION = re.compile(r"""(?:<function=|<invoke\s+name=)["']?([\w.-]+)["']?\s*>""", re.IGNORECASE)
_PARAMETER = re.compile(
    r"""<parameter(?:=|\s+name=)["']?([\w.-]+)["']?[^>]*>(.*?)(?:</parameter>|(?=<parameter)|\Z)""", re.DOTALL | re.IGNORECASE
)
_ARG_PAIR = re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)(?:</arg_value>|\Z)", re.DOTALL)
Call = tuple[str, str]
"""Name and arguments as JSON text."""


def read_calls(printed: str, tools: tuple[str, ...]) -> list[Call]:
    """The calls of offered tools in a printed block, in order; everything else gives none. Arguments are not validated."""
    text = printed[:LIMIT]
    for reader in (_tagged, _json_calls, _named_json, _python):
        calls = reader(text, tools)
        if calls:
            return calls
    return []


def _tagged(text: str, tools: tuple[str, ...]) -> list[Call]:
    """``<function=name><parameter=k>v``, ``<invoke name="name">``, and name followed by ``<arg_key>`` pairs."""
    calls: list[Call] = []
    matches = list(_FUNCTION.finditer(text))
    for number, match in enumerate(matches):
        end = matches[number + 1].start() if number + 1 < len(matches) else len(text)
        values = {key: value.strip() for key, value in _PARAMETER.findall(text[match.end() : end])}
        if _bare(match.group(1)) in tools and values:
            calls.append((_bare(match.group(1)), _dumped(values)))
    pairs = _ARG_PAIR.findall(text)
    name = _bare(text.strip().partition("<")[0].strip())
    if not calls and pairs and name in tools:
        calls.append((name, _dumped({key.strip(): value.strip() for key, value in pairs})))
    return calls


def _json_calls(text: str, tools: tuple[str, ...]) -> list[Call]:
    """JSON objects, or lists of them, that carry name and arguments."""
    calls: list[Call] = []
    for value, _ in _values(text):
        for item in value if isinstance(value, list) else [value]:
            call = _call(item, tools)
            if call:
                calls.append(call)
    return calls


def _call(item: Any, tools: tuple[str, ...]) -> Call | None:
    if not isinstance(item, dict):
        return None
    inner = item.get("function")
    if isinstance(inner, dict):
        item = inner
    name = next((item[key] for key in _NAME_KEYS if isinstance(item.get(key), str) and _bare(item[key]) in tools), None)
    arguments = next((item[key] for key in _ARGUMENT_KEYS if key in item), None)
    if name is None or not isinstance(arguments, dict | str):
        return None
    return _bare(name), arguments if isinstance(arguments, str) else _dumped(arguments)


def _named_json(text: str, tools: tuple[str, ...]) -> list[Call]:
    """The name outside, the arguments as JSON behind it (Mistral, DeepSeek, harmony)."""
    for value, start in _values(text):
        before = text[:start]
        named = [tool for tool in tools if re.search(rf"(?<![\w]){re.escape(tool)}(?!\w)", before)]
        if isinstance(value, dict) and named:
            return [(named[0], _dumped(value))]
    return []


def _python(text: str, tools: tuple[str, ...]) -> list[Call]:
    """Python notation: ``generate_image(prompt="…")``, also wrapped in ``print`` or a list. Parsed, never run."""
    if not any(f"{tool}(" in text for tool in tools):
        return []
    try:
        tree = ast.parse(text.strip().strip("`").strip()[:4000])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    calls: list[Call] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        values = {k.arg: k.value.value for k in node.keywords if k.arg and isinstance(k.value, ast.Constant)}
        if name in tools:
            calls.append((name, json.dumps(values, ensure_ascii=False, default=str)))
    return calls


def _values(text: str) -> list[tuple[Any, int]]:
    """The JSON objects and lists in a text, with where they begin; at most 20 places are tried."""
    decoder, found, position = json.JSONDecoder(), [], 0
    for _ in range(20):
        match = re.compile(r"[\[{]").search(text, position)
        if match is None:
            break
        try:
            value, position = decoder.raw_decode(text, match.start())
            found.append((value, match.start()))
        except (ValueError, RecursionError):
            position = match.start() + 1
    return found


def _bare(name: str) -> str:
    """``functions.name`` and ``default_api.name`` are ``name``."""
    return name.rpartition(".")[2]


def _dumped(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)
