"""Pictures: asked for in words, by the character, by command; approved, flipped, changed, cancelled, deleted."""

from __future__ import annotations

import asyncio
import json
from functools import partial

import pytest

from tests.end_to_end.full.conftest import House
from tests.end_to_end.full.people import Bubble, Someone
from tests.fakes_servers import Say

pytestmark = pytest.mark.asyncio(loop_scope="session")
LIGHTHOUSE = "send me a picture of a lighthouse in a storm"


def drafted(prompt: str) -> str:
    """What a writer model answers."""
    return json.dumps({"prompt": prompt})


async def test_words_draw_at_once_without_a_tool(ann: Someone, clean: House) -> None:
    await ann.run("settings set", name="chat_model", value="plain")
    await ann.sees("chat_model")
    await ann.say(LIGHTHOUSE)
    await ann.picture()
    assert [p for p in clean.draw.prompts() if "lighthouse in a storm" in p]
    assert clean.chat.asked_of("plain") == []
    assert clean.chat.asked_of("story") == []


async def test_words_may_bring_picture_and_reply(ann: Someone, clean: House) -> None:
    await ann.run("settings set", name="chat_model", value="plain")
    await ann.sees("chat_model")
    await ann.run("settings set", name="interactive_reply", value="both")
    await ann.sees("interactive_reply")
    clean.chat.say("Here it comes.", model="plain")
    await ann.say(LIGHTHOUSE)
    await ann.picture()
    await ann.sees("Here it comes.")
    assert len(clean.draw.asked) == 1


async def test_a_missed_call_becomes_an_offer_that_draws_once(ann: Someone, clean: House) -> None:
    clean.chat.say("A lighthouse, you say? How lovely.")
    await ann.say(LIGHTHOUSE)
    offer = await ann.sees("Shall I draw this")
    assert clean.draw.asked == []
    await asyncio.gather(ann.press(offer, "🎨 Draw"), ann.press(offer, "🎨 Draw"), return_exceptions=True)
    await ann.picture()
    assert len(clean.draw.asked) == 1
    assert len(await ann.pictures()) == 1


async def test_the_character_sends_a_picture_by_tool(ann: Someone, clean: House) -> None:
    call = Say("", call=("generate_image", {"prompt": "a red lighthouse at night"}))
    clean.chat.say(call, "There, I sent you one.")
    await ann.say("What do you see out there?")
    await ann.sees("There, I sent you one.")
    await ann.picture()
    assert "a red lighthouse at night" in clean.draw.prompts()[0]
    told = clean.chat.asked_of()[-1]["messages"][-1]
    assert told["role"] == "tool"
    assert "queued" in told["content"]
    assert len(clean.draw.asked) == 1


async def test_the_scene_tag_draws_and_is_never_shown(ann: Someone, clean: House) -> None:
    await ann.run("settings set", name="character_pictures", value="tag")
    await ann.sees("character_pictures")
    clean.chat.say("Look at the water. Is it not calm?\n<img>a boat under the moon</img>")
    await ann.say("Where are we?")
    await ann.sees("Is it not calm?")
    await ann.picture()
    assert "a boat under the moon" in clean.draw.prompts()[0]
    assert await ann.said("boat under the moon") == 0
    assert await ann.said("img") == 0
    assert "<img>" in json.dumps(clean.chat.asked_of()[0]["messages"])
    assert "tools" not in clean.chat.asked_of()[0]


async def test_flips_and_another_with_the_same_prompt(ann: Someone, clean: House) -> None:
    await ann.run("imagine", prompt="an apple tree", seed=77, width=512, height=640, steps=12, negative="people")
    one = await ann.picture()
    body = clean.draw.asked[0]
    assert (body["seed"], body["width"], body["height"], body["steps"]) == (77, 512, 640, 12)
    assert "people" in body["negative_prompt"]
    await ann.press(one, "▶")
    two = await ann.picture(count="2/2")
    assert two.id == one.id
    again = clean.draw.asked[1]
    assert again["prompt"] == body["prompt"]
    assert again["negative_prompt"] == body["negative_prompt"]
    assert again["seed"] != 77
    await ann.press(two, "◀")
    back = await ann.picture(count="1/2")
    assert back.picture != two.picture
    await ann.press(back, "▶")
    assert (await ann.picture(count="2/2")).id == one.id
    assert len(clean.draw.asked) == 2


