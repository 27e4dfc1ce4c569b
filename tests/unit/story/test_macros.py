"""The template language."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.story.clock import formatted, human
from bot.engine.story.macros import OUTPUT_LIMIT, TEXT_LIMIT, World, expand

NOW = datetime(2026, 1, 5, 15, 7, 9, tzinfo=UTC)


def world(**more: object) -> World:
    fields: dict[str, object] = {
        "char": "Mira", "user": "Ann", "description": "{{char}} is tall. {{personality}}", "personality": "kind to {{user}}",
        "scenario": "An inn.", "persona": "a {{char}} fan", "variables": {"a": "{{char}} one", "n": "007", "list": '["x"]'},
        "rng": random.Random(7), "now": NOW, "model": "m1", "last_message": "hi {{user}}", "char_prefix": "red hair",
        "char_negative": "hat", "prompt": "an {{char}} inn", "pick_seed": "chat",
    }  # fmt: skip
    return World(**{**fields, **more})  # type: ignore[arg-type]


CASES = [
    ("{{char}} {{USER}} {{ user }}", "Mira Ann Ann"),
    ("<USER> <bot> <Char> <b>", "Ann Mira Mira <b>"),
    ("{{{char}}}", "{Mira}"),
    ("{{{{char}}}}", "{{Mira}}"),
    ("{{unknown}} {{unknown::{{char}}}} {{char.name}}", "{{unknown}} {{unknown::Mira}} {{char.name}}"),
    ("{{description}}", "Mira is tall. {{personality}}"),
    ("{{personality}}", "kind to Ann"),
    ("{{persona}}", "a {{char}} fan"),
    ("{{lastMessage}}", "hi {{user}}"),
    ("{{prompt}}", "an {{char}} inn"),
    ("{{charPrefix}}|{{charNegativePrefix}}", "red hair|hat"),
    ("{{getvar::a}}", "{{char}} one"),
    ("{{getvar::n}}", "7"),
    ("{{getvar:: n }}", "7"),
    ("{{getvar::nothing}}|", "|"),
    ("{{setvar::x::v}}{{getvar::x}}", "v"),
    ("{{getvar::x}}{{setvar::x::v}}", ""),
    ("{{setvar::x:: v }}[{{getvar::x}}]", "[ v ]"),
    ("{{setvar::x::a::b}}{{getvar::x}}", "a::b"),
    ("{{setvar::x::{a} b}}{{getvar::x}}", "{a} b"),
    ("{{setvar::x::{a}}}{{getvar::x}}", "{a}"),
    ("{{setvar::x::\\{ open}}{{getvar::x}}", "{ open"),
    ("{{setvar::x::{{char}}}}{{getvar::x}}", "Mira"),
    ("{{getvar::{{getvar::k}}}}|", "|"),
    ("{{addvar::x::3}}{{addvar::x::4.5}}{{getvar::x}}", "7.5"),
    ("{{addvar::x::a}}{{addvar::x::b}}{{getvar::x}}", "ab"),
    ("{{addvar::list::y}}{{getvar::list}}", '["x", "y"]'),
    ("{{incvar::x}}{{incvar::x}}{{decvar::x}}", "121"),
    ("{{incvar::n}}", "8"),
    ("{{setglobalvar::x::v}}{{getvar::x}}", "v"),
    ("{{hasvar::a}} {{hasvar::zz}}", "true false"),
    ("{{random::a}}", "a"),
    ("{{random:a}}", "a"),
    ("{{roll:1d1}}|{{roll 1}}|{{roll::2d1+3}}|{{roll:1d1-1d1}}", "1|1|5|0"),
    ("{{roll:x}}|{{roll:1d6d}}|{{roll:}}", "||{{roll:}}"),
    ("{{date}}|{{time}}|{{weekday}}|{{isodate}}|{{isotime}}", "January 5, 2026|3:07 PM|Monday|2026-01-05|15:07"),
    ("{{time::UTC+2}}|{{time_UTC-3}}|{{time::here}}", "5:07 PM|12:07 PM|{{time::here}}"),
    ("{{datetimeformat YYYY-MM-DD [at] HH:mm:ss}}", "2026-01-05 at 15:07:09"),
    ("a{{newline}}b{{newline::2}}c{{space::3}}d", "a\nb\n\nc   d"),
    ("a \n\n{{trim}}\n\n b", "a  b"),
    ("{{trim}}\na{{trim}}", "a"),
    ("a{{noop}}b{{// c {{setvar::x::1}} }}c{{banned \"w\"}}", "abc"),
    ("{{reverse:abc}}", "cba"),
    ("{{model}}", "m1"),
    ("{{idle_duration}}", "just now"),
    ("{{original}}", "{{original}}"),
    ("{{#if char}}yes{{/if}}{{#if scenario}}!{{/if}}", "yes!"),
    ("{{#if nothing}}yes{{else}}no{{/if}}", "no"),
    ("{{#if !nothing}}yes{{else}}no{{/if}}", "yes"),
    ("{{#if a}}var{{/if}}", "var"),
    ("{{#if getvar::zero}}a{{else}}b{{/if}}", "b"),
    ("{{#if {{getvar::a}}}}a{{else}}b{{/if}}", "a"),
    ("{{#if char}}{{#if nope}}x{{else}}y{{/if}}z{{/if}}", "yz"),
    ("{{#if nope}}{{setvar::x::1}}{{/if}}{{getvar::x}}|", "|"),
    ("{{#if char}}open", "{{#if char}}open"),
    ("{{else}} {{/if}}", "{{else}} {{/if}}"),
    ("{{ char", "{{ char"),
    ("{{}} }} {{", "{{}} }} {{"),
    ("{{setvar::x::{{char}", "{{setvar::x::{{char}"),
    (r"\{\{char\}\} \{2\}", "{{char}} \\{2\\}"),
    ("", ""),
    ("plain", "plain"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_expansion(text: str, expected: str) -> None:
    assert expand(text, world()).text == expected


def test_output_is_never_a_template_again() -> None:
    evil = "{{setvar::stolen::1}}{{char}}"
    hostile = world(user=evil, persona=evil, last_message=evil, variables={"v": evil}, values={"subject": evil})
    for template in ("{{user}}", "{{persona}}", "{{lastMessage}}", "{{getvar::v}}", "{{subject}}", "{{setvar::w::{{user}}}}{{getvar::w}}"):
        result = expand(template, hostile)
        assert result.text == evil
        assert "stolen" not in result.changed
    assert expand("{{reverse:}}rahc{{", world()).text == "{{reverse:}}rahc{{"
    # a name is never put together from output
    assert expand("{{{{getvar::name}}}}", world(variables={"name": "char"})).text == "{{char}}"


def test_changed_variables_are_returned_and_the_world_is_untouched() -> None:
    stored = {"a": "1"}
    result = expand("{{incvar::a}}{{setvar::b::2}}", world(variables=stored))
    assert result.changed == {"a": "2", "b": "2"}
    assert stored == {"a": "1"}


def test_arguments_of_unknown_macros_run_once() -> None:
    assert expand("{{nope::{{incvar::x}}}}", world()).text == "{{nope::1}}"


def test_original_is_given_once() -> None:
    assert expand("{{original}}-{{original}}", world(original="base {{char}}")).text == "base {{char}}-"


def test_chance_comes_from_the_world() -> None:
    text = "{{random::a::b::c}}{{random:a,b\\,c, d}}{{roll:3d6}}"
    assert expand(text, world(rng=random.Random(3))).text == expand(text, world(rng=random.Random(3))).text
    seen = {expand("{{random:a,b\\,c, d}}", world(rng=random.Random(n))).text for n in range(40)}
    assert seen == {"a", "b,c", "d"}
    rolls = {int(expand("{{roll:2d6}}", world(rng=random.Random(n))).text) for n in range(200)}
    assert min(rolls) >= 2
    assert max(rolls) <= 12


def test_pick_is_fixed_by_chat_text_and_place() -> None:
    text = "{{pick::a::b::c::d}}{{pick::a::b::c::d}}{{pick::a::b::c::d}}{{pick::a::b::c::d}}"
    first = expand(text, world(rng=random.Random(1))).text
    assert expand(text, world(rng=random.Random(2))).text == first
    assert len({expand(text, world(pick_seed=str(n))).text for n in range(20)}) > 1
    assert len(set(first)) > 1


def test_values_of_a_template_come_after_the_builtin_names() -> None:
    result = expand(
        "{{Recent}} {{char}} {{#if recent}}r{{/if}}{{#if other}}o{{/if}}", world(values={"recent": "R", "char": "X", "other": ""})
    )
    assert result.text == "R Mira r"


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 50_000, "{{char}}" * 20_000, "}}" * 50_000, "{{a::" * 15_000 + "}}" * 15_000, "{{#if char}}" * 5_000 + "{{/if}}" * 5_000,
        "{" * 90_001, "{{addvar::x::{{getvar::x}}{{getvar::x}}aaaaaaaa}}" * 3_000, "{{setvar::x" + "1" * 100 + "::y}}",
        "\\{" * 50_000, "{{newline::" + "9" * 30 + "}}", "{{roll:9999d999999}}" * 300, "{{random:" + "," * 50_000 + "}}",
    ],
)  # fmt: skip
def test_hostile_templates_are_bounded(text: str) -> None:
    result = expand(text, world())
    assert len(result.text) <= OUTPUT_LIMIT + len(text)
    assert all(len(value) <= 8_000 for value in result.changed.values())


def test_too_long_a_template_stays_text() -> None:
    text = "{{char}}" + "x" * TEXT_LIMIT
    result = expand(text, world())
    assert result.text == text
    assert result.limited


def test_too_many_variables() -> None:
    result = expand("".join(f"{{{{setvar::v{n}::1}}}}" for n in range(400)), world(variables={}))
    assert result.limited
    assert len(result.changed) == 200


PARTS = ["{{", "}}", "::", "{", "}", "char", "user", "setvar", "getvar", "x", "#if ", "else", "/if", "\\{", " ", "//", ":"]


@given(st.lists(st.sampled_from(PARTS)))
@settings(max_examples=300, deadline=None)
def test_anything_can_be_expanded(parts: list[str]) -> None:
    expand("".join(parts), world())


@given(st.text(alphabet=st.characters(exclude_characters="{}<\\"), max_size=200))
def test_text_without_macros_is_left_alone(text: str) -> None:
    assert expand(text, world()).text == text


@pytest.mark.parametrize(
    ("span", "words"),
    [(timedelta(seconds=5), "just now"), (timedelta(minutes=1), "a minute"), (timedelta(minutes=50), "an hour"),
     (timedelta(hours=3), "3 hours"), (timedelta(days=2), "2 days"), (timedelta(seconds=50), "a minute")],
)  # fmt: skip
def test_spans(span: timedelta, words: str) -> None:
    assert human(span) == words
    assert expand("{{idle_duration}}", world(idle=span)).text == words


def test_formats() -> None:
    assert formatted(NOW, "dddd ddd D MMMM MMM YY h:mm A a Z") == "Monday Mon 5 January Jan 26 3:07 PM pm +0000"
