"""Adding, editing and deleting ComfyUI workflows of a chat, and the values of their custom placeholders."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bot.domain.errors import ContentRefused, FileTooLarge, NotFound, UserError
from bot.domain.workflows import (
    MOST_BYTES,
    MOST_CUSTOM,
    MOST_REPLACE,
    MOST_WORKFLOWS,
    Workflow,
    custom_name,
    read_graph,
    workflow_name,
)
from bot.engine.commands.context import CommandContext
from bot.engine.pictures import graph_edits
from bot.engine.pictures.plan import choose_backend
from bot.engine.pictures.workflow_words import code, graph_file, holds, summary, warned
from bot.engine.pictures.workflows import check_graph, find_workflow, graph_words, is_built_in, require_graph, require_workflows
from bot.storage import chats, workflows
from bot.storage.database import Transaction
from providers.contract import ImageBackend


def text_of(ctx: CommandContext, name: str) -> str:
    return str(ctx.call.arguments.get(name, "")).strip()


def backend_of(ctx: CommandContext) -> ImageBackend:
    """The chat's backend. Raises ``UserError`` naming others when it does not draw by workflows."""
    backend = choose_backend(ctx.services, ctx.chat, None)
    require_workflows(ctx.services, backend)
    return backend


async def known_workflow(ctx: CommandContext, name: str) -> Workflow:
    async with ctx.services.db.read() as c:
        return await find_workflow(ctx.services, c, ctx.chat.id, choose_backend(ctx.services, ctx.chat, None), name)


async def _own(ctx: CommandContext, c: Transaction, name: str) -> Workflow:
    """A workflow of this chat. Raises ``UserError`` for others', which a chat cannot change, and ``NotFound``."""
    found = await find_workflow(ctx.services, c, ctx.chat.id, choose_backend(ctx.services, ctx.chat, None), name)
    if found.origin != "chat":
        whose = "is the host's" if found.origin == "host" else "comes with Vignette"
        raise UserError(f'«{found.name}» {whose} and stays as it is. `/workflow add copy="{found.name}" NAME` makes a copy of your own.')
    return found


def _judge(ctx: CommandContext, workflow: Workflow) -> None:
    """Raise ``ContentRefused`` for what may not be drawn here, wherever in a workflow it is written. Its negative prompt counts like any
    other text: a CFG scale of 0 would draw it."""
    words = (*graph_words(workflow.graph), *graph_words(workflow.image_graph), *workflow.custom.values(), workflow.name)
    try:
        ctx.services.guard.check_picture(ctx.chat, *words)
    except ContentRefused as error:
        places = ", ".join(_refused(ctx, workflow)) or "several places together"
        hint = "A placeholder such as %prompt% or %negative_prompt% in its place takes the words of each picture."
        raise ContentRefused(f"{error} It is written in this workflow: {places}. {hint}") from error


def _refused(ctx: CommandContext, workflow: Workflow) -> Iterator[str]:
    """The nodes whose words alone are refused."""
    for graph in filter(None, (workflow.graph, workflow.image_graph)):
        nodes = graph_edits.nodes_of(graph)
        for node_id, node in nodes.items():
            try:
                ctx.services.guard.check_picture(ctx.chat, *graph_words(json.dumps(node)))
            except ContentRefused:
                yield graph_edits.called(nodes, node_id)
                break


async def _file(ctx: CommandContext, option: str) -> str:
    """The graph in an attached file; empty when there is none. Raises ``BadFile`` and ``FileTooLarge``."""
    attachment = ctx.call.named_files.get(option)
    if attachment is None:
        return ""
    limit = min(ctx.services.guard.rules.attachment_bytes, MOST_BYTES)
    try:
        data = await ctx.services.platforms[ctx.call.chat.platform].fetch(attachment, limit)
    except FileTooLarge as error:
        raise FileTooLarge(f"A workflow may have up to {limit // 1024} KiB; this file has more.") from error
    return read_graph(data, limit)


def _pasted(text: str) -> str:
    """The graph in a message, with or without the marks of a code block. Raises ``UserError`` and ``BadFile``."""
    bare = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    if not bare.startswith("{"):
        raise UserError(f"«{bare[:40]}» is no workflow. Attach its file or paste its JSON; a name of several words needs quotation marks.")
    return read_graph(bare.encode("utf-8", "replace"))


