"""Talking, on both platforms, with the whole program running."""

from __future__ import annotations

import asyncio

import pytest

from tests.end_to_end.full.conftest import House
from tests.end_to_end.full.people import Someone
from tests.end_to_end.full.program import Program
from tests.fakes_servers import Say

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_story_begins_with_the_greeting(ann: Someone) -> None:
    await ann.run("start")
    assert len((await ann.sees(lambda b: len(b.text) > 20)).text) > 20
    assert len(await ann.bubbles()) == 1


async def test_a_reply_grows_while_it_is_written(ann: Someone, clean: House) -> None:
    gate = asyncio.Event()
    clean.chat.say(Say("The lamp flickers over the water and " * 4 + "the keeper waves.", middle=gate))
    await ann.say("Hello there!")
    part = await ann.sees("The lamp flickers")
    assert "keeper waves" not in part.text
    gate.set()
    assert (await ann.sees("keeper waves")).id == part.id
    assert len(await ann.bubbles()) == 1


async def test_a_long_reply_is_split_and_whole(ann: Someone, clean: House) -> None:
    words = " ".join(f"word{n:04}" for n in range(1000))
    clean.chat.say(words)
    await ann.say("Tell me everything.")
    await ann.sees("word0999")
    told = " ".join(b.text for b in await ann.bubbles())
    assert [w for w in told.split() if w.startswith("word")] == words.split()


async def test_an_empty_reply_is_asked_for_again(ann: Someone, clean: House) -> None:
    clean.chat.say("", "Here I am.")
    await ann.say("Are you there?")
    await ann.sees("Here I am.")
    assert len(await ann.bubbles()) == 1


async def test_a_dead_chat_server_gives_one_sentence_and_a_way_on(ann: Someone, clean: House) -> None:
    clean.chat.say(*[Say(status=500)] * 6)
    await ann.say("Are you there?")
    notice = await ann.sees("⚠️")
    assert [b for b in notice.buttons if "Try again" in b], notice
    clean.chat.reset()
    clean.chat.say("Awake now.")
    await ann.press(notice, "🔁 Try again")
    await ann.sees("Awake now.")
    assert await ann.said("⚠️") <= 1
    assert len(clean.chat.asked_of(containing="Are you there?")) == 1


async def test_a_stream_cut_in_the_middle_keeps_what_came_and_offers_the_rest(ann: Someone, clean: House) -> None:
    clean.chat.say(Say("The rain falls on the roof and on and on and on it goes until the end.", cut=True), "The whole rain.")
    await ann.say("How is the weather?")
    part = await ann.sees(lambda b: "The rain falls" in b.text and b.buttons)
    await ann.press(part, part.buttons[0])
    whole = await ann.sees("The whole rain.")
    assert whole.id == part.id
    assert whole.buttons == ()
    assert len(await ann.bubbles()) == 1


async def test_retry_writes_into_the_same_message(ann: Someone, clean: House) -> None:
    clean.chat.say("First answer.", "Second answer.")
    await ann.say("Say something.")
    first = await ann.sees("First answer.")
    await ann.run("retry")
    second = await ann.sees("Second answer.")
    assert second.id == first.id
    assert await ann.said("First answer.") == 0


async def test_nobody_is_pinged_by_a_model(ann: Someone, clean: House) -> None:
    clean.chat.say("Hey @everyone and @here, <@123456789012345678> **bold** _it_ `code` <b>x</b> & {{char}} [a](javascript:1)")
    await ann.say("Call them all!")
    told = await ann.sees("everyone")
    assert not told.raw.get("mention_everyone")
    assert not told.raw.get("mentions")


async def test_thoughts_and_tool_prints_are_not_shown(ann: Someone, clean: House) -> None:
    clean.chat.say("<think>secret plan</think>Good evening.")
    await ann.say("Good evening.")
    await ann.sees("Good evening.")
    assert await ann.said("secret") == 0


async def test_a_flood_is_answered_in_order_and_refused_once(clean: House, program: Program) -> None:
    bob = await clean.person("discord")  # Telegram's own pace of a message a second keeps below the limit
    for n in range(30):
        await bob.say(f"message {n}")
    await bob.sees("Too many messages", patience=40)
    answers = [b.text for b in await bob.bubbles() if b.text.startswith("Answer")]
    assert len(answers) == 20
    assert answers == sorted(answers, key=lambda text: int(text.split()[2]))
    assert await bob.said("Too many messages") == 1


async def test_quick_messages_are_answered_one_after_the_other(ann: Someone, clean: House) -> None:
    clean.chat.say("answer one", "answer two", "answer three")
    for n in range(3):
        await ann.say(f"message {n}")
    await ann.sees("answer three")
    assert [b.text for b in await ann.bubbles()] == ["answer one", "answer two", "answer three"]
    assert "answer two" in str(clean.chat.asked_of(containing="message 2")[-1]["messages"])


async def test_a_stopped_answer_stays_stopped(ann: Someone, clean: House, program: Program) -> None:
    never = asyncio.Event()
    clean.chat.say(Say("A very long story about a whale, and it goes on.", middle=never), "About something else.")
    await ann.say("Tell me a story.")
    await ann.sees("A very long")
    await ann.run("cancel")
    await ann.sees("Stopped.")
    assert await ann.said("A very long") == 0
    await ann.say("Never mind.")
    await ann.sees("About something else.")
