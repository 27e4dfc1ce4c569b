"""Comfy Cloud's routes: ComfyUI's where they are the same, jobs instead of the history, pictures behind a redirect."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.http import download
from providers.images.cloud import KEPT_SECONDS, key_of
from providers.images.cloud_errors import bad_answer
from providers.images.comfyui_api import TRANSFER_SECONDS, ComfyApi
from providers.images.comfyui_errors import rejection

_JOB_ID = re.compile(r"[\w-]{1,80}")


class ComfyCloudApi(ComfyApi):
    """Comfy Cloud with the host's key. Every method raises ``ProviderError`` only."""

    UPLOAD: ClassVar[Mapping[str, str]] = {"type": "input", "overwrite": "true"}

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        self._base = self._base.removesuffix("/api") + "/api"
        self.headers = {"X-API-Key": key_of(config)}
        self._nodes: tuple[float, Mapping[str, Any]] = (0.0, {})

    async def start(self, graph: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Queue a graph: (the job's id, ``node_errors`` of outputs that were left out). The service gives the id."""
        answer = await self._ask("POST", "/prompt", json={"prompt": graph})
        if answer.status == 400:
            raise rejection(self._config, self._json(answer))
        if answer.status == 429 and "retry-after" not in answer.headers:
            # Documented as «User has not paid», apart from 402 «Insufficient credits».
            raise ProviderError(ErrorKind.NO_CREDIT, self._config.name, host_detail="HTTP 429: the account has not paid")
        said = self._json(self._good(answer))
        job = said.get("prompt_id") if isinstance(said, dict) else None
        if not is_job_id(job):
            raise bad_answer(self._config.name, "no usable prompt_id in the answer")
        errors = said.get("node_errors")
        return str(job), errors if isinstance(errors, dict) else {}

    async def status(self, job: str) -> str:
        """``waiting_to_dispatch``, ``pending``, ``in_progress``, ``completed``, ``error`` or ``cancelled``; empty when it is unknown."""
        return str((await self._job(f"/job/{job}/status")).get("status") or "")

    async def details(self, job: str) -> dict[str, Any]:
        """Outputs and failure of a job; empty when it is unknown."""
        return await self._job(f"/jobs/{job}")

    async def _job(self, path: str) -> dict[str, Any]:
        answer = await self._ask("GET", path)
        if answer.status == 404:
            return {}
        said = self._json(self._good(answer))
        if not isinstance(said, dict) or "status" not in said:
            raise bad_answer(self._config.name, "a job without a status")
        return said

    async def interrupt_all(self) -> None:
        """Stop every running job of the account: the service has no way to name one."""
        self._good(await self._ask("POST", "/interrupt"))

    async def node(self, class_type: str) -> dict[str, Any] | None:
        """A node class's description, out of the list of all, which is remembered."""
        when, nodes = self._nodes
        if not nodes or time.monotonic() - when > KEPT_SECONDS:
            said = self._json(self._good(await self._ask("GET", "/object_info", seconds=TRANSFER_SECONDS)))
            nodes = said if isinstance(said, dict) else {}
            self._nodes = (time.monotonic(), nodes)
        entry = nodes.get(class_type)
        return entry if isinstance(entry, dict) else None

    def forget_nodes(self) -> None:
        """Ask for the nodes again the next time."""
        self._nodes = (0.0, {})

    async def view(self, image: Mapping[str, Any]) -> bytes | None:
        """The bytes of an output. The service redirects to a signed address elsewhere, which does not get the key."""
        query = {key: str(image.get(key) or "") for key in ("filename", "subfolder", "type")}
        url = str(httpx.URL(f"{self._base}/view", params=query))
        types = ("image/", "application/octet-stream", "binary/octet-stream")
        return (await download(self._config, url, timeout=TRANSFER_SECONDS, types=types, headers=self.headers)).content

    async def user(self) -> str:
        """The account's status: ``active`` or ``waitlisted``."""
        said = self._json(self._good(await self._ask("GET", "/user")))
        return str(said.get("status") or "") if isinstance(said, dict) else ""


def is_job_id(value: Any) -> bool:
    """Whether a text can stand in a path as a job's id."""
    return isinstance(value, str) and bool(_JOB_ID.fullmatch(value))
