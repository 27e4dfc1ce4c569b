"""What the cloud image services have in common: a key, one address, a remembered model list, errors in one shape.

A backend derives from ``CloudBackend``, says what its service can do and draws. Services answer a picture in one long call unless
their file says otherwise: such a call reports no progress, and hanging up is the only way to end it (it may be billed all the same).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from providers.contract import (
    Choice,
    Health,
    ImageModelInfo,
    ProviderConfig,
)
from providers.errors import ErrorKind, ProviderError
from providers.http import Answer, json_of, request
from providers.images.cloud_errors import Meaning, failure_of

PICTURE_SECONDS = 180.0
"""Limit of one picture when the host set none."""
QUESTION_SECONDS = 20.0
"""Limit of a question whose answer lies ready: lists, states, cancelling."""
_PATH = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
KEPT_SECONDS = 600.0
"""How long a model list is remembered."""


def key_of(config: ProviderConfig) -> str:
    """The service's key, empty when none is configured."""
    return config.api_key.get_secret_value().strip() if config.api_key else ""


def bearer(config: ProviderConfig) -> dict[str, str]:
    """The header most services want their key in."""
    key = key_of(config)
    return {"Authorization": f"Bearer {key}"} if key else {}


class CloudBackend:
    """The parts of ``providers.contract.ImageBackend`` that hardly differ from service to service."""

    SECONDS: ClassVar[float] = PICTURE_SECONDS
    MEANINGS: ClassVar[Sequence[Meaning]] = ()
    """What this service's own error words mean, first match first."""
    ERROR_KEYS: ClassVar[frozenset[str]] = frozenset(
        ("error", "errors", "message", "code", "status", "detail", "type", "success", "request_id", "user_id")
    )
    """Keys of an object that says nothing but an error."""

    OPEN_LIST: ClassVar[bool] = False
    """Everybody may read its model list, so a wrong key shows with the first picture only."""

    def __init__(self, config: ProviderConfig, headers: Mapping[str, str], *, model: str = "") -> None:
        self.name = config.name
        self.model = config.model or model
        self._config = config
        self._headers = dict(headers)
        self._base = config.base_url.rstrip("/")
        self._seconds = config.timeout or self.SECONDS
        self._kept: tuple[float, tuple[ImageModelInfo, ...]] | None = None

    async def models(self, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        """Models on offer, remembered for ten minutes; ``refresh`` asks again."""
        if self._kept is None or refresh or time.monotonic() - self._kept[0] > KEPT_SECONDS:
            self._kept = (time.monotonic(), await self._list_models())
        return self._kept[1]

    async def _list_models(self) -> tuple[ImageModelInfo, ...]:
        return ()

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        return ()

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        """The service has no way to stop a picture."""
        return False

    async def check(self) -> Health:
        """Asks for the model list, which mostly needs an accepted key, and looks for the configured model in it."""
        models = await self.models(refresh=True)
        problems = []
        if models and self.model and all(self.model != model.id for model in models):
            problems.append(f"The configured model «{self.model}» is not on its list.")
        listed = f"{len(models)} image models" if models else "no model list to look into"
        warnings = ("Whether it accepts the key is only seen with the first picture.",) if self.OPEN_LIST else ()
        return Health(f"{listed}, drawing with {self.model or 'none chosen'}", tuple(problems), warnings)

    async def close(self) -> None:
        """Nothing is held: connections are the shared layer's."""

    # --- the wire ---

    async def _ask(self, method: str, path: str, *, seconds: float = QUESTION_SECONDS, model: str = "", **parts: Any) -> Answer:
        """One request; ``path`` below the service's address or a whole address. Raises ``ProviderError`` for statuses from 300 on.

        ``model`` is the one asked for, so that an unknown one is named in the error.
        """
        headers = {**self._headers, **parts.pop("headers", {})}
        url = path if path.startswith(("http://", "https://")) else self._base + path
        answer = await request(self._config, method, url, timeout=seconds, headers=headers, **parts)
        if answer.status >= 300:
            raise self._failure(answer, model)
        return answer

    async def _ask_json(self, method: str, path: str, *, seconds: float = QUESTION_SECONDS, model: str = "", **parts: Any) -> Any:
        return self._json(await self._ask(method, path, seconds=seconds, model=model, **parts), model)

    def _json(self, answer: Answer, model: str = "") -> Any:
        """The JSON of an answer. An object that says nothing but an error is one, whatever its status."""
        found = json_of(answer, self._config)
        if not isinstance(found, Mapping) or not (found.get("error") or found.get("errors") or found.get("detail")):
            return found
        if not {key for key, value in found.items() if value != []} - self.ERROR_KEYS:
            status = found.get("status")
            raise self._failure(replace(answer, status=status if isinstance(status, int) else 0), model)
        return found

    def _in_path(self, model: str) -> str:
        """A model's name as part of an address. Raises ``ProviderError`` for one that could lead elsewhere: people choose models."""
        if _PATH.fullmatch(model) and not {".", ".."} & set(model.split("/")):
            return model
        kind = ErrorKind.MISCONFIGURED if model == self.model else ErrorKind.INVALID
        raise ProviderError(kind, self.name, f"It has no model «{model[:80]}».")

    def _failure(self, answer: Answer, model: str = "") -> ProviderError:
        return failure_of(self._config, answer, self.MEANINGS, reshape=self._reshape, asked=model, own=self.model)

    def _reshape(self, body: Any) -> Any:
        """A service's own error body in the shape that ``failures.parse_problem`` reads; most need nothing."""
        return body
