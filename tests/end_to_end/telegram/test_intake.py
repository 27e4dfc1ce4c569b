"""From Telegram into the engine: messages, commands, presses, reactions, forms, edits, albums; none lost, none twice."""

from __future__ import annotations

import asyncio
import json

from bot.domain.events import CommandCall, Press
from bot.domain.places import ChatKey
from bot.domain.platform import Responder
from bot.domain.posts import Button, Post
from tests.end_to_end.telegram.conftest import World
from tests.end_to_end.telegram.pictures import png
from tests.end_to_end.telegram.recording import FORM

ROWS = ((Button("next:abc", "▶"), Button("form:abc", "✏️")),)


def key(person_id: int) -> ChatKey:
    return ChatKey("telegram", "", str(person_id))


async def test_a_private_message_is_addressed(world: World) -> None:
    ann = await world.people.user("Ann")
    said = await ann.say("hello there")
    await world.engine.until(lambda: world.engine.heard)
    heard = world.engine.heard[0]
    assert (heard.text, heard.addressed, heard.chat, heard.place.private) == ("hello there", True, key(ann.id), True)
    assert (heard.author.name, heard.author.manager, heard.message_id) == ("Ann", True, str(said["message_id"]))


async def test_groups_are_addressed_by_mention_and_name(world: World) -> None:
    ann, bob = await world.people.user("Ann"), await world.people.user("Bob")
    group = await world.people.group("Guild", ann, [bob], bot_admin=True)
    await bob.say("nobody in particular", chat=group)
    await bob.say("@vignette_test_bot good morning", chat=group)
    await bob.say("what do you think, Vigne?", chat=group)
    await world.engine.until(lambda: len(world.engine.heard) == 3)
    assert [e.addressed for e in world.engine.heard] == [False, True, True]
    assert [e.text for e in world.engine.heard][1:] == ["good morning", "what do you think, Vigne?"]
    assert not world.engine.heard[0].author.manager


async def test_what_cannot_be_stored_is_fetched_again(world: World) -> None:
    ann = await world.people.user("Ann")
    world.engine.failures = 2
    await ann.say("one")
    await ann.say("two")
    await world.engine.until(lambda: len(world.engine.heard) == 2, timeout=20)
    assert [e.text for e in world.engine.heard] == ["one", "two"]


async def test_messages_while_away_arrive_once(world: World) -> None:
    ann = await world.people.user("Ann")
    await ann.say("before")
    await world.engine.until(lambda: world.engine.heard)
    await world.front.stop()
    await ann.say("while you were gone")
    world.front = world._build()
    await world.front.start()
    await world.engine.until(lambda: len(world.engine.heard) == 2)
    assert [e.text for e in world.engine.heard] == ["before", "while you were gone"]


async def test_commands_with_options(world: World) -> None:
    ann = await world.people.user("Ann")
    await ann.say('/sd negative="fries, salt" steps=30 hires=on cute tater')
    await ann.say("/sd_style noir")
    await ann.say("/style_use noir")
    await ann.say("/show_gallery 2")
    await world.engine.until(lambda: len(world.engine.ran) == 4)
    assert [c.name for c in world.engine.ran] == ["imagine", "style use", "style use", "show-gallery"]
    assert world.engine.ran[0].arguments == {"negative": "fries, salt", "steps": 30, "hires": True, "prompt": "cute tater"}
    assert world.engine.ran[1].arguments == {"name": "noir"}
    assert world.engine.ran[3].arguments == {"page": 2}


async def test_wrong_options_are_named(world: World) -> None:
    ann = await world.people.user("Ann")
    await ann.say("/imagine steps=900 tater")
    answer = await ann.expect()
    assert "«steps» is «900»" in answer["text"]
    assert "1 to 150" in answer["text"]
    await ann.say("/imagin tater")
    assert "/imagine" in (await ann.expect())["text"]
    assert not world.engine.ran


