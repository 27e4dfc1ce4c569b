"""How each of Hugging Face's inference providers is asked for a picture through the router, and where it puts it.

Bodies and answers are the providers' own, as the official client (huggingface_hub) sends and reads them. A provider that is not
here cannot be used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from providers.contract import Dropped, Reference, RenderSpec
from providers.errors import ErrorKind, ProviderError
from providers.images.cloud_errors import bad_answer, refused
from providers.images.references import as_base64, as_data_uri

TEXT, IMAGE = "text-to-image", "image-to-image"
SETTINGS: Mapping[str, frozenset[str]] = {
    "hf-inference": frozenset({"negative", "seed", "steps", "cfg", "scheduler", "size"}),
    "fal-ai": frozenset({"negative", "seed", "steps", "cfg", "size"}),
    "together": frozenset({"negative", "seed", "steps", "cfg", "size"}),
    "nscale": frozenset({"size"}),
    "replicate": frozenset({"negative", "seed", "steps", "cfg", "size"}),
    "wavespeed": frozenset({"negative", "seed", "steps", "cfg", "size"}),
    "zai-org": frozenset({"size"}),
}
MOST_REFERENCES: Mapping[str, int] = {"nscale": 0, "zai-org": 0, "fal-ai": 4, "together": 4}
"""Most reference pictures; one where nothing stands here."""
LATER = frozenset({"fal-ai", "wavespeed", "zai-org"})
"""Providers that draw some pictures later and are looked at until they have."""
_REFUSAL = re.compile(r"nsfw|safety|moderat|sensitive|content.policy", re.IGNORECASE)
_LABELS = {"steps": "steps", "cfg": "CFG scale", "negative": "negative prompt", "scheduler": "scheduler"}


@dataclass(frozen=True, slots=True)
class Served:
    """A provider of a model and the model's name there."""

    provider: str
    model: str
    task: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One call below ``/{provider}``. ``shown`` is the body without pictures."""

    path: str
    body: dict[str, Any]
    shown: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def providers_in(answer: Any) -> list[Served]:
    """The live providers of a model, in the Hub's order. The Hub has written this as a map and as a list."""
    mapping = answer.get("inferenceProviderMapping") if isinstance(answer, Mapping) else None
    rows: list[Mapping[str, Any]]
    if isinstance(mapping, Mapping):
        rows = [{"provider": name, **about} for name, about in mapping.items() if isinstance(about, Mapping)]
    else:
        rows = [row for row in mapping if isinstance(row, Mapping)] if isinstance(mapping, list) else []
    live = [row for row in rows if row.get("status") == "live" and row.get("provider") and row.get("providerId")]
    return [Served(str(row["provider"]), str(row["providerId"]), str(row.get("task") or "")) for row in live]


def settings_of(spec: RenderSpec, served: Served) -> frozenset[str]:
    """The settings that are sent for this picture; fewer when hf-inference draws from another one."""
    takes = SETTINGS[served.provider]
    return takes - {"seed", "scheduler"} if served.provider == "hf-inference" and spec.references else takes


def missing(spec: RenderSpec, served: Served) -> list[Dropped]:
    """Settings of the spec that the provider which draws does not take."""
    takes = settings_of(spec, served)
    wanted = [name for name in _LABELS if getattr(spec, name) not in (None, "")]
    return [Dropped(_LABELS[name], f"{served.provider} takes none") for name in wanted if name not in takes]


def request_of(spec: RenderSpec, served: Served, references: Sequence[Reference]) -> Request:
    """The call that draws."""
    match served.provider:
        case "hf-inference":
            return _hf_inference(spec, served, references)
        case "fal-ai":
            return _fal(spec, served, references)
        case "together" | "nscale":
            return _openai_like(spec, served, references)
        case "replicate":
            return _replicate(spec, served, references)
        case "wavespeed":
            return _wavespeed(spec, served, references)
    body = {"model": served.model, "prompt": spec.prompt, "size": f"{spec.width}x{spec.height}"}
    return Request("/api/paas/v4/async/images/generations", body, body, {"Accept-Language": "en-US,en"})


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "")}


