"""``kill -9`` at every step, on both platforms: nothing lost, nothing doubled, counted at the platforms and at the fake servers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.end_to_end.full.conftest import House
from tests.end_to_end.full.people import Someone
from tests.end_to_end.full.program import Program
from tests.fakes_servers import Say

pytestmark = pytest.mark.asyncio(loop_scope="session")
PLATFORMS = ("telegram", "discord")


async def started(house: House, program: Program) -> list[Someone]:
    await program.start()
    await house.discord.commands_synced(house.app, "imagine")
    return [await house.person(platform) for platform in PLATFORMS]


async def until(ready: object, patience: float = 20) -> None:
    assert callable(ready)
    async with asyncio.timeout(patience):
        while not ready():
            await asyncio.sleep(0.05)


async def settled(program: Program) -> None:
    """What was left is done: stop in order, so that everything under way ends or is on disk, and look for errors."""
    assert await program.stop() == 0, program.log[-2000:]
    assert "Traceback" not in program.log, program.log[-4000:]


async def test_after_intake(clean: House, tmp_path: Path) -> None:
    """The message is stored; the model has been asked and has not begun to answer."""
    program = clean.program(tmp_path)
    people = await started(clean, program)
    never = asyncio.Event()
    clean.chat.say(*[Say("Never told.", before=never)] * 2)
    for n, person in enumerate(people):
        await person.say(f"Are you there, {person.platform} {n}?")
    await until(lambda: len(clean.chat.asked_of(containing="Are you there")) == 2)
    await program.kill()
    clean.chat.reset()
    clean.chat.say("I am here.", "I am here.")
    await program.start()
    for person in people:
        await person.sees("I am here.")
        assert await person.said("I am here.") == 1
        assert len(await person.bubbles()) == 1
    assert len(clean.chat.asked_of(containing="Are you there")) == 2
    await settled(program)


async def test_in_the_middle_of_a_stream(clean: House, tmp_path: Path) -> None:
    program = clean.program(tmp_path)
    people = await started(clean, program)
    never = asyncio.Event()
    clean.chat.say(*[Say("The night is long and the sea is wide and dark and deep.", middle=never)] * 2)
    for person in people:
        await person.say("Tell me about the sea.")
    for person in people:
        await person.sees("The night is")
    await program.kill()
    clean.chat.reset()
    clean.chat.say("The sea is calm.", "The sea is calm.")
    await program.start()
    for person in people:
        await person.sees("The sea is calm.")
        assert [b.text for b in await person.bubbles()] == ["The sea is calm."]
    assert len(clean.chat.asked_of(containing="about the sea")) == 2
    await settled(program)


async def test_what_a_person_stopped_is_not_answered_by_the_next_life(clean: House, tmp_path: Path) -> None:
    program = clean.program(tmp_path)
    people = await started(clean, program)
    never = asyncio.Event()
    clean.chat.say(*[Say("The tale of the whale begins in the cold north.", middle=never)] * 2)
    for person in people:
        await person.say("Tell me a tale.")
        await person.sees("The tale of")
        await person.run("cancel")
        await person.sees("Stopped.")
    await program.kill()
    await program.start()
    clean.chat.say("Something new.", "Something new.")
    for person in people:
        await person.say("And now?")
        await person.sees("Something new.")
        assert [b.text for b in await person.bubbles() if b.text != "Stopped."] == ["Something new."]
    assert len(clean.chat.asked_of(containing="Tell me a tale.")) == 4  # each once, and once more as part of the story
    await settled(program)


async def test_while_drafting(clean: House, tmp_path: Path) -> None:
    program = clean.program(tmp_path)
    people = await started(clean, program)
    never = asyncio.Event()
    clean.chat.say(*[Say("{}", before=never)] * 2, model="writer")
    for person in people:
        await person.run("imagine", prompt="scene")
    await until(lambda: len(clean.chat.asked_of("writer")) == 2)
    await program.kill()
    clean.chat.reset()
    clean.chat.say('{"prompt": "a wide bay"}', '{"prompt": "a wide bay"}', model="writer")
    await program.start()
    await one_picture_each(people, clean, "a wide bay")
    await settled(program)


async def test_while_drawing(clean: House, tmp_path: Path) -> None:
    program = clean.program(tmp_path)
    people = await started(clean, program)
    clean.draw.hold = asyncio.Event()
    for person in people:
        await person.run("imagine", prompt="a green bottle")
    await until(lambda: len(clean.draw.asked) >= 1)
    await program.kill()
    clean.draw.reset()
    await program.start()
    await one_picture_each(people, clean, "a green bottle")
    await settled(program)


async def one_picture_each(people: list[Someone], house: House, prompt: str) -> None:
    for person in people:
        shown = await person.picture(patience=40)
        assert len(await person.pictures()) == 1
        assert len([b for b in await person.bubbles() if b.buttons]) == 1
        await person.press(shown, "▶")
        await person.picture(count="2/2")
    assert len(house.draw.asked) == 4
    assert all(prompt in p for p in house.draw.prompts())


async def test_before_delivery(clean: House, tmp_path: Path) -> None:
    """The picture is drawn and stored; the platforms do not take it, and the process dies."""
    program = clean.program(tmp_path)
    people = await started(clean, program)
    await clean.telegram.fault("*Media*", 500, times=50)
    await clean.telegram.fault("sendPhoto", 500, times=50)
    await clean.discord.call("fault", mode="status", status=502, method="PATCH", path="/messages/", times=50)
    for person in people:
        await person.run("imagine", prompt="a yellow door")
    await until(lambda: len(clean.draw.asked) == 2)
    await until(lambda: program.log.count("delivery tried again") >= 2)
    await program.kill()
    await clean.telegram.no_faults()
    await clean.discord.call("fault", clear=True)
    await program.start()
    for person in people:
        await person.picture(patience=40)
        assert len(await person.pictures()) == 1
        assert len([b for b in await person.bubbles() if b.buttons]) == 1
    assert len(clean.draw.asked) == 2
    await settled(program)


async def test_a_proposal_and_an_offer_outlive_the_process(clean: House, tmp_path: Path) -> None:
    program = clean.program(tmp_path)
    people = await started(clean, program)
    for person in people:
        await person.run("imagine", prompt="a blue gate", edit=True)
        await person.sees("a blue gate")
        clean.chat.say("How nice.")
        await person.say("send me a picture of a windmill")
        await person.sees("Shall I draw this")
    await program.kill()
    await program.start()
    for person in people:
        proposal = await person.sees(lambda b: "a blue gate" in b.text and b.buttons)
        assert await person.said("a blue gate") == 1
        await person.press(proposal, "🎨 Draw")
        await person.sees(lambda b, p=proposal: b.id == p.id and b.picture)  # type: ignore[misc]
        await person.press(await person.sees("Shall I draw this"), "🎨 Draw")
        await until_count(person, 2)
    assert len(clean.draw.asked) == 4
    await settled(program)


async def until_count(person: Someone, count: int) -> None:
    async with asyncio.timeout(20):
        while len(await person.pictures()) < count:
            await asyncio.sleep(0.1)
    assert len(await person.pictures()) == count
