"""Picture jobs: durable work, whoever runs it. The row is the truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.pictures import JobState, RenderPlan
from bot.domain.places import Person
from bot.storage import notes
from bot.storage.records import Job
from bot.storage.rows import aware, naive, now, plain
from bot.storage.schema import jobs, pictures

FINISHED: tuple[JobState, ...] = ("done", "failed", "cancelled")
WORKING: tuple[JobState, ...] = ("waiting", "drafting", "queued", "drawing", "delivering")
"""States in which somebody should be working on a job: it has not ended and does not wait for a person."""
OPEN: tuple[JobState, ...] = (*WORKING, "proposed")
_SPENT_KEPT = timedelta(hours=48)


def _job(row: RowMapping) -> Job:
    return Job(
        id=row["id"],
        picture_id=row["picture_id"],
        state=row["state"],
        plan=RenderPlan.model_validate(row["plan"]) if row["plan"] is not None else None,
        requester=Person.model_validate(row["requester"]),
        attempts=row["attempts"],
        ref=row["ref"],
        take_id=row["take_id"],
        error=row["error"],
        created_at=aware(row["created_at"]),
    )


async def add(
    c: AsyncConnection,
    picture_id: int,
    requester: Person,
    requester_key: str,
    plan: RenderPlan | None = None,
    state: JobState = "waiting",
) -> Job:
    """A new job. ``requester_key`` is ``platform:person``, by which daily allowances are counted."""
    moment = now()
    values: dict[str, Any] = {"picture_id": picture_id, "state": state}
    row = {"plan": plain(plan) if plan else None, "requester": plain(requester), "requester_key": requester_key}
    added = insert(jobs).values(**values, **row, created_at=moment).returning(jobs.c.id)
    job_id: int = (await c.execute(added)).scalar_one()
    start: dict[str, Any] = {"attempts": 0, "ref": None, "take_id": None, "error": ""}
    return Job(id=job_id, plan=plan, requester=requester, created_at=aware(moment), **values, **start)


async def by_id(c: AsyncConnection, job_id: int) -> Job | None:
    row = (await c.execute(select(jobs).where(jobs.c.id == job_id))).mappings().one_or_none()
    return _job(row) if row else None


async def set_plan(c: AsyncConnection, job_id: int, plan: RenderPlan, state: JobState = "queued") -> None:
    """Drafting is over: what will be drawn is fixed, the seed included."""
    await _set(c, job_id, plan=plain(plan), state=state)


async def set_state(c: AsyncConnection, job_id: int, state: JobState) -> None:
    await _set(c, job_id, state=state)


async def move(c: AsyncConnection, job_id: int, before: JobState, after: JobState) -> bool:
    """Change the state only if it is still ``before``; False when somebody was quicker. The job is nobody's then."""
    moved = update(jobs).where(jobs.c.id == job_id, jobs.c.state == before)
    return (await c.execute(moved.values(state=after, owner=None, heartbeat=None))).rowcount == 1


async def proposed(c: AsyncConnection, limit: int = 50) -> list[Job]:
    """The newest jobs whose prompt waits for approval."""
    wanted = select(jobs).where(jobs.c.state == "proposed").order_by(jobs.c.id.desc()).limit(limit)
    return [_job(row) for row in (await c.execute(wanted)).mappings()]


async def set_ref(c: AsyncConnection, job_id: int, ref: str | None) -> None:
    """The backend's own id, stored before waiting for it; None when another backend takes over."""
    await _set(c, job_id, ref=ref)


async def set_take(c: AsyncConnection, job_id: int, take_id: int, state: JobState = "delivering") -> None:
    """The picture is drawn and stored; delivery follows. Belongs into the transaction of ``pictures.add_take``."""
    await _set(c, job_id, take_id=take_id, state=state)


async def finish(c: AsyncConnection, job_id: int, state: JobState, error: str = "") -> bool:
    """End a job as done, failed or cancelled; False when it had ended before."""
    ended = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(OPEN))
    return (await c.execute(ended.values(state=state, error=error, owner=None, heartbeat=None))).rowcount == 1


async def _set(c: AsyncConnection, job_id: int, **values: Any) -> None:
    await c.execute(update(jobs).where(jobs.c.id == job_id).values(**values))


async def unfinished(c: AsyncConnection) -> list[Job]:
    """Jobs that have not ended and do not wait for a person, in the order they were asked for."""
    wanted = select(jobs).where(jobs.c.state.in_(WORKING)).order_by(jobs.c.id)
    return [_job(row) for row in (await c.execute(wanted)).mappings()]


async def orphaned(c: AsyncConnection, stale: timedelta) -> list[int]:
    """Ids of unfinished jobs whose owner has not been heard of for ``stale``, or that nobody began since they were asked for."""
    before = now() - stale
    silent = or_(jobs.c.heartbeat < before, and_(jobs.c.owner.is_(None), jobs.c.created_at < before))
    return list((await c.scalars(select(jobs.c.id).where(jobs.c.state.in_(WORKING), silent).order_by(jobs.c.id))).all())


