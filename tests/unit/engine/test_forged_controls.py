"""Control ids that nobody was given: of another chat's pictures, of another chat's messages, and plain nonsense."""

from __future__ import annotations

import pytest

from bot.domain.events import Press, Submission
from bot.domain.places import ChatKey, Person, Place
from tests.engine_world import World
from tests.fakes import FakeResponder

ELSEWHERE = ChatKey("telegram", "", "2000")
EVE = Person(id="9", name="Eve", manager=True)


async def press(world: World, control: str) -> FakeResponder:
    responder = FakeResponder()
    await world.engine.press(Press(chat=ELSEWHERE, place=Place(), author=EVE, control=control, message_id="1", press_id=control), responder)
    return responder


async def test_a_picture_obeys_its_own_chat_only(world: World) -> None:
    await world.command("imagine", prompt="a lighthouse")
    await world.drawn()
    key = world.platform.shows[-1].key
    shown = len(world.platform.shows)
    verbs = ("prev", "next", "again", "rewrite", "info", "delete", "cancel", "approve", "dismiss", "edit", "show", "count")
    for verb in verbs:
        responder = await press(world, f"{verb}:{key}")
        assert (responder.forms, len(responder.answers)) == ([], 1), verb
        assert key not in responder.text
    form = Submission(chat=ELSEWHERE, place=Place(), author=EVE, form=f"edit:{key}", values={"prompt": "x"}, submission_id="1")
    await world.engine.submit(form, FakeResponder())
    await world.drawn()
    assert (len(world.backend.specs), len(world.platform.shows)) == (1, shown)
    assert not (await world.picture(key)).deleted


async def test_a_story_obeys_its_own_chat_only(world: World) -> None:
    await world.say("Good evening.")
    told = await world.told()
    for control in (f"forget:{(await world.story()).id}", f"resend:{told[-1].id}", f"anew:{told[-1].id}", "reanswer:1"):
        assert (await press(world, control)).answers
    assert await world.told() == told
    assert len(world.chat.requests) == 1


@pytest.mark.parametrize("verb", ["page", "resend", "anew", "reanswer", "forget", "mode", "draw", "show", "nonsense", ""])
@pytest.mark.parametrize("key", ["9" * 30, "-1", "٣", "", "a:b:c", "../../etc", "\x00"])
async def test_nonsense_is_answered_with_a_sentence(world: World, verb: str, key: str) -> None:
    answer = await press(world, f"{verb}:{key}"[:64])
    assert answer.answers
    assert "went wrong" not in answer.text
