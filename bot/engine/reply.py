"""The text side of a turn: ask the chat model, show the answer while it is written, store it, deliver it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import structlog

from bot.domain.errors import BackendError, PlatformError
from bot.domain.pictures import Origin
from bot.domain.platform import ReplySink
from bot.domain.posts import Button, Rows, Speaker
from bot.engine.commands.catalogue import control_id
from bot.engine.prompting import Prompted, Prompting
from bot.engine.services import Services
from bot.engine.stage import Stage
from bot.engine.story.cleanup import CleanReply, StreamCleaner
from bot.engine.story.tools import TOOL_NAME, PictureWish, read_arguments, tool_answer, tool_offered
from bot.storage import entries, inbox
from bot.storage.records import Chat, Entry
from providers.contract import ChatMessage, ChatModel, ChatRequest, End, TextDelta, ToolCall, Usage, message
from providers.errors import ErrorKind, ProviderError

log = structlog.get_logger(__name__)

TOOL_ROUNDS = 3  # requests of one turn in which the model may call tools; the last one is without
Draw = Callable[[PictureWish, Origin], Awaitable[str]]
"""Starts a picture; returns its key, or the sentence why there is none, for the model."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a turn brought about."""

    text: str
    message_ids: tuple[str, ...] = ()
    drew: int = 0


@dataclass(slots=True)
class _Heard:
    """What one request brought in."""

    clean: CleanReply
    calls: list[ToolCall] = field(default_factory=list)
    usage: Usage | None = None
    end: End | None = None


