"""Picture posts on the Discord simulator: placeholders, flips in every way Discord may allow them, reactions, recovery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import PlatformError
from bot.domain.posts import Button, PictureView, Shown, TakeView
from bot.domain.posts import Button as B
from tests.end_to_end.discord.recording import RecordingEngine, until
from tests.end_to_end.discord.simulated import World, takes

KEY = "k7q2"
ROWS = ((B(f"prev:{KEY}", "◀"), B(f"next:{KEY}", "▶"), B(f"again:{KEY}", "🔁")),)


def view_of(world: World, shown: tuple[TakeView, ...] = (), index: int = 0, after: Shown | None = None, **more: Any) -> PictureView:
    handles = after.handles if after else {}
    known = tuple(replace(t, handle=handles.get(t.id)) for t in shown)
    fields: dict[str, Any] = {
        "key": KEY, "chat": world.key, "state": "done" if shown else "drawing", "text": "a caption" if shown else "🖌️ Drawing…",
        "alt": "a lighthouse in a storm", "takes": known, "index": index, "rows": ROWS, "message_id": after.message_id if after else None,
    }  # fmt: skip
    return PictureView(**{**fields, **more})


async def shown_bytes(world: World, message_id: str) -> bytes:
    from discord_sim.human import media  # type: ignore[import-not-found,unused-ignore]

    message = await world.bob.look({"channel_id": world.ch, "id": message_id})
    (item,) = media(message)
    data: bytes = await world.d.download(item["url"])
    return data


async def test_placeholder_progress_picture(world: World, tmp_path: Path) -> None:
    asked = await world.bob.send(world.ch, "rpbot, draw")
    cancel = ((Button(f"cancel:{KEY}", "✖ Cancel", "danger"),),)
    first = await world.front.show(view_of(world, rows=cancel, reply_to=asked["id"]))
    assert (first.uploaded, first.handles) == (0, {})
    again = await world.front.show(view_of(world, rows=cancel, after=first, progress=0.5))
    assert again.message_id == first.message_id
    placeholder = await world.bob.look({"channel_id": world.ch, "id": first.message_id})
    assert placeholder["flags"] & (1 << 15)
    assert "50%" in placeholder["components"][0]["components"][0]["content"]
    assert placeholder["message_reference"]["message_id"] == asked["id"]
    (take,) = takes(tmp_path, 1)
    done = await world.front.show(view_of(world, (take,), after=first, spoiler=True))
    assert done.message_id == first.message_id
    assert set(done.handles) == {1}
    assert done.uploaded == take.size
    message = await world.bob.look({"channel_id": world.ch, "id": first.message_id})
    gallery = message["components"][0]["items"][0]
    assert gallery["description"] == "a lighthouse in a storm"
    assert gallery["spoiler"]
    assert await shown_bytes(world, done.message_id) == take.path.read_bytes()
    assert await world.bad_notes() == []


async def test_the_longest_texts_fit(world: World, tmp_path: Path) -> None:
    shown = await world.front.show(view_of(world, text="p" * 5000, progress=0.2))
    await world.front.show(view_of(world, takes(tmp_path, 1), after=shown, text="c" * 5000, alt="a" * 1024))
    assert await world.bad_notes() == []


async def grow_and_flip(world: World, folder: Path, count: int) -> tuple[Shown, list[int], list[int]]:
    """Draw ``count`` takes one after another, then show each again; bytes sent for each step."""
    views = takes(folder, count)
    shown = await world.front.show(view_of(world))
    grown, flipped = [], []
    for n in range(count):
        shown = await world.front.show(view_of(world, views[: n + 1], n, shown))
        grown.append(shown.uploaded)
        assert await shown_bytes(world, shown.message_id) == views[n].path.read_bytes()
    for n in range(count):
        shown = await world.front.show(view_of(world, views, n, shown))
        flipped.append(shown.uploaded)
        assert await shown_bytes(world, shown.message_id) == views[n].path.read_bytes()
    return shown, grown, flipped


async def test_flips_send_no_bytes_where_discord_allows_it(make_world: Callable[..., Any], tmp_path: Path) -> None:
    world = await make_world(v2_media="strict")
    shown, grown, flipped = await grow_and_flip(world, tmp_path, 4)
    sizes = [t.size for t in takes(tmp_path, 4)]
    assert grown == sizes
    assert flipped == [0, 0, 0, 0]
    assert len(shown.handles) == 4
    await world.restart()
    views = takes(tmp_path, 4, shown.handles)
    again = await world.front.show(view_of(world, views, 2, shown))
    assert again.uploaded == 0
    assert await shown_bytes(world, again.message_id) == views[2].path.read_bytes()
    assert await world.bad_notes() == []


async def test_flips_upload_again_where_kept_files_cannot_be_named(make_world: Callable[..., Any], tmp_path: Path) -> None:
    world = await make_world(v2_media="reupload")
    shown, grown, flipped = await grow_and_flip(world, tmp_path, 3)
    sizes = [t.size for t in takes(tmp_path, 3)]
    assert grown == sizes
    assert flipped == sizes
    assert len(shown.handles) == 1
    refusals = [n for n in (await world.d.report())["notes"] if n["kind"] == "rejected_body"]
    assert len(refusals) == 1  # remembered: not paid for at every press
    views = takes(tmp_path, 3)
    drawing = await world.front.show(view_of(world, views, 2, shown, state="drawing", progress=0.3))
    assert drawing.uploaded == 0
    assert drawing.handles == shown.handles


async def test_flips_post_anew_where_edits_cannot_upload(make_world: Callable[..., Any], tmp_path: Path) -> None:
    world = await make_world(v2_media="repost")
    shown, grown, flipped = await grow_and_flip(world, tmp_path, 3)
    sizes = [t.size for t in takes(tmp_path, 3)]
    assert grown == [2 * sizes[0], *sizes[1:]]
    assert flipped == sizes
    mine = [m for m in await world.bob.history(world.ch) if m["author"]["id"] == world.app.bot_id]
    assert [m["id"] for m in mine] == [shown.message_id]


async def test_more_takes_than_a_message_holds(world: World, tmp_path: Path) -> None:
    views = takes(tmp_path, 12)
    shown = await world.front.show(view_of(world))
    for n in range(12):
        shown = await world.front.show(view_of(world, views[: n + 1], n, shown))
    assert set(shown.handles) == set(range(3, 13))
    oldest = await world.front.show(view_of(world, views, 0, shown))
    assert oldest.uploaded == views[0].size
    assert len(oldest.handles) == 10
    assert 1 in oldest.handles
    assert await shown_bytes(world, oldest.message_id) == views[0].path.read_bytes()
    assert await world.bad_notes() == []


async def test_a_stale_handle_is_no_reason_to_give_up_flips(world: World, tmp_path: Path) -> None:
    views = takes(tmp_path, 2)
    shown = await world.front.show(view_of(world, views[:1]))
    shown = await world.front.show(view_of(world, views, 1, shown))
    lie = {1: shown.handles[1].replace('"file":', '"file":9'), 2: shown.handles[2]}
    mended = await world.front.show(view_of(world, views, 0, replace(shown, handles=lie)))
    assert mended.uploaded == views[0].size
    shown = await world.front.show(view_of(world, views, 1, mended))
    assert (await world.front.show(view_of(world, views, 0, shown))).uploaded == 0


async def test_found_again_and_posted_once(world: World, tmp_path: Path) -> None:
    (take,) = takes(tmp_path, 1)
    await world.d.call("fault", mode="drop_after", path="/messages$", method="POST")
    shown = await world.front.show(view_of(world, (take,)))
    mine = [m for m in await world.bob.history(world.ch) if m["author"]["id"] == world.app.bot_id]
    assert [m["id"] for m in mine] == [shown.message_id]
    assert shown.handles
    await world.restart()
    assert await world.front.find(world.key, KEY) == shown.message_id
    assert await world.front.find(world.key, "other") is None
    await world.front.delete(world.key, (shown.message_id,))
    anew = await world.front.show(view_of(world, (take,), after=shown))
    assert anew.message_id != shown.message_id
    assert await shown_bytes(world, anew.message_id) == take.path.read_bytes()
    assert await world.bad_notes() == []


async def test_a_crash_between_placeholder_and_picture(world: World, tmp_path: Path) -> None:
    """The placeholder was posted but its id was lost: the same nonce brings it back instead of a second post."""
    (take,) = takes(tmp_path, 1)
    first = await world.front.show(view_of(world))
    shown = await world.front.show(view_of(world, (take,)))
    assert shown.message_id == first.message_id
    assert set(shown.handles) == {1}
    assert await shown_bytes(world, shown.message_id) == take.path.read_bytes()


async def test_reactions_are_placed_pressed_and_cleared(world: World, engine: RecordingEngine, tmp_path: Path) -> None:
    shown = await world.front.show(view_of(world, takes(tmp_path, 1), reactions=("prev", "next", "again")))
    await world.bob.wait("MESSAGE_REACTION_ADD", lambda e: e["emoji"]["name"] == "🔁")
    message = {"channel_id": world.ch, "id": shown.message_id}
    await world.bob.react(message, "▶️")
    await until(lambda: engine.reactions, "the press")
    await world.bob.wait("MESSAGE_REACTION_REMOVE", lambda e: e["user_id"] == world.bob.id)
    await world.bob.react(message, "▶️")
    await until(lambda: len(engine.reactions) == 2, "the second press")
    assert engine.reactions == [(world.bob.id, shown.message_id, "▶️")] * 2
    assert await world.bad_notes() == []


async def test_too_large_pictures_are_shrunk(world: World, tmp_path: Path) -> None:
    import random

    from PIL import Image

    path = tmp_path / "large"
    Image.frombytes("RGB", (2000, 2000), random.Random(1).randbytes(12_000_000)).save(path, "PNG", compress_level=1)
    size = path.stat().st_size
    assert size > 10 * 1024 * 1024
    take = TakeView(1, path, "take-01-aa.png", "image/png", 2000, 2000, size)
    shown = await world.front.show(view_of(world, (take,)))
    assert 0 < shown.uploaded <= 10 * 1024 * 1024
    other = await world.front.show(view_of(world, (take,), 0, shown, text="flipped"))
    assert other.uploaded == 0
    assert await world.bad_notes() == []


async def test_shut_out(world: World, tmp_path: Path) -> None:
    shown = await world.front.show(view_of(world, takes(tmp_path, 1)))
    await world.d.call("kick", guild=world.guild, user=world.app.bot_id)
    with pytest.raises(PlatformError) as caught:
        await world.front.show(view_of(world, takes(tmp_path, 1), after=shown))
    assert caught.value.gone
