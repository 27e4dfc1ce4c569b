"""What reference pictures become before a backend gets them."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image

from bot.domain.errors import BadFile, FileTooLarge
from bot.engine.pictures import readable as module
from bot.engine.pictures.readable import readable


def saved(image: Image.Image, kind: str, **more: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **more)
    return file.getvalue()


def photo(kind: str, orientation: int) -> bytes:
    """40 × 20 pixels, its left half white."""
    image = Image.new("RGB", (40, 20), "black")
    image.paste("white", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "taken at home"
    return saved(image, kind, exif=exif)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_usual_picture_is_untouched(kind: str) -> None:
    data = saved(Image.new("RGB", (9, 9), "teal"), kind)
    assert readable(data) == (data, f"image/{kind.lower()}")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_photo_that_lies_on_its_side_is_stood_up(kind: str) -> None:
    data, mime = readable(photo(kind, 6))  # 6: to be turned clockwise, so that what is left comes to the top
    assert mime == ("image/jpeg" if kind == "JPEG" else "image/png")
    assert b"taken at home" not in data
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (20, 40)
        assert not image.getexif()
        top, bottom = (image.convert("L").getpixel((10, y)) for y in (5, 35))
        assert isinstance(top, int | float)
        assert isinstance(bottom, int | float)
        assert top > 200 > 50 > bottom


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue", "green")]
    data, mime = readable(saved(frames[0], kind, save_all=True, append_images=frames[1:], **({"lossless": True} if kind == "WEBP" else {})))
    assert mime == "image/png"
    with Image.open(io.BytesIO(data)) as image:
        assert not getattr(image, "is_animated", False)
        assert image.convert("RGB").getpixel((4, 4)) == (255, 0, 0)


def test_a_transparent_gif_stays_transparent() -> None:
    image = Image.new("P", (9, 9), 0)
    image.putpalette([255, 0, 0] * 256)
    data, _ = readable(saved(image, "GIF", transparency=0))
    with Image.open(io.BytesIO(data)) as found:
        assert found.convert("RGBA").getpixel((4, 4))[3] == 0  # type: ignore[index]


def test_colours_for_print_become_those_of_screens() -> None:
    data, mime = readable(saved(Image.new("CMYK", (9, 9), (0, 255, 255, 0)), "JPEG"))
    assert mime == "image/jpeg"
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "RGB"
        red, green, blue = image.getpixel((4, 4))  # type: ignore[misc]
        assert red > 200 > 60 > max(green, blue)


@pytest.mark.skipif("AVIF" not in Image.registered_extensions().values(), reason="this Pillow writes no AVIF")
def test_avif_which_few_services_read_becomes_png() -> None:
    data, mime = readable(saved(Image.new("RGB", (9, 9), "teal"), "AVIF"))
    assert mime == "image/png"
    assert data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", saved(Image.effect_noise((90, 90), 90).convert("P"), "GIF")[:900], photo("JPEG", 6)[:400]]
)
def test_a_damaged_picture_is_said_to_be_one(data: bytes) -> None:
    with pytest.raises(BadFile, match="damaged"):
        readable(data)


def test_large_photos_are_read_smaller_and_other_large_pictures_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes of GIF may unfold to as many pixels as a picture is let have at all."""
    monkeypatch.setattr(module, "MOST_PIXELS", 900)
    monkeypatch.setattr(module, "_ENOUGH", 10)
    data, _ = readable(saved(Image.new("CMYK", (80, 40)), "JPEG"))
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (20, 10)
    with pytest.raises(FileTooLarge, match="pixels"):
        readable(saved(Image.new("P", (80, 40)), "GIF"))


def test_the_engine_is_imported_without_the_picture_library() -> None:
    program = "import sys, bot.engine.pictures.readable; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
