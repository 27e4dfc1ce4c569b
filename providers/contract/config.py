"""What a host configures of a provider, and what a check of it finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class ProviderConfig(BaseModel):
    """One configured provider: a ``[chat.<name>]`` or ``[images.<name>]`` table of the host's settings.

    Keys beyond these land in ``options`` and are validated by the provider, which names the key when one is wrong.
    """

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    name: str
    """The host's name for it."""
    provider: str
    """Which provider it is, as `vignette explain backends` lists them."""
    base_url: str = ""
    """Address of the service; empty takes the provider's own."""
    model: str = ""
    """Model to use; some providers have a default of their own."""
    api_key: SecretStr | None = None
    """Key of the service."""
    timeout: float = Field(0, ge=0)
    """Overall limit of one request in seconds; 0 takes the provider's own default."""
    concurrency: int = Field(1, ge=1)
    """How many requests may run at once."""
    fallbacks: tuple[str, ...] = Field((), json_schema_extra={"expected": "list of names"})
    """Image backends that may draw when this one cannot be reached, is busy or has no credit, in order; they get its prompts."""
    allow_invalid_tls: bool = False
    """For a self-hosted server only; refused for cloud hosts."""
    ca_file: Path | None = None
    """Certificate authority of a self-hosted server, as a PEM file."""
    options: dict[str, Any] = {}
    """Settings of this provider alone; written beside the others in the same table."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a check against the real service found; ``problems`` is empty when all is well."""

    summary: str
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
