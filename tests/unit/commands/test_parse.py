"""The grammar of commands written as text."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.engine.commands.catalogue import Catalogue, Command, Option
from bot.engine.commands.parse import check_required, convert, find, parse


async def _run(context: Any) -> None:
    raise AssertionError("not run here")


IMAGINE = Command(
    "imagine",
    "draw",
    _run,
    (
        Option("prompt", "what to draw", rest=True),
        Option("negative", "what not"),
        Option("steps", "steps", "integer", least=1, most=150),
        Option("cfg", "scale", "number", least=0, most=30),
        Option("2ndpass", "steps", "integer"),
        Option("hires", "high-res", "boolean", aliases=("hr",)),
        Option("shape", "shape", choices=("portrait", "landscape")),
        Option("picture", "a file", "file"),
    ),
    aliases=("sd", "img"),
)
SAVE = Command("style save", "save", _run, (Option("name", "its name", required=True), Option("prefix", "words", rest=True)))
USE = Command("style use", "use", _run, (Option("name", "its name", required=True),), aliases=("sd-style",))
LIST = Command("style list", "list", _run)
GALLERY = Command("show-gallery", "gallery", _run, (Option("page", "page", "integer"),))
CATALOGUE = Catalogue([IMAGINE, SAVE, USE, LIST, GALLERY, Command("persona clear", "clear", _run)], [], [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('negative="fries" cute tater', {"negative": "fries", "prompt": "cute tater"}),
        ("steps=30 hires=on a mill", {"steps": 30, "hires": True, "prompt": "a mill"}),
        ("STEPS=30 HR=no 2ndpass=4", {"steps": 30, "hires": False, "2ndpass": 4}),
        ("negative='a \\'b\\' c' x", {"negative": "a 'b' c", "prompt": "x"}),
        ("negative=“fries, salt” x", {"negative": "fries, salt", "prompt": "x"}),
        (r'negative="a \"b\" \\ \n" x', {"negative": 'a "b" \\ \\n', "prompt": "x"}),
        ("cfg=7,5 x", {"cfg": 7.5, "prompt": "x"}),
        ("shape=PORTRAIT x", {"shape": "portrait", "prompt": "x"}),
        ('"quoted" words stay', {"prompt": '"quoted" words stay'}),
        ("e=mc2 on a board", {"prompt": "e=mc2 on a board"}),
        ("a mill steps=30", {"prompt": "a mill steps=30"}),
        ("negative= x", {"negative": "", "prompt": "x"}),
        ("line one\nline two", {"prompt": "line one\nline two"}),
        ("", {}),
    ],
)
def test_arguments(text: str, expected: dict[str, Any]) -> None:
    assert parse(IMAGINE, text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps=900 x", ["«steps» is «900»", "from 1 to 150"]),
        ("steps=many x", ["«steps» is «many»", "whole number"]),
        ("steps=1.5 x", ["«1.5»"]),
        ("steps=" + "9" * 5000, ["«steps»"]),
        ("steps=1_0", ["«1_0»"]),
        ("cfg=nan x", ["«cfg»"]),
        ("cfg=inf x", ["«cfg»"]),
        ("hires=maybe x", ["«maybe»", "on or off"]),
        ("shape=round x", ["portrait, landscape"]),
        ("negativ=x y", ["«negativ»", "«negative»"]),
        ('negative="never closed', ["never closed"]),
        ("picture=x", ["attach"]),
    ],
)
def test_wrong_arguments_are_named(text: str, words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        parse(IMAGINE, text)
    assert all(word in caught.value.message for word in words), caught.value.message
    assert len(caught.value.message) < 400


def test_words_fill_options_in_order() -> None:
    assert parse(SAVE, "noir dark, rainy") == {"name": "noir", "prefix": "dark, rainy"}
    assert parse(SAVE, '"film noir" dark') == {"name": "film noir", "prefix": "dark"}
    assert parse(USE, "film noir") == {"name": "film noir"}
    assert parse(GALLERY, "2") == {"page": 2}
    with pytest.raises(UserError, match="does not know what to do"):
        parse(GALLERY, "2 3")


def test_required_options() -> None:
    check_required(USE, {"name": "noir"})
    with pytest.raises(UserError, match="needs «name»"):
        check_required(USE, {})


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("/imagine a mill", "imagine", "a mill"),
        ("/SD@my_bot a mill", "imagine", "a mill"),
        ("img", "imagine", ""),
        ("/style use noir", "style use", "noir"),
        ("/style_use noir", "style use", "noir"),
        ("/sd_style noir", "style use", "noir"),
        ("/style", "style list", ""),
        ("/show_gallery 2", "show-gallery", "2"),
        ("/imagine\na mill", "imagine", "a mill"),
    ],
)
def test_commands_are_found(text: str, name: str, rest: str) -> None:
    command, left = find(CATALOGUE, text)
    assert (command.name, left) == (name, rest)


@pytest.mark.parametrize(
    ("text", "words"),
    [("/imagin x", "/imagine"), ("/style us noir", "/style use"), ("/persona", "/persona clear"), ("/zzz", "/help"), ("/", "no command")],
)
def test_unknown_commands_suggest(text: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        find(CATALOGUE, text)
    assert words in caught.value.message


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused_by_name(text: str) -> None:
    for command in (IMAGINE, SAVE, GALLERY):
        with contextlib.suppress(UserError):
            assert set(parse(command, text)) <= {option.name for option in command.options}
    with contextlib.suppress(UserError):
        assert find(CATALOGUE, text)[0].name in CATALOGUE.commands


@given(st.text())
def test_quoted_values_come_back_unchanged(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert parse(IMAGINE, f'negative="{quoted}"') == {"negative": value}


def test_ranges_with_one_end() -> None:
    with pytest.raises(UserError, match="at least 2"):
        convert(Option("n", "n", "integer", least=2), "1")
    with pytest.raises(UserError, match="at most 2"):
        convert(Option("n", "n", "number", most=2), "3")
