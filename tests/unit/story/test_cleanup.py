"""What models leak, and what is left of it; at every split of the stream."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.story.cleanup import REPETITION, UNOPENED, CleanReply, StreamCleaner, loop_start
from bot.engine.story.thoughts import without_thoughts

TOOL = "generate_image"


def run(pieces: list[str], *, tag: bool = True, tools: tuple[str, ...] = (TOOL,)) -> tuple[CleanReply, list[str]]:
    """The result and everything that was shown on the way."""
    cleaner = StreamCleaner("Mira", ("Ann", "Bob Lee"), tag, tools)
    shown, states = "", []
    for piece in pieces:
        shown += cleaner.feed(piece)
        states.append(shown)
    reply = cleaner.finish()
    return reply, states


def whole(text: str, *, tag: bool = True, tools: tuple[str, ...] = (TOOL,)) -> CleanReply:
    return run([text], tag=tag, tools=tools)[0]


REASONING = [
    ("<think>hm, a greeting</think>Hello.", "Hello."),
    ("<THINKING>hm</THINKING>\n\nHello.", "Hello."),
    ("<reasoning>a</reasoning>Hi<think>b</think> there.", "Hi there."),
    ("[THINK]hm[/THINK]Hello.", "Hello."),
    ("<think>never closed. Hello.", ""),
    ("Hello. <think>and then", "Hello."),
    ("all of this was thought</think>Hello.", "Hello."),
    ("Hi.</think>Hi.</think>Hi.</think>", "Hi."),
    ("x</think>One.</think>Two.</think>One.", "One."),
    ("<think>a</think>Hello.</think>", "Hello."),
    ("<|channel|>analysis<|message|>User greets.<|end|><|start|>assistant<|channel|>final<|message|>Hello.<|return|>", "Hello."),
    ("<|channel|>analysis<|message|>hm<|channel|>final<|message|>Hello.", "Hello."),
    ("◁think▷hm◁/think▷Hello.", "Hello."),
    ("I < think > you know 2 < 3.", "I < think > you know 2 < 3."),
    ("<thin ice>", "<thin ice>"),
]


@pytest.mark.parametrize(("text", "left"), REASONING)
def test_reasoning_never_reaches_the_story(text: str, left: str) -> None:
    assert whole(text).text == left
    assert run(list(text))[0].text == left


def test_a_missing_opening_tag_is_named() -> None:
    assert UNOPENED in whole("thought</think>Hello.").problems


SPEAKING = [
    ("Mira: Hello.", "Hello."),
    ("**Mira:** Hello.", "Hello."),
    ("**Mira**: Hello.", "Hello."),
    ("[Mira]: Hello.", "Hello."),
    ("*Mira: waves*", "*waves*"),
    ("mira: *smiles*", "*smiles*"),
    ("Mira smiles.", "Mira smiles."),
    ("Hello.\nAnn: Hi!\nMira: Yes.", "Hello."),
    ("Hello.\n\n**Ann:** Hi!", "Hello."),
    ("Hello.\nann : hi", "Hello."),
    ("Hello.\nBob Lee: hi", "Hello."),
    ("Hello.\nBob Lee", "Hello."),
    ("Hello.\nBob Lee\nHi.", "Hello."),
    ("Hello.\nBob: hi", "Hello.\nBob: hi"),
    ("Hello.\nAnn smiles.", "Hello.\nAnn smiles."),
    ("Hello.\nAnnabel: x", "Hello.\nAnnabel: x"),
    ("Hello, Ann: sit down.", "Hello, Ann: sit down."),
    ("Ann: I open the door.", ""),
    ("Hello.\nUser: hi", "Hello."),
    ("Hello.\nUser\nx", "Hello.\nUser\nx"),
    ("Ann", "Ann"),
    ("Mira: Ann: hello", ""),
]


@pytest.mark.parametrize(("text", "left"), SPEAKING)
def test_a_reply_ends_where_it_speaks_for_somebody_else(text: str, left: str) -> None:
    assert whole(text).text == left
    assert run(list(text))[0].text == left


SCENES = [
    ("hi <IMG>a cat</img> bye", "hi  bye", ("a cat",)),
    ("a<img>one</img>b<img>two</img>c", "abc", ("one",)),
    ("a<img>x<img>y</img> c", "a c", ("x<img>y",)),
    ("a<img>p[CONTINUE]rest", "arest", ("p",)),
    ("a<img>p[/continue]rest", "arest", ("p",)),
    ("a<img></img>b<img>two</img>", "ab", ("two",)),
    ("a<img>open", "a", ()),
    ("a <im", "a <im", ()),
    ("</img> x", "</img> x", ()),
    ("a <img src='x'> b", "a <img src='x'> b", ()),
    ("<img>only</img>", "", ("only",)),
    ("<think><img>no</img></think>Hello.<img>yes</img>", "Hello.", ("yes",)),
    ("Hello.\nAnn: hi <img>x</img>", "Hello.", ()),
]


@pytest.mark.parametrize(("text", "left", "pictures"), SCENES)
def test_scene_tag(text: str, left: str, pictures: tuple[str, ...]) -> None:
    reply = whole(text)
    assert (reply.text, reply.pictures) == (left, pictures)
    assert all("<img>" not in state for state in run(list(text))[1])


def test_scene_tag_is_hidden_when_switched_off() -> None:
    reply = whole("Look.<img>a cat</img>", tag=False)
    assert (reply.text, reply.pictures) == ("Look.", ())
    assert reply.problems


ARGUMENTS = '{"prompt": "a red fox"}'
CALLS = [
    f'Look.\n<tool_call>\n{{"name": "{TOOL}", "arguments": {ARGUMENTS}}}\n</tool_call>',
    f'Look.<tool_call>{{"name": "{TOOL}", "arguments": {ARGUMENTS}}}',
    f"Look.<tool_call>\n<function={TOOL}>\n<parameter=prompt>\na red fox\n</parameter>\n</function>\n</tool_call>",
    f"Look.<function={TOOL}><parameter=prompt>a red fox</parameter></function>",
    f'Look.<|python_tag|>{{"name": "{TOOL}", "parameters": {ARGUMENTS}}}<|eom_id|>',
    f'Look.[TOOL_CALLS][{{"name": "{TOOL}", "arguments": {ARGUMENTS}}}]',
    f"Look.[TOOL_CALLS]{TOOL}[ARGS]{ARGUMENTS}",
    f"Look.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>{TOOL}\n```json\n{ARGUMENTS}\n```<｜tool▁calls▁end｜>",
    f'Look.\n<function_calls>\n<invoke name="{TOOL}">\n<parameter name="prompt">a red fox</parameter>\n</invoke>\n</function_calls>',
    f'Look.\n```tool_code\nprint(default_api.{TOOL}(prompt="a red fox"))\n```',
    f"Look.<|channel|>commentary to=functions.{TOOL} <|constrain|>json<|message|>{ARGUMENTS}<|call|>",
    f'Look.\n{{"name": "{TOOL}", "arguments": {ARGUMENTS}}}',
    f'Look.\n{{"name": "{TOOL}", "parameters": {ARGUMENTS}}}\n',
    f'Look.\n[{{"name": "{TOOL}", "arguments": {ARGUMENTS}}}]',
    f'Look.\n{{"type": "function", "function": {{"name": "{TOOL}", "arguments": {json.dumps(ARGUMENTS)}}}}}',
    f'Look.\n```json\n{{"tool": "{TOOL}", "args": {ARGUMENTS}}}\n```',
    f"Look.<tool_call>{TOOL}\n<arg_key>prompt</arg_key>\n<arg_value>a red fox</arg_value></tool_call>",
    f'Look.<|tool_call_start|>[{TOOL}(prompt="a red fox")]<|tool_call_end|>',
]


@pytest.mark.parametrize("text", CALLS)
def test_printed_tool_calls_are_read_and_hidden(text: str) -> None:
    for pieces in ([text], list(text)):
        reply, states = run(pieces)
        assert reply.text == "Look."
        assert [(call.name, json.loads(call.arguments)) for call in reply.tool_calls] == [(TOOL, {"prompt": "a red fox"})]
        assert all("fox" not in state for state in states)


@pytest.mark.parametrize("text", [text for text in CALLS if "```json\n{" not in text and '\n{"' not in text and "\n[{" not in text])
def test_wrapped_calls_of_tools_not_offered_are_hidden_only(text: str) -> None:
    reply = whole(text, tools=("other",))
    assert (reply.text, reply.tool_calls) == ("Look.", ())
    assert whole(text, tools=()).text == "Look."


@pytest.mark.parametrize(
    "text",
    [
        'He reads:\n{"name": "Ann", "arguments": {}}',
        '```json\n{"name": "Ann"}\n```',
        "```json\nnot json\n```",
        "```json\n{never closed",
        '{"name": "x"',
        "{shrugs} Well.",
        "[sighs] Well.\n[looks away]",
    ],
)
def test_json_and_brackets_of_the_story_stay(text: str) -> None:
    assert whole(text).text == text
    assert run(list(text))[0].text == text


STRAYS = [
    ("Hello.<|im_end|>\n<|im_start|>user\nHi", "Hello."),
    ("<|im_start|>assistant\nHello.<|im_end|>", "Hello."),
    ("<|assistant|>Hello.</s>", "Hello."),
    ("Hello.[INST] and you? [/INST]", "Hello."),
    ("Hello.<end_of_turn>\nmore", "Hello."),
    ("<|im_end|>Hello.", "Hello."),
]


@pytest.mark.parametrize(("text", "left"), STRAYS)
def test_tokens_of_the_chat_format(text: str, left: str) -> None:
    assert whole(text).text == left
    assert run(list(text))[0].text == left


def test_white_space_is_tidied() -> None:
    assert whole("\n\n  a  b\n\n\n\n\nc \n").text == "a  b\n\nc"


@pytest.mark.parametrize("unit", ["ha ", "I love you. ", "She turns the lamp again, and the light goes round the bay once more. " * 2])
def test_loops_end_the_reply_and_are_stored_once(unit: str) -> None:
    cleaner = StreamCleaner("Mira")
    for _ in range(400):
        cleaner.feed(unit)
        if cleaner.ended:
            break
    assert cleaner.ended
    reply = cleaner.finish()
    assert REPETITION in reply.problems
    assert len(reply.text) <= 2 * len(unit)


def test_ordinary_text_is_no_loop() -> None:
    prose = " ".join(f"Line {n} of the log says that ship number {n * n} went by at {n % 24} hundred." for n in range(60))
    assert loop_start(prose) is None
    assert whole(prose).text == prose


def test_the_model_can_be_stopped_early() -> None:
    cleaner = StreamCleaner("Mira", ("Ann",))
    assert cleaner.feed("Hello.\nAnn: ") == "Hello."
    assert cleaner.ended
    assert cleaner.feed("more") == ""


@pytest.mark.parametrize("text", ["Hello there, friend", "She says <so", "x < y", "A line\nAnd"])
def test_little_is_held_back(text: str) -> None:
    cleaner = StreamCleaner("Mira", ("Ann",), True, (TOOL,))
    shown = "".join(cleaner.feed(char) for char in text)
    assert len(text) - len(shown) <= 5


FRAGMENTS = st.sampled_from(
    [
        "<think>", "</think>", "<thinking>", "[THINK]", "[/THINK]", "<|channel|>analysis", "<|channel|>final<|message|>", "<|end|>",
        "<img>", "</img>", "[continue]", "<tool_call>", "</tool_call>", f'{{"name": "{TOOL}", "arguments": {{"prompt": "x"}}}}',
        "```json\n", "```", "\n", "\n\n\n", "Ann", "Ann:", "Mira:", "Bob Lee", ": ", "**", "*", "Hello there. ", "the light ", "<", "{",
        "[", '"', "<|im_end|>", "<|im_start|>", "user", "<function=", "ha ha ha ha ha ha ha ha ha ha ha ha ", "İ", "\r\n", "  ", "<s>",
    ]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=25).map("".join), st.data())
@settings(max_examples=400, deadline=None)
def test_the_result_does_not_depend_on_the_splits(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    expected = whole(text)
    for way in (pieces, list(text)):
        reply, states = run(way)
        assert reply == expected
        if UNOPENED in reply.problems:
            continue
        assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(states))
        if REPETITION not in reply.problems and states:
            assert reply.text.startswith(states[-1].strip())


def test_without_thoughts() -> None:
    assert without_thoughts("<think>x</think> a, b ") == "a, b"
    assert without_thoughts("x</think>a, b") == "a, b"
