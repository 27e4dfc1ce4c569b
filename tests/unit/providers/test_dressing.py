"""How the embedded model is asked and where its answers are cut."""

from __future__ import annotations

import pytest

from providers.contract import ChatMessage, ChatRequest, TextPart, ToolSpec, message
from providers.embedded.dressing import BLOCK, MAX_TOKENS, SentenceCut, character_name, dress, estimate, examples

SYSTEM = message("system", "You are Mira, a lighthouse keeper. Stay in character.")


def through(text: str, size: int, *, finished: bool = True) -> str:
    """The text as it comes out when it is fed in pieces of ``size`` characters."""
    cut, shown = SentenceCut(), ""
    for start in range(0, len(text), size):
        shown += "".join(cut.feed(text[start : start + size]))
        if cut.over:
            return shown
    return shown + "".join(cut.rest(finished=finished))


CUTS = [
    ("Hello there. How are", False, "Hello there."),
    ("Hello there. How are", True, "Hello there. How are"),
    ("Hello there! *waves*", True, "Hello there! *waves*"),
    ("No end in sight", False, "No end in sight"),
    ("One line.\nAnother line.", True, "One line."),
    ("\n\n  Leading breaks. And more", False, "Leading breaks."),
    ("A line without an end\nnext", True, "A line without an end"),
    ("First. And then some\nnext", True, "First."),
    ('She said "Come in." Then', False, 'She said "Come in."'),
    ("It costs 3.5 coins. Not", False, "It costs 3.5 coins."),
    ("Wait… what? Yes", False, "Wait… what?"),
    ("", True, ""),
    ("\n\n", False, ""),
]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(("text", "finished", "shown"), CUTS)
def test_answers_end_with_a_sentence_however_they_are_split(text: str, finished: bool, shown: str, size: int) -> None:
    assert through(text, size, finished=finished) == shown


def test_names_are_found() -> None:
    assert character_name((SYSTEM, message("assistant", "hi", name="Old Tom"))) == "Old Tom"
    assert character_name((SYSTEM,)) == "Mira"
    assert character_name((message("system", "You are playing a game. Write only as Éva."),)) == "Éva"
    assert character_name((message("system", "You are a helpful friend."),)) == ""
    assert character_name((message("user", "You are Bob"),)) == ""


def test_the_request_gets_examples_and_its_own_sampling() -> None:
    tool = ToolSpec("f", "", {"type": "object"})
    dressed = dress(ChatRequest((SYSTEM, message("user", "Hi")), tools=(tool,), temperature=1.9, max_tokens=4000, stop=("\nAnn:",)), 2048)
    assert dressed.messages[0].text == SYSTEM.text
    assert dressed.messages[1:5] == examples("Mira")
    assert "Mira" in dressed.messages[2].text
    assert dressed.messages[5:] == (message("user", "Hi"),)
    assert (dressed.tools, dressed.temperature, dressed.max_tokens, dressed.stop) == ((), 0.6, MAX_TOKENS, ("\nAnn:",))


def total(messages: tuple[ChatMessage, ...]) -> int:
    return sum(estimate(item.text) for item in messages)


def history(turns: int, words: int = 20) -> tuple[ChatMessage, ...]:
    return tuple(message("user" if number % 2 == 0 else "assistant", f"{number} " + "word " * words) for number in range(turns))


@pytest.mark.parametrize("turns", [1, 40, 400])
def test_old_messages_make_room(turns: int) -> None:
    told = history(turns)
    dressed = dress(ChatRequest((SYSTEM, *told)), 1024)
    assert total(dressed.messages) + MAX_TOKENS <= 1024
    assert dressed.messages[-1].text == told[-1].text


def test_room_is_made_in_blocks() -> None:
    starts = {dress(ChatRequest((SYSTEM, *history(turns))), 1024).messages[5].text for turns in range(100, 100 + BLOCK * 2)}
    assert len(starts) <= 3, "the beginning moves seldom, so that the server's prompt cache holds"


def test_huge_texts_fit_too() -> None:
    endless = message("user", "blah " * 5000 + "what is your name?")
    card = message("system", "You are Mira. " + "She likes the sea. " * 3000)
    dressed = dress(ChatRequest((card, endless)), 1024)
    assert total(dressed.messages) + MAX_TOKENS <= 1024
    assert dressed.messages[0].text.endswith("sea.")
    assert dressed.messages[-1].text.endswith("what is your name?")


def test_tool_turns_and_empty_messages_are_left_out() -> None:
    turn = (
        message("user", "x"),
        ChatMessage("assistant"),
        ChatMessage("tool", (TextPart("queued"),), tool_call_id="a"),
        message("user", "y"),
    )
    assert [item.text for item in dress(ChatRequest(turn), 1024).messages[4:]] == ["x", "y"]
