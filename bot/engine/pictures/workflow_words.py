"""What people read about a workflow: its placeholders, its places for pictures, what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from bot.domain.posts import FileOut
from bot.domain.workflows import Origin, Workflow
from providers.contract import WorkflowFacts

MOST_PROBLEMS = 10
_SHOWN = 200  # characters of a value
OF: dict[Origin, str] = {"chat": "of this chat", "host": "the host's", "shipped": "comes with Vignette"}
_AVATARS = {"character": "the character's avatar", "persona": "the persona's avatar"}


def summary(workflow: Workflow, facts: WorkflowFacts) -> list[str]:
    """The few lines said when a graph comes in: what is in it, and what has no value yet."""
    lines = [f"✅ {_marked(facts.present) or 'no placeholders'}"]
    missing = without_value(workflow, facts)
    if missing:
        lines.append(f"❔ {_marked(missing)}: no value yet; `/workflow set` gives one, or a variable of that name (`/setvar`).")
    lines.append(f"{facts.nodes} node{'' if facts.nodes == 1 else 's'}, {places(facts)}.")
    return lines


def card(workflow: Workflow, graph: str, facts: WorkflowFacts) -> list[str]:
    """Everything about one graph of a workflow, problems excepted."""
    lines = [
        f"{facts.nodes} node{'' if facts.nodes == 1 else 's'}, {places(facts)}.",
        f"✅ present: {_marked(facts.present) or 'none'}",
        f"❌ absent: {_marked(facts.absent) or 'none'}",
    ]
    lines += [f"{'✅' if holds(graph, name) else '❌'} `%{name}%` = {code(value)}" for name, value in workflow.custom.items()]
    lines += [f"❔ `%{name}%` has no value of its own; a variable of that name may have one" for name in without_value(workflow, facts)]
    return lines


def holds(graph: str, name: str) -> bool:
    """Whether a graph has a custom placeholder as a whole value, which is what gets filled."""
    return f'"%{name}%"' in graph


def without_value(workflow: Workflow, facts: WorkflowFacts) -> tuple[str, ...]:
    """Custom placeholders of a graph that the workflow itself has no value for."""
    return tuple(name for name in facts.custom if name not in workflow.custom)


def places(facts: WorkflowFacts) -> str:
    """Which pictures a graph takes in."""
    numbered = facts.references - len(facts.avatars)
    taken = [f"{numbered} reference image{'' if numbered == 1 else 's'}"] if numbered else []
    taken += [_AVATARS[role] for role in facts.avatars]
    return f"takes {' and '.join(taken)}" if taken else "no place for reference images"


def warned(problems: Iterable[str]) -> list[str]:
    """Problems as lines; of many the first ones."""
    told = list(dict.fromkeys(problems))
    more = [f"⚠️ … and {len(told) - MOST_PROBLEMS} more."] if len(told) > MOST_PROBLEMS else []
    return [f"⚠️ {problem}" for problem in told[:MOST_PROBLEMS]] + more


def code(value: Any) -> str:
    """A value of a graph in a sentence."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split()).replace("`", "'")
    return f"`{text[: _SHOWN - 1] + '…' if len(text) > _SHOWN else text or '—'}`"


def graph_file(name: str, graph: str, kind: str = "") -> FileOut:
    """A graph to hand over, named after its workflow."""
    stem = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "workflow"
    return FileOut(f"{stem}{f'-{kind}' if kind else ''}.json", "application/json", graph.encode())


def _marked(names: Sequence[str]) -> str:
    return " ".join(f"`%{name}%`" for name in names)