def _hf_inference(spec: RenderSpec, served: Served, references: Sequence[Reference]) -> Request:
    common = {"negative_prompt": spec.negative, "guidance_scale": spec.cfg, "num_inference_steps": spec.steps}
    path = f"/models/{served.model}"
    if references:
        parameters = _said({"prompt": spec.prompt, **common, "target_size": {"width": spec.width, "height": spec.height}})
        return Request(path, {"inputs": as_base64(references[0]), "parameters": parameters}, parameters)
    sized = {"width": spec.width, "height": spec.height, "scheduler": spec.scheduler, "seed": spec.seed}
    body = {"inputs": spec.prompt, "parameters": _said({**common, **sized})}
    return Request(path, body, body)


def _fal(spec: RenderSpec, served: Served, references: Sequence[Reference]) -> Request:
    shown = _said(
        {
            "prompt": spec.prompt,
            "negative_prompt": spec.negative,
            "guidance_scale": spec.cfg,
            "num_inference_steps": spec.steps,
            "seed": spec.seed,
            "image_size": {"width": spec.width, "height": spec.height},
        }
    )
    if not references:
        return Request(f"/{served.model}", shown, shown)
    pictures = [as_data_uri(reference) for reference in references]
    return Request(f"/{served.model}?_subdomain=queue", {**shown, "image_url": pictures[0], "image_urls": pictures}, shown)


def _openai_like(spec: RenderSpec, served: Served, references: Sequence[Reference]) -> Request:
    path = "/v1/images/generations"
    base = {"prompt": spec.prompt, "model": served.model}
    if served.provider == "nscale":
        body = {**base, "response_format": "b64_json", "size": f"{spec.width}x{spec.height}"}
        return Request(path, body, body)
    sampling = {"negative_prompt": spec.negative, "guidance_scale": spec.cfg, "steps": spec.steps, "seed": spec.seed}
    shown = _said({**base, **sampling, "width": spec.width, "height": spec.height, "response_format": "base64"})
    pictures = [as_data_uri(reference) for reference in references]
    if not pictures:
        return Request(path, shown, shown)
    by_address = all(word in served.model.lower() for word in ("kontext", "flux.1"))
    source = {"image_url": pictures[0]} if by_address else {"reference_images": pictures}
    return Request(path, {**shown, **source}, shown)


def _replicate(spec: RenderSpec, served: Served, references: Sequence[Reference]) -> Request:
    values = {"negative_prompt": spec.negative, "guidance_scale": spec.cfg, "num_inference_steps": spec.steps, "seed": spec.seed}
    shown = _said({"prompt": spec.prompt, **values, "width": spec.width, "height": spec.height})
    inputs = dict(shown)
    if references:  # its models name this field in four ways; unknown ones are ignored
        picture = as_data_uri(references[0])
        inputs |= {"image": picture, "images": [picture], "input_image": picture, "input_images": [picture]}
    model, colon, version = served.model.partition(":")
    if colon:
        return Request("/v1/predictions", {"input": inputs, "version": version}, shown, {"Prefer": "wait"})
    return Request(f"/v1/models/{model}/predictions", {"input": inputs}, shown, {"Prefer": "wait"})


def _wavespeed(spec: RenderSpec, served: Served, references: Sequence[Reference]) -> Request:
    values = {"negative_prompt": spec.negative, "guidance_scale": spec.cfg, "num_inference_steps": spec.steps, "seed": spec.seed}
    shown = _said({"prompt": spec.prompt, **values, "width": spec.width, "height": spec.height})
    body = {**shown, "image": as_data_uri(references[0])} if references else shown
    return Request(f"/api/v3/{served.model}", body, shown)


