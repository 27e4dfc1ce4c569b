"""Filling of ComfyUI graphs: what is replaced, what is left alone, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.images.comfyui_graph import EMPTY_PICTURE, EXPORT_HINT, NAMES, WorkflowError, fill, parse, placeholders_in
from providers.images.comfyui_values import default_graph, values_of
from tests.contract.image_parts import REFERENCE, spec
from tests.contract.recorded import recorded


def graph(**inputs: Any) -> dict[str, Any]:
    return {"3": {"class_type": "KSampler", "inputs": inputs}}


def inputs_of(filled: dict[str, Any]) -> dict[str, Any]:
    found = filled["3"]["inputs"]
    assert isinstance(found, dict)
    return found


VALUES = values_of(spec(steps=12, cfg=4.5, clip_skip=2), model="a.safetensors", uploads=["vignette/x.png"], file_prefix="p")


def test_numbers_become_numbers_and_texts_stay_texts() -> None:
    filled = fill(graph(seed="%seed%", steps="%steps%", cfg="%scale%", text="%prompt%", skip="%clip_skip%", model=["4", 0]), VALUES, {})
    assert inputs_of(filled.workflow) == {"seed": 5, "steps": 12, "cfg": 4.5, "text": "a red cat", "skip": -2, "model": ["4", 0]}
    assert filled.problems == ()
    assert filled.unfilled == ()


def test_capital_names_of_the_other_client() -> None:
    filled = fill(
        graph(a="%PROMPT%", b="%NEGATIVE%", c="%CFG%", d="%CKPT%", e="%IMAGE%", f="%IMAGE0%", g="%IMAGE_COUNT%", s="%SEED%"), VALUES, {}
    )
    assert list(inputs_of(filled.workflow).values()) == [
        "a red cat",
        "blurry",
        4.5,
        "a.safetensors",
        "vignette/x.png",
        "vignette/x.png",
        1,
        5,
    ]


@pytest.mark.parametrize("text", ["%seed%", "%prompt%", '"quoted" \\ back', "$& $$ $1", "%steps%%seed%", "</script>", "🦊\n\t\x00"])
def test_a_value_is_never_looked_at_again(text: str) -> None:
    filled = fill(graph(text="%prompt%", seed="%seed%", custom="%mood%"), {**VALUES, "prompt": text}, {"mood": text})
    assert inputs_of(filled.workflow) == {"text": text, "seed": 5, "custom": text}


def test_custom_names_are_texts_and_cannot_shadow() -> None:
    filled = fill(graph(a="%mood%", b="%prompt%", s="%seed%"), VALUES, {"mood": "12", "prompt": "hijacked", "seed": "1"})
    assert inputs_of(filled.workflow) == {"a": "12", "b": "a red cat", "s": 5}


def test_a_custom_name_does_not_stand_in_for_a_missing_built_in() -> None:
    filled = fill(graph(vae="%vae%"), VALUES, {"vae": "mine"})
    assert filled.unfilled == ("vae",)


def test_missing_avatar_becomes_a_tiny_picture_other_missing_values_are_named() -> None:
    filled = fill(graph(a="%char_avatar%", v="%vae%", x="%nobody%"), VALUES, {})
    assert inputs_of(filled.workflow) == {"a": EMPTY_PICTURE, "v": "%vae%", "x": "%nobody%"}
    assert filled.unfilled == ("vae", "nobody")


def test_embedded_placeholder_is_left_and_reported() -> None:
    filled = fill(graph(text="best, %prompt%, 4k", seed="%seed%"), VALUES, {})
    assert inputs_of(filled.workflow)["text"] == "best, %prompt%, 4k"
    assert any("Node 3 (KSampler), input text: %prompt%" in problem for problem in filled.problems)
    assert any('no "%prompt%"' in problem for problem in filled.problems)


def test_a_graph_without_seed_is_reported() -> None:
    assert any('"%seed%"' in problem for problem in fill(graph(text="%prompt%"), VALUES, {}).problems)


def test_the_servers_own_file_name_marks_are_not_ours() -> None:
    filled = fill(graph(filename_prefix="%year%", p="%prompt%", s="%seed%"), VALUES, {})
    assert filled.unfilled == ()
    assert filled.problems == ()


def test_the_given_graph_is_untouched() -> None:
    original = graph(text="%prompt%", nested={"list": ["%seed%"]})
    before = json.dumps(original)
    assert inputs_of(fill(original, VALUES, {}).workflow)["nested"] == {"list": [5]}
    assert json.dumps(original) == before


_leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12), st.sampled_from([f"%{n}%" for n in NAMES]))
_tree = st.recursive(
    _leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=12
)


@settings(max_examples=150, deadline=None)
@given(inputs=st.dictionaries(st.text(max_size=6), _tree, max_size=4), prompt=st.text(max_size=30), custom=st.text(max_size=10))
def test_filling_keeps_the_shape_and_only_touches_placeholders(inputs: dict[str, Any], prompt: str, custom: str) -> None:
    values = {**VALUES, "prompt": prompt, "vae": "v"}
    filled = fill(graph(inputs=inputs), values, {"mood": custom})
    known = {f"%{name}%": values.get(name) if values.get(name) is not None else EMPTY_PICTURE for name in NAMES}

    def expected(value: Any) -> Any:
        if isinstance(value, dict):
            texts = {key: known.get(key, key) for key in value}
            return {texts[key] if isinstance(texts[key], str) else key: expected(item) for key, item in value.items()}
        if isinstance(value, list):
            return [expected(item) for item in value]
        return known.get(value, value) if isinstance(value, str) else value

    assert inputs_of(filled.workflow)["inputs"] == expected(inputs)
    assert json.loads(json.dumps(filled.workflow)) == filled.workflow


def test_depth_is_bounded() -> None:
    deep: Any = "%seed%"
    for _ in range(100):
        deep = [deep]
    with pytest.raises(WorkflowError, match="nested"):
        fill(graph(x=deep), VALUES, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"3": {"class_type": "X", "inputs": {"seed": %seed%}}}', "quotes"),
        ("[]", "no nodes"),
        ("{}", "no nodes"),
        ("[" * 100_000, "no valid JSON"),
        ('{"nodes": [], "links": [], "version": 0.4}', "Export"),
        ('{"3": {"inputs": {}}}', "no node"),
        (" " * 2_000_001, "larger"),
    ],
)
def test_unusable_workflows_say_why(text: str, words: str) -> None:
    with pytest.raises(WorkflowError, match=words):
        parse(text)


def test_a_saved_request_body_is_unwrapped() -> None:
    assert parse(json.dumps({"prompt": graph(seed=1), "client_id": "x"})) == graph(seed=1)


def test_editor_format_as_recorded_is_refused_with_the_way_out() -> None:
    body = recorded("comfyui-0.8.0", "prompt_error_ui_format")["request"]["body"]["prompt"]
    with pytest.raises(WorkflowError) as caught:
        parse(json.dumps(body))
    assert EXPORT_HINT in str(caught.value)


@pytest.mark.parametrize("more", [{}, {"vae": "v.pt", "clip_skip": 2}, {"references": (REFERENCE,), "vae": "v.pt"}])
def test_our_own_graphs_fill_completely_and_link_to_nodes_that_exist(more: dict[str, Any]) -> None:
    asked = spec(**more)
    plain = default_graph(asked)
    filled = fill(plain, values_of(asked, model="m", uploads=["r.png"], file_prefix="p"), {})
    assert filled.unfilled == ()
    assert filled.problems == ()
    assert not placeholders_in(filled.workflow)
    links = [v for node in filled.workflow.values() for v in node["inputs"].values() if isinstance(v, list)]
    assert links
    assert all(source in filled.workflow for source, _ in links)
    vaes = [node["inputs"]["vae"] for node in filled.workflow.values() if "vae" in node["inputs"]]
    assert all(vae == (["20", 0] if asked.vae else ["1", 2]) for vae in vaes)
