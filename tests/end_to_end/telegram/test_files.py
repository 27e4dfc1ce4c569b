"""Pictures and other files given to the bot on Telegram: attached, replied to, in albums; and how people show themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain.errors import BadFile, FileTooLarge
from bot.domain.events import Attachment, CommandCall
from bot.domain.places import ChatKey
from bot.domain.platform import Responder
from bot.domain.posts import FileOut, Post
from tests.end_to_end.telegram.conftest import World
from tests.end_to_end.telegram.pictures import png
from tests.end_to_end.telegram.recording import RecordingEngine
from tests.end_to_end.telegram.standin import StandIn

HIDDEN = "Telegram no longer has this file; please send it again."


async def heard(engine: RecordingEngine, number: int) -> Any:
    await engine.until(lambda: len(engine.heard) >= number)
    return engine.heard[number - 1]


async def called(engine: RecordingEngine, number: int) -> CommandCall:
    await engine.until(lambda: len(engine.ran) >= number)
    return engine.ran[number - 1]


async def fetched(world: World, file: Attachment) -> bytes:
    return await world.front.fetch(file, 1_000_000)


def is_picture(data: bytes) -> bool:
    return data.startswith((b"\x89PNG", b"\xff\xd8"))


async def test_words_that_reply_to_a_picture_bring_it(world: World) -> None:
    ann, bob = await world.people.user("Ann"), await world.people.user("Bob")
    group = await world.people.group("Guild", ann, [bob], bot_admin=True)
    (photo,) = await ann.upload(png(), chat=group)
    await heard(world.engine, 1)
    await bob.say("@vignette_test_bot draw this as an oil painting", chat=group, reply_to=photo)
    event = await heard(world.engine, 2)
    assert (event.attachments, event.reply_to, event.addressed) == ((), str(photo["message_id"]), True)
    (file,) = event.replied_attachments
    assert file.mime == "image/jpeg"
    assert is_picture(await fetched(world, file))


async def test_a_command_that_replies_to_a_picture_brings_it(world: World) -> None:
    ann = await world.people.user("Ann")
    (photo,) = await ann.upload(png())
    (drawing,) = await ann.upload(png((9, 9)), kind="document", names=["sketch.png"])
    await ann.say("/imagine watercolour", reply_to=photo)
    await ann.say("/imagine oil", reply_to=drawing)
    call = await called(world.engine, 1)
    assert (call.target, call.attachments, len(call.target_attachments)) == (str(photo["message_id"]), (), 1)
    assert call.files == call.target_attachments
    (file,) = (await called(world.engine, 2)).files
    assert (file.name, file.mime) == ("sketch.png", "image/png")
    assert await fetched(world, file) == png((9, 9))


async def test_a_command_as_caption_has_its_own_picture(world: World) -> None:
    ann = await world.people.user("Ann")
    await ann.upload(png(), caption="/imagine steps=20 watercolour")
    call = await called(world.engine, 1)
    assert (call.name, call.arguments) == ("imagine", {"steps": 20, "prompt": "watercolour"})
    assert is_picture(await fetched(world, call.attachments[0]))
    await ann.upload(png((9, 9)), png((7, 7)), caption="/imagine an album")
    assert len((await called(world.engine, 2)).attachments) == 2
    assert not world.engine.heard


async def test_files_take_the_places_of_the_commands_file_options(world: World) -> None:
    ann = await world.people.user("Ann")
    await ann.upload(b"{1}", b"{2}", b"{3}", kind="document", names=["a.json", "b.json", "c.json"], caption="/workflow add name=mine")
    call = await called(world.engine, 1)
    assert {name: await fetched(world, file) for name, file in call.named_files.items()} == {"file": b"{1}", "image_file": b"{2}"}
    (theirs,) = await ann.upload(b"{4}", kind="document", names=["d.json"])
    await ann.say("/workflow add name=mine", reply_to=theirs)
    call = await called(world.engine, 2)
    assert {name: await fetched(world, file) for name, file in call.named_files.items()} == {"file": b"{4}"}


async def test_one_part_of_an_album_is_replied_to(world: World) -> None:
    ann = await world.people.user("Ann")
    parts = await ann.upload(png(), png((90, 90)), caption="our holiday")
    await heard(world.engine, 1)
    await ann.say("draw this one", reply_to=parts[1])
    event = await heard(world.engine, 2)
    assert [f.handle for f in event.replied_attachments] == [world.engine.heard[0].attachments[1].handle]


async def test_a_still_sticker_is_a_picture_to_draw_from(world: World) -> None:
    ann = await world.people.user("Ann")
    (sticker,) = await ann.upload(png(), kind="sticker")
    await ann.say("/imagine oil", reply_to=sticker)
    (file,) = (await called(world.engine, 1)).target_attachments
    assert (file.mime, file.name.endswith(".webp")) == ("image/webp", True)
    assert await fetched(world, file) == png()
    assert all(not event.attachments for event in world.engine.heard)


async def test_the_bots_own_picture_is_named_by_its_message(world: World) -> None:
    ann = await world.people.user("Ann")
    await ann.say("/start")
    number = await world.front.post(
        ChatKey("telegram", "", str(ann.id)), Post("a harbour", file=FileOut("harbour.png", "image/png", png()))
    )
    own = await ann.expect(where=lambda m: str(m.get("message_id")) == number)
    await ann.say("draw it again in winter", reply_to=own)
    await ann.say("/imagine in winter", reply_to=own)
    assert (await heard(world.engine, 1)).reply_to == number
    assert (await called(world.engine, 1)).target == number


async def test_files_handed_over_keep_name_and_bytes(world: World) -> None:
    ann = await world.people.user("Ann")
    graph = json.dumps({"1": {"class_type": "KSampler"}, "name": "Möwe über Hafen"}).encode()

    async def answer(call: CommandCall, responder: Responder) -> None:
        await responder.answer(Post("Here.", file=FileOut("Möwe über Hafen.json", "application/json", graph), private=True))

    world.engine.on_run = answer
    await ann.say("/imagine x")
    sent = await ann.expect()
    assert (sent["caption"], "document" in sent) == ("Here.", True)
    (call,) = await world.people.calls("sendDocument")
    if isinstance(world.people, StandIn):
        assert world.people.files[sent["document"]["file_id"]] == graph
        assert call["names"]["document"] == "Möwe über Hafen.json"
    else:
        assert sent["document"]["file_name"] == "Möwe über Hafen.json"
        assert await ann.image(sent) == json.loads(graph)  # which the simulator's driver reads by itself


@pytest.fixture
def standin(world: World) -> StandIn:
    """What the larger simulator does not know."""
    if not isinstance(world.people, StandIn):
        pytest.skip("only on the stand-in")
    return world.people


async def test_a_reply_to_another_chats_picture(world: World, standin: StandIn) -> None:
    ann = await standin.user("Ann")
    standin.files["far"] = png()
    size = {"file_id": "far", "file_unique_id": "ufar", "width": 8, "height": 8, "file_size": len(png())}
    origin = {"type": "hidden_user", "sender_user_name": "Bea", "date": 1}
    await ann._post({"text": "draw this", "external_reply": {"origin": origin, "photo": [size]}}, None, None)
    (file,) = (await heard(world.engine, 1)).replied_attachments
    assert await fetched(world, file) == png()


async def test_a_moving_sticker_is_no_picture(world: World, standin: StandIn) -> None:
    ann = await standin.user("Ann")
    (sticker,) = await ann.upload(b"lottie", kind="sticker")
    standin.messages[ann.id, sticker["message_id"]]["sticker"]["is_animated"] = True
    await ann.say("draw this", reply_to=sticker)
    await world.engine.until(lambda: any(e.text == "draw this" for e in world.engine.heard))
    assert world.engine.heard[-1].replied_attachments == ()


async def test_a_document_without_a_type_is_known_by_its_name(world: World, standin: StandIn) -> None:
    ann = await standin.user("Ann")
    for name, mime in (("a.webp", None), ("b.PNG", "application/octet-stream"), ("c.json", ""), ("d.png", "image/jpg"), ("e", None)):
        file = {"file_id": name, "file_unique_id": name, "file_size": 3, "file_name": name}
        await ann._post({"document": file | ({"mime_type": mime} if mime is not None else {})}, None, None)
    await heard(world.engine, 5)
    found = [event.attachments[0].mime for event in world.engine.heard]
    assert found == ["image/webp", "image/png", "application/json", "image/jpg", "application/octet-stream"]


async def test_a_file_that_is_gone_is_said_to_be(world: World, standin: StandIn) -> None:
    ann = await standin.user("Ann")
    await ann.upload(png())
    (file,) = (await heard(world.engine, 1)).attachments
    standin.files.clear()
    with pytest.raises(BadFile, match=HIDDEN):
        await fetched(world, file)


async def test_avatars(world: World, standin: StandIn) -> None:
    ann, bob = await standin.user("Ann"), await standin.user("Bob")
    chat, small, large = ChatKey("telegram", "", str(ann.id)), png((16, 16)), png((64, 64), noise=True)
    standin.files |= {"small": small, "large": large}
    sizes = [
        {"file_id": name, "file_unique_id": name, "width": side, "height": side, "file_size": len(standin.files[name])}
        for name, side in (("small", 16), ("large", 64))
    ]
    standin.profiles = {ann.id: [sizes], bob.id: []}
    assert await world.front.avatar(chat, str(ann.id), 1_000_000) == large
    assert await world.front.avatar(chat, str(ann.id), len(large) - 1) == small
    assert await world.front.avatar(chat, str(ann.id), 10) is None
    del sizes[1]["file_size"]  # Telegram does not promise it
    assert await world.front.avatar(chat, str(ann.id), len(large) - 1) == small
    assert await world.front.avatar(chat, str(bob.id), 1_000_000) is None  # hidden by privacy settings
    for nobody in ("1", "-100123", "somebody", ""):
        assert await world.front.avatar(chat, nobody, 1_000_000) is None
    standin.files.clear()
    assert await world.front.avatar(chat, str(ann.id), 1_000_000) is None


async def test_files_over_the_limit_are_refused(world: World, standin: StandIn) -> None:
    ann = await standin.user("Ann")
    await ann.upload(png(), kind="document")
    await ann.say("/imagine oil", reply_to=(await ann.chat())["messages"][0])
    (file,) = (await called(world.engine, 1)).files
    for claimed in (file.size, 0):
        with pytest.raises(FileTooLarge):
            await world.front.fetch(file.model_copy(update={"size": claimed}), 10)
    assert await fetched(world, file) == png()
