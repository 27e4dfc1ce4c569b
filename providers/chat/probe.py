"""What a live endpoint tells about itself: its models, their context size, what they see, whether they take tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.chat.options import Setup
from providers.contract import ChatCapabilities, Health, ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.hosts import is_private_url
from providers.http import request_json

PROBE_SECONDS = 15.0
WINDOW_FIELDS = ("context_length", "max_model_len", "max_context_length", "context_window", "max_prompt_length")
"""Where OpenRouter and Together, vLLM, Mistral, Groq and xAI say the context size in their lists of models."""
TOOL_PARAMETERS = frozenset({"tools", "tool_choice"})
SCHEMA_PARAMETERS = frozenset({"structured_outputs", "response_format"})


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of asking. ``only_model`` is the id of the single model a server has, empty otherwise."""

    capabilities: ChatCapabilities
    health: Health
    only_model: str = ""


async def ask(config: ProviderConfig, setup: Setup, known: ChatCapabilities) -> Finding:
    """Ask the endpoint for its models and, on the host's own machines, for its properties. Never raises ``ProviderError``."""
    try:
        listed = await _get(config, setup, f"{setup.base_url}/models")
    except ProviderError as error:
        if error.kind is not ErrorKind.MISCONFIGURED:
            return Finding(known, Health(f"{setup.base_url}: no use of it now", problems=(_words(error),)))
        listed = None
    rows = model_rows(listed)
    row = rows.get(config.model)
    only = next(iter(rows)) if len(rows) == 1 else ""
    known = from_row(known, row or (rows[only] if only and not config.model else {}))
    warnings = [] if rows else ["it has no list of models, so the model's name could not be checked"]
    problems: list[str] = []
    if is_private_url(setup.base_url):
        known = await _from_props(config, setup, known)
    elif rows and row is None:
        problems.append(f"the model {config.model!r} is not among the {len(rows)} it lists")
    if not config.model and not only and rows:
        problems.append(f"set model to one of: {', '.join(sorted(rows)[:8])}")
    known, lowered = _with_wishes(known, setup)
    summary = f"{config.model or only or 'its own model'} at {setup.base_url}, window {known.window} tokens"
    return Finding(known, Health(summary, tuple(problems), (*warnings, *lowered)), only)


def _words(error: ProviderError) -> str:
    return f"{error} {error.host_detail}".strip()


async def _get(config: ProviderConfig, setup: Setup, url: str) -> Any:
    headers = dict(setup.options.headers)
    if config.api_key is not None:
        headers["Authorization"] = f"Bearer {config.api_key.get_secret_value()}"
    return await request_json(config, "GET", url, timeout=PROBE_SECONDS, headers=headers)


def model_rows(listed: Any) -> dict[str, Mapping[str, Any]]:
    """A list of models by id; OpenAI's ``data`` object or a bare list."""
    items = listed.get("data") if isinstance(listed, Mapping) else listed
    rows = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
    return {str(row["id"]): row for row in rows if row.get("id")}


def from_row(known: ChatCapabilities, row: Mapping[str, Any]) -> ChatCapabilities:
    """Capabilities bettered by one row of a list of models."""
    window = next((row[name] for name in WINDOW_FIELDS if isinstance(row.get(name), int) and row[name] > 0), None)
    if window is not None:
        known = replace(known, window=window)
    architecture = row.get("architecture")
    modalities = (architecture if isinstance(architecture, Mapping) else row).get("input_modalities")
    if isinstance(modalities, list):
        known = replace(known, image_in="image" in modalities)
    parameters = row.get("supported_parameters")
    if isinstance(parameters, list):
        names = {str(name) for name in parameters}
        known = replace(known, tools=bool(TOOL_PARAMETERS & names), json_schema=bool(SCHEMA_PARAMETERS & names))
    abilities = row.get("capabilities")
    if isinstance(abilities, Mapping):
        vision, calls = abilities.get("vision"), abilities.get("function_calling")
        known = replace(known, image_in=vision if isinstance(vision, bool) else known.image_in)
        known = replace(known, tools=calls if isinstance(calls, bool) else known.tools)
    return known


async def _from_props(config: ProviderConfig, setup: Setup, known: ChatCapabilities) -> ChatCapabilities:
    """llama.cpp and KoboldCpp: the live context size of a slot, whether images are seen, whether the template knows tools."""
    try:
        props = await _get(config, setup, f"{setup.base_url.removesuffix('/v1')}/props")
    except ProviderError:
        return known  # another kind of server; what the preset says holds
    if not isinstance(props, Mapping):
        return known
    settings = props.get("default_generation_settings")
    window = settings.get("n_ctx") if isinstance(settings, Mapping) else props.get("n_ctx")
    if isinstance(window, int) and window > 0:
        known = replace(known, window=window)
    modalities = props.get("modalities")
    if isinstance(modalities, Mapping) and isinstance(modalities.get("vision"), bool):
        known = replace(known, image_in=modalities["vision"])
    caps, template = props.get("chat_template_caps"), props.get("chat_template")
    if isinstance(caps, Mapping) and isinstance(caps.get("supports_tools"), bool):
        return replace(known, tools=caps["supports_tools"])
    # Without a word on it the template itself tells: one that never reads ``tools`` ignores them in silence.
    return replace(known, tools="tools" in template) if isinstance(template, str) and known.tools else known


def _with_wishes(known: ChatCapabilities, setup: Setup) -> tuple[ChatCapabilities, tuple[str, ...]]:
    """What the host set explicitly holds, but no window larger than the live one."""
    options, warnings = setup.options, []
    for name in ("tools", "image_in", "json_schema", "max_output"):
        if (value := getattr(options, name)) is not None:
            known = replace(known, **{name: value})
    if options.window is not None:
        if options.window > known.window != setup.capabilities.window:
            warnings.append(f"window = {options.window} is set, the server offers {known.window}")
        else:
            known = replace(known, window=options.window)
    return known, tuple(warnings)
