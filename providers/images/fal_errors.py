"""fal's two error shapes: a model's typed ``detail`` list, and the queue's ``error_type``, in the body or in a header."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.errors import ErrorKind, ProviderError
from providers.http import Answer
from providers.images.cloud_errors import Meaning

_BAD_IMAGE = re.compile(r"image_too_|image_load_error|file_download_error|file_too_large|unsupported_image_format")
_NO_MONEY = re.compile(r"exhausted balance|insufficient (?:balance|credits?|funds)|top up|billing|locked", re.IGNORECASE)

MEANINGS = (
    Meaning(re.compile(r"content_policy_violation"), ErrorKind.REFUSED),
    Meaning(re.compile(r"no_media_generated"), ErrorKind.BAD_ANSWER, "It gave no picture; another try may work."),
    Meaning(re.compile(r"image_too_small"), ErrorKind.INVALID, "A reference picture is too small for it."),
    Meaning(re.compile(r"image_too_large|file_too_large"), ErrorKind.INVALID, "A reference picture is too big for it."),
    Meaning(_BAD_IMAGE, ErrorKind.INVALID, "It did not accept a reference picture."),
    Meaning(re.compile(r"generation_timeout"), ErrorKind.TIMED_OUT),
    Meaning(re.compile(r"request_timeout|startup_timeout|runner_(?!server_error|incomplete)"), ErrorKind.BUSY),
    Meaning(re.compile(r"runner_server_error|runner_incomplete|internal_error"), ErrorKind.BAD_ANSWER),
    Meaning(re.compile(r"client_(?:disconnected|cancelled)"), ErrorKind.CANCELLED, statuses=(499,)),
    Meaning(re.compile(r"bad_request"), ErrorKind.INVALID, statuses=(400,)),
    Meaning(_NO_MONEY, ErrorKind.NO_CREDIT, statuses=(402, 403)),
)


def typed(answer: Answer) -> Answer:
    """The answer with the error type of its header in the body, where the body names none (a gateway's HTML)."""
    kind = answer.headers.get("x-fal-error-type", "")
    body = _body(answer)
    if not kind or body.get("error_type") or isinstance(body.get("detail"), list):
        return answer
    detail = str(body.get("detail") or "")
    return replace(answer, content=json.dumps({"detail": detail, "error_type": kind}).encode())


def final(answer: Answer, error: ProviderError) -> ProviderError:
    """The error with what the service says of another try: worth it after a conflict, in vain where a model itself says so."""
    if answer.status == 409:
        return ProviderError(ErrorKind.BUSY, error.name, host_detail=error.host_detail)
    said = answer.headers.get("x-fal-retryable") or answer.headers.get("x-fal-needs-retry") or ""
    if not error.retryable or said.lower() not in ("false", "0") or not isinstance(_body(answer).get("detail"), list):
        return error
    return ProviderError(ErrorKind.INVALID, error.name, host_detail=error.host_detail)


def reshaped(body: Any) -> Any:
    """``{"detail": [{"type", "loc", "msg"}]}`` of a model is read as it is; ``{"detail": text, "error_type"}`` gets its type."""
    if isinstance(body, Mapping) and isinstance(body.get("error_type"), str):
        return {"error": {"message": str(body.get("detail") or body.get("error") or ""), "type": body["error_type"]}}
    return body


def _body(answer: Answer) -> Mapping[str, Any]:
    try:
        body = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, Mapping) else {}
