"""Texts of ComfyUI graphs as people hand them in."""

from __future__ import annotations

import json

import pytest

from bot.domain.errors import BadFile
from bot.domain.workflows import read_graph, with_quotes


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ('{"a": %STEPS%, "b": [%CFG%, %SEED%]}', '{"a": "%STEPS%", "b": ["%CFG%", "%SEED%"]}'),
        ('{"a": "%STEPS%"}', '{"a": "%STEPS%"}'),
        ('{"a": "100 % %STEPS% \\" %CFG%", "b": %CFG%}', '{"a": "100 % %STEPS% \\" %CFG%", "b": "%CFG%"}'),
        ('{"a": "\\\\", "b": %CFG%}', '{"a": "\\\\", "b": "%CFG%"}'),
    ],
)
def test_bare_placeholders_get_their_quotes(text: str, same_as: str) -> None:
    assert json.loads(with_quotes(text)) == json.loads(same_as)
    assert json.loads(read_graph(text.encode())) == json.loads(same_as)


def test_what_is_still_no_json_is_refused() -> None:
    for text in ('{"a": %', '{"a": "%STEPS%', '{"a": %%}', '"' * 100_000, "%A" * 100_000):
        with pytest.raises(BadFile):
            read_graph(text.encode())
