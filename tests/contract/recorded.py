"""Recorded exchanges of real servers and API descriptions, from the folder that ``VIGNETTE_SHARED`` names; absent in a plain clone."""

from __future__ import annotations

import email.parser
import email.policy
import functools
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
import yaml

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


def check_requests(seen: Iterable[Seen], spec_name: str, *, exact: bool = False) -> None:
    """Fail for a request that the API description does not allow. Does nothing where the description is absent.

    JSON bodies and the fields of forms are held against their schemas; with ``exact`` names the description lacks fail too.
    """
    path = material("specs", spec_name)
    if path is None:
        return
    spec = document(path)
    for request in seen:
        operation = _operation(spec, request)
        assert operation is not None, f"{request.method} {request.path} is not in {spec_name}"
        parameters = [_resolved(spec, p) for p in operation.get("parameters", ())]
        for parameter in parameters:
            if parameter["in"] == "body" and request.body:  # Swagger 2
                check_value(spec, parameter["schema"], request.json, exact=exact)
        known = {p["name"] for p in parameters if p["in"] == "query"}
        assert set(request.query) <= known, f"{request.path} does not know {set(request.query) - known}"
        content = _resolved(spec, operation.get("requestBody", {})).get("content", {})
        kind = request.headers.get("Content-Type", "").partition(";")[0]
        assert not content or not request.body or kind in content, f"{request.path} takes {list(content)}, not {kind}"
        if request.body and kind in content:
            body = form_of(request) if kind == "multipart/form-data" else request.json
            check_value(spec, content[kind]["schema"], body, exact=exact)


@functools.cache
def document(path: Path) -> dict[str, Any]:
    """A description, read once; not to be changed."""
    text = path.read_text("utf-8")
    return cast("dict[str, Any]", yaml.safe_load(text) if path.suffix == ".yaml" else json.loads(text))


def check_value(described: Mapping[str, Any], schema: Mapping[str, Any], value: Any, *, exact: bool = False) -> None:
    """Hold a value against a schema inside a document; with ``exact`` the object's own keys must all be described."""
    whole = {**{k: v for k, v in described.items() if k in ("components", "definitions", "$defs")}, **schema}
    # The descriptions are taken as they are: checking them anew for every request takes longer than the tests.
    wrong = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(whole).iter_errors(value))
    if wrong is not None:
        raise wrong
    names = _properties(described, schema)
    if exact and names and isinstance(value, dict):
        assert set(value) <= names, f"not described: {set(value) - names}"


def form_of(request: Seen) -> dict[str, Any]:
    """Fields of a multipart form as a schema sees them: numbers as numbers, files as text, repeated ``name[]`` as a list of ``name``."""
    found: dict[str, Any] = {}
    for name, file_name, data in parts_of(request):
        value: Any = "(file)" if file_name else data.decode()
        if not file_name and re.fullmatch(r"-?\d+(\.\d+)?", value) and name not in ("prompt", "negative_prompt"):
            value = json.loads(value)
        if name.endswith("[]"):
            found.setdefault(name.removesuffix("[]"), []).append(value)
        else:
            found[name] = value
    return found


def parts_of(request: Seen) -> Iterator[tuple[str, str | None, bytes]]:
    """(field, file name, bytes) of a multipart form."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    for part in email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        yield str(name), part.get_filename(), payload


def _resolved(described: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in entry:
        found: Any = described
        for step in entry["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        entry = found
    return entry


def _properties(described: Mapping[str, Any], schema: Mapping[str, Any]) -> set[str]:
    schema = _resolved(described, schema)
    names = set(schema.get("properties", ()))
    for group in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(group, ()):
            names |= _properties(described, part)
    return names


def _operation(spec: dict[str, Any], request: Seen) -> dict[str, Any] | None:
    for template, methods in spec["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, request.path) and request.method.lower() in methods:
            return cast("dict[str, Any]", methods[request.method.lower()])
    return None
