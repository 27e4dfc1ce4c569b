"""The rule stage on labelled lines: figures above those the design promises for unseen lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.engine.pictures.intent import detect


@pytest.fixture(scope="module")
def rows(shared: Path) -> list[dict[str, Any]]:
    lines = shared / "data" / "intent_dev.jsonl"
    if not lines.is_file():
        pytest.skip(f"no labelled lines at {lines.name}")
    return [json.loads(line) for line in lines.read_text("utf-8").splitlines()]


def test_precision_and_recall(rows: list[dict[str, Any]]) -> None:
    hits = [row for row in rows if detect(row["text"]).match]
    right = sum(row["label"] == "request" for row in hits)
    wrong = sum(row["label"] == "none" for row in hits)
    wanted = sum(row["label"] == "request" for row in rows)
    assert right / (right + wrong) >= 0.97
    assert right / wanted >= 0.95


def test_modes_and_subjects(rows: list[dict[str, Any]]) -> None:
    judged = [(row, detect(row["text"])) for row in rows if row["label"] == "request" and row["mode"]]
    modes = sum(found.mode == row["mode"] for row, found in judged)
    free = [(row, found) for row, found in judged if row["mode"] == "free"]
    subjects = sum(found.subject.casefold() == row["subject"].casefold() for row, found in free)
    assert modes / len(judged) >= 0.97
    assert subjects / len(free) >= 0.95
