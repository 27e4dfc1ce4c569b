"""Settings in words: what a field expects, for error messages and for the generated tables."""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import SecretStr
from pydantic.fields import FieldInfo

PLAIN: dict[Any, str] = {bool: "true or false", int: "integer", float: "number", str: "text", Path: "path", SecretStr: "text"}


def expected(field: FieldInfo) -> str:
    """The type and range of a field, such as ``integer from 0 to 65535``; its own ``expected`` words win."""
    if isinstance(field.json_schema_extra, dict) and "expected" in field.json_schema_extra:
        return str(field.json_schema_extra["expected"])
    return f"{_type_words(field.annotation)}{_range(field.metadata)}"


def default_words(field: FieldInfo) -> str:
    """The default as TOML writes it; empty when there is none."""
    return toml(field.default) if field.default is not None and not field.is_required() else ""


def toml(value: object) -> str:
    """A plain value as TOML writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case list() | tuple():
            return f"[{', '.join(toml(item) for item in value)}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {toml(item)}' for key, item in value.items())} }}" if value else "{}"
        case _:
            escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'


def is_secret(annotation: Any) -> bool:
    """Whether a field holds a secret."""
    return annotation is SecretStr or SecretStr in get_args(annotation)


def _type_words(annotation: Any) -> str:
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "one of " + ", ".join(str(arg) for arg in args)
    if origin is typing.Annotated:
        return _type_words(args[0])
    if origin in (Union, types.UnionType):
        return " or ".join(_type_words(arg) for arg in args if arg is not type(None))
    if origin is list:
        return f"list of {_type_words(args[0])}"
    return "table"


def _range(metadata: list[Any]) -> str:
    least = next((m.ge for m in metadata if isinstance(m, annotated_types.Ge)), None)
    most = next((m.le for m in metadata if isinstance(m, annotated_types.Le)), None)
    length = next((m.max_length for m in metadata if isinstance(m, annotated_types.MaxLen)), None)
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None:
        return f", at least {least}"
    if most is not None:
        return f", at most {most}"
    return f" of at most {length} characters" if length is not None else ""
