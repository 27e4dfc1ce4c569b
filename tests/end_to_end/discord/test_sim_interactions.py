"""Commands, message actions, buttons and modals on the Discord simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bot.domain.events import CommandCall, Press, Submission
from bot.domain.platform import Responder
from bot.domain.posts import Button, FileOut, Post
from bot.storage import notes
from tests.end_to_end.discord.recording import EDIT_FORM, RecordingEngine, until
from tests.end_to_end.discord.simulated import World


async def test_every_kind_of_option(world: World, engine: RecordingEngine) -> None:
    i = await world.bob.slash(world.app, world.ch, "imagine", prompt="cute tater", steps=30, cfg=7.5, quiet=False, shape="wide")
    assert (await i.reply())["content"] == "On it: imagine"
    call = engine.calls[0]
    assert call.arguments == {"prompt": "cute tater", "steps": 30, "cfg": 7.5, "quiet": False, "shape": "wide"}
    assert (call.name, call.chat, call.author.name, call.author.manager) == ("imagine", world.key, "bob", False)
    i = await world.alice.slash(world.app, world.adult, "style use", name="noir")
    await i.reply()
    assert (engine.calls[1].name, engine.calls[1].arguments) == ("style use", {"name": "noir"})
    assert engine.calls[1].author.manager
    assert engine.calls[1].place.age_restricted
    i = await world.alice.slash(world.app, world.ch, "character import", card=("ada.json", b"{}"))
    await i.reply()
    file = engine.calls[2].attachments[0]
    assert engine.calls[2].named_files == {"card": file}
    assert engine.calls[2].arguments == {}
    assert await world.front.fetch(file, 100) == b"{}"
    for alias, name in (("sd", "imagine"), ("img", "imagine"), ("sd-style", "style use")):
        await (await world.bob.slash(world.app, world.ch, alias)).reply()
        assert engine.calls[-1].name == name
    assert await world.bad_notes() == []


async def test_more_options_than_fit_go_through_one_text(world: World, engine: RecordingEngine) -> None:
    i = await world.bob.slash(world.app, world.ch, "many", o1="typed", options='o20="two words" o1=loses o30=x')
    await i.reply()
    assert engine.calls[0].arguments == {"o20": "two words", "o30": "x", "o1": "typed"}
    i = await world.bob.slash(world.app, world.ch, "many", options="o99=1")
    problem = await i.followup()
    assert "o99" in problem["content"]
    assert problem["flags"] & 64
    assert len(engine.calls) == 1


async def test_autocomplete_is_quick_and_bounded(world: World, engine: RecordingEngine) -> None:
    choices = await world.bob.autocomplete(world.app, world.ch, "imagine", "model", "")
    assert [c["value"] for c in choices] == ["euler", "dpm++ 2m"]
    await world.bob.autocomplete(world.app, world.ch, "imagine", "model", "eu", prompt="a hill", steps=20)
    assert engine.completed[-1] == ("imagine", "model", "eu", {"prompt": "a hill", "steps": 20})

    async def slow(*_: Any) -> list[str]:
        await asyncio.sleep(30)
        return ["never"]

    engine.complete = slow  # type: ignore[method-assign,assignment]
    assert await world.bob.autocomplete(world.app, world.ch, "style use", "name", "n") == []
    assert await world.bad_notes() == []


async def test_message_action(world: World, engine: RecordingEngine) -> None:
    message = await world.alice.send(world.ch, "The lighthouse at dusk.")
    i = await world.bob.context_menu(world.app, world.ch, "Illustrate this", message)
    await i.reply()
    call = engine.calls[0]
    assert (call.name, call.target, call.target_text) == ("illustrate", message["id"], "The lighthouse at dusk.")


async def test_answers_private_public_and_none(world: World, engine: RecordingEngine) -> None:
    posts: list[Post] = []
    ids: list[str | None] = []

    async def answer(call: CommandCall, responder: Responder) -> None:
        ids.extend([await responder.answer(post) for post in posts])

    engine.on_run = answer
    posts[:] = [Post("only you", private=True)]
    i = await world.bob.slash(world.app, world.ch, "imagine", prompt="x")
    assert (await i.followup())["flags"] & 64
    assert ids == [None]
    i = await world.bob.slash(world.app, world.ch, "status")
    assert (await i.reply())["flags"] & 64
    posts[:] = [Post("y" * 4500, rows=((Button("again:k", "🔁"),),)), Post("a file", file=FileOut("a.txt", "text/plain", b"abc"))]
    i = await world.bob.slash(world.app, world.ch, "imagine", prompt="x")
    last = await i.followup(2)
    assert last["content"] == "a file"
    assert await world.d.download(last["attachments"][0]) == b"abc"
    assert last["id"] == ids[-1]
    assert not last["flags"] & 64
    posts[:] = [Post("shows by itself", private=True, passing=True)]
    before = len(await world.bob.history(world.ch))
    i = await world.bob.slash(world.app, world.ch, "imagine", prompt="x")
    await until(lambda: len(engine.calls) == 4, "the call")
    posts.clear()
    await world.bob.slash(world.app, world.ch, "imagine", prompt="x")
    await until(lambda: len(engine.calls) == 5, "the call")
    await asyncio.sleep(0.3)
    assert len(await world.bob.history(world.ch)) == before
    assert await world.bad_notes() == []


async def test_an_answer_after_fifteen_minutes_goes_to_the_channel(world: World, engine: RecordingEngine) -> None:
    go = asyncio.Event()

    async def late(call: CommandCall, responder: Responder) -> None:
        await go.wait()
        await responder.answer(Post("private, too late", private=True))
        await responder.answer(Post("here it is"))

    engine.on_run = late
    i = await world.bob.slash(world.app, world.ch, "imagine", prompt="x")
    await i.acknowledged()
    await world.d.call("advance", seconds=901)
    go.set()
    message = await world.bob.wait_message(world.ch, author=world.app, contains="here it is")
    assert message["type"] == 0
    assert not any("private" in m["content"] for m in await world.bob.history(world.ch))


async def test_buttons_and_forms_survive_a_restart(world: World, engine: RecordingEngine) -> None:
    async def press(press: Press, responder: Responder) -> None:
        if press.control.startswith("edit:"):
            await responder.ask(EDIT_FORM)
        else:
            await responder.answer(Post("noted", private=True))

    async def submit(submission: Submission, responder: Responder) -> None:
        await responder.answer(Post("changed", private=True))

    engine.on_press, engine.on_submit = press, submit
    post = Post("a picture", rows=((Button("again:k1", "🔁"), Button("edit:k1", "✏️")),))
    message_id = await world.front.post(world.key, post)
    message = await world.bob.look({"channel_id": world.ch, "id": message_id})
    opened = await world.bob.click(message, "edit:k1")
    await opened.modal()
    await world.restart()
    i = await world.bob.click(message, "again:k1")
    assert (await i.followup())["content"] == "noted"
    assert engine.presses[-1].message_id == message_id
    i = await opened.submit(prompt="a castle", negative="")  # left open while the bot was restarted
    assert (await i.followup())["content"] == "changed"
    submitted = engine.submissions[0]
    assert (submitted.form, submitted.values, submitted.message_id) == ("edit:k1", {"prompt": "a castle", "negative": ""}, message_id)
    assert await world.bad_notes() == []


async def test_a_form_that_comes_late_or_after_a_command_comes_by_a_button(world: World, engine: RecordingEngine) -> None:
    async def ask(call: CommandCall, responder: Responder) -> None:
        await responder.ask(EDIT_FORM)

    async def slow(press: Press, responder: Responder) -> None:
        await asyncio.sleep(2.3)
        await responder.ask(EDIT_FORM)

    engine.on_run, engine.on_press = ask, slow
    i = await world.bob.slash(world.app, world.ch, "imagine", prompt="x")
    offer = await i.followup()
    modal = await (await world.bob.click(offer, "Open")).modal()
    assert modal["title"] == "Edit the prompt"
    assert modal["custom_id"] == "edit:k1"
    message_id = await world.front.post(world.key, Post("p", rows=((Button("edit:k1", "✏️"),),)))
    i = await world.bob.click({**await world.bob.look({"channel_id": world.ch, "id": message_id})}, 0)
    offer = await i.followup()
    await (await world.bob.click(offer, "Open")).modal()
    assert await world.bad_notes() == []


async def test_a_private_page_is_turned_in_place(world: World, engine: RecordingEngine) -> None:
    def page(n: int) -> Post:
        return Post(f"page {n}", rows=((Button(f"page:{n + 1}", "more"),),), private=True)

    async def run(call: CommandCall, responder: Responder) -> None:
        await responder.answer(page(1))

    async def press(press: Press, responder: Responder) -> None:
        await responder.answer(page(int(press.control.split(":")[1])))

    engine.on_run, engine.on_press = run, press
    first = await (await world.bob.slash(world.app, world.ch, "status")).reply()
    i = await world.bob.click(first, "more")
    await i.acknowledged()
    await world.bob.wait_edit(first, predicate=lambda m: m["content"] == "page 2")
    assert await world.bad_notes() == []


async def test_two_people_press_at_once_and_many_more(world: World, engine: RecordingEngine) -> None:
    message_id = await world.front.post(world.key, Post("p", rows=((Button("again:k1", "🔁"), Button("next:k1", "▶")),)))
    message = await world.bob.look({"channel_id": world.ch, "id": message_id})
    presses = await asyncio.gather(*(who.click(message, "next:k1") for who in (world.alice, world.bob) for _ in range(15)))
    await asyncio.gather(*(i.acknowledged() for i in presses))
    assert {p.author.name for p in engine.presses} == {"alice", "bob"}
    assert len({p.press_id for p in engine.presses}) == 30
    assert await world.bad_notes() == []


@pytest.mark.parametrize("mode", ["drop", "drop_after"])
async def test_a_lost_acknowledgement_is_given_once(world: World, engine: RecordingEngine, mode: str) -> None:
    await world.d.call("fault", mode=mode, path="/callback$", method="POST")
    i = await world.bob.slash(world.app, world.ch, "imagine", prompt="x")
    assert (await i.reply())["content"] == "On it: imagine"
    assert [n for n in await world.bad_notes() if n["kind"] in ("missed_ack", "double_ack")] == []


async def test_commands_are_sent_only_when_they_changed(world: World, engine: RecordingEngine) -> None:
    async def sent() -> int:
        calls: dict[str, int] = (await world.d.report())["calls"]
        return sum(n for name, n in calls.items() if name.startswith("bulk_set_application_commands"))

    assert await sent() == 1
    await world.restart()
    await asyncio.sleep(0.3)
    assert await sent() == 1
    async with engine.services.db.write() as c:
        await notes.put(c, f"discord.commands.{world.app.id}", "of an older version")
    await world.restart()
    await asyncio.sleep(0.3)
    assert await sent() == 2


async def test_direct_messages_take_commands_and_reactions(make_world: Callable[..., Any], engine: RecordingEngine) -> None:
    world = await make_world()
    dm = await world.bob.dm(world.app)
    await (await world.bob.slash(world.app, dm, "imagine", prompt="x")).reply()
    assert engine.calls[0].place.private
    assert engine.calls[0].chat.channel == dm
    message_id = await world.front.post(engine.calls[0].chat, Post("picture"))
    message = {"channel_id": dm, "id": message_id}
    await world.bob.react(message, "▶️")
    await until(lambda: len(engine.reactions) == 1, "the press")
    await world.bob.unreact(message, "▶️")
    await until(lambda: len(engine.reactions) == 2, "the second press")
    await world.bob.react(message, "🍎")
    await world.bob.react(message, "➡️")
    await until(lambda: len(engine.reactions) == 3, "the third press")
    assert engine.reactions[-1] == (world.bob.id, message_id, "➡️")
