"""NovelAI: requests against a description printed from a third-party client, and whatever can be wrong with a zip archive."""

from __future__ import annotations

import asyncio
import base64
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web

from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images import novelai_request as wire
from providers.images.archives import first_picture_in
from providers.images.novelai import NovelAiBackend
from providers.images.references import as_base64
from providers.images.results import size_of
from tests.contract.cloud_parts import KEY, OTHER, check_faults, check_hang_up, check_slow, cloud_config, drawn, failed
from tests.contract.image_parts import PNG, REFERENCE, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback, text_reply
from tests.contract.recorded import check_value, document, material
from tests.contract.schemas import check_body

DRAW, ENCODE = "/ai/generate-image", "/ai/encode-vibe"


def archive(*entries: tuple[str, bytes], compress: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as made:
        for name, data in entries:
            made.writestr(name, data)
    return out.getvalue()


def zipped(data: bytes, status: int = 200) -> Reply:
    return Reply(status, data, {"Content-Type": "application/x-zip-compressed"})


GOOD = archive(("image_0.png", PNG))


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("POST", DRAW, zipped(GOOD, 201))
        running.on("POST", ENCODE, Reply(200, b"\x01vibe", {"Content-Type": "binary/octet-stream"}))
        account = {"tier": 3, "active": True, "trainingStepsLeft": {"fixedTrainingStepsLeft": 100, "purchasedTrainingSteps": 20}}
        running.on("GET", "/user/subscription", json_reply(account))
        yield running
        for seen in running.asked(DRAW):
            check_body("derived-novelai.json", "", seen.json)
        path = material("specs", "derived-novelai.json")
        for seen in running.asked(ENCODE) if path else ():
            described = document(path)
            check_value(described, described["x-encode-vibe"], seen.json, exact=True)
    await close_clients()


def backend(server: Loopback, **more: Any) -> NovelAiBackend:
    return NovelAiBackend(cloud_config("novelai", server.url, **more))


def sent(server: Loopback) -> Any:
    return server.asked(DRAW)[-1].json


async def test_a_picture(server: Loopback) -> None:
    asked = spec(width=830, height=1210, steps=28, cfg=6.0, sampler="DPM++ 2M Karras", scheduler="exponential", seed=2**32 + 9)
    result = await drawn(backend(server), asked)
    body, parameters = sent(server), sent(server)["parameters"]
    assert (body["input"], body["model"], body["action"]) == ("a red cat", "nai-diffusion-4-5-full", "generate")
    numbers = [parameters[key] for key in ("width", "height", "steps", "scale", "seed", "n_samples", "params_version")]
    assert numbers == [832, 1216, 28, 6.0, 9, 1, 3]
    assert (parameters["sampler"], parameters["noise_schedule"]) == ("k_dpmpp_2m", "exponential")
    assert parameters["negative_prompt"] == parameters["v4_negative_prompt"]["caption"]["base_caption"] == "blurry"
    assert parameters["v4_prompt"]["caption"] == {"base_caption": "a red cat", "char_captions": []}
    assert server.asked(DRAW)[0].headers["Authorization"] == f"Bearer {KEY}"
    assert (result.images[0].data, result.images[0].seed, result.model) == (PNG, 9, "nai-diffusion-4-5-full")


@pytest.mark.parametrize(
    ("model", "version", "twice", "sampler"),
    [("nai-diffusion-3", 3, False, "ddim_v3"), ("nai-diffusion-4-full", 3, True, "ddim"), ("nai-diffusion-5-full", 4, True, "ddim")],
)
async def test_generations(server: Loopback, model: str, version: int, twice: bool, sampler: str) -> None:
    await drawn(backend(server), spec(model=model, sampler="DDIM"))
    parameters = sent(server)["parameters"]
    assert (parameters["params_version"], "v4_prompt" in parameters, parameters["sampler"]) == (version, twice, sampler)


async def test_what_is_not_there_is_reported(server: Loopback) -> None:
    result = await drawn(backend(server), spec(sampler="UniPC", scheduler="simple", steps=90, cfg=30.0, width=4000, height=20))
    parameters = sent(server)["parameters"]
    assert [dropped.setting for dropped in result.dropped] == ["sampler", "scheduler", "CFG scale", "steps", "size"]
    assert (parameters["sampler"], parameters["steps"], parameters["scale"]) == ("k_euler_ancestral", 50, 10)
    assert (parameters["width"], parameters["height"]) == (1600, 64)


MODES: dict[str, dict[str, set[str]]] = {
    "nai-diffusion-3": {"start": {"image"}, "vibe": {"reference_image_multiple"}, "character": set()},
    "nai-diffusion-furry-3": {"start": {"image"}, "vibe": {"reference_image_multiple"}, "character": set()},
    "nai-diffusion-4-curated": {"start": {"image"}, "vibe": {"reference_image_multiple"}, "character": set()},
    "nai-diffusion-4-5-full": {"start": {"image"}, "vibe": {"reference_image_multiple"}, "character": {"director_reference_images"}},
    "nai-diffusion-5-full": {"start": {"image"}, "vibe": set(), "character": set()},
}
PICTURES = {"image", "reference_image_multiple", "director_reference_images"}
LISTS = {
    "reference_image_multiple": {"reference_strength_multiple", "reference_information_extracted_multiple"},
    "director_reference_images": {
        *("director_reference_descriptions", "director_reference_strength_values", "director_reference_secondary_strength_values"),
        "director_reference_information_extracted",
    },
}


@pytest.mark.parametrize("mode", ["start", "vibe", "character"])
@pytest.mark.parametrize("model", MODES)
async def test_every_model_with_every_kind_of_reference(server: Loopback, model: str, mode: str) -> None:
    mine = backend(server, references=mode)
    for count, (width, height) in zip((0, 1, 5), ((64, 1600), (833, 1217), (1, 9000)), strict=True):
        result = await drawn(mine, spec(model=model, references=(OTHER,) * count, width=width, height=height, denoise=0.0, prompt="a"))
        parameters, most = sent(server)["parameters"], mine.capabilities(model).references
        pictures = MODES[model][mode] if count else set()
        assert PICTURES & set(parameters) == pictures
        assert sent(server)["action"] == ("img2img" if "image" in pictures else "generate")
        assert ("v4_prompt" in parameters) is (wire.generation_of(model) >= 4)
        for name in pictures & set(LISTS):
            assert {len(parameters[key]) for key in {name, *LISTS[name]}} == {min(count, most)}
        told = {lost.setting for lost in result.dropped}
        assert ("reference images" in told) is (count > most)
        assert "denoise" in told, "0.01 is the least there is, and only a picture to start from has one"
        assert not PICTURES & set(result.parameters)


async def test_moods_may_go_as_they_are(server: Loopback) -> None:
    await drawn(backend(server, references="vibe", encode_vibes=False), spec(model="nai-diffusion-3", references=(OTHER,)))
    assert (sent(server)["parameters"]["reference_image_multiple"], server.asked(ENCODE)) == ([as_base64(OTHER)], [])


@pytest.mark.parametrize(
    ("model", "wish", "option", "schedule", "told"),
    [
        ("nai-diffusion-3", "native", "karras", "native", False),
        ("nai-diffusion-3", None, "native", "native", False),
        ("nai-diffusion-4-full", "native", "karras", "karras", True),
        ("nai-diffusion-4-5-full", None, "native", "karras", True),
        ("nai-diffusion-5-full", "polyexponential", "native", "polyexponential", False),
        ("nai-diffusion-5-full", "simple", "exponential", "exponential", True),
    ],
)
async def test_noise_schedules(server: Loopback, model: str, wish: str | None, option: str, schedule: str, told: bool) -> None:
    result = await drawn(backend(server, noise_schedule=option), spec(model=model, scheduler=wish))
    assert sent(server)["parameters"]["noise_schedule"] == schedule
    assert ("scheduler" in {lost.setting for lost in result.dropped}) is told


async def test_what_is_told_of_seeds_and_schedules_inside_names(server: Loopback) -> None:
    result = await drawn(backend(server), spec(seed=2**32 + 9, sampler="Euler Beta"))
    assert {lost.setting for lost in result.dropped} >= {"seed", "scheduler"}
    error = await failed(backend(server), spec(prompt=" "))
    assert (error.kind, len(server.asked(DRAW))) == (ErrorKind.INVALID, 1)


async def test_a_picture_to_start_from(server: Loopback) -> None:
    result = await drawn(backend(server), spec(width=128, references=(OTHER, REFERENCE), denoise=1.0))
    parameters = sent(server)["parameters"]
    assert (sent(server)["action"], size_of(base64.b64decode(parameters["image"]))) == ("img2img", (128, 64))
    assert (parameters["strength"], parameters["extra_noise_seed"]) == (0.99, 5)
    assert {dropped.setting for dropped in result.dropped} >= {"reference images", "denoise"}
    assert "image" not in result.parameters


async def test_moods_are_encoded_once(server: Loopback) -> None:
    mine = backend(server, references="vibe")
    for _ in range(2):
        await drawn(mine, spec(references=(OTHER, REFERENCE)))
    assert sent(server)["parameters"]["reference_image_multiple"] == [base64.b64encode(b"\x01vibe").decode()] * 2
    assert [base64.b64decode(seen.json["image"]) for seen in server.asked(ENCODE)] == [OTHER.data, REFERENCE.data]
    assert (mine.capabilities().references, mine.capabilities("nai-diffusion-5-full").references) == (4, 0)


async def test_characters(server: Loopback) -> None:
    mine = backend(server, references="character")
    await drawn(mine, spec(references=(OTHER,)))
    parameters = sent(server)["parameters"]
    assert base64.b64decode(parameters["director_reference_images"][0]) == OTHER.data
    assert parameters["director_reference_descriptions"][0]["caption"]["base_caption"] == "character"
    result = await drawn(mine, spec(model="nai-diffusion-4-full", references=(OTHER,)))
    assert [dropped.setting for dropped in result.dropped if dropped.setting != "size"] == ["reference images"]


async def test_one_at_a_time(server: Loopback) -> None:
    running = most = 0

    async def draw(request: Any, seen: Any) -> Any:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0.01)
        running -= 1
        return web.Response(body=GOOD)

    server.handle("POST", DRAW, draw)
    mine = backend(server)
    await asyncio.gather(*(drawn(mine, spec(f"job-{number}")) for number in range(3)))
    assert most == 1


