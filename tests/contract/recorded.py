"""Recorded exchanges of real servers and API descriptions, from the folder that ``VIGNETTE_SHARED`` names; absent in a plain clone."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest

from tests.contract.loopback import Reply, Seen, json_reply

_SHARED = os.environ.get("VIGNETTE_SHARED", "")


def material(*parts: str) -> Path | None:
    """A file of the material, or None where there is none."""
    path = Path(_SHARED, *parts)
    return path if _SHARED and path.exists() else None


def recorded(folder: str, case: str) -> dict[str, Any]:
    """One recorded case; skips the test where the recordings are absent."""
    path = material("fixtures", folder, f"{case}.json")
    if path is None:
        pytest.skip("VIGNETTE_SHARED has no recorded exchanges")
    return cast("dict[str, Any]", json.loads(path.read_text("utf-8")))


def reply_of(case: dict[str, Any]) -> Reply:
    """The recorded response as a reply of the loopback server."""
    response = case["response"]
    if "body" in response:
        return json_reply(response["body"], response["status"])
    return Reply(response["status"], response.get("body_text", "").encode(), {"Content-Type": "text/plain"})


def check_requests(seen: Iterable[Seen], spec_name: str) -> None:
    """Fail for a request that the API description does not allow. Does nothing where the description is absent."""
    path = material("specs", spec_name)
    if path is None:
        return
    spec = json.loads(path.read_text("utf-8"))
    for request in seen:
        operation = _operation(spec, request)
        assert operation is not None, f"{request.method} {request.path} is not in {spec_name}"
        known = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
        assert set(request.query) <= known, f"{request.path} does not know {set(request.query) - known}"
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content and request.body:
            schema = {**content["application/json"]["schema"], "components": spec["components"]}
            jsonschema.validate(request.json, schema)


def _operation(spec: dict[str, Any], request: Seen) -> dict[str, Any] | None:
    for template, methods in spec["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, request.path) and request.method.lower() in methods:
            return cast("dict[str, Any]", methods[request.method.lower()])
    return None
