"""Where the picture stands in Gemini's and Imagen's answers, which 200 is a refusal, and their errors in a plainer shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from providers.contract import ProviderConfig, RenderedImage
from providers.errors import ErrorKind, ProviderError
from providers.failures import redact
from providers.http import secrets_of
from providers.images.cloud_errors import bad_answer, refused, wordy_refusal
from providers.images.formats import from_base64, rendered

REFUSALS = {
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "PROHIBITED_CONTENT", "SAFETY", "RECITATION", "IMAGE_RECITATION", "SPII", "BLOCKLIST"),
    "ESCALATION",
}
"""Values of ``finishReason`` that mean no; NO_IMAGE, IMAGE_OTHER and MALFORMED_RESPONSE mean another try may work."""
WAIT_CODE = "asks_to_wait"
"""Our own code for an error that names the time after which to ask again: a rate limit, however its message speaks of quota."""


def picture_in(config: ProviderConfig, answer: Any) -> RenderedImage:
    """The first picture that is no thought. Raises ``ProviderError``: REFUSED for a blocked prompt or picture, else BAD_ANSWER."""
    if not isinstance(answer, Mapping):
        raise bad_answer(config.name, "the answer is no object")
    feedback = answer.get("promptFeedback")
    if isinstance(feedback, Mapping) and feedback.get("blockReason"):
        raise refused(config.name, f"blockReason {feedback['blockReason']}")
    candidates = answer.get("candidates")
    candidate = candidates[0] if isinstance(candidates, list) and candidates and isinstance(candidates[0], Mapping) else {}
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, Mapping) else None
    shown = [part for part in parts if isinstance(part, Mapping) and not part.get("thought")] if isinstance(parts, list) else []
    for part in shown:
        inline = part.get("inlineData") or part.get("inline_data")
        data = inline.get("data") if isinstance(inline, Mapping) else None
        if isinstance(data, str) and data:
            return rendered(from_base64(data, config.name), config.name)
    reason = str(candidate.get("finishReason") or "")
    if reason in REFUSALS:
        said = redact(str(candidate.get("finishMessage") or ""), secrets_of(config), limit=160)
        raise refused(config.name, f"finishReason {reason} {said}".strip())
    if reason == "LANGUAGE":
        raise ProviderError(ErrorKind.INVALID, config.name, "It does not understand the prompt's language.", host_detail=reason)
    words = " ".join(str(part["text"]) for part in shown if part.get("text"))
    if words.strip() and reason in ("", "STOP"):
        raise wordy_refusal(config, words)
    raise bad_answer(config.name, f"no picture, finishReason {reason or 'none'}", "There was no picture in it.")


def imagen_picture(config: ProviderConfig, answer: Any) -> RenderedImage:
    """The first prediction. A filtered picture is left out of the list or stands there as its reason alone."""
    predictions = answer.get("predictions") if isinstance(answer, Mapping) else None
    if not isinstance(answer, Mapping) or (predictions is None and answer):
        raise bad_answer(config.name, "no predictions in the answer")
    first = predictions[0] if isinstance(predictions, list) and predictions and isinstance(predictions[0], Mapping) else {}
    data = first.get("bytesBase64Encoded")
    if isinstance(data, str) and data:
        return rendered(from_base64(data, config.name), config.name)
    raise refused(config.name, f"no prediction: {redact(str(first.get('raiFilteredReason') or 'filtered'), secrets_of(config), limit=120)}")


def tokens_in(answer: Mapping[str, Any]) -> str:
    """What the picture cost in the service's own measure; empty when it did not say."""
    usage = answer.get("usageMetadata")
    total = usage.get("totalTokenCount") if isinstance(usage, Mapping) else None
    return f"{total} tokens" if isinstance(total, int) else ""


def plainer(body: Any) -> Any:
    """Google's error with what hides in ``details`` moved up: a wrong key (which comes as 400) and the wait it asks for."""
    if isinstance(body, list) and body:  # Vertex writes errors as a list of one
        body = body[0]
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return body
    details = _mappings(error.get("details"))
    plain = dict(error)
    reason = next((str(detail["reason"]) for detail in details if detail.get("reason")), "")
    if reason == "API_KEY_INVALID" or "api key not valid" in str(error.get("message")).lower():
        plain["code"] = "invalid_api_key"
    delay = next((re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail["retryDelay"])) for detail in details if detail.get("retryDelay")), None)
    if delay:
        plain["availability"] = {"retry_after": float(delay[1])}
        plain["code"] = WAIT_CODE
    fields = [violation for detail in details for violation in _mappings(detail.get("fieldViolations"))]
    if fields:
        plain["param"] = str(fields[0].get("field") or "")
    return {"error": plain}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
