"""The sketch renderer as an image backend."""

from __future__ import annotations

import importlib.util

from providers.contract import (
    Choice,
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
from providers.images.sketch.process import Painter

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
    (prompt, negative, size, seed). A job drawn again after a crash gives the same picture and costs nothing. One picture at a time,
    in a child process; see ``Painter``."""

    def __init__(self, config: ProviderConfig) -> None:
        self.name = config.name
        self.model = "clip art"
        self._painter = Painter(config.name)

    def capabilities(self, model: str = "") -> ImageCapabilities:
        return _CAPABILITIES

    async def models(self, *, refresh: bool = False) -> tuple[ImageModelInfo, ...]:
        return ()

    async def choices(self, setting: Choice) -> tuple[str, ...]:
        return ()

    async def render(self, spec: RenderSpec, watch: RenderWatch) -> RenderResult:
        self._require()
        watch.progress(Progress("drawing", 0.0))
        asked = {"prompt": spec.prompt, "negative": spec.negative, "width": spec.width, "height": spec.height, "seed": spec.seed}
        data, names = await self._painter.draw(asked)
        lost = () if names else (Dropped("subject", "no word of the prompt has a drawing; only a landscape was drawn"),)
        return RenderResult((RenderedImage(data, "image/png", spec.seed),), self.model, lost, asked | {"drawn": names}, 0.0)

    async def cancel(self, job_key: str, ref: str | None) -> bool:
        return False

    async def check(self) -> Health:
        self._require()
        return Health(
            "draws clip-art sketches, no AI model, no key needed",
            warnings=("sketches are clip art: for real pictures configure an image backend under [images.<name>]",),
        )

    async def close(self) -> None:
        await self._painter.close()

    def _require(self) -> None:
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise ProviderError(
                ErrorKind.MISCONFIGURED, self.name, "Its packages are not installed: run «make setup», or configure an image backend.",
                host_detail=f"missing: {', '.join(missing)}",
            )  # fmt: skip
