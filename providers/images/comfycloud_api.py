"""Comfy Cloud's routes: ComfyUI's where they are the same, jobs instead of the history, pictures behind a redirect."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.failures import error_from
from providers.http import download, secrets_of
from providers.images.cloud import KEPT_SECONDS, key_of
from providers.images.cloud_errors import bad_answer
from providers.images.comfyui_api import TRANSFER_SECONDS, ComfyApi
from providers.images.comfyui_errors import rejection
from providers.images.results import size_of

UPLOAD_BYTES, UPLOAD_SIDE, UPLOAD_PIXELS = 50 * 2**20, 16384, 2**26
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
            raise rejection(self._config, self._json(answer), graph)
        if answer.status == 429 and "retry-after" not in answer.headers:
            # Documented as «User has not paid», apart from 402 «Insufficient credits».
            raise ProviderError(ErrorKind.NO_CREDIT, self._config.name, host_detail="HTTP 429: the account has not paid")
        said = self._json(self._good(answer))
        job = said.get("prompt_id") if isinstance(said, dict) else None
        if not is_job_id(job):
            if isinstance(said, dict) and said.get("error"):
                raise rejection(self._config, said, graph) if said.get("node_errors") else self.told(said)
            raise bad_answer(self._config.name, "no usable prompt_id in the answer")
        errors = said.get("node_errors")
        return str(job), errors if isinstance(errors, dict) else {}

    def told(self, error: Any) -> ProviderError:
        """The failure that an error text or object means when no status says it."""
        return error_from(self._config.name, error, secrets=secrets_of(self._config))

    async def upload(self, data: bytes, stem: str) -> str:
        """Put a picture into the account's storage, once it is known to be within the service's limits."""
        size = size_of(data)
        pixels = size[0] * size[1] if size else 0
        if len(data) > UPLOAD_BYTES or pixels > UPLOAD_PIXELS or (size and max(size) > UPLOAD_SIDE):
            limits = f"{UPLOAD_BYTES // 2**20} MB, {UPLOAD_SIDE} pixels a side, {UPLOAD_PIXELS // 2**20} megapixels"
            raise ProviderError(ErrorKind.INVALID, self._config.name, f"A reference picture is too big for it (limits: {limits}).")
        return await super().upload(data, stem)

    async def withdraw(self, prompt_id: str) -> bool:
        """Take a waiting job out of the queue; False when it was not waiting any more."""
        said = self._json(self._good(await self._ask("POST", "/queue", json={"delete": [prompt_id]})))
        deleted = said.get("deleted") if isinstance(said, dict) else None
        return not isinstance(deleted, list) or prompt_id in deleted

    async def status(self, job: str) -> tuple[str, str]:
        """State and error text of a job.

        The state is ``waiting_to_dispatch``, ``pending``, ``in_progress``, ``completed``, ``error`` or ``cancelled``, or empty when
        the job is unknown or somebody else's.
        """
        said = await self._job(f"/job/{job}/status")
        return str(said.get("status") or ""), str(said.get("error_message") or "")

    async def details(self, job: str) -> dict[str, Any]:
        """Outputs and failure of a job; empty when it is unknown."""
        return await self._job(f"/jobs/{job}")

    async def _job(self, path: str) -> dict[str, Any]:
        answer = await self._ask("GET", path)
        if answer.status in (403, 404):
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
