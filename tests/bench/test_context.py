"""How much of each model request is the beginning of the one before, over a long evening."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from bot.domain.events import Changed
from providers.chat.openai_model import OpenAIModel
from providers.contract import ProviderConfig
from tests.bench.figures import Figure, Table
from tests.engine_world import KEY, open_world
from tests.fakes import FakeChat

TURNS = 200
BOUND = 0.90
LINE = "I walk up the stairs to the lamp room, step {0}, and ask her what she saw on the {0}th night of the storm."
REPLY = "She shrugs. «On night {0} the sea was as black as ink.» *She turns the page of the logbook* and reads line {0} aloud, slowly."


async def test_share_of_the_request_that_is_known(engine_template: Path, tmp_path: Path, table: Table) -> None:
    chat = FakeChat(window=16_384)
    async with open_world(engine_template, tmp_path, chat=chat) as world:
        await world.command("start")
        drawn = 0
        for turn in range(TURNS):
            if turn in (40, 150):
                await world.say("Draw me a picture of the lighthouse.")
                await world.drawn()
                drawn += 1
                continue
            chat.usual = REPLY.format(turn)
            heard = await world.say(LINE.format(turn))
            if turn == 80:
                await world.engine.changed(Changed(chat=KEY, message_id=heard.message_id, text="I stay where I am and listen."))
            if turn == 120:
                chat.usual = REPLY.format("before that")
                await world.command("retry")
        assert drawn == len({view.key for view in world.platform.shows}) == 2
        breaks = dict(world.services.turns.replier.prompting.breaks)
    wire = OpenAIModel(ProviderConfig(name="main", provider="custom", base_url="http://127.0.0.1:9/v1", model="m"))
    bodies = [json.dumps(wire.body(r)["messages"], ensure_ascii=False).encode() for r in chat.requests if not r.response_schema]
    assert len(bodies) == TURNS - 2 + 1
    shares = [_common(before, after) / len(after) for before, after in itertools.pairwise(bodies)]
    mean = sum(shares) / len(shares)
    named = ", ".join(f"{reason} {count}×" for reason, count in sorted(breaks.items())) or "none"
    table.add(
        Figure(
            f"share of a request known from the one before, {TURNS} turns",
            f"{mean:.3f} (worst {min(shares):.2f})",
            "–",
            f"≥ {BOUND:.2f}",
            "–",
            mean >= BOUND,
            f"one edit, one swipe, two pictures, no lore yet; named breaks: {named}. The first turns are short, so their"
            " new lines weigh more.",
        )
    )


def _common(before: bytes, after: bytes) -> int:
    """Length of the common beginning."""
    return next((n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), min(len(before), len(after)))
