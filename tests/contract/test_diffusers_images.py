"""The Diffusers server of LettuceAI: what its client sends, every answer its client reads."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.contract import Reference
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.diffusers import DiffusersBackend
from tests.contract.cloud_parts import KEY, OTHER, PICTURE, PNG64, check_faults, check_hang_up, check_slow, cloud_config, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, spec
from tests.contract.image_parts import config as image_config
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.schemas import check_body

DRAW = "/generate"


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, json_reply({"images": [PNG64]}))
        yield running
        for seen in running.asked(DRAW):
            check_body("derived-lettuceai-diffusers.json", "request", seen.json)
    await close_clients()


def backend(server: Loopback, **more: Any) -> DiffusersBackend:
    return DiffusersBackend(cloud_config("diffusers", f"{server.url}/", **more))


async def test_a_picture(server: Loopback) -> None:
    result = await drawn(backend(server, model="sdxl-base"), spec(steps=12, cfg=4.0, sampler="Euler a"))
    sent = server.asked(DRAW)[0]
    expected = {"prompt": "a red cat", "negative_prompt": "blurry", "model": "sdxl-base", "width": 64, "height": 64, "seed": 5, "n": 1}
    assert sent.json == {**expected, "steps": 12, "cfg_scale": 4.0, "sampler": "Euler a"}
    assert sent.headers["Authorization"] == f"Bearer {KEY}"
    assert (result.images[0].data, result.images[0].seed, result.model) == (PNG, 5, "sdxl-base")
    assert result.parameters == sent.json


async def test_what_its_client_sends_when_nobody_chose(server: Loopback) -> None:
    await drawn(backend(server, steps=30), spec(negative=""))
    sent = server.asked(DRAW)[0].json
    assert (sent["steps"], sent["cfg_scale"], sent["sampler"], "negative_prompt" in sent) == (30, 6.5, "DPM++ 2M Karras", False)


async def test_references_stay_in_order(server: Loopback) -> None:
    result = await drawn(backend(server), spec(references=(OTHER, REFERENCE)))
    sent = server.asked(DRAW)[0].json
    assert [base64.b64decode(picture) for picture in sent["images"]] == [OTHER.data, REFERENCE.data]
    assert (sent["init_image"], sent["denoising_strength"]) == (sent["images"][0], 0.75)
    assert not {"images", "init_image"} & set(result.parameters)


async def test_a_server_that_takes_fewer_references(server: Loopback) -> None:
    mine = backend(server, references=1)
    assert (mine.capabilities().references, backend(server, references=0).capabilities().image_to_image) == (1, False)
    result = await drawn(mine, spec(references=(OTHER, REFERENCE)))
    assert (len(server.asked(DRAW)[0].json["images"]), result.dropped[0].setting) == (1, "reference images")


@pytest.mark.parametrize(
    "reply",
    [
        json_reply({"image": PNG64}),
        json_reply({"images": [f"data:image/png;base64,{PNG64}"]}),
        json_reply({"data": [{"b64_json": PNG64}]}),
        PICTURE,
    ],
)
async def test_shapes_of_answers(server: Loopback, reply: Reply) -> None:
    server.on("POST", DRAW, reply)
    assert (await drawn(backend(server))).images[0].data == PNG


@pytest.mark.parametrize(
    "reply", [Reply(200, PNG[:-20], {"Content-Type": "image/png"}), json_reply({"image": "###"}), json_reply({"images": []})]
)
async def test_answers_without_a_whole_picture(server: Loopback, reply: Reply) -> None:
    server.on("POST", DRAW, reply)
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_a_reference_that_is_no_picture(server: Loopback) -> None:
    error = await failed(backend(server), spec(references=(Reference(b"text", "image/png"),)))
    assert (error.kind, server.seen) == (ErrorKind.INVALID, [])


async def test_a_user_and_a_password(server: Loopback) -> None:
    mine = DiffusersBackend(image_config("diffusers", server.url, key="anna:s3cret!").model_copy(update={"options": {}}))
    server.on("POST", DRAW, json_reply({"error": "no s3cret! here"}, 401))
    error = await failed(mine)
    assert server.asked(DRAW)[0].headers["Authorization"] == "Basic " + base64.b64encode(b"anna:s3cret!").decode()
    assert (error.kind, "s3cret" in error.host_detail) == (ErrorKind.UNAUTHORISED, False)


async def test_check(server: Loopback) -> None:
    assert (await backend(server).check()).problems == ()  # any answer, even 404
    server.on("GET", "/", text_reply("no", 401))
    with pytest.raises(ProviderError) as caught:
        await backend(server).check()
    assert caught.value.kind is ErrorKind.UNAUTHORISED


def test_wrong_options_are_named(server: Loopback) -> None:
    with pytest.raises(ProviderError, match="«colour» is no option of diffusers"):
        backend(server, colour="red")


async def test_faults(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server), DRAW)
    await check_slow(server, lambda: backend(server, seconds=0.05), DRAW)


async def test_hanging_up(server: Loopback) -> None:
    await check_hang_up(server, lambda: backend(server), DRAW)
