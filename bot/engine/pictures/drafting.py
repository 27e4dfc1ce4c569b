"""Gets a request's scene prompt: verbatim, from the writer model, or by the fallback; then composes and plans it."""

from __future__ import annotations

import structlog

from bot.domain.models import ModelEntry
from bot.domain.pictures import Draft, Lost, PictureRequest, RenderPlan
from bot.engine.pictures import writer
from bot.engine.pictures.compose import Parts, compose
from bot.engine.pictures.enhance import enhanced, quality_tags
from bot.engine.pictures.models import Chosen, choose_model
from bot.engine.pictures.plan import choose_backend, make_plan, snaps
from bot.engine.pictures.sizes import resolve_size
from bot.engine.reply import Replier
from bot.engine.services import Services
from bot.engine.stage import Stage, set_stage
from bot.engine.story.macros import expand
from bot.storage import chats, entries, pictures, styles, variables
from bot.storage.records import Chat, Entry
from providers.contract import ChatModel, ImageBackend
from providers.errors import ProviderError

log = structlog.get_logger(__name__)

WRITER_ENTRIES = 12  # newest entries of the story the writer reads
REFUSED = "The writer's answer could not be used, so the prompt was made from the card and the last message."


def enhances(chosen: Chosen) -> bool:
    """Whether the prompt enhancer is on: by the call, else by the chat; «auto» only where the host named the family."""
    wish = chosen.request.overrides.enhance
    if wish is not None:
        return wish
    setting = chosen.chat.settings.enhance
    return bool(chosen.entry.family) if setting == "auto" else setting == "on"


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
        plan = await self._compose(stage, chosen, draft.prompt)
        if draft.problem:
            plan = plan.model_copy(update={"lost": (*plan.lost, Lost(setting="writer", why=draft.problem))})
        return plan

    async def replan(self, chat: Chat, request: PictureRequest, prompt: str) -> RenderPlan:
        """Plan a prompt that a person has edited, with the chat's current settings."""
        chosen = choose_model(self._services, chat, request)
        return await self._compose(await set_stage(self._services, chosen.chat, request.requester), chosen, prompt)

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

    async def _compose(self, stage: Stage, chosen: Chosen, prompt: str) -> RenderPlan:
        """Prefixes, negatives, macros, size and backend: the same for drafted, verbatim and edited prompts."""
        chat, request, entry = stage.chat, chosen.request, chosen.entry
        wish = request.overrides
        backend = choose_backend(self._services, chat, wish.backend)
        model = wish.model or chat.settings.model or backend.model
        loras = backend.capabilities(model).loras
        wanted = enhances(chosen)
        family = await self._family(entry, backend, model) if wanted else ""
        prefix, negative = await self._style(stage, wish.style)
        composed = compose(
            Parts(
                mode=request.mode,
                prompt=prompt,
                prefix=prefix,
                negative=negative,
                character_prefix=stage.character.prefix,
                character_negative=stage.character.negative,
                extra_negative=wish.negative or "",
                model_prompt=", ".join(text for text in (entry.prompt, entry.lora_tags() if loras else "") if text),
                model_negative=entry.negative,
                quality_tags=quality_tags(family),
                world=stage.world(),
            )
        )
        if composed.variables:
            async with self._services.db.write() as c:
                await variables.put(c, chat.id, composed.variables)
        width, height = wish.width or chat.settings.width, wish.height or chat.settings.height
        given = wish.width is not None and wish.height is not None
        size = (width, height) if given else resolve_size(width, height, request.mode, snap=snaps(chat, request, model, entry.family))
        workflow = wish.workflow or chat.settings.workflow
        plan = make_plan(
            self._services,
            chat,
            request,
            draft=prompt,
            prompt=enhanced(composed.prompt, family),
            size=size,
            placeholders=self._placeholders(stage, workflow),
            references=self._references(stage, workflow),
        )
        missed = [Lost(setting="LoRAs", why=f"{backend.name} takes none in a prompt")] if entry.loras and not loras else []
        if wanted and not family:
            missed.append(Lost(setting="prompt enhancer", why=f"the family of {model or backend.name} is not known"))
        return plan.model_copy(update={"lost": (*plan.lost, *missed)})

    async def _family(self, entry: ModelEntry, backend: ImageBackend, model: str) -> str:
        """The family the host wrote down, else what the backend's list says; empty when neither tells."""
        if entry.family:
            return entry.family
        try:
            return next((m.family for m in await backend.models() if model in (m.id, m.label)), "")
        except ProviderError as error:
            log.info("family of a model not learned", backend=backend.name, kind=str(error.kind))
            return ""

    async def _style(self, stage: Stage, wanted: str | None) -> tuple[str, str]:
        settings = stage.chat.settings
        name = wanted if wanted is not None else settings.style
        if not name:
            return settings.prefix, settings.negative
        async with self._services.db.read() as c:
            style = await styles.get(c, stage.chat.id, name)
        return (style.prefix, style.negative) if style else (settings.prefix, settings.negative)

    def _placeholders(self, stage: Stage, workflow: str) -> dict[str, str]:
        """Every variable of the chat is a custom placeholder of its workflow: ``setvar`` or a style's macro sets it."""
        return dict(stage.variables) if workflow else {}

    def _references(self, stage: Stage, workflow: str) -> tuple[str, ...]:
        """The character's avatar, where the workflow has a place for it."""
        text = self._services.workflows.get(workflow, "")
        if "%char_avatar%" in text and stage.character.avatar:
            return (f"character:{stage.character.avatar}",)
        return ()
