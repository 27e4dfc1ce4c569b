"""A line to one OpenAI-compatible endpoint: the vendor SDK's low-level client over our HTTP layer.

The SDK carries base address, key, server-sent events and status errors; its typed models are left aside, as they cost CPU and
refuse sloppy answers. It never retries: the engine decides that.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import httpx

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.failures import error_from
from providers.hosts import is_private_url
from providers.http import CONNECT_SECONDS, JSON_LIMIT, client_for, read_certificates, read_limited, redact, secrets_of, transport_error

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CLOUD_SECONDS = 180.0
OWN_SECONDS = 600.0
"""Overall limits of one answer when the host set none; an own server without a GPU takes its time."""
CLOUD_SILENCE = 90.0
"""Longest silence of a cloud service inside an answer, in seconds."""


class ServiceRefused(Exception):
    """The service answered with an error; ``body`` is what it said (parsed JSON or text), ``status`` 0 inside a stream."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str]) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.body, self.headers = status, body, headers


class Connection:
    """Streams parsed chunks from one endpoint. Raises ``ProviderError``, and ``ServiceRefused`` for answered errors."""

    def __init__(self, config: ProviderConfig, base_url: str, headers: Mapping[str, str]) -> None:
        self.config, self.base_url, self.headers = config, base_url, dict(headers)
        own = is_private_url(base_url)
        self.total = config.timeout or (OWN_SECONDS if own else CLOUD_SECONDS)
        self._silence = self.total if own else min(self.total, CLOUD_SILENCE)
        self._secrets = (*secrets_of(config), *(value for value in headers.values() if len(value) >= 8))
        self._sdk: AsyncOpenAI | None = None
        self._http: httpx.AsyncClient | None = None

    @property
    def key(self) -> str:
        return self.config.api_key.get_secret_value() if self.config.api_key else ""

    def error(self, refused: ServiceRefused) -> ProviderError:
        """The normalised error of an answered one."""
        return error_from(self.config.name, refused.body, status=refused.status, headers=refused.headers, secrets=self._secrets)

    def failed(self, kind: ErrorKind, detail: str) -> ProviderError:
        return ProviderError(kind, self.config.name, host_detail=redact(detail, self._secrets))

    async def client(self) -> AsyncOpenAI:
        """The SDK's client, made on first use: importing the SDK takes over a second."""
        await read_certificates(self.config)
        http = client_for(self.config)
        if self._sdk is None or self._http is not http:
            sdk: Any = await asyncio.to_thread(importlib.import_module, "openai")
            self._http = http
            self._sdk = cast(
                "AsyncOpenAI",
                sdk.AsyncOpenAI(
                    base_url=self.base_url,
                    api_key=self.key or "none",  # the SDK refuses an empty key; servers without keys ignore this one
                    http_client=http,
                    max_retries=0,
                    timeout=httpx.Timeout(self._silence, connect=CONNECT_SECONDS),
                    default_headers=self._headers(sdk),
                ),
            )
        return self._sdk

    def _headers(self, sdk: Any) -> dict[str, Any]:
        # The SDK would send the environment's OpenAI organisation and project to every address.
        cleared = {"OpenAI-Organization": sdk.omit, "OpenAI-Project": sdk.omit}
        return {**cleared, "Accept-Encoding": "identity", **self.headers}

    async def chunks(self, path: str, body: Mapping[str, Any], deadline: float) -> AsyncGenerator[Any, None]:
        """POST and yield every chunk as parsed JSON until the stream ends, is cut, or the loop's clock passes ``deadline``.

        A connection lost after the first chunk ends the iteration without an error: the reader knows whether all was said.
        """
        began = False
        try:
            stream = await self._open(path, body, deadline)
        except Exception as error:
            raise self._translated(error) from error
        try:
            iterator = self._items(stream)
            while True:
                async with asyncio.timeout_at(deadline):
                    item = await anext(iterator, None)
                if item is None:
                    return
                began = True
                yield item
        except Exception as error:
            if began and self._is_cut(error):
                return
            raise self._translated(error) from error
        finally:
            await stream.response.aclose()

    async def _open(self, path: str, body: Mapping[str, Any], deadline: float) -> Any:
        client = await self.client()
        sdk: Any = importlib.import_module("openai")
        for attempt in (1, 2):
            try:
                async with asyncio.timeout_at(deadline):
                    return await client.post(path, cast_to=object, body=body, stream=True, stream_cls=sdk.AsyncStream[object])
            except sdk.APIConnectionError as error:
                # A kept connection that the server had just closed (llama.cpp does after every stream): nothing was read, ask anew.
                if attempt == 2 or not isinstance(error.__cause__, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
                    raise
        raise AssertionError("unreachable")

    async def _items(self, stream: Any) -> AsyncIterator[Any]:
        mime = str(stream.response.headers.get("content-type", "")).partition(";")[0].strip().lower()
        if mime in ("", "text/event-stream"):
            async for item in stream:
                yield item
            return
        content = await read_limited(stream.response, JSON_LIMIT, self.config.name)
        if mime != "application/json":
            raise self.failed(ErrorKind.BAD_ANSWER, f"{mime} instead of a stream: {content[:120].decode('utf-8', 'replace')}")
        whole = json.loads(content)
        if isinstance(whole, Mapping) and whole.get("error"):
            raise ServiceRefused(0, whole, {})
        yield whole

    def _is_cut(self, error: Exception) -> bool:
        return isinstance(getattr(error, "__cause__", None), httpx.NetworkError | httpx.RemoteProtocolError)

    def _translated(self, error: Exception) -> Exception:
        """An SDK, HTTP or JSON error as ours."""
        if isinstance(error, ProviderError | ServiceRefused):
            return error
        if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError):
            return self.failed(ErrorKind.BAD_ANSWER, f"broken JSON in a stream: {error}")
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL | OSError):
            return transport_error(error, self.config.name, self._secrets)
        sdk: Any = importlib.import_module("openai")
        if isinstance(error, sdk.APIConnectionError):
            return transport_error(error.__cause__ or error, self.config.name, self._secrets)
        if isinstance(error, sdk.APIStatusError):
            return ServiceRefused(error.status_code, error.body, error.response.headers)
        if isinstance(error, sdk.APIError):
            return ServiceRefused(0, error.body if error.body is not None else str(error), {})
        return error
