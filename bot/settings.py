"""Host settings: what ``vignette.toml`` and the environment may say. ``bot.settings_load`` reads them, once, at start.

Every field's description is its line in the README's table and in ``vignette.example.toml`` (``python -m bot.docs``).
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo, model_validator

from bot.domain import workflows
from bot.domain.chat_settings import ChatSettings
from bot.domain.errors import UserError
from bot.domain.models import ModelEntry
from providers.contract import ProviderConfig

MIB = 1024 * 1024
ADDRESS: dict[str, Any] = {"expected": "http or https address"}


def _beside_config(path: Path, info: ValidationInfo) -> Path:
    base = (info.context or {}).get("base")
    return base / path if base else path


def _database(value: str, info: ValidationInfo) -> str:
    return value if "://" in value else str(_beside_config(Path(value), info))


def _split_list(value: object) -> object:
    """Environment variables write lists with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Secret = Annotated[SecretStr | None, BeforeValidator(lambda value: value or None)]
"""An empty text is no secret at all."""
HostPath = Annotated[Path, AfterValidator(_beside_config)]
"""Relative paths count from the folder of ``vignette.toml``."""
PlatformIds = Annotated[
    list[Annotated[str, Field(pattern=r"^(discord|telegram|web):\S+$")]],
    BeforeValidator(_split_list),
]
"""``platform:id``, such as ``discord:123456789012345678``."""


def _provider_tables(tables: object) -> object:
    """Put keys that no provider shares into ``options``; the provider itself checks those."""
    if not isinstance(tables, dict):
        return tables
    shared = set(ProviderConfig.model_fields) - {"name", "options"}
    sorted_out: dict[str, object] = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            sorted_out[name] = table
            continue
        listed = table.get("options")
        options = {key: value for key, value in table.items() if key not in shared and key != "options"}
        options |= listed if isinstance(listed, dict) else {}
        sorted_out[name] = {"name": name, "options": options, **{key: value for key, value in table.items() if key in shared}}
    return sorted_out


TableName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}$")]
Providers = Annotated[dict[TableName, ProviderConfig], BeforeValidator(_provider_tables)]


