"""Drawing from pictures on Discord: the front end with the real engine behind it, and stand-ins for the models."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.chat_settings import ChatSettings
from providers.contract import (
    Choice,
    RenderSpec,
)
from tests.end_to_end.discord.recording import until
from tests.end_to_end.discord.simulated import HERE, World
from tests.engine_world import PLENTY, build_template, open_services, wire_world
from tests.fakes import FakeBackend, FakeChat, png

PICTURE = png(96, 64)
LARGEST = 100_000
"""Bytes of a file that this host reads."""
Json = dict[str, Any]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database to copy."""
    return build_template(tmp_path_factory.mktemp("template"))


class Easel:
    """A server with people, the bot and the backends it draws with."""

    def __init__(self, world: World, chat: FakeChat, backend: FakeBackend) -> None:
        self.world, self.chat, self.backend = world, chat, backend
        self.app, self.ch, self.alice, self.bob = world.app, world.ch, world.alice, world.bob

    @property
    def me(self) -> str:
        return f"<@{self.app.bot_id}>"

    async def spec(self, number: int = 1) -> RenderSpec:
        """The request that reached the backend."""
        await until(lambda: len(self.backend.specs) >= number, "a request to the backend")
        return self.backend.specs[number - 1]

    async def base(self, number: int = 1) -> bytes:
        """The picture that request is to be drawn from."""
        (reference,) = (await self.spec(number)).references
        assert reference.role == "base"
        return reference.data

    async def sees(self, fits: Callable[[Json], Any]) -> Json:
        """A message of the bot that fits, as the channel shows it now."""
        async with asyncio.timeout(10):
            while True:
                for message in await self.bob.history(self.ch):
                    if message["author"]["id"] == self.app.bot_id and fits(message):
                        return message  # type: ignore[no-any-return]
                await asyncio.sleep(0.05)

    async def answer(self, interaction: Any) -> str:
        """What a command answers to its user alone."""
        words: str = (await interaction.followup())["content"]
        return words


@pytest.fixture
async def easel(template: Path, tmp_path: Path) -> AsyncIterator[Easel]:
    if not HERE:
        pytest.skip("VIGNETTE_SHARED has no Discord simulator")
    from discord_sim import Driver, Sim  # type: ignore[import-not-found,unused-ignore]

    chat, backend, database = FakeChat(tools=False), FakeBackend(), tmp_path / "vignette.db"
    await asyncio.to_thread(shutil.copy, template, database)
    services = await open_services(
        database,
        tmp_path,
        models={chat.name: chat},
        backends={backend.name: backend, "second": Sampling("second")},
        rules=replace(PLENTY, attachment_bytes=LARGEST),
        defaults=ChatSettings(character_pictures="off", backend="easel"),
    )
    engine = wire_world(services)
    async with Sim(rate_limits="off") as sim, Driver(sim.url) as driver:
        world = World(sim, driver)
        await world.build(engine)  # type: ignore[arg-type]
        services.platforms["discord"] = world.front
        await engine.start()
        yield Easel(world, chat, backend)
        await world.close()
        await engine.stop(grace=0.5)
        await services.db.close()
        notes = await world.bad_notes()
    assert notes == []


class Sampling(FakeBackend):
    """A backend with samplers of its own."""

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        return ("Heun", "Heun++") if setting == "sampler" else ()


def pictured(message: Json) -> bool:
    from discord_sim.human import media  # type: ignore[import-not-found,unused-ignore]

    return bool(media(message))


def says(words: str) -> Callable[[Json], bool]:
    return lambda message: words in str(message["content"]) or words in str(message["components"])


async def test_words_with_a_picture(easel: Easel) -> None:
    await easel.bob.send(easel.ch, f"{easel.me} turn this into an oil painting", files=[("garden.png", PICTURE)])
    assert await easel.base() == PICTURE
    assert "oil painting" in (await easel.spec()).prompt
    await easel.sees(pictured)


async def test_a_command_with_a_picture(easel: Easel) -> None:
    more = {"prompt": "watercolour", "denoise": 0.4, "image": ("garden.png", PICTURE)}
    await (await easel.bob.slash(easel.app, easel.ch, "imagine", **more)).acknowledged()
    assert await easel.base() == PICTURE
    spec = await easel.spec()
    assert (spec.denoise, "watercolour" in spec.prompt) == (0.4, True)
    assert spec.width / spec.height == pytest.approx(1.5, rel=0.1)


