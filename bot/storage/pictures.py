"""Pictures and their takes (image swipes)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, case, delete, func, insert, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.errors import NotFound
from bot.domain.pictures import PictureRequest, RenderPlan
from bot.domain.places import ChatKey
from bot.storage.dialect import upsert
from bot.storage.jobs import OPEN
from bot.storage.records import Picture, Take
from bot.storage.rows import aware, batched, new_key, now, plain
from bot.storage.schema import assets, characters, chats, entries, jobs, personas, pictures, proposals, sources, takes
from bot.storage.workflows import drop_unused

__all__ = ["new_key"]


def _take(row: RowMapping) -> Take:
    return Take(
        id=row["id"],
        picture_id=row["picture_id"],
        position=row["position"],
        plan=RenderPlan.model_validate(row["plan"]),
        asset=row["asset"],
        mime=row["mime"],
        width=row["width"],
        height=row["height"],
        size=row["size"],
        handle=row["handle"],
        backend_words=row["backend_words"],
        cost=row["cost"],
        seconds=row["seconds"],
        created_at=aware(row["created_at"]),
    )


def _picture(row: RowMapping) -> Picture:
    return Picture(
        id=row["id"],
        key=row["key"],
        chat_id=row["chat_id"],
        chat_key=ChatKey.parse(row["chat_key"]),
        entry_id=row["entry_id"],
        request=PictureRequest.model_validate(row["request"]),
        shown=row["shown"],
        message_id=row["message_id"],
        reply_to=row["reply_to"],
        spoiler=row["spoiler"],
        deleted=row["deleted"],
        created_at=aware(row["created_at"]),
    )


def _selected() -> Select[Any]:
    return select(*pictures.c, chats.c.key.label("chat_key")).join(chats, chats.c.id == pictures.c.chat_id)


def _takes() -> Select[Any]:
    return select(*takes.c, assets.c.mime, assets.c.width, assets.c.height, assets.c.size).join(assets, assets.c.sha256 == takes.c.asset)


async def _whole(c: AsyncConnection, wanted: Select[Any]) -> list[Picture]:
    """The selected pictures with their takes: two statements however many."""
    found = [_picture(row) for row in (await c.execute(wanted)).mappings()]
    if not found:
        return []
    own: dict[int, list[Take]] = {picture.id: [] for picture in found}
    rows = await c.execute(_takes().where(takes.c.picture_id.in_(own)).order_by(takes.c.picture_id, takes.c.position))
    for row in rows.mappings():
        own[row["picture_id"]].append(_take(row))
    return [replace(picture, takes=tuple(own[picture.id])) for picture in found]


async def _one(c: AsyncConnection, wanted: Select[Any]) -> Picture | None:
    found = await _whole(c, wanted)
    return found[0] if found else None


async def add(
    c: AsyncConnection,
    key: str,
    chat_id: int,
    request: PictureRequest,
    *,
    reply_to: str | None = None,
    spoiler: bool = False,
    entry_id: int | None = None,
) -> Picture:
    """A new picture without takes. ``key`` comes from ``new_key()``; the request's chat must be this chat. Raises ``NotFound`` when the
    picture it is to be drawn from has been tidied or deleted meanwhile."""
    if request.base and await c.scalar(select(assets.c.sha256).where(assets.c.sha256 == request.base)) is None:
        raise NotFound("The picture to draw from is no longer there. Please send it again.")
    moment = now()
    values: dict[str, Any] = {
        "key": key,
        "chat_id": chat_id,
        "entry_id": entry_id,
        "shown": 0,
        "message_id": None,
        "reply_to": reply_to,
        "spoiler": spoiler,
        "deleted": False,
    }
    added = insert(pictures).values(**values, request=plain(request), created_at=moment).returning(pictures.c.id)
    picture_id: int = (await c.execute(added)).scalar_one()
    await keep_sources(c, picture_id, [request.base] if request.base else [])
    return Picture(id=picture_id, chat_key=request.chat, request=request, created_at=aware(moment), **values)


async def by_key(c: AsyncConnection, key: str) -> Picture | None:
    """The picture with its takes, deleted ones included (see ``Picture.deleted``)."""
    return await _one(c, _selected().where(pictures.c.key == key))


async def by_id(c: AsyncConnection, picture_id: int) -> Picture | None:
    return await _one(c, _selected().where(pictures.c.id == picture_id))


async def by_message(c: AsyncConnection, chat_id: int, message_id: str) -> Picture | None:
    """The picture whose post is this message."""
    return await _one(c, _selected().where(pictures.c.chat_id == chat_id, pictures.c.message_id == message_id))


async def answering(c: AsyncConnection, chat_id: int, message_id: str) -> Picture | None:
    """The first picture that answers this message of a person."""
    return await _one(
        c, _selected().where(pictures.c.chat_id == chat_id, pictures.c.reply_to == message_id).order_by(pictures.c.id).limit(1)
    )


async def set_message(c: AsyncConnection, picture_id: int, message_id: str | None) -> None:
    await _set(c, picture_id, message_id=message_id)


async def set_shown(c: AsyncConnection, picture_id: int, index: int) -> None:
    """Which take is shown, from 0."""
    await _set(c, picture_id, shown=index)


async def mark_deleted(c: AsyncConnection, picture_id: int) -> None:
    """The post was removed on purpose; its controls answer that the picture is gone."""
    await _set(c, picture_id, deleted=True)


async def erase(c: AsyncConnection, picture_id: int) -> list[str]:
    """Delete a picture's takes, end its jobs, whose rows stay without their plans for the allowances, and mark it deleted; the hashes
    of its images, for ``AssetStore.remove``. The graphs that only this picture was drawn with go as well."""
    drawn = select(takes.c.asset).where(takes.c.picture_id == picture_id)
    shas = set((await c.scalars(drawn.union(select(sources.c.asset).where(sources.c.picture_id == picture_id)))).all())
    shas |= await _planned(c, jobs.c.picture_id == picture_id)
    plans = (select(table.c.plan["graph"].as_string()).where(table.c.picture_id == picture_id) for table in (takes, jobs))
    by_graph = any((await c.scalars(union_all(*plans))).all())
    await c.execute(delete(sources).where(sources.c.picture_id == picture_id))
    await c.execute(delete(takes).where(takes.c.picture_id == picture_id))
    ended = {"state": case((jobs.c.state.in_(OPEN), "cancelled"), else_=jobs.c.state), "owner": None, "heartbeat": None}
    await c.execute(update(jobs).where(jobs.c.picture_id == picture_id).values(plan=None, **ended))
    await mark_deleted(c, picture_id)
    chat_id: int | None = await c.scalar(select(pictures.c.chat_id).where(pictures.c.id == picture_id))
    if chat_id is not None and by_graph:
        await drop_unused(c, chat_id)
    return sorted(shas)


async def _set(c: AsyncConnection, picture_id: int, **values: Any) -> None:
    await c.execute(update(pictures).where(pictures.c.id == picture_id).values(**values))


async def set_handles(c: AsyncConnection, picture_id: int, handles: Mapping[int, str]) -> None:
    """Keep what the platform can show again without an upload: take id → handle. Takes left out have none any more."""
    handle = case(dict(handles), value=takes.c.id, else_=None) if handles else None
    await c.execute(update(takes).where(takes.c.picture_id == picture_id).values(handle=handle))


async def add_take(
    c: AsyncConnection,
    picture_id: int,
    plan: RenderPlan,
    asset: str,
    backend_words: str = "{}",
    cost: float | None = None,
    seconds: float = 0,
) -> Take:
    """Append a take and show it. ``asset`` is the hash of a stored asset (foreign key)."""
    last = func.coalesce(func.max(takes.c.position), -1) + 1
    position = select(last).where(takes.c.picture_id == picture_id).scalar_subquery()
    values = {"picture_id": picture_id, "plan": plain(plan), "asset": asset, "backend_words": backend_words}
    values |= {"cost": cost, "seconds": seconds, "created_at": now()}
    take_id = (await c.execute(insert(takes).values(position=position, **values).returning(takes.c.id))).scalar_one()
    take = _take((await c.execute(_takes().where(takes.c.id == take_id))).mappings().one())
    await keep_sources(c, picture_id, plan.reference_hashes)
    await set_shown(c, picture_id, take.position)
    return take


async def keep_sources(c: AsyncConnection, picture_id: int, shas: Collection[str]) -> None:
    """Note the images a picture is drawn from, so that they stay as long as the picture; noting one twice changes nothing."""
    for sha in dict.fromkeys(shas):
        await c.execute(upsert(c, sources).values(picture_id=picture_id, asset=sha).on_conflict_do_nothing())


async def take_by_id(c: AsyncConnection, take_id: int) -> Take | None:
    row = (await c.execute(_takes().where(takes.c.id == take_id))).mappings().one_or_none()
    return _take(row) if row else None


async def gallery(c: AsyncConnection, chat_id: int, offset: int = 0, limit: int = 10) -> tuple[list[Picture], int]:
    """Finished pictures of a chat, newest first, and how many there are in all."""
    finished = (
        pictures.c.chat_id == chat_id,
        pictures.c.deleted.is_(False),
        select(takes.c.id).where(takes.c.picture_id == pictures.c.id).exists(),
    )
    total = (await c.execute(select(func.count()).select_from(pictures).where(*finished))).scalar_one()
    wanted = _selected().where(*finished).order_by(pictures.c.id.desc()).offset(offset).limit(limit)
    return await _whole(c, wanted), total


async def assets_of(c: AsyncConnection, chat_id: int) -> list[str]:
    """Hashes of all images of a chat: of its pictures (drawn, drawn from, or meant to be), its offers, its background, and those that
    people sent with their messages."""
    drawn = select(takes.c.asset).join(pictures, pictures.c.id == takes.c.picture_id).where(pictures.c.chat_id == chat_id)
    behind = select(chats.c.background).where(chats.c.id == chat_id, chats.c.background.is_not(None))
    begun = select(sources.c.asset).join(pictures, pictures.c.id == sources.c.picture_id).where(pictures.c.chat_id == chat_id)
    found = set((await c.scalars(drawn.union(behind, begun))).all())
    sent = select(entries.c.extra).where(entries.c.chat_id == chat_id, entries.c.extra["images"].as_string().is_not(None))
    found |= {str(sha) for extra in (await c.scalars(sent)).all() for sha in extra["images"]}
    found |= await _offered(c, proposals.c.chat_id == chat_id)
    found |= await _planned(c, jobs.c.picture_id.in_(select(pictures.c.id).where(pictures.c.chat_id == chat_id)))
    return sorted(found)


async def unreferenced_assets(
    c: AsyncConnection, among: Collection[str] | None = None, *, older_than: timedelta = timedelta(hours=1)
) -> list[str]:
    """Images that no take, picture, character, persona, background or unfinished job needs any more.

    A picture is stored before its take is recorded; therefore only images older than ``older_than`` count, unless the question
    is about certain ones (``among``).
    """
    unused = select(assets.c.sha256).where(
        ~select(takes.c.id).where(takes.c.asset == assets.c.sha256).exists(),
        ~select(sources.c.picture_id).where(sources.c.asset == assets.c.sha256).exists(),
        assets.c.sha256.not_in(select(personas.c.avatar).where(personas.c.avatar.is_not(None))),
        assets.c.sha256.not_in(select(characters.c.avatar).where(characters.c.avatar.is_not(None))),
        assets.c.sha256.not_in(select(chats.c.background).where(chats.c.background.is_not(None))),
    )
    if among is None:
        found = set((await c.scalars(unused.where(assets.c.created_at < now() - older_than))).all())
    else:
        found = set()
        for part in batched(sorted(among)):
            found |= set((await c.scalars(unused.where(assets.c.sha256.in_(part)))).all())
    return sorted(found - await _awaited(c)) if found else []


async def _awaited(c: AsyncConnection) -> set[str]:
    """Reference images of unfinished jobs, and of offers that may still be accepted."""
    return await _planned(c, jobs.c.state.in_(OPEN)) | await _offered(c, proposals.c.state == "open")


async def _planned(c: AsyncConnection, which: ColumnElement[bool]) -> set[str]:
    """Reference images in the plans of these jobs."""
    plans: Sequence[Any] = (await c.scalars(select(jobs.c.plan).where(which))).all()
    return {reference.rpartition(":")[2] for stored in plans if stored for reference in stored.get("references", ())}


async def _offered(c: AsyncConnection, which: ColumnElement[bool]) -> set[str]:
    """Images that these offers would draw from."""
    requests: Sequence[Any] = (await c.scalars(select(proposals.c.request).where(which))).all()
    return {request["base"] for request in requests if request.get("base")}