async def test_commands_for_other_bots_are_left_alone(world: World) -> None:
    ann = await world.people.user("Ann")
    group = await world.people.group("Guild", ann, (), bot_admin=True)
    await ann.say("/imagine@other_bot tater", chat=group)
    await ann.say("/unknown", chat=group)
    await ann.say("/imagine@vignette_test_bot tater", chat=group)
    await world.engine.until(lambda: world.engine.ran)
    assert [c.arguments for c in world.engine.ran] == [{"prompt": "tater"}]
    assert world.engine.ran[0].place.title == "Guild"


async def test_a_command_on_a_message_names_it(world: World) -> None:
    ann = await world.people.user("Ann")
    said = await ann.say("the old mill by the river")
    await ann.say("/illustrate", reply_to=said)
    await world.engine.until(lambda: world.engine.ran)
    call = world.engine.ran[0]
    assert (call.target, call.target_text) == (str(said["message_id"]), "the old mill by the river")


async def test_a_file_with_a_command(world: World) -> None:
    ann = await world.people.user("Ann")
    await ann.upload(png(), kind="document", caption="/character import")
    await world.engine.until(lambda: world.engine.ran)
    (attachment,) = world.engine.ran[0].attachments
    assert await world.front.fetch(attachment, 1_000_000) == png()
    await ann.say("/character import")
    assert "needs «card»" in (await ann.expect())["text"]


async def test_group_managers_are_known_when_their_command_runs(world: World) -> None:
    ann, bob = await world.people.user("Ann"), await world.people.user("Bob")
    group = await world.people.group("Guild", ann, [bob], bot_admin=True)
    seen: dict[str, bool] = {}

    async def run(call: CommandCall, responder: Responder) -> None:
        seen[call.author.name] = call.author.manager

    world.engine.on_run = run
    await ann.say("/imagine@vignette_test_bot a", chat=group)
    await bob.say("/imagine@vignette_test_bot b", chat=group)
    await world.engine.until(lambda: len(seen) == 2)
    assert seen == {"Ann": True, "Bob": False}


async def test_albums_are_one_message(world: World) -> None:
    ann = await world.people.user("Ann")
    await ann.upload(png(), png((9, 9)), png((7, 7)), caption="our holiday")
    await world.engine.until(lambda: world.engine.heard)
    assert len(world.engine.heard) == 1
    assert world.engine.heard[0].text == "our holiday"
    assert len(world.engine.heard[0].attachments) == 3
    assert "telegram:albums" not in world.notes.kept


async def test_an_album_survives_a_restart(world: World) -> None:
    ann = await world.people.user("Ann")
    await ann.upload(png(), png((9, 9)), caption="our holiday")
    while "telegram:albums" not in world.notes.kept:
        await asyncio.sleep(0.02)
    await world.restart()
    await world.engine.until(lambda: world.engine.heard)
    assert len(world.engine.heard[0].attachments) == 2


async def test_presses_are_answered_and_notices_pop_up(world: World) -> None:
    ann = await world.people.user("Ann")
    await world.front.post(key(await _started(world, ann)), Post("pick", ROWS))
    post = await ann.expect()

    async def press(press: Press, responder: Responder) -> None:
        if press.control == "form:abc":
            await responder.answer(Post("not **yours**", private=True))
        else:
            await asyncio.sleep(0.3)
            await responder.answer(Post("later", private=True))

    world.engine.on_press = press
    slow = await ann.click(post, text="▶")
    assert slow["answer"]["text"] is None
    assert slow["answer"]["after"] < 0.3
    assert (await ann.expect())["text"] == "later"
    assert (await ann.click(post, text="✏️"))["answer"]["text"] == "not yours"
    assert [p.control for p in world.engine.pressed] == ["next:abc", "form:abc"]
    assert world.engine.pressed[0].message_id == str(post["message_id"])


