"""workflow: ComfyUI graphs of a chat, to look at and to choose; ``workflow_changes`` adds and edits them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.errors import UserError
from bot.domain.workflows import NONE, Workflow
from bot.engine.commands.catalogue import Command, Option
from bot.engine.commands.context import CommandContext
from bot.engine.commands.workflow_changes import add, backend_of, delete, edit, known_workflow, problems_of, set_value, text_of
from bot.engine.pictures import graph_edits
from bot.engine.pictures.plan import choose_backend
from bot.engine.pictures.workflow_words import OF, card, graph_file, warned
from bot.engine.pictures.workflows import check_graph, facts_of, find_workflow, require_graph, require_workflows, shipped, workflow_names
from bot.storage import chats, workflows


async def _list(ctx: CommandContext) -> None:
    backend = choose_backend(ctx.services, ctx.chat, None)
    async with ctx.services.db.read() as c:
        own = {name: (OF["chat"], image) for name, image in (await workflows.overview(c, ctx.chat.id)).items()}
    hidden = {name.casefold() for name in own}
    for known in (ctx.services.workflows, shipped(backend)):
        fresh = {name: (OF[w.origin], bool(w.image_graph)) for name, w in known.items() if name.casefold() not in hidden}
        own |= fresh
        hidden |= {name.casefold() for name in fresh}
    used = ctx.chat.settings.workflow.casefold()
    lines = [
        f"{'▶' if name.casefold() == used else '•'} **{name}** — {whose}{', with a graph for reference images' if image else ''}"
        for name, (whose, image) in own.items()
    ]
    lines.append("`/workflow use NAME` switches, `/workflow show NAME` tells more, `/workflow add NAME` with a file adds one.")
    if not used:
        lines.insert(0, "None is in use: the backend's own graph draws.")
    try:
        require_workflows(ctx.services, backend)
    except UserError as error:
        lines.insert(0, f"⚠️ {error}")
    await ctx.say("\n".join(lines))


async def _show(ctx: CommandContext) -> None:
    name = text_of(ctx, "name") or ctx.chat.settings.workflow
    if not name:
        raise UserError("No workflow is in use. `/workflow show NAME` shows one; `/workflow list` names them.")
    backend, workflow, kind = backend_of(ctx), await known_workflow(ctx, name), text_of(ctx, "graph") or "text"
    graph = workflow.image_graph if kind == "image" else workflow.graph
    if not graph:
        raise UserError(f"«{workflow.name}» has no graph of its own for reference images.")
    in_use = ", in use" if workflow.name.casefold() == ctx.chat.settings.workflow.casefold() else ""
    lines = [f"**{workflow.name}** — {OF[workflow.origin]}{in_use}"]
    if workflow.image_graph:
        other = "text" if kind == "image" else "image"
        lines[0] += f"; this is its {kind} graph, `/workflow show graph={other} {workflow.name}` shows the other"
    facts = require_graph(backend, graph)
    lines += card(workflow, graph, facts) if facts else []
    lines += warned(await check_graph(backend, graph))
    await ctx.say("\n".join(lines), file=graph_file(workflow.name, graph, kind if workflow.image_graph else ""))


async def _use(ctx: CommandContext) -> None:
    name = text_of(ctx, "name")
    if not name:
        current = ctx.chat.settings.workflow
        await ctx.say(f"The workflow is **{current}**." if current else "No workflow is in use: the backend's own graph draws.")
        return
    if name.casefold() in NONE:
        async with ctx.services.db.write() as c:
            await chats.change_settings(c, ctx.chat.id, {"workflow": ""})
        await ctx.say("No workflow is in use now: the backend's own graph draws.")
        return
    backend = backend_of(ctx)
    async with ctx.services.db.write() as c:
        workflow = await find_workflow(ctx.services, c, ctx.chat.id, backend, name)
        require_graph(backend, workflow.graph)
        await chats.change_settings(c, ctx.chat.id, {"workflow": workflow.name})
    await ctx.say("\n".join([f"**{workflow.name}** draws now.", *warned(await problems_of(backend, workflow))]))


# --- suggestions ------------------------------------------------------------------------------------------------------


async def _all_names(ctx: CommandContext, typed: str) -> list[str]:
    async with ctx.services.db.read() as c:
        names = await workflow_names(ctx.services, c, ctx.chat.id, choose_backend(ctx.services, ctx.chat, None))
    return _alike(names, typed)


async def _use_names(ctx: CommandContext, typed: str) -> list[str]:
    return [*await _all_names(ctx, typed), *_alike(["none"], typed)]


async def _own_names(ctx: CommandContext, typed: str) -> list[str]:
    async with ctx.services.db.read() as c:
        return _alike(await workflows.names(c, ctx.chat.id), typed)


async def _graph_in_hand(ctx: CommandContext) -> tuple[Workflow | None, str]:
    """The workflow and the graph that the options given so far mean."""
    async with ctx.services.db.read() as c:
        found = await workflows.get(c, ctx.chat.id, text_of(ctx, "name"))
    return found, "" if found is None else found.image_graph if text_of(ctx, "graph") == "image" else found.graph


async def _nodes(ctx: CommandContext, typed: str) -> list[str]:
    _, graph = await _graph_in_hand(ctx)
    return _alike(graph_edits.node_names(graph), typed) if graph else []


async def _inputs(ctx: CommandContext, typed: str) -> list[str]:
    _, graph = await _graph_in_hand(ctx)
    if not graph:
        return []
    nodes = graph_edits.nodes_of(graph)
    try:
        return _alike(list(nodes[graph_edits.find_node(nodes, text_of(ctx, "node"))]["inputs"]), typed)
    except UserError:
        return []  # the node is not settled yet


async def _placeholders(ctx: CommandContext, typed: str) -> list[str]:
    workflow, graph = await _graph_in_hand(ctx)
    if workflow is None:
        return []
    facts = facts_of(choose_backend(ctx.services, ctx.chat, None), graph)
    return _alike(list(dict.fromkeys([*workflow.custom, *(facts.custom if facts else ())])), typed)


def _alike(names: Sequence[str], typed: str) -> list[str]:
    return [name for name in names if typed.strip("% ").casefold() in name.casefold()]


_OWN = Option("name", "the workflow's name", required=True, rest=True, complete=_own_names)
_GRAPH = Option("graph", "which of its graphs: text, or image for pictures drawn from pictures", choices=("text", "image"))
COMMANDS = (
    Command("workflow list", "ComfyUI workflows: this chat's, the host's, those that come along", _list),
    Command(
        "workflow use",
        "draw with a workflow, «none» for the backend's own graph; alone it tells which one is in use",
        _use,
        (Option("name", "the workflow's name", rest=True, complete=_use_names),),
        who="manager",
        examples=("/workflow use portrait",),
    ),
    Command(
        "workflow show",
        "a workflow's placeholders (✅ present, ❌ absent), places for pictures and problems, with its file",
        _show,
        (Option("name", "the workflow's name; empty for the one in use", rest=True, complete=_all_names), _GRAPH),
    ),
    Command(
        "workflow add",
        "add a ComfyUI workflow, exported with «Export (API)»",
        add,
        (
            Option("name", "what to call it", required=True),
            Option("file", "its file, JSON of up to 256 KiB", "file"),
            Option("image_file", "another graph for pictures drawn from pictures", "file"),
            Option("copy", "a workflow to copy instead", complete=_all_names),
            Option("text", "its JSON instead of a file, where it fits", rest=True),
        ),
        who="manager",
        examples=("/workflow add portrait", "/workflow add copy=text-to-image mine"),
    ),
    Command(
        "workflow edit",
        "change one input of a node, or replace a graph by a file; what it was before comes back as a file",
        edit,
        (
            _OWN,
            Option("node", "the node: its number, or a title or class only it has", complete=_nodes),
            Option("input", "the input's name", complete=_inputs),
            Option("value", "the new value: a number, true, false, null or a list as in JSON, else a text such as %prompt%"),
            _GRAPH,
            Option("file", "a file that replaces the graph", "file"),
            Option("drop", "take the image graph away", "boolean", advanced=True),
        ),
        who="manager",
        examples=("/workflow edit node=6 input=text value=%prompt% portrait",),
    ),
    Command(
        "workflow set",
        "say what a placeholder of your own stands for; empty takes the value away",
        set_value,
        (
            _OWN,
            Option("find", "the placeholder's name", required=True, complete=_placeholders),
            Option("replace", "what it stands for; macros such as {{getvar::mood}} are expanded when drawing"),
        ),
        who="manager",
        examples=('/workflow set find=mood replace="{{getvar::mood}}" portrait',),
    ),
    Command("workflow delete", "delete a workflow of this chat; it comes back as a file", delete, (_OWN,), who="manager"),
)
