"""The settings as Markdown tables and as ``vignette.example.toml``, made from the models themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic.fields import FieldInfo

from bot.domain.chat_settings import ChatSettings
from bot.domain.models import ModelEntry
from bot.settings import HostWorkflow, Section, Settings
from bot.settings_load import IMAGES_ONLY
from bot.settings_words import default_words, expected
from providers.contract import ProviderConfig
from providers.registry import CHAT, IMAGES, Row

HEAD = "| Setting | Value | Default | What it does |\n|---|---|---|---|"
EXAMPLE_HEAD = """\
# Every setting of Vignette with its default. Copy this file to vignette.toml and remove the # before what you change.
# An environment variable wins over the file: VIGNETTE_WEB__PORT=9000 is port in [web], VIGNETTE_CHAT__MAIN__MODEL is
# model in [chat.main]. A file named .env beside vignette.toml may hold such variables; secrets are best kept there.
"""
CHAT_EXAMPLE = """\
# Chat models: any number; the first is the default. Providers: {providers}.
# [chat.main]
# provider = "custom"
# base_url = "http://127.0.0.1:9931/v1"
# model = "my-model"
"""
IMAGES_EXAMPLE = """\
# Image backends: any number, in order of preference. Providers: {providers}.
# [images.local]
# provider = "automatic1111"
# base_url = "http://127.0.0.1:7860"
"""
MODELS_EXAMPLE = """\
# Image models by names of your own, for `/model use`: a backend's model with the settings that suit it.
# [models.anime]
# backend = "local"
# model = "illustriousXL.safetensors"
# family = "illustrious"
# steps = 28
# cfg = 5.5
# sampler = "Euler a"
# loras = ["ink:0.7"]
"""
WORKFLOWS_EXAMPLE = """\
# ComfyUI workflows in API format, by the name used in chats.
# [workflows]
# portrait = "workflows/portrait.json"
# [workflows.studio]
# text = "workflows/studio.json"
# image = "workflows/studio-from-image.json"       # used when there are reference images
# custom = { mood = "{{getvar::mood}}" }           # what "%mood%" in the graphs stands for
"""


def settings_table() -> str:
    """Host settings, section by section."""
    rows = [HEAD]
    for section, model in _sections():
        if section == "defaults":
            rows.append(_row("defaults.character", model.model_fields["character"]))
            rows.append("| `defaults.<chat setting>` | | | Any setting of the table of chat settings. |")
            continue
        rows += [_row(f"{section}.{key}", field) for key, field in model.model_fields.items()]
    for section in ("chat", "images"):
        rows += [_row(f"{section}.<name>.{key}", f) for key, f in _provider_fields() if section == "images" or key not in IMAGES_ONLY]
    rows += [_row(f"models.<name>.{key}", field) for key, field in ModelEntry.model_fields.items()]
    rows += [_row(f"workflows.<name>.{key}", field) for key, field in HostWorkflow.model_fields.items()]
    rows.append(_row("templates", Settings.model_fields["templates"]))
    return "\n".join(rows)


def chat_settings_table() -> str:
    """Settings of one chat: what ``/settings`` changes and ``[defaults]`` may hold."""
    return "\n".join([HEAD, *(_row(key, field) for key, field in ChatSettings.model_fields.items())])


def providers_table() -> str:
    """Chat and image providers, with where what is written goes."""
    rows = ["| Kind | `provider` | What it is | Key | Where words and pictures go |", "|---|---|---|---|---|"]
    for kind, table in (("chat", CHAT), ("images", IMAGES)):
        rows += [_provider_row(kind, row) for row in table.values()]
    return "\n".join(rows)


def example_toml() -> str:
    """The text of ``vignette.example.toml``."""
    parts = [EXAMPLE_HEAD, "\n".join(_example_lines("templates", Settings.model_fields["templates"])) + "\n"]
    for section, model in _sections():
        lines = [f"# {' '.join((model.__doc__ or '').split())}", f"[{section}]"]
        lines += [line for key, field in model.model_fields.items() if key != "settings" for line in _example_lines(key, field)]
        if section == "defaults":
            lines += [line for key, field in ChatSettings.model_fields.items() for line in _example_lines(key, field)]
        parts.append("\n".join(lines) + "\n")
        if section == "storage":
            parts.append(CHAT_EXAMPLE.format(providers=_names(CHAT)))
        if section == "writer":
            parts += [IMAGES_EXAMPLE.format(providers=_names(IMAGES)), MODELS_EXAMPLE, WORKFLOWS_EXAMPLE]
    return "\n".join(parts)


def _sections() -> Iterator[tuple[str, type[Section]]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield name, field.annotation


def _provider_fields() -> Iterator[tuple[str, FieldInfo]]:
    return ((key, field) for key, field in ProviderConfig.model_fields.items() if key not in ("name", "options"))


def _row(key: str, field: FieldInfo) -> str:
    default = default_words(field)
    cells = (f"`{key}`", expected(field), f"`{default}`" if default else "", field.description or "")
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _provider_row(kind: str, row: Row) -> str:
    key = f"`{row.key_env}`" if row.key_env else ""
    where = "nowhere else: this machine" if row.local and not row.base_url else (row.base_url or "the host's own address")
    return f"| {kind} | `{row.kind}` | {_cell(row.summary)} | {key} | {where} |"


def _example_lines(key: str, field: FieldInfo) -> list[str]:
    return [f"# {field.description} ({expected(field)})", f"# {key} = {default_words(field)}".rstrip()]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _names(rows: Mapping[str, Row]) -> str:
    return ", ".join(rows)
