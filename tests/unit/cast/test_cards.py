"""Character cards, good ones and hostile ones."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import BadFile, FileTooLarge, UserError
from bot.engine.cast import png
from bot.engine.cast.builtin import builtin_characters
from bot.engine.cast.cards import FILE_LIMIT, Card, export_v2, greetings, read_card, write_card
from bot.engine.story.macros import World, expand

V2: dict[str, Any] = {
    "spec": "chara_card_v2", "spec_version": "2.0", "name": "Old",
    "data": {
        "name": "Mira", "description": "{{char}} is tall", "first_mes": "Hi", "alternate_greetings": ["Ho", " "], "tags": ["a"],
        "extensions": {"x/y": [1, {"z": None}], "sd_character_prompt": {"positive": " red hair ", "negative": "hat"}},
        "character_book": {"entries": [{"keys": ["k"]}]}, "unknown": {"deep": True},
    },
}  # fmt: skip


def encoded(card: object) -> bytes:
    return base64.b64encode(json.dumps(card).encode())


def picture(**texts: bytes) -> bytes:
    return png.with_texts(png.blank(8, 8), texts)


def raw_chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk before its end."""
    plain = png.blank(8, 8)
    made = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return plain[:-12] + made + plain[-12:]


def as_json(card: object) -> bytes:
    return json.dumps(card).encode()


def test_v2_keeps_everything() -> None:
    card = read_card(as_json(V2))
    assert card.name == "Mira"
    assert (card.prefix, card.negative) == ("red hair", "hat")
    assert card.data["extensions"] == V2["data"]["extensions"]
    assert card.data["character_book"] == V2["data"]["character_book"]
    assert card.data["unknown"] == {"deep": True}
    assert card.data["personality"] == ""
    assert greetings(card.data) == ("Hi", "Ho")
    assert card.image is None


def test_v1_is_read_from_the_top_level() -> None:
    card = read_card(
        as_json({"name": "Mira", "description": "d", "personality": "p", "first_mes": "f", "mes_example": "m", "scenario": "s"})
    )
    assert (card.name, card.data["personality"], card.data["mes_example"]) == ("Mira", "p", "m")
    assert (card.prefix, card.negative) == ("", "")


def test_a_spec_without_data_uses_the_top_level() -> None:
    assert read_card(as_json({"spec": "chara_card_v2", "name": "Mira"})).name == "Mira"


def test_v3_is_preferred_and_read_like_v2() -> None:
    newer = {"spec": "chara_card_v3", "data": {"name": "New", "group_only_greetings": ["g"]}}
    card = read_card(picture(chara=encoded(V2), ccv3=encoded(newer)))
    assert card.name == "New"
    assert card.data["group_only_greetings"] == ["g"]


def test_a_damaged_v3_chunk_falls_back_to_v2() -> None:
    assert read_card(picture(chara=encoded(V2), ccv3=b"!!!")).name == "Mira"
    assert read_card(picture(chara=encoded(V2), ccv3=encoded({"data": {}}))).name == "Mira"


@pytest.mark.parametrize("keyword", [b"chara", b"Chara", b"CHARA"])
def test_every_kind_of_text_chunk(keyword: bytes) -> None:
    value = encoded(V2)
    assert read_card(raw_chunk(b"tEXt", keyword + b"\0" + value)).name == "Mira"
    assert read_card(raw_chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(value))).name == "Mira"
    assert read_card(raw_chunk(b"iTXt", keyword + b"\0\0\0en\0key\0" + value)).name == "Mira"
    assert read_card(raw_chunk(b"iTXt", keyword + b"\0\1\0\0\0" + zlib.compress(value))).name == "Mira"


def test_the_image_comes_back_without_the_card() -> None:
    card = read_card(picture(chara=encoded(V2)))
    assert card.image == png.blank(8, 8)


@pytest.mark.parametrize("value", [None, 3, 2.5])
def test_null_and_numbers_in_text_fields(value: object) -> None:
    card = read_card(as_json({"name": "Mira", "character_version": value, "alternate_greetings": None, "extensions": None}))
    assert card.data["character_version"] == ("" if value is None else str(value))


def test_byte_order_mark_and_white_space() -> None:
    assert read_card(b"\xef\xbb\xbf \n" + as_json(V2)).name == "Mira"


def test_names_are_one_plain_line() -> None:
    assert read_card(as_json({"name": " Mi\nra\u202e \x00x "})).name == "Mi ra x"


