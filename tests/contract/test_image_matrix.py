"""Every setting at once, none, and extremes: whatever is asked for, the requests stay within the services' descriptions.

Each backend is given only what it declares, as the engine does; what it then sends is held against the description, and what it lost
must be told.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import jsonschema
import pytest

from providers.contract import ImageBackend, RenderSpec
from providers.http import close_clients
from providers.images.diffusers import DiffusersBackend
from providers.images.drawthings import DrawThingsBackend
from providers.images.extras import ExtrasBackend
from providers.images.horde import HordeBackend
from providers.images.multibackend import MultiBackend
from providers.images.novelai import NovelAiBackend
from providers.images.pollinations import PollinationsBackend
from providers.images.sdcpp import SdCppBackend
from providers.images.sdnext import SdNextBackend
from tests.contract.cloud_parts import OTHER, PICTURE, PNG64, cloud_config
from tests.contract.image_parts import PNG, REFERENCE, Watch, spec
from tests.contract.loopback import Loopback, Reply, Seen, json_reply, loopback
from tests.contract.recorded import check_requests, check_value, material
from tests.contract.schemas import check_body
from tests.contract.test_horde_images import DONE, MADE
from tests.contract.test_novelai_images import GOOD

Check = Callable[[Seen], None]


def horde_check(seen: Seen) -> None:
    check_requests([seen], "ai-horde.json", exact=True)
    path = material("specs", "ai-horde.json")
    if path is not None:
        document = json.loads(path.read_text("utf-8"))
        check_value(document, document["definitions"]["ModelGenerationInputStable"], seen.json["params"], exact=True)


def body_check(spec_name: str, definition: str) -> Check:
    return lambda seen: check_body(spec_name, definition, seen.json)


def sdnext_check(definition: str) -> Check:
    return lambda seen: check_body("derived-sdnext.json", definition, {k: v for k, v in seen.json.items() if k != "override_settings"})


def pollinations_check(seen: Seen) -> None:
    numbers = {key: int(value) if key in ("width", "height", "seed") else value for key, value in seen.query.items()}
    check_body("derived-pollinations.json", "image_query", numbers)


def multibackend_check(seen: Seen) -> None:
    query: dict[str, Any] = {key: float(value) if key == "strength" else value for key, value in seen.query.items()}
    check_body("derived-multibackend.json", "img2img_query", query)


SIDE = {"type": "integer", "minimum": 64, "maximum": 4096, "multipleOf": 64}
SDCPP: dict[str, Any] = {
    "type": "object",
    "required": ["prompt", "width", "height", "seed", "batch_count"],
    "additionalProperties": False,
    "properties": {
        **{name: {"type": "string"} for name in ("prompt", "negative_prompt", "init_image")},
        "width": SIDE,
        "height": SIDE,
        "seed": {"type": "integer"},
        "batch_count": {"const": 1},
        "clip_skip": {"type": "integer"},
        "output_format": {"enum": ["png", "jpeg", "webp"]},
        "strength": {"type": "number"},
        "lora": {"type": "array"},
        "sample_params": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "sample_steps": {"type": "integer"},
                "sample_method": {"type": "string"},
                "scheduler": {"type": "string"},
                "guidance": {"type": "object", "additionalProperties": False, "properties": {"txt_cfg": {"type": "number"}}},
            },
        },
        "hires": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "enabled": {"const": True},
                "scale": {"type": "number"},
                "upscaler": {"type": "string"},
                "steps": {"type": "integer"},
                "denoising_strength": {"type": "number"},
            },
        },
    },
}
"""Transcribed from the server's own documentation of its job API."""


def sdcpp_check(seen: Seen) -> None:
    jsonschema.validate(seen.json, SDCPP)


@dataclass(frozen=True, slots=True)
class Case:
    make: Callable[[Any], ImageBackend]
    check: dict[str, Check]
    """Drawing route → how its requests are checked."""
    base: str = ""


CASES: dict[str, Case] = {
    "horde": Case(HordeBackend, {"/v2/generate/async": horde_check}, "/v2"),
    "novelai": Case(NovelAiBackend, {"/ai/generate-image": body_check("derived-novelai.json", "")}),
    "pollinations": Case(PollinationsBackend, {"/image/a red cat": pollinations_check}),
    "drawthings": Case(
        DrawThingsBackend, {f"/sdapi/v1/{route}": body_check("derived-drawthings.json", route) for route in ("txt2img", "img2img")}
    ),
    "sdnext": Case(SdNextBackend, {f"/sdapi/v1/{route}": sdnext_check(route) for route in ("txt2img", "img2img")}),
    "extras": Case(ExtrasBackend, {"/api/image": lambda seen: check_requests([seen], "derived-sillytavern-extras.json", exact=True)}),
    "diffusers": Case(DiffusersBackend, {"/generate": body_check("derived-lettuceai-diffusers.json", "request")}),
    "multibackend": Case(
        MultiBackend, {"/api/txt2img": body_check("derived-multibackend.json", "txt2img"), "/api/img2img": multibackend_check}
    ),
    "sdcpp": Case(SdCppBackend, {"/sdcpp/v1/img_gen": sdcpp_check}),
}

