"""How the OpenAI-compatible vendors differ, as data.

Sources are the vendors' own API pages and the servers' documentation. A preset says what a server wants or refuses; nothing else in
the chat code knows a vendor. Hosts override capabilities, and most rules, in their settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from providers.contract import ChatCapabilities

SystemMode = Literal["any", "first_only", "merge"]
JsonMode = Literal["none", "object", "schema"]

MIB = 1024 * 1024
COMMON_MIMES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})


@dataclass(frozen=True, slots=True)
class ImageRule:
    """Images a server takes in one request: how many, how many bytes each before base64, which types."""

    count: int = 8
    bytes: int = 3 * MIB
    mimes: frozenset[str] = COMMON_MIMES


@dataclass(frozen=True, slots=True)
class ModelRule:
    """What models whose id matches ``pattern`` refuse."""

    pattern: re.Pattern[str]
    drop: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """One preset. ``drop`` and rules name fields of the chat completions body."""

    max_tokens_field: str = "max_tokens"
    seed_field: str = "seed"
    random_seed: bool = False
    """Send a seed even if none was asked for: the service answers equal requests from a cache."""
    drop: frozenset[str] = frozenset()
    model_rules: tuple[ModelRule, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)
    """Always merged into the body."""
    reasoning_off: Mapping[str, Any] = field(default_factory=dict)
    """Merged into the body to switch thinking off."""
    reasoning: Literal["auto", "off"] = "auto"
    """What is done when the host says nothing."""
    system_mode: SystemMode = "any"
    alternate: bool = False
    """Neighbours of one role are merged."""
    user_after_tool: bool = True
    tool_id: Literal["any", "9alnum"] = "any"
    tool_choice: bool = True
    none_omits_tools: bool = False
    """``tool_choice: none`` is not honoured, so the tools stay away instead."""
    parallel_tool_calls: bool = True
    stop_max: int = 4
    json_mode: JsonMode = "schema"
    cache_field: str = ""
    usage_flag: bool = True
    """Knows ``stream_options.include_usage``."""
    images: ImageRule = ImageRule()
    echo: tuple[str, ...] = ()
    """Fields of an assistant's tool turn that want to be sent back verbatim."""
    responses_models: re.Pattern[str] | None = None
    """Models that take tools only through the Responses API."""
    effort_none: re.Pattern[str] | None = None
    """Models that accept reasoning effort ``none``."""
    server_url: bool = False
    """base_url may be the bare server address; ``/v1`` is added."""
    capabilities: ChatCapabilities = field(default_factory=ChatCapabilities)


def _cloud(window: int, **more: Any) -> ChatCapabilities:
    return ChatCapabilities(**{"tools": True, "json_schema": True, "window": window, "max_output": 4096, **more})


def _own(**more: Any) -> ChatCapabilities:
    return ChatCapabilities(**{"json_schema": True, "window": 8192, "max_output": 1024, "free": True, "local": True, **more})


_SAMPLING = frozenset({"temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs"})
# OpenAI: the original 5.x, 5.5 and later, o-series and -pro reason by default and refuse sampling; 5.1 to 5.4 do not.
OPENAI_REASONING = re.compile(r"^(o\d|gpt-5(?!\.[1-4])|gpt-[6-9]|gpt-5\.[1-4].*(chat-latest|-pro))")
_JPEG_PNG = frozenset({"image/jpeg", "image/png"})
_NO_THINKING = {"chat_template_kwargs": {"enable_thinking": False}}

