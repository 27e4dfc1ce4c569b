"""What kind of file somebody sent, and which option of a command it is for."""

from __future__ import annotations

import pytest

from bot.domain.events import Attachment
from bot.engine.commands.catalogue import Command, Option
from bot.engine.commands.context import CommandContext
from bot.engine.commands.parse import name_files
from bot.frontends.files import mime_of


@pytest.mark.parametrize(
    ("claimed", "name", "mime"),
    [
        ("image/png", "a.txt", "image/png"),
        ("IMAGE/PNG; charset=binary", "a", "image/png"),
        (None, "a.webp", "image/webp"),
        ("", "Ä b.JPG", "image/jpeg"),
        ("application/octet-stream", "graph.json", "application/json"),
        ("application/octet-stream", "graph", "application/octet-stream"),
        (None, "", "application/octet-stream"),
        (" ; ", ".png", "application/octet-stream"),
        ("x/" + "y" * 500, "a", "x/" + "y" * 98),
    ],
)
def test_kinds(claimed: str | None, name: str, mime: str) -> None:
    assert mime_of(claimed, name) == mime


async def _nothing(ctx: CommandContext) -> None:
    return None


def file(name: str) -> Attachment:
    return Attachment(name=name, mime="image/png", size=1, handle=name)


ADD = Command("add", "", _nothing, (Option("name", ""), Option("file", "", "file"), Option("image_file", "", "file")))


def test_files_without_names_go_to_the_options_in_order() -> None:
    one, two, three = file("1"), file("2"), file("3")
    assert name_files(ADD, ()) == {}
    assert name_files(ADD, (one,)) == {"file": one}
    assert name_files(ADD, (one, two, three)) == {"file": one, "image_file": two}


def test_named_files_keep_their_options() -> None:
    one, two = file("1"), file("2")
    assert name_files(ADD, (), {"image_file": one}) == {"image_file": one}
    assert name_files(ADD, (two,), {"image_file": one}) == {"file": two, "image_file": one}
    assert name_files(ADD, (two,), {"file": one}) == {"file": one, "image_file": two}
    assert name_files(ADD, (), {"name": one, "other": two}) == {}
