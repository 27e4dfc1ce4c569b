"""The sketch renderer: what is named appears, what is refused stays out, and the same request gives the same bytes."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from providers.contract import Progress, ProviderConfig, RenderSpec
from providers.errors import ErrorKind, ProviderError
from providers.images.sketch import process
from providers.images.sketch.backend import SketchBackend
from providers.images.sketch.clipart import find_icon
from providers.images.sketch.reading import read_prompt

needs_packages = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("dicebear", "dicebear_styles", "resvg_py")),
    reason="the packages of the sketch renderer are not installed (make setup)",
)


class _Watch:
    ref: str | None = None

    def progress(self, progress: Progress) -> None:
        assert progress.stage == "drawing"

    async def remember(self, ref: str) -> None:
        raise AssertionError("a sketch has nothing to remember")


@pytest.fixture
async def backend() -> AsyncIterator[SketchBackend]:
    made = SketchBackend(ProviderConfig(name="sketch", provider="sketch"))
    yield made
    await made.close()


def things(prompt: str, negative: str = "") -> list[tuple[str, int]]:
    return [(thing.icon, thing.count) for thing in read_prompt(prompt, negative).things]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a lighthouse in a storm", [("lighthouse", 1)]),
        ("three foxes in a snowy forest", [("fox", 3)]),
        ("two robots", [("robot", 2)]),
        ("a red dragon over a castle", [("dragon", 1), ("castle", 1)]),
        ("(masterpiece:1.2), best quality, cat, <lora:ink:0.8>", [("cat", 1)]),
        ("", []),
    ],
)
def test_things(prompt: str, expected: list[tuple[str, int]]) -> None:
    assert things(prompt) == expected


def test_colours_belong_to_what_follows() -> None:
    dragon, castle = read_prompt("a red dragon over a castle").things
    assert dragon.colour is not None
    assert castle.colour is None


def test_the_negative_prompt_keeps_things_out() -> None:
    assert things("a cat and a dog", "dog") == [("cat", 1)]
    assert read_prompt("a woman by the sea", "people, person").people == 0


@pytest.mark.parametrize("prompt", ["background, scenery, no people, harbour", "an empty street without people"])
def test_no_people_means_none(prompt: str) -> None:
    assert read_prompt(prompt).people == 0


def test_stage() -> None:
    reading = read_prompt("close-up portrait of an old fisherman, harbour at night, rain")
    assert (reading.time, reading.weather, reading.place, reading.close) == ("night", "rain", "sea", True)


def test_the_same_looks_are_the_same_person() -> None:
    one, other = read_prompt("woman, long red hair, smile, at the beach"), read_prompt("woman, long red hair, smile, in a library, night")
    assert one.look == other.look
    assert read_prompt("woman, short black hair").look != one.look


def test_every_alias_has_a_drawing() -> None:
    from providers.images.sketch.vocabulary import ALIASES

    missing = [word for word, name in ALIASES.items() if find_icon(word) is None and name]
    assert missing == []


@needs_packages
@pytest.mark.parametrize("size", [(512, 512), (64, 64), (512, 768), (896, 512), (333, 777)])
async def test_size_and_bytes(size: tuple[int, int], backend: SketchBackend) -> None:
    spec = RenderSpec("job", "portrait of a woman with a cat, sunset", width=size[0], height=size[1], seed=7)
    first = await backend.render(spec, _Watch())
    again = await backend.render(spec, _Watch())
    assert first.images[0].data == again.images[0].data
    with Image.open(io.BytesIO(first.images[0].data)) as picture:
        assert (picture.format, picture.size) == ("PNG", size)


@needs_packages
async def test_another_seed_is_another_picture(backend: SketchBackend) -> None:
    one = await backend.render(RenderSpec("a", "a ship at sea", seed=1), _Watch())
    other = await backend.render(RenderSpec("b", "a ship at sea", seed=2), _Watch())
    assert one.images[0].data != other.images[0].data


@needs_packages
@pytest.mark.parametrize(
    "prompt", ["<svg onload=x>", '"><image href="http://127.0.0.1/x"/>', "\x00\x01", "𝕬" * 500, "cat " * 2000, "{{user}} %s"]
)
async def test_hostile_prompts_are_only_words(prompt: str, backend: SketchBackend) -> None:
    result = await backend.render(RenderSpec("a", prompt, seed=1, width=128, height=128), _Watch())
    assert result.images[0].data.startswith(b"\x89PNG")


@needs_packages
async def test_what_could_not_be_drawn_is_said(backend: SketchBackend) -> None:
    result = await backend.render(RenderSpec("a", "qwertz zuiop", seed=1, width=128, height=128), _Watch())
    assert [lost.setting for lost in result.dropped] == ["subject"]


def spec(number: int = 1) -> RenderSpec:
    return RenderSpec(f"job {number}", "a ship at sea", seed=number, width=128, height=128)


def child_of(backend: SketchBackend) -> int:
    pid = backend._painter.pid
    assert pid is not None
    return pid


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@needs_packages
async def test_pictures_share_one_child_and_closing_ends_it(backend: SketchBackend) -> None:
    await asyncio.gather(*(backend.render(spec(number), _Watch()) for number in range(3)))
    first = child_of(backend)
    await backend.render(spec(), _Watch())
    assert child_of(backend) == first
    await backend.close()
    assert not alive(first)


@needs_packages
async def test_after_a_crash_the_next_picture_has_a_new_child(backend: SketchBackend) -> None:
    await backend.render(spec(), _Watch())
    first = child_of(backend)
    os.kill(first, signal.SIGSTOP)  # so that it dies with the picture in its hands
    drawing = asyncio.ensure_future(backend.render(spec(), _Watch()))
    await asyncio.sleep(0.05)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(ProviderError) as caught:
        await drawing
    assert caught.value.kind is ErrorKind.UNREACHABLE
    assert (await backend.render(spec(), _Watch())).images
    os.kill(child_of(backend), signal.SIGKILL)  # idle this time
    while backend._painter.pid is not None:
        await asyncio.sleep(0.01)
    assert (await backend.render(spec(), _Watch())).images


@needs_packages
async def test_cancelling_ends_the_drawing_and_leaves_the_backend_in_order(backend: SketchBackend) -> None:
    wanted = await backend.render(spec(7), _Watch())
    first = child_of(backend)
    os.kill(first, signal.SIGSTOP)
    drawing = asyncio.ensure_future(backend.render(spec(1), _Watch()))
    await asyncio.sleep(0.05)
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    assert not alive(first)
    assert (await backend.render(spec(7), _Watch())).images[0].data == wanted.images[0].data


@needs_packages
async def test_a_child_that_hangs_is_ended(backend: SketchBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    await backend.render(spec(), _Watch())
    monkeypatch.setattr(process, "DRAW_SECONDS", 0.1)
    os.kill(child_of(backend), signal.SIGSTOP)
    with pytest.raises(ProviderError) as caught:
        await backend.render(spec(), _Watch())
    assert caught.value.kind is ErrorKind.TIMED_OUT
    assert backend._painter.pid is None


@needs_packages
async def test_a_picture_that_fails_is_told_and_the_child_goes_on(backend: SketchBackend) -> None:
    await backend.render(spec(), _Watch())
    first = child_of(backend)
    with pytest.raises(ProviderError) as caught:
        await backend._painter.draw({"prompt": "a ship", "negative": "", "width": -1, "height": 64, "seed": 1})
    assert caught.value.kind is ErrorKind.BAD_ANSWER
    await backend.render(spec(), _Watch())
    assert child_of(backend) == first


@needs_packages
async def test_an_idle_child_is_let_go(backend: SketchBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "IDLE_SECONDS", 0.01)
    await backend.render(spec(), _Watch())
    while backend._painter.pid is not None:
        await asyncio.sleep(0.01)
    assert (await backend.render(spec(), _Watch())).images


@needs_packages
async def test_the_child_loads_the_drawing_alone() -> None:
    """It is there beside the bot for as long as pictures are drawn, so it should be small."""
    program = "import sys, providers.images.sketch.worker, providers.images.sketch.drawing; print(*sys.modules)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    loaded = set(out.decode().split())
    assert "resvg_py" in loaded
    assert not loaded & {"bot", "httpx", "sqlalchemy", "providers.contract", "discord", "telegram", "openai"}


@needs_packages
@pytest.mark.skipif(not hasattr(os, "getsid"), reason="no sessions here")
async def test_the_child_is_not_in_the_terminals_session(backend: SketchBackend) -> None:
    """Ctrl-C reaches every process of the terminal's session; the drawing under way must not die of it before the bot has stopped."""
    await backend.render(spec(), _Watch())
    assert os.getsid(child_of(backend)) == child_of(backend) != os.getsid(0)
