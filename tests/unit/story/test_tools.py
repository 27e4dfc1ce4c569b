"""The function tool's arguments and answers."""

from __future__ import annotations

import json

import pytest

from bot.engine.story.tools import PROMPT_LIMIT, TOOL_NAME, PictureWish, picture_tool, read_arguments, tool_answer, tool_offered


def test_the_tool_is_a_json_schema_and_always_the_same() -> None:
    tool = picture_tool()
    assert tool == picture_tool()
    assert tool.name == TOOL_NAME
    assert tool.parameters["required"] == ["prompt"]
    assert set(tool.parameters["properties"]) == {"prompt"}
    assert tool.description
    assert picture_tool({"tool_description": "Other."}).description == "Other."


@pytest.mark.parametrize(
    ("arguments", "wish"),
    [
        ('{"prompt": " a red fox "}', PictureWish("free", "a red fox")),
        ('{"prompt": "YOU"}', PictureWish("you", "")),
        ('{"prompt": "background", "size": 3}', PictureWish("background", "")),
        (json.dumps('{"prompt": "a fox"}'), PictureWish("free", "a fox")),
        (json.dumps({"prompt": "x" * PROMPT_LIMIT}), PictureWish("free", "x" * PROMPT_LIMIT)),
    ],
)
def test_arguments(arguments: str, wish: PictureWish) -> None:
    assert read_arguments(arguments) == wish


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ("", "JSON"), ("{", "JSON"), ("[" * 9000, "JSON"), ("null", "prompt"), ("[]", "prompt"), ("{}", "prompt"),
        ('{"prompt": ""}', "prompt"), ('{"prompt": "  "}', "prompt"), ('{"prompt": 3}', "prompt"), ('{"prompt": ["a"]}', "prompt"),
        (json.dumps({"prompt": "x" * (PROMPT_LIMIT + 1)}), "2000"), ('{"prompt": "' + "x" * 30_000 + '"}', "too long"),
    ],
)  # fmt: skip
def test_bad_arguments_are_explained_to_the_model(arguments: str, word: str) -> None:
    answer = read_arguments(arguments)
    assert isinstance(answer, str)
    assert word in answer
    assert len(answer) < 200


def test_answers() -> None:
    assert json.loads(tool_answer("abcdefghjk"))["status"] == "queued"
    assert json.loads(tool_answer("abcdefghjk"))["picture"] == "abcdefghjk"
    assert json.loads(tool_answer("No image backend is configured.")) == {
        "status": "not drawn", "reason": "No image backend is configured.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "tools", "backend", "offered"),
    [
        ("tool", True, True, True),
        ("tag", True, True, False),
        ("off", True, True, False),
        ("tool", False, True, False),
        ("tool", True, False, False),
    ],
)
def test_when_it_is_offered(setting: str, tools: bool, backend: bool, offered: bool) -> None:
    assert tool_offered(setting, model_has_tools=tools, has_backend=backend) is offered
