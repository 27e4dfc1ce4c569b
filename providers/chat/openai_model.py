"""Any OpenAI-compatible chat model, in the dialect its endpoint needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from providers.chat import probe, responses
from providers.chat.completions import chat_body, offered_tools, reasoning_effort
from providers.chat.connection import Connection, ServiceRefused
from providers.chat.learning import MOST_DROPS, LearnedDrops
from providers.chat.options import ChatOptions, read_setup
from providers.chat.reader import ChatReader
from providers.contract import ChatCapabilities, ChatEvent, ChatRequest, Health, ProviderConfig
from providers.errors import ErrorKind, ProviderError


class OpenAIModel:
    """A chat model behind ``base_url``; ``config.provider`` names the preset. Raises ``ProviderError`` only.

    What it finds out (context size, what a model sees, refused parameters) it remembers until the process ends.
    """

    OPTIONS = ChatOptions

    def __init__(self, config: ProviderConfig) -> None:
        self.name, self.model = config.name, config.model
        self._config = config
        self._setup = read_setup(config)
        self._known = self._setup.capabilities
        self._asked = False
        self._connection = Connection(config, self._setup.base_url, self._setup.options.headers)
        self._learned = {"chat": LearnedDrops(), "responses": LearnedDrops()}

    def capabilities(self) -> ChatCapabilities:
        return self._known

    @property
    def base_url(self) -> str:
        """The address before ``/chat/completions``."""
        return self._setup.base_url

    def dialect(self, request: ChatRequest) -> str:
        """``chat`` or ``responses``. Current OpenAI models that think take function tools through Responses only."""
        wanted = self._setup.options.dialect
        if wanted != "auto":
            return wanted
        models = self._setup.quirks.responses_models
        if models is None or not models.search(self.model) or not offered_tools(request, self._setup.quirks):
            return "chat"
        return "chat" if reasoning_effort(self._setup, self.model) == "none" else "responses"

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """Exactly what would be sent for a request (``explain context``)."""
        dialect = self.dialect(request)
        if dialect == "responses":
            built = responses.responses_body(request, self._setup, self._known, model=self.model)
        else:
            built = chat_body(request, self._setup, self._known, preset=self._config.provider, model=self.model)
        return self._learned[dialect].apply(built)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Ask and yield events; see ``ChatModel.stream``."""
        if not self.model and not self._asked:
            await self.check()  # a server with one model tells its name
        dialect = self.dialect(request)
        path = "/responses" if dialect == "responses" else "/chat/completions"
        deadline = asyncio.get_running_loop().time() + self._connection.total
        for attempt in range(MOST_DROPS + 1):
            body, reader, begun = self.body(request), self._reader(dialect), False
            try:
                async with aclosing(self._connection.chunks(path, body, deadline)) as chunks:
                    async for chunk in chunks:
                        for event in reader.feed(chunk):
                            begun = True
                            yield event
                for event in reader.done():
                    begun = True
                    yield event
                return
            except ServiceRefused as refused:
                if begun or attempt == MOST_DROPS or not self._learned[dialect].learn(body, refused.status, refused.body):
                    raise self._remember(self._connection.error(refused)) from refused
            except ProviderError as error:
                raise self._remember(error) from None

    def _reader(self, dialect: str) -> ChatReader | responses.ResponsesReader:
        if dialect == "responses":
            return responses.ResponsesReader(self.name)
        return ChatReader(self._config.provider, self.name, self._setup.quirks.echo)

    def _remember(self, error: ProviderError) -> ProviderError:
        if error.kind is ErrorKind.CONTEXT_FULL and error.window:
            self._learn(replace(self._known, window=min(error.window, self._known.window)))
        return error

    def _learn(self, known: ChatCapabilities) -> None:
        self._known = replace(known, max_output=max(1, min(known.max_output, known.window // 2)))

    async def check(self) -> Health:
        """Ask for the models on offer, and own servers for their live context size. What was found is remembered.

        No answer is generated, so nothing is charged.
        """
        self._asked = True
        finding = await probe.ask(self._config, self._setup, self._known)
        self._learn(finding.capabilities)
        if finding.only_model and not self.model:
            self.model = finding.only_model
        return finding.health

    async def close(self) -> None:
        """Nothing is kept open here; the HTTP layer's shared connections are closed with the process."""