EVERYTHING: dict[str, Any] = {
    "steps": 30,
    "cfg": 6.5,
    "sampler": "DPM++ 2M Karras",
    "scheduler": "karras",
    "clip_skip": 2,
    "denoise": 0.5,
    "vae": "ae",
    "hires": True,
    "upscale": 1.5,
    "upscaler": "Lanczos",
    "second_pass_steps": 5,
    "restore_faces": True,
    "adult": True,
}
SPECS: dict[str, RenderSpec] = {
    "plain": spec(negative=""),
    "everything": spec(**EVERYTHING),
    "everything from pictures": spec(**EVERYTHING, references=(OTHER, REFERENCE)),
    "smallest": spec(width=1, height=1, steps=1, cfg=0.0, clip_skip=1, denoise=0.0, seed=0),
    "largest": spec(width=9000, height=9000, steps=1000, cfg=500.0, clip_skip=99, seed=2**63 - 1),
    "wide": spec(width=1999, height=333, references=(REFERENCE,), denoise=1.0),
    "unknown names": spec(sampler="nothing", scheduler="nothing", upscaler="nothing", hires=True, vae="nothing"),
}
SETTINGS = ("steps", "cfg", "sampler", "scheduler", "clip_skip", "denoise", "vae")
SWITCHES = ("hires", "restore_faces")


def declared(asked: RenderSpec, backend: ImageBackend) -> RenderSpec:
    """What the engine would hand over: nothing the backend does not declare."""
    able = backend.capabilities()
    changes: dict[str, Any] = {name: None for name in SETTINGS if not getattr(able, name)}
    changes.update({name: False for name in SWITCHES if not getattr(able, name)})
    changes["references"] = asked.references[: able.references]
    return dataclasses.replace(asked, negative=asked.negative if able.negative else "", **changes)


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as running:
        for method, path, reply in ANSWERS:
            running.on(method, path, reply)
        yield running
    await close_clients()


JOB = {"status": "completed", "result": {"images": [{"b64_json": PNG64}]}, "error": None}
ANSWERS: tuple[tuple[str, str, Reply], ...] = (
    ("POST", "/v2/generate/async", json_reply({"id": "i", "kudos": 1}, 202)),
    ("GET", "/v2/generate/check/i", json_reply(DONE)),
    ("GET", "/v2/generate/status/i", json_reply({**DONE, "generations": [MADE]})),
    ("POST", "/ai/generate-image", Reply(200, GOOD, {"Content-Type": "application/zip"})),
    ("GET", "/image/a red cat", PICTURE),
    ("POST", "/sdapi/v1/txt2img", json_reply({"images": [PNG64], "info": "", "parameters": {}})),
    ("POST", "/sdapi/v1/img2img", json_reply({"images": [PNG64], "info": "", "parameters": {}})),
    ("GET", "/sdapi/v1/progress", json_reply({"state": {"job_count": 0}})),
    ("GET", "/sdapi/v1/options", json_reply({})),
    ("GET", "/sdapi/v1/sd-models", json_reply([])),
    ("POST", "/api/image", json_reply({"image": PNG64})),
    ("GET", "/api/image/samplers", json_reply({"samplers": ["DDIM"]})),
    ("POST", "/generate", json_reply({"image": PNG64})),
    ("POST", "/api/txt2img", PICTURE),
    ("POST", "/api/img2img", PICTURE),
    ("GET", "/sdcpp/v1/capabilities", json_reply({"model": {"stem": "m"}, "samplers": ["euler"], "schedulers": ["karras"]})),
    ("POST", "/sdcpp/v1/img_gen", json_reply({"id": "j"}, 202)),
    ("GET", "/sdcpp/v1/jobs/j", json_reply(JOB)),
)


@pytest.mark.parametrize("wish", SPECS)
@pytest.mark.parametrize("provider", CASES)
async def test_requests_stay_within_the_description(server: Loopback, provider: str, wish: str) -> None:
    case = CASES[provider]
    backend = case.make(cloud_config(provider, server.url + case.base))
    asked = declared(SPECS[wish], backend)
    result = await backend.render(asked, Watch())
    assert result.images[0].data == PNG
    assert PNG64 not in json.dumps(result.parameters)
    sent = [seen for path in case.check for seen in server.asked(path)]
    assert len(sent) == 1
    case.check[sent[0].path](sent[0])
    told = {dropped.setting for dropped in result.dropped}
    if asked.sampler == "nothing" and provider not in ("sdnext", "diffusers"):  # these two pass names on: no list to hold them against
        assert "sampler" in told
    await backend.close()
