"""The embedded chat model as a ``ChatModel``."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from pydantic import Field, SecretStr

from providers.chat.openai_model import OpenAIModel
from providers.contract import ChatCapabilities, ChatEvent, ChatRequest, End, Finish, Health, ProviderConfig, TextDelta, ToolCall
from providers.embedded.dressing import SAMPLERS, SentenceCut, dress
from providers.embedded.process import ModelProcess
from providers.errors import ErrorKind, ProviderError
from providers.options import Options, read_options

WINDOW = 2048
"""Tokens. At about 200 prompt tokens a second on two cores a larger one would let players wait too long when it is read anew."""


class EmbeddedOptions(Options):
    """The extra keys of ``[chat.<name>]`` with ``provider = "embedded"``."""

    window: int = Field(WINDOW, ge=1024, le=8192)
    """Context size in tokens."""


class EmbeddedModel:
    """SmolLM2 135M: keeps a conversation going for a few turns, knows next to nothing, calls no tools, drafts no prompts.

    The child process starts with the first request or ``start``, and again after a crash.
    """

    OPTIONS = EmbeddedOptions

    def __init__(self, config: ProviderConfig) -> None:
        self.name, self.model = config.name, "SmolLM2-135M-Instruct"
        options = read_options(config, EmbeddedOptions, "chat")
        self._config = config
        self._window = options.window
        self.process = ModelProcess(config.name, window=options.window)
        self._client: OpenAIModel | None = None

    def capabilities(self) -> ChatCapabilities:
        return ChatCapabilities(window=self._window, max_output=128, writer=False, free=True, local=True)

    async def start(self) -> None:
        """Load the model now instead of at the first request. Raises ``ProviderError`` when it cannot run."""
        await self.process.start()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Ask and yield events; see ``ChatModel.stream``. Text comes in whole sentences."""
        dressed = dress(request, self._window)
        for attempt in (1, 2):
            begun = False
            try:
                async with aclosing(self._answer(dressed)) as events:
                    async for event in events:
                        begun = True
                        yield event
                return
            except ProviderError as error:
                lost = error.kind in (ErrorKind.UNREACHABLE, ErrorKind.BAD_ANSWER)
                if begun or attempt == 2 or not lost or not await self.process.crashed():
                    raise

    async def _answer(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        await self.process.start()
        cut = SentenceCut()
        async with aclosing(self._line().stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    for text in cut.feed(event.text):
                        yield TextDelta(text)
                    if cut.over:
                        yield End("stop")
                        return
                elif isinstance(event, End):
                    for text in cut.rest(finished=event.finish == "stop"):
                        yield TextDelta(text)
                    yield End(_finish(event.finish))
                elif not isinstance(event, ToolCall):
                    yield event

    def _line(self) -> OpenAIModel:
        """A client for the child as it runs now; its port and key are new after every start."""
        url = f"{self.process.url}/v1"
        if self._client is None or self._client.base_url != url:
            self._client = OpenAIModel(
                ProviderConfig(
                    name=self.name,
                    provider="llamacpp",
                    base_url=url,
                    model=self.model,
                    api_key=SecretStr(self.process.key),
                    timeout=self._config.timeout,
                    options={"window": self._window, "body": dict(SAMPLERS)},
                )
            )
        return self._client

    async def check(self) -> Health:
        """Load the model and say what it is worth."""
        try:
            await self.process.start()
        except ProviderError as error:
            return Health("the embedded model cannot run", problems=(f"{error} {error.host_detail}".strip(),))
        warning = "a toy of 135 million parameters: it cannot draft scene prompts or decide on pictures; configure [chat.main] for more"
        return Health(f"{self.model} in a child process, window {self._window} tokens", warnings=(warning,))

    async def close(self) -> None:
        """End the child process."""
        await self.process.stop()


def _finish(finish: Finish) -> Finish:
    # The answer was cut at a sentence's end on purpose, so reaching the limit is an ordinary end.
    return "stop" if finish == "length" else finish
