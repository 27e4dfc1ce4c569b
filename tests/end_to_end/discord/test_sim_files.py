"""Pictures and other files given to the bot on Discord: attached, answered, used on, named by options; and how people show themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain.errors import BadFile, FileTooLarge
from bot.domain.events import CommandCall, Incoming
from bot.domain.places import ChatKey
from bot.domain.platform import Responder
from bot.domain.posts import FileOut, Post
from tests.end_to_end.discord.recording import RecordingEngine, until
from tests.end_to_end.discord.simulated import World
from tests.fakes import png

PICTURE = png(40, 30)


async def heard(engine: RecordingEngine, text: str) -> Incoming:
    event: Incoming = await until(lambda: next((e for e in engine.heard if text in e.text), None), text)
    return event


async def call_of(engine: RecordingEngine, number: int = 1) -> CommandCall:
    await until(lambda: len(engine.calls) >= number, "the call")
    return engine.calls[number - 1]


async def test_an_answer_brings_the_files_of_what_it_answers(world: World, engine: RecordingEngine) -> None:
    theirs = await world.alice.send(world.ch, "my garden", files=[("garden.png", PICTURE), ("notes.txt", b"rosebed")])
    await world.bob.send(world.ch, "rpbot, draw this as an oil painting", reply_to=theirs)
    event = await heard(engine, "oil painting")
    assert (event.attachments, event.reply_to) == ((), theirs["id"])
    assert [(f.name, f.mime) for f in event.replied_attachments] == [("garden.png", "image/png"), ("notes.txt", "text/plain")]
    assert await world.front.fetch(event.replied_attachments[0], 10_000) == PICTURE
    await world.bob.send(world.ch, "rpbot, and this one", reply_to=theirs, files=[("own.png", png(9, 9))])
    event = await heard(engine, "and this one")
    assert [f.name for f in event.attachments] == ["own.png"]
    assert len(event.replied_attachments) == 2


async def test_an_answer_to_what_is_deleted_brings_nothing(world: World, engine: RecordingEngine) -> None:
    theirs = await world.alice.send(world.ch, "my garden", files=[("garden.png", PICTURE)])
    await world.bob.send(world.ch, "rpbot, hold this", reply_to=theirs)
    file = (await heard(engine, "hold this")).replied_attachments[0]
    await world.alice.delete(theirs)
    await world.d.call("advance", seconds=90000)  # the address has expired and the message that could give a new one is gone
    with pytest.raises(BadFile, match="send it again"):
        await world.front.fetch(file, 10_000)
    assert [n for n in await world.bad_notes() if n["kind"] != "expired_attachment_url"] == []


async def test_an_action_brings_the_files_of_its_message(world: World, engine: RecordingEngine) -> None:
    theirs = await world.alice.send(world.ch, "", files=[("garden.png", PICTURE)])
    await (await world.bob.context_menu(world.app, world.ch, "Draw from this picture", theirs)).reply()
    call = await call_of(engine)
    assert (call.name, call.target, call.attachments) == ("draw-from", theirs["id"], ())
    assert [f.name for f in call.target_attachments] == ["garden.png"]
    assert call.named_files == {"image": call.target_attachments[0]}
    assert await world.front.fetch(call.files[0], 10_000) == PICTURE
    await world.d.call("advance", seconds=90000)
    assert await world.front.fetch(call.files[0], 10_000) == PICTURE  # by a new address, which the message gives
    words = await world.alice.send(world.ch, "no picture here")
    await (await world.bob.context_menu(world.app, world.ch, "Draw from this picture", words)).reply()
    assert (await call_of(engine, 2)).files == ()
    assert await world.bad_notes() == []


async def test_two_files_of_one_command_are_told_apart(world: World, engine: RecordingEngine) -> None:
    both = {"image_file": ("second.json", b"{2}"), "file": ("first.json", b"{1}")}
    await (await world.bob.slash(world.app, world.ch, "workflow add", name="mine", **both)).reply()
    call = await call_of(engine)
    assert {name: file.name for name, file in call.named_files.items()} == {"file": "first.json", "image_file": "second.json"}
    assert call.arguments == {"name": "mine"}
    await (await world.bob.slash(world.app, world.ch, "workflow add", name="mine", image_file=("only.json", b"{}"))).reply()
    assert list((await call_of(engine, 2)).named_files) == ["image_file"]
    assert CommandCall.model_validate_json(call.model_dump_json()) == call  # as it waits in the inbox
    assert await world.front.fetch(call.named_files["image_file"], 10) == b"{2}"


async def test_files_are_capped(world: World, engine: RecordingEngine) -> None:
    theirs = await world.alice.send(world.ch, "big", files=[("big.png", b"x" * 5000)])
    await (await world.bob.context_menu(world.app, world.ch, "Draw from this picture", theirs)).reply()
    (file,) = (await call_of(engine)).files
    for claimed in (file, file.model_copy(update={"size": 0})):
        with pytest.raises(FileTooLarge):
            await world.front.fetch(claimed, 4999)
    assert len(await world.front.fetch(file, 5000)) == 5000


async def test_files_that_claim_nothing_are_known_by_their_name(world: World, engine: RecordingEngine) -> None:
    await world.alice.send(world.ch, "rpbot, look", files=[("Skizze für Ada.webp", b"RIFF"), ("graph.json", b"{}"), ("odd", b"")])
    event = await heard(engine, "look")
    assert [f.mime for f in event.attachments] == ["image/webp", "application/json", "application/octet-stream"]


async def test_files_handed_over_keep_name_and_bytes(world: World, engine: RecordingEngine) -> None:
    graph = json.dumps({"1": {"class_type": "KSampler"}, "name": "Möwe über Hafen"}).encode()
    private = True

    async def answer(call: CommandCall, responder: Responder) -> None:
        await responder.answer(Post("Here.", file=FileOut("Möwe über Hafen.json", "application/json", graph), private=private))

    engine.on_run = answer
    for private in (True, False):
        i = await world.bob.slash(world.app, world.ch, "imagine", prompt="x")
        message = await (i.followup() if private else i.reply())
        (file,) = message["attachments"]
        assert await world.d.download(file) == graph
        assert file["filename"].endswith(".json")
        assert bool(message["flags"] & 64) is private
    assert await world.bad_notes() == []


async def set_avatar(world: World, person: Any, image: bytes | None, *, here: bool = False) -> None:
    """People choose their pictures in the client; the simulator's world is told directly."""
    state = world.sim.world
    holder = state.guilds[int(world.guild)].members[int(person.id)] if here else state.users[int(person.id)]
    folder = f"/guilds/{world.guild}/users/{person.id}/avatars" if here else f"/avatars/{person.id}"
    holder.avatar = None if image is None else f"{len(image):032x}"
    if image is not None:
        state.assets[f"{folder}/{holder.avatar}"] = image


async def test_avatars(world: World, engine: RecordingEngine) -> None:
    assert await world.front.avatar(world.key, world.bob.id, 10_000) is None
    await set_avatar(world, world.bob, PICTURE)
    assert await world.front.avatar(world.key, world.bob.id, 10_000) == PICTURE
    assert await world.front.avatar(world.key, world.bob.id, len(PICTURE) - 1) is None
    await set_avatar(world, world.bob, png(8, 8), here=True)
    assert await world.front.avatar(world.key, world.bob.id, 10_000) == png(8, 8)
    dm = await world.bob.dm(world.app)
    assert await world.front.avatar(ChatKey("discord", "", dm), world.bob.id, 10_000) == PICTURE
    assert await world.front.avatar(world.key, "123456789012345678", 10_000) is None
    assert await world.front.avatar(world.key, "not a number", 10_000) is None
