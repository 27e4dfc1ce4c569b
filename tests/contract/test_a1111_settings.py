"""Every setting on every kind of AUTOMATIC1111 server: what is sent stays within the description, and what is lost is told."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from providers.contract import Reference, RenderResult
from providers.errors import ErrorKind, ProviderError
from providers.http import close_clients
from providers.images.a1111 import Automatic1111Backend
from providers.images.results import size_of
from providers.images.sdnext import SdNextBackend
from tests.contract.image_parts import PNG, REFERENCE, Watch, config, png, spec
from tests.contract.loopback import Loopback, Reply, json_reply, loopback
from tests.contract.recorded import check_requests
from tests.contract.schemas import check_body
from tests.contract.test_a1111 import API, IDLE, UNDESCRIBED, answer, failed, progress
from tests.contract.test_image_matrix import SPECS

NOW: dict[str, Any] = {
    "sd-models": [{"title": "sub/tiny.safetensors [abc123]", "model_name": "sub_tiny"}],
    "samplers": [{"name": "Euler a", "aliases": ["k_euler_a"]}, {"name": "DPM++ 2M", "aliases": []}],
    "schedulers": [{"name": "karras", "label": "Karras"}, {"name": "sgm_uniform", "label": "SGM Uniform"}],
    "sd-vae": [{"model_name": "ae.pt"}, {"model_name": "sub/other.safetensors"}],
    "upscalers": [{"name": "Lanczos"}],
    "latent-upscale-modes": [{"name": "Latent"}],
    "loras": [{"name": "Style", "alias": "my style"}],
    "options": {"sd_model_checkpoint": "tiny", "CLIP_stop_at_last_layers": 1, "sd_vae": "Automatic"},
}
ENCODER = "models/text_encoder/t5xxl.safetensors"
FORGE = {
    **{route: rows for route, rows in NOW.items() if route != "sd-vae"},
    "sd-modules": [{"model_name": "ae.safetensors"}, {"model_name": "t5xxl.safetensors"}],
    "options": {"sd_vae": "Automatic", "forge_additional_modules": ["models/VAE/old.safetensors", ENCODER]},
}
OLD = {
    **{route: rows for route, rows in NOW.items() if route not in ("schedulers", "loras", "latent-upscale-modes")},
    "samplers": [{"name": "Euler a"}, {"name": "DPM++ 2M"}, {"name": "DPM++ 2M Karras"}],
}
KINDS: dict[str, dict[str, Any]] = {"A1111": NOW, "Forge": FORGE, "old": OLD, "without lists": {}, "SD.Next": NOW}
Serve = Callable[..., Automatic1111Backend]


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        running.on("GET", API + "progress", IDLE)
        for route in ("txt2img", "img2img"):
            running.on("POST", API + route, answer(sampler_name="", sd_model_name=""))
        running.on("POST", API + "interrupt", json_reply({}))
        running.on("POST", API + "refresh-checkpoints", json_reply(None))
        yield running
    await close_clients()


@pytest.fixture
def serve(server: Loopback) -> Serve:
    """A backend for a server of one kind."""

    def start(kind: str, **more: Any) -> Automatic1111Backend:
        for route, rows in KINDS[kind].items():
            server.on("GET", API + route, json_reply(rows))
        make = SdNextBackend if kind == "SD.Next" else Automatic1111Backend
        return make(config("sdnext" if kind == "SD.Next" else "automatic1111", server.url, **more))

    return start


def sent(server: Loopback, route: str = "txt2img") -> dict[str, Any]:
    body = server.asked(API + route)[-1].json
    assert isinstance(body, dict)
    return body


def lost(result: RenderResult) -> set[str]:
    return {dropped.setting for dropped in result.dropped}


@pytest.mark.parametrize("wish", SPECS)
@pytest.mark.parametrize("kind", KINDS)
async def test_requests_stay_within_the_description(server: Loopback, serve: Serve, kind: str, wish: str) -> None:
    asked = SPECS[wish]
    result = await serve(kind).render(asked, Watch())
    drawn = [seen for route in ("txt2img", "img2img") for seen in server.asked(API + route)]
    assert len(drawn) == 1
    body = drawn[0].json
    if kind == "SD.Next":
        check_body("derived-sdnext.json", drawn[0].path.rpartition("/")[2], body)
    else:
        check_requests([seen for seen in server.seen if seen not in drawn and seen.path not in UNDESCRIBED], "derived-a1111.json")
        forge_alone = {"hr_additional_modules"} if kind in ("Forge", "without lists") else set()
        known = {key: value for key, value in body.items() if key not in forge_alone}
        check_requests([dataclasses.replace(drawn[0], body=json.dumps(known).encode())], "derived-a1111.json", exact=True)
    assert all(64 <= body[side] <= 4096 and body[side] % 8 == 0 for side in ("width", "height"))
    assert 1 <= body.get("override_settings", {}).get("CLIP_stop_at_last_layers", body.get("clip_skip", 1)) <= 12
    assert ("denoising_strength" in body) is (bool(asked.references) or (asked.hires and kind != "SD.Next"))
    told = lost(result)
    assert ("hires" in told) is (asked.hires and bool(asked.references))
    if wish == "unknown names" and kind != "without lists":
        assert {"sampler", "scheduler", "upscaler", "vae"} - told == set()


@pytest.mark.parametrize(
    ("kind", "sampler", "scheduler", "names", "told"),
    [
        ("A1111", "DPM++ 2M Karras", None, ("DPM++ 2M", "karras"), set()),
        ("A1111", "dpmpp_2m", "SGM Uniform", ("DPM++ 2M", "sgm_uniform"), set()),
        ("A1111", "k_euler_a", "sgm-uniform", ("Euler a", "sgm_uniform"), set()),
        ("A1111", "DPM++ 2M Exponential", None, ("DPM++ 2M", None), {"scheduler"}),
        ("A1111", None, "Karras", (None, "karras"), set()),
        ("old", "DPM++ 2M", "karras", ("DPM++ 2M Karras", None), set()),
        ("old", "DPM++ 2M Karras", None, ("DPM++ 2M Karras", None), set()),
        ("old", "Euler a", "karras", ("Euler a", None), {"scheduler"}),
        ("old", None, "karras", (None, None), {"scheduler"}),
        ("without lists", "DPM++ 2M", "Karras", ("DPM++ 2M", "Karras"), set()),
        ("SD.Next", "DPM++ 2M Karras", None, ("DPM++ 2M", None), {"scheduler"}),
        ("SD.Next", "Euler a", None, ("Euler a", None), set()),
    ],
)
async def test_samplers_and_schedulers(
    server: Loopback, serve: Serve, kind: str, sampler: str | None, scheduler: str | None, names: tuple[Any, Any], told: set[str]
) -> None:
    result = await serve(kind).render(spec(sampler=sampler, scheduler=scheduler), Watch())
    body = sent(server)
    assert ((body.get("sampler_name"), body.get("scheduler")), lost(result) - {"size"}) == (names, told)


async def test_hires_and_image_to_image_have_a_denoise_each(server: Loopback, serve: Serve) -> None:
    mine = serve("A1111")
    for asked, route, strength in (
        (spec(hires=True), "txt2img", 0.7),
        (spec(hires=True, denoise=0.0), "txt2img", 0.0),
        (spec(denoise=0.4), "txt2img", None),
        (spec(references=(REFERENCE,)), "img2img", 0.75),
        (spec(references=(REFERENCE,), denoise=1.5), "img2img", 1.0),
    ):
        await mine.render(asked, Watch())
        assert sent(server, route).get("denoising_strength") == strength


async def test_only_forge_is_told_about_modules(server: Loopback, serve: Serve) -> None:
    await serve("A1111").render(spec(hires=True), Watch())
    assert "hr_additional_modules" not in sent(server)
    await serve("Forge").render(spec(hires=True), Watch())
    assert sent(server)["hr_additional_modules"] == ["Use same choices"]


@pytest.mark.parametrize(
    ("kind", "wish", "overrides"),
    [
        ("A1111", "AE", {"sd_vae": "ae.pt"}),
        ("A1111", "other", {"sd_vae": "sub/other.safetensors"}),
        ("A1111", "none", {"sd_vae": "None"}),
        ("Forge", "ae", {"forge_additional_modules": [ENCODER, "ae.safetensors"]}),
    ],
)
async def test_a_vae_goes_where_the_server_reads_it(
    server: Loopback, serve: Serve, kind: str, wish: str, overrides: dict[str, Any]
) -> None:
    mine = serve(kind)
    await mine.render(spec(vae=wish), Watch())
    assert sent(server)["override_settings"] == overrides
    await mine.render(spec(), Watch())
    key = next(iter(overrides))
    assert sent(server)["override_settings"] == {key: KINDS[kind]["options"][key]}


async def test_what_the_server_says_it_used_is_kept(server: Loopback, serve: Serve) -> None:
    server.on("POST", API + "txt2img", answer(seed=9, sd_vae_name="other.pt", sd_model_hash="abc", clip_skip=2, restore_faces=True))
    result = await serve("A1111").render(spec(vae="ae.pt", sampler="Euler a"), Watch())
    assert (result.images[0].seed, result.model, lost(result)) == (9, "sub_tiny", {"vae"})
    used = result.parameters["info"]
    assert (used["sampler_name"], used["sd_model_hash"], used["sd_vae_name"], used["clip_skip"]) == ("Euler a", "abc", "other.pt", 2)


async def test_a_lora_the_server_lacks_is_told(server: Loopback, serve: Serve) -> None:
    prompt = "a cat <lora:Style:0.8> <lora:my style> <lora:gone:1>"
    result = await serve("A1111").render(spec(prompt=prompt), Watch())
    assert (sent(server)["prompt"], [d.why for d in result.dropped]) == (prompt, ["mine does not know «gone»"])
    server.on("GET", API + "loras", json_reply([]))
    assert lost(await serve("without lists").render(spec(prompt=prompt), Watch())) == {"LoRA"}
    server.on("GET", API + "loras", json_reply({"detail": "Not Found"}, 404))
    assert lost(await serve("without lists").render(spec(prompt=prompt), Watch())) == set()


async def test_the_size_that_came_is_told(server: Loopback, serve: Serve) -> None:
    result = await serve("A1111").render(spec(width=67, height=60), Watch())
    assert (sent(server)["width"], sent(server)["height"], lost(result)) == (64, 64, {"size"})
    server.on("POST", API + "txt2img", answer(png(128, 128)))
    assert lost(await serve("A1111").render(spec(hires=True), Watch())) == set()


@pytest.mark.parametrize("kind", ["A1111", "SD.Next"])
async def test_references_are_looked_at_first(server: Loopback, serve: Serve, kind: str) -> None:
    for bad in (b"", b"<svg>", PNG[:-20], PNG + b"\0" * 20_000_001):
        error = await failed(serve(kind), spec(references=(Reference(bad, "image/png"),)))
        assert (error.kind, error.retryable, "Reference picture 1" in str(error)) == (ErrorKind.INVALID, False, True)
    assert server.seen == []
    several = (Reference(png(colour="green"), "image/png", "character"), REFERENCE)
    result = await serve(kind).render(spec(references=several), Watch())
    pictures = [base64.b64decode(text) for text in sent(server, "img2img")["init_images"]]
    assert (len(pictures), "only one" in result.dropped[0].why) == (1, True)
    assert size_of(pictures[0]) == ((8, 8) if kind == "A1111" else (64, 64))


async def test_garbled_lists_do_not_cost_the_picture(server: Loopback, serve: Serve) -> None:
    mine = serve("without lists")
    for route in (*NOW, "sd-modules", "progress"):
        server.on("GET", API + route, Reply(500, b"<html>Internal Server Error</html>"))
    asked = spec(sampler="Euler a", scheduler="karras", vae="ae", hires=True, upscaler="Latent", model="m", prompt="a <lora:x:1>")
    assert (await mine.render(asked, Watch())).images
    body = sent(server)
    assert (body["sampler_name"], body["scheduler"], body["hr_upscaler"]) == ("Euler a", "karras", "Latent")
    assert body["override_settings"] == {"sd_model_checkpoint": "m", "sd_vae": "ae"}


# --- a server that goes away ---


async def test_a_server_that_starts_again_is_waited_for(server: Loopback, serve: Serve) -> None:
    """Its first answers are 404: the port is open before the API is there."""
    mine = serve("A1111")
    missing = json_reply({"detail": "Not Found"}, 404)
    server.on("POST", API + "txt2img", missing)
    assert (await failed(mine)).kind is ErrorKind.MISCONFIGURED
    server.on("POST", API + "txt2img", answer())
    await mine.render(spec(), Watch())
    server.on("POST", API + "txt2img", missing, answer())
    for route in ("progress", "samplers", "schedulers"):
        server.on("GET", API + route, missing)
    error = await failed(mine, spec(sampler="Euler a"))
    assert (error.kind, error.retryable, mine.capabilities().cancel) == (ErrorKind.BUSY, True, False)
    server.on("GET", API + "progress", IDLE)
    serve("A1111")
    await mine.render(spec(sampler="k_euler_a"), Watch())
    assert (mine.capabilities().cancel, sent(server)["sampler_name"]) == (True, "Euler a")


async def test_killed_in_the_middle_of_several(server: Loopback, serve: Serve) -> None:
    torn = Reply(200, headers={"Content-Type": "application/json"}, chunks=(b'{"images": ["iVBOR',), cut=True)
    server.on("POST", API + "txt2img", torn, answer())
    mine = serve("A1111")
    ended = await asyncio.gather(*(mine.render(spec(key), Watch()) for key in ("a", "b", "c")), return_exceptions=True)
    errors = [error for error in ended if isinstance(error, ProviderError)]
    assert [(error.kind, error.retryable) for error in errors] == [(ErrorKind.UNREACHABLE, True)]
    assert len(server.asked(API + "txt2img")) == 3


@pytest.mark.parametrize(("looks", "interrupts"), [((IDLE, progress(3)), 1), ((progress(3, stamp="another's"),), 0)])
async def test_a_picture_that_took_too_long_is_stopped_and_no_other(
    server: Loopback, serve: Serve, looks: tuple[Reply, ...], interrupts: int
) -> None:
    server.on("POST", API + "txt2img", Reply(200, pause=asyncio.Event()))
    server.on("GET", API + "progress", *looks)
    assert (await failed(serve("A1111", seconds=0.05), spec(steps=25))).kind is ErrorKind.TIMED_OUT
    assert len(server.asked(API + "interrupt")) == interrupts


async def test_cancel_of_a_picture_on_a_server_that_died(server: Loopback, serve: Serve) -> None:
    server.on("POST", API + "txt2img", Reply(200, pause=asyncio.Event()))
    server.on("GET", API + "progress", IDLE, Reply(500, b"dead"))
    mine = serve("A1111")
    drawing = asyncio.create_task(failed(mine))
    while not server.asked(API + "txt2img"):
        await asyncio.sleep(0.001)
    assert await mine.cancel("job-1", None)
    assert (await drawing).kind is ErrorKind.CANCELLED


@pytest.mark.parametrize(("counted", "stage"), [(8, "drawing"), (7, "drawing"), (4, "drawing"), (5, "queued")])
async def test_steps_counted_twice_are_ours_too(server: Loopback, serve: Serve, counted: int, stage: str) -> None:
    go = asyncio.Event()
    server.on("POST", API + "txt2img", Reply(200, answer().body, {"Content-Type": "application/json"}, pause=go))
    server.on("GET", API + "progress", IDLE, progress(2, of=counted, done=0.5))
    watch = Watch()
    drawing = asyncio.create_task(serve("A1111").render(spec(steps=4), watch))
    while not watch.reports:
        await asyncio.sleep(0.001)
    go.set()
    await drawing
    assert watch.stages == [stage]


# --- lists and check ---


async def test_new_models_are_found(server: Loopback, serve: Serve) -> None:
    mine = serve("A1111")
    await mine.models()
    server.on("GET", API + "sd-models", json_reply([*NOW["sd-models"], {"title": "new.safetensors", "model_name": "new"}]))
    await mine.render(spec(model="new"), Watch())
    assert (sent(server)["override_settings"], server.asked(API + "refresh-checkpoints")) == (
        {"sd_model_checkpoint": "new.safetensors"},
        [],
    )
    assert len(await mine.models(refresh=True)) == 2
    assert len(server.asked(API + "refresh-checkpoints")) == 1


async def test_a_web_ui_without_its_api_is_named(serve: Serve) -> None:
    with pytest.raises(ProviderError, match="--api") as caught:
        await serve("without lists").check()
    assert caught.value.kind is ErrorKind.MISCONFIGURED
    assert (await serve("Forge").check()).summary.startswith("Forge")
