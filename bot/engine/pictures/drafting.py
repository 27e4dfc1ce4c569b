"""Gets a request's scene prompt: verbatim, from the writer model, or by the fallback; then has it composed and planned."""

from __future__ import annotations

import structlog

from bot.domain.pictures import Draft, Lost, PictureRequest, RenderPlan
from bot.engine.pictures import writer
from bot.engine.pictures.models import Chosen, choose_model
from bot.engine.pictures.planning import plan_prompt
from bot.engine.reply import Replier
from bot.engine.services import Services
from bot.engine.stage import Stage, set_stage
from bot.engine.story.macros import expand
from bot.storage import chats, entries, pictures
from bot.storage.records import Chat, Entry
from providers.contract import ChatModel
from providers.errors import ProviderError

log = structlog.get_logger(__name__)

WRITER_ENTRIES = 12  # newest entries of the story the writer reads
REFUSED = "The writer's answer could not be used, so the prompt was made from the card and the last message."


class Drafter:
    """Turns requests into render plans."""

    def __init__(self, services: Services, replier: Replier) -> None:
        self._services = services
        self._replier = replier

    async def plan(self, chat: Chat, request: PictureRequest, *, redraft: bool = False) -> RenderPlan:
        """Draft anew and plan. ``redraft`` is a rewrite of a picture that exists: a free prompt is then enlarged by the writer."""
        chosen = choose_model(self._services, chat, request)
        stage = await set_stage(self._services, chosen.chat, request.requester)
        async with self._services.db.read() as c:
            story = await entries.latest(c, chat.id, ("player", "character", "narrator"), WRITER_ENTRIES)
        story = [e for e in sorted(story, key=lambda e: e.id) if request.target_entry is None or e.id <= request.target_entry]
        extend = request.overrides.extend
        if extend is None:
            extend = redraft or chat.settings.extend_free
        draft = await self._draft(stage, chosen, story, extend)
        plan = await plan_prompt(self._services, stage, chosen, draft.prompt)
        if draft.problem:
            plan = plan.model_copy(update={"lost": (*plan.lost, Lost(setting="writer", why=draft.problem))})
        return plan

    async def replan(self, chat: Chat, request: PictureRequest, prompt: str) -> RenderPlan:
        """Plan a prompt that a person has edited, with the chat's current settings."""
        chosen = choose_model(self._services, chat, request)
        stage = await set_stage(self._services, chosen.chat, request.requester)
        return await plan_prompt(self._services, stage, chosen, prompt)

    async def caption(self, picture_id: int) -> str:
        """The text under a finished picture, by the chat's template; empty for none."""
        async with self._services.db.read() as c:
            picture = await pictures.by_id(c, picture_id)
            chat = await chats.by_id(c, picture.chat_id, self._services.defaults) if picture else None
        take = picture.current if picture else None
        if picture is None or chat is None or take is None or not chat.settings.caption:
            return ""
        stage = await set_stage(self._services, chat, picture.request.requester)
        world = stage.world(prompt=take.plan.draft or take.plan.prompt, prefixed_prompt=take.plan.prompt)
        return expand(chat.settings.caption, world).text

    async def _draft(self, stage: Stage, chosen: Chosen, story: list[Entry], extend: bool) -> Draft:
        request = chosen.request
        if not writer.needs_writer(request.mode, extend):
            return Draft(prompt=writer.verbatim(request.mode, request.subject, story), how="verbatim")
        model = self._writer(stage.chat)
        problem = f"{model.name} is too small to draft prompts" if not model.capabilities().writer else ""
        if not problem:
            try:
                written = await self._write(model, stage, chosen, story)
                if written:
                    return Draft(prompt=written, how="writer")
                problem = REFUSED
            except ProviderError as error:
                log.warning("writer failed", chat=str(stage.chat.key), kind=str(error.kind), detail=error.host_detail)
                problem = str(error)
        fallback = writer.fallback(request.mode, request.subject, stage.world(), [e.text for e in story])
        return Draft(prompt=fallback, how="fallback", problem=problem)

    async def _write(self, model: ChatModel, stage: Stage, chosen: Chosen, story: list[Entry]) -> str | None:
        """Ask the writer; one repair try when the answer is no prompt."""
        able, request = model.capabilities(), chosen.request
        ask = writer.draft_request(
            request.mode,
            request.subject,
            stage.world(),
            [(e.author_name, e.text) for e in story],
            extra="\n".join(text for text in (chosen.entry.writer, stage.chat.settings.writer_template) if text.strip()),
            structured=able.json_schema,
            overrides=self._services.templates,
        )
        answer = await self._replier.answer_text(model, ask)
        written = writer.read_draft(answer)
        if written is None:
            answer = await self._replier.answer_text(model, writer.repair_request(ask, answer, self._services.templates))
            written = writer.read_draft(answer)
        return written

    def _writer(self, chat: Chat) -> ChatModel:
        """The host's writer, else the chat's model, else any model that can write."""
        models = self._services.chat_models
        if self._services.writer_name in models:
            return models[self._services.writer_name]
        own = models.get(chat.settings.chat_model) or next(iter(models.values()))
        if own.capabilities().writer:
            return own
        return next((m for m in models.values() if m.capabilities().writer), own)
