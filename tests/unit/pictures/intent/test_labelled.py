"""The rule stage on labelled lines: at least the figures the design holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.engine.pictures.intent import detect


def test_precision_and_recall(shared: Path) -> None:
    lines = shared / "data" / "intent_dev.jsonl"
    if not lines.is_file():
        pytest.skip(f"no labelled lines at {lines.name}")
    rows = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    hits = [row for row in rows if detect(row["text"]).match]
    right = sum(row["label"] == "request" for row in hits)
    wrong = sum(row["label"] == "none" for row in hits)
    wanted = sum(row["label"] == "request" for row in rows)
    assert right / (right + wrong) >= 0.95
    assert right / wanted >= 0.60
