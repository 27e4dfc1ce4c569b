"""Builds the request of a turn: the frozen head and the log from storage, the tail, the tool, the knobs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import structlog

import prompts
from bot.engine.attachments import image_parts
from bot.engine.services import Services
from bot.engine.stage import Stage
from bot.engine.story.context import Assembled, Head, HeadSource, Room, Voices, assemble, build_head, head_mark, plan_tail
from bot.engine.story.tokens import Calibration
from bot.engine.story.tools import picture_tool
from bot.storage import assets, chats, entries, notes, variables
from bot.storage.records import Entry
from providers.contract import ChatMessage, ChatModel, ChatRequest, Usage

log = structlog.get_logger(__name__)

PEOPLE = 12  # newest speakers of a group whose names are known to the clean-up
STOPS = 4  # stop strings most services take
_UNKNOWN = 2**31


@dataclass(frozen=True, slots=True)
class Prompted:
    """A request and what is needed to read its answer."""

    request: ChatRequest
    others: tuple[str, ...]
    """Names the model must not speak for."""
    assembled: Assembled


class Prompting:
    """Prepares requests and remembers what providers count."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._calibrations: dict[str, Calibration] = {}
        self._marks: dict[int, str] = {}
        self.breaks: dict[str, int] = {}
        """How often the durable part did not grow, by reason; for benchmarks and ``status``."""

    async def request(self, stage: Stage, model: ChatModel, *, tools: bool, before: Entry | None = None) -> Prompted:
        """The request for the story as it stands, or as it stood before an entry that is written anew."""
        chat, able = stage.chat, model.capabilities()
        output = min(chat.settings.reply_tokens, able.max_output)
        room = Room(able.window, output, (await self._calibration(model)).factor)
        async with self._services.db.read() as c:
            story = await entries.window(c, chat.id, chat.first_entry)
        told = [e for e in story if before is None or e.id < before.id]
        people = _people(stage, told)
        offered = (picture_tool(self._services.templates),) if tools else ()
        tail = plan_tail(
            stage.world(),
            room,
            speak_next="" if chat.place.private else prompts.load("speak_next", self._services.templates),
            post_history=str(stage.character.card.get("post_history_instructions") or ""),
            note=chat.settings.author_note,
        )
        head = await self._head(stage, people, tail.standing, room)
        assembled = assemble(
            head,
            told,
            room,
            tail=tail.tail,
            voices=Voices(group=not chat.place.private),
            trimmed=chat.first_entry > 0,
            previous=self._marks.get(chat.id, ""),
            tools=offered,
        )
        await self._note(stage, assembled)
        others = tuple(dict.fromkeys((stage.persona.name, *people.values())))
        messages = _named(assembled.messages, stage.character.name) if able.names else assembled.messages
        request = ChatRequest(
            messages=await self._seeing(messages, told) if able.image_in else messages,
            tools=offered,
            max_tokens=output,
            temperature=chat.settings.temperature,
            stop=tuple(f"\n{name}:" for name in others[:STOPS]),
            cache_key=str(chat.key),
        )
        return Prompted(request, others, assembled)

    async def _seeing(self, messages: tuple[ChatMessage, ...], told: list[Entry]) -> tuple[ChatMessage, ...]:
        """Put the pictures of the newest message into the request; older ones stay mentioned in words, for pixels are dear."""
        newest = next((e for e in reversed(told) if e.kind == "player"), None)
        shas = newest.extra.get("images", []) if newest else []
        if not shas or messages[-1].role != "user":
            return messages
        async with self._services.db.read() as c:
            known = [await assets.by_sha(c, sha) for sha in shas]
        parts = await image_parts(self._services, shas, {asset.sha: asset.mime for asset in known if asset})
        return (*messages[:-1], replace(messages[-1], parts=(*messages[-1].parts, *parts)))

    async def learn(self, model: ChatModel, prompted: Prompted, usage: Usage | None) -> None:
        """Take the provider's own count of the request's tokens in."""
        if usage is None or not usage.prompt:
            return
        calibration = await self._calibration(model)
        calibration.observe(prompted.assembled.tokens, usage.prompt)
        if calibration.seen.bit_count() == 1:  # after 1, 2, 4, 8 … answers: it moves less and less
            async with self._services.db.write() as c:
                await notes.put(c, _note_name(model), json.dumps([calibration.factor, calibration.seen]))

    def too_long(self, model: ChatModel, prompted: Prompted, window: int | None) -> None:
        """The model refused a request as too long: count tokens more carefully from now on."""
        calibration, tokens = self._calibrations[_note_name(model)], prompted.assembled.tokens
        real = min(window or _UNKNOWN, model.capabilities().window)
        # it was longer than the window; where no window was named, the one we know may be too large as well
        calibration.raise_to(max(1.05 * real / max(1, tokens), calibration.factor * (1.0 if window else 1.3)))
        log.info("request too long", model=model.name, window=real, estimated=tokens, factor=round(calibration.factor, 2))

    async def _calibration(self, model: ChatModel) -> Calibration:
        name = _note_name(model)
        if name not in self._calibrations:
            async with self._services.db.read() as c:
                stored = await notes.get(c, name)
            factor, seen = json.loads(stored) if stored else (1.0, 0)
            self._calibrations[name] = Calibration(float(factor), int(seen))
        return self._calibrations[name]

    async def _head(self, stage: Stage, people: dict[str, str], standing: tuple[str, ...], room: Room) -> Head:
        """The frozen head of the chat; built anew only when what it is made of has changed."""
        chat = stage.chat
        known = {person: stage.personas[person] for person in people if person in stage.personas}
        if chat.settings.character_pictures == "tag" and self._services.backends:
            standing = (*standing, prompts.load("scene_tag", self._services.templates))
        source = HeadSource(
            template=prompts.load("head", self._services.templates),
            card=stage.character.card,
            world=stage.world(),
            personas=tuple((p.name, p.description) for _, p in sorted(known.items())),
            standing=standing,
            room=Room(room.window, room.max_output).tokens,
        )
        if chat.head is not None and chat.head_mark == head_mark(source):
            return Head.load(chat.head)
        built = build_head(source)
        async with self._services.db.write() as c:
            await chats.set_head(c, chat.id, built.head.dump(), built.mark)
            await variables.put(c, chat.id, built.variables)
        return built.head

    async def _note(self, stage: Stage, assembled: Assembled) -> None:
        """Remember the durable part's mark, count its breaks by reason, and move the window when it was cut."""
        self._marks[stage.chat.id] = assembled.mark
        if assembled.reason is not None:
            self.breaks[assembled.reason] = self.breaks.get(assembled.reason, 0) + 1
            log.info("context does not continue the last one", chat=str(stage.chat.key), reason=assembled.reason)
        if assembled.first_entry is not None:
            async with self._services.db.write() as c:
                await chats.set_first_entry(c, stage.chat.id, assembled.first_entry)


def _named(messages: tuple[ChatMessage, ...], char: str) -> tuple[ChatMessage, ...]:
    """The character's name on its own lines, for models that make use of it."""
    return tuple(replace(m, name=char) if m.role == "assistant" else m for m in messages)


def _people(stage: Stage, told: list[Entry]) -> dict[str, str]:
    """Id → name of the newest people who speak in the window, the current one included."""
    people = {stage.persona.person_id: stage.persona.name}
    for entry in reversed(told):
        if entry.kind == "player" and len(people) < PEOPLE:
            people.setdefault(entry.author_id, entry.author_name)
    return people


def _note_name(model: ChatModel) -> str:
    return f"calibration:{model.name}:{model.model}"[:120]
