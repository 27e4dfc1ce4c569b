"""Every provider there is: one row each, by kind. Adding one is its file, its row here and its test.

Rows hold an import path, so that a vendor's code is loaded when that vendor is configured and not before. Other people's packages
add rows through the entry point groups ``vignette.chat`` and ``vignette.images``: the entry's value is a ``Row``.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import cast

import structlog
from pydantic import SecretStr

from providers.contract import ChatModel, ImageBackend, ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.hosts import host_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One provider. ``target`` is ``module:Class``, called with the ``ProviderConfig``.

    ``base_url`` is used when the host configured none; ``key_env`` is the environment variable with the key, read only for that
    very host so that a key never travels elsewhere. ``needs`` names settings without which that host cannot be used.
    """

    kind: str
    target: str
    summary: str
    base_url: str = ""
    key_env: str = ""
    needs: tuple[str, ...] = ()
    free: bool = False
    local: bool = False


_CHAT_CLASS = "providers.chat.openai_model:OpenAIModel"


def _cloud(kind: str, summary: str, base_url: str, key_env: str) -> Row:
    return Row(kind, _CHAT_CLASS, summary, base_url, key_env, needs=("api_key", "model"))


def _own(kind: str, summary: str, base_url: str) -> Row:
    return Row(kind, _CHAT_CLASS, summary, base_url, free=True, local=True)


def _drawn(kind: str, target: str, summary: str, base_url: str, key_env: str) -> Row:
    return Row(kind, f"providers.images.{target}", summary, base_url, key_env, needs=("api_key",))


def _drawn_here(kind: str, target: str, summary: str, base_url: str) -> Row:
    return Row(kind, f"providers.images.{target}", summary, base_url, free=True, local=True)


def _table(*rows: Row) -> dict[str, Row]:
    return {row.kind: row for row in rows}


