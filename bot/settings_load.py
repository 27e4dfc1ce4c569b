"""Read and check the host settings, once, at start."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.domain import workflows
from bot.domain.chat_settings import ChatSettings
from bot.domain.errors import UserError
from bot.settings import Settings
from bot.settings_sources import Raw, SettingsError, gather, nearest
from bot.settings_words import expected, is_secret
from providers.contract import ProviderConfig
from providers.hosts import is_private_url
from providers.registry import Row, chat_rows, complete, image_rows

NAMED = frozenset({"chat", "images", "models"})
OPENAI_MODEL = "gpt-5.4-mini"
"""Taken when ``OPENAI_API_KEY`` is all that is configured; ``OPENAI_MODEL`` names another."""
IMAGES_ONLY = frozenset({"concurrency", "fallbacks"})
"""Keys shared by all image backends that mean nothing in a chat model's table."""
SECRET_WORDS = ("token", "key", "secret", "password")


def load_settings(config: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The host's settings from ``config`` (or ``vignette.toml`` here, if there is one), ``.env`` and the environment.

    Raises ``SettingsError`` naming every wrong or missing key at once.
    """
    raw = gather(config, os.environ if environment is None else environment, list(Settings.model_fields), NAMED)
    _add_defaults(raw)
    try:
        settings = Settings.model_validate(raw.values, context={"base": raw.base})
    except ValidationError as error:
        raise SettingsError(raw.problems + [_sentence(raw, detail) for detail in error.errors()]) from None
    settings, problems = _complete(settings, raw)
    problems = raw.problems + problems + _cross_check(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def _add_defaults(raw: Raw) -> None:
    """What works without any configuration: OpenAI if its key is there, else the embedded model; the sketch renderer."""
    if not raw.values.get("chat"):
        raw.values["chat"] = _default_chat(raw.environment)
    if not raw.values.get("images"):
        raw.values["images"] = {"sketch": {"provider": "sketch"}}
    raw.values.setdefault("storage", {})  # so that its default paths count from the right folder


def _default_chat(environment: Mapping[str, str]) -> dict[str, Any]:
    if "OPENAI_API_KEY" not in environment:
        return {"embedded": {"provider": "embedded"}}
    table = {"provider": "openai", "model": environment.get("OPENAI_MODEL", OPENAI_MODEL)}
    if "OPENAI_BASE_URL" in environment:
        table |= {"base_url": environment["OPENAI_BASE_URL"], "api_key": environment["OPENAI_API_KEY"]}
    return {"openai": table}


# --- what providers need ----------------------------------------------------------------------------------------------


def _complete(settings: Settings, raw: Raw) -> tuple[Settings, list[str]]:
    """Give each provider its own address and conventional key, and name what it still lacks."""
    problems: list[str] = []
    changed: dict[str, dict[str, ProviderConfig]] = {}
    for section, rows in (("chat", chat_rows()), ("images", image_rows())):
        tables: dict[str, ProviderConfig] = getattr(settings, section)
        changed[section] = {name: _complete_one(section, config, rows, raw, problems) for name, config in tables.items()}
    return settings.model_copy(update=changed), problems


def _complete_one(section: str, config: ProviderConfig, rows: Mapping[str, Row], raw: Raw, problems: list[str]) -> ProviderConfig:
    where = f"{section}.{config.name}"
    misplaced = IMAGES_ONLY & config.model_fields_set if section == "chat" else ()
    problems += [f"{where}.{key}: only image backends have it, [images.<name>]." for key in sorted(misplaced)]
    row = rows.get(config.provider)
    if row is None:
        problems.append(f"{where}.provider = {config.provider!r}: no such provider; {nearest(config.provider, list(rows))}")
        return config
    config = complete(row, config, raw.environment)
    if config.ca_file is not None:
        config = config.model_copy(update={"ca_file": raw.base / config.ca_file})
    if config.allow_invalid_tls and not is_private_url(config.base_url):
        problems.append(f"{where}.allow_invalid_tls: only for a server of your own, on a private or local address; elsewhere use ca_file.")
    for key in row.needs:
        if not getattr(config, key):
            variable = f" (or {row.key_env} in the environment)" if key == "api_key" and row.key_env else ""
            problems.append(f"{where}.{key} is missing: expected text{variable}.")
    return config


def _cross_check(settings: Settings) -> list[str]:
    """Names that must exist elsewhere in the settings, and the one rule about the page's address."""
    problems: list[str] = []
    defaults = settings.defaults.settings
    for key, name, known in (
        ("writer.chat", settings.writer.chat, settings.chat),
        ("defaults.chat_model", defaults.chat_model, settings.chat),
        ("defaults.backend", defaults.backend, settings.images),
    ):
        if name and name not in known:
            problems.append(f"{key} = {name!r}: nothing is configured by that name; {nearest(name, list(known)) if known else 'none is.'}")
    problems += [
        f"models.{name}.backend = {entry.backend!r}: nothing is configured by that name; {nearest(entry.backend, list(settings.images))}"
        for name, entry in settings.models.items()
        if entry.backend and entry.backend not in settings.images
    ]
    problems += [
        f"images.{name}.fallbacks = {other!r}: no other image backend is configured by that name."
        for name, config in settings.images.items()
        for other in config.fallbacks
        if other == name or other not in settings.images
    ]
    problems += [problem for name in settings.workflows for problem in _graph_problems(settings, name)]
    web = settings.web
    if web.enabled and not web.loopback and web.access_token is None:
        problems.append(f"web.access_token is missing: expected text, because web.host = {web.host!r} can be reached by others.")
    return problems


def _graph_problems(settings: Settings, name: str) -> Iterator[str]:
    """What keeps the files of a workflow from being read."""
    workflow = settings.workflows[name]
    for key, path in (("text", workflow.text), ("image", workflow.image)):
        if path is None:
            continue
        try:
            workflows.read_graph(workflows.file_bytes(path), workflows.HOST_BYTES)
        except UserError as error:
            where = f"workflows.{name}" if key == "text" and workflow.image is None else f"workflows.{name}.{key}"
            yield f"{where} = '{path}': {error} (expected a ComfyUI workflow in API format)"


# --- errors in words --------------------------------------------------------------------------------------------------


def _sentence(raw: Raw, detail: ErrorDetails) -> str:
    path = tuple(str(part) for part in detail["loc"])
    model, field = _field_at(path)
    shown = tuple(part for part in path if part != "settings") if path[:1] == ("defaults",) else path
    key = ".".join(part for part in shown if part != "[key]")
    origin = raw.origin(shown)
    where = f" ({origin})" if origin else ""
    if detail["type"] == "extra_forbidden":
        return f"{key}{where}: there is no such key; {nearest(path[-1], _known_keys(model))}"
    if path[-1] == "[key]":
        return f"{key}{where}: expected a name of at most 32 lower-case letters, digits, dots, dashes and underscores."
    wanted = f"expected {expected(field)}" if field else f"expected {getattr(model, 'shape', 'a table')}"
    if detail["type"] == "missing":
        return f"{key}{where} is missing: {wanted}."
    value = "" if _secret(key, field) else _value_words(detail["input"])
    reason = "" if not field or detail["type"].endswith(("_parsing", "_type", "_mismatch")) else f" ({detail['msg']})"
    return f"{key}{where}{value}: {wanted}{reason}."


def _value_words(value: object) -> str:
    """The value, unless it is a whole table or list: those may hold secrets further down."""
    return f" = {value!r}" if isinstance(value, str | int | float) else f" is a {'list' if isinstance(value, list) else 'table'}"


def _secret(key: str, field: FieldInfo | None) -> bool:
    return bool(field and is_secret(field.annotation)) or any(word in key.rsplit(".", 1)[-1].lower() for word in SECRET_WORDS)


def _field_at(path: tuple[str, ...]) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The model and the field a location speaks of; a list element counts as its list."""
    model: type[BaseModel] | None = Settings
    field: FieldInfo | None = None
    for part in path:
        if model is None:
            return None, field
        field = model.model_fields.get(part)
        if field is not None:
            model = _inner_model(field.annotation)
        elif model is not Settings and part == path[-1]:
            return model, None
    return model, field if field is not None and model is None else None


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for arg in get_args(annotation) if (model := _inner_model(arg)) is not None), None)


def _known_keys(model: type[BaseModel] | None) -> list[str]:
    keys = list((model or Settings).model_fields)
    return ["character", *keys] if model is ChatSettings else keys