async def test_check(server: Loopback) -> None:
    found = await backend(server).check()
    assert (found.summary, found.problems, found.warnings) == ("tier 3, 120 Anlas left, drawing with nai-diffusion-4-5-full", (), ())
    assert "not known here" in (await backend(server, model="nai-diffusion-9").check()).warnings[0]
    server.on("GET", "/user/subscription", json_reply({"tier": 0, "active": False, "trainingStepsLeft": {}}))
    assert "no active subscription" in (await backend(server).check()).problems[0]
    assert "nai-diffusion-3" in [model.id for model in await backend(server).models()]


ERRORS = [
    (400, "validation failed: width", ErrorKind.INVALID, "cannot draw this size"),
    (400, "prompt is too long", ErrorKind.INVALID, "prompt is too long"),
    (401, "Access Token is incorrect", ErrorKind.UNAUTHORISED, "key"),
    (402, "An active subscription is required", ErrorKind.NO_CREDIT, "Anlas"),
    (402, "payment required", ErrorKind.NO_CREDIT, "Anlas"),
    (403, "not enough Anlas", ErrorKind.NO_CREDIT, "Anlas"),
    (403, "forbidden", ErrorKind.UNAUTHORISED, "key"),
    (409, "conflict", ErrorKind.BUSY, ""),
    (429, "Concurrent generation is locked", ErrorKind.RATE_LIMITED, "one picture at a time"),
    (500, "error", ErrorKind.BAD_ANSWER, ""),
    (502, "bad gateway", ErrorKind.BUSY, ""),
    (503, "", ErrorKind.BUSY, ""),
]


