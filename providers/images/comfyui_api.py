"""ComfyUI's HTTP routes as typed calls. An empty history means unknown, waiting, running, deleted or lost alike; only the queue tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from providers.contract import ProviderConfig
from providers.errors import ErrorKind, ProviderError
from providers.failures import error_from
from providers.http import RESULT_LIMIT, Answer, json_of, request
from providers.images.auth import authorization, secrets_in
from providers.images.cloud import QUESTION_SECONDS
from providers.images.comfyui_errors import rejection
from providers.images.formats import mime_of

TRANSFER_SECONDS = 120.0
EXTENSIONS: Mapping[str, str] = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


@dataclass(frozen=True, slots=True)
class Queue:
    """Prompt ids. ``pending`` is in the order of drawing."""

    running: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    def __contains__(self, prompt_id: str) -> bool:
        return prompt_id in self.running or prompt_id in self.pending


class ComfyApi:
    """One ComfyUI server. Every method raises ``ProviderError`` only."""

    UPLOAD: ClassVar[Mapping[str, str]] = {"type": "input", "subfolder": "vignette", "overwrite": "true"}
    """Where uploads go."""

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config
        self._base = config.base_url.rstrip("/")
        self.headers = authorization(config)

    def socket_url(self, client_id: str) -> str:
        """Address of the progress WebSocket."""
        parts = urlsplit(self._base)
        scheme = "wss" if parts.scheme == "https" else "ws"
        return f"{scheme}://{parts.netloc}{parts.path}/ws?clientId={client_id}"

    async def submit(self, graph: dict[str, Any], prompt_id: str, client_id: str) -> tuple[str, dict[str, Any]]:
        """Queue a graph under an id of ours: (the id it has, ``node_errors`` of outputs the server left out, usually none).

        Servers before 0.3.46 or so know nothing of ids from outside and give one of their own.
        """
        # Nobody looks at previews; servers since 0.8 leave them out when told so, older ones ignore the wish.
        wish = {"preview_method": "none"}
        body = {"prompt": graph, "prompt_id": prompt_id, "client_id": client_id, "extra_data": wish}
        answer = await self._ask("POST", "/prompt", json=body)
        if answer.status == 400:
            raise rejection(self._config, self._json(answer), graph)
        self._good(answer)
        said = self._json(answer)
        given = said.get("prompt_id") if isinstance(said, dict) else None
        if not isinstance(given, str) or not given:
            raise ProviderError(ErrorKind.BAD_ANSWER, self._config.name, host_detail="no prompt_id in the answer to a submission")
        errors = said.get("node_errors")
        return given, errors if isinstance(errors, dict) else {}

    async def queue(self) -> Queue:
        said = self._json(self._good(await self._ask("GET", "/queue")))
        if not isinstance(said, dict):
            raise ProviderError(ErrorKind.BAD_ANSWER, self._config.name, host_detail="the queue is no object")
        running, pending = _entries(said.get("queue_running")), _entries(said.get("queue_pending"))
        return Queue(tuple(p for _, p in running), tuple(p for _, p in sorted(pending)))

    async def history(self, prompt_id: str) -> dict[str, Any] | None:
        """The entry of a finished prompt, or None."""
        said = self._json(self._good(await self._ask("GET", f"/history/{quote(prompt_id, safe='')}")))
        entry = said.get(prompt_id) if isinstance(said, dict) else None
        return entry if isinstance(entry, dict) else None

    async def interrupt(self, prompt_id: str) -> None:
        """Stop this prompt if it is the running one; acts at the next sampling step."""
        self._good(await self._ask("POST", "/interrupt", json={"prompt_id": prompt_id}))

    async def delete_pending(self, prompt_id: str) -> None:
        """Take a waiting prompt out of the queue; does nothing to a running one."""
        self._good(await self._ask("POST", "/queue", json={"delete": [prompt_id]}))

    async def stop(self, prompt_id: str, queue: Queue) -> bool:
        """Interrupt the prompt if it runs, delete it if it waits, going by ``queue``; False when it is in neither list.

        Servers before 0.3.57 or so interrupt whatever runs, which is why it is asked for only while this prompt does.
        """
        if prompt_id in queue.running:
            await self.interrupt(prompt_id)
        elif prompt_id in queue.pending:
            await self.delete_pending(prompt_id)
        return prompt_id in queue

    async def view(self, image: Mapping[str, Any]) -> bytes | None:
        """The bytes of an output, or None when the file is no longer there."""
        query = {key: str(image.get(key) or "") for key in ("filename", "subfolder", "type")}
        answer = await self._ask("GET", "/view", params=query, seconds=TRANSFER_SECONDS, limit=RESULT_LIMIT)
        if answer.status == 404:
            return None
        return self._good(answer).content

    async def upload(self, data: bytes, stem: str) -> str:
        """Put a reference picture into the server's input folder; returns the name a LoadImage node takes."""
        mime = mime_of(data)
        if mime not in EXTENSIONS:
            raise ProviderError(ErrorKind.INVALID, self._config.name, "A reference picture has a format it cannot read.")
        files = {"image": (f"{stem}.{EXTENSIONS[mime]}", data, mime)}
        answer = await self._ask("POST", "/upload/image", files=files, data=dict(self.UPLOAD), seconds=TRANSFER_SECONDS)
        if answer.status == 413:
            detail = "A reference picture is larger than the server takes (its option --max-upload-size)."
            raise ProviderError(ErrorKind.INVALID, self._config.name, detail, host_detail="HTTP 413 to an upload")
        said = self._json(self._good(answer))
        name = said.get("name") if isinstance(said, dict) else None
        if not isinstance(name, str) or not name:
            raise ProviderError(ErrorKind.BAD_ANSWER, self._config.name, host_detail="upload without a name")
        folder = said.get("subfolder")
        return f"{folder}/{name}" if folder else name

    async def node(self, class_type: str) -> dict[str, Any] | None:
        """A node class's description, or None when the server does not have it (it answers an empty object)."""
        answer = await self._ask("GET", f"/object_info/{quote(class_type, safe='')}")
        said = self._json(self._there(answer))  # an unknown class is answered with an empty object
        entry = said.get(class_type) if isinstance(said, dict) else None
        return entry if isinstance(entry, dict) else None

    async def version(self) -> str:
        """ComfyUI's version, empty when it is not said."""
        said = self._json(self._there(await self._ask("GET", "/system_stats")))
        system = said.get("system") if isinstance(said, dict) else None
        return str(system.get("comfyui_version") or "") if isinstance(system, dict) else ""

    async def _ask(self, method: str, path: str, *, seconds: float = QUESTION_SECONDS, **parts: Any) -> Answer:
        return await request(self._config, method, self._base + path, timeout=seconds, headers=self.headers, **parts)

    def _good(self, answer: Answer) -> Answer:
        if answer.status < 300:
            return answer
        raise error_from(self._config.name, answer.content, status=answer.status, headers=answer.headers, secrets=secrets_in(self._config))

    def _there(self, answer: Answer) -> Answer:
        """Of a route that every ComfyUI has."""
        if answer.status == 404:
            raise ProviderError(ErrorKind.MISCONFIGURED, self._config.name, "Its base_url leads to no ComfyUI.", host_detail="HTTP 404")
        return self._good(answer)

    def _json(self, answer: Answer) -> Any:
        return json_of(answer, self._config)


def _entries(rows: Any) -> list[tuple[float, str]]:
    """(number, prompt id) of queue rows; prompts put in front have negative numbers."""
    listed = [row for row in rows if isinstance(row, list) and len(row) >= 2] if isinstance(rows, list) else []
    return [(float(row[0]), str(row[1])) for row in listed if isinstance(row[0], int | float)]
