"""The container files: the compose file against the part of its schema that is used, the Dockerfile against what set-up really runs."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import bot
from bot.settings_load import load_settings
from bot.settings_sources import SettingsError

ROOT = Path(bot.__file__).resolve().parent.parent
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["services"],
    "properties": {
        "services": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["build"],
                "properties": {
                    "build": {"type": "string"},
                    "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
                    "ports": {"type": "array", "items": {"type": "string", "pattern": r"^(\d+(\.\d+){3}:)?\d+:\d+$"}},
                    "environment": {"type": "object", "additionalProperties": {"type": ["string", "number", "null"]}},
                    "volumes": {"type": "array", "items": {"type": "string", "pattern": r"^[\w./-]+:/[\w./-]+(:ro)?$"}},
                },
            },
        },
        "volumes": {"type": "object", "additionalProperties": {"type": ["object", "null"]}},
    },
}


def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line and not line.startswith("#"))]


def environment() -> dict[str, str]:
    pairs = (pair.partition("=") for word, rest in instructions() if word == "ENV" for pair in shlex.split(rest))
    return {name: value for name, _, value in pairs}


def test_compose_file_is_valid() -> None:
    jsonschema.validate(compose(), SCHEMA)


def test_compose_keeps_what_the_container_writes() -> None:
    (service,) = compose()["services"].values()
    mounts = dict(volume.split(":")[:2] for volume in service["volumes"])
    named = {name: target for name, target in mounts.items() if not name.startswith((".", "/"))}
    assert set(named) == set(compose()["volumes"])
    for key in ("VIGNETTE_STORAGE__DATABASE", "VIGNETTE_STORAGE__ASSETS"):
        assert any(environment()[key].startswith(f"{target}/") for target in named.values())
    assert ("VOLUME", next(iter(named.values()))) in instructions()


def test_compose_publishes_the_port_the_page_listens_on() -> None:
    (service,) = compose()["services"].values()
    (port,) = (word.split(":")[-1] for word in service["ports"])
    assert port == str(load_settings(None, {}).web.port)
    assert ("EXPOSE", port) in instructions()


def test_the_container_wants_an_access_token_and_compose_asks_for_it() -> None:
    with pytest.raises(SettingsError, match=r"web\.access_token"):
        load_settings(None, environment())
    (service,) = compose()["services"].values()
    asked = {name: value for name, value in service["environment"].items() if ":?" in str(value)}
    settings = load_settings(None, environment() | dict.fromkeys(asked, "given"))
    assert settings.web.access_token is not None


def test_every_variable_of_the_compose_file_is_known() -> None:
    (service,) = compose()["services"].values()
    given = environment() | dict.fromkeys(service["environment"], "12345:given")
    load_settings(None, given | {"OPENROUTER_API_KEY": "x"})


def test_the_dockerfile_runs_what_the_makefile_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [rest.split()[1] for word, rest in instructions() if word == "RUN" and rest.startswith("make ")]
    assert targets[-1] == "setup"
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE)
    (command,) = (json.loads(rest) for word, rest in instructions() if word == "CMD")
    assert f"$(BIN)/{Path(command[0]).name} {command[1]}" in makefile
    assert command[0] == ".venv/bin/vignette"


def test_what_the_dockerfile_copies_exists() -> None:
    for word, rest in instructions():
        if word == "COPY":
            for name in rest.split()[:-1]:
                assert (ROOT / name).exists(), name


def test_secrets_and_data_stay_out_of_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".env", "vignette.toml", "data", ".venv", ".git"} <= set(ignored)


def test_ci_script_is_executable_and_ends_with_the_gate() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").rstrip().endswith("make test")