def follow_up(answer: Any, served: Served) -> str:
    """The path to look at for a picture that is drawn later; empty when the answer holds it."""
    found = answer if isinstance(answer, Mapping) else {}
    match served.provider:
        case "zai-org" if isinstance(found.get("id"), str):
            return f"/api/paas/v4/async-result/{_segment(found['id'])}"
        case "fal-ai" if path := _path_of(found.get("response_url")):
            return f"{path}/status?_subdomain=queue"
        case "wavespeed":
            urls = _inside(found, "data").get("urls")
            return _path_of(urls.get("get") if isinstance(urls, Mapping) else None)
    return ""


def _path_of(url: Any) -> str:
    """The path of an address the provider named; it is asked at the router, whatever host the address has."""
    try:
        return httpx.URL(url).path if isinstance(url, str) and url.startswith("https://") else ""
    except httpx.InvalidURL:
        return ""


def _segment(text: str) -> str:
    return "".join(character for character in text if character.isalnum() or character in "-_")


def _inside(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = found.get(key)
    return inner if isinstance(inner, Mapping) else {}


_DONE = {"COMPLETED", "SUCCESS"}
_WAITING = {"IN_QUEUE", "IN_PROGRESS", "PROCESSING", "CREATED"}
_FAILED = {"FAIL", "FAILED"}


def is_over(answer: Any, served: Served, name: str) -> bool:
    """Whether a picture that is drawn later is there. Raises ``ProviderError`` when it failed or the answer is no status."""
    found = answer if isinstance(answer, Mapping) else {}
    found = _inside(found, "data") if served.provider == "wavespeed" else found
    status = str(found.get("task_status" if served.provider == "zai-org" else "status") or "").upper()
    if status in _FAILED:
        words = str(found.get("error") or "")
        kind = ErrorKind.REFUSED if _REFUSAL.search(words) else ErrorKind.INVALID
        raise ProviderError(kind, name, "It could not draw this.", host_detail=f"{served.provider}: {status} {words}"[:200])
    if status not in _DONE | _WAITING:
        raise bad_answer(name, f"{served.provider}: unknown status «{status[:40]}»")
    return status in _DONE


def place_of(answer: Any, served: Served, name: str) -> str:
    """The picture's address, or itself as a ``data:`` address. Raises ``ProviderError`` when there is none."""
    found = answer if isinstance(answer, Mapping) else {}
    first: Any
    if served.provider in ("replicate", "wavespeed"):
        if served.provider == "replicate":
            _check_prediction(found, name)
        first = found.get("output") if served.provider == "replicate" else _inside(found, "data").get("outputs")
        first = first[0] if isinstance(first, list) and first else first
    else:
        flagged = found.get("has_nsfw_concepts")
        if isinstance(flagged, list) and flagged and flagged[0] is True:
            raise refused(name, "has_nsfw_concepts is true", "It blacked the picture out.")
        key = {"fal-ai": "images", "zai-org": "image_result"}.get(served.provider, "data")
        rows = found.get(key)
        row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], Mapping) else {}
        text = row.get("b64_json")
        first = f"data:;base64,{text}" if isinstance(text, str) and text else row.get("url")
    if not isinstance(first, str) or not first:
        raise bad_answer(name, f"{served.provider}: no picture in the answer", "There was no picture in it.")
    return first


def _check_prediction(found: Mapping[str, Any], name: str) -> None:
    """Replicate answers within a minute at the latest, with or without a picture."""
    error = found.get("error")
    if error:
        kind = ErrorKind.REFUSED if _REFUSAL.search(str(error)) else ErrorKind.BAD_ANSWER
        raise ProviderError(kind, name, host_detail=f"replicate: {str(error)[:200]}")
    if found.get("output") is None and found.get("status") in ("starting", "processing"):
        raise ProviderError(ErrorKind.TIMED_OUT, name, host_detail="replicate: no output after its waiting time")
