"""The sketch renderer as an image backend."""

from __future__ import annotations

import asyncio
import importlib.util
import struct
import zlib
from typing import Literal

from providers.contract import (
    Dropped,
    Health,
    ImageCapabilities,
    ImageModelInfo,
    Progress,
    ProviderConfig,
    RenderedImage,
    RenderResult,
    RenderSpec,
    RenderWatch,
    SizeRule,
)
from providers.errors import ErrorKind, ProviderError

_NEEDED = ("dicebear", "dicebear_styles", "resvg_py")
_CAPABILITIES = ImageCapabilities(
    negative=True,
    seed=True,
    sizes=SizeRule(least=64, most=2048, step=1),
    adopts=True,
    free=True,
    local=True,
    nsfw="refuses",
)


class SketchBackend:
    """Draws with clip art: what is named in the prompt appears; style, pose and composition are beyond it. Deterministic in
    (prompt, negative, size, seed). A job drawn again after a crash gives the same picture and costs nothing."""

    def __init__(self, config: ProviderConfig) -> None:
        self.name = config.name
        self.model = "clip art"

    def capabilities(self, model: str = "") -> ImageCapabilities:
        return _CAPABILITIES

    async def models(self, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        return ()

    async def choices(self, setting: Literal["sampler", "scheduler", "vae", "upscaler"]) -> tuple[str, ...]:
        return ()

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        self._require()
        watch.progress(Progress("drawing", 0.0))
        data, names = await asyncio.to_thread(_draw, spec)
        parameters = {
            "prompt": spec.prompt,
            "negative": spec.negative,
            "width": spec.width,
            "height": spec.height,
            "seed": spec.seed,
            "drawn": names,
        }
        lost = () if names else (Dropped("subject", "no word of the prompt has a drawing; only a landscape was drawn"),)
        return RenderResult((RenderedImage(data, "image/png", spec.seed),), self.model, lost, parameters, 0.0)

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        return False

    async def check(self) -> Health:
        self._require()
        return Health(
            "draws clip-art sketches, no AI model, no key needed",
            warnings=("sketches are clip art: for real pictures configure an image backend under [images.<name>]",),
        )

    async def close(self) -> None:
        return None

    def _require(self) -> None:
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise ProviderError(
                ErrorKind.MISCONFIGURED, self.name, "Its packages are not installed: run «make setup», or configure an image backend.",
                host_detail=f"missing: {', '.join(missing)}",
            )  # fmt: skip


def _draw(spec: RenderSpec) -> tuple[bytes, list[str]]:
    """The PNG and what was recognised. Runs off the event loop: 40–150 ms for a picture."""
    import resvg_py

    from providers.images.sketch.composing import compose_svg
    from providers.images.sketch.reading import read_prompt

    reading = read_prompt(spec.prompt, spec.negative)
    svg = compose_svg(reading, spec.prompt, spec.width, spec.height, spec.seed)
    names = [f"{t.count} {t.icon}" for t in reading.things] + (["portrait"] if reading.people else [])
    names += [n for n in (reading.place, reading.time, reading.weather) if n]
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))
    return _with_text(png, "Description", spec.prompt), names


def _with_text(png: bytes, keyword: str, text: str) -> bytes:
    """The PNG with an iTXt chunk before its image data, as image tools store the prompt."""
    body = keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8")
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    after_header = 8 + 25  # signature and IHDR
    return png[:after_header] + chunk + png[after_header:]
