"""What a host may set on a chat model beyond address, key and model, and how that bends the preset."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import Field

from providers.chat.quirks import QUIRKS, JsonMode, Quirks, SystemMode
from providers.contract import ChatCapabilities, ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.hosts import host_of, is_private_host, is_private_url
from providers.options import Options, read_options

RESERVED = frozenset({"model", "messages", "input", "stream", "tools"})
"""Body fields that settings must not replace."""


class ChatOptions(Options):
    """The extra keys of a ``[chat.<name>]`` table. None keeps the preset's value."""

    window: int | None = Field(None, ge=256, le=20_000_000)
    """Context size in tokens."""
    max_output: int | None = Field(None, ge=1, le=1_000_000)
    """Most tokens of one answer."""
    tools: bool | None = None
    """Whether function tools can be trusted."""
    image_in: bool | None = None
    """Whether the model sees pictures."""
    json_schema: bool | None = None
    """Whether it keeps to a JSON schema."""
    writer: bool | None = None
    """Whether it is good enough to draft scene prompts."""
    names: bool | None = None
    """Whether it honours names on messages."""
    reasoning: Literal["auto", "off"] | None = None
    """Whether to switch thinking off where the service lets us."""
    dialect: Literal["auto", "chat", "responses"] = "auto"
    """``responses`` only where the service has OpenAI's Responses API."""
    system_mode: SystemMode | None = None
    """How system messages are sent."""
    json_mode: JsonMode | None = None
    """How JSON is asked for."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] | None = None
    """Name of the field that limits the answer."""
    body: dict[str, Any] = {}
    """Fields added to every request: samplers such as ``min_p``."""
    exclude: list[str] = []
    """Fields taken out of every request."""
    headers: dict[str, str] = {}
    """Headers added to every request."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A preset with the host's wishes applied."""

    quirks: Quirks
    options: ChatOptions
    capabilities: ChatCapabilities
    base_url: str
    reasoning_off: bool


def read_setup(config: ProviderConfig) -> Setup:
    """Apply a provider's settings to its preset. Raises ``ProviderError`` (MISCONFIGURED) naming the key that is wrong."""
    options = read_options(config, ChatOptions, "chat")
    if wrong := RESERVED & {*options.body, *options.exclude}:
        raise ProviderError(ErrorKind.MISCONFIGURED, config.name, f"[chat.{config.name}] body and exclude cannot name {sorted(wrong)[0]}.")
    quirks = QUIRKS.get(config.provider, QUIRKS["custom"])
    changes = {key: value for key in ("system_mode", "json_mode", "max_tokens_field") if (value := getattr(options, key)) is not None}
    if options.json_schema and quirks.json_mode == "none" and options.json_mode is None:
        changes["json_mode"] = "schema"
    quirks = replace(quirks, **changes)
    return Setup(
        quirks,
        options,
        _capabilities(quirks, options, config),
        api_base(config, quirks),
        (options.reasoning or quirks.reasoning) == "off",
    )


def _capabilities(quirks: Quirks, options: ChatOptions, config: ProviderConfig) -> ChatCapabilities:
    names = ("window", "max_output", "tools", "image_in", "json_schema", "writer", "names")
    wishes = {name: value for name in names if (value := getattr(options, name)) is not None}
    own = is_private_url(config.base_url)
    known = replace(quirks.capabilities, local=own, free=own, **wishes)
    # An answer may take at most half the window, whatever was set: the story needs the other half.
    return replace(known, max_output=min(known.max_output, known.window // 2))


def api_base(config: ProviderConfig, quirks: Quirks) -> str:
    """The address before ``/chat/completions``. Endings people paste along are taken off; ``/v1`` is added to a bare server."""
    url = config.base_url.strip()
    if "://" not in url and url:
        url = f"http://{url}" if is_private_host(url.partition("/")[0].partition(":")[0]) else f"https://{url}"
    if not host_of(url) or "?" in url or "#" in url or "@" in url.partition("://")[2].partition("/")[0]:
        raise ProviderError(ErrorKind.MISCONFIGURED, config.name, f"[chat.{config.name}] base_url is not a usable address.")
    url = url.rstrip("/").removesuffix("/chat/completions").removesuffix("/responses").rstrip("/")
    if not quirks.server_url:
        return url
    trimmed = True
    while trimmed:
        trimmed = False
        for ending in ("/v1", "/api/chat", "/api/generate", "/api"):
            if url.endswith(ending):
                url, trimmed = url.removesuffix(ending).rstrip("/"), True
    return f"{url}/v1"
