"""A ComfyUI server for tests: queue, history, files, sockets, with the shapes of the real one and a hand to stop the clock."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from aiohttp import web

from tests.contract.image_parts import PNG
from tests.contract.loopback import Loopback, Reply, Seen, json_reply

CHECKPOINTS = ["anime/tiny-v2.safetensors", "tiny.safetensors"]


def described(output: list[str], *, saves: bool = False, optional: dict[str, Any] | None = None, **required: Any) -> dict[str, Any]:
    """A node class in the notation of ``/object_info``."""
    return {"input": {"required": required, "optional": optional or {}}, "output": output, "output_node": saves}


_SIDE = ["INT", {"default": 512, "min": 16, "max": 16384, "step": 8}]
CLASSES: dict[str, Any] = {
    "CheckpointLoaderSimple": described(["MODEL", "CLIP", "VAE"], ckpt_name=[CHECKPOINTS, {"tooltip": "t"}]),
    "CLIPTextEncode": described(["CONDITIONING"], text=["STRING", {"multiline": True}], clip=["CLIP", {}]),
    "EmptyLatentImage": described(["LATENT"], width=_SIDE, height=_SIDE, batch_size=["INT", {"min": 1, "max": 4096}]),
    "KSampler": described(
        ["LATENT"],
        model=["MODEL"],
        seed=["INT", {"min": 0, "max": 2**64 - 1}],
        steps=["INT", {"min": 1, "max": 10000}],
        cfg=["FLOAT", {"min": 0.0, "max": 100.0}],
        sampler_name=[["euler", "dpmpp_2m"], {}],
        scheduler=["COMBO", {"options": ["normal", "karras"]}],
        positive=["CONDITIONING"],
        negative=["CONDITIONING"],
        latent_image=["LATENT"],
        denoise=["FLOAT", {"min": 0.0, "max": 1.0}],
    ),
    "VAEDecode": described(["IMAGE"], samples=["LATENT"], vae=["VAE"]),
    "VAEEncode": described(["LATENT"], pixels=["IMAGE"], vae=["VAE"]),
    "SaveImage": described([], saves=True, images=["IMAGE", {}], filename_prefix=["STRING", {}]),
    "LoadImage": described(["IMAGE", "MASK"], image=[[], {"image_upload": True}]),
    "LoadFace": described(["IMAGE"], image=[["a.png"], {"image_upload": True}]),
    "ImageScale": described(
        ["IMAGE"],
        image=["IMAGE"],
        upscale_method=[["lanczos", "area"]],
        width=["INT", {"min": 0, "max": 16384}],
        height=["INT", {"min": 0, "max": 16384}],
        crop=[["disabled", "center"]],
    ),
    "Anything": described(["*"], saves=True, value=["*"]),
    "Growing": described(["IMAGE"], images=["COMFY_AUTOGROW_V3", {}]),
}
"""Node classes of the server's own, and two of the kind extensions have."""


