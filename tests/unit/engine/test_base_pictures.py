"""Pictures drawn from pictures: attached, answered, or used on; and what goes with them to a model."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.events import Attachment, Changed
from bot.domain.models import ModelEntry
from bot.domain.workflows import Workflow
from bot.storage import chats, entries, pictures
from bot.storage.records import Picture
from providers.contract import TextDelta
from tests.engine_world import BOB, KEY, World, open_world
from tests.fakes import ABLE, FakeBackend, FakeChat, called, png

PHOTO = Attachment(name="cat.png", mime="image/png", size=100, handle="photo")
GRAPH = {
    "1": {"class_type": "KSampler", "inputs": {"seed": "%seed%", "positive": ["2", 0], "denoise": "%denoise%", "mood": "%mood%"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "%prompt%"}},
}
FROM_IMAGE = GRAPH | {"3": {"class_type": "LoadImage", "inputs": {"image": "%IMAGE0%"}}}
FACES = GRAPH | {"3": {"class_type": "Faces", "inputs": {"me": "%user_avatar%", "her": "%char_avatar%"}}}


@pytest.fixture
async def world(engine_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    backend, plain = FakeBackend(), FakeBackend("plain", able=replace(ABLE, image_to_image=False, references=0))
    async with open_world(engine_template, tmp_path, backend=backend, backends={"easel": backend, "plain": plain}) as opened:
        opened.platform.files["photo"] = png(300, 200)
        yield opened


def plain_backend(world: World) -> FakeBackend:
    backend = world.services.backends["plain"]
    assert isinstance(backend, FakeBackend)
    return backend


async def test_an_attached_picture_is_drawn_from_in_its_own_shape(world: World) -> None:
    await world.command("imagine", prompt="a watercolour", attachments=(PHOTO,), denoise=0.6)
    await world.drawn()
    (spec,) = world.backend.specs
    assert [(r.role, r.mime, r.data) for r in spec.references] == [("base", "image/png", png(300, 200))]
    assert spec.denoise == 0.6
    assert (spec.width, spec.height) == (624, 416)  # 3:2 with about the pixels of 512 × 512
    assert spec.prompt.endswith("a watercolour")


@pytest.mark.parametrize(
    ("given", "size"), [({"width": 640}, (640, 424)), ({"height": 640}, (960, 640)), ({"width": 640, "height": 640}, (640, 640))]
)
async def test_a_size_that_was_given_stays(world: World, given: dict[str, Any], size: tuple[int, int]) -> None:
    await world.command("imagine", prompt="ink", attachments=(PHOTO,), **given)
    await world.drawn()
    assert (world.backend.specs[0].width, world.backend.specs[0].height) == size


@pytest.mark.parametrize(
    "words", ["draw this as a watercolour", "turn it into an anime picture", "Anime version of this please!", "paint this"]
)
async def test_words_with_a_picture_draw_from_it(world: World, words: str) -> None:
    await world.say(words, files=(PHOTO,))
    await world.drawn()
    (spec,) = world.backend.specs
    assert [r.role for r in spec.references] == ["base"]


async def test_words_without_a_wish_about_the_picture_draw_nothing(world: World) -> None:
    await world.say("look at my cat, isn't it lovely?", files=(PHOTO,))
    await world.drawn()
    assert world.backend.specs == []
    assert world.platform.said


async def test_an_answer_to_our_own_picture_goes_on_from_the_take_it_shows(world: World) -> None:
    await world.command("imagine", prompt="a lighthouse")
    await world.drawn()
    post = (await world.picture()).message_id
    await world.say("now draw it in winter", reply_to=post)
    await world.drawn()
    first, second = world.backend.specs
    assert [(r.role, r.data) for r in second.references] == [
        ("base", await world.services.assets.read((await drawn(world))[-1].takes[0].asset))
    ]
    assert second.prompt.endswith("a lighthouse, it in winter")
    assert not first.references


async def drawn(world: World) -> list[Picture]:
    story = await world.story()
    async with world.services.db.read() as c:
        return (await pictures.gallery(c, story.id))[0]


async def test_an_answer_that_speaks_of_something_else_is_a_picture_of_its_own(world: World) -> None:
    await world.command("imagine", prompt="a lighthouse")
    await world.drawn()
    await world.say("send me a photo of the harbour", reply_to=(await world.picture()).message_id)
    await world.drawn()
    assert not world.backend.specs[-1].references


@pytest.mark.parametrize(
    "words",
    [
        "make it quick",
        "give me the lamp",
        "turn it into a game",
        "turn that into a poster",
        "make it darker",
        "add a candle",
        "with pleasure",
    ],
)
async def test_an_answer_to_the_characters_words_is_talk(world: World, words: str) -> None:
    own = await world.say("Hello!")
    story = await world.story()
    async with world.services.db.read() as c:
        (theirs,) = await entries.posts_of(c, (await entries.latest(c, story.id, ("character",), 1))[0].id)
    for answered in (theirs, own.message_id):
        await world.say(words, reply_to=answered)
    await world.drawn()
    assert world.backend.specs == []
    assert world.platform.notices == []
    assert len(world.platform.said) == 3


@pytest.mark.parametrize("words", ["give me a minute", "add that to the list", "without you I'd be lost", "make it quick", "put that down"])
async def test_talk_in_answer_to_a_picture_offers_nothing(world: World, words: str) -> None:
    await world.command("imagine", prompt="a lighthouse")
    await world.drawn()
    await world.say(words, reply_to=(await world.picture()).message_id)
    await world.drawn()
    assert len(world.backend.specs) == 1
    assert world.platform.notices == []


async def test_what_may_be_a_wish_about_a_picture_is_offered_with_it(world: World) -> None:
    await world.command("imagine", prompt="a lighthouse")
    await world.drawn()
    await world.say("add a ship on the horizon", reply_to=(await world.picture()).message_id)
    assert world.platform.notices[-1] == "🎨 Shall I draw this «a lighthouse, add a ship on the horizon»?"
    await world.press(world.platform.buttons[0])
    await world.drawn()
    assert [r.role for r in world.backend.specs[-1].references] == ["base"]
    assert world.backend.specs[-1].prompt.endswith("a lighthouse, add a ship on the horizon")


async def test_what_a_photo_would_look_like_is_offered_from_it(world: World) -> None:
    await world.say("What would this look like as a woodcut?", files=(PHOTO,))
    assert world.platform.notices == ["🎨 Shall I draw this «as a woodcut»?"]
    await world.press(world.platform.buttons[0])
    await world.drawn()
    assert [r.role for r in world.backend.specs[0].references] == ["base"]


async def test_an_offer_from_a_file_that_is_gone_is_left_out_and_the_answer_stands(world: World) -> None:
    gone = PHOTO.model_copy(update={"handle": "gone"})
    await world.say("add a hat", reply_to="12345", replied_attachments=(gone,))
    assert world.platform.said
    assert world.platform.notices == []


async def test_the_character_draws_what_the_player_wants_made_of_their_picture(engine_template: Path, tmp_path: Path) -> None:
    chat = FakeChat(tools=True)
    chat.queue([TextDelta("Gladly. "), called("you")])
    async with open_world(engine_template, tmp_path, chat=chat) as world:
        world.platform.files["photo"] = png(300, 200)
        await world.say("turn this into a woodcut", files=(PHOTO,))
        await world.drawn()
        (spec,) = world.backend.specs
        assert [r.role for r in spec.references] == ["base"]
        assert spec.prompt.endswith("a woodcut")


async def test_words_alone_leave_an_offer_with_the_picture(engine_template: Path, tmp_path: Path) -> None:
    async with open_world(engine_template, tmp_path, chat=FakeChat(tools=True)) as world:
        world.platform.files["photo"] = png(300, 200)
        await world.say("turn this into a woodcut", files=(PHOTO,))
        assert world.backend.specs == []
        await world.press(world.platform.buttons[0])
        await world.drawn()
        assert [r.role for r in world.backend.specs[0].references] == ["base"]


@pytest.mark.parametrize("words", ["turn this into a woodcut", "draw this as a watercolour", "paint this"])
async def test_words_right_after_a_photo_mean_it(world: World, words: str) -> None:
    await world.say("This is my cat.", files=(PHOTO,))
    await world.say(words, author=BOB)  # whose photo it is not
    await world.drawn()
    assert all(not spec.references for spec in world.backend.specs)
    world.backend.specs.clear()
    await world.say("This is my cat.", files=(PHOTO,))
    await world.say(words)
    await world.drawn()
    (spec,) = world.backend.specs
    assert [(r.role, r.data) for r in spec.references] == [("base", png(300, 200))]


async def test_a_photo_of_a_while_ago_is_not_meant(world: World) -> None:
    await world.say("This is my cat.", files=(PHOTO,))
    await world.say("Anyway, shall we go?")
    await world.say("turn this into a party")
    await world.say("turn it into a dragon")
    await world.drawn()
    assert world.backend.specs == []
    assert world.platform.notices == []


async def test_a_deleted_photo_is_not_meant(world: World) -> None:
    event = await world.say("This is my cat.", files=(PHOTO,))
    await world.engine.changed(Changed(chat=KEY, message_id=event.message_id, text=None))
    await world.say("turn this into a woodcut")
    await world.drawn()
    assert world.backend.specs == []


async def test_words_right_after_our_picture_are_an_offer(world: World) -> None:
    await world.command("imagine", prompt="a lighthouse")
    await world.drawn()
    await world.say("make it quick")
    assert world.platform.notices == []
    await world.command("imagine", prompt="a lighthouse")
    await world.drawn()
    await world.say("make it darker")
    assert world.platform.said
    assert world.platform.notices == ["🎨 Shall I draw this «a lighthouse, darker»?"]
    await world.press(world.platform.buttons[0])
    await world.drawn()
    assert [r.role for r in world.backend.specs[-1].references] == ["base"]
    await world.say("draw this as a watercolour")
    await world.drawn()
    assert world.backend.specs[-1].prompt.endswith("a lighthouse, darker, as a watercolour")
    assert [r.role for r in world.backend.specs[-1].references] == ["base"]


async def test_another_picture_is_not_drawn_from_the_one_that_came_along(world: World) -> None:
    await world.say("This is my cat! Now send me a selfie.", files=(PHOTO,))
    await world.drawn()
    assert world.backend.specs[0].references == ()


async def test_the_action_on_a_picture_shows_its_prompt_first(world: World) -> None:
    await world.command("imagine", prompt="a lighthouse")
    await world.drawn()
    await world.command("draw-from", target=(await world.picture()).message_id)
    await world.drawn()
    assert world.platform.shows[-1].state == "proposed"
    assert world.platform.shows[-1].text.startswith("✍️ This is what I would draw from the picture:")
    assert "a lighthouse" in world.platform.shows[-1].text
    await world.submit(f"edit:{world.platform.shows[-1].key}", prompt="a lighthouse at night")
    await world.drawn()
    assert world.backend.specs[-1].prompt.endswith("a lighthouse at night")
    assert [r.role for r in world.backend.specs[-1].references] == ["base"]


async def test_another_take_is_drawn_from_the_same_picture_however_late(world: World) -> None:
    await world.command("imagine", prompt="ink", attachments=(PHOTO,))
    await world.drawn()
    async with world.services.db.write() as c:
        unused = await pictures.unreferenced_assets(c, older_than=timedelta(seconds=-5))
    assert unused == []
    key = world.platform.shows[-1].key
    assert "**Drawn from** a picture" in (await world.press(f"info:{key}")).text
    await world.press(f"next:{key}")
    await world.drawn()
    assert world.backend.specs[1].references == world.backend.specs[0].references
    assert world.backend.specs[1].seed != world.backend.specs[0].seed


@pytest.mark.parametrize("control", ["again", "rewrite", "edit"])
async def test_every_way_to_another_take_keeps_the_picture_it_is_drawn_from(world: World, control: str) -> None:
    event = await world.say("turn this into a woodcut", files=(PHOTO,))
    await world.drawn()
    del world.platform.files["photo"]
    await world.engine.changed(Changed(chat=KEY, message_id=event.message_id, text=None))  # the player deletes their message
    key = world.platform.shows[-1].key
    await (world.submit(f"edit:{key}", prompt="an etching") if control == "edit" else world.press(f"{control}:{key}"))
    await world.drawn()
    first, second = world.backend.specs
    assert second.references == first.references
    assert (second.width, second.height) == (first.width, first.height)


async def test_a_mode_and_a_picture_come_together(world: World) -> None:
    await world.command("imagine", prompt="you", attachments=(PHOTO,))
    await world.drawn()
    (spec,) = world.backend.specs
    assert [(r.role, r.data) for r in spec.references] == [("base", png(300, 200))]
    assert (spec.width, spec.height) == (624, 416)  # the picture's shape, not the mode's


async def test_forgetting_takes_the_picture_with_it(world: World) -> None:
    await world.command("imagine", prompt="ink", attachments=(PHOTO,))
    await world.drawn()
    story = await world.story()
    async with world.services.db.write() as c:
        shas = await pictures.assets_of(c, story.id)
        await chats.forget(c, story.id)
    assert len(shas) == 2
    assert sorted(await world.services.assets.remove(shas)) == shas


async def test_a_model_that_cannot_draw_from_pictures_says_so_once(world: World) -> None:
    await world.command("imagine", prompt="ink", backend="plain", attachments=(PHOTO,))
    await world.command("imagine", prompt="chalk", backend="plain", attachments=(PHOTO,))
    await world.drawn()
    assert [spec.references for spec in plain_backend(world).specs] == [(), ()]
    assert [n for n in world.platform.notices if "picture to draw from" in n] == [
        "⚠️ Not used: picture to draw from (plain cannot draw from a picture, the backend easel can)."
    ]


@pytest.mark.parametrize(
    ("file", "data", "sentence"),
    [
        (Attachment(name="notes.txt", mime="text/plain", size=5, handle="photo"), b"hello", "not a picture"),
        (PHOTO, b"<html>no picture</html>", "not a picture"),
        (PHOTO, b"", "not a picture"),
        (PHOTO, png() + b"\0" * 21_000_000, "too large"),
    ],
)
async def test_what_is_no_picture_is_refused_with_a_sentence(world: World, file: Attachment, data: bytes, sentence: str) -> None:
    world.platform.files["photo"] = data
    answer = await world.command("imagine", prompt="ink", attachments=(file,))
    assert sentence in answer.text
    assert world.backend.specs == []


async def test_a_file_that_is_gone_fails_the_wish_and_nothing_else(world: World) -> None:
    await world.say("draw this as a watercolour", files=(PHOTO.model_copy(update={"handle": "gone"}),))
    await world.drawn()
    assert any("gone" in notice for notice in world.platform.notices)
    assert world.backend.specs == []
    await world.say("hello?")
    assert world.platform.said


async def test_denoise_without_a_picture_is_left_out_and_said(world: World) -> None:
    await world.command("imagine", prompt="ink", denoise=0.5)
    await world.drawn()
    assert world.backend.specs[0].denoise is None
    assert any("denoise strength" in notice for notice in world.platform.notices)


async def test_an_entry_lets_references_through_in_order(world: World) -> None:
    world.services.models = {"edit": ModelEntry(references=2)}
    world.platform.avatars["5"] = png(80, 80, "red")
    await world.command("imagine", prompt="scene", model="edit", attachments=(PHOTO,))
    await world.drawn()
    assert [r.role for r in world.backend.specs[0].references] == ["base", "persona"]  # the built-in character has no picture
    assert world.backend.specs[0].references[1].data == png(80, 80, "red")


async def test_the_host_may_let_no_picture_through(world: World) -> None:
    world.services.models = {"none": ModelEntry(references=0)}
    await world.command("imagine", prompt="ink", model="none", attachments=(PHOTO,))
    await world.drawn()
    assert world.backend.specs[0].references == ()
    assert any("picture to draw from" in notice for notice in world.platform.notices)


async def test_a_persona_gives_a_picture_and_takes_it_back(world: World) -> None:
    answer = await world.command("persona", name="Ann", attachments=(PHOTO,))
    assert answer.answers[-1].picture is not None
    world.services.models = {"edit": ModelEntry(references=1)}
    await world.command("imagine", prompt="me", model="edit")
    await world.drawn()
    assert [(r.role, r.data) for r in world.backend.specs[0].references] == [("persona", png(300, 200))]
    assert "Your picture is forgotten" in (await world.command("persona", picture=False)).text
    await world.command("imagine", prompt="me", model="edit")
    await world.drawn()
    assert world.backend.specs[1].references == ()


# --- workflows ---------------------------------------------------------------------------------------------------------


def known(world: World, **more: object) -> None:
    fields = {"name": "mine", "graph": json.dumps(GRAPH), "origin": "host"} | more
    world.services.workflows = {"mine": Workflow.model_validate(fields)}


async def test_the_image_graph_is_used_when_there_is_a_picture(world: World) -> None:
    known(world, image_graph=json.dumps(FROM_IMAGE))
    await world.command("imagine", prompt="ink", workflow="MINE", attachments=(PHOTO,))
    await world.command("imagine", prompt="ink", workflow="mine")
    await world.drawn()
    assert {spec.workflow: len(spec.references) for spec in world.backend.specs} == {json.dumps(FROM_IMAGE): 1, json.dumps(GRAPH): 0}


async def test_a_workflow_without_a_place_for_the_picture_says_so(world: World) -> None:
    known(world)
    await world.command("imagine", prompt="ink", workflow="mine", attachments=(PHOTO,))
    await world.drawn()
    assert world.backend.specs[0].references == ()
    assert any("no place for it" in notice for notice in world.platform.notices)


async def test_avatars_fill_the_places_a_workflow_has(world: World) -> None:
    known(world, graph=json.dumps(FACES))
    world.platform.avatars["5"] = png(80, 80, "red")
    await world.command("imagine", prompt="scene", workflow="mine")
    await world.drawn()
    assert [r.role for r in world.backend.specs[0].references] == ["persona"]
    await world.command("imagine", prompt="scene", workflow="mine", attachments=(PHOTO,))
    await world.drawn()
    assert [(r.role, r.data) for r in world.backend.specs[1].references] == [
        ("character", png(300, 200)),  # it has no other place: the picture takes the first avatar's
        ("persona", png(80, 80, "red")),
    ]


async def test_a_style_sets_what_a_custom_placeholder_reads(world: World) -> None:
    known(world, custom={"mood": "{{getvar::mood}} light"})
    await world.command("style save", name="Dark", prefix="{{setvar::mood::dim}}")
    await world.command("imagine", prompt="ink", workflow="mine", style="Dark")
    await world.drawn()
    assert world.backend.specs[0].placeholders == {"mood": "dim light"}
    async with world.services.db.read() as c:
        assert (await c.exec_driver_sql("select value from variables where name = 'mood'")).scalar() == "dim"


async def test_another_take_uses_the_graph_it_began_with(world: World) -> None:
    known(world)
    await world.command("imagine", prompt="ink", workflow="mine")
    await world.drawn()
    world.services.workflows = {}
    await world.press(f"next:{world.platform.shows[-1].key}")
    await world.drawn()
    assert [spec.workflow for spec in world.backend.specs] == [json.dumps(GRAPH)] * 2


async def test_a_workflow_that_is_gone_is_left_out_and_noted(world: World) -> None:
    known(world)
    await world.set(workflow="mine")
    world.services.workflows = {}
    await world.command("imagine", prompt="ink")
    await world.drawn()
    assert world.backend.specs[0].workflow is None
    assert [lost.setting for lost in (await world.picture()).takes[0].plan.lost] == ["workflow"]
    answer = await world.command("imagine", prompt="ink", workflow="mine")
    assert "no workflow «mine»" in answer.text
    assert KEY in {view.chat for view in world.platform.shows}


async def test_an_avatar_that_cannot_be_had_costs_no_picture(world: World) -> None:
    world.services.models = {"edit": ModelEntry(references=1)}
    world.platform.faults.append(("avatar", RuntimeError("library trouble")))
    await world.command("imagine", prompt="me", model="edit")
    await world.drawn()
    assert world.backend.specs[0].references == ()
    assert "your own picture" in [lost.setting for lost in (await world.picture()).takes[0].plan.lost]