async def test_words_that_answer_somebodys_picture(easel: Easel) -> None:
    theirs = await easel.alice.send(easel.ch, "my garden", files=[("garden.png", PICTURE)])
    await easel.bob.send(easel.ch, f"{easel.me} make this into an oil painting", reply_to=theirs)
    assert await easel.base() == PICTURE


async def test_words_that_answer_the_bots_own_picture(easel: Easel) -> None:
    await (await easel.bob.slash(easel.app, easel.ch, "imagine", prompt="a lighthouse")).acknowledged()
    own = await easel.sees(pictured)
    assert (await easel.spec()).references == ()
    await easel.bob.send(easel.ch, "make it as a winter scene", reply_to=own)
    base = await easel.base(2)
    assert base.startswith(b"\x89PNG")
    prompt = (await easel.spec(2)).prompt
    assert "lighthouse" in prompt
    assert "winter" in prompt


async def test_the_action_on_a_picture(easel: Easel) -> None:
    theirs = await easel.alice.send(easel.ch, "", files=[("garden.png", PICTURE)])
    await (await easel.bob.context_menu(easel.app, easel.ch, "Draw from this picture", theirs)).acknowledged()
    proposal = await easel.sees(says("This is what I would draw"))
    assert easel.backend.specs == []
    await easel.bob.click(proposal, "🎨 Draw")
    assert await easel.base() == PICTURE
    own = await easel.sees(pictured)
    await (await easel.bob.context_menu(easel.app, easel.ch, "Draw from this picture", own)).acknowledged()
    proposal = await easel.sees(lambda m: m["id"] > own["id"] and says("This is what I would draw")(m))
    await easel.bob.click(proposal, "🎨 Draw")
    assert await easel.base(2) not in (b"", PICTURE)  # our own take


async def test_what_is_too_large_is_said_and_the_words_are_heard(easel: Easel) -> None:
    large = ("large.png", b"\x89PNG" + bytes(LARGEST))
    assert "too large" in await easel.answer(await easel.bob.slash(easel.app, easel.ch, "imagine", prompt="watercolour", image=large))
    theirs = await easel.alice.send(easel.ch, "", files=[large])
    action = await easel.bob.context_menu(easel.app, easel.ch, "Draw from this picture", theirs)
    assert "too large" in await easel.answer(action)
    await easel.bob.send(easel.ch, f"{easel.me} turn this into an oil painting", files=[large])
    await easel.sees(says("too large"))
    assert easel.backend.specs == []
    easel.chat.queue("I still hear you.")
    await easel.bob.send(easel.ch, f"{easel.me} are you there?")
    await easel.sees(says("I still hear you."))
    assert "oil painting" in " ".join(m.text for m in easel.chat.requests[-1].messages)


async def test_what_is_no_picture_is_said(easel: Easel) -> None:
    for name in ("holiday.txt", "holiday.png"):
        given = await easel.bob.slash(easel.app, easel.ch, "imagine", prompt="watercolour", image=(name, b"just words"))
        told = await easel.answer(given)
        assert "picture" in told
        assert "log under" not in told
    words = await easel.alice.send(easel.ch, "no picture here")
    action = await easel.bob.context_menu(easel.app, easel.ch, "Draw from this picture", words)
    assert "no picture to draw from" in await easel.answer(action)
    assert easel.backend.specs == []


async def test_a_picture_that_is_gone_is_said(easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(address: str, limit: int) -> None:
        return None  # as the file host's 404 is read

    theirs = await easel.alice.send(easel.ch, "", files=[("garden.png", PICTURE)])
    monkeypatch.setattr(easel.world.front._fetcher, "get", gone)
    action = await easel.bob.context_menu(easel.app, easel.ch, "Draw from this picture", theirs)
    assert "no longer has this file" in await easel.answer(action)


async def test_suggestions_know_the_other_options(easel: Easel) -> None:
    async def suggested(command: str, option: str, typed: str = "", **filled: Any) -> list[str]:
        return [choice["value"] for choice in await easel.bob.autocomplete(easel.app, easel.ch, command, option, typed, **filled)]

    assert await suggested("settings set", "value", name="controls") == ["buttons", "reactions", "both", "default"]
    assert await suggested("imagine", "backend") == ["easel", "second"]
    assert await suggested("imagine", "options", "sampler=", backend="easel") == ['sampler="Euler a"', 'sampler="DPM++ 2M"']
    assert await suggested("imagine", "options", "hires=on sampler=h", backend="second") == [
        "hires=on sampler=Heun",
        "hires=on sampler=Heun++",
    ]
