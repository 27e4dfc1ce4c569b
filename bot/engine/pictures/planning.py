"""From a scene prompt to a render plan: prefixes and tags, size, reference images, workflow. The same for drafted, verbatim and edited."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.errors import NotFound
from bot.domain.models import ModelEntry
from bot.domain.pictures import Lost, RenderPlan
from bot.domain.workflows import Workflow
from bot.engine.pictures.advice import advice_for
from bot.engine.pictures.compose import Composed, Parts
from bot.engine.pictures.enhance import finished
from bot.engine.pictures.models import Chosen, listed_models, still_there
from bot.engine.pictures.plan import choose_backend, make_plan, snaps
from bot.engine.pictures.references import Gathered, gather, placed, wanted_roles
from bot.engine.pictures.sizes import resolve_size, size_like
from bot.engine.pictures.telling import mark_asked
from bot.engine.pictures.workflows import facts_of, fill_custom, find_workflow
from bot.engine.services import Services
from bot.engine.stage import Stage
from bot.storage import assets, styles, variables, workflows
from bot.storage.database import Transaction
from bot.storage.records import Style
from providers.contract import ImageBackend

NO_STYLE = ("", "none", "off")
"""What people write to go without a style."""


@dataclass(frozen=True, slots=True)
class _Material:
    """What a plan is made of besides its prompt."""

    gathered: Gathered
    workflow: Workflow | None = None
    graph: str = ""
    lost: tuple[Lost, ...] = ()


async def plan_prompt(services: Services, stage: Stage, chosen: Chosen, prompt: str) -> RenderPlan:
    """Compose and plan a scene prompt with the chat's current settings. Raises ``UserError`` and ``ProviderError``."""
    backend = choose_backend(services, stage.chat, chosen.request.overrides.backend)
    chosen = await still_there(services, chosen, backend)
    stage = replace(stage, chat=chosen.chat)
    chat, request, entry = stage.chat, chosen.request, chosen.entry
    model = request.overrides.model or chat.settings.model or backend.model
    loras = backend.capabilities(model).loras
    wanted = enhances(chosen)
    family = await _family(entry, backend, model) if wanted else ""
    composed = await _composed(services, stage, chosen, prompt, family, loras=loras)
    material = await _material(services, stage, chosen, backend)
    filled, changed = _filled(stage, composed, material)
    graph = await _store(services, stage, {**composed.variables, **changed}, material)
    plan = make_plan(
        services,
        chat,
        request,
        draft=prompt,
        prompt=composed.prompt,
        size=await _size(services, stage, chosen, model),
        placeholders=filled,
        references=material.gathered.tagged,
        workflow=material.workflow.name if material.workflow else None,
        graph=graph,
    )
    lost = [*plan.lost, *chosen.lost, *material.lost, *material.gathered.lost]
    if entry.loras and not loras:
        lost.append(Lost(setting="LoRAs", why=f"{backend.name} takes none in a prompt"))
    if wanted and not family:
        lost.append(Lost(setting="prompt enhancer", why=f"the family of {model or backend.name} is not known"))
    told = mark_asked(lost, chosen.asked, from_picture=chosen.request.base is not None)
    return plan.model_copy(update={"lost": told, "advice": _advice(plan, entry.family or family)})


def _advice(plan: RenderPlan, family: str) -> tuple[str, ...]:
    """What to say of settings that leave the range that works."""
    return advice_for(
        steps=plan.steps,
        cfg=plan.cfg,
        sampler=plan.sampler,
        width=plan.width,
        height=plan.height,
        denoise=plan.denoise if plan.references else None,
        clip_skip=plan.clip_skip,
        family=family,
        prompt=plan.prompt,
    )


async def check_names(services: Services, chosen: Chosen) -> None:
    """Whether the style and the workflow that a call names are there. Raises ``NotFound``."""
    wish = chosen.request.overrides
    backend = choose_backend(services, chosen.chat, wish.backend)
    async with services.db.read() as c:
        if wish.style:
            await named_style(c, chosen.chat.id, wish.style)
        if wish.workflow and backend.capabilities().workflows:
            await find_workflow(services, c, chosen.chat.id, backend, wish.workflow)


def enhances(chosen: Chosen) -> bool:
    """Whether the prompt enhancer is on: by the call, else by the chat; «auto» only where the host named the family."""
    wish = chosen.request.overrides.enhance
    if wish is not None:
        return wish
    setting = chosen.chat.settings.enhance
    return bool(chosen.entry.family) if setting == "auto" else setting == "on"


async def _composed(services: Services, stage: Stage, chosen: Chosen, prompt: str, family: str, *, loras: bool) -> Composed:
    request, entry = chosen.request, chosen.entry
    prefix, negative = await _style(services, stage, request.overrides.style)
    return finished(
        Parts(
            mode=request.mode,
            prompt=prompt,
            prefix=prefix,
            negative=negative,
            character_prefix=stage.character.prefix,
            character_negative=stage.character.negative,
            extra_negative=request.overrides.negative or "",
            model_prompt=", ".join(text for text in (entry.prompt, entry.lora_tags() if loras else "") if text),
            model_negative=entry.negative,
            world=stage.world(),
        ),
        family,
    )


