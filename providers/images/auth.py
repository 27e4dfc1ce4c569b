"""The Authorization header of a self-hosted server, as its own switch or the proxy in front of it wants it."""

from __future__ import annotations

import base64

from pydantic import SecretStr

from providers.contract import ProviderConfig
from providers.failures import secrets_of


def authorization(config: ProviderConfig, user: str = "", password: SecretStr | None = None) -> dict[str, str]:
    """Basic from ``user`` and ``password`` or from an ``api_key`` of the form ``user:password``, Bearer from any other key."""
    pair = f"{user}:{password.get_secret_value() if password else ''}" if user else ""
    key = config.api_key.get_secret_value() if config.api_key else ""
    if not pair and ":" in key:
        pair = key
    if pair:
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {"Authorization": f"Bearer {key}"} if key else {}


def secrets_in(config: ProviderConfig) -> tuple[str, ...]:
    """Every text to keep out of logs, the password half of a ``user:password`` key included."""
    known = secrets_of(config)
    return (*known, *(password for key in known if len(password := key.partition(":")[2]) >= 4))