@pytest.mark.parametrize(("status", "message", "kind", "words"), ERRORS)
async def test_documented_errors(server: Loopback, status: int, message: str, kind: ErrorKind, words: str) -> None:
    for body in ({"statusCode": status, "message": message}, {"message": message}):
        server.on("POST", DRAW, json_reply(body, status))
        error = await failed(backend(server))
        assert (error.kind, words in str(error)) == (kind, True)
    server.on("POST", DRAW, json_reply({"statusCode": status, "message": message}, 201))
    assert (await failed(backend(server))).kind is kind, "an error inside a good answer"
    for answered in (status, 200):
        server.on("POST", ENCODE, json_reply({"statusCode": status, "message": message}, answered))
        assert (await failed(backend(server, references="vibe"), spec(references=(OTHER,)))).kind is kind


@pytest.mark.parametrize("body", [{"error": "odd"}, {"statusCode": "x"}, {"statusCode": 200, "message": "ok"}, {}])
async def test_objects_instead_of_pictures(server: Loopback, body: Any) -> None:
    for path, more in ((DRAW, {}), (ENCODE, {"references": "vibe"})):
        server.on("POST", path, json_reply(body))
        assert (await failed(backend(server, **more), spec(references=(OTHER,)))).kind is ErrorKind.BAD_ANSWER
    server.on("GET", "/user/subscription", json_reply(body))
    with suppress(ProviderError):
        await backend(server).check()


