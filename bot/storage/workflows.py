"""ComfyUI workflows of a chat, and the graphs that were drawn with. Graphs are kept by their hash and never changed."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.workflows import Workflow
from bot.storage.dialect import upsert
from bot.storage.schema import graphs, jobs, pictures, takes, workflows


async def overview(c: AsyncConnection, chat_id: int) -> dict[str, bool]:
    """A chat's workflows in the order of their names: name → whether there is a graph of its own for reference images."""
    wanted = select(workflows.c.name, workflows.c.image_graph.is_not(None)).where(workflows.c.chat_id == chat_id)
    return {name: bool(image) for name, image in (await c.execute(wanted.order_by(func.lower(workflows.c.name)))).all()}


async def names(c: AsyncConnection, chat_id: int) -> list[str]:
    """Names of a chat's workflows, in order."""
    return list(await overview(c, chat_id))


async def get(c: AsyncConnection, chat_id: int, name: str) -> Workflow | None:
    """A workflow by its exact name, or by its name in any case when no other spelling stands beside it."""
    wanted = name.strip()
    alike = [known for known in await names(c, chat_id) if known.casefold() == wanted.casefold()]
    found = wanted if wanted in alike else alike[0] if len(alike) == 1 else None
    if found is None:
        return None
    row = (await c.execute(select(workflows).where(workflows.c.chat_id == chat_id, workflows.c.name == found))).mappings().one()
    image_graph = await graph(c, chat_id, row["image_graph"]) if row["image_graph"] else ""
    text = await graph(c, chat_id, row["graph"])
    return Workflow(name=row["name"], graph=text or "", image_graph=image_graph or "", custom=row["custom"])


async def put(c: AsyncConnection, chat_id: int, workflow: Workflow) -> None:
    """Save a workflow; one of that name is replaced. Takes drawn with the old graphs keep them."""
    values = {
        "graph": await keep_graph(c, chat_id, workflow.graph),
        "image_graph": await keep_graph(c, chat_id, workflow.image_graph) if workflow.image_graph else None,
        "custom": workflow.custom,
    }
    stored = upsert(c, workflows).values(chat_id=chat_id, name=workflow.name, **values)
    await c.execute(stored.on_conflict_do_update(index_elements=["chat_id", "name"], set_=values))
    await drop_unused(c, chat_id)


async def remove(c: AsyncConnection, chat_id: int, name: str) -> bool:
    """Delete a workflow; False when there was none of this exact name. Takes drawn with it keep its graphs."""
    gone = (await c.execute(delete(workflows).where(workflows.c.chat_id == chat_id, workflows.c.name == name))).rowcount == 1
    await drop_unused(c, chat_id)
    return gone


async def keep_graph(c: AsyncConnection, chat_id: int, text: str) -> str:
    """Keep a graph's text for the chat; its SHA-256."""
    sha = hashlib.sha256(text.encode()).hexdigest()
    await c.execute(upsert(c, graphs).values(chat_id=chat_id, sha256=sha, text=text).on_conflict_do_nothing())
    return sha


async def graph(c: AsyncConnection, chat_id: int, sha: str) -> str | None:
    """A kept graph's text."""
    return await c.scalar(select(graphs.c.text).where(graphs.c.chat_id == chat_id, graphs.c.sha256 == sha))


async def drop_unused(c: AsyncConnection, chat_id: int) -> None:
    """Delete the graphs that no workflow of the chat has and none of its pictures was or is being drawn with."""
    used = union(
        *(
            select(column).where(workflows.c.chat_id == chat_id, column.is_not(None))
            for column in (workflows.c.graph, workflows.c.image_graph)
        ),
        *(
            select(table.c.plan["graph"].as_string())
            .join(pictures, pictures.c.id == table.c.picture_id)
            .where(pictures.c.chat_id == chat_id, table.c.plan["graph"].as_string().is_not(None))
            for table in (takes, jobs)
        ),
    )
    await c.execute(delete(graphs).where(graphs.c.chat_id == chat_id, graphs.c.sha256.not_in(used)))
