"""Suggestions for the one text option that holds what does not fit into Discord's 25."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from hypothesis import given as any_of
from hypothesis import settings
from hypothesis import strategies as st

from bot.domain.places import ChatKey, Person, Place
from bot.engine.commands.catalogue import Command, Option
from bot.engine.commands.context import CommandContext
from bot.engine.commands.parse import parse
from bot.engine.engine import Engine
from bot.frontends.discord.commands import Given
from bot.frontends.discord.suggest import Line, Suggestions

WHO = (ChatKey("discord", "1", "2"), Place(), Person(id="3", name="Ann"))


async def _nothing(_: CommandContext) -> None:
    return None


async def _no_names(_: CommandContext, typed: str) -> Sequence[str]:
    raise AssertionError("the engine is asked, not the option")


MANY = Command(
    "many",
    "",
    _nothing,
    (
        Option("prompt", "", rest=True),
        Option("backend", ""),
        *(Option(f"o{n}", "", advanced=True) for n in range(24)),
        Option("sampler", "", advanced=True, complete=_no_names),
        Option("shape", "", choices=("wide", "tall"), advanced=True),
        Option("hires", "", "boolean", advanced=True),
    ),
)


class Asked:
    """An engine that suggests two samplers and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    async def complete(
        self, chat: ChatKey, place: Place, person: Person, command: str, option: str, typed: str, arguments: Mapping[str, Any]
    ) -> Sequence[str]:
        self.asked.append((option, typed, dict(arguments)))
        return [name for name in ("Heun", 'DPM++ 2M "Karras"') if typed.lower() in name.lower()] if option == "sampler" else []


async def found(typed: str, engine: Asked | None = None, **values: Any) -> list[str]:
    given = Given("many", {**values, "options": typed}, {}, "options", typed)
    return await Suggestions(cast("Engine", engine or Asked())).find(*WHO, MANY, given)


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("samp", ["sampler="]),
        ("shape=wide hi", ["shape=wide hires="]),
        ("sampler=", ["sampler=Heun", r'sampler="DPM++ 2M \"Karras\""']),
        ('sampler="dpm++ 2', [r'sampler="DPM++ 2M \"Karras\""']),
        ("hires=on shape=t", ["hires=on shape=tall"]),
        ("hires=o", ["hires=on", "hires=off"]),
        ("nonsense=", []),
        ("nonsense", []),
    ],
)
async def test_the_word_being_typed_is_completed(typed: str, suggested: list[str]) -> None:
    assert await found(typed) == suggested


async def test_all_hidden_options_are_named_first() -> None:
    assert len(await found("")) == 27
    assert await found("sampler=Heun ") == [f"sampler=Heun {name}" for name in await found("")]


async def test_what_is_filled_already_is_passed_on() -> None:
    engine = Asked()
    await found("o3=x sampler=h", engine, backend="easel", prompt="a hill")
    await found('o3=" sampler=h', engine)
    await found("hires=maybe sampler=h", engine)
    known = {"backend": "easel", "prompt": "a hill", "o3": "x"}
    assert engine.asked == [("sampler", "h", known), ("o3", " sampler=h", {}), ("sampler", "h", {})]


@settings(deadline=None, max_examples=200)
@any_of(st.text(alphabet='abc=" \\\n', max_size=30))
def test_nothing_typed_is_lost(text: str) -> None:
    assert text.startswith(Line.read(text).before)


async def test_a_suggestion_is_read_as_it_was_meant() -> None:
    for text in await found("shape=tall sampler="):
        assert parse(MANY, text)["sampler"] in ("Heun", 'DPM++ 2M "Karras"')
