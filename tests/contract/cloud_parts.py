"""What the tests of cloud image backends share: settings, answers with pictures, and the faults every service can have."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from pydantic import SecretStr

from providers.contract import ImageBackend, ProviderConfig, Reference, RenderResult, RenderSpec
from providers.errors import ErrorKind, ProviderError
from tests.contract.image_parts import PNG, Watch, png, spec
from tests.contract.loopback import Loopback, Reply, json_reply, text_reply

KEY = "secret-key-0123456789"
PNG64 = base64.b64encode(PNG).decode()
OTHER = Reference(png(colour="green"), "image/png", "character")
PICTURE = Reply(200, PNG, {"Content-Type": "image/png"})
MEGABYTE = b"\0" * (1024 * 1024)
OVERSIZE = Reply(200, headers={"Content-Type": "application/json"}, chunks=(MEGABYTE,) * 65)

Make = Callable[[], ImageBackend]


def cloud_config(provider: str, url: str, *, model: str = "", seconds: float = 0, **options: Any) -> ProviderConfig:
    key = SecretStr(KEY)
    return ProviderConfig(name="mine", provider=provider, base_url=url, model=model, api_key=key, timeout=seconds, options=options)


async def drawn(backend: ImageBackend, asked: RenderSpec | None = None, watch: Watch | None = None) -> RenderResult:
    return await backend.render(asked or spec(negative=""), watch or Watch())


async def failed(backend: ImageBackend, asked: RenderSpec | None = None, watch: Watch | None = None) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await drawn(backend, asked, watch)
    assert KEY not in f"{caught.value} {caught.value.host_detail}"
    return caught.value


FAULTS: tuple[tuple[str, Reply, ErrorKind], ...] = (
    ("HTML", text_reply("<html>Bad day</html>"), ErrorKind.BAD_ANSWER),
    ("nothing", Reply(200, b"", {"Content-Type": "application/json"}), ErrorKind.BAD_ANSWER),
    ("half a JSON text", text_reply('{"data": [{"b64', content_type="application/json"), ErrorKind.BAD_ANSWER),
    ("another JSON value", json_reply([]), ErrorKind.BAD_ANSWER),
    ("an object of something else", json_reply({"hello": "world"}), ErrorKind.BAD_ANSWER),
    ("too many bytes", OVERSIZE, ErrorKind.BAD_ANSWER),
    ("wrong key", json_reply({"error": {"message": f"bad key {KEY}"}}, 401), ErrorKind.UNAUTHORISED),
    ("no money", json_reply({"error": {"message": "pay"}}, 402), ErrorKind.NO_CREDIT),
    ("too fast", json_reply({"error": {"message": "slow down"}}, 429, Retry_After="7"), ErrorKind.RATE_LIMITED),
    ("overloaded", text_reply("<html>503</html>", 503), ErrorKind.BUSY),
    ("broken inside", text_reply("oops", 500), ErrorKind.BAD_ANSWER),
    ("torn connection", Reply(200, headers={"Content-Type": "application/json"}, chunks=(b"{",), cut=True), ErrorKind.UNREACHABLE),
)


async def check_faults(server: Loopback, make: Make, path: str, asked: RenderSpec | None = None, *, skip: tuple[str, ...] = ()) -> None:
    """Every fault of the drawing route has its kind, is told as one, and leaves the key out of all texts."""
    for title, reply, kind in FAULTS:
        if title in skip:
            continue
        server.on("POST", path, reply)
        error = await failed(make(), asked)
        assert error.kind is kind, f"{title}: {error.kind} ({error.host_detail})"
        assert error.retry_after == (7 if title == "too fast" else None), title
    await check_server_gone(server, make, asked)


async def check_server_gone(server: Loopback, make: Make, asked: RenderSpec | None = None) -> None:
    url, server.url = server.url, "http://127.0.0.1:9"
    assert (await failed(make(), asked)).kind is ErrorKind.UNREACHABLE
    server.url = url


async def check_slow(server: Loopback, make: Make, path: str) -> None:
    """``make`` gives a backend with a tiny time limit: a server that is slow for ever ends in TIMED_OUT."""
    server.on("POST", path, Reply(pause=asyncio.Event()))
    assert (await failed(make())).kind is ErrorKind.TIMED_OUT


async def check_hang_up(server: Loopback, make: Make, path: str) -> None:
    """Our side ends a picture: the connection is closed at once, and the service is not said to have cancelled."""
    arrived = asyncio.Event()

    async def never(request: Any, seen: Any) -> Any:
        arrived.set()
        try:
            await asyncio.Event().wait()
        finally:
            server.hung_up.set()

    server.handle("POST", path, never)
    backend = make()
    task = asyncio.ensure_future(drawn(backend))
    await arrived.wait()
    assert await backend.cancel("job-1", None) is False
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.hung_up.wait()


def _holding(*path: str | int, value: Any) -> Any:
    """A value deep inside: names make objects, numbers lists."""
    for step in reversed(path):
        value = {step: value} if isinstance(step, str) else [value]
    return value


_GOOD: tuple[tuple[str | int, ...], ...] = (
    *(
        (),
        ("data",),
        ("data", 0),
        ("data", 0, "b64_json"),
        ("data", 0, "url"),
        ("images",),
        ("images", 0),
        ("images", 0, "url"),
        ("image",),
    ),
    *(("candidates", 0), ("candidates", 0, "content"), ("candidates", 0, "content", "parts", 0, "inlineData"), ("promptFeedback",)),
    *(("choices", 0), ("choices", 0, "message"), ("choices", 0, "message", "images", 0, "image_url"), ("artifacts", 0), ("predictions", 0)),
    *(("id",), ("prompt_id",), ("polling_url",), ("status_url",), ("usage",), ("status",), ("outputs", "1", "images", 0)),
)
_BAD: tuple[tuple[str | int, ...], ...] = (
    *((), ("error",), ("error", "message"), ("error", "code"), ("error", "details"), ("error", "details", 0, "retryDelay")),
    *(("error", "details", 0, "fieldViolations"), ("error", "metadata"), ("errors",), ("detail",), ("detail", 0, "loc"), ("name",)),
)
_ODD = (None, 7, "words", [7], {"a": [None]})
NONSENSE = tuple((_holding(*path, value=odd), status) for paths, status in ((_GOOD, 200), (_BAD, 400)) for path in paths for odd in _ODD)


async def check_nonsense(server: Loopback, make: Make, path: str, method: str = "POST") -> None:
    """JSON of unexpected shapes, as a good answer and as an error, raises nothing but a ``ProviderError``."""
    for value, status in NONSENSE:
        server.on(method, path, json_reply(value, status))
        with suppress(ProviderError):
            await drawn(make())


async def check_one_call(server: Loopback, make: Callable[..., ImageBackend], path: str, **more: Any) -> None:
    """All of that for a service that answers in one call; ``make`` takes the server and options."""
    await check_faults(server, lambda: make(server, **more), path)
    await check_nonsense(server, lambda: make(server, **more), path)
    server.on("POST", path, json_reply({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}))
    assert (await failed(make(server, **more))).kind is ErrorKind.NO_CREDIT
    await check_slow(server, lambda: make(server, **{**more, "seconds": 0.05}), path)
    await check_hang_up(server, lambda: make(server, **more), path)


SIZES = ((512, 768), (1536, 1024), (64, 64), (4096, 250))


def matrix(backend: ImageBackend, model: str = "") -> Iterator[RenderSpec]:
    """Pictures as the engine would ask for them: every size, every setting the model declares at both ends, references one and all."""
    able = backend.capabilities(model)
    low = {"steps": 1, "cfg": 0.0, "seed": 0, "denoise": 0.0}
    high = {"steps": 150, "cfg": 40.0, "seed": 2**32 - 1, "denoise": 1.0, "clip_skip": 2, "negative": "blurry, bad"}
    for settings in (low, high):
        declared = {name: value for name, value in settings.items() if name == "seed" or getattr(able, name)}
        for number, (width, height) in enumerate(able.sizes.nearest(*size) for size in SIZES):
            common: dict[str, Any] = {
                "negative": "",
                "model": model,
                "width": width,
                "height": height,
                "adult": number % 2 == 0,
                **declared,
            }
            if able.text_to_image:
                yield spec(**common)
            for count in sorted({min(1, able.references), able.references} - {0}):
                yield spec(**common, references=(OTHER,) * count)


async def draw_all(backend: ImageBackend, *models: str) -> None:
    """Draw the whole matrix; the test's server holds every request against the description."""
    for model in models or ("",):
        for asked in matrix(backend, model):
            assert (await drawn(backend, asked)).images