class Section(BaseModel):
    """One table of ``vignette.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class DiscordSettings(Section):
    """The Discord bot; without a token it stays off."""

    token: Secret = Field(None, description="Bot token (also `DISCORD_TOKEN`).")
    api_base: str = Field(
        "",
        description="Another address of the REST API, such as `http://127.0.0.1:8790/api/v10`; the gateway is what it answers.",
        pattern=r"^(https?://\S+)?$",
        json_schema_extra=ADDRESS,
    )


class TelegramSettings(Section):
    """The Telegram bot; without a token it stays off."""

    token: Secret = Field(None, description="Bot token from @BotFather (also `TELEGRAM_BOT_TOKEN`).")
    api_base: str = Field(
        "",
        description="Root of another Bot API server, such as `http://127.0.0.1:8081`.",
        pattern=r"^(https?://\S+)?$",
        json_schema_extra=ADDRESS,
    )


class WebSettings(Section):
    """The local page."""

    enabled: bool = Field(True, description="Serve the page.")
    host: str = Field("127.0.0.1", description="Address to listen on; anything but loopback needs `access_token`.", min_length=1)
    port: int = Field(8420, description="Port to listen on; 0 takes a free one.", ge=0, le=65535)
    access_token: Secret = Field(None, description="What a browser must show before it may use the page.")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the page."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


class StorageSettings(Section):
    """Where the story is kept."""

    database: Annotated[str, AfterValidator(_database)] = Field(
        "data/vignette.db", description="SQLite file, or the URL of a PostgreSQL database.", min_length=1, validate_default=True
    )
    assets: HostPath = Field(Path("data/assets"), description="Folder for pictures and avatars.", validate_default=True)


class WriterSettings(Section):
    """Who drafts the prompts of pictures."""

    chat: str = Field("", description="Name of the `[chat.<name>]` that drafts picture prompts; empty takes the chat's own model.")


class DefaultsSettings(Section):
    """What a new chat starts with: `character`, and any chat setting (see the table of chat settings)."""

    character: str = Field("", description="Character a new chat starts with; empty takes the built-in one.")
    settings: ChatSettings = Field(ChatSettings(), description="Any chat setting.")

    @model_validator(mode="before")
    @classmethod
    def _collect(cls, table: Any) -> Any:
        if not isinstance(table, dict):
            return table
        own = {key: value for key, value in table.items() if key == "character"}
        return {**own, "settings": {key: value for key, value in table.items() if key != "character"}}


def _ids(help: str) -> Any:
    return Field([], description=help, json_schema_extra={"expected": "list of platform:id"})


class GuardSettings(Section):
    """Who may do what, and how much of it."""

    hosts: PlatformIds = _ids("People who run this bot, as `platform:id`; they may do everything.")
    allow_people: PlatformIds = _ids("When set, only these people may use the bot.")
    allow_places: PlatformIds = _ids("When set, the bot works only in these servers and chats, as `platform:id`.")
    deny_people: PlatformIds = _ids("People the bot ignores.")
    adult: bool = Field(
        False, description="Allow adult content: on Discord in age-restricted channels, elsewhere in chats whose managers set `adult`."
    )
    pictures_per_person_per_hour: int = Field(30, description="Pictures one person may ask for in an hour.", ge=0)
    pictures_per_person_per_day: int = Field(200, description="Pictures one person may ask for in a day.", ge=0)
    pictures_per_chat_per_hour: int = Field(60, description="Pictures that may be asked for in one chat in an hour.", ge=0)
    messages_per_person_per_minute: int = Field(20, description="Messages and commands of one person that are answered in a minute.", ge=1)
    workflows: Literal["manager", "host"] = Field(
        "manager",
        description="Who may add and change ComfyUI workflows of a chat: `manager` of the place, or the `host` alone. Whoever may can use "
        "every node your server has, custom ones included; choose `host` for a bot that strangers can invite.",
    )
    attachment_bytes: int = Field(20 * MIB, description="Largest file that is read, in bytes.", ge=1024, le=200 * MIB)


def _placeholders(custom: dict[str, str]) -> dict[str, str]:
    """Names without percent signs. Raises ``ValueError`` naming the one that cannot be."""
    if len(custom) > workflows.MOST_CUSTOM:
        raise ValueError(f"these are {len(custom)}")
    if long := [name for name, value in custom.items() if len(value) > workflows.MOST_REPLACE]:
        raise ValueError(f"the value of {long[0][:80]!r} has more than {workflows.MOST_REPLACE} characters")
    try:
        return {workflows.custom_name(name): value for name, value in custom.items()}
    except UserError as error:
        raise ValueError(str(error)) from error


class HostWorkflow(Section):
    """One ComfyUI workflow: `name = "file.json"`, or a table."""

    shape: ClassVar[str] = "path, or table with text, image and custom"
    """What stands in its place in ``vignette.toml``, for errors."""

    text: HostPath = Field(description="File of the graph in API format; alone it may be written as `name = path`.")
    image: HostPath | None = Field(None, description="File of another graph, used when there are reference images.")
    custom: Annotated[dict[str, str], AfterValidator(_placeholders)] = Field(
        {},
        description='Custom placeholders, `find = "replace"`, with macros.',
        json_schema_extra={"expected": "table of find = replace"},
    )

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value


class LogSettings(Section):
    """What is written to the log (standard error)."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe line that is written.")
    format: Literal["auto", "console", "json"] = Field("auto", description="`auto` writes for people on a terminal, JSON lines elsewhere.")


class Settings(Section):
    """Everything the host decides."""

    discord: DiscordSettings = DiscordSettings()
    telegram: TelegramSettings = TelegramSettings()
    web: WebSettings = WebSettings()
    storage: StorageSettings = StorageSettings()
    chat: Providers = Field({}, description="Chat models, `[chat.<name>]`; the first is the default.")
    writer: WriterSettings = WriterSettings()
    images: Providers = Field({}, description="Image backends, `[images.<name>]`; the first is the default.")
    models: dict[TableName, ModelEntry] = Field({}, description="Image models by names of the host's own, with their settings.")
    workflows: dict[TableName, HostWorkflow] = Field({}, description="ComfyUI workflows by the names used in chats.")
    templates: HostPath | None = Field(
        None, description="Folder with templates of your own, named like those in `prompts/`; they replace the built-in ones."
    )
    defaults: DefaultsSettings = DefaultsSettings()
    guard: GuardSettings = GuardSettings()
    log: LogSettings = LogSettings()

    def secrets(self) -> tuple[str, ...]:
        """Every configured secret in plain, for the log's redaction."""
        found = [self.discord.token, self.telegram.token, self.web.access_token]
        found += [config.api_key for config in (*self.chat.values(), *self.images.values())]
        password = urlsplit(self.storage.database).password if "://" in self.storage.database else None
        return tuple(secret.get_secret_value() for secret in found if secret is not None) + ((password,) if password else ())