async def test_two_people_press_at_once(world: World) -> None:
    ann, bob = await world.people.user("Ann"), await world.people.user("Bob")
    group = await world.people.group("Guild", ann, [bob], bot_admin=True)
    await world.front.post(key(group), Post("pick", ROWS))
    post = await ann.expect(chat=group)
    both = await asyncio.gather(ann.click(post, text="▶"), bob.click(post, text="▶"))
    assert all(press["answer"] for press in both)
    await world.engine.until(lambda: len(world.engine.pressed) == 2)
    assert {p.author.name: p.author.manager for p in world.engine.pressed} == {"Ann": True, "Bob": False}


async def test_buttons_outlive_a_restart(world: World) -> None:
    ann = await world.people.user("Ann")
    await world.front.post(key(await _started(world, ann)), Post("pick", ROWS))
    post = await ann.expect()
    await world.restart()
    assert (await ann.click(post, text="▶"))["answer"]
    await world.engine.until(lambda: world.engine.pressed)


async def test_reactions_reach_the_engine(world: World) -> None:
    ann = await world.people.user("Ann")
    message_id = await world.front.post(key(await _started(world, ann)), Post("a picture"))
    post = await ann.expect()
    await ann.react(post, "👌")
    await world.engine.until(lambda: world.engine.reacted)
    assert world.engine.reacted == [(message_id, "👌")]


async def test_edits_reach_the_engine(world: World) -> None:
    ann = await world.people.user("Ann")
    said = await ann.say("a cat")
    await ann.edit(said, "a dog")
    await world.engine.until(lambda: world.engine.changes)
    assert (world.engine.changes[0].message_id, world.engine.changes[0].text) == (str(said["message_id"]), "a dog")


async def test_a_form_is_a_question_that_survives_a_restart(world: World) -> None:
    ann = await world.people.user("Ann")

    async def ask(call: CommandCall, responder: Responder) -> None:
        await responder.ask(FORM)

    world.engine.on_run = ask
    await ann.say("/imagine x")
    question = await ann.expect()
    assert "old words" in question["text"]
    await world.restart()
    await ann.say("a" * 300, reply_to=question)
    assert "at most 200" in (await ann.expect())["text"]
    await ann.say("new words", reply_to=question)
    await world.engine.until(lambda: world.engine.submitted)
    assert world.engine.submitted[0].form == "edit:abc"
    assert world.engine.submitted[0].values == {"prompt": "new words"}
    await ann.say("just talking", reply_to=question)
    await world.engine.until(lambda: world.engine.heard)
    assert len(world.engine.submitted) == 1


async def test_a_form_can_be_given_up_and_is_for_one_person(world: World) -> None:
    ann, bob = await world.people.user("Ann"), await world.people.user("Bob")
    group = await world.people.group("Guild", ann, [bob], bot_admin=True)

    async def ask(call: CommandCall, responder: Responder) -> None:
        await responder.ask(FORM)

    world.engine.on_run = ask
    await ann.say("/imagine@vignette_test_bot x", chat=group)
    question = await ann.expect(chat=group)
    await bob.say("bob's words", chat=group, reply_to=question)
    await world.engine.until(lambda: world.engine.heard)
    await ann.say("/cancel", chat=group, reply_to=question)
    assert (await ann.expect(chat=group))["text"] == "Left as it was."
    assert not world.engine.submitted
    assert world.engine.heard[0].text == "bob's words"


async def test_the_menu_is_set_once(world: World) -> None:
    menu = (await world.people.calls("setMyCommands"))[0]["params"]["commands"]
    menu = json.loads(menu) if isinstance(menu, str) else menu
    names = {c["command"]: c["description"] for c in menu}
    assert names["style"] == "style: use, list"
    assert "show_gallery" in names
    await world.restart()
    assert len(await world.people.calls("setMyCommands")) == 1


async def _started(world: World, person: object) -> int:
    """Only people who wrote first can be written to."""
    await person.say("/start")  # type: ignore[attr-defined]
    return int(person.id)  # type: ignore[attr-defined]