async def test_edit_rewrite_info_delete(ann: Someone, clean: House) -> None:
    await ann.run("imagine", prompt="an old mill")
    one = await ann.picture()
    await ann.fill(one, "✏️", 'a new mill with {{char}}\'s *flag* & "quotes" @everyone')
    two = await ann.picture(count="2/2")
    assert "a new mill" in clean.draw.prompts()[1]
    clean.chat.say(drafted("a mill drawn anew by the writer"), model="writer")
    await ann.press(two, "✨")
    three = await ann.picture(count="3/3")
    assert "a mill drawn anew by the writer" in clean.draw.prompts()[2]
    await ann.press(three, "ℹ️")
    info = await ann.sees("a mill drawn anew")
    assert "Seed" in info.text
    await ann.press(await ann.picture(count="3/3"), "🗑️")
    await gone(ann, one)


async def gone(person: Someone, bubble: Bubble) -> None:
    async with asyncio.timeout(10):
        while any(b.id == bubble.id for b in await person.bubbles()):
            await asyncio.sleep(0.1)


async def test_asking_first(ann: Someone, clean: House) -> None:
    await ann.run("imagine", prompt="a quiet harbour", edit=True)
    proposal = await ann.sees("a quiet harbour")
    assert "🎨 Draw" in proposal.buttons
    assert clean.draw.asked == []
    await ann.fill(proposal, "✏️ Edit prompt", "a loud harbour")
    await ann.picture()
    assert len(clean.draw.asked) == 1
    assert "a loud harbour" in clean.draw.prompts()[0]
    await ann.run("imagine", prompt="a second harbour", edit=True)
    second = await ann.sees(lambda b: "a second harbour" in b.text and "🎨 Draw" in b.buttons)
    await asyncio.gather(ann.press(second, "🎨 Draw"), ann.press(second, "🎨 Draw"), return_exceptions=True)
    await ann.sees(lambda b: b.id == second.id and b.picture)
    assert len(clean.draw.asked) == 2
    await ann.run("imagine", prompt="a third harbour", edit=True)
    third = await ann.sees(lambda b: "a third harbour" in b.text and "✖ Dismiss" in b.buttons)
    await ann.press(third, "✖ Dismiss")
    await ann.sees("Dismissed.")
    assert len(clean.draw.asked) == 2


def ended(message_id: str, bubble: Bubble) -> bool:
    return bubble.id == message_id and "Cancelled" in bubble.text


async def test_cancel_reaches_the_backend(ann: Someone, clean: House) -> None:
    for how in ("button", "command"):
        clean.draw.hold = asyncio.Event()
        before = clean.draw.interrupts
        await ann.run("imagine", prompt=f"a slow picture for the {how}")
        drawing = await ann.sees(lambda b: "✖ Cancel" in b.buttons and "Drawing" in b.text)
        if how == "button":
            await ann.press(drawing, "✖ Cancel")
        else:
            await ann.run("cancel")
        await ann.sees(partial(ended, drawing.id))
        assert clean.draw.interrupts == before + 1
        clean.draw.hold = None
    assert await ann.pictures() == []


async def test_a_failing_backend_gives_one_sentence_and_a_way_on(ann: Someone, clean: House) -> None:
    clean.draw.faults.extend([500] * 6)
    await ann.run("imagine", prompt="a broken vase")
    failed = await ann.sees(lambda b: "⚠️" in b.text and "🔁 Try again" in b.buttons, patience=60)
    clean.draw.faults.clear()
    await ann.press(failed, "🔁 Try again")
    await ann.sees(lambda b: b.id == failed.id and b.picture)
    assert await ann.said("⚠️") == 0


