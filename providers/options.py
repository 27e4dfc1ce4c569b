"""A provider's own settings: the extra keys of its table, as a model that names the key when one is wrong."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError


class Options(BaseModel):
    """Base of every provider's options. The docstring under a field is what ``vignette explain backends`` tells of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


OptionsT = TypeVar("OptionsT", bound=Options)


def read_options(config: ProviderConfig, model: type[OptionsT], section: str = "images") -> OptionsT:
    """The options, validated. Raises ``ProviderError`` (MISCONFIGURED) that names each wrong key of ``[section.name]``."""
    try:
        return model.model_validate(config.options)
    except ValidationError as error:
        known = ", ".join(model.model_fields)
        problems = []
        for item in error.errors(include_input=False, include_url=False):
            key = ".".join(str(part) for part in item["loc"])
            unknown = item["type"] == "extra_forbidden"
            problems.append(f"«{key}» is no option of {config.provider} (it has {known})" if unknown else f"«{key}»: {item['msg']}")
        detail = f"In [{section}.{config.name}]: {'; '.join(problems)}."
        raise ProviderError(ErrorKind.MISCONFIGURED, config.name, detail) from error
