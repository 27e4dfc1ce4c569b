"""Every other command with every kind of option, as people type and choose them."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import zlib
from functools import partial

import pytest
from PIL import Image, PngImagePlugin

from tests.end_to_end.full.conftest import House
from tests.end_to_end.full.people import Bubble, Someone, TelegramPerson

pytestmark = pytest.mark.asyncio(loop_scope="session")

CARD = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {
        "name": "Tam",
        "description": "Tam is {{char}}'s <b>name</b>, a baker of forty with flour on his arms. {{user}} is his guest.",
        "personality": "warm",
        "scenario": "A bakery at dawn.",
        "first_mes": "Come in, {{user}}! The bread is hot.",
        "alternate_greetings": ["Closed today, {{user}}."],
        "mes_example": "",
        "creator_notes": "",
        "system_prompt": "",
        "post_history_instructions": "",
        "tags": [],
        "creator": "",
        "character_version": "",
        "extensions": {},
    },
}


def card_json(name: str = "Tam") -> bytes:
    return json.dumps(CARD | {"data": {**CARD["data"], "name": name}}).encode()  # type: ignore[dict-item]


def card_png(name: str = "Tam") -> bytes:
    out, words = io.BytesIO(), PngImagePlugin.PngInfo()
    words.add_text("chara", base64.b64encode(card_json(name)).decode())
    Image.new("RGB", (64, 96), "orange").save(out, "PNG", pnginfo=words)
    return out.getvalue()


async def test_help_names_every_command_and_explains_one(ann: Someone) -> None:
    await ann.run("help")
    await ann.sees("/imagine")
    told = "\n".join(b.text for b in await ann.bubbles())
    for word in ("/retry", "/gallery", "/settings", "/persona", "/forget"):
        assert word in told
    await ann.run("help", command="imagine")
    await ann.sees("negative")
    await ann.run("help", command="nonsense")
    await ann.sees("no command «nonsense»")


@pytest.mark.parametrize("alias", ["sd", "img", "image"])
async def test_aliases_draw(ann: Someone, clean: House, alias: str) -> None:
    await ann.run(alias, prompt="a small boat")
    await ann.picture()
    assert "a small boat" in clean.draw.prompts()[0]


async def test_settings_are_shown_set_refused_and_reset(ann: Someone) -> None:
    await ann.run("settings show")
    await ann.sees("interactive_reply")
    for name, value, answer in (
        ("width", "768", "it was"),
        ("width", "enormous", "expected: 64 to 4096"),
        ("width", "9", "expected: 64 to 4096"),
        ("streaming", "off", "it was on"),
        ("streaming", "perhaps", "expected: on, off"),
        ("approve_words", "never", "expected: automatic, ask, manual"),
        ("no_such", "1", "There is no setting"),
        ("backend", "nowhere", "Known: local, pencil"),
        ("chat_model", "gpt", "Known: main, plain, author"),
    ):
        await ann.run("settings set", name=name, value=value)
        fits = partial(answers, answer, name.replace("_", " "))
        await ann.sees(fits)
    await ann.run("settings show", name="width")
    await ann.sees(lambda b: "Width in pixels" in b.text and "768" in b.text)
    await ann.run("settings reset")
    await ann.sees("back at the host's defaults")
    await ann.run("settings show", name="width")
    await ann.sees(lambda b: "Width in pixels" in b.text and "is 512" in plain(b.text))


def answers(answer: str, name: str, bubble: Bubble) -> bool:
    return answer in plain(bubble.text) and name in plain(bubble.text).replace("_", " ")


def plain(text: str) -> str:
    return text.replace("`", "").replace("*", "")


async def test_styles_and_variables_reach_the_prompt(ann: Someone, clean: House) -> None:
    await ann.run("setvar", key="weather", value="heavy rain")
    await ann.sees("heavy rain")
    await ann.run("getvar", key="weather")
    await ann.run("getvar", key="nothing")
    await ann.sees("is not set")
    await ann.run("settings set", name="prefix", value="in {{getvar::weather}}, {prompt}, oil painting")
    await ann.sees("oil painting")
    await ann.run("imagine", prompt="a bridge")
    await ann.picture()
    assert "in heavy rain, a bridge, oil painting" in clean.draw.prompts()[0]
    await ann.run("style save", name="Ink", prefix="ink drawing", negative="colour")
    await ann.sees("saved")
    await ann.run("style use", name="ink")
    await ann.sees("is in use")
    await ann.run("style list")
    await ann.sees("▶ Ink") if isinstance(ann, TelegramPerson) else await ann.sees("▶ **Ink**")
    await ann.run("imagine", prompt="a road")
    await ann.sees(lambda b: b.picture and len(clean.draw.asked) == 2)
    assert "ink drawing" in clean.draw.prompts()[1]
    assert "oil painting" not in clean.draw.prompts()[1]
    assert "colour" in clean.draw.asked[1]["negative_prompt"]
    await ann.run("style delete", name="Ink")
    await ann.sees("is deleted")
    await ann.run("style use", name="Ink")
    await ann.sees("There is no style «Ink»")


@pytest.mark.parametrize("kind", ["png", "json"])
async def test_a_card_is_imported_used_and_exported(ann: Someone, clean: House, kind: str) -> None:
    await ann.run("character list")
    await ann.sees("Mirren")
    data = card_png() if kind == "png" else card_json()
    await ann.run("character import", file=(f"tam.{kind}", data))
    await ann.sees("has joined")
    await ann.run("character show", name="tam")
    await ann.sees("A bakery at dawn.")
    await ann.run("character use", name="Tam", greeting=2)
    await ann.sees("Closed today, Ann") if isinstance(ann, TelegramPerson) else await ann.sees("Closed today, ann")
    clean.chat.say("Bread?")
    await ann.say("Good morning!")
    await ann.sees("Bread?")
    assert "a baker of forty" in json.dumps(clean.chat.asked[-1]["messages"])
    await ann.run("character prefix", prefix="baker, white apron", negative="hat")
    await ann.sees("white apron")
    await ann.run("imagine", prompt="{{charPrefix}}, at the oven")
    await ann.picture()
    assert "baker, white apron" in clean.draw.prompts()[0]
    await ann.run("character export", name="Tam")
    await ann.sees(lambda b: b.file or "card file" in b.text or "as a character card" in b.text)


async def test_hostile_cards_are_refused_with_a_reason(ann: Someone, clean: House) -> None:
    bomb = zlib.compress(b"\0" * 30_000_000, 9)
    chunk = b"zTXtchara\0\0" + bomb
    png = card_png()
    hostile = png[:33] + (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + png[33:]
    for name, data in (
        ("deep.json", b"[" * 100_000),
        ("list.json", b"[1, 2, 3]"),
        ("empty.json", b"{}"),
        ("noise.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40),
        ("plain.png", _plain_png()),
        ("text.png", b"hello"),
        ("binary.json", b"\xff\xfe\0\1"),
    ):
        before = len(await ann.bubbles())
        await ann.run("character import", file=(name, data))
        refused = await next_bubble(ann, before)
        assert "has joined" not in refused.text, name
        assert "Something went wrong" not in refused.text, (name, refused.text)
    await ann.run("character import", file=("bomb.png", hostile))
    await ann.sees(lambda b: b.text != "" and "bomb" not in b.text)
    await ann.run("character list")
    assert "Mirren" in (await ann.sees("Mirren")).text


async def next_bubble(person: Someone, before: int) -> Bubble:
    """The message that follows the first ``before`` ones."""
    await person.sees(lambda b: True)
    for _ in range(200):
        shown = await person.bubbles()
        if len(shown) > before and shown[-1].text:
            return shown[-1]
        await asyncio.sleep(0.1)
    raise AssertionError("no answer")


def _plain_png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()


async def test_a_persona_is_told_to_the_model(ann: Someone, clean: House) -> None:
    await ann.run("persona", name="Captain Reed", description="a tall woman with a red scarf")
    await ann.sees("You are")
    await ann.say("Good evening.")
    await ann.sees("Answer number")
    head = json.dumps(clean.chat.asked[-1]["messages"])
    assert "Captain Reed" in head
    assert "red scarf" in head


async def test_gallery_pages(ann: Someone, clean: House) -> None:
    await ann.run("gallery")
    await ann.sees(lambda b: "no pictures" in b.text.lower())
    for n in range(8):
        await ann.run("imagine", prompt=f"thing number {n}", quiet=True)
    async with asyncio.timeout(30):
        while len(clean.draw.asked) < 8:
            await asyncio.sleep(0.1)
    await ann.run("status")
    await ann.sees("Mirren")
    await ann.run("show-gallery")
    page = await ann.sees("thing number 7")
    assert "▶" in page.buttons
    await ann.press(page, "▶")
    older = await ann.sees("thing number 0")
    await ann.press(older, older.buttons[0])
    await ann.sees(lambda b: b.picture)
    await ann.run("gallery", page=9999)
    await ann.sees(lambda b: "page" in b.text.lower())


async def test_status_cancel_and_forget(ann: Someone, clean: House) -> None:
    await ann.run("cancel")
    await ann.sees("Nothing of yours")
    await ann.say("My secret word is rhubarb.")
    await ann.sees("Answer number")
    await ann.run("forget")
    ask = await ann.sees("erases")
    await ann.press(ask, "🗑️ Erase everything")
    await ann.sees("Forgotten.")
    clean.chat.say("Which word?")
    await ann.say("What was the word?")
    await ann.sees("Which word?")
    assert await ann.said("Answer number") == 0
    assert "rhubarb" not in json.dumps(clean.chat.asked[-1]["messages"])


async def test_wrong_commands_are_explained(ann: Someone) -> None:
    if isinstance(ann, TelegramPerson):
        for line, answer in (
            ("/imagne a cat", "Did you mean /imagine?"),
            ("/imagine steps=many a cat", "whole number from 1 to 150"),
            ("/imagine steps=9999 a cat", "whole number from 1 to 150"),
            ('/imagine negative="open', "never closed"),
            ("/style", "no styles"),
            ("/style fly", "does not know «fly»"),
            ("/setvar", "needs «key»"),
            ("/character use", "needs «name»"),
            ("/character import", "card"),
        ):
            await ann.say(line)
            await ann.sees(answer)
    else:
        await ann.run("character use", name="Nobody")
        await ann.sees("There is no character «Nobody»")
        await ann.run("settings set", name="author_note", value="x" * 2001)
        await ann.sees("up to 2000 characters")
