"""Pictures to draw from that are not what they seem, and what happens to a plan between being made and being drawn."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.events import Attachment
from bot.domain.places import ChatKey
from bot.domain.posts import Post
from bot.domain.workflows import Workflow
from bot.storage import workflows
from tests.engine_world import World, open_world
from tests.fakes import png

PHOTO = Attachment(name="cat.jpg", mime="image/jpeg", size=100, handle="photo")


@pytest.fixture
async def world(engine_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(engine_template, tmp_path) as opened:
        yield opened


def photo(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.frombytes("L", (300, 200), bytes(n * n % 251 for n in range(60_000))).save(file, "JPEG", exif=exif)
    return file.getvalue()


async def test_a_phones_photo_is_drawn_from_as_it_is_seen(world: World) -> None:
    world.platform.files["photo"] = photo(6)
    await world.command("imagine", prompt="a watercolour", attachments=(PHOTO,))
    await world.drawn()
    (spec,) = world.backend.specs
    assert (spec.width, spec.height) == (416, 624)
    with Image.open(io.BytesIO(spec.references[0].data)) as sent:
        assert sent.size == (200, 300)
        assert not sent.getexif()
    take = (await world.picture()).takes[0]
    kept = await world.services.assets.read(take.plan.reference_hashes[0])
    assert kept == photo(6), "what was sent is kept as it was"


async def test_half_a_photo_is_said_to_be_damaged(world: World) -> None:
    world.platform.files["photo"] = photo(6)[:9000]
    await world.command("imagine", prompt="a watercolour", attachments=(PHOTO,))
    await world.drawn()
    assert "damaged" in world.platform.shows[-1].text
    assert world.backend.specs == []


async def test_a_workflow_edited_while_a_notice_is_on_its_way_costs_no_picture(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph of a plan is held by its job, so the job must have the plan before anybody is waited for."""

    def workflow(size: int) -> Workflow:
        node = {"class_type": "KSampler", "inputs": {"seed": "%seed%", "text": "%prompt%", "size": size}}
        return Workflow(name="mine", graph=json.dumps({"1": node}))

    async def put(size: int) -> None:
        async with world.services.db.write() as c:
            await workflows.put(c, chat.id, workflow(size))

    chat = await world.story()
    await put(1)
    await world.set(workflow="mine")
    world.backend.able = replace(world.backend.able, steps=False)
    post = world.platform.post

    async def edited_meanwhile(key: ChatKey, told: Post) -> str:
        await put(2)
        return await post(key, told)

    monkeypatch.setattr(world.platform, "post", edited_meanwhile)
    await world.command("imagine", prompt="a boat", steps=30)
    await world.drawn()
    assert any("Not used: steps" in notice for notice in world.platform.notices)
    (spec,) = world.backend.specs
    assert spec.workflow == workflow(1).graph


async def test_a_moved_groups_numbers_are_not_taken_for_pictures(world: World) -> None:
    await world.command("imagine", prompt="a boat")
    await world.drawn()
    shown = (await world.picture()).message_id
    assert shown is not None
    moved = ChatKey("telegram", "", "-1009")
    await world.engine.moved((await world.story()).key, moved)
    event = world.incoming("make this a watercolour", key=moved, reply_to=shown)
    world.platform.files["photo"] = png()
    await world.engine.hear(event)
    await world.services.lanes.idle()
    await world.drawn()
    assert not any(spec.references for spec in world.backend.specs)