class ComfyServer:
    """Prompts wait until ``finish``, ``fail`` or ``interrupt``; with ``instant`` they end when they are submitted."""

    def __init__(self, server: Loopback, *, instant: bool = True) -> None:
        self.server = server
        self.instant = instant
        self.running: list[list[Any]] = []
        self.pending: list[list[Any]] = []
        self.history: dict[str, Any] = {}
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.submitted = asyncio.Event()
        self.submissions = 0
        self.own_ids = False
        """As servers of 2024: the ``prompt_id`` of a request is not looked at."""
        self.late_history = 0
        """So many looks at the history come too early."""
        server.handle("POST", "/prompt", self._prompt)
        server.handle("GET", "/queue", self._queue)
        server.handle("POST", "/queue", self._delete)
        server.handle("POST", "/interrupt", self._interrupt)
        server.handle("GET", "/ws", self._socket)
        server.on("GET", "/view", Reply(200, PNG, {"Content-Type": "image/png"}))
        server.on("GET", "/system_stats", json_reply({"system": {"comfyui_version": "0.8.0", "argv": ["/secret/main.py"]}}))
        server.on("POST", "/upload/image", json_reply({"name": "renamed (1).png", "subfolder": "vignette", "type": "input"}))
        self.node("CheckpointLoaderSimple", ckpt_name=[CHECKPOINTS, {}])
        self.node("UNETLoader", unet_name=["COMBO", {"options": ["flux1-dev.safetensors"]}])
        self.node("VAELoader", vae_name=[["ae.sft"], {}])
        self.node("KSampler", sampler_name=[["euler", "dpmpp_2m"], {}], scheduler=["COMBO", {"options": ["normal", "karras"]}])
        server.on("GET", "/object_info/UnetLoaderGGUF", json_reply({}))

    def node(self, class_type: str, **required: Any) -> None:
        self.server.on("GET", f"/object_info/{class_type}", json_reply({class_type: {"input": {"required": required}}}))

    def nodes(self, classes: dict[str, Any]) -> None:
        """Describe node classes; any other class is answered as unknown."""
        for class_type, described in classes.items():
            self.server.on("GET", f"/object_info/{class_type}", json_reply({class_type: described} if described else {}))

    @property
    def graphs(self) -> list[dict[str, Any]]:
        return [seen.json["prompt"] for seen in self.server.asked("/prompt")]

    def know(self, prompt_id: str) -> None:
        async def history(request: web.Request, seen: Seen) -> web.StreamResponse:
            if self.late_history > 0 and prompt_id in self.history:
                self.late_history -= 1
                return web.json_response({})
            return web.json_response({prompt_id: self.history[prompt_id]} if prompt_id in self.history else {})

        self.server.handle("GET", f"/history/{prompt_id}", history)

    async def _prompt(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        body = seen.json
        self.submissions += 1
        if self.own_ids:
            body = {**body, "prompt_id": f"theirs-{self.submissions}"}
        row = [self.submissions, body["prompt_id"], body["prompt"], {"client_id": body["client_id"]}, []]
        self.history.pop(body["prompt_id"], None)
        self.know(body["prompt_id"])
        (self.pending if self.running else self.running).append(row)
        self.submitted.set()
        if self.instant:
            await self.finish(body["prompt_id"])
        return web.json_response({"prompt_id": body["prompt_id"], "number": row[0], "node_errors": {}})

    async def _queue(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        return web.json_response({"queue_running": self.running, "queue_pending": self.pending})

    async def _delete(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        self.pending = [row for row in self.pending if row[1] not in seen.json["delete"]]
        return web.Response()

    async def _interrupt(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        if any(row[1] == seen.json["prompt_id"] for row in self.running):
            await self.end(seen.json["prompt_id"], "error", {}, [["execution_interrupted", {"node_id": "5"}]])
        return web.Response()

    async def _socket(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets[request.query["clientId"]] = socket
        await socket.send_json({"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}, "sid": "x"}})
        async for _ in socket:
            pass
        return socket

    async def tell(self, client_id: str, kind: str, **data: Any) -> None:
        """Send a frame to the prompt's client, if it listens."""
        socket = self.sockets.get(client_id)
        if socket is not None and not socket.closed:
            with contextlib.suppress(ConnectionError):
                await socket.send_str(json.dumps({"type": kind, "data": data}))

    async def finish(self, prompt_id: str, outputs: dict[str, Any] | None = None) -> None:
        made = {"7": {"images": [{"filename": "v_1_.png", "subfolder": "vignette", "type": "output"}]}}
        await self.end(prompt_id, "success", made if outputs is None else outputs, [["execution_success", {}]])

    async def end(self, prompt_id: str, status: str, outputs: dict[str, Any], messages: list[Any]) -> None:
        row = next((row for row in [*self.running, *self.pending] if row[1] == prompt_id), [0, prompt_id, {}, {}, []])
        self.running = [other for other in self.running if other[1] != prompt_id]
        self.history[prompt_id] = {
            "prompt": row,
            "outputs": outputs,
            "status": {"status_str": status, "completed": status == "success", "messages": messages},
        }
        for event, data in messages:
            await self.tell(prompt_id, event, prompt_id=prompt_id, **data)
        await self.tell(prompt_id, "executing", node=None, prompt_id=prompt_id)

    def restart(self) -> None:
        """Everything the server did not write to disk is gone."""
        self.running, self.pending, self.history = [], [], {}
