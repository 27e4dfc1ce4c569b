"""What the self-hosted image servers with one simple call have in common: an optional key, a long patience, a look whether it is there."""

from __future__ import annotations

from typing import ClassVar

from pydantic import SecretStr

from providers.contract import Health, ProviderConfig
from providers.errors import ProviderError
from providers.hosts import host_of, is_private_host
from providers.http import Answer, redact, request
from providers.images.auth import authorization, secrets_in
from providers.images.cloud import QUESTION_SECONDS, CloudBackend

PICTURE_SECONDS = 600.0
"""Limit of one picture when the host set none: such servers load models of several GB and draw on slow cards."""


class SelfHostedBackend(CloudBackend):
    """A server of the host's own. Its calls report nothing on the way and draw on when our side hangs up."""

    SECONDS: ClassVar[float] = PICTURE_SECONDS

    def __init__(self, config: ProviderConfig, *, user: str = "", password: SecretStr | None = None, model: str = "") -> None:
        super().__init__(config, authorization(config, user, password), model=model)

    @property
    def local(self) -> bool:
        """Whether the server is on the host's own machine or network."""
        return is_private_host(host_of(self._config.base_url))

    def _failure(self, answer: Answer, model: str = "") -> ProviderError:
        """Also keeps the password half of a ``user:password`` key out of the log."""
        error = super()._failure(answer, model)
        error.host_detail = redact(error.host_detail, secrets_in(self._config))
        return error

    async def _is_there(self, path: str = "/") -> None:
        """Any answer but a refused key or a broken server will do. Raises ``ProviderError`` otherwise."""
        answer = await request(self._config, "GET", self._base + path, timeout=QUESTION_SECONDS, headers=self._headers)
        if answer.status in (401, 403) or answer.status >= 500:
            raise self._failure(answer)

    async def check(self) -> Health:
        """For a server without any list: all that can be asked is whether it answers."""
        await self._is_there()
        using = f", asks for {self.model}" if self.model else ""
        return Health(f"answers{using}", warnings=("Whether it draws is only seen with the first picture.",))