async def active_for_picture(c: AsyncConnection, picture_id: int) -> Job | None:
    """The job of this picture that has not ended (a proposal included), if any."""
    wanted = select(jobs).where(jobs.c.picture_id == picture_id, jobs.c.state.in_(OPEN)).order_by(jobs.c.id.desc())
    row = (await c.execute(wanted.limit(1))).mappings().one_or_none()
    return _job(row) if row else None


async def active_for_chat(c: AsyncConnection, chat_id: int) -> list[Job]:
    """Jobs of a chat that have not ended (proposals included), oldest first."""
    own = select(jobs).join(pictures, pictures.c.id == jobs.c.picture_id).where(pictures.c.chat_id == chat_id)
    wanted = own.where(jobs.c.state.in_(OPEN)).order_by(jobs.c.id)
    return [_job(row) for row in (await c.execute(wanted)).mappings()]


async def latest_for_picture(c: AsyncConnection, picture_id: int) -> Job | None:
    """The newest job of a picture, ended or not."""
    wanted = select(jobs).where(jobs.c.picture_id == picture_id).order_by(jobs.c.id.desc()).limit(1)
    row = (await c.execute(wanted)).mappings().one_or_none()
    return _job(row) if row else None


# --- who runs it -----------------------------------------------------------------------------------------------------


async def claim(c: AsyncConnection, job_id: int, owner: str, *, stale: timedelta, dead: Sequence[str] = ()) -> Job | None:
    """Take a job that should be worked on and count the attempt; None when another owner holds it with a heartbeat younger than ``stale``
    (unless that owner is among the ``dead``) or the job has ended."""
    free = or_(
        jobs.c.owner.is_(None),
        jobs.c.owner == owner,
        jobs.c.owner.in_(dead),
        jobs.c.heartbeat.is_(None),
        jobs.c.heartbeat < now() - stale,
    )
    taken = update(jobs).where(jobs.c.id == job_id, jobs.c.state.in_(WORKING), free)
    taken = taken.values(owner=owner, heartbeat=now(), attempts=jobs.c.attempts + 1)
    row = (await c.execute(taken.returning(*jobs.c))).mappings().one_or_none()
    return _job(row) if row else None


async def heartbeat(c: AsyncConnection, owner: str) -> None:
    """Tell that all unfinished jobs of this owner are alive."""
    await c.execute(update(jobs).where(jobs.c.owner == owner, jobs.c.state.in_(WORKING)).values(heartbeat=now()))


async def release(c: AsyncConnection, owner: str) -> None:
    """Give up all jobs of an owner that is leaving, so that the next process may start them at once; an attempt cut short by an
    orderly shutdown does not count."""
    left = update(jobs).where(jobs.c.owner == owner, jobs.c.state.in_(WORKING))
    await c.execute(left.values(owner=None, heartbeat=None, attempts=jobs.c.attempts - 1))


async def owners(c: AsyncConnection) -> list[str]:
    """Who claims to be running unfinished jobs."""
    wanted = select(jobs.c.owner).where(jobs.c.owner.is_not(None), jobs.c.state.in_(OPEN)).distinct()
    return list((await c.scalars(wanted)).all())


# --- allowances ------------------------------------------------------------------------------------------------------


async def count_since(c: AsyncConnection, since: datetime, *, requester_key: str = "", chat_id: int | None = None) -> int:
    """Jobs asked for since a moment, by one person and/or in one chat; what was cancelled or failed without a take is not
    counted. A person's count includes pictures of stories forgotten meanwhile (up to 48 hours)."""
    counts = or_(jobs.c.state.not_in(("failed", "cancelled")), jobs.c.take_id.is_not(None))
    wanted = select(func.count()).select_from(jobs).where(jobs.c.created_at >= naive(since), counts)
    if requester_key:
        wanted = wanted.where(jobs.c.requester_key == requester_key)
    if chat_id is not None:
        wanted = wanted.join(pictures, pictures.c.id == jobs.c.picture_id).where(pictures.c.chat_id == chat_id)
    number: int = (await c.execute(wanted)).scalar_one()
    if requester_key and chat_id is None:
        spent = json.loads(await notes.get(c, f"spent:{requester_key}") or "[]")
        number += sum(1 for moment in spent if datetime.fromisoformat(moment) >= naive(since))
    return number


async def remember_spent(c: AsyncConnection, chat_id: int) -> None:
    """Before a chat's jobs are erased: keep the times of the last 48 hours for each requester, so that forgetting a story does
    not renew anybody's allowance."""
    newest = now() - _SPENT_KEPT
    counts = or_(jobs.c.state.not_in(("failed", "cancelled")), jobs.c.take_id.is_not(None))
    wanted = select(jobs.c.requester_key, jobs.c.created_at).join(pictures, pictures.c.id == jobs.c.picture_id)
    rows = (await c.execute(wanted.where(pictures.c.chat_id == chat_id, jobs.c.created_at >= newest, counts))).all()
    for person in {row.requester_key for row in rows}:
        name = f"spent:{person}"
        before = [m for m in json.loads(await notes.get(c, name) or "[]") if datetime.fromisoformat(m) >= newest]
        own = [row.created_at.isoformat() for row in rows if row.requester_key == person]
        await notes.put(c, name, json.dumps(sorted(before + own)))
