"""``vignette explain workflow``: one line in, the filled graph out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app
from providers.images.comfyui_explain import explain_workflow
from providers.images.comfyui_graph import EMPTY_PICTURE


def graph(**inputs: Any) -> dict[str, Any]:
    return {"1": {"class_type": "Anything", "inputs": inputs}}


def filled(values: Any = None, custom: Any = None, **inputs: Any) -> Any:
    return explain_workflow({"workflow": graph(**inputs), "values": values, "custom": custom})["workflow"]["1"]["inputs"]


def test_values_keep_their_types_and_are_never_looked_at_again() -> None:
    given = {"prompt": '%seed% "$&" \\', "seed": 7, "scale": 6.5}
    assert filled(given, a="%prompt%", b="%seed%", c="%CFG%") == {"a": '%seed% "$&" \\', "b": 7, "c": 6.5}


@pytest.mark.parametrize(("given", "sent"), [(2, -2), (-2, -2), ("3", -3), (None, -1), (0, -1), ("x", -1)])
def test_clip_skip_becomes_what_comfyui_counts(given: Any, sent: int) -> None:
    assert filled({"clip_skip": given}, skip="%clip_skip%", denoise="%denoise%") == {"skip": sent, "denoise": 1.0}


def test_missing_values_are_told_and_avatars_have_a_stand_in() -> None:
    answer = explain_workflow({"workflow": json.dumps(graph(vae="%vae%", face="%char_avatar%", text="a %seed% b"))})
    assert answer["unfilled"] == ["vae"]
    assert any('no "%prompt%"' in problem for problem in answer["problems"])
    without_value = explain_workflow({"workflow": graph(a="%PROMPT%", s="%seed%"), "values": {"prompt": None}})
    assert (without_value["unfilled"], without_value["problems"]) == (["PROMPT"], [])
    assert answer["workflow"]["1"]["inputs"] == {"vae": "%vae%", "face": EMPTY_PICTURE, "text": "a %seed% b"}
    assert any("inside a longer text" in problem for problem in answer["problems"])


def test_custom_placeholders_in_both_shapes() -> None:
    listed = [{"find": "mood", "replace": "5"}, {"find": "mood", "replace": "other"}, {"find": "seed", "replace": "never"}]
    assert filled({"seed": 1}, listed, a="%mood%", b="%seed%") == {"a": "5", "b": 1}
    assert filled({}, {"mood": "%steps%"}, a="%mood%") == {"a": "%steps%"}


@pytest.mark.parametrize("values", [{"seed": -1}, {"seed": "-1"}, {"seed": -0.5}, {"seed": "any"}, {"seed": True}, {}, {"seed": None}])
def test_no_seed_is_one_random_number_wherever_it_stands(values: dict[str, Any]) -> None:
    sent = filled(values, a="%seed%", b={"c": ["%SEED%"]})
    assert isinstance(sent["a"], int)
    assert 0 <= sent["a"] < 2**53
    assert sent["b"] == {"c": [sent["a"]]}
    assert filled(values, a="%seed%") != sent


@pytest.mark.parametrize("value", [True, False, "20", 1.5, 2**64 - 1, [1, ["x"]], {"a": None}, "", "models\\größe\\a b.safetensors", "🦊"])
def test_values_are_put_in_as_they_are(value: Any) -> None:
    assert filled({"steps": value}, a="%steps%", deep=[["%steps%", {"b": "%steps%"}]]) == {"a": value, "deep": [[value, {"b": value}]]}


def test_values_by_any_spelling_of_their_names() -> None:
    given = {"cfg": 7.0, "NEGATIVE": "blurry", "%steps%": 4.0, "CKPT": "other", "model": "mine"}
    sent = filled(given, a="%scale%", b="%negative_prompt%", c="%STEPS%", d="%model%", e="%denoise%")
    assert json.dumps(sent) == '{"a": 7, "b": "blurry", "c": 4, "d": "mine", "e": 1}'


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("best, %PROMPT%, %STEPS% steps", 'best, a "%SEED%" \\, 20 steps'),
        ("%PROMPT%%PROMPT%", 'a "%SEED%" \\a "%SEED%" \\'),
        ("out/%SEED%-%CFG%", "out/7-6.5"),
        ("100%CFG%", "1006.5"),
        ("%IMAGE0% %Prompt% %prompt% %PROMPT", "%IMAGE0% %Prompt% %prompt% %PROMPT"),
    ],
)
def test_the_other_clients_names_inside_a_text(text: str, sent: str) -> None:
    values = {"prompt": 'a "%SEED%" \\', "steps": 20, "seed": 7, "scale": 6.5}
    answer = explain_workflow({"workflow": graph(a=text, p="%prompt%", s="%seed%"), "values": values})
    assert answer["workflow"]["1"]["inputs"]["a"] == sent
    assert answer["unfilled"] == (["IMAGE0"] if "IMAGE0" in text else [])
    assert len(answer["problems"]) == ("%prompt%" in text)


@pytest.mark.parametrize(
    ("given", "sent"), [("QUJD", "QUJD"), ("data:image/png;base64,QUJD", "QUJD"), ("", EMPTY_PICTURE), (None, EMPTY_PICTURE)]
)
def test_avatars_are_plain_base64(given: str | None, sent: str) -> None:
    assert filled({"user_avatar": given}, a="%user_avatar%") == {"a": sent}


def test_the_exact_name_wins_over_one_with_percent_signs() -> None:
    custom = [{"find": "%mood%", "replace": "marked"}, {"find": "mood", "replace": "plain"}]
    assert filled({}, custom, a="%mood%", b="%%mood%%") == {"a": "plain", "b": "marked"}


def test_titles_and_names_are_filled_too_where_the_value_is_a_text() -> None:
    node = {"class_type": "%mood%", "_meta": {"title": "%prompt%"}, "inputs": {"%mood%": 1, "%steps%": 2, "x": "%vae%"}}
    answer = explain_workflow({"workflow": {"%mood%": node}, "values": {"prompt": "cat", "steps": 3}, "custom": {"mood": "Happy"}})
    assert answer["workflow"] == {
        "Happy": {"class_type": "Happy", "_meta": {"title": "cat"}, "inputs": {"Happy": 1, "%steps%": 2, "x": "%vae%"}}
    }
    assert answer["unfilled"] == ["vae"]
    assert any('no "%prompt%"' in problem for problem in answer["problems"])  # a title does not draw


@pytest.mark.parametrize(
    ("find", "replace", "text", "sent"),
    [
        ("mood", 5, "%mood%", "5"),
        ("mood", True, "%mood%", "true"),
        ("mood", None, "%mood%", ""),
        ("", "blank", "%%", "blank"),
        ("%mood%", "in percent signs", "%%mood%%", "in percent signs"),
        ("%mood%", "in percent signs", "%mood%", "in percent signs"),
        ("file_prefix", "mine", "%file_prefix%", "mine"),
        ("CFG", "own", "%CFG%", "own"),
        ("vae", "no shadow", "%vae%", "%vae%"),
        ("char_avatar", "no shadow", "%char_avatar%", EMPTY_PICTURE),
        ("Mood", "x", "%mood%", "%mood%"),
        ("mood", "x", "% mood %", "% mood %"),
    ],
)
def test_ones_own_placeholders(find: str, replace: Any, text: str, sent: str) -> None:
    answer = explain_workflow(
        {"workflow": graph(a=text, p="%prompt%", s="%seed%"), "values": {"prompt": ""}, "custom": [{"find": find, "replace": replace}]}
    )
    assert answer["workflow"]["1"]["inputs"]["a"] == sent
    assert answer["problems"] == []


@pytest.mark.parametrize(
    "question", [{"workflow": "{"}, {"workflow": {}}, {"workflow": graph(), "values": [1]}, {"workflow": graph(), "custom": 5}]
)
def test_what_cannot_be_used_is_refused(question: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        explain_workflow(question)


def test_names_of_ones_own_may_be_anything() -> None:
    assert filled({}, {"1st – größe": "big"}, a="%1st – größe%", b="%100 %") == {"a": "big", "b": "%100 %"}


def test_what_is_no_graph_is_filled_for_the_eye() -> None:
    answer = explain_workflow({"workflow": {"text": "%prompt%", "list": ["%seed%"]}, "values": {"%prompt%": "cat", "seed": 3}})
    assert answer["workflow"] == {"text": "cat", "list": [3]}
    assert "no node" in answer["problems"][0]
    assert explain_workflow({"workflow": '["%seed%"]', "values": {"seed": 3}})["workflow"] == [3]


def test_the_command_answers_line_by_line() -> None:
    lines = json.dumps({"workflow": graph(a="%prompt%"), "values": {"prompt": "ü"}}) + "\n{}\n"
    good, bad = (json.loads(line) for line in CliRunner().invoke(app, ["explain", "workflow"], input=lines).output.splitlines())
    assert good["workflow"]["1"]["inputs"]["a"] == "ü"
    assert bad == {"error": "'workflow' is missing"}