CHAT: dict[str, Row] = _table(
    Row("embedded", "providers.embedded.model:EmbeddedModel", "SmolLM2 135M on this machine; a toy", free=True, local=True),
    _cloud("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    _cloud("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    _cloud("mistral", "Mistral AI", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    _cloud("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    _cloud("deepseek", "DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    _cloud("xai", "xAI (Grok)", "https://api.x.ai/v1", "XAI_API_KEY"),
    _cloud("together", "Together AI", "https://api.together.ai/v1", "TOGETHER_API_KEY"),
    _cloud("nanogpt", "NanoGPT", "https://nano-gpt.com/api/v1", "NANOGPT_API_KEY"),
    _cloud("pollinations", "Pollinations", "https://gen.pollinations.ai/v1", "POLLINATIONS_API_KEY"),
    _cloud("cohere", "Cohere, through its OpenAI-compatible address", "https://api.cohere.ai/compatibility/v1", "CO_API_KEY"),
    _own("llamacpp", "llama.cpp's server", "http://127.0.0.1:9931/v1"),
    _own("koboldcpp", "KoboldCpp", "http://127.0.0.1:5001/v1"),
    _own("textgen", "text-generation-webui with --api", "http://127.0.0.1:5000/v1"),
    _own("vllm", "vLLM", "http://127.0.0.1:8000/v1"),
    _own(
        "ollama",
        "Ollama's OpenAI layer (the server sets the context size; older messages may be dropped there)",
        "http://127.0.0.1:11434/v1",
    ),
    Row("custom", _CHAT_CLASS, "any OpenAI-compatible endpoint; base_url includes the version path", needs=("base_url",)),
)

IMAGES: dict[str, Row] = _table(
    Row("sketch", "providers.images.sketch.backend:SketchBackend", "clip art drawn on this machine, no AI", free=True, local=True),
    Row(
        "automatic1111",
        "providers.images.a1111:Automatic1111Backend",
        "AUTOMATIC1111's web UI and its family (Forge, reForge) with --api",
        "http://127.0.0.1:7860",
        free=True,
        local=True,
    ),
    Row("comfyui", "providers.images.comfyui:ComfyUIBackend", "ComfyUI", "http://127.0.0.1:8188", free=True, local=True),
    _drawn("bfl", "bfl:BlackForestLabsBackend", "Black Forest Labs (FLUX)", "https://api.bfl.ai", "BFL_API_KEY"),
    Row("openai", "providers.images.openai:OpenAIImagesBackend", "OpenAI's image models", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    _drawn("openrouter", "openrouter:OpenRouterImagesBackend", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    _drawn("together", "together:TogetherImagesBackend", "Together AI", "https://api.together.ai/v1", "TOGETHER_API_KEY"),
    _drawn("xai", "xai:XaiImagesBackend", "xAI (Grok Imagine)", "https://api.x.ai/v1", "XAI_API_KEY"),
    _drawn("stability", "stability:StabilityBackend", "Stability AI", "https://api.stability.ai", "STABILITY_API_KEY"),
    _drawn("gemini", "gemini:GeminiImagesBackend", "Google Gemini", "https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY"),
    _drawn("fal", "fal:FalBackend", "fal.ai", "https://queue.fal.run", "FAL_KEY"),
    _drawn("huggingface", "huggingface:HuggingFaceBackend", "Hugging Face", "https://router.huggingface.co", "HF_TOKEN"),
    _drawn("nanogpt", "nanogpt:NanoGptImagesBackend", "NanoGPT", "https://nano-gpt.com", "NANOGPT_API_KEY"),
    _drawn("comfycloud", "comfycloud:ComfyCloudBackend", "Comfy Cloud", "https://cloud.comfy.org", "COMFY_CLOUD_API_KEY"),
    Row(
        "horde",
        "providers.images.horde:HordeBackend",
        "AI Horde, volunteers' machines",
        "https://aihorde.net/api/v2",
        "AI_HORDE_API_KEY",
        free=True,
    ),
    _drawn_here("extras", "extras:ExtrasBackend", "SillyTavern Extras (no longer developed)", "http://127.0.0.1:5100"),
    _drawn_here("diffusers", "diffusers:DiffusersBackend", "a Diffusers server as LettuceAI means it", "http://127.0.0.1:8000"),
    _drawn_here("multibackend", "multibackend:MultiBackend", "multi-backend Stable Diffusion service", "http://127.0.0.1:7860"),
    _drawn_here("sdnext", "sdnext:SdNextBackend", "SD.Next", "http://127.0.0.1:7860"),
    _drawn_here("drawthings", "drawthings:DrawThingsBackend", "Draw Things (macOS, iOS) with its API server on", "http://127.0.0.1:7860"),
    _drawn_here("sdcpp", "sdcpp:SdCppBackend", "stable-diffusion.cpp server", "http://127.0.0.1:1234"),
    _drawn("novelai", "novelai:NovelAiBackend", "NovelAI Diffusion", "https://image.novelai.net", "NOVELAI_API_KEY"),
    _drawn("pollinations", "pollinations:PollinationsBackend", "Pollinations", "https://gen.pollinations.ai", "POLLINATIONS_API_KEY"),
)


def with_entry_points(table: Mapping[str, Row], group: str) -> dict[str, Row]:
    """A table and the rows that installed packages add to it under an entry point group."""
    rows = dict(table)
    for entry in entry_points(group=group):
        try:
            row = entry.load()
        except Exception as error:  # somebody else's package: whatever is wrong with it, the other providers work
            log.warning("provider of another package not loaded", entry=entry.value, reason=f"{type(error).__name__}: {error}")
            continue
        if not isinstance(row, Row) or row.kind in rows:
            reason = "its name is taken" if isinstance(row, Row) else "it is no Row"
            log.warning("provider of another package not taken", entry=entry.value, reason=reason)
            continue
        rows[row.kind] = row
    return rows


@functools.cache
def chat_rows() -> Mapping[str, Row]:
    """Chat providers by kind, other packages' rows included; the built-in ones cannot be replaced."""
    return with_entry_points(CHAT, "vignette.chat")


@functools.cache
def image_rows() -> Mapping[str, Row]:
    """Image providers by kind, other packages' rows included; the built-in ones cannot be replaced."""
    return with_entry_points(IMAGES, "vignette.images")


def build_chat(config: ProviderConfig) -> ChatModel:
    """The configured chat model; opens no connection. Raises ``ProviderError`` (MISCONFIGURED) naming what is wrong."""
    return cast("ChatModel", _build(chat_rows(), config, "chat"))


def build_images(config: ProviderConfig) -> ImageBackend:
    """The configured image backend; opens no connection. Raises ``ProviderError`` (MISCONFIGURED) naming what is wrong."""
    return cast("ImageBackend", _build(image_rows(), config, "images"))


def _build(rows: Mapping[str, Row], config: ProviderConfig, section: str) -> object:
    row = rows.get(config.provider)
    if row is None:
        near = difflib.get_close_matches(config.provider, rows, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(rows)}."
        raise misconfigured(config, f"[{section}.{config.name}] provider = {config.provider!r} is unknown; {hint}")
    config = complete(row, config, os.environ)
    for setting in row.needs:
        if not getattr(config, setting) and host_of(config.base_url) == host_of(row.base_url):
            variable = f" (or {row.key_env} in the environment)" if setting == "api_key" and row.key_env else ""
            raise misconfigured(config, f"[{section}.{config.name}] needs {setting}{variable}.")
    module, _, name = row.target.partition(":")
    try:
        factory = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise misconfigured(config, f"A package for provider {row.kind!r} is missing: {error.name}.") from error
    return cast("object", factory(config))


def complete(row: Row, config: ProviderConfig, environment: Mapping[str, str]) -> ProviderConfig:
    """Fill in the row's address, and the key from the environment if the address is the row's own host."""
    base_url = config.base_url or row.base_url
    changes: dict[str, object] = {"base_url": base_url}
    key = environment.get(row.key_env, "").strip() if row.key_env else ""
    if config.api_key is None and key and host_of(base_url) == host_of(row.base_url):
        changes["api_key"] = SecretStr(key)
    return config.model_copy(update=changes)


def misconfigured(config: ProviderConfig, detail: str) -> ProviderError:
    """A MISCONFIGURED error whose sentence names the setting."""
    return ProviderError(ErrorKind.MISCONFIGURED, config.name, detail)
