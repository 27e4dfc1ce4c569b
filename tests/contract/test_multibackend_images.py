"""The multi-backend service: requests by its one page of documentation, every answer it could mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.multibackend import MultiBackend
from tests.contract.cloud_parts import KEY, OTHER, PICTURE, PNG64, check_faults, check_hang_up, check_slow, cloud_config, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback
from tests.contract.recorded import form_of, parts_of
from tests.contract.schemas import check_body

DRAW, FROM_PICTURE = "/api/txt2img", "/api/img2img"
SPEC = "derived-multibackend.json"


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, PICTURE)
        running.on("POST", FROM_PICTURE, PICTURE)
        yield running
        for seen in running.asked(DRAW):
            check_body(SPEC, "txt2img", seen.json)
        for seen in running.asked(FROM_PICTURE):
            query: dict[str, Any] = dict(seen.query)
            check_body(SPEC, "img2img_query", {**query, **({"strength": float(query["strength"])} if "strength" in query else {})})
            check_body(SPEC, "img2img_multipart", form_of(seen))
    await close_clients()


def backend(server: Loopback, **more: Any) -> MultiBackend:
    return MultiBackend(cloud_config("multibackend", server.url, **more))


async def test_a_picture(server: Loopback) -> None:
    result = await drawn(backend(server), spec(width=768, height=512, steps=50, cfg=7.5))
    expected = {"prompt": "a red cat", "negative_prompt": "blurry", "backend": "sd", "width": 768, "height": 512, "seed": 5}
    assert server.asked(DRAW)[0].json == {**expected, "num_inference_steps": 50, "guidance_scale": 7.5}
    assert server.asked(DRAW)[0].headers["Authorization"] == f"Bearer {KEY}"
    assert (result.images[0].data, result.images[0].seed, result.model) == (PNG, 5, "sd")


async def test_numbers_outside_its_ranges_are_brought_in_and_told(server: Loopback) -> None:
    result = await drawn(backend(server), spec(width=2000, height=100, steps=4, cfg=0.5))
    sent = server.asked(DRAW)[0].json
    assert (sent["width"], sent["height"], sent["num_inference_steps"], sent["guidance_scale"]) == (1024, 128, 20, 1)
    assert [dropped.setting for dropped in result.dropped] == ["steps", "CFG scale", "size"]


async def test_the_backend_is_the_model(server: Loopback) -> None:
    mine = backend(server, backend="flux-local")
    await drawn(mine, spec())
    await drawn(mine, spec(model="flux-api"))
    assert [(seen.json["backend"], "negative_prompt" in seen.json) for seen in server.asked(DRAW)] == [
        ("flux-local", False),
        ("flux-api", False),
    ]
    able = {name: mine.capabilities(name) for name in ("sd", "flux-local")}
    assert (able["sd"].negative, able["flux-local"].negative, able["flux-local"].prompt_style) == (True, False, "sentences")
    assert [model.id for model in await mine.models()] == ["sd", "flux-local", "flux-api"]
    error = await failed(mine, spec(model="gone"))
    assert (error.kind, "flux-api" in str(error)) == (ErrorKind.INVALID, True)


async def test_from_a_picture(server: Loopback) -> None:
    result = await drawn(backend(server), spec(prompt="oil & water?", references=(OTHER, REFERENCE), denoise=0.7, steps=30))
    seen = server.asked(FROM_PICTURE)[0]
    assert seen.query == {"prompt": "oil & water?", "strength": "0.7", "backend": "sd"}
    assert [(field, data) for field, _, data in parts_of(seen)] == [("image", REFERENCE.data)]
    assert {dropped.setting for dropped in result.dropped} >= {"negative prompt", "steps", "seed", "reference images"}
    assert result.images[0].seed is None


async def test_a_prompt_too_long_for_an_address(server: Loopback) -> None:
    error = await failed(backend(server), spec(prompt="ü" * 20_000, references=(REFERENCE,)))
    assert (error.kind, server.seen) == (ErrorKind.INVALID, [])


@pytest.mark.parametrize("value", [{"image": PNG64}, {"images": [PNG64]}, {"images": [{"url": f"data:image/png;base64,{PNG64}"}]}])
async def test_json_answers(server: Loopback, value: Any) -> None:
    server.on("POST", DRAW, json_reply(value))
    assert (await drawn(backend(server))).images[0].data == PNG


async def test_an_answer_by_address_of_its_own(server: Loopback) -> None:
    server.on("POST", DRAW, json_reply({"image": f"{server.url}/out/1.png"}))
    server.on("GET", "/out/1.png", PICTURE)
    assert (await drawn(backend(server))).images[0].data == PNG


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(422, {"detail": [{"loc": ["body", "width"], "msg": "m"}]}, ErrorKind.INVALID), (500, {}, ErrorKind.BAD_ANSWER)],
)
async def test_errors(server: Loopback, status: int, body: Any, kind: ErrorKind) -> None:
    server.on("POST", DRAW, json_reply(body, status))
    assert (await failed(backend(server))).kind is kind


async def test_references_are_looked_at_first(server: Loopback) -> None:
    for bad in (Reference(b"", "image/png"), Reference(PNG[:-20], "image/png"), Reference(PNG + b"\0" * 20_000_001, "image/png")):
        assert (await failed(backend(server), spec(references=(bad,)))).kind is ErrorKind.INVALID
    assert server.seen == []


def test_an_unknown_backend_is_named(server: Loopback) -> None:
    with pytest.raises(ProviderError, match="known are sd, flux-local, flux-api"):
        backend(server, model="sdxl")


async def test_faults(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server), DRAW)
    server.on("POST", DRAW, Reply(200, b"", {"Content-Type": "image/png"}))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER
    await check_slow(server, lambda: backend(server, seconds=0.05), DRAW)


async def test_hanging_up(server: Loopback) -> None:
    await check_hang_up(server, lambda: backend(server), DRAW)
