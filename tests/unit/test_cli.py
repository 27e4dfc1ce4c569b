"""The command line: what is wrong is told in plain words, with an exit code and without a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import bot
from bot.cli import app

runner = CliRunner()


def vignette(*arguments: str, feed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "bot", *arguments], input=feed, capture_output=True, timeout=60, check=False)


def test_version() -> None:
    result = runner.invoke(app, ["--version"])
    assert (result.exit_code, result.output.strip()) == (0, f"Vignette {bot.__version__}")


@pytest.mark.parametrize("command", ["run", "doctor", "migrate", "backup", "explain"])
def test_every_command_explains_itself(command: str) -> None:
    result = runner.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert command in result.output


@pytest.mark.parametrize("command", [["run"], ["doctor"], ["migrate"], ["backup", "x.tar"], ["explain", "backends"]])
def test_wrong_settings_end_every_command(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "vignette.toml").write_text('[web]\nport = "abc"\nhots = 1\n')
    done = vignette(*command)
    told = done.stderr.decode()
    assert done.returncode == 1
    assert "web.port" in told
    assert "'abc'" in told
    assert "did you mean 'host'" in told
    assert "Traceback" not in told


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    done = vignette("run", "--config", str(tmp_path / "gone.toml"))
    assert done.returncode == 1
    assert b"gone.toml: there is no such file" in done.stderr


def test_migrate_makes_the_database_and_backup_copies_it(tmp_path: Path) -> None:
    assert vignette("migrate").returncode == 0
    assert (tmp_path / "data" / "vignette.db").is_file()
    assert vignette("migrate").returncode == 0
    done = vignette("backup", "copy.tar")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "copy.tar").stat().st_size > 0
    again = vignette("backup", "copy.tar")
    assert again.returncode == 1
    assert b"exists already" in again.stderr


def test_explain_answers_each_line_at_once() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "explain", "size"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for question in (b'{"width": 512, "height": 768, "mode": "background", "snap": false}', b"nonsense", b'{"width": 512}'):
            process.stdin.write(question + b"\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert isinstance(answer, dict)
            if question == b"nonsense":
                assert "error" in answer
        process.stdin.close()
    assert process.returncode == 0