async def test_every_mode_from_the_menu_and_by_word(ann: Someone, clean: House) -> None:
    clean.chat.say("The kettle sings on the stove.")
    await ann.say("Hello.")
    await ann.sees("The kettle sings")
    await ann.run("imagine")
    menu = await ann.sees("What shall I draw?")
    assert len(menu.buttons) == 7
    clean.chat.say(drafted("portrait of the host"), model="writer")
    await ann.press(menu, menu.buttons[0])
    await ann.picture()
    assert "portrait of the host" in clean.draw.prompts()[0]
    for number, mode in enumerate(("face", "scene", "background"), 2):
        clean.chat.say(drafted(f"drawn as {mode}"), model="writer")
        await ann.run("imagine", prompt=mode)
        await until(lambda n=number: len(clean.draw.asked) == n)
        assert f"drawn as {mode}" in clean.draw.prompts()[-1]
    shapes = [(b["width"], b["height"]) for b in clean.draw.asked]
    assert shapes[1][1] > shapes[1][0]
    assert shapes[3][0] > shapes[3][1]
    await ann.run("imagine", prompt="raw_last")
    await until(lambda: len(clean.draw.asked) == 5)
    assert "The kettle sings on the stove." in clean.draw.prompts()[-1]


async def until(ready: object, patience: float = 20) -> None:
    assert callable(ready)
    async with asyncio.timeout(patience):
        while not ready():
            await asyncio.sleep(0.05)


async def test_free_text_extended_and_quiet(ann: Someone, clean: House) -> None:
    clean.chat.say(drafted("a cute potato in a green field, golden light"), model="writer")
    await ann.run("imagine", prompt="cute tater", extend=True, sampler="DPM++ 2M", cfg=4.5, skip=2)
    await ann.picture()
    body = clean.draw.asked[0]
    assert "a cute potato in a green field" in body["prompt"]
    assert (body["sampler_name"], body["cfg_scale"]) == ("DPM++ 2M", 4.5)
    await ann.run("imagine", prompt="a secret garden", quiet=True)
    await ann.sees("Drawing quietly")
    await until(lambda: len(clean.draw.asked) == 2)
    assert len(await ann.pictures()) == 1
    await ann.run("gallery")
    assert "a secret garden" in (await ann.sees("secret garden")).text


async def test_message_actions(ann: Someone, clean: House) -> None:
    clean.chat.say("A white horse runs along the beach.")
    await ann.say("Tell me something.")
    told = await ann.sees("A white horse")
    await ann.run("draw-as-written", on=told)
    await ann.picture()
    assert "A white horse runs along the beach." in clean.draw.prompts()[0]
    clean.chat.say(drafted("white horse, beach, dawn"), model="writer")
    await ann.run("illustrate", on=told)
    await until(lambda: len(clean.draw.asked) == 2)
    assert "white horse, beach, dawn" in clean.draw.prompts()[1]


async def test_reactions_are_controls(ann: Someone, clean: House) -> None:
    await ann.run("settings set", name="controls", value="reactions")
    await ann.sees("controls")
    await ann.run("imagine", prompt="a tall tower")
    one = await ann.sees(lambda b: b.picture)
    assert one.buttons == ()
    await ann.react(one, "👌" if ann.platform == "telegram" else "▶️")
    await until(lambda: len(clean.draw.asked) == 2)
    await ann.sees(lambda b: b.id == one.id and b.picture != one.picture)
    assert clean.draw.asked[0]["prompt"] == clean.draw.asked[1]["prompt"]


async def test_prompts_full_of_everything(ann: Someone, clean: House) -> None:
    prompt = '{{user}} & {{char}} at @everyone <b>*dawn*</b> {"a": [1]} `x` ```code``` {{setvar::w::rain}}{{getvar::w}} \\ _ ~ | 🎨'
    await ann.run("imagine", prompt=prompt)
    one = await ann.picture()
    sent = clean.draw.prompts()[0]
    assert "rain" in sent
    assert "{{" not in sent
    await ann.press(one, "ℹ️")
    info = await ann.sees("Seed")
    assert not info.raw.get("mention_everyone")
