"""What the self-hosted image servers with one simple call have in common: an optional key, a long patience, a look whether it is there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import SecretStr

from providers.contract import Health, ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.hosts import is_private_url
from providers.http import Answer, json_of, redact, request
from providers.images.auth import authorization, secrets_in
from providers.images.cloud import QUESTION_SECONDS, CloudBackend
from providers.images.cloud_errors import OUT_OF_MEMORY, Meaning
from providers.images.formats import mime_of

PICTURE_SECONDS = 600.0
"""Limit of one picture when the host set none: such servers load models of several GB and draw on slow cards."""
LONGEST_ERROR = 65_536
"""An answer of more bytes is taken for a picture and not looked through for an error."""
NO_ROUTE = Meaning(
    re.compile(r"^\W*(?:40[45]\W*)?(?:not found|method not allowed)\b(?!.*\bmodel)|requested URL was not found", re.IGNORECASE),
    ErrorKind.MISCONFIGURED,
    "There is no such service at its base_url.",
    (404, 405),
)
USUAL = (OUT_OF_MEMORY, NO_ROUTE)


class SelfHostedBackend(CloudBackend):
    """A server of the host's own. Its calls report nothing on the way and draw on when our side hangs up."""

    SECONDS: ClassVar[float] = PICTURE_SECONDS
    MEANINGS: ClassVar[Sequence[Meaning]] = USUAL
    ERROR_STATUS: ClassVar[int] = 500
    """The status that an error inside an answer of status 200 counts as when it names none itself."""

    def __init__(self, config: ProviderConfig, *, user: str = "", password: SecretStr | None = None, model: str = "") -> None:
        super().__init__(config, authorization(config, user, password), model=model)

    @property
    def local(self) -> bool:
        """Whether the server is on the host's own machine or network."""
        return is_private_url(self._config.base_url)

    def _failure(self, answer: Answer, model: str = "") -> ProviderError:
        """Also keeps the password half of a ``user:password`` key out of the log."""
        error = super()._failure(answer, model)
        error.host_detail = redact(error.host_detail, secrets_in(self._config))
        return error

    def _no_error(self, answer: Answer, model: str = "") -> None:
        """Raises the ``ProviderError`` of an object that names an error and holds no picture, although its status is a good one."""
        if len(answer.content) > LONGEST_ERROR or mime_of(answer.content) or answer.mime.startswith("image/"):
            return
        said = json_of(answer, self._config)
        if not isinstance(said, Mapping) or any(said.get(key) for key in ("images", "image", "data")):
            return
        if said.get("error") or said.get("detail"):
            numbers = (said.get(key) for key in ("status", "code", "status_code"))
            status = next((n for n in numbers if isinstance(n, int) and 400 <= n < 600), self.ERROR_STATUS)
            raise self._failure(replace(answer, status=status), model)

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
