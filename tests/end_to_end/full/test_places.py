"""Groups, topics, several people, rights, allowances, content rules, and platforms that fail."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.end_to_end.full.conftest import House
from tests.end_to_end.full.people import DiscordPerson, Someone, TelegramPerson
from tests.end_to_end.full.program import Program
from tests.fakes_servers import Say

pytestmark = pytest.mark.asyncio(loop_scope="session")
both = pytest.mark.parametrize("platform", ["telegram", "discord"])


@both
async def test_a_group_is_answered_when_addressed_or_always(platform: str, clean: House, program: Program) -> None:
    ada, bob = await clean.group(platform)
    await bob.say("nobody in particular")
    clean.chat.say("Yes, Bob?")
    sent = await bob.say(f"{clean.mention(platform)} are you there?")
    told = await ada.sees("Yes, Bob?")
    if platform == "telegram":
        assert told.raw["reply_to_message"]["message_id"] == sent["message_id"]
    else:
        assert told.raw["message_reference"]["message_id"] == sent["id"]
    clean.chat.say("Replies count, too.")
    await bob.say("And so?", reply_to=told)
    await ada.sees("Replies count, too.")
    assert len(clean.chat.asked_of()) == 2
    await bob.run("settings set", name="reply", value="always")
    await bob.sees(lambda b: "administrators" in b.text or "manage" in b.text)
    await ada.run("settings set", name="reply", value="always")
    await ada.sees("it was")
    clean.chat.say("I hear everything.")
    await bob.say("just talking")
    await ada.sees("I hear everything.")


@both
async def test_two_people_at_one_picture(platform: str, clean: House, program: Program) -> None:
    ada, bob = await clean.group(platform)
    await bob.run("imagine", prompt="a round table")
    shown = await bob.picture()
    await asyncio.gather(ada.press(shown, "🔁"), bob.press(shown, "🔁"))
    two = await bob.picture(count="2/2")
    assert two.id == shown.id
    assert len(clean.draw.asked) == 2
    await asyncio.gather(ada.press(two, "◀"), bob.press(two, "◀"))
    await ada.sees(lambda b: b.id == shown.id and ("1/2" in b.buttons or "2/2" in b.buttons))
    await ada.run("imagine", prompt="a square table")
    square = await ada.sees(lambda b: b.picture and b.id != shown.id and "1/1" in b.buttons)
    await bob.press(square, "🗑️")
    await bob.sees("moderators and the host")
    assert any(b.id == square.id for b in await ada.bubbles())
    await ada.press(await bob.sees(lambda b: b.id == shown.id), "🗑️")
    async with asyncio.timeout(10):
        while any(b.id == shown.id for b in await ada.bubbles()):
            await asyncio.sleep(0.1)


async def test_topics_are_chats_of_their_own(clean: House, program: Program) -> None:
    ada = await clean.telegram.user("Topica")
    forum = await clean.telegram.group("Forum", ada, [], bot_admin=True, is_forum=True)
    topics = [(await clean.telegram.post("topic", chat=forum, user=ada.id, name=f"Topic {n}")) for n in range(2)]
    threads = [t.get("message_thread_id") or t.get("id") for t in topics]
    people = [TelegramPerson(ada, forum, thread) for thread in threads]
    clean.chat.say("In the first.")
    await people[0].say("@my_bot the first topic's secret")
    told = await people[0].sees("In the first.")
    assert told.raw["message_thread_id"] == threads[0]
    clean.chat.say("In the second.")
    await people[1].say("@my_bot hello second")
    await people[1].sees("In the second.")
    assert "secret" not in json.dumps(clean.chat.asked_of()[-1]["messages"])
    await people[1].run("imagine", prompt="a topical fish")
    shown = await people[1].picture()
    assert shown.raw["message_thread_id"] == threads[1]


async def test_refused_whatever_the_place(ann: Someone, clean: House) -> None:
    await ann.run("imagine", prompt="nude 12 year old girl")
    await ann.sees(lambda b: "minor" in b.text.lower() or "child" in b.text.lower() or "never" in b.text.lower())
    await ann.run("imagine", prompt="a naked woman, nsfw")
    await ann.sees(lambda b: "adult" in b.text.lower())
    assert clean.draw.asked == []
    assert clean.chat.asked_of("writer") == []
    call = Say("", call=("generate_image", {"prompt": "nude 12 year old girl"}))
    clean.chat.say(call, "I will not.")
    await ann.say("What now?")
    await ann.sees("I will not.")
    assert clean.draw.asked == []


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the simulator's own upload
async def test_a_file_over_the_limit_is_not_read(clean: House, program: Program) -> None:
    bob = await clean.person("telegram")
    await bob.run("character import", file=("huge.json", b" " * (21 * 1024 * 1024)))
    await bob.sees("too large")


@both
async def test_the_platform_asks_for_patience(platform: str, clean: House, program: Program) -> None:
    person = await clean.person(platform)
    if platform == "telegram":
        await clean.telegram.fault("sendMessage", 429, retry_after=1, times=2)
    else:
        await clean.discord.call("fault", mode="ratelimit", method="POST", path="/messages$", retry_after=0.5, times=2)
    clean.chat.say("Patience pays.")
    await person.say("Hurry!")
    await person.sees("Patience pays.")
    assert await person.said("Patience pays.") == 1
    assert len(clean.chat.asked_of(containing="Hurry!")) == 1


@both
async def test_a_platform_that_stumbles_gets_the_picture_later(platform: str, clean: House, program: Program) -> None:
    person = await clean.person(platform)
    clean.draw.hold = asyncio.Event()
    await person.run("imagine", prompt="a patient turtle")
    await person.sees("Drawing")
    if platform == "telegram":
        await clean.telegram.fault("editMessageMedia", 502, times=2)
    else:
        await clean.discord.call("fault", mode="status", status=502, method="PATCH", path="/messages/", times=3)
    clean.draw.hold.set()
    await person.picture(patience=40)
    assert len(await person.pictures()) == 1
    assert len(clean.draw.asked) == 1


@both
async def test_a_lost_answer_doubles_nothing(platform: str, clean: House, program: Program) -> None:
    person = await clean.person(platform)
    if platform == "telegram":
        await clean.telegram.fault("sendMessage", 502, after=True, times=1)
    else:
        await clean.discord.call("fault", mode="drop_after", method="POST", path="/messages$", times=1)
    await person.run("imagine", prompt="a lone pine")
    await person.sees(lambda b: b.picture, 40)
    assert len(clean.draw.asked) == 1
    assert len(await person.pictures()) == 1


async def test_blocked_and_deleted(clean: House, program: Program) -> None:
    ann, ada = await clean.person("telegram"), (await clean.group("discord"))[0]
    assert isinstance(ann, TelegramPerson)
    assert isinstance(ada, DiscordPerson)
    clean.draw.hold = asyncio.Event()
    await ann.run("imagine", prompt="a picture nobody can get")
    await ann.sees("Drawing")
    await ann.human.block()
    await ada.run("imagine", prompt="a picture without a room")
    await ada.sees(lambda b: "✖ Cancel" in b.buttons)
    await clean.discord.call("set_permissions", channel=ada.channel, target=clean.app.bot_id, deny=1024 | 2048)
    before = program.log.count("picture could not be shown")
    clean.draw.hold.set()
    async with asyncio.timeout(20):
        while program.log.count("picture could not be shown") < before + 1:
            await asyncio.sleep(0.1)
    await ann.human.unblock()
    await ann.sees(lambda b: b.picture or "⚠️" in b.text)  # Telegram edits what is there already, blocked or not
    clean.chat.say("Welcome back.")
    await ann.say("Here again.")
    await ann.sees("Welcome back.")


@both
async def test_a_deleted_placeholder_still_brings_the_picture(platform: str, clean: House, program: Program) -> None:
    ada = (await clean.group(platform))[0]
    clean.draw.hold = asyncio.Event()
    await ada.run("imagine", prompt="a stubborn mule")
    holder = await ada.sees("Drawing")
    assert isinstance(ada, TelegramPerson | DiscordPerson)
    await ada.human.delete(holder.raw)
    clean.draw.hold.set()
    await ada.picture()
    assert len(await ada.pictures()) == 1


async def test_the_gateway_closes(clean: House, program: Program) -> None:
    person = await clean.person("discord")
    clean.chat.say("Before.", "After.")
    await person.say("One.")
    await person.sees("Before.")
    for how in ("reconnect", "invalidate"):
        await clean.discord.call("gateway", do=how)
    await person.say("Two.")
    await person.sees("After.", patience=30)
    assert await person.said("After.") == 1


@both
async def test_the_hourly_allowance(platform: str, clean: House, tmp_path_factory: pytest.TempPathFactory, program: Program) -> None:
    person = await clean.person(platform)
    for n in range(31):
        await person.run("imagine", prompt=f"picture {n}", quiet=True)
    await person.sees("Too many pictures", patience=60)
    async with asyncio.timeout(60):
        while await person.said("Drawing quietly") < 30:
            await asyncio.sleep(0.2)
    assert await person.said("Too many pictures") == 1
