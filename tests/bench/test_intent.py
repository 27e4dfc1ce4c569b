"""Picture intent on labelled lines, beside the published rule of the browser original."""

from __future__ import annotations

import json
from pathlib import Path

from bot.engine.pictures.intent import detect
from tests.bench.figures import Figure, Table, spending

PUBLISHED = "0.48 / 0.40 (published browser rule)"
PRECISION, RECALL = 0.95, 0.60


def test_the_rule_alone(shared: Path, table: Table) -> None:
    text = (shared / "data" / "intent_dev.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    detect("warm the vocabulary up")
    with spending() as spent:
        found = [detect(line["text"]).match for line in lines]
    judged = [(line["label"], match) for line, match in zip(lines, found, strict=True) if line["label"] != "offer"]
    hits = sum(match and label == "request" for label, match in judged)
    wrong = sum(match and label == "none" for label, match in judged)
    wanted = sum(label == "request" for label, _ in judged)
    precision, recall = hits / max(1, hits + wrong), hits / wanted
    table.add(
        Figure(
            f"picture intent, {len(lines)} labelled lines: precision / recall",
            f"{precision:.3f} / {recall:.3f}",
            PUBLISHED,
            f"≥ {PRECISION} / ≥ {RECALL}",
            "–",
            precision >= PRECISION and recall >= RECALL,
            "the development set, which the rules were tuned on; unseen lines do worse. Lines labelled «offer» are not judged.",
        )
    )
    table.add(Figure("picture intent, CPU per line", f"{spent.cpu / len(lines) * 1e6:.0f} µs"))
