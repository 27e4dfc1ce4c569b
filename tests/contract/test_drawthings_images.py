"""Draw Things: requests against its closed list of keys, exact reference sizes, its one status for every mistake."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind
from providers.http import close_clients
from providers.images.drawthings import DrawThingsBackend
from providers.images.results import size_of
from tests.contract.cloud_parts import OTHER, PNG64, check_faults, check_hang_up, check_slow, cloud_config, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, spec
from tests.contract.loopback import Loopback, json_reply, loopback
from tests.contract.schemas import check_body

DRAW, FROM_PICTURE = "/sdapi/v1/txt2img", "/sdapi/v1/img2img"


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, json_reply({"images": [PNG64]}))
        running.on("POST", FROM_PICTURE, json_reply({"images": [PNG64]}))
        running.on("GET", "/sdapi/v1/options", json_reply({"model": "flux_1_schnell_q5p.ckpt", "steps": 4}))
        yield running
        for path in (DRAW, FROM_PICTURE):
            for seen in running.asked(path):
                check_body("derived-drawthings.json", path.rpartition("/")[2], seen.json)
    await close_clients()


def backend(server: Loopback, **more: Any) -> DrawThingsBackend:
    return DrawThingsBackend(cloud_config("drawthings", f"{server.url}/sdapi/v1/", **more))


async def test_a_picture(server: Loopback) -> None:
    asked = spec(
        width=500, height=300, steps=8, cfg=2.5, sampler="Euler a", clip_skip=2, restore_faces=True, model="m.ckpt", seed=2**33 + 7
    )
    result = await drawn(backend(server), asked)
    expected = {"prompt": "a red cat", "negative_prompt": "blurry", "model": "m.ckpt", "width": 512, "height": 320, "seed": 7}
    counts = {"batch_count": 1, "batch_size": 1, "steps": 8, "guidance_scale": 2.5, "clip_skip": 2}
    assert server.asked(DRAW)[0].json == {**expected, **counts, "sampler": "Euler a", "restore_faces": True}
    assert (result.images[0].data, result.images[0].seed, result.model) == (PNG, 7, "m.ckpt")
    assert [dropped.setting for dropped in result.dropped] == ["size"]


async def test_what_nobody_chose_is_left_to_the_app(server: Loopback) -> None:
    await drawn(backend(server, settings={"shift": 3.0}))
    assert set(server.asked(DRAW)[0].json) == {
        *("prompt", "negative_prompt", "width", "height", "seed", "batch_count", "batch_size", "shift"),
    }


@pytest.mark.parametrize(
    ("wish", "schedule", "sent", "lost"),
    [
        ("DPM++ 2M Karras", None, "DPM++ 2M Karras", []),
        ("DPM++ 2M", "karras", "DPM++ 2M Karras", []),
        ("dpmpp_2m", None, "DPM++ 2M Karras", []),
        ("k_euler_ancestral", "Trailing", "Euler A Trailing", []),
        ("UniPC", "beta", "UniPC", ["scheduler"]),
        ("No Such", None, None, ["sampler"]),
    ],
)
async def test_samplers(server: Loopback, wish: str, schedule: str | None, sent: str | None, lost: list[str]) -> None:
    result = await drawn(backend(server), spec(sampler=wish, scheduler=schedule))
    assert server.asked(DRAW)[0].json.get("sampler") == sent
    assert [dropped.setting for dropped in result.dropped if dropped.setting != "size"] == lost


async def test_one_reference_of_the_very_size(server: Loopback) -> None:
    result = await drawn(backend(server), spec(width=256, height=128, references=(OTHER, REFERENCE), denoise=0.3))
    sent = server.asked(FROM_PICTURE)[0].json
    pictures = [base64.b64decode(text) for text in sent["init_images"]]
    assert ([size_of(picture) for picture in pictures], sent["strength"]) == ([(256, 128)], 0.3)
    assert "reference images" in {dropped.setting for dropped in result.dropped}
    assert "init_images" not in result.parameters


async def test_hires_names_both_sizes(server: Loopback) -> None:
    result = await drawn(backend(server), spec(width=512, height=256, hires=True, upscale=1.5, denoise=0.5, upscaler="x"))
    sent = server.asked(DRAW)[0].json
    assert (sent["width"], sent["height"], sent["hires_fix_width"], sent["hires_fix_height"]) == (768, 384, 512, 256)
    assert (sent["hires_fix_strength"], [dropped.setting for dropped in result.dropped]) == (0.5, ["upscaler"])


async def test_settings_by_their_second_names_do_not_collide(server: Loopback) -> None:
    mine = backend(server, settings={"cfg_scale": 3.0, "sampler_name": "DDIM", "n_iter": 4, "denoising_strength": 0.2})
    await drawn(mine, spec(cfg=5.0))
    sent = server.asked(DRAW)[0].json
    assert (sent["guidance_scale"], sent["sampler"], sent["batch_count"], sent["strength"]) == (5.0, "DDIM", 1, 0.2)


async def test_hires_from_a_picture_is_told(server: Loopback) -> None:
    result = await drawn(backend(server), spec(references=(REFERENCE,), hires=True))
    assert "hires_fix" not in server.asked(FROM_PICTURE)[0].json
    assert "hires" in {dropped.setting for dropped in result.dropped}


async def test_numbers_outside_its_ranges_are_brought_in_and_told(server: Loopback) -> None:
    result = await drawn(backend(server), spec(steps=500, cfg=99.0, clip_skip=40, width=20, height=20))
    sent = server.asked(DRAW)[0].json
    assert (sent["steps"], sent["guidance_scale"], sent["clip_skip"], sent["width"]) == (150, 50, 23, 128)
    assert [dropped.setting for dropped in result.dropped] == ["steps", "CFG scale", "clip skip", "size"]


async def test_check_and_choices(server: Loopback) -> None:
    assert (await backend(server).check()).summary == "Draw Things, drawing with flux_1_schnell_q5p.ckpt"
    assert "Karras" in await backend(server).choices("scheduler")
    assert (await backend(server).choices("vae"), await backend(server).models()) == ((), ())


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        ('Unrecognized keys: ["colour"]', ErrorKind.MISCONFIGURED),
        ("Model file not found", ErrorKind.INVALID),
        ("width must be within 128...8192", ErrorKind.INVALID),
        ("", ErrorKind.INVALID),
    ],
)
async def test_everything_wrong_is_422(server: Loopback, detail: str, kind: ErrorKind) -> None:
    server.on("POST", DRAW, json_reply({"error": "HTTPException", "detail": detail, "body": "", "errors": ""}, 422))
    error = await failed(backend(server))
    assert (error.kind, error.retryable) == (kind, False)
    assert detail in error.host_detail


async def test_references_are_looked_at_first(server: Loopback) -> None:
    for bad in (Reference(b"<svg>", "image/png"), Reference(PNG[:-20], "image/png")):
        assert (await failed(backend(server), spec(references=(bad,)))).kind is ErrorKind.INVALID
    assert server.seen == []


async def test_faults(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server), DRAW)
    await check_slow(server, lambda: backend(server, seconds=0.05), DRAW)


async def test_hanging_up(server: Loopback) -> None:
    await check_hang_up(server, lambda: backend(server), DRAW)
