"""What the AI Horde's error codes mean; the codes are those of its published API description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from providers.errors import ErrorKind, ProviderError
from providers.images.cloud_errors import Meaning

IP_PAUSE_SECONDS = 600.0
"""How long to leave the service alone when it has barred our address and does not say for how long."""
NOBODY = "Nobody there offers this model with these settings right now."
_NO_ACCOUNT = "This needs an account of its own (api_key)."
MEANINGS: tuple[Meaning, ...] = (
    Meaning(
        re.compile(r"KudosUpfront|InsufficientKudos|SharedKeyEmpty"),
        ErrorKind.NO_CREDIT,
        "It wants kudos in advance for this; a smaller size or fewer steps may need none.",
    ),
    Meaning(re.compile(r"CorruptPrompt|Profanity"), ErrorKind.REFUSED),
    Meaning(
        re.compile(r"InvalidAPIKey|WrongCredentials|SharedKey|DeletedUser|UserNotFound"),
        ErrorKind.UNAUTHORISED,
        "It does not know this key.",
    ),
    Meaning(re.compile(r"TooManyPrompts|TimeoutIP|TooManySameIPs|TooManyNewIPs"), ErrorKind.RATE_LIMITED),
    Meaning(re.compile(r"MaintenanceMode|Locked"), ErrorKind.BUSY),
    Meaning(re.compile(r"NoValidWorkers"), ErrorKind.INVALID, NOBODY),
    Meaning(re.compile(r"AnonForbidden|NotTrusted|RequiresTrust|NotPrivileged"), ErrorKind.MISCONFIGURED, _NO_ACCOUNT),
    Meaning(re.compile(r"ExtraSourceImage|InvalidRemixModel"), ErrorKind.INVALID, "It cannot mix these pictures with this model."),
    Meaning(re.compile(r"UnsafeIP"), ErrorKind.MISCONFIGURED, "It takes nothing from this server's network without a trusted account."),
    Meaning(re.compile(r"BadClientAgent"), ErrorKind.MISCONFIGURED, "It does not accept the client_agent."),
    Meaning(re.compile(r"TooManyLoras|BadLoraVersion"), ErrorKind.MISCONFIGURED, "It does not accept the host's LoRAs."),
    Meaning(re.compile(r"RequestExpired"), ErrorKind.TIMED_OUT),
    Meaning(re.compile(r"RequestNotFound"), ErrorKind.BAD_ANSWER, "It has lost the request."),
    Meaning(re.compile(r"InvalidPromptSize|TooLong\b"), ErrorKind.INVALID, "The prompt is too long for it."),
    Meaning(re.compile(r"UnsupportedModel|UnexpectedModelName"), ErrorKind.INVALID, "It has no such model."),
    Meaning(re.compile(r"SourceImage(?:Resolution|Size)Exceeded"), ErrorKind.INVALID, "A reference picture is too big for it."),
    Meaning(re.compile(r"SourceImageRequired"), ErrorKind.INVALID, "This model needs a picture to start from."),
    Meaning(re.compile(r"SourceImage|ImageValidation"), ErrorKind.INVALID, "It did not accept a reference picture."),
    Meaning(re.compile(r"Img2ImgMismatch"), ErrorKind.INVALID, "This model cannot start from a picture."),
    Meaning(re.compile(r"Mismatch"), ErrorKind.INVALID, "This model does not go with these settings."),
    Meaning(re.compile(r"TooManySteps"), ErrorKind.INVALID, "It takes fewer steps."),
    Meaning(re.compile(r"BadCFG"), ErrorKind.INVALID, "It does not accept this CFG scale."),
    Meaning(re.compile(r"UnsupportedSampler"), ErrorKind.INVALID, "It has no such sampler."),
    Meaning(re.compile(r"InvalidSize"), ErrorKind.INVALID, "It cannot draw this size."),
    Meaning(re.compile(r"MissingPrompt"), ErrorKind.INVALID, "It needs a prompt."),
)
"""The first that matches counts: codes whose names lie inside others stand after them."""


def reshaped(body: Any) -> Any:
    """``{"message", "rc", "errors": {field: text}}`` as an error object; anything else as it is."""
    if not isinstance(body, Mapping) or "rc" not in body:
        return body
    fields = body.get("errors")
    more = "; ".join(f"{key}: {value}" for key, value in fields.items()) if isinstance(fields, Mapping) else ""
    return {"error": {"message": f"{body.get('message') or ''} {more}".strip(), "code": str(body["rc"])}}


def with_pause(error: ProviderError) -> ProviderError:
    """A barred address is told in words for how long; asking again before that makes it longer."""
    if error.retry_after is None and "TimeoutIP" in error.host_detail:
        told = re.search(r"(\d+)\D{0,10}seconds", error.host_detail)
        error.retry_after = float(told[1]) if told else IP_PAUSE_SECONDS
    return error