class Replier:
    """Writes replies in chats."""

    def __init__(self, services: Services, prompting: Prompting) -> None:
        self._services = services
        self.prompting = prompting

    def tool_usable(self, chat: Chat, model: ChatModel) -> bool:
        """Whether this model may call ``generate_image`` in this chat."""
        has_tools = model.capabilities().tools
        return tool_offered(chat.settings.character_pictures, model_has_tools=has_tools, has_backend=bool(self._services.backends))

    async def reply(
        self,
        stage: Stage,
        model: ChatModel,
        draw: Draw,
        *,
        reply_to: str | None,
        inbox_id: int | None,
        posted: tuple[str, ...],
        replacing: Entry | None = None,
    ) -> Told:
        """Answer the story as it stands. ``replacing`` writes another variant of that entry instead of a new one."""
        sink = await self._open(stage, reply_to, posted, inbox_id)
        try:
            heard, drew = await self._fitted(stage, model, sink, draw, replacing)
        except BaseException:
            await self._abandon(stage, sink, posted, replacing)
            raise
        text = heard.clean.text.strip()
        if not text:
            await self._abandon(stage, sink, posted, replacing)
            if not drew:
                raise BackendError("The chat model had nothing to say. Try again, or say it in other words.")
            return Told("", (), drew)
        entry = await self._store(stage, text, heard, inbox_id, replacing)
        ids = await self._finish(stage, sink, entry, text, inbox_id, _way_on(heard, entry))
        return Told(text, ids, drew)

    async def _abandon(self, stage: Stage, sink: ReplySink, posted: tuple[str, ...], replacing: Entry | None) -> None:
        """No answer came: remove what was shown of it; a post that was to be replaced shows what it showed before."""
        if replacing is None or not posted:
            await sink.discard()
            return
        try:
            await self._finish(stage, sink, replacing, replacing.text, None)
        except PlatformError as error:
            log.warning("earlier answer not shown again", chat=str(stage.chat.key), reason=error.message)

    async def _fitted(self, stage: Stage, model: ChatModel, sink: ReplySink, draw: Draw, replacing: Entry | None) -> tuple[_Heard, int]:
        """Converse; when the request turns out too long for the model, once more with what the model has told of its window."""
        prompted = await self._prompted(stage, model, replacing)
        try:
            return await self._learned(stage, model, prompted, sink, draw)
        except ProviderError as error:
            if error.kind is not ErrorKind.CONTEXT_FULL:
                raise
            self.prompting.too_long(model, prompted, error.window)
        return await self._learned(stage, model, await self._prompted(stage, model, replacing), sink, draw)

    async def _prompted(self, stage: Stage, model: ChatModel, replacing: Entry | None) -> Prompted:
        return await self.prompting.request(stage, model, tools=self.tool_usable(stage.chat, model), before=replacing)

    async def _learned(self, stage: Stage, model: ChatModel, prompted: Prompted, sink: ReplySink, draw: Draw) -> tuple[_Heard, int]:
        heard, drew = await self._converse(stage, model, prompted, sink, draw)
        await self.prompting.learn(model, prompted, heard.usage)
        return heard, drew

    async def deliver(self, stage: Stage, entry: Entry, text: str, *, reply_to: str | None, posted: tuple[str, ...]) -> tuple[str, ...]:
        """Show a stored text: a greeting, or a reply whose delivery was interrupted."""
        sink = await self._open(stage, reply_to, posted, None)
        return await self._finish(stage, sink, entry, text, None)

    async def _open(self, stage: Stage, reply_to: str | None, posted: tuple[str, ...], inbox_id: int | None) -> ReplySink:
        async def note(message_id: str) -> None:
            if inbox_id is not None:
                async with self._services.db.write() as c:
                    await inbox.add_posted(c, inbox_id, message_id)

        character = stage.character
        avatar = self._services.assets.path(character.avatar) if character.avatar else None
        platform = self._services.platforms[stage.chat.key.platform]
        speaker = Speaker(character.name, avatar)
        return await platform.open_reply(stage.chat.key, speaker=speaker, reply_to=reply_to, existing=posted, posted=note)

    async def _finish(
        self, stage: Stage, sink: ReplySink, entry: Entry, text: str, inbox_id: int | None, rows: Rows = ()
    ) -> tuple[str, ...]:
        """Deliver the text; what has been delivered is linked, and its message done, in one step."""
        ids = await sink.finish(text, rows)
        async with self._services.db.write() as c:
            await entries.link_posts(c, stage.chat.id, entry.id, ids)
            if inbox_id is not None:
                await inbox.mark(c, inbox_id, "done")
        return ids

    async def _store(self, stage: Stage, text: str, heard: _Heard, inbox_id: int | None, replacing: Entry | None) -> Entry:
        usage = heard.usage
        extra = {
            "finish": heard.end.finish if heard.end else "unknown",
            "usage": {"prompt": usage.prompt, "completion": usage.completion, "cached": usage.cached} if usage else {},
        }
        if heard.end and heard.end.provider_extra:
            extra["provider_extra"] = heard.end.provider_extra
        async with self._services.db.write() as c:
            if replacing is not None:
                await entries.add_variant(c, replacing.id, text, extra)
                return replacing
            return await entries.add(
                c,
                stage.chat.id,
                "character",
                text,
                author_name=stage.character.name,
                character_id=stage.character.id,
                extra=extra,
                inbox_id=inbox_id,
            )

    async def _converse(self, stage: Stage, model: ChatModel, prompted: Prompted, sink: ReplySink, draw: Draw) -> tuple[_Heard, int]:
        """Ask until the model has said something; its picture calls are started at once and answered «queued»."""
        drew, retried, request = 0, False, prompted.request
        for round_number in range(1, TOOL_ROUNDS + 1):
            heard = await self._ask(stage, model, request, prompted.others, sink)
            answers: list[ChatMessage] = []
            calls = [*heard.calls, *heard.clean.tool_calls]
            for call in calls:
                answer, started = await self._call(call, draw)
                drew += started
                answers.append(message("tool", answer, tool_call_id=call.id))
            for prompt in heard.clean.pictures:
                await draw(PictureWish("free", prompt), "tag")
                drew += 1
            if heard.clean.text.strip():
                return heard, drew
            if not calls:
                if retried or drew:
                    return heard, drew
                retried = True  # an empty answer, often one that spent its budget on thoughts: once more, with more room
                request = _roomier(request)
                continue
            extra = heard.end.provider_extra if heard.end else {}
            said = ChatMessage("assistant", (), tool_calls=tuple(calls), provider_extra=extra)
            last = round_number == TOOL_ROUNDS - 1
            request = _followed(request, (said, *answers), last)
        return heard, drew

    async def _call(self, call: ToolCall, draw: Draw) -> tuple[str, int]:
        if call.name != TOOL_NAME:
            return f"There is no tool {call.name}.", 0
        wish = read_arguments(call.arguments)
        if isinstance(wish, str):
            return wish, 0
        outcome = await draw(wish, "tool")
        return tool_answer(outcome), 1

    async def _ask(self, stage: Stage, model: ChatModel, request: ChatRequest, others: tuple[str, ...], sink: ReplySink) -> _Heard:
        cleaner = StreamCleaner(
            char=stage.character.name,
            others=others,
            tag_enabled=stage.chat.settings.character_pictures == "tag",
            tools=tuple(tool.name for tool in request.tools),
        )
        heard = _Heard(CleanReply(""))
        stream = model.stream(request)
        try:
            async for event in stream:
                if isinstance(event, TextDelta):
                    cleaner.feed(event.text)
                    if stage.chat.settings.streaming and cleaner.shown.strip():
                        sink.show(cleaner.shown)
                    if cleaner.ended:
                        break
                elif isinstance(event, ToolCall):
                    heard.calls.append(event)
                elif isinstance(event, Usage):
                    heard.usage = event
                elif isinstance(event, End):
                    heard.end = event
        finally:
            closing = getattr(stream, "aclose", None)
            if closing is not None:
                await closing()
        heard.clean = cleaner.finish()
        if heard.end is not None and heard.end.finish == "filter" and not heard.clean.text.strip():
            raise ProviderError(ErrorKind.REFUSED, model.name)
        return heard

    async def answer_text(self, model: ChatModel, request: ChatRequest) -> str:
        """The whole text of one request, without thoughts; for drafting."""
        return "".join([event.text async for event in model.stream(request) if isinstance(event, TextDelta)])


def _way_on(heard: _Heard, entry: Entry) -> Rows:
    """An answer whose stream broke off is shown as far as it came, with a way to have it whole."""
    if heard.end is None or heard.end.finish != "cut":
        return ()
    return ((Button(control_id("anew", str(entry.id)), "🔁 This broke off: write it anew"),),)


def _roomier(request: ChatRequest) -> ChatRequest:
    return replace(request, max_tokens=(request.max_tokens or 400) * 3)


def _followed(request: ChatRequest, more: tuple[ChatMessage, ...], last: bool) -> ChatRequest:
    return replace(request, messages=(*request.messages, *more), tools=() if last else request.tools)
