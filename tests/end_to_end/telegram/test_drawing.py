"""Drawing from pictures on Telegram: the front end with the real engine behind it, and stand-ins for the models."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.domain.chat_settings import ChatSettings
from bot.frontends.telegram.frontend import TelegramFrontEnd
from bot.frontends.telegram.pacing import Pacer
from providers.contract import RenderSpec
from tests.end_to_end.telegram.conftest import TOKEN, World
from tests.end_to_end.telegram.pictures import png
from tests.end_to_end.telegram.standin import StandIn
from tests.engine_world import PLENTY, build_template, open_services, wire_world
from tests.fakes import FakeBackend, FakeChat

PICTURE = png((96, 64))
LARGEST = 100_000
"""Bytes of a file that this host reads."""
Json = dict[str, Any]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database to copy."""
    return build_template(tmp_path_factory.mktemp("template"))


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.02)


class Easel:
    """People, the bot and the backend it draws with."""

    def __init__(self, people: Any, chat: FakeChat, backend: FakeBackend) -> None:
        self.people, self.chat, self.backend = people, chat, backend

    async def spec(self, number: int = 1) -> RenderSpec:
        """The request that reached the backend."""
        await until(lambda: len(self.backend.specs) >= number)
        return self.backend.specs[number - 1]

    async def base(self, number: int = 1) -> bytes:
        """The picture that request is to be drawn from."""
        (reference,) = (await self.spec(number)).references
        assert reference.role == "base"
        return reference.data

    async def is_drawn_from(self, file: bytes, number: int = 1) -> None:
        """Photos are compressed by people's apps, so it is the shape that stays."""
        with Image.open(io.BytesIO(await self.base(number))) as drawn, Image.open(io.BytesIO(file)) as given:
            assert drawn.width / drawn.height == pytest.approx(given.width / given.height, rel=0.05)


@pytest.fixture
async def easel(server: World, template: Path, tmp_path: Path) -> AsyncIterator[Easel]:
    chat, backend, database = FakeChat(tools=False), FakeBackend(), tmp_path / "vignette.db"
    await asyncio.to_thread(shutil.copy, template, database)
    services = await open_services(
        database,
        tmp_path,
        models={chat.name: chat},
        backends={backend.name: backend},
        rules=replace(PLENTY, attachment_bytes=LARGEST),
        defaults=ChatSettings(character_pictures="off"),
    )
    engine = wire_world(services)
    front = TelegramFrontEnd(TOKEN, server.url, engine, pacer=Pacer(0.05, 0.1))
    services.platforms["telegram"] = front
    await front.start()
    await engine.start()
    yield Easel(server.people, chat, backend)
    await front.stop()
    await engine.stop(grace=0.5)
    await services.db.close()


def shows_picture(message: Json) -> bool:
    return "photo" in message


def with_words(words: str) -> Callable[[Json], bool]:
    return lambda message: words in (message.get("text") or message.get("caption") or "")


async def test_words_as_caption(easel: Easel) -> None:
    ann = await easel.people.user("Ann")
    await ann.upload(PICTURE, caption="turn this into an oil painting")
    await easel.is_drawn_from(PICTURE)
    assert "oil painting" in (await easel.spec()).prompt


async def test_a_command_as_caption(easel: Easel) -> None:
    ann = await easel.people.user("Ann")
    await ann.upload(PICTURE, caption="/imagine denoise=0.4 watercolour")
    await easel.is_drawn_from(PICTURE)
    spec = await easel.spec()
    assert (spec.denoise, "watercolour" in spec.prompt) == (0.4, True)
    assert spec.width / spec.height == pytest.approx(1.5, rel=0.1)
    await ann.expect("edit", where=shows_picture)


async def test_a_reply_to_somebodys_picture(easel: Easel) -> None:
    ann, bob = await easel.people.user("Ann"), await easel.people.user("Bob")
    group = await easel.people.group("Guild", ann, [bob], bot_admin=True)
    (photo,) = await ann.upload(PICTURE, chat=group)
    (file,) = await ann.upload(png((40, 90)), kind="document", chat=group, names=["tall.png"])
    await bob.say("/imagine@vignette_test_bot watercolour", chat=group, reply_to=photo)
    await easel.is_drawn_from(PICTURE)
    await bob.say("@vignette_test_bot make this into an oil painting", chat=group, reply_to=file)
    assert await easel.base(2) == png((40, 90))
    assert "oil painting" in (await easel.spec(2)).prompt


