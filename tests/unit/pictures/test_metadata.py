"""What is taken out of a picture's file before it goes to a service."""

from __future__ import annotations

import io

import pytest
from PIL import Image, PngImagePlugin

from bot.engine.pictures.metadata import without_metadata


def speckled() -> Image.Image:
    image = Image.new("RGB", (40, 24), "teal")
    for x in range(0, 40, 3):
        image.putpixel((x, x % 24), (255, x, 0))
    return image


def saved(kind: str, **more: object) -> bytes:
    file = io.BytesIO()
    speckled().save(file, kind, **more)
    return file.getvalue()


def exif() -> Image.Exif:
    found = Image.Exif()
    found[0x010E] = "taken at home"
    found.get_ifd(0x8825)[1] = "N"
    return found


def with_card() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("chara", "a whole character card")
    info.add_itxt("comment", "more")
    return saved("PNG", pnginfo=info, exif=exif())


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (saved("JPEG", exif=exif(), comment="secret", icc_profile=b"profile" * 20, progressive=True), "image/jpeg"),
        (with_card(), "image/png"),
        (saved("WEBP", exif=exif(), xmp=b"<x:xmpmeta/>", lossless=True), "image/webp"),
        (saved("WEBP", exif=exif(), quality=70), "image/webp"),
    ],
)
def test_words_go_and_pixels_stay(data: bytes, mime: str) -> None:
    stripped = without_metadata(data, mime)
    assert len(stripped) < len(data)
    for secret in (b"taken at home", b"secret", b"character card", b"xmpmeta"):
        assert secret not in stripped
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(stripped)) as after:
        assert before.convert("RGB").tobytes() == after.convert("RGB").tobytes()
        assert not after.getexif()
        assert after.info.get("icc_profile") == before.info.get("icc_profile")
    assert without_metadata(stripped, mime) == stripped


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_without_metadata_is_untouched_and_a_cut_one_does_no_harm(kind: str) -> None:
    mime = f"image/{kind.lower()}"
    data = saved(kind)
    assert without_metadata(data, mime) == data
    whole = saved(kind, exif=exif())
    for end in range(0, len(whole), 7):
        assert isinstance(without_metadata(whole[:end], mime), bytes)
    assert without_metadata(b"GIF89a", "image/gif") == b"GIF89a"
