"""Holds bodies against the descriptions that are plain JSON schemas under ``$defs``, where the material is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.contract.recorded import check_value, material


def check_body(spec_name: str, definition: str, body: Any, *, exact: bool = True) -> None:
    """Fail for a body that definition ``definition`` (empty = the whole document) does not allow; with ``exact`` for unknown names too."""
    path = material("specs", spec_name)
    if path is None:
        return
    document: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    check_value(document, document["$defs"][definition] if definition else document, body, exact=exact)