# --- add, edit, set, delete -------------------------------------------------------------------------------------------


def _admit(ctx: CommandContext) -> None:
    """Raise ``NotAllowed`` unless this person may bring graphs of their own to the host's server."""
    ctx.services.guard.admit(ctx.chat, ctx.call.author, ctx.services.guard.rules.workflows)


async def add(ctx: CommandContext) -> None:
    _admit(ctx)
    workflow = await _new(ctx)
    backend = backend_of(ctx)
    facts = require_graph(backend, workflow.graph)
    image = require_graph(backend, workflow.image_graph) if workflow.image_graph else None
    _judge(ctx, workflow)
    async with ctx.services.db.write() as c:
        known = await workflows.names(c, ctx.chat.id)
        if any(name.casefold() == workflow.name.casefold() for name in known):
            raise UserError(f"There is a workflow «{workflow.name}» already. `/workflow edit` with a file gives it another graph.")
        if len(known) >= MOST_WORKFLOWS:
            raise UserError(f"This chat has {len(known)} workflows, and {MOST_WORKFLOWS} are the most. Delete one first.")
        await workflows.put(c, ctx.chat.id, workflow)
    lines = [f"Workflow **{workflow.name}** is added. `/workflow use {workflow.name}` draws with it."]
    lines += summary(workflow, facts) if facts else []
    lines += [f"Image graph: {line}" for line in summary(workflow, image)] if image else []
    await ctx.say("\n".join([*lines, *warned(await problems_of(backend, workflow))]))


async def _new(ctx: CommandContext) -> Workflow:
    """The workflow somebody hands in: as files, as text, or as a copy."""
    name = workflow_name(text_of(ctx, "name"))
    copied, text = text_of(ctx, "copy"), text_of(ctx, "text")
    graph, image_graph = await _file(ctx, "file"), await _file(ctx, "image_file")
    if sum(map(bool, (graph, text, copied))) > 1:
        raise UserError("A workflow comes from a file, from its text, or as a copy: please give one of them.")
    if copied:
        original = await known_workflow(ctx, copied)
        image_graph = image_graph or (_fitting(original.image_graph) if original.image_graph else "")
        return Workflow(name=name, graph=_fitting(original.graph), image_graph=image_graph, custom=dict(original.custom))
    graph = graph or (_pasted(text) if text else "")
    if not graph:
        raise UserError("Send the workflow along as a file, saved in ComfyUI with «Export (API)», or paste its JSON after the name.")
    return Workflow(name=name, graph=graph, image_graph=image_graph)


def _fitting(graph: str) -> str:
    """A graph to copy; the host's may be larger than a chat keeps. Raises ``FileTooLarge``."""
    return read_graph(graph.encode())


async def problems_of(backend: ImageBackend, workflow: Workflow) -> tuple[str, ...]:
    """What is wrong with a workflow's graphs on the backend's server."""
    found = await check_graph(backend, workflow.graph)
    if workflow.image_graph:
        found += tuple(f"Image graph: {problem}" for problem in await check_graph(backend, workflow.image_graph) if problem not in found)
    return found


async def edit(ctx: CommandContext) -> None:
    """Change one graph and hand out what it was before."""
    _admit(ctx)
    backend = backend_of(ctx)
    kind, given = text_of(ctx, "graph") or "text", await _file(ctx, "file")
    async with ctx.services.db.write() as c:
        before = await _own(ctx, c, text_of(ctx, "name"))
        old = before.image_graph if kind == "image" else before.graph
        new, what = _edited(ctx, before, old, kind, given)
        after = before.model_copy(update={"image_graph" if kind == "image" else "graph": new})
        facts = require_graph(backend, new) if new else None
        _judge(ctx, after)
        await workflows.put(c, ctx.chat.id, after)
    lines = [f"**{after.name}**: {what}"]
    lines += summary(after, facts) if facts and given else []
    lines += warned(await check_graph(backend, new)) if new else []
    if not old:
        await ctx.say("\n".join(lines))
        return
    lines.append(f"Its version before is the file; `/workflow edit graph={kind} {after.name}` with it brings it back.")
    await ctx.say("\n".join(lines), file=graph_file(after.name, old, f"{kind}-before"))