QUIRKS: dict[str, Quirks] = {
    "openai": Quirks(
        max_tokens_field="max_completion_tokens",
        model_rules=(
            ModelRule(OPENAI_REASONING, _SAMPLING),
            ModelRule(re.compile(r"^o[34]"), frozenset({"stop"})),
        ),
        cache_field="prompt_cache_key",
        responses_models=re.compile(r"^gpt-(5\.([4-9]|\d\d)|[6-9])"),
        effort_none=re.compile(r"^gpt-(5\.[1-6]|6-(sol|luna))(?!.*(chat-latest|-pro))"),
        capabilities=_cloud(128_000, image_in=True, names=True),
    ),
    "openrouter": Quirks(
        body={"plugins": [{"id": "context-compression", "enabled": False}]},
        reasoning_off={"reasoning": {"effort": "none"}},
        cache_field="session_id",
        usage_flag=False,
        echo=("reasoning_details",),
        capabilities=_cloud(32_768),
    ),
    "mistral": Quirks(
        seed_field="random_seed",
        drop=frozenset({"logit_bias", "stream_options"}),
        reasoning_off={"reasoning_effort": "none"},
        system_mode="first_only",
        user_after_tool=False,
        tool_id="9alnum",
        cache_field="prompt_cache_key",
        usage_flag=False,
        images=ImageRule(count=8, bytes=8 * MIB),
        capabilities=_cloud(32_768),
    ),
    "groq": Quirks(
        drop=frozenset({"logprobs", "logit_bias", "top_logprobs"}),
        images=ImageRule(count=5, bytes=3 * MIB),
        capabilities=_cloud(32_768),
    ),
    "deepseek": Quirks(
        reasoning_off={"thinking": {"type": "disabled"}},
        reasoning="off",
        alternate=True,
        json_mode="object",
        echo=("reasoning_content",),
        capabilities=_cloud(65_536, json_schema=False),
    ),
    "xai": Quirks(
        reasoning_off={"reasoning_effort": "none"},
        model_rules=(ModelRule(re.compile(r"^grok-(4|3-mini)"), frozenset({"presence_penalty", "frequency_penalty", "stop"})),),
        images=ImageRule(bytes=10 * MIB, mimes=_JPEG_PNG),
        capabilities=_cloud(131_072),
    ),
    "together": Quirks(reasoning_off={"reasoning": {"enabled": False}}, capabilities=_cloud(32_768)),
    "nanogpt": Quirks(reasoning_off={"reasoning": {"exclude": True}}, capabilities=_cloud(32_768)),
    "pollinations": Quirks(random_seed=True, reasoning_off={"reasoning_effort": "none"}, capabilities=_cloud(32_768)),
    "cohere": Quirks(
        drop=frozenset({"logit_bias", "top_logprobs", "n", "parallel_tool_calls", "modalities", "metadata", "store"}),
        reasoning_off={"reasoning_effort": "none"},
        tool_choice=False,
        parallel_tool_calls=False,
        images=ImageRule(count=20, bytes=3 * MIB),
        capabilities=_cloud(128_000),
    ),
    "llamacpp": Quirks(
        reasoning_off=_NO_THINKING,
        reasoning="off",
        system_mode="first_only",
        none_omits_tools=True,
        stop_max=16,
        server_url=True,
        images=ImageRule(mimes=frozenset({"image/jpeg", "image/png", "image/bmp", "image/gif"})),
        capabilities=_own(tools=True),
    ),
    "koboldcpp": Quirks(
        system_mode="first_only",
        none_omits_tools=True,
        stop_max=16,
        server_url=True,
        images=ImageRule(count=4, bytes=3 * MIB, mimes=_JPEG_PNG),
        capabilities=_own(),
    ),
    "textgen": Quirks(
        reasoning_off={"enable_thinking": False},
        reasoning="off",
        system_mode="first_only",
        stop_max=16,
        server_url=True,
        images=ImageRule(mimes=_JPEG_PNG),
        capabilities=_own(json_schema=False),
        json_mode="none",
    ),
    "vllm": Quirks(
        reasoning_off=_NO_THINKING, reasoning="off", system_mode="first_only", stop_max=16, server_url=True, capabilities=_own()
    ),
    "ollama": Quirks(
        reasoning_off={"reasoning_effort": "none"},
        none_omits_tools=True,
        tool_choice=False,
        server_url=True,
        images=ImageRule(mimes=frozenset({"image/jpeg", "image/png", "image/webp"})),
        capabilities=_own(tools=True, window=4096),
    ),
    "custom": Quirks(system_mode="first_only", capabilities=ChatCapabilities(json_schema=False), json_mode="none"),
}
