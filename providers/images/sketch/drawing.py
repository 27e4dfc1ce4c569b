"""From a prompt to a PNG. Runs in the child process: 40–150 ms for a picture, all of it under the interpreter's lock."""

from __future__ import annotations

import struct
import zlib

import resvg_py

from providers.images.sketch.composing import compose_svg
from providers.images.sketch.reading import read_prompt


def draw(prompt: str, negative: str, width: int, height: int, seed: int) -> tuple[bytes, list[str]]:
    """The PNG and what was recognised in the prompt; the same arguments give the same bytes."""
    reading = read_prompt(prompt, negative)
    svg = compose_svg(reading, prompt, width, height, seed)
    names = [f"{t.count} {t.icon}" for t in reading.things] + (["portrait"] if reading.people else [])
    names += [n for n in (reading.place, reading.time, reading.weather) if n]
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))
    return _with_text(png, "Description", prompt), names


def _with_text(png: bytes, keyword: str, text: str) -> bytes:
    """The PNG with an iTXt chunk before its image data, as image tools store the prompt."""
    body = keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8")
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    after_header = 8 + 25  # signature and IHDR
    return png[:after_header] + chunk + png[after_header:]
