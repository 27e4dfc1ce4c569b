"""Where host settings come from: ``vignette.toml``, then ``.env``, then the environment, later ones winning.

The sources are merged here rather than by a settings library so that every value remembers where it came from, misspelt
variables are noticed, and table names match in any case.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

PREFIX = "VIGNETTE_"
CONVENTIONAL = {
    "DISCORD_TOKEN": ("discord", "token"),
    "TELEGRAM_BOT_TOKEN": ("telegram", "token"),
}
"""Names everybody uses already. Providers' keys (``OPENAI_API_KEY`` …) are named by the provider registry."""


class SettingsError(Exception):
    """The settings are wrong. ``problems`` has one sentence each; none holds a secret."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(slots=True)
class Raw:
    """Unchecked settings with their origins."""

    values: dict[str, Any]
    environment: Mapping[str, str]
    """The process environment over ``.env``."""
    base: Path
    """What relative paths count from."""
    origins: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Path of a value → the variable or file it came from."""
    problems: list[str] = field(default_factory=list)

    def origin(self, path: tuple[str, ...]) -> str:
        """The variable or file a value came from, found by its longest known path."""
        return next((self.origins[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.origins), "")


def gather(config: Path | None, environment: Mapping[str, str], sections: list[str], named: frozenset[str]) -> Raw:
    """Merge all sources. ``named`` are the sections that hold tables by name (``chat``, ``images``).

    Raises ``SettingsError`` when the file is missing or is no TOML.
    """
    path = config or Path("vignette.toml")
    if config is not None and not path.is_file():
        raise SettingsError([f"--config {path}: there is no such file."])
    base = path.absolute().parent
    values = _read_toml(path) if path.is_file() else {}
    dotenv = {key: value for key, value in dotenv_values(base / ".env").items() if value is not None}
    merged = {key: value.strip() for key, value in {**dotenv, **environment}.items() if value.strip()}
    raw = Raw(values, merged, base, {(section,): path.name for section in values})
    for variable, target in CONVENTIONAL.items():
        if variable in merged:
            _put(raw, target, merged[variable], variable)
    for variable in sorted(merged):
        if variable.startswith(PREFIX):
            _take_variable(raw, variable, sections, named)
    return raw


def nearest(name: str, known: list[str]) -> str:
    """«; did you mean …?», or what is known."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}."


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError([f"{path.name} could not be read: {error}."]) from error


def _take_variable(raw: Raw, variable: str, sections: list[str], named: frozenset[str]) -> None:
    parts = variable.removeprefix(PREFIX).lower().split("__")
    if len(parts) == 1:
        _notice_single_underscore(raw, variable, sections)
        return
    section, *rest = parts
    if section not in sections:
        raw.problems.append(f"{variable}: there is no section {section!r}; {nearest(section, sections)}")
        return
    if section in named and len(rest) == 1:
        raw.problems.append(f"{variable}: expected {PREFIX}{section.upper()}__<NAME>__<KEY>.")
        return
    if section in named or section == "workflows":
        rest[0] = _known_name(raw.values.get(section), rest[0])
    _put(raw, (section, *rest), raw.environment[variable], variable)


def _notice_single_underscore(raw: Raw, variable: str, sections: list[str]) -> None:
    """``VIGNETTE_WEB_PORT`` for ``VIGNETTE_WEB__PORT`` is a likely slip that would go unnoticed."""
    section, underscore, key = variable.removeprefix(PREFIX).partition("_")
    if underscore and section.lower() in sections:
        raw.problems.append(f"{variable}: write {PREFIX}{section}__{key}, with two underscores after the section.")


def _known_name(tables: object, name: str) -> str:
    """The file's own spelling of a table name: variables cannot hold dashes, dots or capitals."""
    if isinstance(tables, dict):
        for known in tables:
            if str(known).lower().replace("-", "_").replace(".", "_") == name:
                return str(known)
    return name


def _put(raw: Raw, path: tuple[str, ...], value: str, variable: str) -> None:
    table = raw.values
    for key in path[:-1]:
        inner = table.setdefault(key, {})
        if not isinstance(inner, dict):
            inner = table[key] = {}
        table = inner
    table[path[-1]] = value
    raw.origins[path] = variable
