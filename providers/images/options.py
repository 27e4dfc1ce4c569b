"""Reads the extra keys of an ``[images.<name>]`` table into a provider's own model and names the key when one is wrong."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError

OptionsT = TypeVar("OptionsT", bound=BaseModel)


def read_options(config: ProviderConfig, model: type[OptionsT]) -> OptionsT:
    """The options, validated. ``model`` forbids extra keys. Raises ``ProviderError`` (MISCONFIGURED) that names each wrong key."""
    try:
        return model.model_validate(config.options)
    except ValidationError as error:
        known = ", ".join(model.model_fields)
        problems = []
        for item in error.errors(include_input=False, include_url=False):
            key = ".".join(str(part) for part in item["loc"])
            unknown = item["type"] == "extra_forbidden"
            problems.append(f"«{key}» is no option of {config.provider} (it has {known})" if unknown else f"«{key}»: {item['msg']}")
        detail = f"In [images.{config.name}]: {'; '.join(problems)}."
        raise ProviderError(ErrorKind.MISCONFIGURED, config.name, detail) from error
