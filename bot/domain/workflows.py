"""A ComfyUI workflow as people add it: graphs with placeholders, and placeholders of their own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal, NoReturn

from pydantic import Field

from bot.domain.errors import BadFile, FileTooLarge, UserError
from bot.domain.places import Frozen

Origin = Literal["chat", "host", "shipped"]
MOST_BYTES = 256 * 1024
"""Largest graph a chat takes in."""
HOST_BYTES = 2 * 1024 * 1024
"""Largest graph a host writes down."""
MOST_WORKFLOWS = 50
"""Workflows of one chat."""
MOST_CUSTOM = 50
"""Custom placeholders of one workflow."""
MOST_REPLACE = 2000
"""Characters a custom placeholder may stand for."""
DEEPEST = 40
NONE = ("none", "off", "default")
"""Words that choose no workflow, so that none is named so."""
_NAME = re.compile(r"\w[\w .,()+-]{0,59}")
_CUSTOM = re.compile(r'[^%"\\\x00-\x1f]{1,64}')
_BARE = re.compile(r'"(?:[^"\\]|\\.)*"|(%[A-Za-z][\w -]{0,63}%)')


class Workflow(Frozen):
    """Texts of one or two graphs in API format, with the custom placeholders that belong to them."""

    name: str
    graph: str
    image_graph: str = ""
    """Used when there are reference images; empty uses ``graph`` for them too."""
    custom: dict[str, str] = Field(default_factory=dict)
    """Custom placeholders: name without percent signs → text with macros."""
    origin: Origin = "chat"
    """Added to this chat, written down by the host, or coming with Vignette."""

    def graph_for(self, references: int) -> str:
        """The graph for a picture with so many reference images."""
        return self.image_graph if references and self.image_graph else self.graph


def workflow_name(text: str) -> str:
    """A name people may give a workflow. Raises ``UserError``."""
    name = " ".join(text.split())
    if not _NAME.fullmatch(name):
        raise UserError(
            f"«{name[:60]}» cannot be a workflow's name: up to 60 letters, digits, spaces and . , ( ) + - _, a letter or digit first."
        )
    if name.casefold() in NONE:
        raise UserError(f"«{name}» means no workflow, so none can be called that.")
    return name


def custom_name(text: str) -> str:
    """The name of a custom placeholder, with or without its percent signs. Raises ``UserError``."""
    name = text.strip()
    name = name[1:-1] if len(name) > 2 and name[0] == name[-1] == "%" else name
    if not _CUSTOM.fullmatch(name) or name != name.strip():
        raise UserError(f"«{name[:80]}» cannot be a placeholder's name: up to 64 characters without percent signs, quotes and backslashes.")
    return name


def with_quotes(text: str) -> str:
    """The text of a graph with its bare placeholders in quotes (``"steps": %STEPS%``, as LettuceAI's users write numbers)."""
    return _BARE.sub(lambda match: f'"{match[1]}"' if match[1] else match[0], text)


def read_graph(data: bytes, most: int = MOST_BYTES) -> str:
    """The text of a graph file: as it is, or with its escaped letters written out, so that names and words in it can be found.

    Only that it is one JSON object of bounded size and depth is looked at. Raises ``FileTooLarge`` and ``BadFile``.
    """
    if len(data) > most:
        raise FileTooLarge(f"A workflow may have up to {most // 1024} KiB; this one has {len(data) // 1024 + 1}.")
    try:
        text = with_quotes(data.decode("utf-8-sig"))
        found = json.loads(text, parse_constant=_no_number)
        written_out = json.dumps(found, ensure_ascii=False, allow_nan=False, indent=2)
        written_out.encode()
    except json.JSONDecodeError as error:
        raise BadFile(f"The workflow is no valid JSON (line {error.lineno}, column {error.colno}).") from error
    except RecursionError as error:
        raise BadFile(f"The workflow is nested deeper than {DEEPEST} levels.") from error
    except UnicodeDecodeError as error:
        raise BadFile("The workflow is no text in UTF-8.") from error
    except ValueError as error:
        raise BadFile("The workflow holds numbers or letters that JSON cannot carry (NaN, Infinity, half a letter).") from error
    if not isinstance(found, dict):
        raise BadFile("The workflow holds no nodes: expected one JSON object, node id → node.")
    if _deeper(found, DEEPEST):
        raise BadFile(f"The workflow is nested deeper than {DEEPEST} levels.")
    return written_out if "\\u" in text else text


def file_bytes(path: Path) -> bytes:
    """A host's graph file, at most one byte more of it than it may have. Raises ``BadFile``."""
    try:
        with path.open("rb") as file:
            return file.read(HOST_BYTES + 1)
    except FileNotFoundError as error:
        raise BadFile("there is no such file.") from error
    except OSError as error:
        raise BadFile(f"the file cannot be read: {error.strerror}.") from error


def _no_number(written: str) -> NoReturn:
    raise ValueError(written)


def _deeper(value: Any, levels: int) -> bool:
    """Whether a document of JSON has more than so many levels."""
    layer = [value]
    for _ in range(levels):
        layer = [inner for item in layer if isinstance(item, dict | list) for inner in (item.values() if isinstance(item, dict) else item)]
    return bool(layer)