async def _style(services: Services, stage: Stage, wanted: str | None) -> tuple[str, str]:
    """Prefix and negative prompt: of the call's style, else of the chat's, else the chat's own pair."""
    settings = stage.chat.settings
    own = settings.prefix, settings.negative
    if wanted is not None:
        async with services.db.read() as c:
            style = await named_style(c, stage.chat.id, wanted)
    elif settings.style:
        async with services.db.read() as c:
            style = await styles.get(c, stage.chat.id, settings.style)
    else:
        return own
    return (style.prefix, style.negative) if style else own


async def named_style(c: Transaction, chat_id: int, name: str) -> Style | None:
    """The style somebody names; None for «none». Raises ``NotFound``."""
    style = await styles.get(c, chat_id, name)
    if style is None and name.strip().lower() not in NO_STYLE:
        raise await unknown_style(c, chat_id, name)
    return style


async def unknown_style(c: Transaction, chat_id: int, name: str) -> NotFound:
    """The error for a style that is not there, naming those that are."""
    known = ", ".join(style.name for style in await styles.of_chat(c, chat_id))
    return NotFound(f"There is no style «{name[:60]}». Known: {known or 'none yet'}.")


async def _family(entry: ModelEntry, backend: ImageBackend, model: str) -> str:
    """The family the host wrote down, else what the backend's list says; empty when neither tells."""
    if entry.family:
        return entry.family
    return next((m.family for m in await listed_models(backend) if model in (m.id, m.label)), "")


async def _material(services: Services, stage: Stage, chosen: Chosen, backend: ImageBackend) -> _Material:
    """Workflow and reference images: the workflow decides which avatars are wanted, the references which of its graphs is used."""
    request, allowed = chosen.request, chosen.entry.references
    workflow, lost = await _workflow(services, stage, chosen, backend)
    if workflow is None:
        return _Material(await gather(services, stage, request, wanted_roles(request, allowed), allowed), lost=lost)
    expected = 1 if request.base or allowed else 0
    probable = workflow.graph_for(expected)
    facts = facts_of(backend, probable)
    most = None if allowed is None else max(allowed, len(facts.avatars) if facts is not None else 0)
    gathered = await gather(services, stage, request, wanted_roles(request, allowed, facts), most)
    graph = workflow.graph_for(len(gathered.tagged) if expected else 0)
    return _Material(placed(gathered, facts if graph == probable else facts_of(backend, graph)), workflow, graph, lost)


async def _workflow(services: Services, stage: Stage, chosen: Chosen, backend: ImageBackend) -> tuple[Workflow | None, tuple[Lost, ...]]:
    """The workflow of the call, else of the chat. One that the chat chose and that is gone meanwhile is left out and said."""
    name = chosen.request.overrides.workflow or stage.chat.settings.workflow
    if not name:
        return None, ()
    if not backend.capabilities().workflows:
        return None, (Lost(setting="workflow", why=f"{backend.name} has none"),)
    async with services.db.read() as c:
        try:
            return await find_workflow(services, c, stage.chat.id, backend, name), ()
        except NotFound:
            if chosen.request.overrides.workflow:
                raise
            return None, (Lost(setting="workflow", why=f"«{name}» is no longer there"),)


def _filled(stage: Stage, composed: Composed, material: _Material) -> tuple[dict[str, str], dict[str, str]]:
    """Custom placeholders, after the macros of the prompt: a style may set a variable that a placeholder reads."""
    if material.workflow is None:
        return {}, {}
    world = stage.world(variables={**stage.variables, **composed.variables}, prompt=composed.prompt.positive)
    filling = fill_custom(material.workflow, material.graph, world)
    return filling.values, filling.changed


async def _store(services: Services, stage: Stage, changed: dict[str, str], material: _Material) -> str | None:
    """Keep what macros set, and the graph that will be drawn with; the graph's hash."""
    if not changed and not material.graph:
        return None
    async with services.db.write() as c:
        if changed:
            await variables.put(c, stage.chat.id, changed)
        return await workflows.keep_graph(c, stage.chat.id, material.graph) if material.graph else None


async def _size(services: Services, stage: Stage, chosen: Chosen, model: str) -> tuple[int, int]:
    """Width and height in pixels: as given, else in the shape of the picture to draw from, else in the mode's."""
    wish, settings, request = chosen.request.overrides, stage.chat.settings, chosen.request
    width, height = wish.width or settings.width, wish.height or settings.height
    if wish.width is not None and wish.height is not None:
        return width, height
    if request.base:
        async with services.db.read() as c:
            base = await assets.by_sha(c, request.base)
        if base is not None:
            return size_like(base.width, base.height, wish.width, wish.height, area=settings.width * settings.height)
    return resolve_size(width, height, request.mode, snap=snaps(stage.chat, request, model, chosen.entry.family))