# --- archives ---


async def test_the_first_picture_of_an_archive() -> None:
    made = archive(("a/", b""), ("readme.txt", b"hello"), ("../../etc/passwd", PNG), ("other.png", OTHER.data))
    assert await first_picture_in(made, "mine") == PNG
    assert await first_picture_in(archive(("x", PNG), compress=zipfile.ZIP_STORED), "mine") == PNG


BOMB = archive(("bomb.png", PNG[:64] + b"\0" * (65 * 1024 * 1024)))
LYING = bytearray(archive(("image.png", PNG)))
LYING[LYING.rindex(b"PK\x01\x02") + 24 : LYING.rindex(b"PK\x01\x02") + 28] = (4).to_bytes(4, "little")


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        archive(*((f"{number}.png", PNG) for number in range(65))),
        archive(),
        archive(("note.txt", b"no picture")),
        archive(("image.png", PNG[:-20])),
        GOOD[: len(GOOD) // 2],
        GOOD[:40] + b"\xff" * 10 + GOOD[50:],
        bytes(LYING),
        b"PK\x03\x04",
        b"",
    ],
    ids=["bomb", "too many", "empty", "text", "cut picture", "cut", "broken", "lying", "head only", "nothing"],
)
async def test_archives_that_are_none(server: Loopback, data: bytes) -> None:
    server.on("POST", DRAW, zipped(data))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER


async def test_a_bomb_is_never_unpacked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    real = zipfile.ZipExtFile.read

    def counting(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        nonlocal read
        data = real(self, n)
        read += len(data)
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counting)
    with pytest.raises(ProviderError):
        await first_picture_in(BOMB, "mine", most_bytes=100_000)
    assert read < 200_000


async def test_encrypted_entries_are_passed_over() -> None:
    made = bytearray(GOOD)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.index(mark) + offset] |= 1
    with pytest.raises(ProviderError):
        await first_picture_in(bytes(made), "mine")


async def test_faults(server: Loopback) -> None:
    await check_faults(server, lambda: backend(server), DRAW)
    server.on("POST", DRAW, text_reply('{"message": "ok"}', content_type="application/json"))
    assert (await failed(backend(server))).kind is ErrorKind.BAD_ANSWER
    await check_slow(server, lambda: backend(server, seconds=0.05), DRAW)


async def test_hanging_up(server: Loopback) -> None:
    await check_hang_up(server, lambda: backend(server), DRAW)