HEADER = struct.pack(">II", 100_000, 100_000) + b"\x08\0\0\0\0"
HUGE = png.SIGNATURE + struct.pack(">I", 13) + b"IHDR" + HEADER + struct.pack(">I", zlib.crc32(b"IHDR" + HEADER)) + png.blank(8, 8)[33:]
BAD: list[tuple[str, bytes, str]] = [
    ("empty", b"", "neither"),
    ("text", b"hello", "neither"),
    ("jpeg", b"\xff\xd8\xff\xe0" + b"\0" * 100, "neither"),
    ("plain picture", png.blank(8, 8), "no character data"),
    ("cut off", picture(chara=encoded(V2))[:-30], "cut off"),
    ("only a signature", png.SIGNATURE, "cut off"),
    ("wrong lengths", png.SIGNATURE + b"\xff\xff\xff\xffIHDR" + b"\0" * 50, "wrong lengths"),
    ("no header", png.SIGNATURE + struct.pack(">I4sI", 0, b"IEND", 0), "no header"),
    ("huge picture", HUGE, "too large"),
    ("not base64", picture(chara=b"\xff\xfe{}"), "base64"),
    ("base64 of nothing", picture(chara=b""), "JSON"),
    ("base64 of bytes", picture(chara=base64.b64encode(b"\xff\xfe")), "UTF-8"),
    ("bomb", raw_chunk(b"zTXt", b"chara\0\0" + zlib.compress(b"A" * 60_000_000)), "too large"),
    ("broken compression", raw_chunk(b"zTXt", b"chara\0\0abc"), "damaged"),
    ("many chunks", png.blank(8, 8)[:33] + struct.pack(">I4sI", 0, b"teXt", 0) * 5000, "too many"),
    ("half JSON", b'{"name": "x"', "JSON"),
    ("NaN", b'{"name": "x", "description": NaN}', "JSON"),
    ("deep", b'{"name":"x","a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
    ("deep objects", b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested"),
    ("no name", as_json({"description": "x"}), "name"),
    ("empty name", as_json({"name": "  "}), "name"),
    ("long name", as_json({"name": "x" * 300}), "name"),
    ("list for text", as_json({"name": "x", "description": ["a"]}), "description"),
    ("object for text", as_json({"name": {"a": 1}}), "name"),
    ("truth for text", as_json({"name": True}), "name"),
    ("text for list", as_json({"name": "x", "alternate_greetings": "hi"}), "alternate_greetings"),
    ("numbers in list", as_json({"name": "x", "tags": [1]}), "tags"),
    ("list for extensions", as_json({"name": "x", "extensions": []}), "extensions"),
    ("too many greetings", as_json({"name": "x", "alternate_greetings": ["a"] * 200}), "alternate_greetings"),
    ("huge field", as_json({"name": "x", "scenario": "a" * 200_000}), "scenario"),
    ("not utf-8", b'{"name": "\xff"}', "UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "reason"), [(data, reason) for _, data, reason in BAD], ids=[name for name, _, _ in BAD])
def test_hostile_files_are_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadFile, match=reason) as caught:
        read_card(data, "card.png")
    assert len(caught.value.message) < 300


def test_large_files_are_not_even_looked_at() -> None:
    with pytest.raises(FileTooLarge, match="20 MB"):
        read_card(b"{" + b" " * FILE_LIMIT)


def test_unread_formats_are_named() -> None:
    with pytest.raises(BadFile, match="CharX"):
        read_card(b"PK\x03\x04", "mira.charx")


@pytest.mark.parametrize("shared", [None, "x", [], {"positive": 3}, {"positive": None, "negative": []}])
def test_nonsense_picture_prompts_are_ignored(shared: object) -> None:
    card = read_card(as_json({"name": "x", "extensions": {"sd_character_prompt": shared}}))
    assert (card.prefix, card.negative) == ("", "")


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for file in (data, png.SIGNATURE + data, raw_chunk(b"tEXt", b"chara\0" + base64.b64encode(data)), b"{" + data):
        try:
            assert isinstance(read_card(file), Card)
        except UserError:
            continue


def test_export_and_import_are_a_round_trip() -> None:
    card = read_card(as_json(V2))
    for image in (None, png.blank(8, 8)):
        name, mime, data = write_card("Mira Ö/..", card.data, image, prefix="p", negative="n")
        again = read_card(data, name)
        assert name == ("Mira_.png" if image else "Mira_.json").replace("_.", ".")
        assert mime == ("image/png" if image else "application/json")
        assert (again.prefix, again.negative, again.image) == ("p", "n", image)
        expected = export_v2({**card.data, "name": "Mira Ö/.."}, prefix="p", negative="n")["data"]
        assert {key: value for key, value in again.data.items() if key != "group_only_greetings"} == expected


def test_exporting_twice_leaves_one_card_in_the_picture() -> None:
    card = read_card(as_json(V2))
    _, _, once = write_card("A", card.data, png.blank(8, 8))
    _, _, twice = write_card("B", card.data, once)
    assert read_card(twice).name == "B"
    assert sum(kind == b"tEXt" for kind, _ in png.chunks(twice)) == 2


def test_the_builtin_characters_are_complete() -> None:
    cards = builtin_characters()
    assert cards
    for card in cards:
        assert card.prefix
        assert len(greetings(card.data)) >= 2
        for field in ("description", "personality", "scenario", "mes_example"):
            text = expand(card.data[field], World(char=card.name, user="Ann")).text
            assert text
            assert "{{" not in text