def _edited(ctx: CommandContext, workflow: Workflow, old: str, kind: str, given: str) -> tuple[str, str]:
    """The graph as it becomes, and what was done to it. Raises ``UserError``."""
    if given:
        return given, f"the {kind} graph is the one of the file now."
    if ctx.call.arguments.get("drop"):
        if kind == "text":
            raise UserError("Only the image graph can be taken away (`graph=image drop=on`); `/workflow delete` removes all of it.")
        return "", "the image graph is gone; its other graph draws from pictures as well."
    if not old:
        raise UserError(f"«{workflow.name}» has no image graph yet. `/workflow edit graph=image` with a file gives it one.")
    node, field = text_of(ctx, "node"), text_of(ctx, "input")
    if not node or not field or "value" not in ctx.call.arguments:
        raise UserError("Say what to change: `/workflow edit node=6 input=text value=%prompt% NAME`, or send a file in its place.")
    change = graph_edits.changed(old, node, field, str(ctx.call.arguments["value"]))
    return change.text, f"{change.where} was {code(change.before)} and is {code(change.after)}."


async def set_value(ctx: CommandContext) -> None:
    _admit(ctx)
    find, replace = custom_name(text_of(ctx, "find")), str(ctx.call.arguments.get("replace", ""))
    if is_built_in(backend_of(ctx), find):
        raise UserError(f"`%{find}%` is filled by Vignette itself and cannot stand for something else.")
    if len(replace) > MOST_REPLACE:
        raise UserError(f"A placeholder stands for at most {MOST_REPLACE} characters; these are {len(replace)}.")
    async with ctx.services.db.write() as c:
        before = await _own(ctx, c, text_of(ctx, "name"))
        if not replace and find not in before.custom:
            raise NotFound(f"«{before.name}» has no value for `%{find}%`.")
        custom = {name: value for name, value in {**before.custom, find: replace}.items() if value}
        if len(custom) > MOST_CUSTOM:
            raise UserError(f"A workflow has at most {MOST_CUSTOM} placeholders of its own.")
        after = before.model_copy(update={"custom": custom})
        _judge(ctx, after)
        await workflows.put(c, ctx.chat.id, after)
    if not replace:
        await ctx.say(f"**{after.name}**: `%{find}%` has no value of its own any more.")
        return
    there = holds(after.graph, find) or holds(after.image_graph, find)
    hint = "" if there else f' The graph has no `"%{find}%"` yet: `/workflow edit node=… input=… value=%{find}% {after.name}` puts it in.'
    await ctx.say(f"**{after.name}**: `%{find}%` stands for {code(replace)}.{hint}")


async def delete(ctx: CommandContext) -> None:
    async with ctx.services.db.write() as c:
        gone = await _own(ctx, c, text_of(ctx, "name"))
        await workflows.remove(c, ctx.chat.id, gone.name)
        said = f"Workflow **{gone.name}** is deleted."
        if ctx.chat.settings.workflow.casefold() == gone.name.casefold():
            said += " " + await _without(ctx, c, gone.name)
    kinds = [("text", gone.graph), *([("image", gone.image_graph)] if gone.image_graph else [])]
    for number, (kind, graph) in enumerate(kinds):
        await ctx.say(said if number == 0 else "Its image graph.", file=graph_file(gone.name, graph, kind if len(kinds) > 1 else ""))


async def _without(ctx: CommandContext, c: Transaction, name: str) -> str:
    """What draws after the workflow in use was deleted: another of its name that it hid, else none."""
    backend = choose_backend(ctx.services, ctx.chat, None)
    try:
        other = await find_workflow(ctx.services, c, ctx.chat.id, backend, name)
    except NotFound:
        await chats.change_settings(c, ctx.chat.id, {"workflow": ""})
        return "It was in use; the backend's own graph draws now."
    return f"It was in use; «{other.name}», which {'is the host’s' if other.origin == 'host' else 'comes with Vignette'}, draws now."
