"""One message: answered in words, with a picture, with both, or with the reason why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.errors import PlatformError
from bot.domain.events import Attachment, Changed
from bot.domain.places import ChatKey, Place
from bot.storage import chats, inbox, personas
from providers.contract import ChatRequest, End, ReasoningDelta, TextDelta
from providers.errors import ErrorKind, ProviderError
from tests.engine_world import ANN, BOB, KEY, World, open_world
from tests.fakes import FakeBackend, FakeChat, called, png, provider_error

WISH = "Please draw me a picture of a lighthouse in a storm."
GROUP = Place(title="tavern")


async def test_words_are_answered_and_stored(world: World) -> None:
    event = await world.say("Good evening.")
    reply = world.platform.replies[0]
    assert (reply.text, reply.reply_to, reply.existing) == ("The lamp flickers.", event.message_id, ())
    assert [(e.kind, e.author_name, e.text) for e in await world.told()] == [
        ("player", "Ann", "Good evening."),
        ("character", reply.speaker.name, "The lamp flickers."),
    ]
    assert reply.shown[-1] == "The lamp flickers."


async def test_the_second_message_is_answered_knowing_the_first(world: World) -> None:
    await world.engine.hear(world.incoming("My name is Ann."))
    await world.engine.hear(world.incoming("What is my name?"))
    await world.services.lanes.idle()
    second = world.chat.requests[1]
    assert next(m.text for m in reversed(second.messages) if m.role == "assistant").endswith("The lamp flickers.")
    assert "My name is Ann." in "".join(m.text for m in second.messages)
    assert len(world.platform.said) == 2


async def test_a_message_heard_twice_is_answered_once(world: World) -> None:
    event = world.incoming("Good evening.")
    assert await world.engine.hear(event)
    assert not await world.engine.hear(event)
    await world.services.lanes.idle()
    assert len(world.platform.said) == 1


async def test_a_group_is_answered_only_when_addressed_or_always(world: World) -> None:
    assert not await world.engine.hear(world.incoming("Nice weather.", addressed=False, place=GROUP))
    await world.set(reply="always")
    assert await world.engine.hear(world.incoming("Nice weather.", addressed=False, place=GROUP))
    await world.services.lanes.idle()
    assert len(world.platform.said) == 1


async def test_names_in_a_group_are_told_apart(world: World) -> None:
    await world.say("I open the door.", place=GROUP)
    await world.say("I shut it again.", author=BOB, place=GROUP)
    words = "".join(m.text for m in world.chat.requests[-1].messages)
    assert "Ann: I open the door." in words
    assert "Bob: I shut it again." in words


async def test_streaming_can_be_switched_off(world: World) -> None:
    await world.set(streaming=False)
    await world.say("Good evening.")
    assert (world.platform.replies[0].shown, world.platform.said) == ([], ["The lamp flickers."])


async def test_a_request_in_words_gets_the_picture_alone(world: World) -> None:
    event = await world.say(WISH)
    await world.drawn()
    assert world.platform.said == []
    assert world.platform.states == ["waiting", "done"]
    assert world.platform.shows[-1].reply_to == event.message_id
    assert "lighthouse in a storm" in world.backend.specs[0].prompt


async def test_a_request_in_words_gets_both_where_the_chat_wants_both(world: World) -> None:
    await world.set(interactive_reply="both")
    await world.say(WISH)
    await world.drawn()
    assert world.platform.said == ["The lamp flickers."]
    assert world.platform.states[-1] == "done"


@pytest.mark.parametrize("setting", ["word_pictures", "forwarded"])
async def test_words_that_are_no_request_here(world: World, setting: str) -> None:
    if setting == "word_pictures":
        await world.set(word_pictures=False)
    await world.say(WISH, forwarded=setting == "forwarded")
    await world.drawn()
    assert world.backend.specs == []
    assert world.platform.said == ["The lamp flickers."]


async def test_the_reason_is_told_and_the_words_come_when_no_picture_can_be_had(engine_template: Path, tmp_path: Path) -> None:
    async with open_world(engine_template, tmp_path, backends={}) as world:
        await world.say(WISH)
        assert len(world.platform.notices) == 1
        assert "No image backend" in world.platform.notices[0]
        assert world.platform.said == ["The lamp flickers."]


async def test_an_offer_waits_behind_the_reply(world: World) -> None:
    await world.say("I can't really picture the temple, what does it look like?")
    assert world.platform.said == ["The lamp flickers."]
    assert "Shall I draw" in world.platform.notices[0]
    draw = next(b for b in world.platform.buttons if b.startswith("draw:"))
    assert world.backend.specs == []
    await world.press(draw, message_id="5001")
    await world.drawn()
    assert world.platform.states[-1] == "done"
    assert world.platform.deleted == ["5001"]


async def test_an_offer_is_drawn_once_and_can_be_refused(world: World) -> None:
    await world.say("I can't really picture the temple, what does it look like?")
    draw, refuse = world.platform.buttons
    await world.press(draw)
    again = await world.press(draw)
    await world.drawn()
    assert len(world.backend.specs) == 1
    assert "answered already" in again.text
    assert "gone" in (await world.press(refuse)).text


async def test_no_offers_where_the_chat_wants_none(world: World) -> None:
    await world.set(offers=False)
    await world.say("I can't really picture the temple, what does it look like?")
    assert world.platform.notices == []


async def test_an_offer_that_cannot_be_posted_leaves_the_answer_standing(world: World) -> None:
    world.platform.faults.append(("post", PlatformError()))
    await world.say("I can't really picture the temple, what does it look like?")
    assert world.platform.said == ["The lamp flickers."]
    assert world.platform.notices == []


# the character's own pictures


@pytest.fixture
def able() -> FakeChat:
    return FakeChat(tools=True)


async def test_a_tool_call_draws_and_the_words_go_on(engine_template: Path, tmp_path: Path, able: FakeChat) -> None:
    able.queue([TextDelta("Look. "), called("a red door")])
    async with open_world(engine_template, tmp_path, chat=able) as world:
        await world.say("What do you see?")
        await world.drawn()
        assert [t.name for t in able.requests[0].tools] == ["generate_image"]
        assert world.platform.said == ["Look."]
        assert "a red door" in world.backend.specs[0].prompt


async def test_a_call_without_words_is_answered_queued_and_asked_on(engine_template: Path, tmp_path: Path, able: FakeChat) -> None:
    able.queue([called("a red door")], "There it is.")
    backend = FakeBackend()
    async with open_world(engine_template, tmp_path, chat=able, backend=backend) as world:
        await world.say("What do you see?")
        told = able.requests[1].messages[-1]
        assert told.role == "tool"
        assert '"queued"' in told.text
        assert world.platform.said == ["There it is."]
        await world.drawn()
        assert len(backend.specs) == 1


async def test_bad_arguments_are_explained_to_the_model(engine_template: Path, tmp_path: Path, able: FakeChat) -> None:
    able.queue([called("x", arguments='{"prompt": 7')], [called("x", name="delete_everything")], "Never mind.")
    async with open_world(engine_template, tmp_path, chat=able) as world:
        await world.say("What do you see?")
        assert "JSON object" in able.requests[1].messages[-1].text
        assert "no tool delete_everything" in able.requests[2].messages[-1].text
        assert able.requests[2].tools == ()
        assert world.platform.said == ["Never mind."]
        assert world.backend.specs == []


async def test_with_the_tool_words_become_an_offer_only(engine_template: Path, tmp_path: Path, able: FakeChat) -> None:
    async with open_world(engine_template, tmp_path, chat=able) as world:
        await world.say(WISH)
        assert world.backend.specs == []
        assert world.platform.said == ["The lamp flickers."]
        assert "Shall I draw" in world.platform.notices[0]


async def test_no_tool_where_the_chat_or_the_host_has_no_pictures(engine_template: Path, tmp_path: Path, able: FakeChat) -> None:
    async with open_world(engine_template, tmp_path, chat=able) as world:
        await world.set(character_pictures="off")
        await world.say("Hello.")
        assert able.requests[-1].tools == ()


# failures


async def test_a_failure_is_one_sentence_with_a_way_to_try_again(world: World) -> None:
    world.chat.queue(provider_error(ErrorKind.BUSY, host_detail="503 sk-secret"))
    await world.say("Good evening.")
    notice = world.platform.notices[0]
    assert "main is busy right now." in notice
    assert "sk-secret" not in notice
    (button,) = world.platform.buttons
    assert world.platform.said == []
    await world.press(button)
    await world.services.lanes.idle()
    assert world.platform.said == ["The lamp flickers."]
    assert [e.kind for e in await world.told()] == ["player", "character"]
    assert "answered meanwhile" in (await world.press(button)).text
    assert world.platform.replies[0].discarded


@pytest.mark.parametrize("window", [3000, None])
async def test_a_request_too_long_is_cut_and_sent_once_more(world: World, window: int | None) -> None:
    for number in range(6):
        await world.say(f"{number} " + "We walk along the shore and speak of nothing in particular. " * 40)
    before = world.chat.requests[-1]
    world.chat.queue(ProviderError(ErrorKind.CONTEXT_FULL, "main", window=window))
    await world.say("And then?")
    sent = world.chat.requests[-2:]
    assert _size(sent[1]) < _size(sent[0])
    assert _size(sent[1]) < _size(before)
    assert "And then?" in sent[1].messages[-1].text
    assert len(world.platform.said) == 7


async def test_a_request_too_long_twice_is_a_failure(world: World) -> None:
    world.chat.queue(*(ProviderError(ErrorKind.CONTEXT_FULL, "main", window=3000) for _ in range(2)))
    await world.say("Good evening.")
    assert len(world.chat.requests) == 2
    assert "no longer fits" in world.platform.notices[0]


def _size(request: ChatRequest) -> int:
    return sum(len(m.text) for m in request.messages)


async def test_an_empty_answer_is_asked_for_again_with_more_room(world: World) -> None:
    world.chat.queue([ReasoningDelta("Hm, what would she say?"), End("length")])
    await world.say("Good evening.")
    first, second = world.chat.requests
    assert first.max_tokens is not None
    assert second.max_tokens is not None
    assert second.max_tokens > first.max_tokens
    assert world.platform.said == ["The lamp flickers."]


async def test_two_empty_answers_are_a_failure(world: World) -> None:
    world.chat.queue([End("stop")], [TextDelta("  "), End("stop")])
    await world.say("Good evening.")
    assert "nothing to say" in world.platform.notices[0]
    assert world.platform.replies[0].discarded
    assert [e.kind for e in await world.told()] == ["player"]


async def test_thoughts_are_neither_shown_nor_stored(world: World) -> None:
    world.chat.queue([ReasoningDelta("secret plan"), TextDelta("<think>more plans</think>Good"), TextDelta(" evening."), End("stop")])
    await world.say("Hello.")
    assert world.platform.said == ["Good evening."]
    assert "plan" not in "".join(e.text for e in await world.told()) + "".join(world.platform.replies[0].shown)


async def test_a_refused_answer_says_so(world: World) -> None:
    world.chat.queue([End("filter")])
    await world.say("Hello.")
    assert "refused this content" in world.platform.notices[0]


async def test_an_answer_cut_by_an_unexpected_error(world: World) -> None:
    async def broken(request: ChatRequest) -> list[TextDelta]:
        raise RuntimeError("/home/host/key sk-123")

    world.chat.queue(broken)
    await world.say("Hello.")
    assert "went wrong on my side" in world.platform.notices[0]
    assert "sk-123" not in world.platform.notices[0]


async def test_a_place_that_is_gone_is_not_written_to(world: World) -> None:
    world.platform.faults.append(("finish", PlatformError(gone=True)))
    await world.say("Hello.")
    assert (world.platform.said, world.platform.notices) == ([], [])


async def test_people_who_are_not_admitted_are_told(engine_template: Path, tmp_path: Path) -> None:
    from bot.guard.rules import GuardRules

    async with open_world(engine_template, tmp_path, rules=GuardRules(deny_people=[f"telegram:{ANN.id}"])) as world:
        await world.say("Hello.")
        assert "has not opened it for you" in world.platform.notices[0]
        assert world.chat.requests == []
        async with world.services.db.read() as c:
            assert await chats.by_key(c, KEY, world.services.defaults) is None


async def test_floods_are_refused_by_the_guard_and_by_the_lane(engine_template: Path, tmp_path: Path) -> None:
    from bot.guard.rules import GuardRules

    async with open_world(engine_template, tmp_path, rules=GuardRules(messages_per_person_per_minute=2)) as world:
        for _ in range(3):
            await world.say("Hello.")
        assert len(world.platform.said) == 2
        assert "Too many messages" in world.platform.notices[0]


# files


def photo(handle: str, name: str = "cat.png", mime: str = "image/png") -> Attachment:
    return Attachment(name=name, mime=mime, size=100, handle=handle)


async def test_pictures_reach_a_model_that_sees(engine_template: Path, tmp_path: Path) -> None:
    async with open_world(engine_template, tmp_path, chat=FakeChat(image_in=True)) as world:
        world.platform.files["f1"] = png()
        await world.say("Look at this.", files=(photo("f1"), photo("f2", "notes.pdf", "application/pdf")))
        last = world.chat.requests[-1].messages[-1]
        assert [type(part).__name__ for part in last.parts] == ["TextPart", "ImagePart"]
        assert "[picture: cat.png] [file: notes.pdf]" in last.text
        await world.say("And now?")
        assert [type(part).__name__ for part in world.chat.requests[-1].messages[-1].parts] == ["TextPart"]


async def test_a_blind_model_is_told_of_files_only(world: World) -> None:
    await world.say("Look at this.", files=(photo("never fetched"),))
    assert "[picture: cat.png]" in world.chat.requests[-1].messages[-1].text
    assert world.platform.notices == []


@pytest.mark.parametrize(
    ("content", "reason"), [(b"x" * (21 * 1024 * 1024), "too large"), (b"not a picture", "not a picture"), (None, "gone")]
)
async def test_a_file_that_cannot_be_taken_is_named(engine_template: Path, tmp_path: Path, content: bytes | None, reason: str) -> None:
    async with open_world(engine_template, tmp_path, chat=FakeChat(image_in=True)) as world:
        if content is not None:
            world.platform.files["f1"] = content
        await world.say("Look at this.", files=(photo("f1"),))
        assert "cat.png" in world.platform.notices[0]
        assert reason in world.platform.notices[0]
        assert world.platform.said == ["The lamp flickers."]


# what changes later


async def test_an_edit_is_read_from_the_next_turn_on(world: World) -> None:
    event = await world.say("I open the door.")
    await world.engine.changed(Changed(chat=KEY, message_id=event.message_id, text="I stay outside."))
    await world.say("And now?")
    words = "".join(m.text for m in world.chat.requests[-1].messages)
    assert "I stay outside." in words
    assert "I open the door." not in words


async def test_a_deleted_message_is_erased(world: World) -> None:
    event = await world.say("My secret is 42.")
    await world.engine.changed(Changed(chat=KEY, message_id=event.message_id, text=None))
    await world.say("And now?")
    assert "42" not in "".join(m.text for m in world.chat.requests[-1].messages)
    async with world.services.db.read() as c:
        assert all("42" not in e.text for e in await world.told())
        assert (await inbox.by_id(c, 1)).payload == ""  # type: ignore[union-attr]


async def test_chats_do_not_read_each_other(world: World) -> None:
    await world.say("My secret is 42.")
    await world.say("What is my secret?", key=ChatKey("telegram", "", "2000"))
    assert "42" not in "".join(m.text for m in world.chat.requests[-1].messages)


async def test_the_newest_message_is_remembered_for_catching_up(world: World) -> None:
    await world.say("Hello.")
    last = await world.say("Hello again.")
    assert (await world.engine.last_seen("telegram"))[KEY] == last.message_id


async def test_another_one_goes_on_from_the_newest_picture(world: World) -> None:
    await world.say(WISH)
    await world.drawn()
    await world.say("another picture, but in winter")
    await world.drawn()
    first, second = world.backend.specs
    assert second.prompt == f"{first.prompt}, in winter"
    assert second.seed != first.seed


async def test_another_one_without_a_picture_is_an_ordinary_wish(world: World) -> None:
    await world.say("another picture please, but of a red boat")
    await world.drawn()
    assert "red boat" in world.backend.specs[0].prompt


@pytest.mark.parametrize("place", [Place(private=True), GROUP], ids=["private", "group"])
async def test_a_turn_costs_nine_statements(world: World, place: Place) -> None:
    """Taken in, chat, entry, stage, story; answer, its message as it appears, its post, done."""
    for number in range(4):  # the head is built; the calibration is stored after 1, 2, 4, 8 … answers
        await world.say(f"Line {number}.", place=place, author=BOB if number % 2 else ANN)
    with world.services.db.listening() as heard:
        await world.say("And what did the keeper say?", place=place)
    assert len(heard) <= 9, "\n".join(heard)


async def test_people_in_a_group_are_on_stage_with_what_they_told_of_themselves(world: World) -> None:
    async with world.services.db.write() as c:
        await personas.put(c, "telegram", BOB.id, "Robert", "a sailor with one eye")
        await personas.put(c, "telegram", "77", "Zoe", "never said a word here")
    await world.say("Good evening.", place=GROUP, author=BOB)
    await world.say("Who is that?", place=GROUP, author=ANN)
    head = world.chat.requests[-1].messages[0].text
    assert "a sailor with one eye" in head
    assert "never said a word" not in head