async def test_a_reply_to_the_bots_own_picture(easel: Easel) -> None:
    ann = await easel.people.user("Ann")
    await ann.say("/imagine a lighthouse")
    own = await ann.expect("edit", where=shows_picture)
    assert (await easel.spec()).references == ()
    await ann.say("make it as a winter scene", reply_to=own)
    base = await easel.base(2)
    assert base.startswith(b"\x89PNG")  # our own take, not what Telegram made of it
    assert "lighthouse" in (await easel.spec(2)).prompt
    assert "winter" in (await easel.spec(2)).prompt
    await ann.say("/draw-from in the style of a woodcut", reply_to=own)
    assert await easel.base(3) == base
    assert await easel.people.calls("getFile") == []


async def test_the_action_without_words_shows_the_prompt_first(easel: Easel) -> None:
    ann = await easel.people.user("Ann")
    (photo,) = await ann.upload(PICTURE)
    await ann.expect()  # the character answers
    await ann.say("/draw_from", reply_to=photo)
    proposal = await ann.expect("edit", where=with_words("This is what I would draw"))
    assert easel.backend.specs == []
    await ann.click(proposal, text="🎨 Draw")
    await easel.is_drawn_from(PICTURE)


async def test_a_sticker(easel: Easel) -> None:
    ann = await easel.people.user("Ann")
    (sticker,) = await ann.upload(PICTURE, kind="sticker")
    await ann.say("/draw_from a knitted toy", reply_to=sticker)
    assert await easel.base() == PICTURE


async def test_what_is_too_large_is_said_and_the_words_are_heard(easel: Easel) -> None:
    ann = await easel.people.user("Ann")
    large = png((300, 200), noise=True)
    assert len(large) > LARGEST
    (file,) = await ann.upload(large, kind="document", caption="/imagine watercolour")
    assert "too large" in (await ann.expect())["text"]
    await ann.upload(large, kind="document", caption="turn this into an oil painting")
    assert "too large" in (await ann.expect(where=with_words("too large")))["text"]
    await ann.say("/draw_from a woodcut", reply_to=file)
    assert "too large" in (await ann.expect(where=with_words("too large")))["text"]
    assert easel.backend.specs == []
    easel.chat.queue("I still hear you.")
    await ann.say("Are you there?")
    await ann.expect(where=with_words("I still hear you."))
    heard = " ".join(m.text for m in easel.chat.requests[-1].messages)
    assert "oil painting" in heard


async def test_what_is_no_picture_is_said(easel: Easel) -> None:
    ann = await easel.people.user("Ann")
    await ann.upload(b"just words", kind="document", names=["holiday.txt"], caption="/imagine watercolour")
    assert "not a picture" in (await ann.expect())["text"]
    await ann.upload(b"just words", kind="document", names=["holiday.png"], caption="/imagine watercolour")
    assert "not a picture" in (await ann.expect())["text"]
    words = await ann.say("no picture here")
    await ann.expect()
    await ann.say("/draw_from a woodcut", reply_to=words)
    assert "no picture to draw from" in (await ann.expect(where=with_words("picture")))["text"]
    assert easel.backend.specs == []


async def test_a_picture_that_is_gone_is_said(easel: Easel) -> None:
    if not isinstance(easel.people, StandIn):
        pytest.skip("files do not vanish from the larger simulator")
    ann = await easel.people.user("Ann")
    (photo,) = await ann.upload(PICTURE)
    await ann.expect()
    easel.people.files.clear()
    await ann.say("/imagine watercolour", reply_to=photo)
    assert "no longer has this file" in (await ann.expect())["text"]
    await ann.say("turn this into an oil painting", reply_to=photo)
    await ann.expect(where=with_words("no longer has this file"))
    assert easel.backend.specs == []
