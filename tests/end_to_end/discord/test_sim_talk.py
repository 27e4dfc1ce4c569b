"""Talking on the Discord simulator: intake, replies, gaps in the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import ConfigurationError, FileTooLarge, PlatformError
from bot.domain.events import Incoming
from bot.domain.places import ChatKey
from bot.domain.posts import Button, FileOut, Post, Speaker
from bot.frontends.discord.front_end import DiscordFrontEnd
from tests.end_to_end.discord.recording import RecordingEngine, until
from tests.end_to_end.discord.simulated import World, takes

SPEAKER = Speaker("Mira")


async def reply(world: World, event: Incoming, texts: list[str], final: str, *, pause: float = 0.0, rows: Any = ()) -> tuple[str, ...]:
    ids: list[str] = []

    async def posted(message_id: str) -> None:
        ids.append(message_id)

    sink = await world.front.open_reply(event.chat, speaker=SPEAKER, reply_to=event.message_id, existing=(), posted=posted)
    for text in texts:
        sink.show(text)
        await asyncio.sleep(pause)
    done = await sink.finish(final, rows)
    assert list(done) == ids
    return done


async def test_a_mention_becomes_an_event_and_a_streamed_reply(world: World, engine: RecordingEngine) -> None:
    async def answer(event: Incoming) -> None:
        await reply(world, event, ["Once", "Once upon", "Once upon a"], "Once upon a time @everyone", pause=0.5)

    engine.on_hear = answer
    sent = await world.bob.send(world.ch, f"<@{world.app.bot_id}> hello <@{world.alice.id}> in <#{world.ch}>")
    first = await world.bob.wait_message(world.ch, author=world.app)
    assert first["content"].startswith("Once")
    edited = await world.bob.wait_edit(first, predicate=lambda m: m["content"].endswith("@everyone"))
    assert not edited["mention_everyone"]
    assert first["message_reference"]["message_id"] == sent["id"]
    assert first["mentions"] == []
    event = engine.heard[0]
    assert event.text == "hello alice in #general" or event.text == "hello somebody in #general"
    assert event.chat == world.key
    assert event.addressed
    assert event.author.name == "bob"
    assert not event.author.manager
    assert not event.place.private
    assert not event.place.age_restricted
    assert event.message_id == sent["id"]
    await world.bob.wait("TYPING_START", lambda e: e["user_id"] == world.app.bot_id)
    assert await world.bad_notes() == []


async def test_who_where_and_when_addressed(world: World, engine: RecordingEngine) -> None:
    await world.alice.send(world.adult, "nobody in particular")
    dm = await world.bob.dm(world.app)
    await world.bob.send(dm, "in private")
    await world.bob.send(world.ch, "what does rpbot think?")
    await until(lambda: len(engine.heard) == 3, "three messages")
    by_text = {e.text: e for e in engine.heard}
    adult, private, named = by_text["nobody in particular"], by_text["in private"], by_text["what does rpbot think?"]
    assert adult.place.age_restricted
    assert not adult.addressed
    assert adult.author.manager
    assert private.place.private
    assert private.addressed
    assert private.chat == ChatKey("discord", "", dm)
    assert private.author.manager
    assert named.addressed


async def test_threads_are_topics_of_their_channel(world: World, engine: RecordingEngine) -> None:
    message = await world.alice.send(world.adult, "start here")
    thread = str(await world.open_thread(world.adult, message["id"]))
    await world.alice.send(thread, "inside")
    event = await until(lambda: next((e for e in engine.heard if e.text == "inside"), None), "the thread's message")
    assert event.chat == ChatKey("discord", world.guild, world.adult, thread)
    assert event.place.age_restricted
    await world.front.post(event.chat, Post("heard"))
    await world.alice.wait_message(thread, author=world.app, contains="heard")


async def test_long_reply_is_split_and_reused(world: World, engine: RecordingEngine) -> None:
    await world.bob.send(world.ch, "rpbot, a long one")
    event = await until(lambda: engine.heard and engine.heard[0], "the message")
    long = "\n\n".join(f"Paragraph {n}. " + "word " * 90 for n in range(12))
    rows = ((Button("again:k1", "🔁"),),)
    ids = await reply(world, event, [], long, rows=rows)
    assert len(ids) == 3
    history = {m["id"]: m for m in await world.bob.history(world.ch)}
    assert all(len(history[i]["content"]) <= 2000 for i in ids)
    assert history[ids[-1]]["components"]
    assert not history[ids[0]]["components"]

    async def posted(_: str) -> None:
        raise AssertionError("nothing new is needed")

    sink = await world.front.open_reply(event.chat, speaker=SPEAKER, reply_to=None, existing=ids, posted=posted)
    assert await sink.finish("short") == ids[:1]
    left = {m["id"]: m for m in await world.bob.history(world.ch)}
    assert left[ids[0]]["content"] == "short"
    assert ids[1] not in left
    assert ids[2] not in left
    sink = await world.front.open_reply(event.chat, speaker=SPEAKER, reply_to=None, existing=ids[:1], posted=posted)
    await sink.discard()
    assert ids[0] not in {m["id"] for m in await world.bob.history(world.ch)}
    assert await world.bad_notes() == []


async def test_streaming_keeps_to_discords_pace(make_world: Callable[..., Any], engine: RecordingEngine) -> None:
    world = await make_world(rate_limits="realistic")
    await world.bob.send(world.ch, "rpbot, slowly")
    event = await until(lambda: engine.heard and engine.heard[0], "the message")
    words = [" ".join(f"word{n}" for n in range(1, count + 1)) for count in range(1, 80)]
    (message_id,) = await reply(world, event, words, "the final text", pause=0.05)
    assert (await world.bob.look({"channel_id": world.ch, "id": message_id}))["content"] == "the final text"
    calls: dict[str, int] = (await world.d.report())["calls"]
    assert 2 <= calls["update_message 200"] <= 6
    assert await world.bad_notes() == []


async def test_lost_answers_do_not_double_a_reply(world: World, engine: RecordingEngine) -> None:
    await world.bob.send(world.ch, "rpbot?")
    event = await until(lambda: engine.heard and engine.heard[0], "the message")
    await world.d.call("fault", mode="drop_after", path="/messages$", method="POST")
    ids = await reply(world, event, [], "just once")
    mine = [m for m in await world.bob.history(world.ch) if m["author"]["id"] == world.app.bot_id]
    assert [m["id"] for m in mine] == list(ids)
    await world.d.call("fault", mode="drop", path="/messages$", method="POST", times=2)
    with pytest.raises(PlatformError) as caught:
        await reply(world, event, [], "not there")
    assert caught.value.uncertain
    assert caught.value.retry


async def test_trouble_is_named(world: World, engine: RecordingEngine) -> None:
    message_id = await world.front.post(world.key, Post("hello"))
    await world.d.call("fault", mode="status", status=503, path="/messages", times=1)
    await world.d.call("fault", mode="ratelimit", method="PATCH", path="/messages/", retry_after=0.2)
    await world.front.edit(world.key, message_id, Post("hello again"))
    assert (await world.bob.history(world.ch))[0]["content"] == "hello again"
    await world.front.delete(world.key, (message_id, message_id))
    with pytest.raises(PlatformError) as gone:
        await world.front.edit(world.key, message_id, Post("too late"))
    assert gone.value.gone
    with pytest.raises(PlatformError) as nowhere:
        await world.front.post(ChatKey("discord", world.guild, "100000000000000000"), Post("x"))
    assert nowhere.value.gone


async def test_text_posts_show_and_change_their_picture(world: World, tmp_path: Path) -> None:
    first, second = takes(tmp_path, 2)
    message_id = await world.front.post(world.key, Post("page one", picture=first.path, rows=((Button("page:2", "more"),),)))
    message = {"channel_id": world.ch, "id": message_id}
    (file,) = (await world.bob.look(message))["attachments"]
    assert (file["filename"], file["description"]) == ("picture.png", "page one")
    await world.front.edit(world.key, message_id, Post("page two", picture=second.path))
    now = await world.bob.look(message)
    assert [await world.d.download(a) for a in now["attachments"]] == [second.path.read_bytes()]
    assert (now["content"], now["components"]) == ("page two", [])
    await world.front.edit(world.key, message_id, Post("x" * 2500))
    kept = await world.bob.look(message)
    assert len(kept["content"]) == 2000
    assert len(kept["attachments"]) == 1
    only = await world.front.post(world.key, Post("", picture=first.path, file=FileOut("prompt.json", "application/json", b"{}")))
    assert len((await world.bob.look({"channel_id": world.ch, "id": only}))["attachments"]) == 2
    assert await world.bad_notes() == []


async def test_edits_and_deletions_by_people(world: World, engine: RecordingEngine) -> None:
    message = await world.bob.send(world.ch, "rpbot, frist")
    await world.bob.edit(message, "rpbot, first")
    await until(lambda: engine.changes, "the edit")
    await world.bob.delete(message)
    await until(lambda: len(engine.changes) == 2, "the deletion")
    assert [(c.message_id, c.text) for c in engine.changes] == [(message["id"], "rpbot, first"), (message["id"], None)]
    own = await world.front.post(world.key, Post("mine"))
    await world.front.delete(world.key, (own,))
    later = await world.bob.send(world.ch, "later")
    await world.bob.delete(later)
    await until(lambda: len(engine.changes) == 3, "the next deletion")
    assert engine.changes[-1].message_id == later["id"]


async def test_files_are_fetched_within_their_size(world: World, engine: RecordingEngine) -> None:
    await world.bob.send(world.ch, "rpbot, look", files=[("card.json", b"{}" * 500)])
    event = await until(lambda: engine.heard and engine.heard[0], "the message")
    file = event.attachments[0]
    assert (file.name, file.size) == ("card.json", 1000)
    assert await world.front.fetch(file, 1000) == b"{}" * 500
    with pytest.raises(FileTooLarge):
        await world.front.fetch(file, 999)
    with pytest.raises(FileTooLarge):
        await world.front.fetch(file.model_copy(update={"size": 1}), 999)
    await world.d.call("advance", seconds=90000)
    assert await world.front.fetch(file, 1000) == b"{}" * 500


@pytest.mark.parametrize("how", ["reconnect", "close", "drop", "invalidate"])
async def test_nothing_said_during_a_gap_is_missed(world: World, engine: RecordingEngine, how: str) -> None:
    await world.bob.send(world.ch, "rpbot, before")
    await until(lambda: engine.heard, "the first message")
    if how == "invalidate":
        await world.d.call("gateway", refuse_resume=True)
    await world.d.call("gateway", do=how, **({"code": 4000} if how == "close" else {}))
    await world.bob.send(world.ch, "rpbot, during")
    await until(lambda: [e.text for e in engine.heard] == ["rpbot, before", "rpbot, during"], "the second message", 20)


async def test_missed_while_stopped(world: World, engine: RecordingEngine) -> None:
    await world.bob.send(world.ch, "rpbot, before")
    await until(lambda: engine.heard, "the first message")
    await world.front.stop()
    for n in range(3):
        await world.bob.send(world.ch, f"missed {n}")
    await world.restart()
    await until(lambda: len(engine.heard) == 4, "the missed ones")
    assert [e.text for e in engine.heard][1:] == ["missed 0", "missed 1", "missed 2"]
    assert not engine.heard[1].addressed


async def test_without_the_message_content_intent(make_world: Callable[..., Any], engine: RecordingEngine) -> None:
    world = await make_world(approved=0)
    await world.bob.send(world.ch, "not for the bot")
    await world.bob.send(world.ch, f"<@{world.app.bot_id}> for the bot")
    await until(lambda: engine.heard, "the mention")
    assert [e.text for e in engine.heard] == ["for the bot"]


async def test_several_shards(make_world: Callable[..., Any], engine: RecordingEngine) -> None:
    world = await make_world(shards=2)
    await world.bob.send(world.ch, "rpbot, which shard?")
    await until(lambda: engine.heard, "the message")
    await world.front.post(world.key, Post("one of two"))


async def test_a_wrong_token_is_a_configuration_error(world: World, engine: RecordingEngine) -> None:
    front = DiscordFrontEnd("wrong.token.here", engine, api_base=f"{world.sim.url}/api/v10")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="token"):
        await front.start()
    await front.stop()
